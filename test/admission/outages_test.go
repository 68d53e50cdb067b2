//go:build unix

package admission

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	outages    = "forewarn-outages"
	nextWindow = "the next is planned from 2027-03-07T01:00:00Z until 2027-03-07T01:30:00Z (notice orders-moves)"
	tryThen    = "; to plan one, publish a ChangeNotice with downtimeMinutes; see: kubectl explain changenotice.spec.downtimeMinutes"
)

// noDowntime is what the gate of keeping refuses with.
func noDowntime(what string) string {
	return "orders: " + what + ", and customers were told of no downtime now (R15): " + nextWindow + tryThen
}

// keeping is a gate by which customers need these objects ("deployments/orders"), and no planned downtime is open.
func keeping(objects ...string) *gate {
	return shop().served("orders-0", "orders").keep("orders", held, objects...).outage("orders", nextWindow)
}

// opens opens a planned downtime: the API itself is still kept.
func (s *space) opens() {
	s.Helper()
	s.gates["deny"].without("keep").without("outage")
	s.gates["deny"].tables["keep"], s.gates["deny"].cut = nil, nil
	s.gates["deny"].keep("orders", held, "customerapis/orders")
	s.rewrite("deny")
}

// scalable is one of each kind that can be left without replicas, with two of them.
func scalable(name string) map[string]client.Object {
	two := int32(2)
	d := deployment("", name, "orders-1", "app", "orders")
	d.Spec.Replicas = &two
	pod := d.Spec.Template
	controller := &corev1.ReplicationController{ObjectMeta: d.ObjectMeta}
	controller.Spec = corev1.ReplicationControllerSpec{Replicas: &two, Selector: d.Spec.Selector.MatchLabels, Template: &pod}
	return map[string]client.Object{
		"deployments":            d,
		"statefulsets":           &appsv1.StatefulSet{ObjectMeta: d.ObjectMeta, Spec: appsv1.StatefulSetSpec{Replicas: &two, Selector: d.Spec.Selector, Template: pod}},
		"replicasets":            &appsv1.ReplicaSet{ObjectMeta: d.ObjectMeta, Spec: appsv1.ReplicaSetSpec{Replicas: &two, Selector: d.Spec.Selector, Template: pod}},
		"replicationcontrollers": controller,
		"rollouts":               argo("", name, map[string]any{"replicas": int64(2), "template": plain(&pod)}),
	}
}

// waysOfScaling are all by which replicas are written.
func waysOfScaling(t *testing.T, u *user, object client.Object) map[string]func(n int32) error {
	change := func(n int32) client.Patch { return merge(t, map[string]any{"spec": map[string]any{"replicas": n}}) }
	// A client reads the answer into what it is handed, and that of a scale has no name.
	fresh := func() client.Object { return object.DeepCopyObject().(client.Object) }
	update := func(n int32) error {
		gvk, err := u.GroupVersionKindFor(object)
		if err != nil {
			return err
		}
		found := &unstructured.Unstructured{}
		found.SetGroupVersionKind(gvk)
		return retryConflicts(func() error {
			if err := u.Get(t.Context(), client.ObjectKeyFromObject(object), found); err != nil {
				return err
			}
			put(int64(n), "spec", "replicas")(found)
			return u.Update(t.Context(), found)
		})
	}
	return map[string]func(n int32) error{
		"update": update,
		"patch":  func(n int32) error { return u.Patch(t.Context(), fresh(), change(n)) },
		"scale": func(n int32) error {
			// As a client may write it that says nothing of the pods.
			scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: n}}
			scale.Namespace, scale.Name = object.GetNamespace(), object.GetName()
			return u.SubResource("scale").Update(t.Context(), fresh(), client.WithSubResourceBody(scale))
		},
		"patched scale": func(n int32) error { return u.SubResource("scale").Patch(t.Context(), fresh(), change(n)) },
	}
}

