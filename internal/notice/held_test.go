package notice

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// objected freezes that a notice is held above that share, and says how many of how many customers need more time.
func objected(open, percent, affected int32) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		n.Status.Clock.HoldAboveObjectionPercent = &percent
		n.Status.Delivery.Affected = &affected
		n.Status.Answers = v1alpha1.NoticeAnswers{Answered: &open, NeedsTime: &open}
	}
}

func TestHowManyObjectionsHoldANotice(t *testing.T) {
	cases := map[string]struct {
		change func(*v1alpha1.ChangeNotice)
		want   bool
	}{
		"nothing was frozen":                {func(n *v1alpha1.ChangeNotice) { objected(5, 0, 5)(n); n.Status.Clock.HoldAboveObjectionPercent = nil }, false},
		"nobody answered":                   {func(n *v1alpha1.ChangeNotice) { objected(0, 0, 5)(n); n.Status.Answers = v1alpha1.NoticeAnswers{} }, false},
		"nobody objects":                    {objected(0, 0, 5), false},
		"any, where none may":               {objected(1, 0, 20000), true},
		"as many as may":                    {objected(2, 10, 20), false},
		"one more":                          {objected(3, 10, 20), true},
		"as much as may, to the person":     {objected(1, 10, 10), false},
		"a customer fewer is more":          {objected(1, 10, 9), true},
		"all, where all may":                {objected(20, 100, 20), false},
		"a share that there is not":         {objected(1, 101, 20), true},
		"a negative one":                    {objected(1, -5, 20), true},
		"nobody objects, by a negative one": {objected(0, -5, 20), false},
		"nobody is affected":                {objected(1, 100, 0), true},
		"nobody knows how many are":         {func(n *v1alpha1.ChangeNotice) { objected(1, 100, 5)(n); n.Status.Delivery.Affected = nil }, true},
		"it was never published":            {func(n *v1alpha1.ChangeNotice) { objected(3, 10, 20)(n); n.Status.PublishedTime = nil }, false},
		"numbers as large as there are":     {objected(1<<31-1, 99, 1<<31-1), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := told("n", "2026-11-22T10:00:00Z", "2026-12-01T00:00:00Z", c.change)
			if got := Held(&n); got != c.want {
				t.Errorf("held %v", got)
			}
		})
	}
}

// A notice that is held covers nothing, before its date and after, and all that it did once it is held no more. What
// the policies say by then changes nothing.
func TestANoticeThatIsHeldCoversNothing(t *testing.T) {
	for _, p := range []v1alpha1.NoticePolicy{owing("p", 10), owing("p", 10, func(s *policySpec) { s.HoldAboveObjectionPercent = ptr(0) })} {
		for _, at := range []string{"2026-12-02T23:59:59Z", "2026-12-03T00:00:00Z", "2027-05-01T00:00:00Z"} {
			for open, want := range map[int32]int{0: 1, 2: 1, 3: 0} {
				n := told("n", "2026-11-22T10:00:00Z", "2026-12-01T00:00:00Z", objected(open, 10, 20))
				got := NewLedger(ordersAPI, []v1alpha1.ChangeNotice{n}, reading(t, p)).Coverage(v1Gone, instant(t, at))
				if len(got) != want || want == 1 && !got[0].Matures.Equal(instant(t, "2026-12-03T00:00:00Z")) {
					t.Errorf("%d objections at %s: %+v", open, at, got)
				}
			}
		}
	}
}

// Whoever objects in addition: nothing that was held is held no more, and nothing matures earlier.
func TestMoreObjectionsNeverOpenAnything(t *testing.T) {
	policies := reading(t, owing("p", 10))
	now := instant(t, "2026-11-22T12:00:00Z")
	rapid.Check(t, func(t *rapid.T) {
		percent, affected := rapid.Int32Range(0, 100).Draw(t, "percent"), rapid.Int32Range(0, 40).Draw(t, "affected")
		few := rapid.Int32Range(0, 40).Draw(t, "objections")
		more := few + rapid.Int32Range(0, 5).Draw(t, "more")
		older := func(open int32) v1alpha1.ChangeNotice {
			return told("older", "2026-11-01T10:00:00Z", "2026-11-20T00:00:00Z", objected(open, percent, affected))
		}
		newer := told("newer", "2026-11-22T10:00:00Z", "2026-11-24T00:00:00Z", supersedes("older"))
		matures := func(notices ...v1alpha1.ChangeNotice) time.Time {
			got := NewLedger(ordersAPI, notices, policies).Coverage(v1Gone, now)
			if len(got) == 0 {
				return endOfTime
			}
			return got[0].Matures
		}
		if matures(older(more)).Before(matures(older(few))) || matures(older(more), newer).Before(matures(older(few), newer)) {
			t.Fatalf("with %d objections it matures %s, with %d %s", few, matures(older(few)), more, matures(older(more)))
		}
	})
}
