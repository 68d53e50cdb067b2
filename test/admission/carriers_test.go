//go:build unix

package admission

import (
	"cmp"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const carriers = "forewarn-carriers"

// Bypass 28, R15: what customers come by is not taken out of an API that they rely on.
func TestBypass28TakingOutWhatCarries(t *testing.T) {
	t.Parallel()
	api := customerAPI("orders")
	api.Spec.CarriedBy = v1alpha1.Carrier{
		Services: []string{"orders", "orders-batch"}, HTTPRoutes: []string{"orders"},
		MatchLabels: labels("app", "orders", "tier", "back"), SlotKeys: []string{"slot"},
	}
	free := api.DeepCopy()
	free.Name = "free" // which never served
	hand := api.DeepCopy()
	hand.Name = "hand" // to which no Service leads
	hand.Spec.CarriedBy = v1alpha1.Carrier{MatchLabels: labels("app", "orders", "tier", "back")}
	s := governed(t, shop().keep("orders", held, "customerapis/orders").keep("hand", held, "customerapis/hand"), api, free, hand)
	taken := func(name, what string) string {
		return name + ": customers come by what is taken out of carriedBy (" + what + "), so that is its removal; leave it and add others, " +
			`publish a notice that covers it, or ask somebody with the verb approve on customerapis.forewarn.dev "` + name + `" (the ClusterRole forewarn-approve grants it); see: kubectl get promises -n ` + s.name
	}
	approver := person(t, "carrier-approver-"+s.name)
	s.permit(approver, "carrier-approver-"+s.name, "customerapis", "approve")
	for name, tc := range map[string]struct {
		api    *v1alpha1.CustomerAPI // orders where it is left out
		change func(*v1alpha1.CustomerAPISpec)
		want   string
	}{
		"nothing":       {change: func(*v1alpha1.CustomerAPISpec) {}},
		"another title": {change: func(s *v1alpha1.CustomerAPISpec) { s.Title = "Orders" }},
		"more of everything": {change: func(s *v1alpha1.CustomerAPISpec) {
			s.CarriedBy.Services = append(s.CarriedBy.Services, "more")
			s.CarriedBy.SlotKeys = append(s.CarriedBy.SlotKeys, "more")
		}},
		"in another order":               {change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.Services = []string{"orders-batch", "orders"} }},
		"labels beside Services":         {change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.MatchLabels = labels("app", "orders-next") }},
		"labels that tell more, by hand": {api: hand, change: func(s *v1alpha1.CustomerAPISpec) { delete(s.CarriedBy.MatchLabels, "tier") }},
		"labels that tell more":          {change: func(s *v1alpha1.CustomerAPISpec) { delete(s.CarriedBy.MatchLabels, "tier") }},
		"no slots":                       {change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.SlotKeys = nil }}, // what is in force stays
		"a Service":                      {change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.Services = []string{"orders"} }, want: "services/orders-batch"},
		"a Service for another":          {change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.Services[0] = "orders-next" }, want: "services/orders"},
		"all Services":                   {change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.Services = nil }, want: "services/orders; services/orders-batch"},
		"the route":                      {change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.HTTPRoutes = nil }, want: "httproutes/orders"},
		"labels that tell less":          {api: hand, change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.MatchLabels["slot"] = "blue" }, want: "matchLabels app=orders,tier=back"},
		"labels of others":               {api: hand, change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy.MatchLabels["app"] = "decoy" }, want: "matchLabels app=orders,tier=back"},
		"labels for a Service":           {api: hand, change: func(s *v1alpha1.CustomerAPISpec) { s.CarriedBy = v1alpha1.Carrier{Services: []string{"orders"}} }, want: "matchLabels app=orders,tier=back"},
	} {
		for how, write := range writers() {
			t.Run(name+" by "+how, func(t *testing.T) {
				s := s.with(t)
				try := func(u *user, api *v1alpha1.CustomerAPI) error {
					var found v1alpha1.CustomerAPI
					s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(api), &found))
					before := found.DeepCopy()
					tc.change(&found.Spec)
					return orderly(write(t, u, before, &found))
				}
				changed, want := cmp.Or(tc.api, api), tc.want
				if want != "" {
					want = taken(changed.Name, want)
				}
				s.judged(try(s.tenant, changed), carriers, want)
				s.judged(try(approver, changed), carriers, "")
				if changed == api {
					s.judged(try(s.tenant, free), carriers, "")
				}
			})
		}
	}
	// A notice that covers its removal has matured: the controller lets go.
	s.gates["deny"].without("keep").without("hold")
	s.rewrite("deny")
	s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(api), api))
	api.Spec.CarriedBy.Services = []string{"orders"}
	s.must(s.tenant.Update(t.Context(), api))
}

