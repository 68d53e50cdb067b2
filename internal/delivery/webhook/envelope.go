package webhook

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"forewarn.dev/forewarn/internal/delivery"
)

// contentType is that of an event in structured mode (CloudEvents HTTP binding 1.0, section 3.2).
const contentType = event.ApplicationCloudEventsJSON + "; charset=utf-8"

// data is what the event is about. Its JSON is an API: fields are added, and neither renamed nor removed.
type data struct {
	Stage     string `json:"stage"`
	Customer  string `json:"customer"`
	AnswerURL string `json:"answerURL,omitempty"`
	Notice    notice `json:"notice"`
}

type notice struct {
	Namespace     string     `json:"namespace"`
	Name          string     `json:"name"`
	UID           string     `json:"uid"`
	API           string     `json:"api"`
	APITitle      string     `json:"apiTitle,omitempty"`
	Locale        string     `json:"locale,omitempty"`
	Title         string     `json:"title"`
	WhatChanges   string     `json:"whatChanges,omitempty"`
	WhatToDo      string     `json:"whatToDo,omitempty"`
	Help          string     `json:"help,omitempty"`
	Updates       []string   `json:"updates,omitempty"`
	Versions      []string   `json:"versions,omitempty"`
	Operations    []string   `json:"operations,omitempty"`
	EffectiveTime time.Time  `json:"effectiveTime"`
	UntilTime     *time.Time `json:"untilTime,omitempty"`
	Apology       bool       `json:"apology,omitempty"`
	PublishedTime time.Time  `json:"publishedTime"`
	PreviousTime  *time.Time `json:"previousTime,omitempty"`
	SupersededBy  string     `json:"supersededBy,omitempty"`
	FeedURL       string     `json:"feedURL,omitempty"`
}

// envelope is the message as a CloudEvent, the same bytes for the same message. Its type names the kind of the
// stage, so that a receiver can route by it; the number of a reminder is in the data.
func envelope(m delivery.Message) ([]byte, error) {
	e := event.New(event.CloudEventsVersionV1)
	e.SetID(m.ID)
	e.SetSource("/namespaces/" + url.PathEscape(m.Notice.Namespace) + "/changenotices/" + url.PathEscape(m.Notice.Name))
	e.SetType("dev.forewarn.notice." + strings.ToLower(string(m.Stage.Kind())) + ".v1")
	e.SetTime(m.Sent.UTC())
	if err := e.SetData(event.ApplicationJSON, dataOf(m)); err != nil {
		return nil, fmt.Errorf("encoding the data of the event: %w", err)
	}
	if err := e.Validate(); err != nil {
		return nil, fmt.Errorf("checking the event: %w", err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encoding the event: %w", err)
	}
	return body, nil
}

func dataOf(m delivery.Message) data {
	n := m.Notice
	d := data{Stage: string(m.Stage), Customer: m.Customer, AnswerURL: m.AnswerURL, Notice: notice{
		Namespace: n.Namespace, Name: n.Name, UID: n.UID, API: n.API, APITitle: n.APITitle,
		Locale: n.Locale, Title: n.Title, WhatChanges: n.WhatChanges, WhatToDo: n.WhatToDo, Help: n.Help,
		Updates: n.Updates, Versions: n.Versions, Operations: n.Operations,
		EffectiveTime: n.Effective.UTC(), PublishedTime: n.Published.UTC(),
		SupersededBy: n.SupersededBy, FeedURL: n.FeedURL, Apology: n.Apology,
	}}
	if !n.Until.IsZero() {
		until := n.Until.UTC()
		d.Notice.UntilTime = &until
	}
	if !n.Previous.IsZero() {
		previous := n.Previous.UTC()
		d.Notice.PreviousTime = &previous
	}
	return d
}
