//go:build unix

package admission

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	controllergate "forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/test/controlplane"
)

// ran are the images of an API that may come back.
func (g *gate) ran(api string, images ...string) *gate {
	return g.line("ran", api, strings.Join(images, " "))
}

// sidecar runs beside what serves.
func sidecar(d *appsv1.Deployment) {
	d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Name: "proxy", Image: "shop/proxy:1"})
	d.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "init", Image: "shop/init:1"}}
}

func container(i int, change func(*corev1.Container)) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) { change(&t.Spec.Containers[i]) }
}

func containerImage(i int, name string) func(*corev1.PodTemplateSpec) {
	return container(i, func(c *corev1.Container) { c.Image = name })
}

func ofPod(change func(*corev1.PodSpec)) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) { change(&t.Spec) }
}

// back are changes of a workload of three containers, whose images all ran, and whether what ran comes back by each.
var back = map[string]struct {
	change func(*appsv1.Deployment)
	is     bool
}{
	"an image":                                {ofTemplate(image("shop/orders:0")), true},
	"an image, and its environment":           {ofTemplate(image("shop/orders:0"), setEnv), true},
	"an image, and its command and probe":     {ofTemplate(image("shop/orders:0"), container(0, func(c *corev1.Container) { c.Command, c.ReadinessProbe = []string{"serve"}, probe() })), true},
	"all images":                              {ofTemplate(image("shop/orders:0"), containerImage(1, "shop/proxy:0"), ofPod(func(p *corev1.PodSpec) { p.InitContainers[0].Image = "shop/init:0" })), true},
	"an image, and a restart":                 {ofTemplate(image("shop/orders:0"), annotated("restarted", "now")), true},
	"an image, and what it mounts":            {ofTemplate(image("shop/orders:0"), ofPod(mounting)), true},
	"an image, and whence it is pulled":       {ofTemplate(image("shop/orders:0"), ofPod(func(p *corev1.PodSpec) { p.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "old"}} })), true},
	"an image, and the label that says which": {ofTemplate(image("shop/orders:0"), labelIs("version", "0")), true},
	"of an init container": {ofTemplate(ofPod(func(p *corev1.PodSpec) {
		p.InitContainers[0].Image, p.InitContainers[0].Args = "shop/init:0", []string{"-v"}
	})), true},
	"an environment":                          {ofTemplate(setEnv), false},
	"of the sidecar, and another command":     {ofTemplate(containerImage(1, "shop/proxy:0"), container(0, func(c *corev1.Container) { c.Command = []string{"serve"} })), false},
	"of an init container, and another probe": {ofTemplate(ofPod(func(p *corev1.PodSpec) { p.InitContainers[0].Image = "shop/init:0" }), container(0, func(c *corev1.Container) { c.ReadinessProbe = probe() })), false},
	"an image, and a command of the sidecar":  {ofTemplate(image("shop/orders:0"), container(1, func(c *corev1.Container) { c.Command = []string{"serve"} })), false},
	"an image, and without the sidecar":       {ofTemplate(image("shop/orders:0"), ofPod(func(p *corev1.PodSpec) { p.Containers = p.Containers[:1] })), false},
	"an image, and one container more": {ofTemplate(image("shop/orders:0"), ofPod(func(p *corev1.PodSpec) {
		p.Containers = append(p.Containers, corev1.Container{Name: "more", Image: "shop/proxy:0"})
	})), false},
	"an image under another name":             {ofTemplate(container(0, func(c *corev1.Container) { c.Name, c.Image = "other", "shop/orders:0" })), false},
	"images that change places":               {ofTemplate(containerImage(0, "shop/proxy:1"), containerImage(1, "shop/orders:1")), false},
	"an image, and one label more":            {ofTemplate(image("shop/orders:0"), labelIs("more", "0")), false},
	"an image, and one label less":            {ofTemplate(image("shop/orders:0"), func(t *corev1.PodTemplateSpec) { delete(t.Labels, "version") }), false},
	"an image, and other nodes":               {ofTemplate(image("shop/orders:0"), ofPod(func(p *corev1.PodSpec) { p.NodeSelector = map[string]string{"nowhere": "true"} })), false},
	"an image, and another account":           {ofTemplate(image("shop/orders:0"), ofPod(func(p *corev1.PodSpec) { p.ServiceAccountName = "other" })), false},
	"an image, and no host network any more":  {ofTemplate(image("shop/orders:0"), ofPod(func(p *corev1.PodSpec) { p.HostNetwork = false })), false},
	"an image that never ran":                 {ofTemplate(image("shop/orders:2")), false},
	"an image that ran, and one that did not": {ofTemplate(image("shop/orders:0"), containerImage(1, "shop/proxy:2")), false},
}

