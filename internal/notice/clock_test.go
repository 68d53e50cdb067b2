package notice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// delivered freezes that the delivery to 95% starts the clock of a notice, and says when that was; empty: not yet.
func delivered(covered string) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		n.Status.Clock = v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 95}
		n.Status.Delivery = v1alpha1.NoticeDelivery{Affected: ptr(5), Delivered: ptr(3)}
		if covered != "" {
			n.Status.Delivery.CoveredTime = must(covered)
		}
	}
}

// acknowledged freezes that the answers of 95% start the clock of a notice, and says when that was; empty: not yet.
func acknowledged(covered string) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		delivered(covered)(n)
		n.Status.Clock.StartsAt = v1alpha1.StartsAtAcknowledged
	}
}

func starting(name string, startsAt v1alpha1.ClockStart, percent int32) v1alpha1.NoticePolicy {
	return owing(name, 10, func(s *policySpec) { s.StartsAt, s.CoveragePercent = startsAt, percent })
}

func TestTheLaterEventAndTheLargerShareStartTheClockR2(t *testing.T) {
	const published, atDelivery, atAnswer = v1alpha1.StartsAtPublished, v1alpha1.StartsAtDelivered, v1alpha1.StartsAtAcknowledged
	hold := func(p v1alpha1.NoticePolicy, percent int32) v1alpha1.NoticePolicy {
		p.Spec.HoldAboveObjectionPercent = &percent
		return p
	}
	cases := map[string]struct {
		policies []v1alpha1.NoticePolicy
		want     v1alpha1.NoticeClock
		by       string
	}{
		"no policy":                 {nil, v1alpha1.NoticeClock{StartsAt: published}, ""},
		"one that says nothing":     {[]v1alpha1.NoticePolicy{starting("a", "", 0)}, v1alpha1.NoticeClock{StartsAt: published}, ""},
		"a share and no delivery":   {[]v1alpha1.NoticePolicy{starting("a", published, 50)}, v1alpha1.NoticeClock{StartsAt: published}, ""},
		"delivery to everybody":     {[]v1alpha1.NoticePolicy{starting("a", atDelivery, 0)}, v1alpha1.NoticeClock{StartsAt: atDelivery, CoveragePercent: 100}, "a"},
		"delivery to a share":       {[]v1alpha1.NoticePolicy{starting("a", atDelivery, 95)}, v1alpha1.NoticeClock{StartsAt: atDelivery, CoveragePercent: 95}, "a"},
		"delivery is the later":     {[]v1alpha1.NoticePolicy{starting("a", published, 100), starting("b", atDelivery, 1)}, v1alpha1.NoticeClock{StartsAt: atDelivery, CoveragePercent: 1}, "b"},
		"the larger share":          {[]v1alpha1.NoticePolicy{starting("a", atDelivery, 94), starting("b", atDelivery, 95)}, v1alpha1.NoticeClock{StartsAt: atDelivery, CoveragePercent: 95}, "b"},
		"the larger share first":    {[]v1alpha1.NoticePolicy{starting("a", atDelivery, 95), starting("b", atDelivery, 94)}, v1alpha1.NoticeClock{StartsAt: atDelivery, CoveragePercent: 95}, "a"},
		"acknowledged by everybody": {[]v1alpha1.NoticePolicy{starting("a", atAnswer, 0)}, v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 100}, "a"},
		"acknowledged by a share":   {[]v1alpha1.NoticePolicy{starting("a", atAnswer, 60)}, v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 60}, "a"},
		"answers are the latest":    {[]v1alpha1.NoticePolicy{starting("a", atAnswer, 60), starting("b", atDelivery, 60), starting("c", published, 0)}, v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 60}, "a"},
		"answers come last":         {[]v1alpha1.NoticePolicy{starting("a", published, 0), starting("b", atDelivery, 60), starting("c", atAnswer, 60)}, v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 60}, "c"},
		"the share of another":      {[]v1alpha1.NoticePolicy{starting("a", atAnswer, 60), starting("b", atDelivery, 95)}, v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 95}, "a"},
		"the share of one before":   {[]v1alpha1.NoticePolicy{starting("a", atDelivery, 95), starting("b", atAnswer, 60)}, v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 95}, "b"},
		"of two that ask, the more": {[]v1alpha1.NoticePolicy{starting("a", atDelivery, 95), starting("b", atAnswer, 60), starting("c", atAnswer, 61)}, v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 95}, "c"},
		"one holds":                 {[]v1alpha1.NoticePolicy{hold(starting("a", published, 0), 10)}, v1alpha1.NoticeClock{StartsAt: published, HoldAboveObjectionPercent: ptr(10)}, ""},
		"one holds for any":         {[]v1alpha1.NoticePolicy{hold(starting("a", published, 0), 0)}, v1alpha1.NoticeClock{StartsAt: published, HoldAboveObjectionPercent: ptr(0)}, ""},
		"the smallest holds": {[]v1alpha1.NoticePolicy{starting("a", published, 0), hold(starting("b", published, 0), 10), hold(starting("c", atAnswer, 60), 9), hold(starting("d", published, 0), 11)},
			v1alpha1.NoticeClock{StartsAt: atAnswer, CoveragePercent: 60, HoldAboveObjectionPercent: ptr(9)}, "c"},
		"of two, the first by name": {[]v1alpha1.NoticePolicy{starting("b", atDelivery, 95), starting("a", atDelivery, 95)}, v1alpha1.NoticeClock{StartsAt: atDelivery, CoveragePercent: 95}, "a"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			clock, by := reading(t, c.policies...).Clock()
			if diff := cmp.Diff(c.want, clock); diff != "" || by != c.by {
				t.Errorf("by %q, want %q (-want +got):\n%s", by, c.by, diff)
			}
		})
	}
}

