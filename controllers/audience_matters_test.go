package controllers

import (
	"testing"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What verdicts on notices are made from makes them anew, and nothing else of an Audience does.
func TestWhatMattersOfAnAudience(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*v1alpha1.AudienceStatus)
		matters bool
	}{
		"how many they are":  {func(s *v1alpha1.AudienceStatus) { s.Customers = ptr.To[int32](3) }, true},
		"their calendars":    {func(s *v1alpha1.AudienceStatus) { s.Calendars = []v1alpha1.CustomerCalendar{{Customers: 3}} }, true},
		"their languages":    {func(s *v1alpha1.AudienceStatus) { s.Locales = []v1alpha1.CustomerLocale{{Locale: "de", Customers: 2}} }, true},
		"their contracts":    {func(s *v1alpha1.AudienceStatus) { s.Terms = []v1alpha1.ContractTerm{{Customer: "c-1", Customers: 1}} }, true},
		"when it was listed": {func(s *v1alpha1.AudienceStatus) { s.ListTime = timeAt(noon) }, false},
	} {
		before := &v1alpha1.Audience{}
		after := before.DeepCopy()
		after.ResourceVersion = "2"
		tc.change(&after.Status)
		if got := whenChanged(matterOfAudience).Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != tc.matters {
			t.Errorf("%s matters: %v", name, got)
		}
	}
}
