package controllers

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

var dawn = time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)

// ticking is a lookoutClock of which a test says what goes by, and what the clocks of the API servers say.
type ticking struct {
	*lookoutClock
	gone time.Duration
}

func newTicking() *ticking {
	k := &ticking{}
	k.lookoutClock = newLookoutClock(func() time.Duration { return k.gone })
	return k
}

// renewed lets time go by until the next renewal of a Lease, by an API server whose clock is that far from ours.
func (k *ticking) renewed(by, ahead, late time.Duration) bool {
	k.gone += by
	at := dawn.Add(k.gone + ahead)
	k.gone += late
	return k.renew("one", at)
}

// off is how far the clock is from dawn and what went by.
func (k *ticking) off(t *testing.T) time.Duration {
	t.Helper()
	now, ok := k.at(k.gone)
	if !ok {
		t.Fatal("it does not go")
	}
	return now.Sub(dawn.Add(k.gone))
}

func TestTheLookoutClockGoesFromTheSecondRenewalOn(t *testing.T) {
	k := newTicking()
	k.gone = 7 * time.Second
	if _, ok := k.at(0); ok || k.renew("one", dawn) {
		t.Fatal("it goes by a renewal that may be from long ago")
	}
	if k.renew("one", dawn) {
		t.Fatal("it goes by a renewal that was listed again")
	}
	if !k.renewed(3*time.Second, 0, 20*time.Millisecond) {
		t.Fatal("it does not go")
	}
	if off := k.off(t); off != -20*time.Millisecond {
		t.Errorf("it is %s off, not behind by what the watch took", off)
	}
	if earlier, _ := k.at(time.Second); !earlier.Equal(dawn.Add(980 * time.Millisecond)) {
		t.Errorf("a second after the start it was %s", earlier)
	}
}

func TestTheLookoutClockNeitherJumpsNorRunsAhead(t *testing.T) {
	for name, tc := range map[string]struct {
		// ahead is how far the API servers put their clocks, renewals how often they renew a Lease since.
		ahead    time.Duration
		late     time.Duration
		renewals int
		want     time.Duration
	}{
		"they agree":                          {0, 0, 6, 0},
		"they jump an hour ahead":             {time.Hour, 0, 6, 60 * time.Millisecond},
		"they jump an hour back":              {-time.Hour, 0, 6, -60 * time.Millisecond},
		"an outage of ten minutes":            {time.Hour, 0, 60, 600 * time.Millisecond},
		"renewals are seen late":              {0, 3 * time.Second, 6, -60 * time.Millisecond},
		"a little behind it catches up":       {100 * time.Millisecond, 0, 6, 100 * time.Millisecond},
		"and no faster than that":             {2 * time.Second, 0, 6, 300 * time.Millisecond},
		"more is followed slowly":             {3 * time.Second, 0, 6, 60 * time.Millisecond},
		"nor does it follow a little too far": {-time.Millisecond, 0, 6, -time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTicking()
			k.renewed(time.Second, 0, 0)
			k.renewed(10*time.Second, 0, 0)
			before, _ := k.at(k.gone)
			for range tc.renewals {
				k.renewed(10*time.Second-tc.late, tc.ahead, tc.late)
				if now, _ := k.at(k.gone); !now.After(before) {
					t.Fatalf("it went back from %s to %s", before, now)
				}
				before, _ = k.at(k.gone)
			}
			if off := k.off(t); (off - tc.want).Abs() > time.Millisecond {
				t.Errorf("it is %s off, want %s", off, tc.want)
			}
		})
	}
}

// What was written down by a clock that was put back since is not written again.
func TestTheLookoutClockGoesOnFromWhatWasWritten(t *testing.T) {
	for _, early := range []bool{true, false} {
		k := newTicking()
		if early {
			k.notBefore(dawn.Add(time.Hour))
		}
		k.renewed(time.Second, 0, 0)
		k.renewed(10*time.Second, 0, 0)
		if !early {
			k.notBefore(dawn.Add(time.Hour))
		}
		if now, _ := k.at(k.gone); !now.Equal(dawn.Add(time.Hour)) {
			t.Errorf("it is %s", now)
		}
		k.notBefore(dawn)
		if now, _ := k.at(k.gone); !now.Equal(dawn.Add(time.Hour)) {
			t.Errorf("it went back to %s", now)
		}
	}
}

// What was seen before the clock went has no moment: nobody is told of it between the first that there is and theirs.
func TestNobodyIsToldWhileTheLookoutClockBegins(t *testing.T) {
	l := newLookout(nil, &lookoutLine{gone: func() time.Duration { return time.Minute }})
	renewals := 0
	l.clock.gone = func() time.Duration {
		renewals++
		if l.mu.TryLock() {
			l.mu.Unlock()
			t.Error("somebody may ask in the middle")
		}
		return time.Minute
	}
	for i := range 2 {
		lease := &coordinationv1.Lease{ObjectMeta: meta("apiserver")}
		lease.Spec.RenewTime = ptr.To(metav1.NewMicroTime(dawn.Add(time.Duration(i) * time.Minute)))
		l.seeLease(lease)
	}
	if _, goes := l.clock.at(0); !goes || renewals == 0 {
		t.Errorf("it goes: %t, after %d renewals", goes, renewals)
	}
}
