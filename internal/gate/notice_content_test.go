package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// asking is that the policy public-apis asks that of a notice, and that three customers in Berlin and two elsewhere, where
// a zone is named, are told.
func asking(in gate.NoticeInput, rules v1alpha1.ContentRules, zones ...string) gate.NoticeInput {
	in.Policies[0].Spec.Content = rules
	customers := int32(3 + 2*len(zones))
	in.API.Spec.AudienceRef.Name = "customers"
	in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{
		Customers: &customers, Calendars: []v1alpha1.CustomerCalendar{{Customers: 3}}, Locales: []v1alpha1.CustomerLocale{{Customers: customers}},
	}}
	for _, zone := range zones {
		in.Audience.Status.Calendars = append(in.Audience.Status.Calendars, v1alpha1.CustomerCalendar{TimeZone: zone, Customers: 2})
	}
	return in
}

var textRules = v1alpha1.ContentRules{Rules: []v1alpha1.ContentRule{
	v1alpha1.ContentDateInTitle, v1alpha1.ContentChangeInTitle, v1alpha1.ContentWhatToDo, v1alpha1.ContentHelp, v1alpha1.ContentPhrasing,
}}

// written fills in what a notice needs that comes on 22 May 2027 in Berlin.
func written(n *v1alpha1.ChangeNotice) {
	n.Spec.Title = "From 22 May 2027 orders can no longer be deleted"
	n.Spec.WhatToDo, n.Spec.Help = "Use POST /orders/{id}/cancel.", "help@acme.example"
}

