package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/builders"
)

// Nobody asks for headers on a route by which customers come to other APIs alone, and what these say on it counts for
// nothing on that of another.
func TestHeadersOfRoutesOfOtherAPIs(t *testing.T) {
	at := func(year int) time.Time { return time.Date(year, time.July, 1, 0, 0, 0, 0, time.UTC) }
	schedule := func(name, api string, sunset int, routes ...string) *v1alpha1.DeprecationSchedule {
		return builders.Schedule(name, api, "v1").Dates(at(2027), at(sunset)).Edit(func(s *v1alpha1.DeprecationSchedule) {
			s.Spec.State = v1alpha1.NoticePublished
			s.Status.PublishedTime = s.Spec.DeprecateTime
			for _, route := range routes {
				s.Spec.Routes = append(s.Spec.Routes, v1alpha1.ScheduleRoute{Name: route})
			}
		}).Obj()
	}
	orders := schedule("orders-v1", "orders", 2029, "orders", "partners", "shared")
	said := saidByRoutes{schedules: []*v1alpha1.DeprecationSchedule{orders, schedule("carts-v1", "carts", 2028, "orders", "shared")}}
	for api, routes := range map[string][]string{"orders": {"orders", "shared"}, "carts": {"shared"}, "payments": {"partners"}} {
		a := builders.API(api).Version("v1", v1alpha1.StabilityStable).Obj()
		a.Spec.CarriedBy.HTTPRoutes = routes
		said.apis = append(said.apis, a)
	}
	var out, diagnostics bytes.Buffer
	if err := printHeaders(Streams{Out: &out, Err: &diagnostics}, orders, said, "https://notices.example"); err != nil {
		t.Fatal(err)
	}
	const want = "HTTPRoute partners: customers come by it to other APIs, and not to orders (carriedBy.httpRoutes): there is nothing to add.\n"
	if diagnostics.String() != want {
		t.Errorf("it says %q", diagnostics.String())
	}
	filters := strings.Split(out.String(), "---\n")
	if len(filters) != 2 || !strings.Contains(filters[0], "HTTPRoute orders:") || !strings.Contains(filters[0], "2029") ||
		!strings.Contains(filters[1], "HTTPRoute shared:") || !strings.Contains(filters[1], "2028") {
		t.Errorf("it prints\n%s", out.String())
	}
}
