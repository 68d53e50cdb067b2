//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/controllers"
	"forewarn.dev/forewarn/test/controlplane"
)

// steppedClock is a clock of the machine that is put right, again and again.
type steppedClock struct {
	clock.RealClock
	ahead atomic.Int64
}

func (c *steppedClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// The APIs of the story, by what happens to them.
const lost, recreated, drained, bad = "lost", "recreated", "drained", "bad"

var measuredAPIs = []string{lost, recreated, drained, bad}

// What happens to the pods of an API is in the status of its budget within a second of what the EndpointSlices said,
// whatever becomes of the manager, of the API server and of the clock meanwhile. One story, since starting things takes
// longest: a node is given up for lost a minute after it went, and the other outages pass meanwhile.
func TestDowntimeIsMeasured(t *testing.T) {
	_, err := managerBinary() // which takes long, and nobody would look meanwhile
	e := newEnv(t)
	e.Expect(err).NotTo(HaveOccurred())
	e.stop()
	node := e.node("node-lost")
	w := e.witness()
	e.measured(lost, node)
	for _, name := range []string{recreated, drained, bad} {
		e.measured(name, nil)
	}
	own := &steppedClock{}
	e.clock = own
	e.startManager(0)
	for _, name := range measuredAPIs {
		w.stateOf(name, v1alpha1.AvailabilityUp)
	}
	w.lose(node)
	w.whileTheClockJumps(own)
	first := e.watching()
	e.stop()
	w.lostNode(w.takenOver(first))
	w.apiServerGone()
}

// lose takes a node away. Its pods are given up a minute later; their endpoints go as soon as anybody looks.
func (w *witness) lose(node *corev1.Node) {
	w.t.Helper()
	for _, pod := range w.podsOf(lost) {
		w.Expect(pod.Spec.NodeName).To(Equal(node.Name))
	}
	w.Expect(w.admin.Delete(w.ctx, node)).To(Succeed())
	w.Eventually(func(g Gomega) {
		w.touchSlices(lost)
		g.Expect(w.ready(lost)).To(BeZero())
	}).Should(Succeed())
	w.isDown(lost)
}

// whileTheClockJumps has a rollout that takes all down, a drain, and an image that never becomes ready.
func (w *witness) whileTheClockJumps(own *steppedClock) {
	w.t.Helper()
	w.roll(recreated, recreated+":2", false)
	for _, pod := range w.podsOf(drained) {
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: pod.Name}}
		w.Expect(w.admin.SubResource("eviction").Create(w.ctx, &pod, eviction)).To(Succeed())
	}
	w.roll(bad, bad+":2", true)
	w.isDown(bad)
	own.ahead.Store(int64(time.Hour))
	w.isUp(recreated, drained)
	own.ahead.Store(int64(-time.Hour))
	w.roll(bad, bad+":3", false)
	w.isUp(bad)
	own.ahead.Store(0)
	w.agrees(recreated, v1alpha1.CauseRollout)
	w.agrees(drained, v1alpha1.CauseDrain)
	w.agrees(bad, v1alpha1.CauseRollout)
	w.history(bad)
}

// takenOver kills the leader in the middle of an outage. Somebody who looked all along takes over.
func (w *witness) takenOver(first *managerProcess) *managerProcess {
	w.t.Helper()
	w.leads(first)
	standby := w.watching()
	w.roll(recreated, recreated+":3", true)
	w.isDown(recreated)
	w.explained(v1alpha1.CauseRollout, recreated)
	w.killed(first)
	w.roll(recreated, recreated+":4", false)
	w.leads(standby)
	w.isUp(recreated)
	w.agrees(recreated, v1alpha1.CauseRollout, v1alpha1.CauseRollout)
	return standby
}

