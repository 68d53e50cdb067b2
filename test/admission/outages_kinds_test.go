//go:build unix

package admission

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The same of StatefulSets, DaemonSets and Argo Rollouts.
func TestOutagesOfOtherKinds(t *testing.T) {
	t.Parallel()
	share := intstr.FromString("100%")
	sets := scalable("set")["statefulsets"].(*appsv1.StatefulSet)
	one := int32(1)
	sets.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType,
		RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: &share, Partition: &one}}
	single := scalable("single")["statefulsets"].(*appsv1.StatefulSet)
	single.Spec.Replicas = &one
	daemons := workloads("", "daemons", template("orders-1", "app", "orders"))[2].(*appsv1.DaemonSet)
	daemons.Spec.Template.Spec.NodeSelector = nil
	canary := scalable("canary")["rollouts"].(*unstructured.Unstructured)
	put(map[string]any{"canary": map[string]any{"maxUnavailable": int64(1)}}, "spec", "strategy")(canary)
	s := newSpace(t)
	s.create(sets, single, daemons, canary)
	s.eventuallyReady(sets, 2)
	s.eventuallyReady(single, 1)
	s.eventuallyReady(daemons, 2)
	put(int64(2), "status", "readyReplicas")(canary)
	s.must(s.admin.Status().Update(t.Context(), canary))
	s.govern(map[string]*gate{"deny": keeping("statefulsets/set", "statefulsets/single", "daemonsets/daemons", "rollouts/canary")})
	try := func(object client.Object, changes ...func(*unstructured.Unstructured)) error {
		gvk, err := s.tenant.GroupVersionKindFor(object)
		s.must(err)
		fresh := &unstructured.Unstructured{}
		fresh.SetGroupVersionKind(gvk)
		return retryConflicts(func() error {
			s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(object), fresh))
			for _, change := range changes {
				change(fresh)
			}
			return s.tenant.Update(t.Context(), fresh, client.DryRunAll)
		})
	}
	stops := func(most, n, of string) string {
		return noDowntime("maxUnavailable " + most + " of " + n + " stops all pods of " + of + " before others are ready")
	}
	another := put("backoffice", "spec", "template", "metadata", "labels", "tier")
	partition := func(n int64) func(*unstructured.Unstructured) {
		return put(n, "spec", "updateStrategy", "rollingUpdate", "partition")
	}
	most := func(value any) func(*unstructured.Unstructured) {
		return put(value, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable")
	}
	s.judged(try(sets, another), outages, "")
	s.refused(try(sets, partition(0)), outages, stops("100%", "2", "statefulsets/set"))
	s.judged(try(sets, partition(0), most("99%")), outages, "")
	s.judged(try(sets, partition(0), put("OnDelete", "spec", "updateStrategy", "type"), remove("spec", "updateStrategy", "rollingUpdate")), outages, "")
	s.judged(try(single, another), outages, "") // one pod at a time is the least that can be said
	s.judged(try(daemons, another), outages, "")
	s.judged(try(daemons, most("50%")), outages, "")
	s.refused(try(daemons, most("51%")), outages, stops("51%", "2", "daemonsets/daemons"))
	s.refused(try(daemons, most(int64(2))), outages, stops("2", "2", "daemonsets/daemons"))
	s.judged(try(canary, put("2", "spec", "template", "metadata", "labels", "tier")), outages, "")
	s.refused(try(canary, put("100%", "spec", "strategy", "canary", "maxUnavailable")), outages, stops("100%", "2", "rollouts/canary"))
	s.refused(try(canary, put(int64(1), "spec", "replicas"), put("2", "spec", "template", "metadata", "labels", "tier")), outages,
		stops("1", "1", "rollouts/canary"))
}
