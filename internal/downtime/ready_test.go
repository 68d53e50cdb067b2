package downtime

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestReady(t *testing.T) {
	endpoint := func(uid string, ready, terminating *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{
			Addresses:  []string{"10.0.0." + uid},
			Conditions: discoveryv1.EndpointConditions{Ready: ready, Terminating: terminating},
			TargetRef:  &corev1.ObjectReference{UID: types.UID(uid)},
		}
	}
	slice := &discoveryv1.EndpointSlice{Endpoints: []discoveryv1.Endpoint{
		endpoint("1", ptr.To(true), ptr.To(false)),
		endpoint("2", nil, nil),
		endpoint("3", ptr.To(false), ptr.To(false)),
		endpoint("4", ptr.To(true), ptr.To(true)), // of a Service that publishes what is not ready, too
		{Addresses: []string{"10.0.0.5", "10.0.0.6"}},
		{},
	}}
	slice.Labels = map[string]string{discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io"}
	if got, want := Ready(slice), []string{"1", "2", "10.0.0.5"}; !slices.Equal(got, want) {
		t.Errorf("ready: %s, want %s", got, want)
	}
	for _, writer := range []string{"", "me", "endpointslicemirroring-controller.k8s.io"} {
		slice.Labels[discoveryv1.LabelManagedBy] = writer
		if !Foreign(slice) || len(Ready(slice)) > 0 {
			t.Errorf("what %q writes counts: %s", writer, Ready(slice))
		}
	}
}

func TestExpected(t *testing.T) {
	for name, tc := range map[string]struct {
		until, ready int32
		wanted       *int32
		want         int32
	}{
		"nothing was ready yet":           {0, 0, ptr.To[int32](3), 0},
		"the first is":                    {0, 1, ptr.To[int32](3), 1},
		"some went":                       {3, 1, ptr.To[int32](3), 3},
		"all went":                        {3, 0, ptr.To[int32](3), 3},
		"it is scaled down":               {3, 3, ptr.To[int32](2), 2},
		"and up again":                    {2, 2, ptr.To[int32](5), 2},
		"more are ready than are wanted":  {3, 4, ptr.To[int32](3), 3},
		"it is scaled to nothing":         {3, 3, ptr.To[int32](0), 0},
		"nobody knows how many":           {3, 1, nil, 3},
		"nobody knows, and more are":      {3, 7, nil, 7},
		"what was too many is put right":  {9, 2, ptr.To[int32](4), 4},
		"all that are wanted were so yet": {4, 4, ptr.To[int32](4), 4},
	} {
		if got := Expected(tc.until, tc.ready, tc.wanted); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

func TestStateOf(t *testing.T) {
	for name, tc := range map[string]struct {
		services          []Backing
		minReady, percent int32
		want              v1alpha1.Availability
	}{
		"one will do":                           {[]Backing{{1, 10}}, 0, 0, up},
		"none is down":                          {[]Backing{{0, 10}}, 0, 0, down},
		"none is down where none is expected":   {[]Backing{{0, 0}}, 0, 0, down},
		"enough":                                {[]Backing{{3, 10}}, 3, 0, up},
		"one too few":                           {[]Backing{{2, 10}}, 3, 0, degraded},
		"none is down, whatever would do":       {[]Backing{{0, 10}}, 3, 50, down},
		"half of ten":                           {[]Backing{{5, 10}}, 0, 50, up},
		"less than half of ten":                 {[]Backing{{4, 10}}, 0, 50, degraded},
		"two of three are less than 67 percent": {[]Backing{{2, 3}}, 0, 67, degraded},
		"two of three are more than 66 percent": {[]Backing{{2, 3}}, 0, 66, up},
		"all of them":                           {[]Backing{{3, 3}}, 0, 100, up},
		"the worst counts":                      {[]Backing{{3, 3}, {1, 3}}, 0, 50, degraded},
		"down is worse than degraded":           {[]Backing{{1, 3}, {0, 3}, {3, 3}}, 0, 50, down},
		"each Service needs as many":            {[]Backing{{2, 2}, {2, 2}}, 3, 0, degraded},
	} {
		if got := StateOf(tc.services, tc.minReady, tc.percent); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