func TestANoticeThatIsNotWhatAPolicyAsks(t *testing.T) {
	in := asking(noticing(toPublish(when(t, "2027-05-21T22:00:00Z"))), textRules)
	v := gate.EvaluateNotice(in)
	const title = `title "What n announces": `
	want := []string{
		"DateInTitle (policy public-apis): " + title + "it does not name the date: write 22 May 2027, with its year",
		"ChangeInTitle (policy public-apis): " + title + `it does not say what changes: name it, for example "orders" or "orders API" or "v1"`,
		"WhatToDo (policy public-apis): whatToDo: it does not say what customers have to do: say it, and by when; where there is nothing to do, say that",
		"Help (policy public-apis): help: it does not say where customers find help: write an address on the web, a mail address or a telephone number",
	}
	var found []string
	for _, f := range v.Content {
		found = append(found, f.String())
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	if v.Publishable || v.Published || v.Reason != v1alpha1.ReasonContentRefused || v.Message != strings.Join(want, "; ") {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
	if v.Earliest == nil || v.Roles != nil {
		t.Errorf("earliest %v, roles %v", v.Earliest, v.Roles)
	}

	in.Notice.Spec.State = v1alpha1.NoticeDraft
	draft := gate.EvaluateNotice(in)
	const broken = "; it does not keep DateInTitle, ChangeInTitle, WhatToDo and Help yet: see forewarn explain changenotice/n"
	if draft.Reason != v1alpha1.ReasonDraft || !strings.HasSuffix(draft.Message, " or later"+broken) || len(draft.Content) != len(want) {
		t.Errorf("%s: %s", draft.Reason, draft.Message)
	}

	in.Notice.Spec.State = v1alpha1.NoticePublished
	written(in.Notice)
	if v := gate.EvaluateNotice(in); !v.Publishable || len(v.Content) > 0 {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}

// All that is found is in the verdict; a condition holds as much as there is room for, and says so.
func TestMoreIsFoundThanAConditionHolds(t *testing.T) {
	in := asking(noticing(toPublish(when(t, "2027-05-21T22:00:00Z"))), textRules)
	written(in.Notice)
	for i := range 20 {
		in.Notice.Spec.Updates = append(in.Notice.Spec.Updates, v1alpha1.NoticeUpdate{Text: fmt.Sprintf("%d: last chance", i)})
	}
	v := gate.EvaluateNotice(in)
	const most = 900
	if len(v.Content) != 20 || len(v.Message) > most || !strings.Contains(v.Message, "; and 14 more; see: forewarn explain changenotice/n") {
		t.Errorf("%d, in %d bytes: %s", len(v.Content), len(v.Message), v.Message)
	}
	if strings.Count(v.Message, "Phrasing (policy") != 6 {
		t.Error(v.Message)
	}
}

// What was published before a policy asked for more stays published, and is not judged again.
func TestAPublishedNoticeIsAskedNothing(t *testing.T) {
	in := asking(noticing(toPublish(when(t, "2027-05-21T22:00:00Z")).Published(now)), textRules)
	if v := gate.EvaluateNotice(in); !v.Published || len(v.Content) > 0 {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}

func TestLanguagesAndReasonsThatSayNothing(t *testing.T) {
	for want, change := range map[string]func(*v1alpha1.ChangeNoticeSpec){
		`locale "english" is no language: write a tag such as de or pt-BR`: func(s *v1alpha1.ChangeNoticeSpec) { s.Locale = "english" },
		"its urgentReason says nothing: say why customers have to be told at once, or leave it out": func(s *v1alpha1.ChangeNoticeSpec) {
			s.UrgentReason = " "
		},
	} {
		in := noticing(toPublish(when(t, "2027-05-21T22:00:00Z")))
		change(&in.Notice.Spec)
		if v := gate.EvaluateNotice(in); v.Reason != v1alpha1.ReasonIncomplete || v.Message != want {
			t.Errorf("%s: %s", v.Reason, v.Message)
		}
	}
}

func TestRolesAreFrozenWithThePublication(t *testing.T) {
	rules := v1alpha1.ContentRules{Roles: []v1alpha1.ClassRoles{{Class: v1alpha1.ClassRemoval, Roles: []v1alpha1.ContactRole{"Operations", "Legal"}}}}
	in := asking(noticing(toPublish(when(t, "2027-05-21T22:00:00Z"))), rules)
	if v := gate.EvaluateNotice(in); !v.Publishable || !slices.Equal(v.Roles, []v1alpha1.ContactRole{"Legal", "Operations"}) {
		t.Errorf("%s: %s, for %v", v.Reason, v.Message, v.Roles)
	}
	in.Notice.Spec.Roles = []v1alpha1.ContactRole{"Billing"}
	const want = "Roles (policy public-apis): roles: Billing is none of those whom it concerns (Legal, Operations): leave it out, or tell of what concerns it in a notice of its own"
	if v := gate.EvaluateNotice(in); v.Publishable || v.Reason != v1alpha1.ReasonContentRefused || v.Message != want {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
	in.Policies[0].Spec.Content = v1alpha1.ContentRules{}
	if v := gate.EvaluateNotice(in); !v.Publishable || !slices.Equal(v.Roles, []v1alpha1.ContactRole{"Billing"}) {
		t.Errorf("%s: %s, for %v", v.Reason, v.Message, v.Roles)
	}
}

func TestQuietHours(t *testing.T) {
	night := v1alpha1.ContentRules{QuietHours: v1alpha1.QuietHours{From: "20:00", To: "08:00"}}
	publish := toPublish(when(t, "2027-05-28T22:00:00Z"))
	at := func(moment string, zones ...string) gate.NoticeInput {
		in := asking(noticing(publish), night, zones...)
		in.Now = when(t, moment)
		return in
	}
	const opens = "it is published 2026-11-22T07:00:00Z, when the quiet hours of its customers are over (policy public-apis); what cannot wait says why in urgentReason"
	for name, tc := range map[string]struct {
		in           gate.NoticeInput
		reason, says string
		next         string // empty: it is published
	}{
		"a second before they begin": {at("2026-11-21T18:59:59Z"), v1alpha1.ReasonPublished, "", ""},
		"as they begin":              {at("2026-11-21T19:00:00Z"), v1alpha1.ReasonQuietHours, opens, "2026-11-22T07:00:00Z"},
		"a second before they end":   {at("2026-11-22T06:59:59Z"), v1alpha1.ReasonQuietHours, opens, "2026-11-22T07:00:00Z"},
		"as they end":                {at("2026-11-22T07:00:00Z"), v1alpha1.ReasonPublished, "", ""},
		"for customers elsewhere, too": {at("2026-11-22T07:00:00Z", "America/New_York"), v1alpha1.ReasonQuietHours,
			strings.Replace(opens, "07:00", "13:00", 1), "2026-11-22T13:00:00Z"},
		"for the fewest where no moment suits all": {at("2026-11-22T00:00:00Z", "Asia/Tokyo", "America/New_York"), v1alpha1.ReasonQuietHours,
			"no moment within 7 days suits all customers: it is published 2026-11-22T07:00:00Z, a quiet hour of 2 of 7 (policy public-apis); what cannot wait says why in urgentReason",
			"2026-11-22T07:00:00Z"},
		"and then it is published": {at("2026-11-22T07:00:00Z", "Asia/Tokyo", "America/New_York"), v1alpha1.ReasonPublished, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := gate.EvaluateNotice(tc.in)
			if v.Publishable != (tc.next == "") || v.Reason != tc.reason || tc.says != "" && v.Message != tc.says {
				t.Errorf("%s: %s", v.Reason, v.Message)
			}
			if tc.next != "" && (v.NextChange == nil || !v.NextChange.Equal(when(t, tc.next))) {
				t.Errorf("next change %v", v.NextChange)
			}
			if v.Publishable { // nobody asked for more than the hour
				return
			}
			tc.in.Notice.Spec.UrgentReason = "the key is known to others"
			if v := gate.EvaluateNotice(tc.in); !v.Publishable {
				t.Errorf("urgent, %s: %s", v.Reason, v.Message)
			}
			tc.in.API.Spec.AudienceRef.Name, tc.in.Audience, tc.in.Notice.Spec.UrgentReason = "", nil, ""
			if v := gate.EvaluateNotice(tc.in); !v.Publishable {
				t.Errorf("to nobody, %s: %s", v.Reason, v.Message)
			}
		})
	}
}

// What waits is counted from when it is told, to the second: 180 full days from Monday 08:00 in Berlin are over a day
// after those from Sunday 22:00.
func TestQuietHoursMoveTheDate(t *testing.T) {
	night := v1alpha1.ContentRules{QuietHours: v1alpha1.QuietHours{From: "20:00", To: "08:00"}}
	at := func(effective time.Time) gate.NoticeInput {
		in := asking(noticing(toPublish(effective)), night)
		in.Now = when(t, "2026-11-22T21:00:00Z")
		return in
	}
	enough := when(t, "2027-05-22T22:00:00Z")
	if v := gate.EvaluateNotice(at(enough)); v.Reason != v1alpha1.ReasonQuietHours || !v.Earliest.Equal(enough) || !v.Matures.Equal(enough) {
		t.Errorf("%s: %s, earliest %v", v.Reason, v.Message, v.Earliest)
	}
	const told = " (customers are told 2026-11-23T07:00:00Z, after their quiet hours, by policy public-apis)"
	in := at(enough.Add(-time.Second))
	if v := gate.EvaluateNotice(in); v.Reason != v1alpha1.ReasonTooSoon || !strings.Contains(v.Message, "is too soon"+told+", customers are owed 180 days") ||
		!strings.Contains(v.Message, "set it to 2027-05-22T22:00:00Z or later") || !v.NextChange.Equal(when(t, "2026-11-23T07:00:00Z")) {
		t.Errorf("%s: %s, next change %v", v.Reason, v.Message, v.NextChange)
	}
	in.Notice.Spec.UrgentReason = "it is"
	if v := gate.EvaluateNotice(in); !v.Publishable {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
	in = at(enough)
	in.Notice.Spec.State = v1alpha1.NoticeDraft
	if v := gate.EvaluateNotice(in); v.Message != "it is a draft: published now"+told+", its effectiveTime can be 2027-05-22T22:00:00Z or later" {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}

func TestContentThatCannotBeReadPublishesNothing(t *testing.T) {
	in := asking(noticing(toPublish(when(t, "2027-05-21T22:00:00Z"))), v1alpha1.ContentRules{QuietHours: v1alpha1.QuietHours{From: "8 pm", To: "08:00"}})
	const want = `what customers are owed is not known: policy public-apis: content.quietHours: "8 pm" is no time of a day: write it like 20:00`
	if v := gate.EvaluateNotice(in); v.Publishable || v.Reason != v1alpha1.ReasonPolicyInvalid || v.Message != want {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
	in = asking(noticing(toPublish(when(t, "2027-05-21T22:00:00Z"))), v1alpha1.ContentRules{QuietHours: v1alpha1.QuietHours{From: "20:00", To: "08:00"}})
	in.Audience.Status.Calendars[0].Holidays = []string{"XX"}
	if v := gate.EvaluateNotice(in); v.Publishable || v.Reason != v1alpha1.ReasonPolicyInvalid {
		t.Errorf("%s: %s", v.Reason, v.Message)
	}
}

// A draft names the date as the policy wants it, whoever it is that is owed most.
func TestADraftNamesTheDateOfThePolicy(t *testing.T) {
	owed := int32(180)
	for zone, want := range map[string]string{
		"Europe/Berlin":    "From 2027-05-22 orders API v1",
		"America/New_York": "From 2027-05-22 orders API v1",           // 06:00 of that day in Berlin
		"Pacific/Auckland": "From 2027-05-23T12:00:00Z orders API v1", // 24 May there, and not yet in Berlin
	} {
		in := proposing(changing(deleteOrders), func(in *gate.Input) {
			in.Policies[0].Spec.Content = textRules
			customers := int32(1)
			in.API.Spec.AudienceRef.Name = "customers"
			in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{Customers: &customers, Terms: []v1alpha1.ContractTerm{{
				Customer: "c-1", Customers: 1, TimeZone: zone, Owed: v1alpha1.OwedTerm{Class: v1alpha1.ClassRemoval, Days: &owed},
			}}}}
			if zone == "Pacific/Auckland" {
				longer := owed + 1
				in.Audience.Status.Terms[0].Owed.Days = &longer
			}
		})
		draft := gate.Draft(in, gate.Evaluate(in))
		if draft == nil || !strings.HasPrefix(draft.Spec.Title, want) {
			t.Fatalf("%s: %s", zone, draft.Spec.Title)
		}
		for _, f := range gate.EvaluateNotice(gate.NoticeInput{Now: in.Now, API: in.API, Policies: in.Policies, Audience: in.Audience, Notice: draft}).Content {
			if f.Rule == v1alpha1.ContentDateInTitle || f.Rule == v1alpha1.ContentChangeInTitle {
				t.Errorf("%s: %s", zone, f)
			}
		}
	}
}
