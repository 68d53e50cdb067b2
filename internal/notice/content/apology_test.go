package content

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// outage is one interval on the last of February, UTC; no end: it goes on.
func outage(start, end string, state v1alpha1.Availability, cause v1alpha1.DowntimeCause) v1alpha1.DowntimeInterval {
	at := func(clock string) *metav1.MicroTime {
		t, err := time.Parse(time.RFC3339, "2027-02-28T"+clock+"Z")
		if err != nil {
			panic(err)
		}
		return &metav1.MicroTime{Time: t}
	}
	i := v1alpha1.DowntimeInterval{StartTime: at(start), State: state, Cause: cause}
	if end != "" {
		i.EndTime = at(end)
	}
	return i
}

// spending is a budget of 43 minutes in 30 days that was spent as the last day of February ended in Berlin.
func spending(change ...func(*v1alpha1.DowntimeBudget)) Spending {
	b := &v1alpha1.DowntimeBudget{}
	b.Name = "orders-slo"
	b.Spec.APIRef.Name, b.Spec.AllowedMinutes = "orders", ptr.To[int32](43)
	b.Status.SpentTime = &metav1.Time{Time: time.Date(2027, 2, 28, 23, 30, 0, 0, time.UTC)}
	b.Status.UnplannedSeconds = ptr.To[int64](45*60 + 1)
	planned := outage("03:00:00", "04:00:00", v1alpha1.AvailabilityDown, v1alpha1.CauseRollout)
	planned.Notice = "planned"
	b.Status.Intervals = []v1alpha1.DowntimeInterval{
		outage("01:00:00", "01:10:00.25", v1alpha1.AvailabilityDown, v1alpha1.CauseRollout), planned,
		outage("05:00:00", "06:00:00", v1alpha1.AvailabilityUnobserved, v1alpha1.CauseNotWatching),
		outage("22:30:00", "23:05:00", v1alpha1.AvailabilityDegraded, v1alpha1.CauseNodeLost),
		outage("23:20:00", "", v1alpha1.AvailabilityDown, v1alpha1.CauseUnknown),
	}
	for _, c := range change {
		c(b)
	}
	api := &v1alpha1.CustomerAPI{}
	api.Name, api.Spec.Title = "orders", "Orders  API"
	api.Spec.Versions = []v1alpha1.APIVersion{{Name: "v1"}, {Name: "v2"}}
	berlin, err := notice.ParseZone("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return Spending{Budget: b, API: api, Zone: berlin}
}

func TestApology(t *testing.T) {
	got := Apology(spending(func(b *v1alpha1.DowntimeBudget) { b.Spec.Apology.Help = "https://help.acme.example" }))
	want := v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticeDraft, ApologyFor: "orders-slo", Help: "https://help.acme.example",
		EffectiveTime: &metav1.Time{Time: time.Date(2027, 2, 28, 23, 30, 0, 0, time.UTC)},
		Title:         "On 1 March 2027 the Orders API had been down for longer than we promised",
		WhatChanges: `We are sorry. The Orders API did not work as we promised you: in the last 30 days it was down for 45 minutes 1 second, and we promised 43 minutes at most.

These are the times (time zone Europe/Berlin):
- 28 February 2027, 02:00:00 until 02:10:00 (10 minutes 1 second): it did not answer, while we brought out a new version
- 28 February 2027, 23:30:00 until 1 March 2027, 00:05:00 (35 minutes): too little of it was there, because a server failed
- since 1 March 2027, 00:20:00: it did not answer, and we do not know yet why`,
		WhatToDo: "[[Say what is done so that it does not happen again, and what customers get.]]",
		Covers:   []v1alpha1.CoveredChange{{Version: "v1", Class: v1alpha1.ClassDowntime}, {Version: "v2", Class: v1alpha1.ClassDowntime}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"whatToDo"}, Unfinished(&got)); diff != "" {
		t.Errorf("unfinished (-want +got):\n%s", diff)
	}
}

