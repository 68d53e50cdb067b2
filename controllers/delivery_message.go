package controllers

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/internal/telling"
)

// messageTo is what one customer is told.
func (d *round) messageTo(record *v1alpha1.DeliveryRecord, e *v1alpha1.Delivery, customer *audience.Customer) delivery.Message {
	about := telling.About{Notice: d.notice, API: d.API, Record: record, Records: d.Records}
	if d.API != nil && d.API.Spec.Feed == v1alpha1.FeedPublic {
		about.FeedURL = feed.PageURL(d.feedURL, d.API.Namespace, d.API.Name)
	}
	m := about.Message(e, customer)
	if !m.Notice.Apology { // there is nothing to have understood, or to need time for
		m.AnswerURL = d.answers.link(d.notice, record, e.Customer)
	}
	return m
}
