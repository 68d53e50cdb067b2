package gate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

const (
	deny  = v1alpha1.EnforcementDeny
	warn  = v1alpha1.EnforcementWarn
	audit = v1alpha1.EnforcementAudit
)

func namespace(apis ...gate.PublishedAPI) gate.NamespaceInput {
	return gate.NamespaceInput{Now: noon, Namespace: "shop", OwnNamespace: "forewarn", Epoch: 7, APIs: apis}
}

func admissible(until ...time.Duration) *gate.Verdict {
	v := &gate.Verdict{Decided: true, Admissible: true, OnMerit: true, Message: "compatible"}
	for _, u := range until {
		t := noon.Add(u)
		v.AdmissibleUntil = &t
	}
	return v
}

func refused(message string) *gate.Verdict {
	return &gate.Verdict{Decided: true, Message: message}
}

func revision(name, api string, v *gate.Verdict, images ...string) gate.PublishedRevision {
	return gate.PublishedRevision{Name: name, API: api, Verdict: v, Images: images}
}

// ofAPI are the keys of a gate but for those that each has.
func ofAPI(data map[string]string) map[string]string {
	out := maps.Clone(data)
	for _, key := range []string{"format", "epoch", "apis", "pair.app=orders", "select.orders"} {
		delete(out, key)
	}
	return out
}

// butTraffic leaves out by what customers come, which has tests of its own.
func butTraffic(data map[string]string) map[string]string {
	maps.DeleteFunc(data, func(key, _ string) bool {
		return slices.ContainsFunc([]string{"carry.", "lead.", "run.", "bar.", "open."}, func(table string) bool { return strings.HasPrefix(key, table) })
	})
	return data
}

