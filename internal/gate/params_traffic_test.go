package gate_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// slot is what runs under app=orders and a slot, ready.
func slot(name, revision string, images ...string) gate.RunningSet {
	return gate.RunningSet{
		LabelSet: gate.LabelSet{Labels: map[string]string{"app": "orders", "slot": name}, Ready: true},
		Revision: revision, Images: images,
	}
}

// trafficOf are the tables of what customers come by, as a flat map.
func trafficOf(in gate.NamespaceInput, e v1alpha1.Enforcement) map[string]string {
	data := flat(gate.Publish(in).Gates[e])
	but := butTraffic(maps.Clone(data))
	maps.DeleteFunc(data, func(key, _ string) bool { _, other := but[key]; return other })
	return data
}

func relied(name string) gate.PublishedAPI {
	a := governed(name, nil, map[string]string{"app": name})
	a.API.Spec.CarriedBy.Services, a.API.Status.Selectors[0].Service = []string{name}, name
	a.Held = true
	return a
}

func TestPublishTraffic(t *testing.T) {
	waits := func(e v1alpha1.ServingRevision) v1alpha1.ServingRevision { e.WaitingSince = at(0); return e }
	waited := func(past v1alpha1.PastRevision) v1alpha1.PastRevision { past.WaitingSince = at(0); return past }
	unnamed := func(images, breach []string) v1alpha1.ServingRevision {
		e := served("web", "", 0)
		e.Images, e.BreachImages = images, breach
		return e
	}
	breaking := func() *gate.Verdict { return &gate.Verdict{Decided: true, Merits: "b breaks v1"} }
	serves := func(v *gate.Verdict) *gate.Verdict { v.Admissible = true; return v }
	const why = "b breaks v1; see: forewarn explain apirevision/b -n shop"
	const unjudged = "b: not judged yet, retry; no verdict on an APIRevision of that name is known"
	tests := map[string]struct {
		serving []v1alpha1.ServingRevision
		wayBack []v1alpha1.PastRevision
		verdict *gate.Verdict // of b
		running gate.RunningSet
		want    string // of the set
		bar     string
	}{
		"what is admissible on its merits": {verdict: admissible(), running: slot("g", "b"), want: "r+b"},
		"what is not":                      {verdict: breaking(), running: slot("g", "b"), want: "r-b", bar: why},
		"R12 what is not judged":           {running: slot("g", "b"), want: "r-b", bar: unjudged},
		"what a waiver lets pass":          {verdict: serves(&gate.Verdict{Waiver: "tonight"}), running: slot("g", "b"), want: "r+b"},
		"bypass 22: what runs because it was admissible once": {
			serving: []v1alpha1.ServingRevision{waits(served("green", "b", 0))}, verdict: serves(breaking()),
			running: slot("g", "b"), want: "r-b", bar: why,
		},
		"R11 what customers were led to": {
			serving: []v1alpha1.ServingRevision{served("green", "b", 0)}, verdict: serves(breaking()), running: slot("g", "b"), want: "r+b",
		},
		"R11 what customers were led to in one of two workloads": {
			serving: []v1alpha1.ServingRevision{waits(served("green", "b", 0)), served("blue", "b", 0)}, verdict: serves(breaking()),
			running: slot("g", "b"), want: "r+b",
		},
		"R11 what they were led to until lately, to the second": {
			wayBack: []v1alpha1.PastRevision{wayOf("b", "d1", time.Second)}, verdict: serves(breaking()), running: slot("g", "b"), want: "r+b",
		},
		"what they were led to before that": {
			wayBack: []v1alpha1.PastRevision{wayOf("b", "d1", 0)}, verdict: breaking(), running: slot("g", "b"), want: "r-b", bar: why,
		},
		"what ran lately and they were never led to": {
			wayBack: []v1alpha1.PastRevision{waited(wayOf("b", "d1", time.Hour))}, verdict: serves(breaking()),
			running: slot("g", "b"), want: "r-b", bar: why,
		},
		"A9 an object that took the name of what served": {
			verdict: &gate.Verdict{OnMerit: true, Merits: "another", Findings: []gate.Finding{{Reason: v1alpha1.ReasonNameReused}}},
			running: slot("g", "b"), want: "r-b", bar: "another",
		},
		"a text of several lines": {verdict: &gate.Verdict{Merits: "b\nbreaks v1"}, running: slot("g", "b"), want: "r-b", bar: why},
		"pods that name nothing":  {running: slot("g", "", "shop/web:1"), want: "r-"},
		"adopted":                 {serving: []v1alpha1.ServingRevision{unnamed([]string{"shop/web:1"}, nil)}, running: slot("g", "", "shop/web:1"), want: "r+"},
		"adopted, with other images": {
			serving: []v1alpha1.ServingRevision{unnamed([]string{"shop/web:1"}, nil)}, running: slot("g", "", "shop/web:1", "shop/proxy:1"), want: "r-",
		},
		"adopted, that wait": {
			serving: []v1alpha1.ServingRevision{waits(unnamed([]string{"shop/web:1"}, nil))}, running: slot("g", "", "shop/web:1"), want: "r-",
		},
		"adopted, and gone lately": {
			wayBack: []v1alpha1.PastRevision{wayOf("", "", time.Hour, "shop/web:1")}, running: slot("g", "", "shop/web:1"), want: "r+",
		},
		"what slipped in without a name": {
			serving: []v1alpha1.ServingRevision{unnamed([]string{"shop/web:1", "shop/web:2"}, []string{"shop/web:2"})},
			running: slot("g", "", "shop/web:2"), want: "r-",
		},
		"without any image": {serving: []v1alpha1.ServingRevision{unnamed(nil, nil)}, running: slot("g", ""), want: "r-"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := relied("orders")
			a.API.Status.Serving, a.API.Status.WayBack = tc.serving, tc.wayBack
			a.Running = []gate.RunningSet{tc.running}
			in := namespace(a)
			in.Revisions = []gate.PublishedRevision{revision("b", "orders", tc.verdict)}
			want := map[string]string{"carry.services/orders": "orders", "lead.orders": "orders", "run.orders": tc.want + ",app=orders,slot=g"}
			if tc.bar != "" {
				want["bar.b"] = tc.bar
			}
			if diff := cmp.Diff(want, trafficOf(in, deny)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPublishWhatCarries(t *testing.T) {
	a := relied("orders")
	a.API.Status.Selectors[0].Service = ""
	a.API.Spec.CarriedBy.Services = []string{"orders-grpc", "orders", "x services/other"}
	a.API.Spec.CarriedBy.HTTPRoutes = []string{"orders.public", "x httproutes/other", ""}
	a.API.Status.Selectors = append(a.API.Status.Selectors,
		v1alpha1.PodSelector{Service: "orders", MatchLabels: map[string]string{"app": "orders"}},
		v1alpha1.PodSelector{Service: "x services/other", MatchLabels: map[string]string{"app": "orders"}},
		v1alpha1.PodSelector{Service: "taken-out", MatchLabels: map[string]string{"app": "orders"}, KeptFor: v1alpha1.KeptForService})
	a.WindowOpen = "2027-03-10T13:00:00Z"
	second := slot("late", "b")
	second.Ready, second.Labels = false, map[string]string{"app": "orders", "slot": "late", "no label": "x"}
	a.Running = []gate.RunningSet{slot("g", "b"), second, slot("b", "a"), slot("g", "b")}
	other := relied("cart")
	other.API.Spec.CarriedBy.Services, other.API.Status.Selectors[0].Service = []string{"orders"}, "orders"
	other.Enforcement = warn
	ungoverned := relied("mail")
	ungoverned.Governed = false
	let := relied("let") // which may be deleted
	let.Held = false
	labels := governed("labels", nil, map[string]string{"app": "labels"}) // of which no Service is known
	labels.Running = []gate.RunningSet{slot("g", "b")}
	labels.Held = true
	in := namespace(a, other, ungoverned, labels, let)
	in.Revisions = []gate.PublishedRevision{revision("a", "orders", admissible()), revision("b", "orders", admissible())}
	want := map[string]string{
		"carry.services/orders": "orders", "carry.services/taken-out": "orders", // not orders-grpc, which was never there
		"carry.httproutes/orders.public": "orders",
		"lead.orders":                    "orders orders-grpc taken-out",
		"run.orders":                     "n+b,app=orders,slot=late;r+a,app=orders,slot=b;r+b,app=orders,slot=g",
		"open.orders":                    "2027-03-10T13:00:00Z",
	}
	if diff := cmp.Diff(want, trafficOf(in, deny)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"carry.services/orders": "cart", "lead.cart": "orders"}, trafficOf(in, warn)); diff != "" {
		t.Error(diff)
	}
}

// To know a part of what runs would be to let pass what the rest forbids.
func TestTooManySetsAreNone(t *testing.T) {
	for name, tc := range map[string]struct {
		sets, label int
		known       bool
	}{
		"64 sets": {sets: 64, known: true}, "65 sets": {sets: 65},
		"16 KiB": {sets: 64, label: 63, known: true}, "more than that": {sets: 64, label: 320},
	} {
		t.Run(name, func(t *testing.T) {
			a := relied("orders")
			for i := range tc.sets {
				s := slot(fmt.Sprintf("s%02d", i), "b")
				for n := 0; n < tc.label; n += 40 {
					s.Labels[fmt.Sprintf("key-%d", n)] = strings.Repeat("x", 36)
				}
				a.Running = append(a.Running, s)
			}
			in := namespace(a)
			in.Revisions = []gate.PublishedRevision{revision("b", "orders", admissible())}
			got := trafficOf(in, deny)["run.orders"]
			if known := got != "?"; known != tc.known {
				t.Errorf("%d sets, %d bytes: %.40s", tc.sets, len(got), got)
			}
		})
	}
}

// A18: before anything that may roll out, it is left out where customers could be led.
func TestA18WhereCustomersCouldBeLedGoesBeforeRevisions(t *testing.T) {
	in := crowded()
	in.APIs[0].API.Status.Selectors[0].Service = "orders"
	in.APIs[0].Running = []gate.RunningSet{slot("g", "refused-1"), slot("b", "serving-0")}
	whole := gate.Publish(in)
	data := whole.Gates[deny]
	if len(whole.Dropped) > 0 || flat(data)["bar.refused-1"] == "" {
		t.Fatalf("dropped %v of %v", whole.Dropped, flat(data))
	}
	for in.Limit = sizeOf(data) - 1; ; in.Limit-- {
		got := gate.Publish(in)
		dropped := denyOnly(got.Dropped)
		if !slices.Contains(dropped, "deny refused-1") {
			continue
		}
		want := []string{"deny text of refused-1", "deny text of refused-6", "deny labels of orders", "deny refused-1"}
		if diff := cmp.Diff(want, dropped[:min(len(want), len(dropped))]); diff != "" {
			t.Error(diff)
		}
		if left := flat(got.Gates[deny]); left["run.orders"] != "?" || left["bar.refused-1"] != "" || left["carry.services/orders"] != "orders" {
			t.Errorf("left: %v", left)
		}
		return
	}
}
