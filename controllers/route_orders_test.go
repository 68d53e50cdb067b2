package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

// browningOut is v1 of "orders" with a brownout of five minutes at noon, of which customers were told an hour before.
func browningOut() (*v1alpha1.DeprecationSchedule, *v1alpha1.ChangeNotice) {
	s := publishedSchedule()
	s.Spec.APIRef.Name = "orders"
	s.Spec.Routes[0].WrittenBy = v1alpha1.RouteWrittenByForewarn
	s.Status.Notices = []v1alpha1.ScheduledNotice{{Notice: "n", Step: v1alpha1.StepBrownout, Brownout: "first"}}
	n := builders.Notice("n", "orders").Effective(noon).Published(noon.Add(-time.Hour)).
		Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDowntime}).Downtime(5).Obj()
	n.Namespace = s.Namespace
	return s, n
}

func TestBrownoutsToTheSecond(t *testing.T) {
	const second = time.Second
	end := noon.Add(5 * time.Minute)
	for name, c := range map[string]struct {
		at     time.Time
		change func(*v1alpha1.DeprecationSchedule, *v1alpha1.ChangeNotice)
		want   bool
		next   time.Time
	}{
		"before it":                    {at: noon.Add(-second), next: noon},
		"as it begins":                 {at: noon, want: true, next: end},
		"before its end":               {at: end.Add(-second), want: true, next: end},
		"at its end":                   {at: end},
		"the schedule was moved on":    {at: noon, change: movedBy(second), next: noon.Add(second)},
		"and a second later":           {at: noon.Add(second), change: movedBy(second), want: true, next: end},
		"its minutes are others":       {at: noon, change: func(s *v1alpha1.DeprecationSchedule, _ *v1alpha1.ChangeNotice) { s.Spec.Brownouts[0].Minutes = 6 }},
		"the schedule names no notice": {at: noon, change: func(s *v1alpha1.DeprecationSchedule, _ *v1alpha1.ChangeNotice) { s.Status.Notices = nil }},
		"the notice is of another API": {at: noon, change: func(_ *v1alpha1.DeprecationSchedule, n *v1alpha1.ChangeNotice) { n.Spec.APIRef.Name = "cart" }},
		"nobody was told":              {at: noon, change: func(_ *v1alpha1.DeprecationSchedule, n *v1alpha1.ChangeNotice) { n.Status.PublishedTime = nil }},
		"it was withdrawn": {at: noon, change: func(_ *v1alpha1.DeprecationSchedule, n *v1alpha1.ChangeNotice) {
			n.Spec.State = v1alpha1.NoticeWithdrawn
		}},
		"the schedule is not published": {at: noon, change: func(s *v1alpha1.DeprecationSchedule, _ *v1alpha1.ChangeNotice) { s.Status.PublishedTime = nil }},
		"its route has another name":    {at: noon, change: func(s *v1alpha1.DeprecationSchedule, _ *v1alpha1.ChangeNotice) { s.Spec.Routes[0].Name = "cart" }},
		"its owner writes the route":    {at: noon, change: func(s *v1alpha1.DeprecationSchedule, _ *v1alpha1.ChangeNotice) { s.Spec.Routes[0].WrittenBy = "" }},
	} {
		t.Run(name, func(t *testing.T) {
			s, n := browningOut()
			if c.change != nil {
				c.change(s, n)
			}
			api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
			api.Namespace = s.Namespace
			reader := snapshot.FromManifests([]client.Object{s, n, api})
			r := &routes{answers: true}
			r.client, r.snapshot = readableClient{readable: reader}, snapshot.New(reader, reader)
			orders, next, err := r.orders(t.Context(), c.at, client.ObjectKey{Namespace: s.Namespace, Name: "orders"})
			if err != nil {
				t.Fatal(err)
			}
			got := len(orders) == 1 && orders[0].Brownout != nil
			if got != c.want || got && *orders[0].Brownout != (signal.Brownout{Namespace: "shop", Schedule: "orders-v1", Name: "first", End: end}) {
				t.Errorf("orders: %+v", orders)
			}
			if next != nil && !next.Equal(c.next) || next == nil && !c.next.IsZero() {
				t.Errorf("next: %v, want %s", next, c.next)
			}
			r.answers = false // nobody answers: none begins
			if orders, next, _ := r.orders(t.Context(), c.at, client.ObjectKey{Namespace: s.Namespace, Name: "orders"}); next != nil ||
				len(orders) > 0 && orders[0].Brownout != nil {
				t.Errorf("without a server: %+v", orders)
			}
		})
	}
}

func movedBy(by time.Duration) func(*v1alpha1.DeprecationSchedule, *v1alpha1.ChangeNotice) {
	return func(s *v1alpha1.DeprecationSchedule, _ *v1alpha1.ChangeNotice) {
		s.Spec.Brownouts[0].StartTime = &metav1.Time{Time: noon.Add(by)}
	}
}

// Several brownouts: the next of them is waited for.
func TestTheNextBrownoutIsWaitedFor(t *testing.T) {
	s, first := browningOut()
	later := metav1.NewTime(noon.Add(time.Hour))
	s.Spec.Brownouts = append(s.Spec.Brownouts, v1alpha1.Brownout{Name: "second", StartTime: &later, Minutes: 5})
	s.Status.Notices = append(s.Status.Notices, v1alpha1.ScheduledNotice{Notice: "n2", Step: v1alpha1.StepBrownout, Brownout: "second"})
	second := builders.Notice("n2", "orders").Effective(later.Time).Published(noon.Add(-time.Hour)).
		Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDowntime}).Downtime(5).Obj()
	second.Namespace = s.Namespace
	api := builders.API("orders").Version("v1", v1alpha1.StabilityStable).Obj()
	api.Namespace = s.Namespace
	reader := snapshot.FromManifests([]client.Object{s, first, second, api})
	r := &routes{answers: true}
	r.client, r.snapshot = readableClient{readable: reader}, snapshot.New(reader, reader)
	for at, want := range map[time.Time]time.Time{
		noon.Add(-time.Hour):      noon,
		noon.Add(4 * time.Minute): noon.Add(5 * time.Minute),
		noon.Add(5 * time.Minute): later.Time,
	} {
		_, next, err := r.orders(t.Context(), at, client.ObjectKey{Namespace: s.Namespace, Name: "orders"})
		if err != nil || next == nil || !next.Equal(want) {
			t.Errorf("%s: next %v (%v), want %s", at, next, err, want)
		}
	}
}