func TestPublishRevisions(t *testing.T) {
	record := func(revision string, until time.Duration, images ...string) v1alpha1.PastRevision {
		return wayOf(revision, "d1", until, images...)
	}
	reused := &gate.Verdict{Findings: []gate.Finding{{Reason: v1alpha1.ReasonNameReused}}}
	tests := map[string]struct {
		serving   []v1alpha1.ServingRevision
		wayBack   []v1alpha1.PastRevision
		compared  bool // images: Required
		revisions []gate.PublishedRevision
		want      map[string]string
		wantUntil map[string]string
	}{
		"what is admissible is admitted": {
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(), "shop/web:1")},
			want:      map[string]string{"of.a": "orders", "admit.a": ""},
		},
		"what is not is refused, in words": {
			revisions: []gate.PublishedRevision{revision("a", "orders", refused("a breaks v1"))},
			want:      map[string]string{"of.a": "orders", "refuse.a": "a breaks v1"},
		},
		"R12 what could not be decided is refused": {
			revisions: []gate.PublishedRevision{revision("a", "orders", &gate.Verdict{})},
			want:      map[string]string{"of.a": "orders", "refuse.a": "not admissible: its status says why"},
		},
		"what is not judged is not known, so that a dry run of it passes": {
			revisions: []gate.PublishedRevision{revision("a", "orders", nil)},
			want:      map[string]string{},
		},
		"the revision of another API is known, and judged in no gate but its own": {
			revisions: []gate.PublishedRevision{revision("a", "elsewhere", admissible(time.Hour)), revision("b", "elsewhere", refused("no"))},
			want:      map[string]string{"of.a": "elsewhere", "of.b": "elsewhere"},
		},
		"R11 what serves is admitted whatever is said of it": {
			serving:   []v1alpha1.ServingRevision{served("web", "a", 0)},
			revisions: []gate.PublishedRevision{revision("a", "orders", refused("a breaks v1"))},
			want:      map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"R11 what serves is admitted before it is judged": {
			serving:   []v1alpha1.ServingRevision{served("web", "a", 0)},
			revisions: []gate.PublishedRevision{revision("a", "orders", nil)},
			want:      map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"R11 what serves is admitted although it was pruned": {
			serving: []v1alpha1.ServingRevision{served("web", "a", 0)},
			want:    map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"R11 what may come back is admitted one second before that ends": {
			wayBack: []v1alpha1.PastRevision{record("a", time.Second)},
			want:    map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"R11 what might come back until now is not": {
			wayBack:   []v1alpha1.PastRevision{record("a", 0)},
			revisions: []gate.PublishedRevision{revision("a", "orders", refused("a breaks v1"))},
			want:      map[string]string{"of.a": "orders", "refuse.a": "a breaks v1"},
		},
		"A9 what served under a name belongs to the API that it served, whoever has the name now": {
			wayBack:   []v1alpha1.PastRevision{record("a", time.Hour)},
			revisions: []gate.PublishedRevision{revision("a", "elsewhere", admissible())},
			want:      map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"A4 the end of an admission is said on the namespace": {
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(time.Second))},
			want:      map[string]string{"of.a": "orders", "admit.a": ""},
			wantUntil: map[string]string{"until.forewarn.dev/a": "2027-03-10T12:00:01Z"},
		},
		"R7 at its end an admission is over": {
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(0))},
			want:      map[string]string{"of.a": "orders", "refuse.a": "a was admissible until 2027-03-10T12:00:00Z"},
		},
		"A4 an end within a second is rounded to the earlier one": {
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(2*time.Second-time.Nanosecond))},
			want:      map[string]string{"of.a": "orders", "admit.a": ""},
			wantUntil: map[string]string{"until.forewarn.dev/a": "2027-03-10T12:00:01Z"},
		},
		"R11 what serves has no end": {
			serving:   []v1alpha1.ServingRevision{served("web", "a", 0)},
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(time.Hour))},
			want:      map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"A9 images are compared where the policy requires them": {
			compared:  true,
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(), "shop/web:2", "shop/sidecar:1", "no image")},
			want:      map[string]string{"of.a": "orders", "admit.a": "", "images.a": "shop/sidecar:1 shop/web:2"},
		},
		"A9 of what is refused no images are published": {
			compared:  true,
			revisions: []gate.PublishedRevision{revision("a", "orders", refused("no"), "shop/web:2")},
			want:      map[string]string{"of.a": "orders", "refuse.a": "no"},
		},
		"A9 of what served, the images it served with are compared": {
			compared:  true,
			wayBack:   []v1alpha1.PastRevision{record("a", time.Hour, "shop/web:1")},
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(), "shop/evil:1")},
			want:      map[string]string{"of.a": "orders", "admit.a": "served", "images.a": "shop/web:1"},
		},
		"A9 and still are when it serves again and its record has ended": {
			compared:  true,
			serving:   []v1alpha1.ServingRevision{served("web", "a", 0)},
			wayBack:   []v1alpha1.PastRevision{record("a", -time.Hour, "shop/web:1")},
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(), "shop/evil:1")},
			want:      map[string]string{"of.a": "orders", "admit.a": "served", "images.a": "shop/web:1"},
		},
		"A9 of what serves, the recorded images are compared": {
			compared:  true,
			serving:   []v1alpha1.ServingRevision{servedAs(served("web", "a", 0), "d1", "shop/web:1")},
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(), "shop/evil:1")},
			want:      map[string]string{"of.a": "orders", "admit.a": "served", "images.a": "shop/web:1"},
		},
		"A9 where it listed none when that was recorded, none are compared later": {
			compared:  true,
			serving:   []v1alpha1.ServingRevision{servedAs(served("web", "a", 0), "d1")},
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(), "shop/evil:1")},
			want:      map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"A9 before anything is recorded, those of its object are compared": {
			compared:  true,
			serving:   []v1alpha1.ServingRevision{served("web", "a", 0)},
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible(), "shop/web:1")},
			want:      map[string]string{"of.a": "orders", "admit.a": "served", "images.a": "shop/web:1"},
		},
		"A9 the images of an object that took the name are not those that serve": {
			compared:  true,
			serving:   []v1alpha1.ServingRevision{served("web", "a", 0)},
			revisions: []gate.PublishedRevision{revision("a", "orders", reused, "shop/evil:1")},
			want:      map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"R11 what serves without a list of images is not compared": {
			compared: true, serving: []v1alpha1.ServingRevision{served("web", "a", 0)},
			revisions: []gate.PublishedRevision{revision("a", "orders", admissible())},
			want:      map[string]string{"of.a": "orders", "admit.a": "served"},
		},
		"what no object can be named is left out, for it would make the gate unwritable": {
			serving:   []v1alpha1.ServingRevision{served("web", "Not A Name", 0)},
			revisions: []gate.PublishedRevision{revision("x/y", "orders", admissible()), revision("x", "or ders", admissible())},
			want:      map[string]string{},
		},
		"a text is one line": {
			revisions: []gate.PublishedRevision{revision("a", "orders", refused("one\ntwo\r\n\tthree \x1b[31mred"))},
			want:      map[string]string{"of.a": "orders", "refuse.a": "one two three \uFFFD[31mred"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := governed("orders", nil, map[string]string{"app": "orders"})
			a.API.Status.Serving, a.API.Status.WayBack, a.ImagesRequired = tc.serving, tc.wayBack, tc.compared
			in := namespace(a)
			in.Revisions = tc.revisions
			got := gate.Publish(in)
			if diff := cmp.Diff(tc.want, ofAPI(flat(got.Gates[deny]))); diff != "" {
				t.Errorf("gate: %s", diff)
			}
			if diff := cmp.Diff(tc.wantUntil, got.Until, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("until: %s", diff)
			}
		})
	}
}

