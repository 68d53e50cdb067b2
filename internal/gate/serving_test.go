package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

var noon = time.Date(2027, 3, 10, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *metav1.Time {
	t := metav1.NewTime(noon.Add(d))
	return &t
}

func deployment(name string) v1alpha1.WorkloadRef {
	return v1alpha1.WorkloadRef{Kind: "Deployment", Name: name}
}

// served is an entry that began, and was complete, so long after noon.
func served(workload, revision string, since time.Duration, completed ...time.Duration) v1alpha1.ServingRevision {
	e := v1alpha1.ServingRevision{
		Workload: deployment(workload), Revision: v1alpha1.ObjectName(revision), Since: at(since),
	}
	for _, c := range completed {
		e.CompletedTime = at(c)
	}
	return e
}

// led are the labels of pods that customers are led to.
var led = []gate.LabelSet{{Labels: map[string]string{"app": "orders"}, Ready: true, Led: true}}

// pods is what a workload runs: so many pods, which as many replicas were asked for.
func pods(revision string, n int32, images ...string) gate.Running {
	return gate.Running{Sets: led, Revision: revision, Pods: n, Wanted: n, Images: images}
}

// rolling and rolledOut are workloads whose rollout of a revision is under way, and complete.
func rolling(workload, current string, running ...gate.Running) gate.Observation {
	return gate.Observation{Workload: deployment(workload), Current: current, Running: running}
}

func rolledOut(workload, current string, running ...gate.Running) gate.Observation {
	o := rolling(workload, current, running...)
	o.Completed, o.TakesTraffic = true, true
	for _, r := range running {
		o.Ready += r.Pods
	}
	return o
}

func TestServing(t *testing.T) {
	withImages := func(e v1alpha1.ServingRevision, images ...string) v1alpha1.ServingRevision {
		e.Images = images
		return e
	}
	tests := map[string]struct {
		prev     []v1alpha1.ServingRevision
		observed []gate.Observation
		now      time.Duration
		want     []v1alpha1.ServingRevision
	}{
		"A3 a revision serves from its first pod": {
			observed: []gate.Observation{rolling("web", "a", gate.Running{Sets: led, Revision: "a", Pods: 1})},
			want:     []v1alpha1.ServingRevision{served("web", "a", 0)},
		},
		"A3 a ReplicaSet that wants replicas serves before it has a pod": {
			observed: []gate.Observation{rolling("web", "a", gate.Running{Sets: led, Revision: "a", Wanted: 1})},
			want:     []v1alpha1.ServingRevision{served("web", "a", 0)},
		},
		"A3 a ReplicaSet at zero without pods serves nobody": {
			observed: []gate.Observation{rolledOut("web", "a", gate.Running{Sets: led, Revision: "a"})},
		},
		"A3 pods that name no revision serve, with their images": {
			observed: []gate.Observation{rolledOut("web", "", pods("", 2, "shop/web:2", "shop/sidecar:1", "shop/web:2"))},
			want: []v1alpha1.ServingRevision{
				withImages(served("web", "", 0, 0), "shop/sidecar:1", "shop/web:2"),
			},
		},
		"an annotation that can name no APIRevision names none": {
			observed: []gate.Observation{rolledOut("web", "Not A Name", pods("Not A Name", 1, "shop/web:1"))},
			want:     []v1alpha1.ServingRevision{withImages(served("web", "", 0, 0), "shop/web:1")},
		},
		"images are not kept of pods that name their revision": {
			observed: []gate.Observation{rolledOut("web", "a", pods("a", 1, "shop/web:1"))},
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, 0)},
		},
		"a rollout is complete from when that was first seen": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0)},
			observed: []gate.Observation{rolledOut("web", "a", pods("a", 2))},
			now:      time.Minute,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, time.Minute)},
		},
		"a rollout to no pods at all completes nothing": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0)},
			observed: []gate.Observation{rolledOut("web", "b", gate.Running{Sets: led, Revision: "b", Wanted: 1})},
			now:      time.Minute,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Minute)},
		},
		"A3 unready pods take nothing away, nor the time of completion": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, time.Minute)},
			observed: []gate.Observation{rolling("web", "a", pods("a", 2))},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, time.Minute)},
		},
		"A3 both serve while one replaces the other": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0)},
			observed: []gate.Observation{rolling("web", "b", pods("a", 1), pods("b", 1))},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Hour)},
		},
		"A3 the old one stays without pods while the new one is not complete": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Hour)},
			observed: []gate.Observation{rolling("web", "b", pods("b", 2))},
			now:      2 * time.Hour,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Hour)},
		},
		"A3 the old one stays with a last pod although the new one is complete": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Hour)},
			observed: []gate.Observation{rolledOut("web", "b", pods("b", 2), gate.Running{Sets: led, Revision: "a", Pods: 1})},
			now:      2 * time.Hour,
			want: []v1alpha1.ServingRevision{
				served("web", "a", 0, 0), served("web", "b", time.Hour, 2*time.Hour),
			},
		},
		"A3 the old one stays while a ReplicaSet of it wants a replica": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Hour)},
			observed: []gate.Observation{rolledOut("web", "b", pods("b", 2), gate.Running{Sets: led, Revision: "a", Wanted: 1})},
			now:      2 * time.Hour,
			want: []v1alpha1.ServingRevision{
				served("web", "a", 0, 0), served("web", "b", time.Hour, 2*time.Hour),
			},
		},
		"A3 the old one leaves when the new one is complete and nothing of it is there": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Hour)},
			observed: []gate.Observation{rolledOut("web", "b", pods("b", 2), gate.Running{Sets: led, Revision: "a"})},
			now:      2 * time.Hour,
			want:     []v1alpha1.ServingRevision{served("web", "b", time.Hour, 2*time.Hour)},
		},
		"A3 a rollout that was taken back leaves: the old one was complete all the time": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", time.Hour)},
			observed: []gate.Observation{rolling("web", "a", pods("a", 2))},
			now:      2 * time.Hour,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, 0)},
		},
		"A3 what was complete and has no pods now takes nobody's place": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", 0, 0)},
			observed: []gate.Observation{rolling("web", "b", gate.Running{Sets: led, Revision: "b", Wanted: 2})},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, 0), served("web", "b", 0, 0)},
		},
		"A3 another workload that is complete takes nothing from one that is active": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 0, 0)},
			observed: []gate.Observation{rolling("web", "b", pods("b", 1)), rolledOut("api", "c", pods("c", 1))},
			now:      time.Hour,
			want: []v1alpha1.ServingRevision{
				served("api", "c", time.Hour, time.Hour), served("web", "a", 0, 0), served("web", "b", time.Hour),
			},
		},
		"A3 nothing is observed, nothing leaves": {
			prev: []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0, 0)},
			now:  time.Hour,
			want: []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0, 0)},
		},
		"A3 a workload that is gone leaves nothing while no other is complete": {
			prev:     []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0)},
			observed: []gate.Observation{rolling("green", "b", pods("b", 1))},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0)},
		},
		"A3 a workload that is gone leaves when another is complete": {
			prev:     []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0)},
			observed: []gate.Observation{rolledOut("green", "b", pods("b", 1))},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{served("green", "b", 0, time.Hour)},
		},
		"A3 blue that stands at zero leaves when green is complete": {
			prev: []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0, 0)},
			observed: []gate.Observation{
				rolledOut("blue", "a", gate.Running{Sets: led, Revision: "a"}), rolledOut("green", "b", pods("b", 1)),
			},
			now:  time.Hour,
			want: []v1alpha1.ServingRevision{served("green", "b", 0, 0)},
		},
		"A3 all that stand at zero stay": {
			prev: []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0, 0)},
			observed: []gate.Observation{
				rolledOut("blue", "a", gate.Running{Sets: led, Revision: "a"}), rolledOut("green", "b"),
			},
			now:  time.Hour,
			want: []v1alpha1.ServingRevision{served("blue", "a", 0, 0), served("green", "b", 0, 0)},
		},
		"unnamed images of both templates stay while one replaces the other": {
			prev:     []v1alpha1.ServingRevision{withImages(served("web", "", 0, 0), "shop/web:1")},
			observed: []gate.Observation{rolling("web", "", pods("", 2, "shop/web:2"))},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{withImages(served("web", "", 0, 0), "shop/web:1", "shop/web:2")},
		},
		"unnamed images of the old template leave when the rollout is complete": {
			prev:     []v1alpha1.ServingRevision{withImages(served("web", "", 0, 0), "shop/web:1", "shop/web:2")},
			observed: []gate.Observation{rolledOut("web", "", pods("", 2, "shop/web:2"))},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{withImages(served("web", "", 0, 0), "shop/web:2")},
		},
		"what no image can be is left out, for the gate lists them with blanks between": {
			observed: []gate.Observation{rolledOut("web", "", pods("", 2, "shop/web:1 shop/evil:1", "shop/web:1", ""))},
			want:     []v1alpha1.ServingRevision{withImages(served("web", "", 0, 0), "shop/web:1")},
		},
		"R12 stamps ahead of a clock that was set back count as now": {
			prev:     []v1alpha1.ServingRevision{served("web", "a", 100*time.Hour, 101*time.Hour)},
			observed: []gate.Observation{rolledOut("web", "a", pods("a", 1))},
			now:      time.Hour,
			want:     []v1alpha1.ServingRevision{served("web", "a", time.Hour, time.Hour)},
		},
		"stamps are to the second": {
			observed: []gate.Observation{rolledOut("web", "a", pods("a", 1))},
			now:      time.Second - time.Nanosecond,
			want:     []v1alpha1.ServingRevision{served("web", "a", 0, 0)},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := gate.Serving(tc.prev, tc.observed, noon.Add(tc.now))
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestServingIsBoundedAndKeepsWhatHasPods(t *testing.T) {
	var prev []v1alpha1.ServingRevision
	for i := range 250 { // nothing of these is there, the youngest is s249
		prev = append(prev, served("web", fmt.Sprintf("s%03d", i), time.Duration(i)*time.Minute))
	}
	var running []gate.Running
	for i := range 10 {
		running = append(running, pods(fmt.Sprintf("r%d", i), 1))
	}
	observed := []gate.Observation{rolling("web", "r9", running...)}
	got := gate.Serving(prev, observed, noon.Add(24*time.Hour))
	if len(got) != 256 {
		t.Fatalf("%d entries, want 256", len(got))
	}
	for _, r := range running {
		if !slices.ContainsFunc(got, func(e v1alpha1.ServingRevision) bool { return string(e.Revision) == r.Revision }) {
			t.Errorf("%s has pods and was left out", r.Revision)
		}
	}
	for i, want := range map[string]bool{"s003": false, "s004": true, "s249": true} {
		has := slices.ContainsFunc(got, func(e v1alpha1.ServingRevision) bool { return string(e.Revision) == i })
		if has != want {
			t.Errorf("%s is in: %v, want %v: the oldest go first", i, has, want)
		}
	}
}

func TestServingKeepsWhatHasPodsBeforeWhatIsWanted(t *testing.T) {
	var running []gate.Running
	for i := range 200 {
		running = append(running, pods(fmt.Sprintf("pods-%d", i), 1))
		running = append(running, gate.Running{Sets: led, Revision: fmt.Sprintf("any-%d", i), Wanted: 1})
	}
	with := 0
	got := gate.Serving(nil, []gate.Observation{rolling("web", "pods-0", running...)}, noon)
	for _, e := range got {
		if strings.HasPrefix(string(e.Revision), "pods-") {
			with++
		}
	}
	if len(got) != 256 || with != 200 {
		t.Errorf("%d entries, %d of the 200 that have pods", len(got), with)
	}
}

func TestServingKeepsEachRevisionBeforeEachWorkload(t *testing.T) {
	var observed []gate.Observation
	for i := range 260 {
		observed = append(observed, rolledOut(fmt.Sprintf("w%03d", i), "a", pods("a", 1)))
	}
	observed = append(observed, rolledOut("z", "b", pods("b", 1)))
	got := gate.Serving(nil, observed, noon)
	if len(got) != 256 || got[255].Revision != "b" {
		t.Errorf("%d entries, the last is %v: b has pods in one workload only and must stay", len(got), got[len(got)-1])
	}
}
