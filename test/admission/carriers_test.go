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
			`publish a notice that covers it, or ask somebody with the verb approve on customerapis.forewarn.dev "` + name + `"; see: kubectl get promises -n ` + s.name
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
			s.CarriedBy.HTTPRoutes = append(s.CarriedBy.HTTPRoutes, "more")
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
