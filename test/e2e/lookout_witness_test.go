//go:build unix

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/gomega"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	toolscache "k8s.io/client-go/tools/cache"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// witness watches the EndpointSlices of the namespace for itself, and writes down when each Service had none that is ready.
type witness struct {
	*env
	mu     sync.Mutex
	slices map[string]map[string]int
	down   map[string][]outage
	// stopWatching ends the last watch.
	stopWatching context.CancelFunc
}

type outage struct{ start, end time.Time }

func (o outage) String() string {
	return fmt.Sprintf("%s - %s", o.start.UTC().Format("15:04:05.000"), o.end.UTC().Format("15:04:05.000"))
}

func (e *env) witness() *witness {
	e.t.Helper()
	w := &witness{env: e, slices: map[string]map[string]int{}, down: map[string][]outage{}, stopWatching: func() {}}
	w.watch()
	return w
}

// watch begins to, anew. What was seen before stays.
func (w *witness) watch() {
	w.t.Helper()
	w.stopWatching()
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.ctx))
	w.stopWatching = cancel
	w.t.Cleanup(cancel)
	admin, err := kubernetes.NewForConfig(cluster.AdminConfig())
	w.Expect(err).NotTo(HaveOccurred())
	source := toolscache.NewListWatchFromClient(admin.DiscoveryV1().RESTClient(), "endpointslices", w.namespace, fields.Everything())
	informer := toolscache.NewSharedInformer(source, &discoveryv1.EndpointSlice{}, 0)
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { w.see(ctx, o, false) },
		UpdateFunc: func(_, o any) { w.see(ctx, o, false) },
		DeleteFunc: func(o any) { w.see(ctx, o, true) },
	})
	w.Expect(err).NotTo(HaveOccurred())
	go informer.Run(ctx.Done())
	w.Eventually(informer.HasSynced).Should(BeTrue())
}

// see takes in what a watch says, unless it is over: what it says late is no news.
func (w *witness) see(watch context.Context, object any, deleted bool) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok || watch.Err() != nil {
		return
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	service := slice.Labels[discoveryv1.LabelServiceName]
	if w.slices[service] == nil {
		w.slices[service] = map[string]int{}
	}
	before := w.count(service)
	delete(w.slices[service], slice.Name)
	if !deleted {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				w.slices[service][slice.Name]++
			}
		}
	}
	outages := w.down[service]
	switch after := w.count(service); {
	case before > 0 && after == 0:
		w.down[service] = append(outages, outage{start: now})
	case before == 0 && after > 0 && len(outages) > 0:
		outages[len(outages)-1].end = now
	}
}

// ready is how many are ready now.
func (w *witness) ready(service string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count(service)
}

func (w *witness) count(service string) int {
	ready := 0
	for _, n := range w.slices[service] {
		ready += n
	}
	return ready
}

// saw is when a Service had none that is ready. The last outage has no end while it is under way.
func (w *witness) saw(service string) []outage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.down[service])
}

// isDown waits until the witness and the status of the budget say that it is down, and isUp that it is not.
func (w *witness) isDown(names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.Eventually(func() bool { saw := w.saw(name); return len(saw) > 0 && saw[len(saw)-1].end.IsZero() }).Should(BeTrue(), name)
		w.stateOf(name, v1alpha1.AvailabilityDown)
	}
}

func (w *witness) isUp(names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.Eventually(func() bool { saw := w.saw(name); return len(saw) > 0 && !saw[len(saw)-1].end.IsZero() }).Should(BeTrue(), name)
		w.stateOf(name, v1alpha1.AvailabilityUp)
	}
}

func (w *witness) stateOf(name string, want v1alpha1.Availability) {
	w.t.Helper()
	w.Eventually(func() v1alpha1.Availability { return w.measuredBy(name).Status.State }).Should(Equal(want), name)
}

func (e *env) measuredBy(name string) *v1alpha1.DowntimeBudget {
	e.t.Helper()
	budget := &v1alpha1.DowntimeBudget{}
	e.get(budget, name)
	return budget
}

// agrees holds the intervals of a budget against what the witness saw: the same, within a second.
func (w *witness) agrees(name string, causes ...v1alpha1.DowntimeCause) {
	w.t.Helper()
	const within = time.Second
	var off []string
	w.Eventually(func(g Gomega) {
		off = nil
		saw := w.saw(name)
		var down []v1alpha1.DowntimeInterval
		for _, i := range w.measuredBy(name).Status.Intervals {
			if i.State == v1alpha1.AvailabilityDown {
				down = append(down, i)
			}
		}
		g.Expect(down).To(HaveLen(len(saw)), "%s: the witness saw %v", name, saw)
		g.Expect(down).To(HaveLen(len(causes)), "%s: the witness saw %v", name, saw)
		for i := range down {
			g.Expect(down[i].EndTime).NotTo(BeNil())
			g.Expect(down[i].StartTime.Time).To(BeTemporally("~", saw[i].start, within), "%s: the start of %d", name, i)
			g.Expect(down[i].EndTime.Time).To(BeTemporally("~", saw[i].end, within), "%s: the end of %d, which began %s", name, i, saw[i].start)
			g.Expect(down[i].Cause).To(Equal(causes[i]), "%s: %v", name, down[i])
			g.Expect(down[i].Workload).To(Equal(v1alpha1.WorkloadRef{Kind: "Deployment", Name: name}))
			off = append(off, fmt.Sprint(down[i].StartTime.Sub(saw[i].start), " and ", down[i].EndTime.Sub(saw[i].end)))
		}
	}).Should(Succeed())
	w.t.Logf("%s is off by %s", name, strings.Join(off, ", "))
}

// explained waits until the status knows the cause of what goes on: other watches than that of the EndpointSlices tell.
func (w *witness) explained(cause v1alpha1.DowntimeCause, names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.Eventually(func(g Gomega) {
			intervals := w.measuredBy(name).Status.Intervals
			g.Expect(intervals).NotTo(BeEmpty(), name)
			g.Expect(intervals[len(intervals)-1].Cause).To(Equal(cause), name)
		}).Should(Succeed())
	}
}

// unobserved is when nobody looked, as the budget says.
func (w *witness) unobserved(name string) []v1alpha1.DowntimeInterval {
	w.t.Helper()
	var found []v1alpha1.DowntimeInterval
	for _, i := range w.measuredBy(name).Status.Intervals {
		if i.State == v1alpha1.AvailabilityUnobserved {
			found = append(found, i)
		}
	}
	return found
}

// unobservedBetween holds when nobody looked against the moments between which that began, and the one before which
// nobody looked again.
func (w *witness) unobservedBetween(name string, earliest, latest, again time.Time) {
	w.t.Helper()
	found := w.unobserved(name)
	w.Expect(found).To(HaveLen(1), name)
	w.Expect(found[0].StartTime.Time).To(And(BeTemporally(">=", earliest), BeTemporally("<=", latest)), name)
	w.Expect(found[0].EndTime).NotTo(BeNil(), name)
	w.Expect(found[0].EndTime.Time).To(BeTemporally(">", again), name)
}