// Bypass 28, R8: whoever may edit carriedBy has no Service rest by a route of their own.
func TestBypass28SaidToRest(t *testing.T) {
	t.Parallel()
	several := customerAPI("several")
	several.Spec.CarriedBy = v1alpha1.Carrier{Services: []string{"orders", "decoy"}, HTTPRoutes: []string{"orders"}}
	routed := customerAPI("routed") // the route may be one that does not exist yet
	routed.Spec.CarriedBy = v1alpha1.Carrier{Services: []string{"orders"}, HTTPRoutes: []string{"orders", "mine"}}
	alone := customerAPI("alone")
	alone.Spec.CarriedBy = v1alpha1.Carrier{Services: []string{"orders"}}
	free := several.DeepCopy()
	free.Name = "free" // which never served
	gates := shop()
	for _, api := range []*v1alpha1.CustomerAPI{several, routed, alone} {
		gates = gates.keep(api.Name, held, "customerapis/"+api.Name)
	}
	s := governed(t, gates, several, routed, alone, free)
	approver := person(t, "rest-approver-"+s.name)
	s.permit(approver, "rest-approver-"+s.name, "customerapis", "approve")
	named := func(name, what string) string {
		return name + ": of several Services, one to which the HTTPRoutes of carriedBy give no weight may be scaled to zero, so that naming them together (" + what +
			`) loosens what is promised (R8); leave it, or ask somebody with the verb approve on customerapis.forewarn.dev "` + name + `" to write it (the ClusterRole forewarn-approve grants it); see: kubectl get promises -n ` + s.name
	}
	for name, tc := range map[string]struct {
		api    *v1alpha1.CustomerAPI
		change func(*v1alpha1.Carrier)
		want   string
	}{
		"a route": {several, func(c *v1alpha1.Carrier) { c.HTTPRoutes = append(c.HTTPRoutes, "mine") }, "httproutes/mine"},
		"a route and a Service": {several, func(c *v1alpha1.Carrier) {
			c.Services, c.HTTPRoutes = append(c.Services, "more"), []string{"mine", "orders"}
		}, "httproutes/mine"},
		"routes in another order":       {routed, func(c *v1alpha1.Carrier) { c.HTTPRoutes = []string{"mine", "orders"} }, ""},
		"a third Service":               {several, func(c *v1alpha1.Carrier) { c.Services = append(c.Services, "more") }, ""},
		"a route of one Service":        {routed, func(c *v1alpha1.Carrier) { c.HTTPRoutes = append(c.HTTPRoutes, "more") }, ""},
		"a second Service after routes": {routed, func(c *v1alpha1.Carrier) { c.Services = append(c.Services, "decoy") }, "httproutes/orders; httproutes/mine"},
		"a second Service":              {alone, func(c *v1alpha1.Carrier) { c.Services = append(c.Services, "decoy") }, ""},
		"a second Service and a route": {alone, func(c *v1alpha1.Carrier) {
			c.Services, c.HTTPRoutes = append(c.Services, "decoy"), []string{"mine"}
		}, "httproutes/mine"},
		"of what never served": {free, func(c *v1alpha1.Carrier) { c.HTTPRoutes = append(c.HTTPRoutes, "mine") }, ""},
	} {
		for how, write := range writers() {
			t.Run(name+" by "+how, func(t *testing.T) {
				s := s.with(t)
				try := func(u *user) error {
					var found v1alpha1.CustomerAPI
					s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(tc.api), &found))
					before := found.DeepCopy()
					tc.change(&found.Spec.CarriedBy)
					return orderly(write(t, u, before, &found))
				}
				want := tc.want
				if want != "" {
					want = named(tc.api.Name, want)
				}
				s.judged(try(s.tenant), carriers, want)
				s.judged(try(approver), carriers, "")
			})
		}
	}
	made := several.DeepCopy()
	made.ObjectMeta, made.Status = customerAPI("made").ObjectMeta, v1alpha1.CustomerAPIStatus{}
	made.Namespace = s.name
	s.must(s.tenant.Create(t.Context(), made))
}
