//go:build unix

package admission

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A13: the tests of this file let the real controllers work, with the gates
// written by hand. What they do must pass, and what a tenant makes them do
// must be judged.

// kubectl runs it as the tenant, in the namespace.
func (s *space) kubectl(args ...string) error {
	_, err := kubectl(s.Context(), nil, append([]string{"--context=developer", "--namespace=" + s.name}, args...)...)
	return err
}

// rolledOut waits until kubectl says that a workload is.
func (s *space) rolledOut(workload string) {
	s.Helper()
	s.must(s.kubectl("rollout", "status", workload, "--timeout=60s"))
}

// rename is a patch that names another revision.
func rename(revision string) string {
	return fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"forewarn.dev/revision":%q}}}}}`, revision)
}

// running are the revisions of the pods of an app that are not on their way out.
func (s *space) running(app string) map[string]int {
	s.Helper()
	var list corev1.PodList
	s.must(s.tenant.List(s.Context(), &list, client.InNamespace(s.name), client.MatchingLabels{"app": app}))
	revisions := map[string]int{}
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp == nil {
			revisions[list.Items[i].Annotations["forewarn.dev/revision"]]++
		}
	}
	return revisions
}

func (s *space) eventuallyRuns(want map[string]int) {
	s.Helper()
	NewWithT(s).Eventually(func() map[string]int { return s.running("orders") }).
		WithTimeout(patience).WithPolling(often).Should(Equal(want))
}

// serving is a Deployment of three pods.
func serving(name, revision string) *appsv1.Deployment {
	d := deployment("", name, revision, "app", "orders")
	replicas(3)(d)
	return d
}

// R11: forward, back, again, and any number of pods, for what is admitted.
func TestA13RollingOutAndBack(t *testing.T) {
	t.Parallel()
	of := workloads("", "orders", template("orders-1", "app", "orders"))
	sts, ds := of[1].(*appsv1.StatefulSet), of[2].(*appsv1.DaemonSet)
	sts.Name, ds.Name = "state", "daemon"
	for _, meta := range []*metav1.ObjectMeta{&sts.Spec.Template.ObjectMeta, &ds.Spec.Template.ObjectMeta} {
		meta.Labels = map[string]string{"app": "orders", "test-selector": meta.Labels["test-selector"]}
	}
	three := int32(3)
	sts.Spec.Replicas, ds.Spec.Template.Spec.NodeSelector = &three, nil
	for kind, object := range map[string]client.Object{"deployment": serving("orders", "orders-1"), "statefulset": sts, "daemonset": ds} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, workload := newSpace(t), kind+"/"+object.GetName()
			s.govern(map[string]*gate{"deny": shop()})
			s.create(object)
			s.rolledOut(workload)
			pods := s.running("orders")["orders-1"]
			only := func(revision string) map[string]int { return map[string]int{revision: pods} }

			s.must(s.kubectl("patch", workload, "-p", rename("orders-1b")))
			s.rolledOut(workload)
			s.eventuallyRuns(only("orders-1b"))
			s.must(s.kubectl("rollout", "undo", workload))
			s.rolledOut(workload)
			s.eventuallyRuns(only("orders-1"))
			s.must(s.kubectl("rollout", "restart", workload))
			s.rolledOut(workload)
			s.eventuallyRuns(only("orders-1"))
			s.refused(asStatus(s.kubectl("patch", workload, "-p", rename("orders-2"))), rollouts, breaks)
			if kind == "daemonset" {
				return
			}
			for _, n := range []int{5, 1, 0, 2} {
				s.must(s.kubectl("scale", workload, fmt.Sprintf("--replicas=%d", n)))
				want := map[string]int{"orders-1": n}
				if n == 0 {
					want = map[string]int{}
				}
				s.eventuallyRuns(want)
			}
		})
	}
}

// asStatus makes a refusal that kubectl printed one that a client returns.
func asStatus(err error) error {
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(err.Error())
	status := metav1.Status{Message: text, Code: 422, Reason: metav1.StatusReasonInvalid}
	if strings.Contains(text, "(Forbidden)") || strings.Contains(text, " is forbidden: ") {
		status.Code, status.Reason = 403, metav1.StatusReasonForbidden
	}
	return printed{status}
}

type printed struct{ status metav1.Status }

func (p printed) Error() string         { return p.status.Message }
func (p printed) Status() metav1.Status { return p.status }

// What is not admitted any more goes: its ReplicaSet is scaled to nothing and
// deleted, by controllers that nobody asks which revision it names.
func TestA13OldReplicaSetsGo(t *testing.T) {
	t.Parallel()
	d, none := serving("orders", "orders-2"), int32(0)
	d.Spec.RevisionHistoryLimit = &none
	s := newSpace(t)
	s.create(d)
	s.rolledOut("deployment/orders")
	s.govern(map[string]*gate{"deny": shop().keep("orders", held, "deployments/orders")})
	s.must(s.kubectl("patch", "deployment/orders", "-p", rename("orders-1")))
	s.rolledOut("deployment/orders")
	s.eventuallyRuns(map[string]int{"orders-1": 3})
	NewWithT(t).Eventually(func(g Gomega) {
		var sets appsv1.ReplicaSetList
		g.Expect(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name))).To(Succeed())
		g.Expect(sets.Items).To(HaveLen(1))
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}

// Bypass 19: back to what is not admitted, by its number or as the last one;
// also to a ReplicaSet or a ControllerRevision that was forged for it.
func TestBypass19UndoIsJudged(t *testing.T) {
	t.Parallel()
	of := workloads("", "state", template("orders-2", "app", "orders"))
	sts := of[1].(*appsv1.StatefulSet)
	s := newSpace(t)
	s.create(serving("orders", "orders-2"), sts)
	s.rolledOut("deployment/orders")
	s.govern(map[string]*gate{"deny": shop()})
	for _, workload := range []string{"deployment/orders", "statefulset/state"} {
		s.must(s.kubectl("patch", workload, "-p", rename("orders-1")))
		s.rolledOut(workload)
		s.refused(asStatus(s.kubectl("rollout", "undo", workload)), rollouts, breaks)
		s.refused(asStatus(s.kubectl("rollout", "undo", workload, "--to-revision=1")), rollouts, breaks)
	}
	// A forged one can say what it likes: what it is rolled back to is judged.
	var sets appsv1.ReplicaSetList
	s.must(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name), client.MatchingLabels{"test-selector": "orders"}))
	for i := range sets.Items {
		if rs := &sets.Items[i]; rs.Spec.Template.Annotations["forewarn.dev/revision"] == "orders-1" {
			forged := rs.DeepCopy()
			forged.ObjectMeta = metav1.ObjectMeta{
				Namespace: s.name, Name: "orders-forged", Labels: rs.Labels, OwnerReferences: rs.OwnerReferences,
				Annotations: map[string]string{"deployment.kubernetes.io/revision": "7"},
			}
			none := int32(0)
			forged.Spec.Replicas = &none
			forged.Spec.Template.Annotations["forewarn.dev/revision"] = "orders-2"
			s.refused(s.tenant.Create(t.Context(), forged), rollouts, breaks)
		}
	}
	var revisions appsv1.ControllerRevisionList
	s.must(s.tenant.List(t.Context(), &revisions, client.InNamespace(s.name)))
	for i := range revisions.Items {
		if r := &revisions.Items[i]; r.Revision == 1 {
			forged := r.DeepCopy()
			forged.ObjectMeta = metav1.ObjectMeta{Namespace: s.name, Name: "state-forged", Labels: r.Labels, OwnerReferences: r.OwnerReferences}
			forged.Revision = 7
			s.must(s.tenant.Create(t.Context(), forged))
			s.refused(asStatus(s.kubectl("rollout", "undo", "statefulset/state", "--to-revision=7")), rollouts, breaks)
		}
	}
}

// Bypass 20: the image of a ReplicaSet is changed, so that the next pods have it.
func TestBypass20SetImageOfAReplicaSet(t *testing.T) {
	t.Parallel()
	s := governed(t, shop(), serving("orders", "orders-1"))
	s.rolledOut("deployment/orders")
	var sets appsv1.ReplicaSetList
	s.must(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name)))
	s.refused(asStatus(s.kubectl("set", "image", "replicaset/"+sets.Items[0].Name, "main=shop/evil:1")), rollouts,
		"orders: the pods of a ReplicaSet are changed through what owns it")
	s.must(s.kubectl("delete", "pods", "--selector=app=orders", "--wait=false"))
	s.eventuallyRuns(map[string]int{"orders-1": 3})
	var list corev1.PodList
	s.must(s.tenant.List(t.Context(), &list, client.InNamespace(s.name)))
	for i := range list.Items {
		if got := list.Items[i].Spec.Containers[0].Image; got != "shop/orders:1" {
			t.Errorf("a pod runs %s", got)
		}
	}
}

// Evictions are allowed, and what was evicted comes back.
func TestA13Eviction(t *testing.T) {
	t.Parallel()
	s := governed(t, shop().keep("orders", held, "deployments/orders"), serving("orders", "orders-1"))
	s.rolledOut("deployment/orders")
	var list corev1.PodList
	s.must(s.tenant.List(t.Context(), &list, client.InNamespace(s.name)))
	for i := range list.Items {
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: list.Items[i].Name}}
		s.must(s.tenant.SubResource("eviction").Create(t.Context(), &list.Items[i], eviction))
	}
	s.eventuallyRuns(map[string]int{"orders-1": 3})
}

// A rollout that is closed while it is under way stops where it is: what serves
// goes on serving, nothing of the other comes up, and the way back is open.
func TestGateClosesDuringARollout(t *testing.T) {
	t.Parallel()
	s := governed(t, shop(), serving("orders", "orders-1"))
	s.rolledOut("deployment/orders")
	// Paused, so that the ReplicaSet is not made before the gate closes.
	s.must(s.kubectl("rollout", "pause", "deployment/orders"))
	s.must(s.kubectl("patch", "deployment/orders", "-p", rename("orders-1b")))
	s.gates["deny"].line("refuse", "orders-1b", "orders-1b was withdrawn")
	delete(s.gates["deny"].tables["admit"], "orders-1b")
	s.rewrite("deny")
	s.refused(asStatus(s.kubectl("rollout", "resume", "deployment/orders")), rollouts, "orders-1b was withdrawn")
	s.must(s.kubectl("delete", "pods", "--selector=app=orders", "--wait=false"))
	s.eventuallyRuns(map[string]int{"orders-1": 3})

	// Opened again, it goes on.
	s.gates["deny"].admit("orders-1b", "orders")
	s.rewrite("deny")
	s.must(s.kubectl("rollout", "resume", "deployment/orders"))
	s.rolledOut("deployment/orders")
	s.eventuallyRuns(map[string]int{"orders-1b": 3})
}

// A ReplicaSet that was asked for while it was admissible brings up no pods
// once it is not, and says why; when it is again, a nudge brings them at once.
func TestPodsOfAClosedRevision(t *testing.T) {
	t.Parallel()
	idle := deployment("", "orders", "orders-1b", "app", "orders")
	s := governed(t, shop(), idle)
	s.eventuallyHasReplicaSet("orders")
	var sets appsv1.ReplicaSetList
	s.must(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name)))
	rs := sets.Items[0].Name
	s.must(s.kubectl("scale", "deployment/orders", "--replicas=2"))
	s.eventuallyRuns(map[string]int{"orders-1b": 2})
	s.gates["deny"].line("refuse", "orders-1b", "orders-1b was withdrawn")
	delete(s.gates["deny"].tables["admit"], "orders-1b")
	s.rewrite("deny")
	s.must(s.kubectl("delete", "pods", "--selector=app=orders", "--wait=false"))
	NewWithT(t).Eventually(func() []string { return s.events(rs) }).WithTimeout(patience).WithPolling(often).
		Should(ContainElement(ContainSubstring("denied request: orders-1b was withdrawn")))
	s.eventuallyRuns(map[string]int{})
	s.gates["deny"].admit("orders-1b", "orders")
	s.rewrite("deny")
	s.must(s.kubectl("annotate", "replicaset", rs, "nudged=now"))
	s.eventuallyRuns(map[string]int{"orders-1b": 2})
}

// A1: no tool takes a refusal for a reason to delete and create anew, and one
// that deletes anyway (replace --force) is refused that.
func TestA1ForceDoesNotDelete(t *testing.T) {
	t.Parallel()
	d := serving("orders", "orders-1")
	s := governed(t, shop().keep("orders", held, "deployments/orders"), d)
	manifest := func(revision string) []byte {
		content := plain(serving("orders", revision))
		content["apiVersion"], content["kind"] = "apps/v1", "Deployment"
		return []byte(toJSON(t, content))
	}
	as := []string{"--context=developer", "--namespace=" + s.name}
	_, err := kubectl(t.Context(), manifest("orders-2"), append(as, "apply", "--force", "-f", "-")...)
	s.refused(asStatus(lastLine(err)), rollouts, breaks)
	_, err = kubectl(t.Context(), manifest("orders-1b"), append(as, "replace", "--force", "-f", "-")...)
	s.refused(asStatus(err), disruption, held)
	var still appsv1.Deployment
	s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(d), &still))
	if still.UID != d.UID {
		t.Error("it was deleted and created anew")
	}
}

// A HorizontalPodAutoscaler goes through the scale, which names no revision: it
// scales what serves, up and down, even where that is not admitted any more.
func TestA13Autoscaling(t *testing.T) {
	t.Parallel()
	for _, revision := range []string{"orders-1", "orders-2"} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			s := newSpace(t)
			s.create(serving("orders", revision))
			s.rolledOut("deployment/orders")
			s.govern(map[string]*gate{"deny": shop()})
			least := int32(5)
			scaler := &autoscalingv2.HorizontalPodAutoscaler{
				ObjectMeta: metav1.ObjectMeta{Name: "orders"},
				Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
					ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "orders"},
					MinReplicas:    &least, MaxReplicas: 6,
				},
			}
			s.create(scaler)
			s.eventuallyWants(5)
			s.must(s.tenant.Patch(t.Context(), scaler, merge(t, map[string]any{"spec": map[string]any{"minReplicas": 1, "maxReplicas": 2}})))
			s.eventuallyWants(2)
			NewWithT(t).Eventually(func() int { return s.running("orders")[revision] }).
				WithTimeout(patience).WithPolling(often).Should(Equal(2))
		})
	}
}

// eventuallyWants waits until somebody has scaled the Deployment to n.
func (s *space) eventuallyWants(n int32) {
	s.Helper()
	NewWithT(s).Eventually(func() *int32 {
		var d appsv1.Deployment
		s.must(s.tenant.Get(s.Context(), client.ObjectKey{Namespace: s.name, Name: "orders"}, &d))
		return d.Spec.Replicas
	}).WithTimeout(patience).WithPolling(often).Should(HaveValue(Equal(n)))
}

// A namespace that may go takes with it what serves in it: the controllers of
// Kubernetes scale down and delete what nobody else may.
func TestA13DeletingANamespaceThatServes(t *testing.T) {
	t.Parallel()
	deny := shop().keep("orders", held, "deployments/orders", "services/orders").set("hold-namespace", heldSpace)
	s := governed(t, deny, serving("orders", "orders-1"))
	s.rolledOut("deployment/orders")
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	s.refused(s.admin.Delete(t.Context(), ns), disruption, heldSpace)
	s.eventuallyRuns(map[string]int{"orders-1": 3})

	s.gates["deny"].without("hold-namespace")
	s.rewrite("deny")
	s.must(s.admin.Delete(t.Context(), ns))
	NewWithT(t).Eventually(func() bool {
		return apierrors.IsNotFound(s.admin.Get(t.Context(), client.ObjectKeyFromObject(ns), ns))
	}).WithTimeout(patience).WithPolling(often).Should(BeTrue())
}