func labelIs(key, value string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) { t.Labels[key] = value }
}

func probe() *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}}}
}

func mounting(p *corev1.PodSpec) {
	p.Volumes = []corev1.Volume{{Name: "old"}}
	p.Volumes[0].ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "orders-5d9c7b6f4"}}
	p.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "old", MountPath: "/etc/orders"}}
}

// returning serves by three containers.
func returning(name string) *appsv1.Deployment {
	d := scalable(name)["deployments"].(*appsv1.Deployment)
	sidecar(d)
	d.Spec.Template.Labels["version"] = "1"
	d.Spec.Template.Spec.HostNetwork = true
	return d
}

var ranOnce = []string{"shop/orders:0", "shop/orders:1", "shop/proxy:0", "shop/proxy:1", "shop/init:0", "shop/init:1"}

// R11 and no more than that: a budget that is spent, and a full stop outside of a planned downtime, let pass what ran, by one
// notion of it.
func TestReturns(t *testing.T) {
	t.Parallel()
	spent, stopped := returning("spent"), returning("orders")
	recreate(stopped)
	s := newSpace(t)
	s.create(spent, stopped)
	s.eventuallyReady(stopped, 2)
	s.govern(map[string]*gate{"deny": keeping("deployments/orders").
		spent("orders/deployments/spent", "orders-slo", tooLong, ranOnce...)})
	stops := noDowntime("the strategy Recreate stops all pods of deployments/orders before others are ready")
	for name, c := range back {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			wantSpent, wantStopped := tooLong, stops
			if c.is {
				wantSpent, wantStopped = "", ""
			}
			s.judged(s.try(spent, c.change), rollouts, wantSpent)
			s.judged(s.try(stopped, c.change), outages, wantStopped)
			change := s.changed(stopped, c.change)
			if brings, returns := change.Brings(ranOnce), change.Returns(nil, [][]string{ranOnce}, time.Now()); brings != c.is || returns != c.is {
				t.Errorf("the command line says %t of a budget, and %t of a stop", brings, returns)
			}
		})
	}
}

// changed is what the command line is asked about a change.
func (s *space) changed(d *appsv1.Deployment, change func(*appsv1.Deployment)) controllergate.WorkloadChange {
	s.Helper()
	s.must(s.tenant.Get(s.Context(), client.ObjectKeyFromObject(d), d))
	after := d.DeepCopy()
	change(after)
	return controllergate.WorkloadChange{Resource: "deployments", Name: d.Name, Before: plain(d), After: plain(after)}
}

// What stops several APIs has to have run for each of them, and where the gate says nothing of it, nothing did (A5).
func TestA5ReturnsOfSeveralAPIs(t *testing.T) {
	t.Parallel()
	both, one := returning("both"), returning("one")
	recreate(both)
	recreate(one)
	s := newSpace(t)
	s.create(both, one)
	s.eventuallyReady(both, 2)
	s.eventuallyReady(one, 2)
	deny := keeping("deployments/both", "deployments/one").keep("cart", held, "deployments/both").outage("cart", nextWindow).ran("orders", ranOnce...)
	s.govern(map[string]*gate{"deny": deny})
	stops := func(api string) string {
		return strings.Replace(noDowntime("the strategy Recreate stops all pods of deployments/both before others are ready"), "orders", api, 1)
	}
	undo := ofTemplate(image("shop/orders:0"))
	s.judged(s.try(one, undo), outages, "")
	s.refused(s.try(both, undo), outages, stops("orders")+"; "+stops("cart"))
	deny.ran("cart", "shop/orders:0", "shop/proxy:1", "shop/init:1")
	s.rewrite("deny")
	s.judged(s.try(both, undo), outages, "")
	deny.blanked("ran")
	s.rewrite("deny")
	s.refused(s.try(both, undo), outages, stops("orders")+"; "+stops("cart"))
}

