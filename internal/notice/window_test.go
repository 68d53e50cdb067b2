package notice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// Ten days are owed for a downtime; this one was published on 1 November, for 30 minutes from 2 o'clock of the 15th.
const (
	toldOn     = "2026-11-01T10:00:00Z"
	begins     = "2026-11-15T02:00:00Z"
	ends       = "2026-11-15T02:30:00Z"
	longBefore = "2026-11-02T00:00:00Z"
	longAfter  = "2026-12-20T00:00:00Z"
)

func owingDowntime(days int32) v1alpha1.NoticePolicy {
	return owing("p", 1, func(spec *v1alpha1.NoticePolicySpec) {
		spec.Owed = append(spec.Owed, v1alpha1.OwedTerm{Class: v1alpha1.ClassDowntime, Days: &days})
	})
}

// planned is a notice of 30 minutes of downtime.
func planned(name, published, effective string, changes ...func(*v1alpha1.ChangeNotice)) v1alpha1.ChangeNotice {
	return told(name, published, effective, append([]func(*v1alpha1.ChangeNotice){signed(func(n *v1alpha1.ChangeNotice) {
		n.Spec.DowntimeMinutes = 30
		n.Spec.Covers = []v1alpha1.CoveredChange{{Version: "v1", Class: v1alpha1.ClassDowntime}}
		n.Status.EffectiveTime = n.Spec.EffectiveTime
	})}, changes...)...)
}

// moved records that the date was moved at a moment.
func moved(at, to string) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		n.Status.Postponements = append(n.Status.Postponements, v1alpha1.Postponement{
			Number: int32(len(n.Status.Postponements) + 1), Time: must(at), From: n.Spec.EffectiveTime, To: must(to),
		})
		n.Spec.EffectiveTime, n.Status.EffectiveTime = must(to), must(to)
	}
}

func takenBack(at string) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		n.Spec.State = v1alpha1.NoticeWithdrawn
		if at != "" {
			n.Status.WithdrawnTime = must(at)
		}
	}
}

func stable(string) v1alpha1.Stability { return v1alpha1.StabilityStable }