func TestPublishKeep(t *testing.T) {
	held := governed("orders", nil, map[string]string{"app": "orders"})
	held.API.Spec.CarriedBy.Services = []string{"orders-grpc", "orders", "x deployments/other"}
	held.Keepers, held.Held, held.Hold = []v1alpha1.WorkloadRef{deployment("orders"), {Kind: "StatefulSet", Name: "db.orders"}}, true, "orders\nis held"
	loose := held
	loose.Held = false
	silent := held
	silent.Keepers, silent.Hold = nil, ""
	warned := held
	warned.Enforcement = warn
	edited := governed("orders", nil, map[string]string{"app": "orders"})
	edited.Held, edited.Hold = true, "orders is held"
	edited.API.Spec.CarriedBy.Services = []string{"nosuch"}
	edited.API.Status.Selectors = []v1alpha1.PodSelector{
		{Service: "orders"}, {Service: "serving", KeptFor: v1alpha1.KeptForServing}, {Service: "idle", KeptFor: v1alpha1.KeptForService},
	}
	tests := map[string]struct {
		api  gate.PublishedAPI
		in   v1alpha1.Enforcement
		want map[string]string
	}{
		"R15 the keepers, the Services and the API itself are kept, and with them the namespace": {
			api: held, in: deny,
			want: map[string]string{
				"keep.deployments/orders": "orders", "keep.statefulsets/db.orders": "orders", "keep.services/orders": "orders",
				"keep.services/orders-grpc": "orders", "keep.customerapis/orders": "orders",
				"hold.orders": "orders is held",
				"hold-namespace": "customers rely on what is in shop (orders): publish notices that cover its removal; " +
					"see: kubectl get promises -n shop",
			},
		},
		"R15 what is not held may go": {api: loose, in: deny, want: map[string]string{}},
		"R15 without a workload the rest is kept, and there is always a text": {
			api: silent, in: deny,
			want: map[string]string{
				"keep.services/orders": "orders", "keep.services/orders-grpc": "orders", "keep.customerapis/orders": "orders",
				"hold.orders": "customers rely on orders: publish a notice that covers its removal; see: kubectl get promises -n shop",
				"hold-namespace": "customers rely on what is in shop (orders): publish notices that cover its removal; " +
					"see: kubectl get promises -n shop",
			},
		},
		"R15 a Service that was taken out just now is kept, as one is that leads to what serves": {
			api: edited, in: deny,
			want: map[string]string{
				"keep.services/nosuch": "orders", "keep.services/orders": "orders", "keep.services/serving": "orders", "keep.customerapis/orders": "orders",
				"hold.orders": "orders is held",
				"hold-namespace": "customers rely on what is in shop (orders): publish notices that cover its removal; " +
					"see: kubectl get promises -n shop",
			},
		},
		"R15 a namespace is held by what is denied alone": {
			api: warned, in: warn,
			want: map[string]string{
				"keep.deployments/orders": "orders", "keep.statefulsets/db.orders": "orders", "keep.services/orders": "orders",
				"keep.services/orders-grpc": "orders", "keep.customerapis/orders": "orders",
				"hold.orders": "orders is held",
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := gate.Publish(namespace(tc.api))
			if diff := cmp.Diff(tc.want, butTraffic(ofAPI(flat(got.Gates[tc.in])))); diff != "" {
				t.Error(diff)
			}
			var kept []v1alpha1.WorkloadRef
			if tc.api.Held {
				kept = tc.api.Keepers
			}
			if diff := cmp.Diff(kept, gate.KeepersIn(got.Gates[tc.in], "orders")); diff != "" {
				t.Errorf("read back: %s", diff)
			}
		})
	}
}

