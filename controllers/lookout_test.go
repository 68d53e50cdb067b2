package controllers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// world is what happens in a cluster, second by second from dawn on.
type world struct {
	t       *testing.T
	now     time.Duration
	version int
	slices  map[string]*discoveryv1.EndpointSlice
	pods    podList
	budget  *v1alpha1.DowntimeBudget
	log     downtime.Log
	looking *lookout
}

type podList map[string]*corev1.Pod

func (p podList) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	pod, ok := p[key.Name]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	pod.DeepCopyInto(object.(*corev1.Pod))
	return nil
}

func (p podList) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

func meta(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "shop", Name: name} }

// newWorld has the API orders, with pods a and b that are ready, and somebody who looks and leads.
func newWorld(t *testing.T, change ...func(*v1alpha1.DowntimeBudget)) *world {
	w := &world{t: t, slices: map[string]*discoveryv1.EndpointSlice{}, pods: podList{}}
	w.budget = &v1alpha1.DowntimeBudget{ObjectMeta: meta("slo")}
	w.budget.Spec.APIRef.Name = "orders"
	for _, f := range change {
		f(w.budget)
	}
	w.ready("a", "b")
	w.looking = w.start()
	w.lead(w.looking, &lookoutStamp{})
	return w
}

// start begins to look at all there is, at some pods first, and has a clock ten seconds later.
func (w *world) start(first ...*corev1.Pod) *lookout {
	line := &lookoutLine{}
	began := w.now
	line.gone = func() time.Duration { return w.now - began + time.Millisecond }
	line.pods = &lookoutLine{gone: line.gone}
	line.pods.hear(true)
	l := newLookout(nil, line)
	l.pods = w.pods
	line.hear(true)
	for _, pod := range first {
		l.seePod(pod)
	}
	for _, slice := range w.slices {
		l.seeSlice(slice)
	}
	service := &corev1.Service{ObjectMeta: meta("orders")}
	service.Spec.Selector = map[string]string{"app": "orders"}
	l.seeService(service)
	api := &v1alpha1.CustomerAPI{ObjectMeta: meta("orders")}
	api.Spec.CarriedBy.Services = []string{"orders"}
	l.seeAPI(api)
	l.seeBudget(w.budget)
	l.seeDeployment(w.deployment(2, false))
	l.begin()
	w.beat(l)
	w.now += 10 * time.Second
	w.beat(l)
	return l
}

// beat renews the Lease of the API server.
func (w *world) beat(l *lookout) {
	lease := &coordinationv1.Lease{ObjectMeta: meta("apiserver")}
	lease.Spec.RenewTime = ptr.To(metav1.NewMicroTime(dawn.Add(w.now)))
	l.seeLease(lease)
}

func (w *world) lead(l *lookout, stamp *lookoutStamp) {
	w.looking = l
	l.takeOver(stamp)
}

// pass lets time go by while the API server is heard.
func (w *world) pass(seconds int) {
	for range seconds {
		w.now += time.Second
		w.looking.line.hear(true)
	}
}

func (w *world) deployment(replicas int32, rollsOut bool) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: meta("orders")}
	d.Spec.Replicas, d.Spec.Template.Labels = &replicas, map[string]string{"app": "orders"}
	reason := "NewReplicaSetAvailable"
	if rollsOut {
		reason = "ReplicaSetUpdated"
	}
	d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: reason}}
	return d
}

// image is the Deployment with another image. It says that its last rollout is complete, as after a conflict.
func (w *world) image(image string, there bool) *appsv1.Deployment {
	d := w.deployment(2, false)
	d.Generation, d.Spec.Template.Spec.Containers = 2, []corev1.Container{{Image: image}}
	if there {
		d.Status.ObservedGeneration, d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.AvailableReplicas = 2, 2, 2, 2
	}
	return d
}

// slice is an EndpointSlice of the Service, of pods that are ready since now.
func (w *world) slice(name string, pods ...string) *discoveryv1.EndpointSlice {
	w.version++
	slice := &discoveryv1.EndpointSlice{ObjectMeta: meta(name)}
	slice.ResourceVersion = strconv.Itoa(w.version)
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: "orders", discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io"}
	for _, pod := range pods {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{TargetRef: &corev1.ObjectReference{Name: pod, UID: types.UID("uid-" + pod)}})
		if w.pods[pod] == nil {
			made := &corev1.Pod{ObjectMeta: meta(pod)}
			made.UID, made.Labels = types.UID("uid-"+pod), map[string]string{"app": "orders"}
			made.Spec.Containers = []corev1.Container{{Image: "orders:" + pod}}
			made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(dawn.Add(w.now))}}
			w.pods[pod] = made
		}
	}
	w.slices[name] = slice
	return slice
}

// ready says which pods are ready from now on, to whoever looks.
func (w *world) ready(pods ...string) {
	for name := range w.pods {
		delete(w.pods, name)
	}
	slice := w.slice("orders-1", pods...)
	if w.looking != nil {
		w.looking.seeSlice(slice)
	}
}