func TestApologySays(t *testing.T) {
	text := func(a v1alpha1.ApologyText) func(*v1alpha1.DowntimeBudget) {
		return func(b *v1alpha1.DowntimeBudget) { b.Spec.Apology = a }
	}
	for name, c := range map[string]struct {
		change      func(*v1alpha1.DowntimeBudget)
		title, says string
		without     string
		unfinished  []string
	}{
		"what the team says": {change: text(v1alpha1.ApologyText{WhatHappensNext: "You get 10% back."}), title: "On 1 March 2027 the Orders API"},
		"German": {
			change: text(v1alpha1.ApologyText{Locale: "de-AT", WhatHappensNext: "Sie bekommen 10 % zurück."}),
			title:  "Am 1. März 2027 war Orders API länger gestört, als wir versprochen hatten",
			says:   "- 28. Februar 2027, 02:00:00 bis 02:10:00 (10 Minuten 1 Sekunde): keine Antwort, während wir eine neue Version herausbrachten\n",
		},
		"French": {
			change: text(v1alpha1.ApologyText{Locale: "fr", WhatHappensNext: "Vous recevez 10 %."}), title: "Le 1er mars 2027, Orders API",
			says: "depuis le 1er mars 2027, 00:20:00: aucune réponse, et nous ne savons pas encore pourquoi",
		},
		"Spanish": {
			change: text(v1alpha1.ApologyText{Locale: "es", WhatHappensNext: "Recibe el 10 %."}), title: "El 1 de marzo de 2027, Orders API", says: "porque falló un servidor",
		},
		"a language that nobody here speaks": {
			change: text(v1alpha1.ApologyText{Locale: "pl", WhatHappensNext: "Oddajemy 10%."}), title: "On 1 March 2027",
			says: "[[Translate what forewarn wrote.]]\n\nWe are sorry.", unfinished: []string{"whatChanges"},
		},
		"what nobody saw, where it is spent": {
			change: func(b *v1alpha1.DowntimeBudget) {
				b.Spec.Unobserved, b.Status.UnobservedSeconds = v1alpha1.UnobservedSpend, ptr.To[int64](3600)
			},
			says:       "(1 hour): we do not know whether it answered\n",
			unfinished: []string{"whatToDo"},
		},
		"a month": {
			change: func(b *v1alpha1.DowntimeBudget) { b.Spec.Window.Calendar = v1alpha1.CalendarMonth },
			says:   ": in this month it was down for", unfinished: []string{"whatToDo"},
		},
		"what was over before the window began": {
			change: func(b *v1alpha1.DowntimeBudget) {
				b.Status.WindowStartTime = &metav1.Time{Time: time.Date(2027, 2, 28, 23, 5, 0, 0, time.UTC)}
			},
			says: "Berlin):\n- since 1 March", without: "server", unfinished: []string{"whatToDo"},
		},
		"a day": {
			change: func(b *v1alpha1.DowntimeBudget) { b.Spec.Window.Days = 1 },
			says:   ": in the last 24 hours it was down for", unfinished: []string{"whatToDo"},
		},
		"no times": {
			change: func(b *v1alpha1.DowntimeBudget) { b.Status.Intervals = nil }, without: "times", unfinished: []string{"whatToDo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Apology(spending(c.change))
			if !strings.HasPrefix(got.Title, c.title) || !strings.Contains(got.WhatChanges, c.says) || c.without != "" && strings.Contains(got.WhatChanges, c.without) {
				t.Errorf("got %q\n%s", got.Title, got.WhatChanges)
			}
			if diff := cmp.Diff(c.unfinished, Unfinished(&got)); diff != "" {
				t.Errorf("unfinished (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever happened fits, the last of it is said, and how often it happened besides.
func TestApologyFits(t *testing.T) {
	for _, locale := range []v1alpha1.Locale{"", "de", "fr", "es", "pl"} {
		s := spending(func(b *v1alpha1.DowntimeBudget) {
			b.Spec.Apology.Locale, b.Status.Intervals = locale, nil
			for i := range 200 {
				b.Status.Intervals = append(b.Status.Intervals,
					outage(fmt.Sprintf("%02d:%02d:00", i/60, i%60), fmt.Sprintf("%02d:%02d:30", i/60, i%60), v1alpha1.AvailabilityDown, v1alpha1.CauseUnknown))
			}
		})
		s.API.Spec.Title = strings.Repeat("Ü", 300)
		got := Apology(s)
		if n := utf8.RuneCountInString(got.WhatChanges); n > 4096 || n < 3000 {
			t.Errorf("%s: whatChanges has %d characters", locale, n)
		}
		if n := utf8.RuneCountInString(got.Title); n > 200 {
			t.Errorf("%s: the title has %d characters", locale, n)
		}
		rows := strings.Count(got.WhatChanges, "\n- ") - 1
		if !strings.Contains(got.WhatChanges, fmt.Sprintf("\n- %d ", 200-rows)) || !strings.Contains(got.WhatChanges, "04:19:00") {
			t.Errorf("%s: with %d rows:\n%s", locale, rows, got.WhatChanges)
		}
	}
}

// What is drafted keeps the rules for what customers are told, in each language, once a person has completed it.
func TestApologyKeepsTheRules(t *testing.T) {
	policy := notice.Policy{Name: "public-apis"}
	policy.Validity.Zone = "Europe/Berlin"
	policy.Content.Rules = []v1alpha1.ContentRule{
		v1alpha1.ContentDateInTitle, v1alpha1.ContentChangeInTitle, v1alpha1.ContentWhatToDo, v1alpha1.ContentHelp, v1alpha1.ContentPhrasing,
	}
	for _, locale := range []v1alpha1.Locale{"", "de", "fr", "es"} {
		s := spending(func(b *v1alpha1.DowntimeBudget) {
			b.Spec.Apology = v1alpha1.ApologyText{Locale: locale, Help: "https://help.acme.example", WhatHappensNext: "10 %"}
		})
		spec := Apology(s)
		n := &v1alpha1.ChangeNotice{Spec: spec}
		if found := Check(Input{Notice: n, API: s.API, Policies: notice.Policies{policy}}); len(found) > 0 {
			t.Errorf("%q: %v", locale, found)
		}
	}
}
