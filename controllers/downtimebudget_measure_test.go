package controllers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/snapshot"
)

// watcher is a lookout that sees what it is told to.
type watcher struct {
	sighting downtime.Sighting
	blind    bool
	fails    error
	until    time.Time // recorded
	gone     int
}

func (w *watcher) seen(_ context.Context, _ *v1alpha1.DowntimeBudget, _ downtime.Log) (downtime.Sighting, bool, error) {
	return w.sighting, !w.blind, w.fails
}
func (w *watcher) recorded(_ types.NamespacedName, until time.Time) { w.until = until }
func (w *watcher) forget(types.NamespacedName)                      { w.gone++ }
func (w *watcher) changed() source.Source                           { return &waker{} }

// measure is a reconciler of one budget, orders-slo of orders.
type measure struct {
	*watcher
	t        *testing.T
	r        *DowntimeBudgetReconciler
	events   *events.FakeRecorder
	registry *prometheus.Registry
	// writes fail with it, and are counted.
	refused error
	writes  int
}

// indexing lets a fake client be indexed as the cache is.
type indexing struct{ b *fake.ClientBuilder }

func (i indexing) IndexField(_ context.Context, object client.Object, field string, value client.IndexerFunc) error {
	i.b.WithIndex(object, field, value)
	return nil
}

func budgetOf(change ...func(*v1alpha1.DowntimeBudget)) *v1alpha1.DowntimeBudget {
	b := &v1alpha1.DowntimeBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-slo", Generation: 1}}
	b.Spec = v1alpha1.DowntimeBudgetSpec{APIRef: v1alpha1.APIRef{Name: "orders"}, AllowedMinutes: ptr.To[int32](43)}
	for _, c := range change {
		c(b)
	}
	return b
}

func ordersAPI() *v1alpha1.CustomerAPI {
	return &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}}
}

func newMeasure(t *testing.T, objects ...client.Object) *measure {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	m := &measure{watcher: &watcher{}, t: t, events: events.NewFakeRecorder(20), registry: prometheus.NewRegistry()}
	metrics, err := newMetrics(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithObjects(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}).
		WithStatusSubresource(&v1alpha1.DowntimeBudget{}).WithInterceptorFuncs(interceptor.Funcs{
		SubResourceUpdate: func(ctx context.Context, w client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			if m.refused != nil {
				return m.refused
			}
			m.writes++
			return w.SubResource(sub).Update(ctx, o, opts...)
		},
	})
	if err := snapshot.AddIndexes(t.Context(), indexing{b}); err != nil {
		t.Fatal(err)
	}
	c := b.Build()
	m.r = &DowntimeBudgetReconciler{
		shared: shared{client: c, live: c, snapshot: snapshot.New(c, c), metrics: metrics, agenda: newAgenda(), clock: fixedClock(noon), events: m.events},
		looked: m.watcher, asked: &watcher{},
	}
	return m
}

// at reconciles as of so long after noon.
func (m *measure) at(after time.Duration) ctrl.Result {
	m.t.Helper()
	m.sighting.Now = noon.Add(after)
	result, err := m.r.Reconcile(m.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "shop", Name: "orders-slo"}})
	if err != nil {
		m.t.Fatal(err)
	}
	return result
}

func (m *measure) sees(state v1alpha1.Availability, after time.Duration) {
	s := downtime.Sight{At: noon.Add(after), State: state}
	if state != v1alpha1.AvailabilityUp {
		s.Cause, s.Workload = v1alpha1.CauseRollout, v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}
	}
	m.sighting.Sights = append(m.sighting.Sights, s)
}

func (m *measure) budget() *v1alpha1.DowntimeBudget {
	m.t.Helper()
	b := &v1alpha1.DowntimeBudget{}
	if err := m.r.client.Get(m.t.Context(), types.NamespacedName{Namespace: "shop", Name: "orders-slo"}, b); err != nil {
		m.t.Fatal(err)
	}
	return b
}

// says are the conditions, in a line each.
func (m *measure) says(kind string) string {
	m.t.Helper()
	c := apimeta.FindStatusCondition(m.budget().Status.Conditions, kind)
	if c == nil {
		return "absent"
	}
	return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
}

func (m *measure) told() string {
	var lines []string
	for len(m.events.Events) > 0 {
		lines = append(lines, <-m.events.Events)
	}
	return strings.Join(lines, "\n")
}

// counted is a metric by its label.
func (m *measure) counted(name string) string {
	m.t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		m.t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				lines = append(lines, fmt.Sprintf("%s %v", metric.GetLabel()[0].GetValue(), metric.GetCounter().GetValue()))
			}
		}
	}
	return strings.Join(lines, ", ")
}

func (m *measure) want(what, got, want string) {
	m.t.Helper()
	if got != want {
		m.t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}
