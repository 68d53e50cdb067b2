package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// A document that comes after its revision is found in time, also in a rehearsal, in which every revision would be
// months old.
func TestADocumentThatIsMissingIsLookedForSoon(t *testing.T) {
	created := time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		age  time.Duration
		want time.Duration
	}{
		"just created":            {0, time.Second},
		"the clock is behind":     {-time.Minute, time.Second},
		"four seconds":            {4 * time.Second, time.Second},
		"five seconds":            {5 * time.Second, 1250 * time.Millisecond},
		"a minute":                {time.Minute, 15 * time.Second},
		"a second before the cap": {20*time.Minute - time.Second, 5*time.Minute - 250*time.Millisecond},
		"at the cap":              {20 * time.Minute, 5 * time.Minute},
		"a year":                  {365 * 24 * time.Hour, 5 * time.Minute},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(created)}}
			revision.Spec.Contracts = []v1alpha1.Contract{{Version: "v1", ConfigMapKeyRef: v1alpha1.ConfigMapKeyRef{Name: "late", Key: "v1.yaml"}}}
			watch := newStopwatch(clocktesting.NewFakePassiveClock(created.Add(tc.age)))
			moved := created.Add(tc.age + 2160*time.Hour)
			got := lookAgain(revision, moved, watch.age(revision))
			if got == nil || got.Sub(moved) != tc.want {
				t.Errorf("looks again at %v, want %v after %v", got, tc.want, moved)
			}
			revision.Status.Contracts = []v1alpha1.JudgedContract{{Version: "v1"}}
			if again := lookAgain(revision, moved, watch.age(revision)); again != nil {
				t.Errorf("looks again at %v for a document that was judged", again)
			}
		})
	}
}
