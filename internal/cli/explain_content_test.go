package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice/content"
)

// A page lists what is not as it is asked once, however long it is.
func TestANoticeThatIsNotAsAsked(t *testing.T) {
	var out bytes.Buffer
	e := &explainer{cluster: &cluster{namespace: "shop"}, about: target{kindNotice, "n"}, zone: utc}
	v := gate.NoticeVerdict{Reason: v1alpha1.ReasonContentRefused, Message: "as much as a condition holds", Content: []content.Finding{
		{Rule: v1alpha1.ContentHelp, Policy: "public-apis", Field: "help", Sentence: "ask\x1b us", Text: "it leads nowhere"},
		{Rule: v1alpha1.ContentWhatToDo, Policy: "public-apis", Field: "whatToDo", Text: "it is not there"},
	}}
	n := &v1alpha1.ChangeNotice{}
	n.Name = "n"
	p := newPage(Streams{Out: &out})
	e.noticePage(p, noticeResult(n, v))
	if err := p.writeTo(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Published: ContentRefused\n  it is not what the policies ask of a notice\n",
		`  - Help (policy public-apis): help "ask\x1b us": it leads nowhere` + "\n  - WhatToDo (policy public-apis): whatToDo: it is not there\n",
		"Why (R6): A notice is published only when it says what the policies ask",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in:\n%s", want, out.String())
		}
	}
	if steps := e.noticeSteps(n, v); len(steps) != 1 || !strings.HasPrefix(steps[0].Text, "Put it right.") || len(steps[0].Commands) != 1 {
		t.Error(steps)
	}
	until := time.Date(2027, 1, 4, 7, 0, 0, 0, time.UTC)
	steps := e.noticeSteps(n, gate.NoticeVerdict{Reason: v1alpha1.ReasonQuietHours, NextChange: &until})
	if len(steps) != 1 || !strings.Contains(steps[0].Text, "2027-01-04") || !strings.Contains(steps[0].Text, "urgentReason") {
		t.Error(steps)
	}
}

// What is planned to be down is taken down, and not released.
func TestStepsOfAPlannedDowntime(t *testing.T) {
	start, end := calendarNow.Add(calendarDay), calendarNow.Add(calendarDay+30*time.Minute)
	running := gate.NoticeVerdict{Published: true, Reason: v1alpha1.ReasonPublished, MaturedReason: v1alpha1.ReasonRunning, Matures: &start, Lapses: &end}
	partial, open, over := running, running, running
	partial.Partial = true
	open.Matured, open.MaturedReason = true, v1alpha1.ReasonMatured
	over.MaturedReason = v1alpha1.ReasonLapsed
	down := "Take it down from 2026-11-23T11:00:00Z until 2026-11-23T11:30:00Z."
	for name, c := range map[string]struct {
		verdict gate.NoticeVerdict
		label   string
		want    string
	}{
		"to come":                {running, "", down},
		"open":                   {open, "", down},
		"over":                   {over, "", ""},
		"some of the API":        {partial, "", "Take away no more than what it covers."},
		"a brownout of schedule": {partial, "orders-v1", "Nothing: it comes by itself"},
	} {
		t.Run(name, func(t *testing.T) {
			n := &v1alpha1.ChangeNotice{}
			n.Name, n.Spec.DowntimeMinutes = "orders-move", 30
			if c.label != "" {
				n.Labels = map[string]string{v1alpha1.ScheduleLabel: c.label}
			}
			steps := explaining(calendarNow).noticeSteps(n, c.verdict)
			if c.want == "" {
				if len(steps) != 0 {
					t.Error(steps)
				}
				return
			}
			if len(steps) != 1 || !strings.HasPrefix(steps[0].Text, c.want) {
				t.Errorf("%+v", steps)
			}
		})
	}
}
