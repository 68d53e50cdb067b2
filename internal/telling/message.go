package telling

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// About is what messages are about: one record of a notice.
type About struct {
	Notice *v1alpha1.ChangeNotice
	// API is that of the notice. Nil: there is none.
	API    *v1alpha1.CustomerAPI
	Record *v1alpha1.DeliveryRecord
	// Records are all of the notice.
	Records []v1alpha1.DeliveryRecord
	// FeedURL is where all notices of the API are shown. Empty: nowhere, or nobody knows.
	FeedURL string
}

// Message is what one customer is told. But for what was added to the notice since, all attempts tell the same. Of a
// customer that is in no list any more, the id alone is known.
func (a *About) Message(e *v1alpha1.Delivery, customer *audience.Customer) delivery.Message {
	m := delivery.Message{
		ID: e.ID, Stage: delivery.Stage(a.Record.Spec.Stage), Customer: string(e.Customer), Sent: utc(e.PlannedTime),
	}
	if customer == nil {
		m.Notice = a.words("")
		return m
	}
	m.Locale, m.Notice = customer.Locale, a.words(customer.Locale)
	if customer.TimeZone != "" {
		if zone, err := notice.ParseZone(customer.TimeZone); err == nil { // one that is none was refused with its list
			m.Zone = zone
		}
	}
	return m
}

// words are those of the notice in the language of the customer, with the date that the record is about.
func (a *About) words(locale string) delivery.Notice {
	n, spec := a.Notice, &a.Notice.Spec
	text := content.For(spec, locale)
	words := delivery.Notice{
		Namespace: n.Namespace, Name: n.Name, UID: string(n.UID), API: string(spec.APIRef.Name),
		Locale: text.Locale, Title: text.Title, WhatChanges: text.WhatChanges, WhatToDo: text.WhatToDo, Help: spec.Help, Updates: text.Updates,
		Published: utc(n.Status.PublishedTime), SupersededBy: string(n.Status.SupersededBy),
		Effective: utc(spec.EffectiveTime), Previous: a.dateBefore(), FeedURL: a.FeedURL,
	}
	words.Apology = spec.ApologyFor != ""
	if a.Record.Spec.EffectiveTime != nil {
		words.Effective = a.Record.Spec.EffectiveTime.UTC()
	}
	if minutes := spec.DowntimeMinutes; minutes > 0 {
		words.Until = words.Effective.Add(time.Duration(minutes) * time.Minute)
	}
	if a.API != nil {
		words.APITitle = a.API.Spec.Title
	}
	for i := range spec.Covers {
		words.Versions = appendNew(words.Versions, string(spec.Covers[i].Version))
		words.Operations = appendNew(words.Operations, spec.Covers[i].Operation)
	}
	return words
}

// dateBefore is the last date that customers were told before that of a postponement. Zero: it is none.
func (a *About) dateBefore() time.Time {
	var before time.Time
	if delivery.Stage(a.Record.Spec.Stage).Kind() != delivery.Postponed || a.Record.Spec.EffectiveTime == nil {
		return before
	}
	for i := range a.Records {
		at := a.Records[i].Spec.EffectiveTime
		if at != nil && at.Before(a.Record.Spec.EffectiveTime) && at.After(before) {
			before = at.UTC()
		}
	}
	return before
}

func utc(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func appendNew(list []string, value string) []string {
	if value == "" || slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}