// R15: what customers need keeps a replica, by whichever path; and it goes down to none in a planned downtime.
func TestBypass1ZeroReplicas(t *testing.T) {
	t.Parallel()
	for resource := range scalable("orders") {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			kept, other := scalable("orders")[resource], scalable("batch")[resource]
			s := governed(t, keeping(resource+"/orders"), kept, other)
			for _, u := range []*user{s.tenant, s.admin} {
				for name, scale := range waysOfScaling(t, u, kept) {
					t.Run(name, func(t *testing.T) {
						s := s.with(t)
						s.refused(scale(0), outages, noDowntime(resource+"/orders would have no replicas"))
						s.must(scale(1))
						s.must(scale(3))
					})
				}
			}
			for name, scale := range waysOfScaling(t, s.tenant, other) {
				if err := scale(0); err != nil {
					t.Errorf("%s of what nobody needs: %v", name, err)
				}
			}
			s.opens()
			for name, scale := range waysOfScaling(t, s.tenant, kept) {
				if err := firstError(scale(1), scale(0), scale(0)); err != nil {
					t.Errorf("%s in a planned downtime: %v", name, err)
				}
			}
		})
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// The ReplicaSets of what customers need, by their own scale; the Deployment controller does what it has to (A13).
func TestA13Bypass1ReplicaSetsOfADeployment(t *testing.T) {
	t.Parallel()
	kept := scalable("orders")["deployments"].(*appsv1.Deployment)
	s := newSpace(t)
	s.create(kept)
	s.eventuallyReady(kept, 2)
	var sets appsv1.ReplicaSetList
	s.must(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name)))
	set := &sets.Items[0]
	s.govern(map[string]*gate{"deny": keeping("deployments/orders").admit("orders-1b", "orders")})
	for _, u := range []*user{s.tenant, s.admin} {
		for name, scale := range waysOfScaling(t, u, set) {
			t.Run(name, func(t *testing.T) {
				s.with(t).refused(scale(0), outages, noDowntime("replicasets/"+set.Name+" would have no replicas"))
			})
		}
		gone := noDowntime("the pods of deployments/orders would go with replicasets/" + set.Name)
		s.refused(u.Delete(t.Context(), set), outages, gone)
		s.refused(u.Delete(t.Context(), set, client.PropagationPolicy(metav1.DeletePropagationOrphan)), outages, gone)
		s.refused(u.DeleteAllOf(t.Context(), set, client.InNamespace(s.name)), outages, gone)
	}
	// A rollout leaves the old one without replicas, and the history goes.
	s.must(s.change(s.tenant, kept, func(d *appsv1.Deployment) {
		none := int32(0)
		revision("orders-1b")(d)
		d.Spec.RevisionHistoryLimit = &none
	}))
	NewWithT(t).Eventually(func(g Gomega) {
		g.Expect(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name))).To(Succeed())
		g.Expect(sets.Items).To(HaveLen(1))
		g.Expect(sets.Items[0].Name).NotTo(Equal(set.Name))
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}

// eventuallyReady waits until so many pods of a workload are.
func (s *space) eventuallyReady(object client.Object, want int64) {
	s.Helper()
	gvk, err := s.admin.GroupVersionKindFor(object)
	s.must(err)
	fresh := &unstructured.Unstructured{}
	fresh.SetGroupVersionKind(gvk)
	NewWithT(s).Eventually(func(g Gomega) {
		g.Expect(s.admin.Get(s.Context(), client.ObjectKeyFromObject(object), fresh)).To(Succeed())
		ready, _, _ := unstructured.NestedInt64(fresh.Object, "status", "readyReplicas")
		number, _, _ := unstructured.NestedInt64(fresh.Object, "status", "numberReady")
		g.Expect(ready + number).To(Equal(want))
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}

func (r strategy) deployment(name string) *appsv1.Deployment {
	d := deployment("", name, "orders-1", "app", "orders")
	d.Spec.Replicas = &r.Pods
	d.Spec.Strategy = appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &r.Most, MaxSurge: r.Surge},
	}
	return d
}

// R15: a strategy that stops all pods before others are ready is neither planned nor rolled out by. To the pod: what
// Kubernetes makes of a share is what counts.
func TestOutagesOfDeployments(t *testing.T) {
	t.Parallel()
	deny := keeping("deployments/usual", "deployments/usual-of-one", "deployments/usual-of-four")
	share := intstr.FromString("25%")
	usual := map[int32]*appsv1.Deployment{
		1: strategy{Pods: 1, Most: share, Surge: &share}.deployment("usual-of-one"), 2: strategy{Pods: 2, Most: share, Surge: &share}.deployment("usual"),
		4: strategy{Pods: 4, Most: share, Surge: &share}.deployment("usual-of-four"),
	}
	cases := slices.DeleteFunc(strategies(t), func(r strategy) bool { return r.Resource != "deployments" })
	before := []client.Object{usual[1], usual[2], usual[4]}
	for _, c := range cases {
		before = append(before, c.deployment(slug(c.Name)))
		deny.keep("orders", held, "deployments/"+slug(c.Name))
	}
	s := newSpace(t)
	s.create(before...)
	for _, object := range before {
		s.eventuallyReady(object, int64(*object.(*appsv1.Deployment).Spec.Replicas))
	}
	s.govern(map[string]*gate{"deny": deny})
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			s := s.with(t)
			stops := func(of string) string { return c.stops("deployments/" + of) }
			planned := usual[c.Pods].DeepCopy()
			s.judged(s.try(planned, func(d *appsv1.Deployment) { d.Spec.Strategy = c.deployment("").Spec.Strategy }), outages, stops(planned.Name))
			d := c.deployment(slug(c.Name))
			d.Namespace = s.name
			s.judged(s.try(d, imageIs("shop/orders:2")), outages, stops(d.Name))
			s.judged(s.try(d, func(d *appsv1.Deployment) { d.Spec.Template.Annotations["restarted"] = "now" }), outages, "")
			s.judged(s.try(d, replicas(9)), outages, "")
			s.judged(s.try(d, revision("orders-0")), outages, "")
		})
	}
}

