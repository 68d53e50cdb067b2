package gate_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

type labels = map[string]string

var (
	appOrders = labels{"app": "orders"}
	appDecoy  = labels{"app": "decoy"}
	blue      = labels{"app": "orders", "slot": "blue"}
	green     = labels{"app": "orders", "slot": "green"}
	both      = labels{"app": "orders", "name": "orders"}
)

func observed(o ...gate.Observation) []gate.Observation { return o }

func of(service string, l labels) v1alpha1.PodSelector {
	return v1alpha1.PodSelector{Service: service, MatchLabels: l}
}

func kept(s v1alpha1.PodSelector, reason v1alpha1.KeepReason) v1alpha1.PodSelector {
	s.KeptFor = reason
	return s
}

func several(s ...v1alpha1.PodSelector) []v1alpha1.PodSelector { return s }

// labelled is a Deployment that runs pods of a revision with each of these label sets.
func labelled(name, revision string, template labels, sets ...labels) gate.Observation {
	return gate.Observation{
		Workload: deployment(name), Template: template,
		Running: []gate.Running{{Revision: revision, Pods: int32(len(sets)), Labels: sets}},
	}
}

func TestGovern(t *testing.T) {
	const serving, service = v1alpha1.KeptForServing, v1alpha1.KeptForService
	orders1 := served("orders", "orders-1", 0)
	decoy1 := served("decoy", "orders-1", 0)
	running := labelled("orders", "orders-1", appOrders, appOrders)
	decoy := labelled("decoy", "orders-1", appDecoy, appDecoy)
	tests := map[string]struct {
		declared, known []v1alpha1.PodSelector
		leading         map[string]labels
		serving         []v1alpha1.ServingRevision
		observed        []gate.Observation
		was             v1alpha1.CustomerAPIStatus
		want            []v1alpha1.PodSelector
	}{
		"what carriedBy gives is in force": {
			declared: several(of("orders", appOrders), of("", appDecoy)),
			want:     several(of("orders", appOrders), of("", appDecoy)),
		},
		"given twice, it is in force once": {
			declared: several(of("", appOrders), of("", appOrders)), want: several(of("", appOrders)),
		},
		"nothing changed": {
			declared: several(of("orders", appOrders)), known: several(of("orders", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(running), want: several(of("orders", appOrders)),
		},
		"given again, it is not kept any more": {
			declared: several(of("orders", appOrders)), known: several(kept(of("orders", appOrders), serving)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(running), want: several(of("orders", appOrders)),
		},
		"other labels: what serves by the old ones keeps them": {
			declared: several(of("", appDecoy)), known: several(of("", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(running),
			want: several(of("", appDecoy), kept(of("", appOrders), serving)),
		},
		"a Service that selects nothing: likewise": {
			known: several(of("orders", appOrders)), serving: []v1alpha1.ServingRevision{orders1}, observed: observed(running),
			want: several(kept(of("orders", appOrders), serving)),
		},
		"never served: carriedBy alone decides": {
			declared: several(of("", appDecoy)), known: several(of("orders", appOrders)), leading: map[string]labels{"orders": appOrders},
			want: several(of("", appDecoy)),
		},
		"promised, and nothing is known of what serves": {
			declared: several(of("", appDecoy)), known: several(of("", appOrders)),
			was:  v1alpha1.CustomerAPIStatus{Promised: []v1alpha1.PromisedContract{{Revision: "orders-1"}}},
			want: several(of("", appDecoy), kept(of("", appOrders), serving)),
		},
		"what serves has no pods left: its labels are not known, all stay": {
			declared: several(of("", appDecoy)), known: several(of("", appOrders), of("", labels{"app": "older"})),
			serving: []v1alpha1.ServingRevision{orders1, decoy1}, observed: observed(decoy),
			want: several(of("", appDecoy), kept(of("", appOrders), serving), kept(of("", labels{"app": "older"}), serving)),
		},
		"no pods of the revision that serves, only of the one that is to replace it": {
			declared: several(of("", appDecoy)), known: several(of("", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-2", appDecoy, appDecoy)),
			want: several(of("", appDecoy), kept(of("", appOrders), serving)),
		},
		"pods that name no revision serve, too": {
			declared: several(of("", appDecoy)), known: several(of("", appOrders)),
			serving: []v1alpha1.ServingRevision{served("orders", "", 0)}, observed: observed(labelled("orders", "", nil, appOrders)),
			want: several(of("", appDecoy), kept(of("", appOrders), serving)),
		},
		"migration: both serve": {
			declared: several(of("orders", appDecoy)), known: several(of("orders", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1, decoy1}, observed: observed(running, decoy),
			want: several(of("orders", appDecoy), kept(of("orders", appOrders), serving)),
		},
		"migration: the old one was replaced": {
			declared: several(of("orders", appDecoy)), known: several(of("orders", appDecoy), kept(of("orders", appOrders), serving)),
			serving: []v1alpha1.ServingRevision{decoy1}, observed: observed(gate.Observation{Workload: deployment("orders"), Template: appOrders}, decoy),
			want: several(of("orders", appDecoy)),
		},
		"pods that both match": {
			declared: several(of("", labels{"name": "orders"})), known: several(of("", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-1", both, both)),
			want: several(of("", labels{"name": "orders"})),
		},
		"one of them not yet": {
			declared: several(of("", labels{"name": "orders"})), known: several(of("", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-1", both, both, appOrders)),
			want: several(of("", labels{"name": "orders"}), kept(of("", appOrders), serving)),
		},
		"pods were labelled by hand, the next ones will not be": {
			declared: several(of("", labels{"name": "orders"})), known: several(of("", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-1", appOrders, both)),
			want: several(of("", labels{"name": "orders"}), kept(of("", appOrders), serving)),
		},
		"broadened by a slot key": {
			declared: several(of("orders", appOrders)), known: several(of("orders", blue)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-1", blue, blue)),
			want: several(of("orders", appOrders)),
		},
		"broadened, while nothing is seen": {
			declared: several(of("orders", appOrders)), known: several(of("orders", blue)), serving: []v1alpha1.ServingRevision{orders1},
			want: several(of("orders", appOrders)),
		},
		"narrowed to what serves": {
			declared: several(of("orders", blue)), known: several(of("orders", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-1", blue, blue)),
			want: several(of("orders", blue)),
		},
		"narrowed to half of what serves": {
			declared: several(of("orders", blue)), known: several(of("orders", appOrders)),
			serving: []v1alpha1.ServingRevision{orders1, decoy1}, observed: observed(labelled("orders", "orders-1", blue, blue), labelled("decoy", "orders-1", green, green)),
			want: several(of("orders", blue), kept(of("orders", appOrders), serving)),
		},
		"a Service that leads to what serves is named no more, for labels that are narrower": {
			declared: several(of("", blue)), known: several(of("orders", appOrders)), leading: map[string]labels{"orders": appOrders},
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-1", blue, blue)),
			want: several(of("", blue), kept(of("orders", appOrders), serving)),
		},
		"or for the very same": {
			declared: several(of("", appOrders)), known: several(of("orders", appOrders)), leading: map[string]labels{"orders": blue},
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(running),
			want: several(of("", appOrders), kept(of("orders", appOrders), serving)),
		},
		"or for a Service that leads to the same pods": {
			declared: several(of("web", appOrders)), known: several(of("orders", appOrders)), leading: map[string]labels{"orders": appOrders},
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(running), want: several(of("web", appOrders)),
		},
		"that Service leads elsewhere": {
			declared: several(of("", blue)), known: several(of("orders", appOrders)), leading: map[string]labels{"orders": appDecoy},
			serving: []v1alpha1.ServingRevision{orders1}, observed: observed(labelled("orders", "orders-1", blue, blue)),
			want: several(of("", blue)),
		},
		"that Service leads to what serves no more": {
			declared: several(of("", appDecoy)), known: several(of("orders", appOrders)), leading: map[string]labels{"orders": appOrders},
			serving: []v1alpha1.ServingRevision{decoy1}, observed: observed(decoy),
			want: several(of("", appDecoy), kept(of("orders", appOrders), service)),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &v1alpha1.CustomerAPI{Status: test.was}
			api.Status.Selectors = test.known
			got := gate.Govern(gate.GoverningInput{
				API: api, Declared: test.declared, Leading: test.leading, Serving: test.serving, Observed: test.observed,
			})
			if diff := cmp.Diff(test.want, got.Selectors, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is in force is never left out for want of room: what is new waits.
func TestGovernIsBounded(t *testing.T) {
	numbered := func(prefix string, n int) (list []v1alpha1.PodSelector) {
		for i := range n {
			list = append(list, of("", labels{"app": fmt.Sprint(prefix, i)}))
		}
		return list
	}
	for have, want := range map[int]struct{ inForce, waiting int }{
		61: {64, 0}, 62: {64, 1}, 64: {64, 3},
	} {
		api := &v1alpha1.CustomerAPI{}
		api.Status.Selectors = numbered("old", have)
		declared := append(numbered("new", 3), api.Status.Selectors[0])
		got := gate.Govern(gate.GoverningInput{API: api, Declared: declared, Serving: []v1alpha1.ServingRevision{served("orders", "orders-1", 0)}})
		if len(got.Selectors) != want.inForce || len(got.Waiting) != want.waiting {
			t.Errorf("with %d: %d in force and %d waiting", have, len(got.Selectors), len(got.Waiting))
		}
		for _, s := range api.Status.Selectors {
			if !gate.HasSelector(got.Selectors, s) {
				t.Errorf("with %d: %v is in force no more", have, s.MatchLabels)
			}
		}
	}
}

func TestGoverningMessage(t *testing.T) {
	inForce := func(s v1alpha1.PodSelector, reason v1alpha1.KeepReason) gate.KeptSelector {
		return gate.KeptSelector{PodSelector: kept(s, reason), Workload: deployment("orders")}
	}
	alone := inForce(of("orders", both), v1alpha1.KeptForServing)
	alone.Alone = true
	unseen := inForce(of("", appOrders), v1alpha1.KeptForServing)
	unseen.Alone, unseen.Unseen = true, true
	const stays = " stays in force although carriedBy gives it no more: "
	tests := map[string]struct {
		governing gate.Governing
		want      string
	}{
		"nothing":   {},
		"serves":    {gate.Governing{Kept: []gate.KeptSelector{alone}}, "app=orders,name=orders (of service/orders)" + stays + "deployment/orders serves by it alone; name it again, or roll out what carriedBy selects until no such pod is left"},
		"unseen":    {gate.Governing{Kept: []gate.KeptSelector{unseen}}, "app=orders" + stays + "nothing is seen of deployment/orders, which served last; name it again, or roll out what carriedBy selects"},
		"led to":    {gate.Governing{Kept: []gate.KeptSelector{inForce(of("orders", appOrders), v1alpha1.KeptForServing)}}, "app=orders (of service/orders)" + stays + "service/orders still leads to what serves; name it in carriedBy, or another Service that leads there"},
		"left over": {gate.Governing{Kept: []gate.KeptSelector{inForce(of("orders", appOrders), v1alpha1.KeptForService)}}, "app=orders (of service/orders)" + stays + "service/orders still selects by it; delete the Service, or name it in carriedBy"},
		"no room":   {gate.Governing{Selectors: several(of("", appOrders)), Waiting: several(of("", appDecoy))}, "app=decoy is not in force: status.selectors holds 1 already, which are needed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.governing.Message()); diff != "" {
				t.Error(diff)
			}
		})
	}
	many := gate.Governing{Kept: []gate.KeptSelector{alone, alone, alone, alone, alone}}
	if got := many.Message(); !cmp.Equal(got[len(got)-len("; 2 more stay in force (status.selectors)"):], "; 2 more stay in force (status.selectors)") {
		t.Error(got)
	}
}

// What is in force is what the gate compares: slot keys that are declared now take nothing from it, and a Service that
// leads to what serves may not be deleted because it was taken out of carriedBy.
func TestPublishWhatIsKept(t *testing.T) {
	a := governed("orders", nil)
	a.API.Spec.CarriedBy = v1alpha1.Carrier{Services: []string{"nosuch"}, SlotKeys: []string{"app"}}
	a.API.Status.Selectors = []v1alpha1.PodSelector{
		kept(of("orders", appOrders), v1alpha1.KeptForServing), kept(of("unused", appDecoy), v1alpha1.KeptForService),
		kept(of("", labels{"app": "worker"}), v1alpha1.KeptForServing),
	}
	a.Held = true
	published := gate.Publish(namespace(a))
	data := flat(published.Gates[deny])
	for key, want := range map[string]string{
		"pair.app=orders": "orders", "select.orders": "app=decoy;app=orders;app=worker",
		"keep.services/orders": "orders", "keep.services/nosuch": "orders", "keep.services/unused": "",
	} {
		if data[key] != want {
			t.Errorf("%s is %q, want %q", key, data[key], want)
		}
	}
	if len(published.LostSelectors) > 0 {
		t.Errorf("lost selectors of %v", published.LostSelectors)
	}
}
