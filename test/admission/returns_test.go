//go:build unix

package admission

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	controllergate "forewarn.dev/forewarn/internal/gate"
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
