package schedule_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/schedule"
)

// What a schedule names and what is not there is said in the words of its fields.
func TestMisnamed(t *testing.T) {
	api := &v1alpha1.CustomerAPI{}
	api.Name = "orders"
	api.Spec.Versions = []v1alpha1.APIVersion{{Name: "v1"}, {Name: "v2"}}
	api.Status.Promised = []v1alpha1.PromisedContract{{Version: "v0"}, {Version: "v1"}}
	of := []string{"DELETE /orders/{id}", "GET /", "GET /orders", "GET /orders/{id}", "POST webhook:shipped"}
	operations := func(names ...string) func(*v1alpha1.DeprecationSchedule) {
		return func(s *v1alpha1.DeprecationSchedule) { s.Spec.Operations = names }
	}
	for name, c := range map[string]struct {
		edit     func(*v1alpha1.DeprecationSchedule)
		promised []string
		want     string
	}{
		"nothing":                          {},
		"a version that is promised still": {edit: func(s *v1alpha1.DeprecationSchedule) { s.Spec.Version = "v0" }},
		"no version of the API": {
			edit: func(s *v1alpha1.DeprecationSchedule) { s.Spec.Version = "v9" },
			want: "version: customerapi/orders has no version v9: it has v1, v2, v0",
		},
		"an operation":                  {edit: operations("GET /orders/{id}"), promised: of},
		"an operation in other letters": {edit: operations("get  /orders/{id}"), promised: of},
		"what is called":                {edit: operations("POST webhook:shipped"), promised: of},
		"what is no operation": {
			edit: operations("GET /orders", "orders get"),
			want: `operations[1]: "orders get" is no operation: write it as in "DELETE /orders/{id}"`,
		},
		"an operation that is none of the contract": {
			edit: operations("GET /orders", "DELETE /orders/{id}/lines"), promised: of,
			want: "operations[1]: the contract of v1 has no DELETE /orders/{id}/lines: it has DELETE /orders/{id}, GET /orders/{id}, GET /orders and 2 more",
		},
		"with another name of its parameter, by which no notice covers it": {
			edit: operations("DELETE /orders/{key}"), promised: []string{"DELETE /orders/{id}", "GET /"},
			want: "operations[0]: the contract of v1 has no DELETE /orders/{key}: it has DELETE /orders/{id}, GET /",
		},
		"of a contract without any": {
			edit: operations("GET /orders"), promised: []string{},
			want: "operations[0]: the contract of v1 has no GET /orders, and no other operation",
		},
		"of a version that does not serve yet": {edit: operations("GET /lines")},
		"what customers were told of, and is gone since": {edit: func(s *v1alpha1.DeprecationSchedule) {
			operations("GET /lines")(s)
			s.Status.PublishedTime = &metav1.Time{Time: time.Unix(0, 0)}
		}, promised: of},
		"replaced by another": {edit: func(s *v1alpha1.DeprecationSchedule) { s.Spec.Replacement.Version = "v2" }},
		"replaced by itself": {
			edit: func(s *v1alpha1.DeprecationSchedule) { s.Spec.Replacement.Version = "v1" },
			want: "replacement.version: v1 is what goes away: name another version",
		},
		"an operation replaced by another of its version": {edit: func(s *v1alpha1.DeprecationSchedule) {
			operations("GET /orders")(s)
			s.Spec.Replacement.Version = "v1"
		}, promised: of},
	} {
		t.Run(name, func(t *testing.T) {
			s := &v1alpha1.DeprecationSchedule{}
			s.Spec.Version = "v1"
			if c.edit != nil {
				c.edit(s)
			}
			if got := schedule.Misnamed(s, api, c.promised); got != c.want {
				t.Errorf("%q instead of %q", got, c.want)
			}
		})
	}
}