// R11: what was rolled out in a planned downtime is undone after it, as people undo it.
func TestUndoOfAFullStop(t *testing.T) {
	t.Parallel()
	d := returning("orders")
	recreate(d)
	s := newSpace(t)
	s.create(d)
	s.rolledOut("deployment/orders")
	s.must(s.change(s.tenant, d, ofTemplate(image("shop/orders:2"), setEnv)))
	s.rolledOut("deployment/orders")
	s.govern(map[string]*gate{"deny": keeping("deployments/orders").ran("orders", append(ranOnce, "shop/orders:2")...).set("budgets", "1")})
	s.refused(asStatus(s.kubectl("set", "env", "deployment/orders", "LEVEL=info")), outages,
		noDowntime("the strategy Recreate stops all pods of deployments/orders before others are ready"))
	s.must(s.kubectl("rollout", "undo", "deployment/orders"))
	s.rolledOut("deployment/orders")
	s.must(s.kubectl("rollout", "undo", "deployment/orders")) // and forth: both ran
}

// The same while a budget is spent, with a rolling update.
func TestSpentUndo(t *testing.T) {
	t.Parallel()
	d := returning("orders")
	s := newSpace(t)
	s.create(d)
	s.rolledOut("deployment/orders")
	s.must(s.change(s.tenant, d, ofTemplate(image("shop/orders:0"), setEnv)))
	s.rolledOut("deployment/orders")
	s.must(s.change(s.tenant, d, ofTemplate(image("shop/orders:1"))))
	s.rolledOut("deployment/orders")
	s.govern(map[string]*gate{"deny": shop().spent("orders", "orders-slo", outOf, ranOnce...)})
	s.must(s.kubectl("rollout", "undo", "deployment/orders", "--to-revision=2"))
	s.rolledOut("deployment/orders")
	s.must(s.kubectl("rollout", "undo", "deployment/orders", "--to-revision=1"))
	s.rolledOut("deployment/orders")
	s.refused(asStatus(s.kubectl("set", "env", "deployment/orders", "-c=main", "LEVEL=info")), rollouts, outOf)
}