// told brings the log of the budget up to date, as its reconciler does.
func (w *world) told() []string {
	w.t.Helper()
	w.now += 10 * time.Microsecond // nobody is told in no time
	s, ok, err := w.looking.seen(w.t.Context(), w.budget, w.log)
	if err != nil || !ok {
		w.t.Fatalf("seen: %v, %v", ok, err)
	}
	w.log = downtime.Record(w.log, s, nil)
	w.budget.Status.Rollouts, w.budget.Status.Images, w.budget.Status.EndpointsDigest = s.Rollouts, s.Images, s.Digest
	w.budget.Status.ExpectedReady = s.Expected
	w.looking.recorded(keyOf(w.budget), w.log.Until)
	var told []string
	for _, i := range w.log.Intervals {
		end := "now"
		if i.EndTime != nil {
			end = i.EndTime.Sub(dawn).Round(time.Millisecond).String()
		}
		told = append(told, fmt.Sprintf("%s %s %s-%s", i.State, i.Cause, i.StartTime.Sub(dawn).Round(time.Millisecond), end))
	}
	return told
}

func (w *world) expect(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.told()); diff != "" {
		w.t.Error(diff)
	}
}

func TestLookoutSeesWhenAnAPIGoesDown(t *testing.T) {
	w := newWorld(t)
	w.expect()
	w.pass(5)
	w.ready()
	w.expect("Down Unknown 15s-now")
	w.pass(7)
	w.ready("c")
	w.expect("Down Unknown 15s-22s")
	w.pass(1)
	w.expect("Down Unknown 15s-22s")
}

func TestLookoutKeepsWhatNobodyAskedFor(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.pass(5)
		w.ready()
		w.pass(1)
		w.ready("c")
	}
	w.expect("Down Unknown 15s-16s", "Down Unknown 21s-22s", "Down Unknown 27s-28s")
}

func TestLookoutForgetsMoreThanItKeeps(t *testing.T) {
	w := newWorld(t)
	w.expect()
	for range maxSights/2 + 1 {
		w.pass(1)
		w.ready()
		w.pass(1)
		w.ready("c")
	}
	told := w.told()
	if want := []string{"Unobserved NotWatching 10s-13s", "Down Unknown 13s-14s"}; !slices.Equal(told[:2], want) {
		t.Errorf("it begins with %s, want %s", told[:2], want)
	}
}

func TestLookoutCountsAPodOnce(t *testing.T) {
	w := newWorld(t, func(b *v1alpha1.DowntimeBudget) { b.Spec.MinReady = 2 })
	w.looking.seeSlice(w.slice("orders-v6", "a", "b"))
	w.expect()
	w.pass(5)
	w.looking.seeSlice(w.slice("orders-1", "a")) // b is still ready by its other address
	w.expect()
	w.looking.seeSlice(w.slice("orders-v6", "a"))
	w.expect("Degraded Unknown 15s-now")
	w.pass(5)
	w.looking.loseSlice(w.slices["orders-v6"])
	w.looking.loseSlice(w.slices["orders-1"])
	w.expect("Degraded Unknown 15s-20s", "Down Unknown 20s-now")
}

func TestLookoutDoesNotCountWhatSomebodyElseWrites(t *testing.T) {
	w := newWorld(t)
	w.pass(5)
	foreign := w.slice("mine", "z")
	foreign.Labels[discoveryv1.LabelManagedBy] = "me"
	w.looking.seeSlice(foreign)
	w.ready()
	w.expect("Down Unknown 15s-now")
	s, _, _ := w.looking.seen(t.Context(), w.budget, w.log)
	if s.Problem == nil || s.Problem.Reason != v1alpha1.ReasonForeignEndpoints {
		t.Errorf("problem: %v", s.Problem)
	}
	foreign.Labels[discoveryv1.LabelServiceName] = "other"
	w.looking.seeSlice(foreign)
	if s, _, _ := w.looking.seen(t.Context(), w.budget, w.log); s.Problem != nil {
		t.Errorf("problem: %v", s.Problem)
	}
	w.looking.loseService(&corev1.Service{ObjectMeta: meta("orders")})
	if s, _, _ := w.looking.seen(t.Context(), w.budget, w.log); s.Problem == nil || s.Problem.Reason != v1alpha1.ReasonForeignEndpoints {
		t.Errorf("without a selector: %v", s.Problem)
	}
}

func TestLookoutBeginsWithTheFirstThatIsReady(t *testing.T) {
	w := newWorld(t)
	other := &v1alpha1.CustomerAPI{ObjectMeta: meta("orders")}
	other.Spec.CarriedBy.Services = []string{"never"}
	w.looking.seeAPI(other)
	w.looking = w.startWith(other)
	w.lead(w.looking, &lookoutStamp{})
	s, _, _ := w.looking.seen(t.Context(), w.budget, w.log)
	if len(s.Sights) > 0 || s.Problem == nil || s.Problem.Reason != v1alpha1.ReasonNeverReady {
		t.Errorf("sights %v, problem %v", s.Sights, s.Problem)
	}
}

// startWith is start, of an API that something else carries.
func (w *world) startWith(api *v1alpha1.CustomerAPI) *lookout {
	l := w.start()
	fresh := newLookout(nil, l.line)
	fresh.pods, fresh.clock = w.pods, l.clock
	fresh.seeAPI(api)
	fresh.seeBudget(w.budget)
	fresh.begin()
	return fresh
}
