//go:build unix

package admission

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// argoSet is a ReplicaSet as Argo Rollouts makes it (rollout/sync.go), of two replicas.
func argoSet(rollout *unstructured.Unstructured, hash, revision string) *appsv1.ReplicaSet {
	labels := map[string]string{"app": "orders", "rollouts-pod-template-hash": hash}
	rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: rollout.GetNamespace(), Name: rollout.GetName() + "-" + hash, Labels: labels}}
	rs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(rollout, rollout.GroupVersionKind())}
	rs.Spec = appsv1.ReplicaSetSpec{Replicas: ptr.To[int32](2), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(revision)}
	rs.Spec.Template.Labels = map[string]string{"app": "orders", "rollouts-pod-template-hash": hash}
	return rs
}

// account is a ServiceAccount of a namespace that may do here what a tenant may.
func (s *space) account(namespace string) *user {
	s.Helper()
	name := "system:serviceaccount:" + namespace + ":controller"
	u := person(s, name, "system:serviceaccounts", "system:serviceaccounts:"+namespace)
	s.must(s.admin.Create(s.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: "of-" + namespace}, RoleRef: developers,
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}))
	s.known(u)
	return u
}

var developers = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "forewarn-developer"}

// argoRollouts is the ServiceAccount of the controller of Argo Rollouts, which has a namespace of its own and may write
// ReplicaSets in each.
func (s *space) argoRollouts() *user {
	s.Helper()
	name := "system:serviceaccount:argo-rollouts:of-" + s.name
	u := person(s, name, "system:serviceaccounts", "system:serviceaccounts:argo-rollouts")
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "argo-rollouts-" + s.name}, RoleRef: developers,
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	s.must(s.admin.Create(s.Context(), binding))
	s.known(u)
	return u
}

// known waits until somebody may do what he was just permitted to do.
func (s *space) known(u *user) {
	s.Helper()
	NewWithT(s).Eventually(func() error {
		return u.Get(s.Context(), client.ObjectKey{Namespace: s.name, Name: "none"}, &appsv1.ReplicaSet{})
	}).WithTimeout(patience).WithPolling(often).Should(Satisfy(apierrors.IsNotFound))
}

// waysDown are all by which a ReplicaSet is left without pods, of which nothing comes.
func waysDown(t *testing.T, u *user, rs *appsv1.ReplicaSet) map[string]func() error {
	fresh := func() *appsv1.ReplicaSet { return rs.DeepCopy() }
	none := merge(t, map[string]any{"spec": map[string]any{"replicas": 0}})
	return map[string]func() error{
		"update": func() error {
			return retryConflicts(func() error {
				found := fresh()
				if err := u.Get(t.Context(), client.ObjectKeyFromObject(rs), found); err != nil {
					return err
				}
				found.Spec.Replicas = ptr.To[int32](0)
				return u.Update(t.Context(), found, client.DryRunAll)
			})
		},
		"patch": func() error { return u.Patch(t.Context(), fresh(), none, client.DryRunAll) },
		"scale": func() error {
			scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Namespace: rs.Namespace, Name: rs.Name}}
			return u.SubResource("scale").Update(t.Context(), fresh(), client.WithSubResourceBody(scale), client.DryRunAll)
		},
		"delete": func() error { return u.Delete(t.Context(), fresh(), client.DryRunAll) },
	}
}

// goesDown says that a ReplicaSet passes by all these ways, or is refused for the workload whose pods go.
func (s *space) goesDown(u *user, rs *appsv1.ReplicaSet, of string, ways ...string) {
	s.Helper()
	for _, name := range ways {
		want := ""
		if of != "" {
			want = noDowntime("replicasets/" + rs.Name + " would have no replicas")
		}
		if of != "" && name == "delete" {
			want = noDowntime("the pods of " + of + " would go with replicasets/" + rs.Name)
		}
		s.judged(waysDown(s.TB.(*testing.T), u, rs)[name](), outages, want)
	}
}