// rollingOut creates a workload, waits until it is ready, and rolls out what does not get ready.
func (s *space) rollingOut(object client.Object, n int64) {
	s.Helper()
	s.create(object)
	s.eventuallyReady(object, n)
	s.must(s.tenant.Patch(s.Context(), object, merge(s, map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{controlplane.UnreadyAnnotation: "true"}},
	}}})))
	fresh := s.unstructured(object)
	NewWithT(s).Eventually(func(g Gomega) {
		g.Expect(s.admin.Get(s.Context(), client.ObjectKeyFromObject(object), fresh)).To(Succeed())
		updated, _, _ := unstructured.NestedInt64(fresh.Object, "status", "updatedReplicas")
		g.Expect(updated).To(BeNumerically(">", 0))
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}

// unstructured is an empty object of the same kind.
func (s *space) unstructured(object client.Object) *unstructured.Unstructured {
	s.Helper()
	gvk, err := s.admin.GroupVersionKindFor(object)
	s.must(err)
	fresh := &unstructured.Unstructured{}
	fresh.SetGroupVersionKind(gvk)
	fresh.SetNamespace(s.name)
	fresh.SetName(object.GetName())
	return fresh
}

// scaledTo says what is answered to a number of replicas, as a dry run.
func (s *space) scaledTo(object client.Object, n int32) error {
	return s.tenant.Patch(s.Context(), s.unstructured(object), merge(s, map[string]any{"spec": map[string]any{"replicas": n}}), client.DryRunAll)
}

// stopsWith is what is said of so many replicas, when a rollout is under way that may stop so many.
func stopsWith(n, floor int32, of string) string {
	replicas := "replicas"
	if n == 1 {
		replicas = "replica"
	}
	return noDowntime(fmt.Sprintf("with %d %s the rollout that is under way stops all pods of %s before others are ready "+
		"(until it is done or undone, keep %d)", n, replicas, of, floor+1))
}

// R15: while nothing new gets ready, the old pods are not taken by wanting as few as may be down at once; to the pod.
func TestScalingDownARollout(t *testing.T) {
	t.Parallel()
	number, share := intstr.FromInt32, intstr.FromString
	of := func(most, surge intstr.IntOrString) strategy { return strategy{Pods: 4, Most: most, Surge: &surge} }
	for name, c := range map[string]struct {
		strategy
		floor int32 // with how many it stops
	}{
		"two of four":                         {of(number(2), number(1)), 2},
		"one of four":                         {of(number(1), number(1)), 1},
		"the usual":                           {of(share("25%"), share("25%")), 0},
		"half of four":                        {of(share("50%"), number(1)), 0},
		"none of four":                        {of(number(0), number(1)), 0},
		"a quarter of four, and no more":      {of(share("25%"), number(0)), 1},
		"three quarters of four, and 0% more": {of(share("75%"), share("0%")), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSpace(t)
			d, idle := c.deployment("orders"), c.deployment("idle")
			s.create(idle)
			s.rollingOut(d, 4)
			s.eventuallyReady(idle, 4)
			s.govern(map[string]*gate{"deny": keeping("deployments/orders", "deployments/idle")})
			for _, n := range []int32{1, 2, 3, 5} {
				want := ""
				if n <= c.floor {
					want = stopsWith(n, c.floor, "deployments/orders")
				}
				s.judged(s.scaledTo(d, n), outages, want)
				change := s.changed(d, replicas(n))
				before, after := &unstructured.Unstructured{Object: change.Before}, &unstructured.Unstructured{Object: change.After}
				if got := said("deployments", before, after); got != want {
					t.Errorf("with %d the command line says %q", n, got)
				}
				s.judged(s.scaledTo(idle, n), outages, "") // an autoscaler, for all we know
			}
			s.must(s.kubectl("rollout", "undo", "deployment/orders"))
			s.rolledOut("deployment/orders")
			s.judged(s.scaledTo(d, 1), outages, "")
		})
	}
}

// What goes with it does not hide it; what is held back takes no pods, and is judged when it is let go.
func TestScalingDownARolloutAtOnceWithMore(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	surge := intstr.FromInt32(1)
	d := strategy{Pods: 4, Most: intstr.FromInt32(2), Surge: &surge}.deployment("orders")
	s.rollingOut(d, 4)
	s.govern(map[string]*gate{"deny": keeping("deployments/orders").ran("orders", "shop/orders:0", "shop/orders:1")})
	stops := noDowntime("maxUnavailable 2 of 2 stops all pods of deployments/orders before others are ready")
	under := stopsWith(2, 2, "deployments/orders")
	s.refused(s.try(d, all(replicas(2), imageIs("shop/orders:2"))), outages, stops)
	s.refused(s.try(d, all(replicas(2), ofTemplate(annotated("restarted", "now")))), outages, under)
	s.judged(s.try(d, all(replicas(2), imageIs("shop/orders:0"))), outages, "") // R11
	s.judged(s.try(d, all(replicas(2), paused(true))), outages, "")
	s.must(s.change(s.tenant, d, all(replicas(2), paused(true))))
	s.refused(s.try(d, paused(false)), outages, stops)
	s.opens()
	s.judged(s.try(d, paused(false)), outages, "")
}

