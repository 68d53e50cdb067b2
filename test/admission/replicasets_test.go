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

// account is a ServiceAccount of a namespace that may do here what a tenant may, as controllers are.
func (s *space) account(namespace string) *user {
	s.Helper()
	name := "system:serviceaccount:" + namespace + ":controller"
	u := person(s, name, "system:serviceaccounts", "system:serviceaccounts:"+namespace)
	s.must(s.admin.Create(s.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: "of-" + namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "forewarn-developer"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}))
	NewWithT(s).Eventually(func() error {
		return u.Get(s.Context(), client.ObjectKey{Namespace: s.name, Name: "none"}, &appsv1.ReplicaSet{})
	}).WithTimeout(patience).WithPolling(often).Should(Satisfy(apierrors.IsNotFound))
	return u
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
	s.govern(map[string]*gate{"deny": keeping("deployments/orders", "daemonsets/mine")})
	elsewhere := s.account("tenants-of-others")
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
