package gate_test

import (
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/builders"
)

// Each case has a moment at which the answer turns: one second earlier it is before, from then on after.
func TestAnswersTurnToTheSecond(t *testing.T) {
	const (
		given, running, missing = v1alpha1.ReasonNoticeGiven, v1alpha1.ReasonNoticeRunning, v1alpha1.ReasonNoticeMissing
		compatible, waivedFor   = v1alpha1.ReasonCompatible, v1alpha1.ReasonWaived
	)
	waiver := func() *builders.WaiverBuilder { return builders.Waiver("w", "orders-9f31c2aa", now) }
	cases := map[string]struct {
		edits         []edit
		turn          string
		before, after string
	}{
		"R3 at its date, which is the later": {
			[]edit{telling(tellingDelete("n").Effective(when(t, "2026-12-01T00:00:00Z")))},
			"2026-12-01T00:00:00Z", running, given},
		"R3 at the end of the period, which is the later": {
			[]edit{telling(tellingDelete("n").Published(now))},
			// It lapses before: the date was a week ago, and nothing covers for 180 days.
			"2027-05-14T10:00:00Z", missing, missing},
		"R13 a period ends with the day in the zone of the policy": {
			[]edit{telling(tellingDelete("n").Published(when(t, "2026-06-01T22:00:01Z")).Effective(when(t, "2026-06-02T00:00:00Z")))},
			"2026-11-29T23:00:00Z", missing, missing},
		"R13 told a second before midnight, the next day counts": {
			[]edit{telling(tellingDelete("n").Published(when(t, "2026-06-01T22:00:00Z")).Effective(when(t, "2026-08-01T00:00:00Z")))},
			"2026-11-28T23:00:00Z", running, given},
		"R13 told a second after midnight, it does not": {
			[]edit{telling(tellingDelete("n").Published(when(t, "2026-06-01T22:00:01Z")).Effective(when(t, "2026-08-01T00:00:00Z")))},
			"2026-11-29T23:00:00Z", running, given},
		"R1 of two policies the one that ends later": {
			[]edit{boundBy(publicAPIs(), builders.Policy("west").Zone("America/Chicago").Owes("Removal", 180)),
				telling(tellingDelete("n").Published(when(t, "2026-06-01T22:00:00Z")).Effective(when(t, "2026-08-01T00:00:00Z")))},
			"2026-11-29T06:00:00Z", running, given},
		"R7 180 days after its date": {
			[]edit{telling(tellingDelete("n").Published(now.Add(-400 * day)).Effective(when(t, "2026-06-01T12:00:00Z")))},
			"2026-11-28T13:00:00Z", given, missing},
		"R7 by the shortest policy": {
			[]edit{boundBy(publicAPIs(), builders.Policy("short").Owes("Removal", 1).ValidForDays(30)), telling(tellingDelete("n"))},
			"2026-12-15T10:00:00Z", given, missing},
		"R7 another notice takes over": {
			[]edit{telling(tellingDelete("a").Published(now.Add(-400*day)).Effective(when(t, "2026-06-01T12:00:00Z")),
				tellingDelete("b").Effective(when(t, "2026-11-28T13:00:00Z")))},
			"2026-11-28T13:00:00Z", given, given},
		"R7 another notice takes over two seconds too late": {
			[]edit{telling(tellingDelete("a").Published(now.Add(-400*day)).Effective(when(t, "2026-06-01T12:00:00Z")),
				tellingDelete("b").Effective(when(t, "2026-11-28T13:00:02Z")))},
			"2026-11-28T13:00:00Z", given, running},
		"R2 no clock starts before the notice was created": {
			[]edit{telling(tellingDelete("n").Published(when(t, "2026-05-01T00:00:00Z")).Created(when(t, "2026-06-01T22:00:00Z")).
				Effective(when(t, "2026-08-01T00:00:00Z")))},
			"2026-11-28T23:00:00Z", running, given},
		"R8 what was owed then counts, when it was less": {
			[]edit{telling(tellingDelete("n").Published(when(t, "2026-11-20T10:00:00Z")).Effective(when(t, "2026-11-20T12:00:00Z")).
				Owed("v1", "Removal", "public-apis", "Europe/Berlin", 10))},
			"2026-11-30T23:00:00Z", running, given},
		"R8 what was owed then counts, when it was more": {
			[]edit{telling(tellingDelete("n").Published(when(t, "2026-06-01T22:00:00Z")).Effective(when(t, "2026-08-01T00:00:00Z")).
				Owed("v1", "Removal", "public-apis", "Europe/Berlin", 200))},
			"2026-12-18T23:00:00Z", running, given},
		"no days are owed: it may ship when it is told": {
			[]edit{boundBy(builders.Policy("p").Owes("Removal", 0)), telling(tellingDelete("n").Published(now.Add(-time.Hour)).Effective(now.Add(time.Hour)))},
			"2026-11-22T11:00:00Z", running, given},
		"a waiver ends": {[]edit{waived(waiver())}, "2026-11-22T11:00:00Z", waivedFor, missing},
		"a waiver begins when it was created": {
			[]edit{waived(builders.Waiver("w", "orders-9f31c2aa", now.Add(time.Hour)))}, "2026-11-22T11:00:00Z", missing, waivedFor},
		"a waiver of 24 hours": {[]edit{waived(waiver().Until(now.Add(24 * time.Hour)))}, "2026-11-23T10:00:00Z", waivedFor, missing},
		"the longer of two waivers": {
			[]edit{waived(waiver(), builders.Waiver("x", "orders-9f31c2aa", now).Until(now.Add(2*time.Hour)))}, "2026-11-22T12:00:00Z", waivedFor, missing},
		"a notice matures while a waiver lasts": {
			[]edit{waived(waiver()), telling(tellingDelete("n").Effective(now.Add(time.Minute)))}, "2026-11-22T10:01:00Z", waivedFor, given},
		"R11 the way back closes": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", "", now.Add(time.Hour)))}, "2026-11-22T11:00:00Z", v1alpha1.ReasonWayBack, missing},
		"R11 the way back closes while a waiver lasts": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", "", now.Add(time.Minute))), waived(waiver())},
			"2026-11-22T10:01:00Z", v1alpha1.ReasonWayBack, waivedFor},
		"R12 the clock is at last where the revision was created": {
			[]edit{func(in *gate.Input) { in.Proposal.Changes = nil }, proposedAs(revised().Created(now.Add(time.Hour)).Contract("v1", "x"))},
			"2026-11-22T10:59:00Z", v1alpha1.ReasonClockUnreliable, compatible},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			turn := when(t, c.turn)
			for at, want := range map[time.Time]string{turn.Add(-time.Second): c.before, turn: c.after, turn.Add(time.Second): c.after} {
				v := gate.Evaluate(proposing(append([]edit{changing(deleteOrders), asOf(at)}, c.edits...)...))
				if v.Reason != want {
					t.Errorf("at %s: %s, want %s", at.Format(time.RFC3339), v.Reason, want)
				}
			}
		})
	}
}