// lostNode waits until the node is given up, and then kills whoever leads while two APIs are down. One of them is up
// again when somebody looks, the other is not.
func (w *witness) lostNode(leader *managerProcess) {
	w.t.Helper()
	w.SetDefaultEventuallyTimeout(2 * time.Minute)
	w.isUp(lost)
	w.SetDefaultEventuallyTimeout(patience)
	w.agrees(lost, v1alpha1.CauseNodeLost)
	for _, name := range measuredAPIs {
		w.Expect(w.unobserved(name)).To(BeEmpty(), name)
	}
	began := time.Now()
	w.Eventually(func() bool { return w.stampedSince(began) }).Should(BeTrue())

	w.roll(recreated, recreated+":5", true)
	w.roll(bad, bad+":4", true)
	w.isDown(recreated, bad)
	w.explained(v1alpha1.CauseRollout, recreated, bad)
	w.killed(leader)
	killed := time.Now()
	w.touchSlices(drained)
	w.roll(bad, bad+":5", false)
	w.Eventually(func() bool { saw := w.saw(bad); return !saw[len(saw)-1].end.IsZero() }).Should(BeTrue())
	w.Eventually(func() bool { return time.Since(w.readySince(bad)) > time.Second }).Should(BeTrue()) // which is kept in whole seconds
	again := time.Now()
	w.leads(w.process(nil))
	w.isUp(bad)
	w.roll(recreated, recreated+":6", false)
	w.isUp(recreated)
	w.agrees(bad, v1alpha1.CauseRollout, v1alpha1.CauseRollout)
	w.agrees(recreated, v1alpha1.CauseRollout, v1alpha1.CauseRollout, v1alpha1.CauseRollout)
	for _, name := range []string{recreated, lost} {
		w.Expect(w.unobserved(name)).To(BeEmpty(), name)
	}
	saw := w.saw(bad)
	w.unobservedBetween(bad, saw[len(saw)-1].end.Add(-time.Second), saw[len(saw)-1].end.Add(time.Second), again)
	w.unobservedBetween(drained, began, killed, again) // it was ready before and after, and something happened meanwhile
}

// apiServerGone restarts the API server in the middle of an outage, and with it whoever leads, if it takes long.
func (w *witness) apiServerGone() {
	w.t.Helper()
	w.watching() // which waits for as long as it takes
	w.roll(drained, drained+":2", true)
	w.isDown(drained)
	w.explained(v1alpha1.CauseRollout, drained)
	w.Expect(cluster.StopAPIServer(w.ctx)).To(Succeed())
	w.Expect(cluster.StartAPIServer(w.ctx)).To(Succeed())
	w.watch() // again: what was there before takes its time to come back
	before := len(w.saw(recreated))
	w.Eventually(func() error { return w.rollError(recreated, recreated+":7", false) }).Should(Succeed())
	w.Eventually(func() int { return len(w.saw(recreated)) }).Should(Equal(before + 1))
	w.isUp(recreated) // so that all controllers are back
	w.roll(drained, drained+":3", false)
	w.isUp(drained)
	w.agrees(drained, v1alpha1.CauseDrain, v1alpha1.CauseRollout)
	w.stateOf(lost, v1alpha1.AvailabilityUp)
	w.Expect(w.unobserved(lost)).To(BeEmpty()) // nothing happened to it, and that is known
}

// touchSlices changes the EndpointSlices of a Service, and nothing that they say.
func (e *env) touchSlices(name string) {
	e.t.Helper()
	service := &corev1.Service{}
	e.get(service, name)
	look := service.ResourceVersion
	patch := fmt.Sprintf(`{"metadata":{"labels":{"look":"%s"}}}`, look)
	e.Expect(e.admin.Patch(e.ctx, service, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
	e.Eventually(func(g Gomega) {
		var touched discoveryv1.EndpointSliceList
		g.Expect(e.admin.List(e.ctx, &touched, client.InNamespace(e.namespace),
			client.MatchingLabels{discoveryv1.LabelServiceName: name, "look": look})).To(Succeed())
		g.Expect(touched.Items).NotTo(BeEmpty())
	}).Should(Succeed())
}

// readySince is the moment since which the pods of an API say that they are ready.
func (e *env) readySince(name string) time.Time {
	e.t.Helper()
	var since time.Time
	for _, pod := range e.podsOf(name) {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				since = c.LastTransitionTime.Time
			}
		}
	}
	e.Expect(since).NotTo(BeZero(), name)
	return since
}

// measured declares an API with a budget, carried by one pod that a rollout takes away first, on a node if it is given one.
func (e *env) measured(name string, on *corev1.Node) {
	e.t.Helper()
	e.api(name)
	deployment := e.deployment(name, "", name+":1")
	deployment.Spec.Replicas = ptr.To[int32](1)
	deployment.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
	budget := &v1alpha1.DowntimeBudget{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	budget.Spec.APIRef.Name = v1alpha1.ObjectName(name)
	budget.Spec.AllowedMinutes = ptr.To[int32](43)
	e.create(budget)
	if on != nil {
		deployment.Spec.Template.Spec.Affinity = prefers(on.Name)
		deployment.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: onlyFor, Operator: corev1.TolerationOpExists}}
	}
	e.create(deployment)
}

