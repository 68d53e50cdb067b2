package controllers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func publishedSchedule() *v1alpha1.DeprecationSchedule {
	s := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-v1"}}
	s.Spec = v1alpha1.DeprecationScheduleSpec{
		State: v1alpha1.NoticePublished, DeprecateTime: timeAt(noon), SunsetTime: timeAt(noon.Add(time.Hour)),
		Brownouts: []v1alpha1.Brownout{{Name: "first", StartTime: timeAt(noon), Minutes: 5}},
		Routes:    []v1alpha1.ScheduleRoute{{Name: "orders"}},
	}
	s.Status.PublishedTime = timeAt(noon.Add(-time.Hour))
	return s
}

func TestConditionSignalled(t *testing.T) {
	for name, c := range map[string]struct {
		look func(*routesLook)
		want string
	}{
		"all is as it has to be": {func(*routesLook) {}, "True Signalled the responses of each route say that it goes away"},
		"its owner ended a brownout": {func(l *routesLook) { l.left = []string{"brownout first on orders ended"} },
			"True Signalled the responses of each route say that it goes away; brownout first on orders ended"},
		"not published": {func(l *routesLook) { l.schedule.Status.PublishedTime = nil }, "True Signalled responses need not say anything"},
		"no routes": {func(l *routesLook) { l.schedule.Spec.Routes = nil },
			"True NoRoutes the schedule names no route: no response says that it goes away"},
		"no Gateway API": {func(l *routesLook) { l.noGatewayAPI = true },
			"Unknown NoGatewayAPI this cluster does not serve HTTPRoutes: install the Gateway API, or take routes out of the schedule"},
		"not to be read": {func(l *routesLook) { l.unknown = errors.New("away") }, "Unknown LookupFailed away"},
		"absent and lacking": {func(l *routesLook) {
			l.absent, l.missing = []string{"HTTPRoute a does not exist"}, []string{"b: lacks"}
		},
			"False RouteNotFound HTTPRoute a does not exist: create it, or name another in routes"},
		"lacking, and not to be written": {func(l *routesLook) { l.trouble, l.missing = []string{"a: refused"}, []string{"b: lacks"} },
			"False SignalsMissing a: refused; b: lacks; see: forewarn headers deprecationschedule/orders-v1 -n shop"},
		"a brownout first of all": {func(l *routesLook) {
			l.brownouts, l.trouble, l.absent = []string{"it is under way"}, []string{"refused"}, []string{"HTTPRoute a does not exist"}
		}, "False BrownoutFailed it is under way; refused"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &routesLook{schedule: publishedSchedule(), now: noon}
			c.look(l)
			state, reason, message := l.condition()
			if got := fmt.Sprint(state, " ", reason, " ", message); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// A second is left for what ends in time to be seen to have ended.
func TestABrownoutThatIsOverdue(t *testing.T) {
	end := noon.Add(5 * time.Minute)
	for now, want := range map[time.Time]string{
		end.Add(-time.Nanosecond):              "",
		end.Add(time.Second - time.Nanosecond): "",
		end.Add(time.Second):                   "brownout first on orders was to end at 2026-11-22T12:05:00Z and is still under way",
	} {
		l := &routesLook{schedule: publishedSchedule(), now: now}
		l.under("orders", "first")
		if got := strings.Join(l.brownouts, ""); got != want {
			t.Errorf("%s: %q", now, got)
		}
		if late := l.next != nil; late != (want == "") || late && !l.next.Equal(end.Add(time.Second)) {
			t.Errorf("%s: looks again at %v", now, l.next)
		}
	}
}