func TestWindowOfANotice(t *testing.T) {
	lasts := func(from, to string) *downtime.Window {
		return &downtime.Window{Notice: "n", Start: instant(t, from), End: instant(t, to)}
	}
	onTime := lasts(begins, ends)
	one := func(changes ...func(*v1alpha1.ChangeNotice)) []v1alpha1.ChangeNotice {
		return []v1alpha1.ChangeNotice{planned("n", toldOn, begins, changes...)}
	}
	late := func(published string) []v1alpha1.ChangeNotice {
		return []v1alpha1.ChangeNotice{planned("n", published, "2026-11-12T23:45:00Z")}
	}
	cases := map[string]struct {
		notices []v1alpha1.ChangeNotice
		now     string
		want    *downtime.Window
	}{
		"one to come":                     {one(), longBefore, onTime},
		"one that is open":                {one(), begins, onTime},
		"one that is over":                {one(), longAfter, onTime},
		"R3 it opens when it matures":     {late("2026-11-02T10:00:00Z"), longBefore, lasts("2026-11-13T00:00:00Z", "2026-11-13T00:15:00Z")},
		"R3 and never where that is late": {late("2026-11-03T10:00:00Z"), longBefore, nil},
		"R2 nor while its clock has not started": {
			one(delivered("")), longAfter, nil},
		"R2 and counts from when it did": {
			one(delivered("2026-11-04T10:00:00Z")), longAfter, onTime},
		"R8 by what was owed then": {
			one(func(n *v1alpha1.ChangeNotice) {
				n.Status.Owed = []v1alpha1.OwedNotice{{Version: "v1", Class: v1alpha1.ClassDowntime, Policy: "then", Days: ptr(14)}}
			}), longBefore, nil},
		"a draft plans none": {
			one(func(n *v1alpha1.ChangeNotice) {
				n.Spec.State, n.Status = v1alpha1.NoticeDraft, v1alpha1.ChangeNoticeStatus{}
			}), longBefore, nil},
		"one that was not stamped yet plans none": {
			one(func(n *v1alpha1.ChangeNotice) { n.Status = v1alpha1.ChangeNoticeStatus{} }), longBefore, nil},
		"one that says something else by now plans none": {
			one(func(n *v1alpha1.ChangeNotice) { n.Spec.DowntimeMinutes = 31 }), begins, nil},
		"a notice of a change plans none": {
			[]v1alpha1.ChangeNotice{told("n", toldOn, begins)}, begins, nil},

		"withdrawn before it begins":        {one(takenBack("2026-11-15T01:59:59Z")), longAfter, nil},
		"withdrawn as it begins":            {one(takenBack(begins)), longAfter, nil},
		"withdrawn a second later":          {one(takenBack("2026-11-15T02:00:01Z")), longAfter, lasts(begins, "2026-11-15T02:00:01Z")},
		"withdrawn a second before it ends": {one(takenBack("2026-11-15T02:29:59Z")), longAfter, lasts(begins, "2026-11-15T02:29:59Z")},
		"withdrawn as it ends":              {one(takenBack(ends)), longAfter, onTime},
		"withdrawn afterwards":              {one(takenBack(longAfter)), longAfter, onTime},
		"withdrawn, and not recorded yet":   {one(takenBack("")), "2026-11-15T02:10:00Z", lasts(begins, "2026-11-15T02:10:00Z")},
		"withdrawn before, and not recorded yet": {
			one(takenBack("")), longBefore, nil},

		"superseded before it begins": {
			append(one(), planned("newer", "2026-11-10T00:00:00Z", longAfter, supersedes("n"))), begins, nil},
		"superseded in the middle": {
			append(one(), planned("newer", "2026-11-15T02:10:00Z", longAfter, supersedes("n"))), longAfter, lasts(begins, "2026-11-15T02:10:00Z")},
		"superseded afterwards": {
			append(one(), planned("newer", ends, longAfter, supersedes("n"))), longAfter, onTime},
		"superseded twice, the first counts": {
			append(one(), planned("a", "2026-11-15T02:20:00Z", longAfter, supersedes("n")), planned("b", "2026-11-15T02:10:00Z", longAfter, supersedes("n"))),
			longAfter, lasts(begins, "2026-11-15T02:10:00Z")},
		"superseded by one that is not there any more": {
			one(func(n *v1alpha1.ChangeNotice) { n.Status.SupersededTime = must("2026-11-15T02:10:00Z") }), longAfter,
			lasts(begins, "2026-11-15T02:10:00Z")},
		"superseded by one that was withdrawn since": {
			append(one(), planned("newer", "2026-11-10T00:00:00Z", longAfter, supersedes("n"), takenBack("2026-11-11T00:00:00Z"))), begins, nil},
		"a draft that is to supersede it changes nothing": {
			append(one(), planned("newer", toldOn, longAfter, supersedes("n"), func(n *v1alpha1.ChangeNotice) {
				n.Spec.State, n.Status = v1alpha1.NoticeDraft, v1alpha1.ChangeNoticeStatus{}
			})), begins, onTime},

		"postponed in time": {
			one(moved("2026-11-05T09:00:00Z", "2026-11-20T02:00:00Z")), longBefore, lasts("2026-11-20T02:00:00Z", "2026-11-20T02:30:00Z")},
		"R1 postponed to a date that customers are told too late": {
			one(moved("2026-11-14T09:00:00Z", "2026-11-20T02:00:00Z")), longAfter, nil},
		"R1 or in time for its last minutes": {
			one(moved("2026-11-14T09:00:00Z", "2026-11-24T23:50:00Z")), longAfter, lasts("2026-11-25T00:00:00Z", "2026-11-25T00:20:00Z")},
		"postponed a second before it begins": {
			one(moved("2026-11-15T01:59:59Z", longAfter)), longAfter, lasts(longAfter, "2026-12-20T00:30:00Z")},
		"postponed as it begins": {
			one(moved(begins, longAfter)), longAfter, nil},
		"postponed when it has begun": {
			one(moved("2026-11-15T02:00:01Z", longAfter)), longAfter, lasts(begins, "2026-11-15T02:00:01Z")},
		"postponed when it is over": {
			one(moved(ends, longAfter)), longAfter, onTime},
		"postponed twice, the second time when it was over": {
			one(moved("2026-11-05T09:00:00Z", "2026-11-20T02:00:00Z"), moved("2026-11-20T03:00:00Z", longAfter)), longAfter,
			lasts("2026-11-20T02:00:00Z", "2026-11-20T02:30:00Z")},
		"postponed, and not recorded yet": {
			one(func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = must("2026-11-20T02:00:00Z") }), "2026-11-05T09:00:00Z",
			lasts("2026-11-20T02:00:00Z", "2026-11-20T02:30:00Z")},
		"postponed when it has begun, and not recorded yet": {
			one(func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = must(longAfter) }), "2026-11-15T02:10:00Z",
			lasts(begins, "2026-11-15T02:10:00Z")},
		"postponed more often than is known": {
			one(moved("2026-11-05T09:00:00Z", "2026-11-20T02:00:00Z"), func(n *v1alpha1.ChangeNotice) { n.Status.Postponements[0].Number = 2 }),
			longBefore, nil},

		"held plans none": {
			one(func(n *v1alpha1.ChangeNotice) {
				n.Status.Clock.HoldAboveObjectionPercent = ptr(0)
				n.Status.Delivery.Affected, n.Status.Answers.NeedsTime = ptr(5), ptr(1)
			}), begins, nil},
		"R7 lapsed before it begins": {
			one(func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = must(begins) }), longAfter, nil},
		"R7 lapsed in the middle": {
			one(func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = must("2026-11-15T02:10:00Z") }), longAfter,
			lasts(begins, "2026-11-15T02:10:00Z")},
		"R7 lapsed long afterwards": {
			one(func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = must("2027-05-14T02:00:00Z") }), "2027-06-01T00:00:00Z", onTime},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ledger := NewLedger(ordersAPI, c.notices, reading(t, owingDowntime(10)))
			got, ok := ledger.Window("n", stable, instant(t, c.now))
			if diff := cmp.Diff(c.want, pointerIf(got, ok)); diff != "" {
				t.Errorf("(-want +got) %s", diff)
			}
		})
	}
}