// Ten days are owed; the notice was published on 1 November at ten and is for the day after.
func TestTheClockStartsWithWhatWasFrozenR2(t *testing.T) {
	const published = "2026-11-01T10:00:00Z"
	created := func(at string) func(*v1alpha1.ChangeNotice) {
		return func(n *v1alpha1.ChangeNotice) { n.CreationTimestamp = *must(at) }
	}
	startsAt := func(event v1alpha1.ClockStart) func(*v1alpha1.ChangeNotice) {
		return func(n *v1alpha1.ChangeNotice) { n.Status.Clock.StartsAt = event }
	}
	type changes []func(*v1alpha1.ChangeNotice)
	cases := map[string]struct {
		changes changes
		start   string // empty: it has not started
		matures string
	}{
		"nothing was frozen":                       {nil, published, "2026-11-12T00:00:00Z"},
		"the publication":                          {changes{startsAt(v1alpha1.StartsAtPublished)}, published, "2026-11-12T00:00:00Z"},
		"the publication, delivered later":         {changes{delivered("2026-11-05T00:00:00Z"), startsAt(v1alpha1.StartsAtPublished)}, published, "2026-11-12T00:00:00Z"},
		"the delivery, at midnight":                {changes{delivered("2026-11-05T00:00:00Z")}, "2026-11-05T00:00:00Z", "2026-11-15T00:00:00Z"},
		"the delivery, a second after midnight":    {changes{delivered("2026-11-05T00:00:01Z")}, "2026-11-05T00:00:01Z", "2026-11-16T00:00:00Z"},
		"the delivery, before it was published":    {changes{delivered("2026-10-20T00:00:00Z")}, published, "2026-11-12T00:00:00Z"},
		"the delivery, before it was created":      {changes{delivered("2026-11-02T00:00:00Z"), created("2026-11-03T00:00:00Z")}, "2026-11-03T00:00:00Z", "2026-11-13T00:00:00Z"},
		"the delivery, to too few":                 {changes{delivered("")}, "", ""},
		"the acknowledgement":                      {changes{acknowledged("2026-11-05T00:00:00Z")}, "2026-11-05T00:00:00Z", "2026-11-15T00:00:00Z"},
		"the acknowledgement, a second later":      {changes{acknowledged("2026-11-05T00:00:01Z")}, "2026-11-05T00:00:01Z", "2026-11-16T00:00:00Z"},
		"the acknowledgement, before it was there": {changes{acknowledged("2026-10-20T00:00:00Z")}, published, "2026-11-12T00:00:00Z"},
		"the acknowledgement of too few":           {changes{acknowledged("")}, "", ""},
		"something that is not known":              {changes{delivered("2026-11-05T00:00:00Z"), startsAt("Heard")}, "", ""},
		"the delivery of what was never published": {changes{delivered("2026-11-05T00:00:00Z"), func(n *v1alpha1.ChangeNotice) { n.Status.PublishedTime = nil }}, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := told("n", published, "2026-11-02T00:00:00Z", c.changes...)
			start, started := StartOf(&n)
			if started != (c.start != "") || started && !start.Equal(must(c.start).Time) {
				t.Errorf("started %v at %s, want %q", started, start, c.start)
			}
			// Policies that were changed since change nothing: what was frozen counts.
			for _, now := range []v1alpha1.NoticePolicy{starting("p", v1alpha1.StartsAtPublished, 0), starting("p", v1alpha1.StartsAtDelivered, 100)} {
				got := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, now)).Coverage(v1Gone, instant(t, "2026-11-10T00:00:00Z"))
				if len(got) != 0 != (c.matures != "") || c.matures != "" && !got[0].Matures.Equal(instant(t, c.matures)) {
					t.Errorf("%+v, want one that matures %q", got, c.matures)
				}
			}
		})
	}
}

