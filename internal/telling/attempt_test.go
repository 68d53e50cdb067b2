package telling

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

func tried(attempts int32) *v1alpha1.Delivery {
	return &v1alpha1.Delivery{Customer: "c-1", ID: delivery.ID("u-1", "c-1", "mail", "Published"), Attempts: &attempts, PlannedTime: &metav1.Time{Time: published}}
}

func TestAMessageIsGivenUpAfter24HoursAnd10Attempts(t *testing.T) {
	for name, c := range map[string]struct {
		delivery *v1alpha1.Delivery
		after    time.Duration
		retry    time.Duration
		givenUp  bool
	}{
		"24 hours and 10 attempts":                 {tried(10), 24 * time.Hour, 0, true},
		"a second less":                            {tried(10), 24*time.Hour - time.Second, 0, false},
		"an attempt less":                          {tried(9), 24 * time.Hour, 0, false},
		"days later, an attempt less":              {tried(9), 240 * time.Hour, 0, false},
		"many attempts in less time":               {tried(1000), time.Hour, 0, false},
		"more of both":                             {tried(40), 30 * time.Hour, 0, true},
		"the other side wants it later":            {tried(10), 24 * time.Hour, time.Hour, true},
		"nobody knows how often it was tried":      {&v1alpha1.Delivery{ID: "x", PlannedTime: &metav1.Time{Time: published}}, 48 * time.Hour, 0, false},
		"nobody knows since when":                  {&v1alpha1.Delivery{ID: "x", Attempts: tried(20).Attempts}, 48 * time.Hour, 0, false},
		"a clock that was set back":                {tried(20), -time.Hour, 0, false},
		"a number of attempts that is none":        {tried(-1), 48 * time.Hour, 0, false},
		"more attempts than double within an hour": {tried(1 << 30), time.Hour, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			now := published.Add(c.after)
			next := NextAttempt(c.delivery, now, c.retry)
			if (next == nil) != c.givenUp {
				t.Fatalf("next %v, given up is %v", next, c.givenUp)
			}
			if next != nil && (next.Before(now.Add(time.Minute)) || next.After(now.Add(time.Hour))) {
				t.Errorf("next %s after %s", next, now)
			}
		})
	}
}

func TestThePauseGrowsWithTheAttempts(t *testing.T) {
	now := published.Add(time.Hour)
	for attempts, most := range map[int32]time.Duration{
		0: time.Minute, 1: 2 * time.Minute, 2: 4 * time.Minute, 5: 32 * time.Minute, 6: time.Hour, 7: time.Hour, 63: time.Hour, 64: time.Hour,
	} {
		t.Run(fmt.Sprint(attempts), func(t *testing.T) {
			least, longest := time.Hour, time.Duration(0)
			for i := range 2000 {
				d := tried(attempts)
				d.ID = delivery.ID("u-1", fmt.Sprint(i), "mail", "Published")
				pause := NextAttempt(d, now, 0).Sub(now)
				least, longest = min(least, pause), max(longest, pause)
			}
			// All of the range is used, from the first minute on.
			span := most - time.Minute
			if least < time.Minute || longest > most || least > time.Minute+span/50+time.Second || longest < most-span/50-time.Second {
				t.Errorf("pauses from %s to %s, want from 1m to %s", least, longest, most)
			}
		})
	}
}

func TestTheOtherSideIsLeftAlone(t *testing.T) {
	now := published.Add(1500 * time.Millisecond)
	for name, c := range map[string]struct {
		retry, want time.Duration
	}{
		"for two hours":       {2 * time.Hour, 2 * time.Hour},
		"for a day":           {24 * time.Hour, 24 * time.Hour},
		"for more than a day": {24*time.Hour + time.Second, 24 * time.Hour},
		"for ever":            {1<<63 - 1, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			// In whole seconds, and not a part of one too early.
			if got := NextAttempt(tried(1), now, c.retry); !got.Equal(now.Add(c.want + 500*time.Millisecond)) {
				t.Errorf("next %s, want %s later", got, c.want)
			}
		})
	}
	for _, retry := range []time.Duration{-1 << 63, -time.Hour, 0, time.Second} {
		if got, want := NextAttempt(tried(1), now, retry), NextAttempt(tried(1), now, 0); !got.Equal(*want) {
			t.Errorf("left alone for %s: %s, want %s", retry, got, want)
		}
	}
}

func TestTheNextAttemptHasItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := tried(rapid.Int32Range(0, 100).Draw(t, "attempts"))
		d.ID = delivery.ID("u-1", rapid.String().Draw(t, "customer"), "mail", "Published")
		now := published.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "after")))
		retry := time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "retry after"))
		next := NextAttempt(d, now, retry)
		if givenUp := now.Sub(published) >= 24*time.Hour && *d.Attempts >= 10; (next == nil) != givenUp {
			t.Fatalf("next %v after %d attempts in %s", next, *d.Attempts, now.Sub(published))
		}
		if next == nil {
			return
		}
		least, most := max(time.Minute, min(retry, 24*time.Hour)), max(time.Hour, min(retry, 24*time.Hour))
		if pause := next.Sub(now); pause < least || pause >= most+time.Second || next.Nanosecond() != 0 {
			t.Fatalf("a pause of %s, want one from %s to %s", pause, least, most)
		}
		if again := NextAttempt(d, now, retry); !again.Equal(*next) {
			t.Fatalf("it is %s and then %s", next, again)
		}
	})
}
