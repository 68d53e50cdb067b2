package cli

import (
	"bytes"
	"os"
	"path/filepath"
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

// Files say it as a cluster does, where the CustomerAPIs are among them.
func TestHeadersOfFiles(t *testing.T) {
	const schedule = `apiVersion: forewarn.dev/v1alpha1
kind: DeprecationSchedule
metadata: {name: orders-v1}
spec:
  apiRef: {name: orders}
  version: v1
  deprecateTime: "2027-07-01T00:00:00Z"
  sunsetTime: "2028-07-01T00:00:00Z"
  routes: [{name: orders}, {name: partners}]
`
	const apis = `apiVersion: forewarn.dev/v1alpha1
kind: CustomerAPI
metadata: {name: payments}
spec:
  carriedBy: {httpRoutes: [partners]}
`
	for name, c := range map[string]struct {
		files map[string]string
		notes string
		count int
	}{
		"the schedule alone":   {map[string]string{"schedule.yaml": schedule}, "", 2},
		"the CustomerAPIs too": {map[string]string{"schedule.yaml": schedule, "apis.yaml": apis}, "HTTPRoute partners: customers come by it to other APIs", 1},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for file, text := range c.files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out, diagnostics bytes.Buffer
			o := headersOptions{files: []string{folder}}
			if err := o.run(t.Context(), Streams{Out: &out, Err: &diagnostics}, nil, "deprecationschedule/orders-v1"); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(out.String(), "# Add to the filters of "); got != c.count {
				t.Errorf("%d filters, want %d:\n%s", got, c.count, out.String())
			}
			if !strings.HasPrefix(diagnostics.String(), c.notes) {
				t.Errorf("it says %q", diagnostics.String())
			}
		})
	}
}
