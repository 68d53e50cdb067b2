package snapshot

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func leaving(name, api string, deprecate time.Time, routes ...v1alpha1.ScheduleRoute) *v1alpha1.DeprecationSchedule {
	at, sunset := metav1.NewTime(deprecate), metav1.NewTime(deprecate.Add(time.Hour))
	s := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	s.Spec = v1alpha1.DeprecationScheduleSpec{
		APIRef: v1alpha1.APIRef{Name: v1alpha1.ObjectName(api)}, State: v1alpha1.NoticePublished,
		DeprecateTime: &at, SunsetTime: &sunset, Routes: routes,
	}
	s.Status.PublishedTime = &at
	return s
}

// By the earliest dates of all schedules of the namespace, for those whose owners write.
func TestSignalsOfRoutes(t *testing.T) {
	early := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	late := early.Add(24 * time.Hour)
	draft := leaving("draft", "orders", early.Add(-time.Hour), v1alpha1.ScheduleRoute{Name: "orders"})
	draft.Status.PublishedTime = nil
	headers := func(rule, schedule, deprecation, sunset string) []gate.RouteSignal {
		return []gate.RouteSignal{
			{Route: "orders", Rule: rule, Schedule: schedule, Header: "Deprecation", Value: deprecation},
			{Route: "orders", Rule: rule, Schedule: schedule, Header: "Sunset", Value: sunset},
		}
	}
	const (
		one, two        = "@1798761600", "@1798848000"
		sunset, sunset2 = "Fri, 01 Jan 2027 01:00:00 GMT", "Sat, 02 Jan 2027 01:00:00 GMT"
	)
	for name, c := range map[string]struct {
		schedules []client.Object
		want      map[string][]gate.RouteSignal
	}{
		"one, all rules": {
			[]client.Object{leaving("a", "orders", early, v1alpha1.ScheduleRoute{Name: "orders"}), draft},
			map[string][]gate.RouteSignal{"orders": headers("*", "a", one, sunset)},
		},
		"one rule has two": {
			[]client.Object{
				leaving("a", "orders", late, v1alpha1.ScheduleRoute{Name: "orders"}),
				leaving("b", "cart", early, v1alpha1.ScheduleRoute{Name: "orders", Rules: []string{"v1"}}),
			},
			map[string][]gate.RouteSignal{
				"orders": append(headers("*", "a", two, sunset2), headers("v1", "a", one, sunset)...),
				"cart":   headers("v1", "b", one, sunset),
			},
		},
		"forewarn writes one of them": {
			[]client.Object{
				leaving("a", "orders", late, v1alpha1.ScheduleRoute{Name: "orders"}),
				leaving("b", "orders", early, v1alpha1.ScheduleRoute{Name: "orders", Rules: []string{"v1"}, WrittenBy: v1alpha1.RouteWrittenByForewarn}),
			},
			map[string][]gate.RouteSignal{"orders": append(headers("*", "a", two, sunset2),
				gate.RouteSignal{Route: "orders", Rule: "v1", Schedule: "a"}, gate.RouteSignal{Route: "orders", Rule: "v1", Schedule: "b"})},
		},
		"of an API that is not there": {
			[]client.Object{leaving("a", "gone", early, v1alpha1.ScheduleRoute{Name: "orders"})}, map[string][]gate.RouteSignal{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			apis := []gate.PublishedAPI{{API: &v1alpha1.CustomerAPI{}}, {API: &v1alpha1.CustomerAPI{}}}
			apis[0].API.Name, apis[1].API.Name = "orders", "cart"
			reader := FromManifests(c.schedules)
			if err := New(reader, reader).signals(t.Context(), "shop", apis); err != nil {
				t.Fatal(err)
			}
			got := map[string][]gate.RouteSignal{}
			for _, a := range apis {
				if len(a.Signals) > 0 {
					got[a.API.Name] = a.Signals
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whoever makes an API and a schedule of it takes no route of another API away.
func TestElsewhereCarried(t *testing.T) {
	api := func(name string, routes ...string) *v1alpha1.CustomerAPI {
		a := &v1alpha1.CustomerAPI{}
		a.Name, a.Spec.CarriedBy.HTTPRoutes = name, routes
		return a
	}
	apis := []*v1alpha1.CustomerAPI{api("orders", "orders", "shared"), api("carts", "shared"), api("decoy")}
	for name, tc := range map[string]struct {
		route, api string
		want       bool
	}{
		"its own":           {"orders", "orders", false},
		"one of two":        {"shared", "carts", false},
		"another's":         {"orders", "decoy", true},
		"that of two":       {"shared", "decoy", true},
		"nobody's":          {"free", "decoy", false},
		"of no API that is": {"orders", "gone", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ElsewhereCarried(tc.route, tc.api, apis); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}