// The same of StatefulSets, which are rolled out from the last to the first, and of Argo Rollouts.
func TestScalingDownOtherRollouts(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	two := int32(2)
	set := scalable("set")["statefulsets"].(*appsv1.StatefulSet)
	four, most := int32(4), intstr.FromInt32(two)
	set.Spec.Replicas, set.Spec.PodManagementPolicy = &four, appsv1.ParallelPodManagement
	set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType,
		RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: &most}}
	single := scalable("single")["statefulsets"].(*appsv1.StatefulSet)
	s.rollingOut(set, 4)
	s.rollingOut(single, 2)
	canary := scalable("canary")["rollouts"].(*unstructured.Unstructured)
	put(int64(4), "spec", "replicas")(canary)
	put(map[string]any{"canary": map[string]any{"maxUnavailable": int64(2)}}, "spec", "strategy")(canary)
	s.create(canary)
	status := func(updated int64) {
		put(map[string]any{"replicas": int64(4), "readyReplicas": int64(4), "updatedReplicas": updated,
			"observedGeneration": fmt.Sprint(canary.GetGeneration())}, "status")(canary)
		s.must(s.admin.Status().Update(t.Context(), canary))
	}
	status(1)
	s.govern(map[string]*gate{"deny": keeping("statefulsets/set", "statefulsets/single", "rollouts/canary")})
	for _, n := range []int32{1, 2} {
		s.refused(s.scaledTo(set, n), outages, stopsWith(n, 2, "statefulsets/set"))
		s.refused(s.scaledTo(canary, n), outages, stopsWith(n, 2, "rollouts/canary"))
	}
	s.judged(s.scaledTo(set, 3), outages, "")
	s.judged(s.scaledTo(canary, 3), outages, "")
	s.judged(s.scaledTo(single, 1), outages, "") // one pod at a time is the least that can be said
	status(4)
	s.judged(s.scaledTo(canary, 2), outages, "")
}

// Where a rollout is under way, the gate says to a scale what it comes to.
func TestScalingDownARolloutByScale(t *testing.T) {
	t.Parallel()
	for resource := range scalable("orders") {
		if resource == "replicasets" || resource == "replicationcontrollers" { // which roll nothing out
			continue
		}
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			s := newSpace(t)
			kept, other := scalable("orders")[resource], scalable("other")[resource]
			s.create(kept, other)
			scale := func(object client.Object, from, to int32) error {
				s.must(s.tenant.Patch(t.Context(), s.unstructured(object), merge(t, map[string]any{"spec": map[string]any{"replicas": from}})))
				body := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: object.GetName()}, Spec: autoscalingv1.ScaleSpec{Replicas: to}}
				return s.tenant.SubResource("scale").Update(t.Context(), s.unstructured(object), client.WithSubResourceBody(body), &client.SubResourceUpdateOptions{
					UpdateOptions: client.UpdateOptions{DryRun: []string{metav1.DryRunAll}}, SubResourceBody: body})
			}
			s.govern(map[string]*gate{"deny": keeping(resource+"/orders").outage(resource+"/orders", "5").outage(resource+"/other", "5")})
			s.refused(scale(kept, 9, 5), outages, stopsWith(5, 5, resource+"/orders"))
			s.refused(scale(kept, 9, 1), outages, stopsWith(1, 5, resource+"/orders"))
			s.refused(scale(kept, 9, 0), outages, noDowntime(resource+"/orders would have no replicas"))
			s.judged(scale(kept, 9, 6), outages, "")
			s.judged(scale(kept, 3, 5), outages, "")
			s.judged(scale(kept, 5, 3), outages, "") // it had stopped before
			s.judged(scale(other, 9, 1), outages, "")
			for name, value := range map[string]string{"nothing": "", "no number": "-5", "a text": "none is planned"} {
				s.gates["deny"].outage(resource+"/orders", value)
				s.rewrite("deny")
				if err := scale(kept, 9, 1); err != nil {
					t.Errorf("where the gate says %s: %v", name, err)
				}
			}
			delete(s.gates["deny"].tables["outage"], resource+"/orders")
			s.rewrite("deny")
			s.judged(scale(kept, 9, 1), outages, "") // an autoscaler
			s.gates["deny"].outage(resource+"/orders", "5")
			s.opens()
			s.judged(scale(kept, 9, 5), outages, "")
		})
	}
}