// Whatever was observed, a clock that the delivery starts never starts before that of the publication, and nothing
// matures before it would have.
func TestDeliveredIsNeverEarlierThanPublished(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moment := func(label string) string {
			return must("2026-11-01T10:00:00Z").Add(time.Duration(rapid.IntRange(-40*86400, 40*86400).Draw(t, label)) * time.Second).Format(time.RFC3339)
		}
		published := told("n", moment("published"), "2026-11-02T00:00:00Z", func(n *v1alpha1.ChangeNotice) {
			if rapid.Bool().Draw(t, "created") {
				n.CreationTimestamp = *must(moment("created at"))
			}
		})
		waiting := *published.DeepCopy()
		delivered(moment("covered"))(&waiting)
		early, _ := StartOf(&published)
		late, started := StartOf(&waiting)
		if !started || late.Before(early) || late.Before(waiting.Status.Delivery.CoveredTime.Time) {
			t.Fatalf("it started %v at %s, and the publication would have at %s", started, late, early)
		}
		policies, _ := ReadPolicies([]v1alpha1.NoticePolicy{owing("p", int32(rapid.IntRange(0, 60).Draw(t, "days")))})
		now := early.Add(100 * 24 * time.Hour)
		before := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{published}, policies).Coverage(v1Gone, now)
		after := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{waiting}, policies).Coverage(v1Gone, now)
		if len(before) != 1 || len(after) != 1 || after[0].Matures.Before(before[0].Matures) {
			t.Fatalf("published %+v, delivered %+v", before, after)
		}
	})
}

// Also what no policy owes any time for has to reach customers before.
func TestWhatIsOwedNoTimeWaitsForTheDeliveryToo(t *testing.T) {
	policies := reading(t, owing("p", 10, func(s *policySpec) { s.Owed[0].Class = "Price" }))
	now := instant(t, "2026-12-01T00:00:00Z")
	for covered, want := range map[string]int{"": 0, "2026-11-22T10:00:00Z": 1} {
		n := told("n", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", delivered(covered))
		if got := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, policies).Coverage(v1Gone, now); len(got) != want {
			t.Errorf("covered %q: %+v", covered, got)
		}
	}
}