func TestPublishHoldsANamespaceInOneLine(t *testing.T) {
	var apis []gate.PublishedAPI
	for _, name := range strings.Fields("g f e d c b a") {
		a := governed(name, nil, map[string]string{"app": name})
		a.Held = true
		apis = append(apis, a)
	}
	got := flat(gate.Publish(namespace(apis...)).Gates[deny])["hold-namespace"]
	if want := "(a, b, c, d, e and 2 more)"; !strings.Contains(got, want) {
		t.Errorf("%q lacks %q", got, want)
	}
}

func TestPublishGates(t *testing.T) {
	api := func(name string, e v1alpha1.Enforcement) gate.PublishedAPI {
		a := governed(name, nil, map[string]string{"app": name})
		a.Enforcement = e
		return a
	}
	in := namespace(api("d", deny), api("w", warn), api("a", audit), api("odd", "Block"))
	preview := api("preview", deny)
	preview.Governed = false
	in.APIs = append(in.APIs, preview)
	in.Revisions = []gate.PublishedRevision{
		revision("d-1", "d", admissible(time.Hour)), revision("w-1", "w", refused("no")),
		revision("preview-1", "preview", admissible(time.Hour)),
	}
	got := gate.Publish(in)
	base := map[string]string{"format": "1", "epoch": "7", "of.d-1": "d", "of.w-1": "w", "of.preview-1": "preview"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(base)
		maps.Copy(all, more)
		return all
	}
	want := gate.Published{
		Governed: true,
		Gates: map[v1alpha1.Enforcement]map[string]string{
			deny: with(map[string]string{
				"apis": "2", "pair.app=d": "d", "select.d": "app=d", "admit.d-1": "", "pair.app=odd": "odd", "select.odd": "app=odd",
			}),
			warn:  with(map[string]string{"apis": "1", "pair.app=w": "w", "select.w": "app=w", "refuse.w-1": "no"}),
			audit: with(map[string]string{"apis": "1", "pair.app=a": "a", "select.a": "app=a"}),
		},
		Until: map[string]string{"until.forewarn.dev/d-1": "2027-03-10T13:00:00Z"},
	}
	raw := gate.Publish(in)
	for enforcement, data := range got.Gates {
		got.Gates[enforcement] = flat(data)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	slices.Reverse(in.APIs)
	slices.Reverse(in.Revisions)
	if diff := cmp.Diff(raw, gate.Publish(in)); diff != "" {
		t.Errorf("the order of the input counts: %s", diff)
	}
}

func TestPublishServingBeforeWayBack(t *testing.T) {
	left := governed("a", nil, map[string]string{"app": "a"})
	left.API.Status.WayBack = []v1alpha1.PastRevision{wayOf("x", "d1", time.Hour)}
	serves := governed("b", nil, map[string]string{"app": "b"})
	serves.API.Status.Serving = []v1alpha1.ServingRevision{served("web", "x", 0)}
	for _, apis := range [][]gate.PublishedAPI{{left, serves}, {serves, left}} {
		if got := flat(gate.Publish(namespace(apis...)).Gates[deny])["of.x"]; got != "b" {
			t.Errorf("x is of %q, want b, which it serves", got)
		}
	}
}

func TestPublishNothing(t *testing.T) {
	preview := governed("orders", nil, map[string]string{"app": "orders"})
	preview.Governed = false
	inSystem := namespace(governed("orders", nil, map[string]string{"app": "orders"}))
	inSystem.Namespace = "kube-system"
	inOwn := inSystem
	inOwn.Namespace = "forewarn"
	for name, in := range map[string]gate.NamespaceInput{
		"no API": namespace(), "no governed API": namespace(preview),
		"A15 a namespace of the system": inSystem, "A15 the namespace of forewarn": inOwn,
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(gate.Published{}, gate.Publish(in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGateNames(t *testing.T) {
	for e, want := range map[v1alpha1.Enforcement]string{
		deny: "forewarn-gate-deny-v1", warn: "forewarn-gate-warn-v1", audit: "forewarn-gate-audit-v1",
	} {
		if got := gate.NameOf(e); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for namespace, want := range map[string]bool{
		"kube-system": true, "kube-public": true, "kube-node-lease": true, "own": true, "default": false, "shop": false,
	} {
		if got := gate.Exempt(namespace, "own"); got != want {
			t.Errorf("%s is exempt: %v, want %v", namespace, got, want)
		}
	}
}
