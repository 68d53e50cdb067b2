package controllers

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
)

// messageTo is what one customer is told. But for what was added to the notice since, all attempts tell the same.
func (d *round) messageTo(record *v1alpha1.DeliveryRecord, e *v1alpha1.Delivery, customer *audience.Customer) delivery.Message {
	m := delivery.Message{
		ID: e.ID, Stage: delivery.Stage(record.Spec.Stage), Customer: string(e.Customer), Locale: customer.Locale,
		Notice: d.words(record), Sent: e.PlannedTime.UTC(),
	}
	if customer.TimeZone != "" {
		if zone, err := notice.ParseZone(customer.TimeZone); err == nil { // one that is none was refused with its list
			m.Zone = zone
		}
	}
	return m
}

// words are those of the notice, with the date that this record is about.
func (d *round) words(record *v1alpha1.DeliveryRecord) delivery.Notice {
	n, spec := d.notice, &d.notice.Spec
	words := delivery.Notice{
		Namespace: n.Namespace, Name: n.Name, UID: string(n.UID), API: string(spec.APIRef.Name),
		Title: spec.Title, WhatChanges: spec.WhatChanges, WhatToDo: spec.WhatToDo, Help: spec.Help,
		Published: n.Status.PublishedTime.UTC(), SupersededBy: string(n.Status.SupersededBy),
		Effective: spec.EffectiveTime.UTC(), Previous: d.dateBefore(record),
	}
	if record.Spec.EffectiveTime != nil {
		words.Effective = record.Spec.EffectiveTime.UTC()
	}
	if d.API != nil {
		words.APITitle = d.API.Spec.Title
	}
	for i := range spec.Updates {
		words.Updates = append(words.Updates, spec.Updates[i].Text)
	}
	for i := range spec.Covers {
		words.Versions = appendNew(words.Versions, string(spec.Covers[i].Version))
		words.Operations = appendNew(words.Operations, spec.Covers[i].Operation)
	}
	return words
}

// dateBefore is the last date that customers were told before that of a postponement. Zero: it is none.
func (d *round) dateBefore(record *v1alpha1.DeliveryRecord) time.Time {
	var before time.Time
	if delivery.Stage(record.Spec.Stage).Kind() != delivery.Postponed || record.Spec.EffectiveTime == nil {
		return before
	}
	for i := range d.Records {
		at := d.Records[i].Spec.EffectiveTime
		if at != nil && at.Before(record.Spec.EffectiveTime) && at.After(before) {
			before = at.UTC()
		}
	}
	return before
}

func appendNew(list []string, value string) []string {
	for _, known := range list {
		if known == value {
			return list
		}
	}
	if value == "" {
		return list
	}
	return append(list, value)
}