func TestWaiversThatDoNotCount(t *testing.T) {
	waiver := func() *builders.WaiverBuilder { return builders.Waiver("w", "orders-9f31c2aa", now) }
	deleted := waiver().Obj()
	deleted.DeletionTimestamp = &deleted.CreationTimestamp
	endless, unborn := waiver().Obj(), waiver().Obj()
	endless.Spec.ExpireTime = nil
	unborn.CreationTimestamp.Time = time.Time{}
	cases := map[string]struct {
		waiver *v1alpha1.Waiver
		reason string
	}{
		"one that lasts a second too long":      {waiver().Until(now.Add(24*time.Hour + time.Second)).Obj(), v1alpha1.ReasonTooLong},
		"one that ends before it begins":        {waiver().Until(now).Obj(), v1alpha1.ReasonExpired},
		"one that is being deleted":             {deleted, v1alpha1.ReasonExpired},
		"one that never ends":                   {endless, v1alpha1.ReasonExpired},
		"one that nobody says was created when": {unborn, v1alpha1.ReasonExpired},
		"one that was created in time to come":  {builders.Waiver("w", "orders-9f31c2aa", now.Add(time.Second)).Obj(), v1alpha1.ReasonClockUnreliable},
		"one for another revision":              {builders.Waiver("w", "orders-2", now).Obj(), v1alpha1.ReasonActive},
		"one in another namespace":              {waiver().Namespace("staging").Obj(), v1alpha1.ReasonActive},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(changing(deleteOrders), func(in *gate.Input) { in.Waivers = []v1alpha1.Waiver{*c.waiver} }))
			if v.Admissible || v.Waiver != "" {
				t.Errorf("it lets pass: %s", v.Message)
			}
			active, reason, message, _ := gate.EvaluateWaiver(c.waiver, now)
			if active != (c.reason == v1alpha1.ReasonActive) || reason != c.reason || message == "" {
				t.Errorf("active %v, %s: %s", active, reason, message)
			}
		})
	}
}