func pointerIf(w downtime.Window, ok bool) *downtime.Window {
	if !ok {
		return nil
	}
	return &w
}

// Customers are owed to be reminded a day before: until it is known that they were, nothing opens.
func TestWindowWaitsForReminders(t *testing.T) {
	reminded := func(known string) []v1alpha1.ChangeNotice {
		return []v1alpha1.ChangeNotice{planned("n", toldOn, begins, func(n *v1alpha1.ChangeNotice) {
			n.Status.Reminders = []v1alpha1.NoticeReminder{{Days: 2, Policy: "p", Missed: v1alpha1.MissedReminderDelay}}
			if known != "" {
				n.Status.RemindersTime = must(known)
			}
		})}
	}
	cases := map[string]struct {
		known, now string
		want       bool
	}{
		"not yet asked, to come":            {"", "2026-11-15T01:59:59Z", true},
		"not yet asked, at its start":       {"", begins, false},
		"asked before the reminder was due": {"2026-11-14T01:59:59Z", begins, false},
		"asked when it was":                 {"2026-11-14T02:00:00Z", begins, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ledger := NewLedger(ordersAPI, reminded(c.known), reading(t, owingDowntime(10)))
			if _, ok := ledger.Window("n", stable, instant(t, c.now)); ok != c.want {
				t.Errorf("planned: %v, want %v", ok, c.want)
			}
		})
	}
}

func TestWindowsAreSorted(t *testing.T) {
	ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{
		planned("z", toldOn, "2026-11-20T02:00:00Z"), planned("b", toldOn, begins), planned("a", toldOn, begins),
		told("change", toldOn, begins), planned("gone", toldOn, begins, takenBack(longBefore)),
		planned("elsewhere", toldOn, begins, signed(func(n *v1alpha1.ChangeNotice) { n.Spec.APIRef.Name = "billing" })),
	}, reading(t, owingDowntime(10)))
	var names []string
	for _, w := range ledger.Windows(stable, instant(t, longAfter)) {
		names = append(names, w.Notice)
		if w.End.Sub(w.Start) != 30*time.Minute {
			t.Errorf("%s lasts %s", w.Notice, w.End.Sub(w.Start))
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "z"}, names); diff != "" {
		t.Error(diff)
	}
	if _, planned := ledger.Window("nothing", stable, instant(t, longAfter)); planned {
		t.Error("a notice that is not there plans a window")
	}
}