// onlyFor taints a node of a test: where the others are fuller, the pods of everybody else would go there, and with it.
const onlyFor = "forewarn.test/only-for"

func prefers(node string) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
			Weight: 100, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
			}}},
		}},
	}}
}

// roll changes the template of a Deployment; the pods of one that is unready never become ready.
func (e *env) roll(name, image string, unready bool) {
	e.t.Helper()
	e.Expect(e.rollError(name, image, unready)).To(Succeed())
}

func (e *env) rollError(name, image string, unready bool) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{controlplane.UnreadyAnnotation: fmt.Sprint(unready)}},
		"spec":     map[string]any{"containers": []map[string]string{{"name": "app", "image": image}}},
	}}})
	if err != nil {
		return err
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	return e.admin.Patch(e.ctx, deployment, client.RawPatch(types.StrategicMergePatchType, patch))
}

func (e *env) podsOf(name string) []corev1.Pod {
	e.t.Helper()
	var pods corev1.PodList
	e.Expect(e.admin.List(e.ctx, &pods, client.InNamespace(e.namespace), client.MatchingLabels{"app": name})).To(Succeed())
	return pods.Items
}

// node adds one that kwok plays, for pods that prefer it and tolerate that.
func (e *env) node(name string) *corev1.Node {
	e.t.Helper()
	existing := &corev1.Node{}
	e.Expect(e.admin.Get(e.ctx, client.ObjectKey{Name: "node-0"}, existing)).To(Succeed())
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: existing.Labels, Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"}}}
	node.Labels[corev1.LabelHostname] = name
	node.Spec.Taints = []corev1.Taint{{Key: onlyFor, Value: name, Effect: corev1.TaintEffectNoSchedule}}
	node.Status.Allocatable, node.Status.Capacity = existing.Status.Allocatable, existing.Status.Capacity
	e.create(node)
	e.t.Cleanup(func() { _ = e.admin.Delete(e.ctx, node) })
	e.Eventually(func(g Gomega) {
		g.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(node), node)).To(Succeed())
		g.Expect(node.Spec.Taints).To(HaveExactElements(HaveField("Key", onlyFor))) // and none of those that the cluster begins with
		g.Expect(node.Status.Conditions).To(ContainElement(And(HaveField("Type", corev1.NodeReady), HaveField("Status", corev1.ConditionTrue))))
	}).Should(Succeed())
	return node
}

// history holds what is known of past rollouts and images against what happened.
func (w *witness) history(name string) {
	w.t.Helper()
	saw := w.saw(name)[0]
	w.Eventually(func(g Gomega) {
		status := w.measuredBy(name).Status
		g.Expect(status.Rollouts).NotTo(BeEmpty())
		last := status.Rollouts[len(status.Rollouts)-1]
		g.Expect(*last.DownSeconds).To(BeNumerically("~", saw.end.Sub(saw.start).Seconds(), 1.5))
		g.Expect(*last.Seconds).To(BeNumerically(">=", *last.DownSeconds))
		var images []string
		for _, image := range status.Images {
			images = append(images, fmt.Sprint(image.Image, " ", image.LastTime == nil))
		}
		g.Expect(images).To(Equal([]string{name + ":3 true", name + ":1 false"})) // :2 was never ready
	}).Should(Succeed())
}

// killed ends a manager that leads, and does not wait for its Lease to run out.
func (e *env) killed(p *managerProcess) {
	e.t.Helper()
	p.kill()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: ownNamespace, Name: controllers.LeaseName}}
	e.Expect(e.admin.Delete(e.ctx, lease)).To(Succeed())
}

// watching starts a manager that does not lead yet, and returns when it looks at everything.
func (e *env) watching() *managerProcess {
	e.t.Helper()
	looking := func() int {
		return strings.Count(e.logs.String(), "Looking at the APIs that have a budget")
	}
	before := looking()
	p := e.process(nil)
	e.Eventually(looking).Should(BeNumerically(">", before))
	return p
}

// stampedSince says that the Lease of the lookout was renewed since a moment.
func (e *env) stampedSince(at time.Time) bool {
	lease := &coordinationv1.Lease{}
	err := e.admin.Get(e.ctx, client.ObjectKey{Namespace: ownNamespace, Name: controllers.LookoutLeaseName}, lease)
	return err == nil && lease.Spec.RenewTime != nil && lease.Spec.RenewTime.After(at)
}
