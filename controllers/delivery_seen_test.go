package controllers

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What this process wrote is waited for, but not for ever: the record may have gone.
func TestWhatWasWrittenIsSeenFirst(t *testing.T) {
	record := func(name, version string) v1alpha1.DeliveryRecord {
		r := v1alpha1.DeliveryRecord{}
		r.Name, r.ResourceVersion = name, version
		return r
	}
	here, elsewhere := types.NamespacedName{Namespace: "shop", Name: "a"}, types.NamespacedName{Namespace: "shop", Name: "b"}
	tests := map[string]struct {
		notice types.NamespacedName
		after  time.Duration
		found  []v1alpha1.DeliveryRecord
		want   bool
	}{
		"the cache has it as it was before":        {here, 0, []v1alpha1.DeliveryRecord{record("r-1", "1000"), record("r-2", "999")}, true},
		"the cache has it as it was written":       {here, 0, []v1alpha1.DeliveryRecord{record("r-1", "1"), record("r-2", "1000")}, false},
		"somebody wrote it again":                  {here, 0, []v1alpha1.DeliveryRecord{record("r-2", "10000")}, false},
		"the cache has none of that name":          {here, 0, []v1alpha1.DeliveryRecord{record("r-1", "2000")}, true},
		"a moment before it was long enough":       {here, maxLag - time.Second, nil, true},
		"it was long enough":                       {here, maxLag, nil, false},
		"what was written belongs to another":      {elsewhere, 0, nil, false},
		"a version that tells nothing of an order": {here, 0, []v1alpha1.DeliveryRecord{record("r-2", "abc")}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			own := clocktesting.NewFakePassiveClock(noon)
			l := newLastWritten(own)
			last := record("r-2", "1000")
			l.keep(here, &last)
			own.SetTime(noon.Add(tc.after))
			if got := l.unseen(tc.notice, tc.found); got != tc.want {
				t.Errorf("got %t", got)
			}
			if known := len(l.of) > 0; tc.notice == here && known != tc.want {
				t.Errorf("it is kept: %t", known)
			}
		})
	}
}
