//go:build unix

package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What is watched: as many APIs, each carried by as many Services with an EndpointSlice of as many pods. Of all changes
// one in flipEvery takes an API down, or brings it back.
const (
	watchedAPIs     = 200
	servicesOfEach  = 5
	podsOfEach      = 3
	changesASecond  = 50
	changesOfARound = 1500
	flipEvery       = 10
	flippedAPIs     = 50
)

// BenchmarkLookout measures what it takes to watch 200 APIs over 1,000 EndpointSlices that change 50 times a second: a
// manager in a process of its own, and how long it takes from the change of a slice until that is in a status.
func BenchmarkLookout(b *testing.B) {
	e := newEnv(b)
	e.stop()
	s := &slicesWatched{env: e, flipped: map[string]flip{}}
	var err error
	s.fast, err = client.NewWithWatch(cluster.AdminConfig(), client.Options{Scheme: e.admin.Scheme()})
	e.Expect(err).NotTo(HaveOccurred())
	s.declare()
	p := e.process(nil)
	e.leads(p)
	s.measured()
	s.listen()

	before, began := p.cpuTime(), time.Now()
	for b.Loop() {
		s.change(changesOfARound)
	}
	took := time.Since(began)
	b.ReportMetric((p.cpuTime()-before).Seconds()/took.Seconds(), "cores")
	b.ReportMetric(p.peakMemory()/(1<<20), "peak-MiB")
	b.ReportMetric(float64(s.made)/took.Seconds(), "changes/s")
	s.settled()
	report(b, "recorded", s.recorded)
	report(b, "status", s.written)
}

type slicesWatched struct {
	*env
	fast   client.WithWatch
	slices []*discoveryv1.EndpointSlice
	made   int

	mu      sync.Mutex
	flipped map[string]flip
	// recorded is how far the moment in the status is from that at which the API server had the change; written is when
	// somebody who watches the budgets knew.
	recorded, written []time.Duration
}

// flip is an API that was taken down or brought back, and until when the status does not say so yet.
type flip struct {
	at    time.Time
	state v1alpha1.Availability
	done  bool
}

func (s *slicesWatched) declare() {
	s.t.Helper()
	create := func(object client.Object) { s.Expect(s.fast.Create(s.ctx, object)).To(Succeed()) }
	for i := range watchedAPIs {
		name := fmt.Sprintf("api-%d", i)
		api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
		api.Spec.Title = name
		api.Spec.Versions = []v1alpha1.APIVersion{{Name: "v1", Stability: v1alpha1.StabilityStable}}
		budget := &v1alpha1.DowntimeBudget{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
		budget.Spec.APIRef.Name = v1alpha1.ObjectName(name)
		budget.Spec.AllowedMinutes = ptr.To[int32](43)
		for j := range servicesOfEach {
			service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: fmt.Sprintf("%s-%d", name, j)}}
			service.Spec.Ports = []corev1.ServicePort{{Port: 80}}
			slice := s.slice(service.Name, i*servicesOfEach+j)
			s.slices = append(s.slices, slice)
			api.Spec.CarriedBy.Services = append(api.Spec.CarriedBy.Services, service.Name)
			create(service)
			create(slice)
		}
		create(api)
		create(budget)
	}
}

// slice is what Kubernetes would write of a Service. It leaves alone what belongs to a Service without a selector.
func (s *slicesWatched) slice(service string, n int) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: service + "-x"}}
	slice.Labels = map[string]string{
		discoveryv1.LabelServiceName: service, discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io",
	}
	slice.AddressType = discoveryv1.AddressTypeIPv4
	for i := range podsOfEach {
		pod := fmt.Sprintf("%s-%d", service, i)
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{fmt.Sprintf("10.%d.%d.%d", n/250, n%250, i+1)},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: s.namespace, Name: pod, UID: types.UID(pod)},
		})
	}
	return slice
}

// measured waits until the manager knows of all.
func (s *slicesWatched) measured() {
	s.t.Helper()
	s.Eventually(func() int {
		var list v1alpha1.DowntimeBudgetList
		s.Expect(s.fast.List(s.ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
		up := 0
		for i := range list.Items {
			if list.Items[i].Status.State == v1alpha1.AvailabilityUp {
				up++
			}
		}
		return up
	}).WithTimeout(2 * time.Minute).Should(Equal(watchedAPIs))
}

// listen notes when the status of a budget says what was done to its API.
func (s *slicesWatched) listen() {
	events, err := s.fast.Watch(s.ctx, &v1alpha1.DowntimeBudgetList{}, client.InNamespace(s.namespace))
	s.Expect(err).NotTo(HaveOccurred())
	s.t.Cleanup(events.Stop)
	go func() {
		for event := range events.ResultChan() {
			if budget, ok := event.Object.(*v1alpha1.DowntimeBudget); ok {
				s.hear(budget, time.Now())
			}
		}
	}()
}

func (s *slicesWatched) hear(budget *v1alpha1.DowntimeBudget, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.flipped[budget.Name]
	if !known || f.done || budget.Status.State != f.state || budget.Status.StateTime == nil || budget.Status.StateTime.Time.Before(f.at.Add(-time.Second)) {
		return
	}
	f.done = true
	s.flipped[budget.Name] = f
	s.recorded = append(s.recorded, budget.Status.StateTime.Sub(f.at).Abs())
	s.written = append(s.written, now.Sub(f.at))
}

// change changes slices at the rate, for as many times.
func (s *slicesWatched) change(times int) {
	s.t.Helper()
	tick := time.NewTicker(time.Second / changesASecond)
	defer tick.Stop()
	for range times {
		<-tick.C
		s.made++
		if s.made%flipEvery == 0 {
			s.flip(s.made / flipEvery % flippedAPIs)
			continue
		}
		others := s.slices[flippedAPIs*servicesOfEach:]
		slice := others[s.made*7%len(others)] // which keeps others that are ready
		slice.Endpoints[podsOfEach-1].Conditions.Ready = ptr.To(!*slice.Endpoints[podsOfEach-1].Conditions.Ready)
		s.update(slice)
	}
}

// flip takes one of the Services of an API away, or brings it back.
func (s *slicesWatched) flip(api int) {
	s.t.Helper()
	slice, name := s.slices[api*servicesOfEach], fmt.Sprintf("api-%d", api)
	up := !*slice.Endpoints[0].Conditions.Ready
	for i := range slice.Endpoints {
		slice.Endpoints[i].Conditions.Ready = ptr.To(up)
	}
	f := flip{state: v1alpha1.AvailabilityDown, at: time.Now()}
	if up {
		f.state = v1alpha1.AvailabilityUp
	}
	s.mu.Lock()
	s.flipped[name] = f
	s.mu.Unlock()
	s.update(slice)
}

func (s *slicesWatched) update(slice *discoveryv1.EndpointSlice) {
	s.t.Helper()
	s.Expect(s.fast.Update(s.ctx, slice)).To(Succeed())
}

// settled waits until the statuses say all that was done.
func (s *slicesWatched) settled() {
	s.t.Helper()
	s.Eventually(func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		open := 0
		for _, f := range s.flipped {
			if !f.done {
				open++
			}
		}
		return open
	}).Should(BeZero())
}

// cpuTime is what the process has used of processors so far. Zero: the system does not tell.
func (p *managerProcess) cpuTime() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}
