//go:build unix

package admission

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
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
	daemons.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}
	none := workloads("", "none", template("orders-1", "app", "orders"))[2]
	usual, broken := scalable("usual")["statefulsets"], scalable("broken")["statefulsets"].(*appsv1.StatefulSet)
	broken.Spec.Template.Spec.NodeSelector = map[string]string{"nowhere": "true"}
	canary := scalable("canary")["rollouts"].(*unstructured.Unstructured)
	put(map[string]any{"canary": map[string]any{"maxUnavailable": int64(1)}}, "spec", "strategy")(canary)
	s := newSpace(t)
	s.create(sets, single, daemons, canary, none, usual, broken)
	s.eventuallyReady(sets, 2)
	s.eventuallyReady(single, 1)
	s.eventuallyReady(daemons, 2)
	s.eventuallyReady(usual, 2)
	put(int64(2), "status", "readyReplicas")(canary)
	s.must(s.admin.Status().Update(t.Context(), canary))
	s.govern(map[string]*gate{"deny": keeping("statefulsets/set", "statefulsets/single", "daemonsets/daemons", "rollouts/canary",
		"daemonsets/none", "statefulsets/usual", "statefulsets/broken")})
	try := s.tryAny
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
	// Argo Rollouts takes no number of replicas for one, and the API server sets none.
	more := noDowntime("maxSurge 0 of 1 stops all pods of rollouts/canary before others are ready")
	s.refused(try(canary, remove("spec", "replicas"), put("1%", "spec", "strategy", "canary", "maxUnavailable"),
		put(int64(0), "spec", "strategy", "canary", "maxSurge")), outages, more)
	s.refused(try(canary, remove("spec", "replicas"), remove("spec", "strategy", "canary", "maxUnavailable"),
		put(int64(0), "spec", "strategy", "canary", "maxSurge")), outages, more)
	stopped := func(what, of string) string {
		return noDowntime("the change of " + what + " stops pods of " + of + " that no longer fit")
	}
	pods := func(field string) []string { return []string{"spec", "template", "spec", field} }
	nowhere, tolerated := nodesNowhere()["nodeSelector"], map[string]any{"key": "spot", "operator": "Exists"}
	least := most(int64(0)) // of which the condition thinks nothing
	surge := put(int64(1), "spec", "updateStrategy", "rollingUpdate", "maxSurge")
	onDelete := func(u *unstructured.Unstructured) {
		put("OnDelete", "spec", "updateStrategy", "type")(u)
		remove("spec", "updateStrategy", "rollingUpdate")(u)
	}
	for field, value := range nodesNowhere() {
		want := stopped(field, "daemonsets/daemons")
		s.refused(try(daemons, put(value, pods(field)...)), outages, want)
		s.refused(try(daemons, put(value, pods(field)...), least, surge), outages, want)
		s.refused(try(daemons, put(value, pods(field)...), onDelete), outages, want)
		s.judged(try(none, put(value, pods(field)...)), outages, "")
	}
	s.refused(try(daemons, remove(pods("tolerations")...)), outages, stopped("tolerations", "daemonsets/daemons"))
	s.judged(try(daemons, put([]any{map[string]any{"operator": "Exists", "effect": "NoSchedule"}, tolerated}, pods("tolerations")...)), outages, "")
	s.judged(try(daemons, put(nowhere, pods("nodeSelector")...), put("orders-0", "spec", "template", "metadata", "annotations", "forewarn.dev/revision")), outages, "") // R11
	start := func(n int64) func(*unstructured.Unstructured) { return put(n, "spec", "ordinals", "start") }
	s.refused(try(usual, start(5)), outages, stopped("ordinals.start", "statefulsets/usual"))
	s.refused(try(single, start(1)), outages, stopped("ordinals.start", "statefulsets/single"))
	s.judged(try(usual, start(0)), outages, "")
	s.judged(try(broken, start(5)), outages, "")
	s.opens()
	s.judged(try(daemons, put(nowhere, pods("nodeSelector")...)), outages, "")
	s.judged(try(usual, start(5)), outages, "")
}