// What tells of a downtime, or is sorry for one, covers no change of a contract, whatever it lists, and lends no clock.
func TestWindowsCoverNoChange(t *testing.T) {
	const now = "2026-11-22T10:00:00Z"
	for name, mark := range map[string]func(*v1alpha1.ChangeNotice){
		"a planned downtime": func(n *v1alpha1.ChangeNotice) { n.Spec.DowntimeMinutes = 30 },
		"an apology":         func(n *v1alpha1.ChangeNotice) { n.Spec.ApologyFor = "orders-slo" },
	} {
		t.Run(name, func(t *testing.T) {
			older := told("older", "2026-11-01T10:00:00Z", "2026-11-12T00:00:00Z", signed(mark))
			ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{older}, reading(t, owing("p", 1)))
			at := instant(t, now)
			if got := ledger.Coverage(v1Gone, at); len(got) > 0 {
				t.Errorf("it covers %+v", got)
			}
			if got := ledger.Listing(v1Gone, at); len(got) > 0 {
				t.Errorf("it lists %+v", got)
			}
			if got := ledger.Idle(v1Gone, at); len(got) > 0 {
				t.Errorf("it would cover: %+v", got)
			}
			newer := told("newer", now, "2026-11-23T00:00:00Z", supersedes("older"))
			ledger = NewLedger(ordersAPI, []v1alpha1.ChangeNotice{older, newer}, reading(t, owing("p", 10)))
			got := ledger.Coverage(v1Gone, at)
			if len(got) != 1 || !got[0].Matures.Equal(instant(t, "2026-12-03T00:00:00Z")) {
				t.Errorf("it lends its clock: %+v", got)
			}
		})
	}
	t.Run("a window keeps no older clock", func(t *testing.T) {
		ledger := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{
			planned("older", toldOn, begins), planned("newer", "2026-11-10T00:00:00Z", "2026-11-19T02:00:00Z", supersedes("older")),
		}, reading(t, owingDowntime(10)))
		if w, planned := ledger.Window("newer", stable, instant(t, now)); planned {
			t.Errorf("it opens %s, ten days after it was told: %+v", w.Start, w)
		}
	})
}

// All of an API is down only where customers of each version were told.
func TestWindowForSomeOfAnAPI(t *testing.T) {
	covers := func(entries ...v1alpha1.CoveredChange) func(*v1alpha1.ChangeNotice) {
		return signed(func(n *v1alpha1.ChangeNotice) { n.Spec.Covers = entries })
	}
	version := func(name v1alpha1.VersionName, operation string) v1alpha1.CoveredChange {
		return v1alpha1.CoveredChange{Version: name, Operation: operation, Class: v1alpha1.ClassDowntime}
	}
	for name, tc := range map[string]struct {
		promised []v1alpha1.VersionName
		entries  []v1alpha1.CoveredChange
		partial  bool
	}{
		"the only version":               {[]v1alpha1.VersionName{"v1"}, []v1alpha1.CoveredChange{version("v1", "")}, false},
		"one of two":                     {[]v1alpha1.VersionName{"v1", "v2"}, []v1alpha1.CoveredChange{version("v1", "")}, true},
		"both":                           {[]v1alpha1.VersionName{"v1", "v2"}, []v1alpha1.CoveredChange{version("v2", ""), version("v1", "")}, false},
		"one that nobody relies on, too": {[]v1alpha1.VersionName{"v1"}, []v1alpha1.CoveredChange{version("v1", ""), version("v2", "")}, false},
		"an operation":                   {[]v1alpha1.VersionName{"v1"}, []v1alpha1.CoveredChange{version("v1", "GET /orders")}, true},
		"an operation, and the version":  {[]v1alpha1.VersionName{"v1"}, []v1alpha1.CoveredChange{version("v1", "GET /orders"), version("v1", "")}, false},
		"nothing is promised yet":        {nil, []v1alpha1.CoveredChange{version("v1", "")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{}
			api.Name = "orders"
			api.Spec.Versions = []v1alpha1.APIVersion{{Name: "v1"}}
			for _, promised := range tc.promised {
				api.Status.Promised = append(api.Status.Promised, v1alpha1.PromisedContract{Version: promised})
			}
			n := planned("n", toldOn, begins, covers(tc.entries...))
			n.Spec.APIRef.Name = "orders"
			n.Status.PublishedDigest = Digest(&n.Spec)
			policies, _ := ReadPolicies([]v1alpha1.NoticePolicy{owingDowntime(10)})
			windows := NewLedger(api, []v1alpha1.ChangeNotice{n}, policies).Windows(stable, instant(t, longBefore))
			if len(windows) != 1 || windows[0].Partial != tc.partial {
				t.Errorf("got %+v, want one window, partial: %t", windows, tc.partial)
			}
		})
	}
}