// Of what Argo Rollouts has made, what Services need stays, and the others go, whoever takes them down: also its
// controller where it is of the namespace itself.
func TestArgoRolloutsTakeReplicaSetsDown(t *testing.T) {
	t.Parallel()
	rollout := argo("", "orders", map[string]any{"replicas": int64(2)})
	s := newSpace(t)
	s.create(rollout)
	blue, green := argoSet(rollout, "blue", "orders-1"), argoSet(rollout, "green", "orders-1")
	s.create(blue, green)
	s.govern(map[string]*gate{"deny": keeping("rollouts/orders")})
	elsewhere, here, tenants := s.argoRollouts(), s.account(s.name), s.account("tenants-of-others")
	all := []string{"update", "patch", "scale", "delete"}
	const of = "rollouts/orders"
	each := func(name string, change func(*gate) *gate, blueGoes, greenGoes bool) {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			s.gates["deny"] = change(keeping("rollouts/orders"))
			s.rewrite("deny")
			for rs, goes := range map[*appsv1.ReplicaSet]bool{blue: blueGoes, green: greenGoes} {
				kept := of
				if goes {
					kept = ""
				}
				for _, u := range []*user{s.tenant, s.admin, here, tenants} {
					s.goesDown(u, rs, kept, all...)
				}
				s.goesDown(elsewhere, rs, "", "update", "patch", "delete")
				s.goesDown(elsewhere, rs, kept, "scale") // which Argo Rollouts does not
			}
		})
	}
	each("before green serves", func(g *gate) *gate { return g }, false, false)
	each("green serves", func(g *gate) *gate { return g.stays("orders", of, green.Name) }, true, false)
	each("back to blue", func(g *gate) *gate { return g.stays("orders", of, blue.Name) }, false, true)
	each("a Service for each of three", func(g *gate) *gate { return g.stays("orders", of, "orders-gold "+blue.Name) }, false, true)
	each("a Service for each of both", func(g *gate) *gate { return g.stays("orders", of, blue.Name+" "+green.Name) }, false, false)
	each("what stays of others", func(g *gate) *gate {
		return g.stays("cart", of, green.Name).stays("orders", "deployments/orders", green.Name).stays("orders", "rollouts/reorders", green.Name)
	}, false, false)
	each("R12 an empty text", func(g *gate) *gate { return g.stays("orders", of, "") }, false, false)
	each("names that begin or end alike", func(g *gate) *gate { return g.stays("orders", of, green.Name+"2") }, true, true)

	s.gates["deny"] = keeping("rollouts/orders").stays("orders", of, green.Name).keep("cart", held, of)
	s.rewrite("deny")
	s.refused(waysDown(t, here, blue)["delete"](), outages, "cart: the pods of rollouts/orders would go with replicasets/orders-blue, "+
		"and customers were told of no downtime now (R15): none is planned"+tryThen)
	s.gates["deny"] = keeping("rollouts/orders", "replicasets/orders-blue").stays("orders", of, green.Name)
	s.rewrite("deny")
	s.goesDown(here, blue, of, "update", "patch", "scale")                                                       // it is itself what customers need
	NewWithT(t).Expect(waysDown(t, here, blue)["delete"]()).To(MatchError(ContainSubstring("denied request: "))) // by two policies

	// All at once: one stays.
	s.gates["deny"] = keeping("rollouts/orders").stays("orders", of, green.Name)
	s.rewrite("deny")
	s.refused(s.tenant.DeleteAllOf(t.Context(), &appsv1.ReplicaSet{}, client.InNamespace(s.name)), outages,
		noDowntime("the pods of rollouts/orders would go with replicasets/orders-green"))
	s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(green), green))
	s.opens()
	s.must(here.Delete(t.Context(), green))
}

