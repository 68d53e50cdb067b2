package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// runs is an image that runs, ranUntil one that did until then.
func runs(image string) v1alpha1.PastImage { return v1alpha1.PastImage{Image: image} }

func ranUntil(image string, d time.Duration) v1alpha1.PastImage {
	return v1alpha1.PastImage{Image: image, LastTime: at(d)}
}

// R11: what customers were led to may come back for rollbackDays, under whatever name, to the second.
func TestWhatRan(t *testing.T) {
	const rollback = 24 * time.Hour // a policy of one day
	tests := map[string]struct {
		before []v1alpha1.PastImage
		ready  []string
		now    time.Duration
		want   []v1alpha1.PastImage
		next   time.Duration
	}{
		"nothing":                          {},
		"what is ready":                    {ready: []string{"b:1", "a:1"}, want: []v1alpha1.PastImage{runs("a:1"), runs("b:1")}},
		"what runs no more":                {before: []v1alpha1.PastImage{runs("a:1")}, ready: []string{"a:2"}, want: []v1alpha1.PastImage{runs("a:2"), ranUntil("a:1", 0)}, next: rollback},
		"what nothing took the place of":   {before: []v1alpha1.PastImage{runs("a:1")}, want: []v1alpha1.PastImage{ranUntil("a:1", 0)}, next: rollback},
		"what runs again":                  {before: []v1alpha1.PastImage{runs("a:2"), ranUntil("a:1", -time.Hour)}, ready: []string{"a:1"}, want: []v1alpha1.PastImage{runs("a:1"), ranUntil("a:2", 0)}, next: rollback},
		"the latest comes first":           {before: []v1alpha1.PastImage{ranUntil("a:1", -3*time.Hour), ranUntil("a:2", -time.Hour), ranUntil("a:3", -2*time.Hour)}, want: []v1alpha1.PastImage{ranUntil("a:2", -time.Hour), ranUntil("a:3", -2*time.Hour), ranUntil("a:1", -3*time.Hour)}, next: rollback - 3*time.Hour},
		"a second before it is too long":   {before: []v1alpha1.PastImage{ranUntil("a:1", 0)}, now: rollback - time.Second, want: []v1alpha1.PastImage{ranUntil("a:1", 0)}, next: rollback},
		"when it is too long":              {before: []v1alpha1.PastImage{ranUntil("a:1", 0)}, now: rollback},
		"a stamp by a clock that ran fast": {before: []v1alpha1.PastImage{ranUntil("a:1", time.Hour)}, want: []v1alpha1.PastImage{ranUntil("a:1", 0)}, next: rollback},
		"what can be no image":             {ready: []string{"two words", "", "a:1"}, want: []v1alpha1.PastImage{runs("a:1")}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := gate.Promise(gate.PromiseInput{
				Now: noon.Add(tc.now), API: orders(v1alpha1.CustomerAPIStatus{Images: tc.before}), Policies: []v1alpha1.NoticePolicy{policy(0, 1)},
				Observed: []gate.Observation{rolledOut("web", "a", gate.Running{Revision: "a", Pods: 1, Images: []string{"not:ready"}, Ran: tc.ready})},
			})
			if diff := cmp.Diff(tc.want, got.Images, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var want time.Time
			if tc.next != 0 {
				want = noon.Add(tc.next)
			}
			wantNext(t, got.NextChange, want)
		})
	}
}

// What the status has no room for is what ran longest ago, and never what runs.
func TestWhatRanIsBounded(t *testing.T) {
	var before []v1alpha1.PastImage
	for i := range 64 {
		before = append(before, ranUntil(fmt.Sprintf("old:%02d", i), -time.Duration(i)*time.Minute))
	}
	in := gate.PromiseInput{Now: noon, API: orders(v1alpha1.CustomerAPIStatus{Images: before}), Policies: []v1alpha1.NoticePolicy{policy(0, 14)},
		Observed: []gate.Observation{rolledOut("web", "a", gate.Running{Revision: "a", Pods: 1, Ran: []string{"new:1"}})}}
	got := gate.Promise(in).Images
	if len(got) != 64 || got[0] != runs("new:1") || got[63].Image != "old:62" {
		t.Errorf("%d images, the first %v, the last %v", len(got), got[0], got[len(got)-1])
	}
	// 256 KiB are for all images of the status.
	unnamed := served("web", "", 0, 0)
	for i := range 64 {
		unnamed.Images = append(unnamed.Images, fmt.Sprintf("%03d%s", i, strings.Repeat("<", 1000)))
	}
	in.API.Status.Serving = []v1alpha1.ServingRevision{unnamed}
	in.Observed = []gate.Observation{rolledOut("web", "", gate.Running{Pods: 1, Images: unnamed.Images, Ran: unnamed.Images})}
	if got := gate.Promise(in).Images; len(got) > 1 || len(got) == 1 && got[0].LastTime != nil {
		t.Errorf("beside 21 of them there was room for %d more", len(got))
	}
}

func TestWhatRanMayComeBack(t *testing.T) {
	in := measured(now)
	in.API.Status.Images = []v1alpha1.PastImage{
		runs("shop/orders:2"), {Image: "shop/orders:0", LastTime: ptr.To(metav1.NewTime(now.Add(-time.Hour)))}, {Image: "shop/orders:old", LastTime: ptr.To(metav1.NewTime(now.Add(-14 * day)))},
	}
	got := gate.Spent(in)
	if diff := cmp.Diff([][]string{{"shop/orders:1", "shop/orders:2"}, {"shop/orders:0"}}, [][]string{got.Serving, got.Past}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantNext(t, got.NextChange, now.Add(14*day-time.Hour))
}