// try is change without consequences.
func (s *space) try(d *appsv1.Deployment, change func(*appsv1.Deployment)) error {
	return retryConflicts(func() error {
		if err := s.tenant.Get(s.Context(), client.ObjectKeyFromObject(d), d); err != nil {
			return err
		}
		change(d)
		return s.tenant.Update(s.Context(), d, client.DryRunAll)
	})
}

func imageIs(name string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = name }
}

func recreate(d *appsv1.Deployment) {
	d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
}

// R11 and R15: a restart, a way back and what mends what is down pass in any case; what is held back does when it is let go.
func TestBypass18OutagesByRecreate(t *testing.T) {
	t.Parallel()
	d := scalable("orders")["deployments"].(*appsv1.Deployment)
	stopped, broken := scalable("stopped")["deployments"].(*appsv1.Deployment), scalable("broken")["deployments"].(*appsv1.Deployment)
	none := deployment("", "none", "orders-1", "app", "orders")
	for _, d := range []*appsv1.Deployment{d, stopped, broken, none} {
		recreate(d)
	}
	broken.Spec.Template.Spec.NodeSelector = map[string]string{"nowhere": "true"}
	s := newSpace(t)
	s.create(d, stopped, broken, none)
	s.eventuallyReady(d, 2)
	s.eventuallyReady(stopped, 2)
	s.govern(map[string]*gate{"deny": keeping("deployments/orders", "deployments/stopped", "deployments/broken", "deployments/none").unnamed("orders", "shop/orders:0").ran("orders", "shop/orders:0")})
	stops := func(of string) string {
		return noDowntime("the strategy Recreate stops all pods of deployments/" + of + " before others are ready")
	}
	for name, c := range map[string]struct {
		change func(*appsv1.Deployment)
		want   string
	}{
		"another image":                 {imageIs("shop/orders:2"), stops("orders")},
		"another admitted revision":     {revision("orders-1b"), stops("orders")},
		"another label":                 {func(d *appsv1.Deployment) { d.Spec.Template.Labels["tier"] = "front" }, stops("orders")},
		"a restart":                     {func(d *appsv1.Deployment) { d.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] = "now" }, ""},
		"R11 back to what served":       {func(d *appsv1.Deployment) { revision("orders-0")(d); imageIs("shop/orders:0")(d) }, ""},
		"R11 back to before the names":  {func(d *appsv1.Deployment) { revision("")(d); imageIs("shop/orders:0")(d) }, ""},
		"more pods":                     {replicas(5), ""},
		"one pod":                       {replicas(1), ""},
		"to rolling, and another image": {func(d *appsv1.Deployment) { d.Spec.Strategy = appsv1.DeploymentStrategy{}; imageIs("shop/orders:2")(d) }, ""},
		"held back":                     {paused(true), ""},
		"another image while held back": {func(d *appsv1.Deployment) { paused(true)(d); imageIs("shop/orders:2")(d) }, ""},
		"labels and annotations of its own": {func(d *appsv1.Deployment) {
			d.Labels, d.Annotations = map[string]string{"a": "b"}, map[string]string{"a": "b"}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			s.judged(s.try(d, c.change), outages, c.want)
		})
	}
	s.must(s.change(s.tenant, stopped, func(d *appsv1.Deployment) { paused(true)(d); imageIs("shop/orders:2")(d) }))
	s.refused(s.change(s.tenant, stopped, paused(false)), outages, stops("stopped"))
	s.judged(s.try(broken, imageIs("shop/orders:2")), outages, "")
	s.judged(s.try(none, imageIs("shop/orders:2")), outages, "")
	s.opens()
	s.must(s.change(s.tenant, stopped, paused(false)))
	s.must(s.try(d, imageIs("shop/orders:2")))
}

// Each API is in the gate of its enforcement, and only Deny refuses.
func TestOutagesWarn(t *testing.T) {
	t.Parallel()
	d := scalable("orders")["deployments"]
	s := newSpace(t)
	s.create(d)
	s.govern(map[string]*gate{"warn": keeping("deployments/orders")})
	s.rewrite("warn")
	s.tenant.warnings.take()
	s.must(s.tenant.Patch(t.Context(), d, merge(t, map[string]any{"spec": map[string]any{"replicas": 0}}), client.DryRunAll))
	want := noDowntime("deployments/orders would have no replicas")
	NewWithT(t).Expect(s.tenant.warned(outages)).To(Equal([]string{want}))
}