// A ReplicaSet is judged as what it was made for, whatever somebody writes into it as its owner, and by that, too.
func TestForgedOwnersOfReplicaSets(t *testing.T) {
	t.Parallel()
	kept := scalable("orders")["deployments"].(*appsv1.Deployment)
	rollout, daemons := argo("", "mine", map[string]any{}), workloads("", "mine", template("orders-1", "app", "orders"))[2]
	bare := scalable("bare")["replicasets"].(*appsv1.ReplicaSet)
	s := newSpace(t)
	s.create(kept, rollout, daemons, bare)
	s.eventuallyReady(kept, 2)
	var sets appsv1.ReplicaSetList
	s.must(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name), client.MatchingLabels{"test-selector": "orders"}))
	set := &sets.Items[0]
	s.govern(map[string]*gate{"deny": keeping("deployments/orders", "daemonsets/mine").stays("orders", "rollouts/mine", "other")})
	elsewhere := s.argoRollouts()
	all := []string{"update", "patch", "scale", "delete"}
	owned := func(rs *appsv1.ReplicaSet, owner client.Object, kind schema.GroupVersionKind) {
		s.must(retryConflicts(func() error {
			s.must(elsewhere.Get(t.Context(), client.ObjectKeyFromObject(rs), rs))
			rs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, kind)}
			return elsewhere.Update(t.Context(), rs)
		}))
	}
	daemonSet := appsv1.SchemeGroupVersion.WithKind("DaemonSet")
	for name, forged := range map[string]struct {
		owner client.Object
		kind  schema.GroupVersionKind
	}{
		"a Rollout":                  {rollout, rollout.GroupVersionKind()},
		"a Rollout of another group": {rollout, schema.GroupVersionKind{Group: "example.dev", Version: "v1", Kind: "Rollout"}},
		"what has no ReplicaSets":    {daemons, daemonSet},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			owned(set, forged.owner, forged.kind)
			for _, u := range []*user{s.tenant, s.admin, elsewhere} {
				s.goesDown(u, set, "deployments/orders", all...)
			}
		})
	}
	// One of nobody is judged by what it is called and by what owns it.
	s.goesDown(elsewhere, bare, "", all...)
	owned(bare, rollout, rollout.GroupVersionKind())
	s.goesDown(elsewhere, bare, "", all...)
	owned(bare, daemons, daemonSet)
	s.goesDown(elsewhere, bare, "daemonsets/mine", "update", "patch", "delete")
}

// A Deployment that selects by a label of Argo Rollouts, too, made its ReplicaSets itself.
func TestForgedOwnersOfBothLabels(t *testing.T) {
	t.Parallel()
	kept := scalable("orders")["deployments"].(*appsv1.Deployment)
	kept.Spec.Selector.MatchLabels["rollouts-pod-template-hash"] = "x"
	kept.Spec.Template.Labels["rollouts-pod-template-hash"] = "x"
	rollout := argo("", "orders", map[string]any{})
	s := newSpace(t)
	s.create(kept, rollout)
	s.eventuallyReady(kept, 2)
	var sets appsv1.ReplicaSetList
	s.must(s.tenant.List(t.Context(), &sets, client.InNamespace(s.name), client.MatchingLabels{"test-selector": "orders"}))
	set := &sets.Items[0]
	s.govern(map[string]*gate{"deny": keeping("deployments/orders")})
	elsewhere := s.argoRollouts()
	s.must(retryConflicts(func() error {
		s.must(elsewhere.Get(t.Context(), client.ObjectKeyFromObject(set), set))
		set.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(rollout, rollout.GroupVersionKind())}
		return elsewhere.Update(t.Context(), set)
	}))
	s.goesDown(elsewhere, set, "deployments/orders", "update", "patch", "scale")
	NewWithT(t).Expect(waysDown(t, elsewhere, set)["delete"]()).To(MatchError(ContainSubstring("would go with replicasets/" + set.Name)))
}