func TestWhatIsLetThroughWhateverItsMerits(t *testing.T) {
	waiver := func() *builders.WaiverBuilder { return builders.Waiver("w", "orders-9f31c2aa", now) }
	unreadable := func(in *gate.Input) {
		in.Proposal.Problems = []gate.Problem{{Version: "v1", Reason: v1alpha1.ReasonContractNotFound, Message: "gone"}}
	}
	serves := func() *builders.APIBuilder { return servingOrders().Serving("canary", "orders-9f31c2aa", now) }
	digest := proposing().Proposal.Digest
	type want struct {
		reason, waiver   string
		decided, onMerit bool
		until            time.Time
	}
	cases := map[string]struct {
		edits []edit
		want  want
	}{
		"R11 what serves, when a notice is missing": {
			[]edit{against(serves())}, want{v1alpha1.ReasonServing, "", true, false, time.Time{}}},
		"R11 what serves, when its document is gone": {
			[]edit{against(serves()), unreadable}, want{v1alpha1.ReasonServing, "", false, false, time.Time{}}},
		"R11 what serves and is promised, when its document is gone": {
			[]edit{proposedAs(builders.Revision("orders-1", "orders").Contract("v1", "v1 as promised")), unreadable, func(in *gate.Input) {
				in.Proposal.Contracts = []v1alpha1.JudgedContract{}
			}}, want{v1alpha1.ReasonServing, "", false, false, time.Time{}}},
		"R11 what serves, when a policy broke": {
			[]edit{against(serves()), boundBy(publicAPIs().Zone("CST"))}, want{v1alpha1.ReasonServing, "", false, false, time.Time{}}},
		"R11 what serves, when the clock ran backwards": {
			[]edit{against(serves()), asOf(now.Add(-time.Hour))}, want{v1alpha1.ReasonServing, "", false, false, time.Time{}}},
		"R11 what serves, though its notice lapses": {
			[]edit{against(serves()), telling(tellingDelete("n"))}, want{v1alpha1.ReasonNoticeGiven, "", true, true, time.Time{}}},
		"R11 what serves and is waived says by which waiver": {
			[]edit{against(serves()), waived(waiver())}, want{v1alpha1.ReasonServing, "w", true, false, time.Time{}}},
		"R11 what served lately": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", digest, now.Add(day)))}, want{v1alpha1.ReasonWayBack, "", true, false, now.Add(day)}},
		"R11 what served lately, when its document is gone": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", digest, now.Add(day))), unreadable}, want{v1alpha1.ReasonWayBack, "", false, false, now.Add(day)}},
		"R11 what served twice lately, for the longer": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", "", now.Add(day)).WayBack("orders-9f31c2aa", digest, now.Add(2*day)))},
			want{v1alpha1.ReasonWayBack, "", true, false, now.Add(2 * day)}},
		"R11 until its notice lapses, which is later": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", digest, now.Add(day))), telling(tellingDelete("n"))},
			want{v1alpha1.ReasonNoticeGiven, "", true, true, when(t, "2027-05-14T09:00:00Z")}},
		"a waiver": {[]edit{waived(waiver())}, want{v1alpha1.ReasonWaived, "w", true, false, now.Add(time.Hour)}},
		"a waiver, when its document is gone": {
			[]edit{waived(waiver()), unreadable}, want{v1alpha1.ReasonWaived, "w", false, false, now.Add(time.Hour)}},
		"a waiver of a change that was told says nothing": {
			[]edit{waived(waiver()), telling(tellingDelete("n"))}, want{v1alpha1.ReasonNoticeGiven, "", true, true, when(t, "2027-05-14T09:00:00Z")}},
		"waivers that follow each other": {
			[]edit{waived(waiver(), builders.Waiver("x", "orders-9f31c2aa", now.Add(30*time.Minute)))},
			want{v1alpha1.ReasonWaived, "w", true, false, now.Add(90 * time.Minute)}},
		"a waiver until the way back ends": {
			[]edit{waived(waiver()), against(servingOrders().WayBack("orders-9f31c2aa", "", now.Add(time.Minute)))},
			want{v1alpha1.ReasonWayBack, "w", true, false, now.Add(time.Hour)}},
		"a waiver of what no notice helps": {
			[]edit{waived(waiver()), telling(tellingDelete("n")), boundBy(publicAPIs().ImagesRequired())},
			want{v1alpha1.ReasonWaived, "w", true, false, now.Add(time.Hour)}},
		"R11 what served lately, as it was judged when its document was there": {
			[]edit{against(servingOrders().WayBack("orders-9f31c2aa", builders.DigestOf("then"), now.Add(day))), unreadable, func(in *gate.Input) {
				in.Proposal.Contracts = []v1alpha1.JudgedContract{}
				in.Revision.Status.Digest = builders.DigestOf("then")
			}}, want{v1alpha1.ReasonWayBack, "", false, false, now.Add(day)}},
		"a waiver of a name that was reused": {
			[]edit{waived(waiver()), against(servingOrders().WayBack("orders-9f31c2aa", builders.DigestOf("other"), now.Add(day)))},
			want{v1alpha1.ReasonWaived, "w", true, false, now.Add(time.Hour)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(proposing(append([]edit{changing(deleteOrders)}, c.edits...)...))
			got := want{v.Reason, v.Waiver, v.Decided, v.OnMerit, time.Time{}}
			if v.AdmissibleUntil != nil {
				got.until = *v.AdmissibleUntil
			}
			if got != c.want || !v.Admissible || v.Status() != "True" {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestANameThatWasReusedIsNotWhatServed(t *testing.T) {
	cases := map[string]*builders.APIBuilder{
		"another digest served lately": servingOrders().WayBack("orders-9f31c2aa", builders.DigestOf("other"), now.Add(day)),
		"another digest serves":        servingOrders().Serving("canary", "orders-9f31c2aa", now).As(builders.DigestOf("other")),
		"another digest serves, and this one is on the way back of nothing": servingOrders().
			WayBack("orders-9f31c2aa", "", now.Add(day)).Serving("canary", "orders-9f31c2aa", now).As(builders.DigestOf("other")),
		"it even serves now": servingOrders().Promised("v1", "orders-9f31c2aa", "other", "Stable", now).
			Serving("canary", "orders-9f31c2aa", now),
	}
	for name, api := range cases {
		if v := gate.Evaluate(proposing(against(api))); v.Admissible || v.Reason != v1alpha1.ReasonNameReused {
			t.Errorf("%s: %s", name, v.Message)
		}
	}
	gone := proposing(against(servingOrders().WayBack("orders-9f31c2aa", builders.DigestOf("other"), now.Add(day))), func(in *gate.Input) {
		in.Revision.Status.Digest = builders.DigestOf("as it was judged")
		in.Proposal.Problems = []gate.Problem{{Version: "v1", Reason: v1alpha1.ReasonContractNotFound, Message: "gone"}}
	})
	if v := gate.Evaluate(gone); v.Admissible {
		t.Errorf("its document is gone, and it was another when it was there: %s", v.Message)
	}
	same := servingOrders().Serving("canary", "orders-9f31c2aa", now).As(proposing().Proposal.Digest)
	if v := gate.Evaluate(proposing(against(same), changing(deleteOrders))); v.Reason != v1alpha1.ReasonServing {
		t.Errorf("it is what serves: %s", v.Message)
	}
	unknown := servingOrders().Serving("canary", "orders-9f31c2aa", now)
	if v := gate.Evaluate(proposing(against(unknown), changing(deleteOrders))); v.Reason != v1alpha1.ReasonServing {
		t.Errorf("nobody knows what else would serve: %s", v.Message)
	}
	served := servingOrders().WayBack("orders-9f31c2aa", builders.DigestOf("other"), now.Add(day)).
		WayBack("orders-9f31c2aa", proposing().Proposal.Digest, now.Add(day))
	if v := gate.Evaluate(proposing(against(served))); !v.Admissible {
		t.Errorf("it served under this name, too: %s", v.Message)
	}
}

func TestARevisionWithoutANameIsNotWhatServesUnnamed(t *testing.T) {
	api := servingOrders().Serving("old", "", now.Add(-day), "orders:1")
	v := gate.Evaluate(proposing(against(api), changing(deleteOrders), proposedAs(builders.Revision("", "orders").Contract("v1", "x"))))
	if v.Admissible {
		t.Error(v.Message)
	}
}
