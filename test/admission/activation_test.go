//go:build unix

package admission

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Bypass 18: what was changed while it was held back is judged when it is let go.
func TestBypass18StatefulSets(t *testing.T) {
	t.Parallel()
	partition := func(n int32) appsv1.StatefulSetUpdateStrategy {
		return appsv1.StatefulSetUpdateStrategy{
			Type:          appsv1.RollingUpdateStatefulSetStrategyType,
			RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &n},
		}
	}
	onDelete := appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	var unset appsv1.StatefulSetUpdateStrategy
	for name, tc := range map[string]struct {
		before, after appsv1.StatefulSetUpdateStrategy
		want          string
	}{
		"the partition falls":               {before: partition(3), after: partition(2), want: breaks},
		"the partition is left out":         {before: partition(3), after: unset, want: breaks},
		"the partition rises":               {before: partition(2), after: partition(3)},
		"the partition stays":               {before: partition(2), after: partition(2)},
		"from on delete to rolling":         {before: onDelete, after: partition(0), want: breaks},
		"from on delete to what is unset":   {before: onDelete, after: unset, want: breaks},
		"from rolling to on delete":         {before: partition(0), after: onDelete},
		"from a partition to on delete":     {before: partition(3), after: onDelete},
		"from what is unset to on delete":   {before: unset, after: onDelete},
		"from what is unset to itself":      {before: unset, after: unset},
		"from what is unset to a partition": {before: unset, after: partition(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := workloads("", slug(name), template("orders-2", "app", "orders"))[1].(*appsv1.StatefulSet)
			old.Spec.UpdateStrategy = tc.before
			s := governed(t, shop(), old)
			err := retryConflicts(func() error {
				s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(old), old))
				old.Spec.UpdateStrategy = tc.after
				return s.tenant.Update(t.Context(), old)
			})
			s.judged(err, rollouts, tc.want)
		})
	}
}

func TestBypass18DaemonSets(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, after appsv1.DaemonSetUpdateStrategyType
		want          string
	}{
		"from on delete to rolling": {before: appsv1.OnDeleteDaemonSetStrategyType, after: appsv1.RollingUpdateDaemonSetStrategyType, want: breaks},
		"from on delete to unset":   {before: appsv1.OnDeleteDaemonSetStrategyType, want: breaks},
		"from rolling to on delete": {before: appsv1.RollingUpdateDaemonSetStrategyType, after: appsv1.OnDeleteDaemonSetStrategyType},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := workloads("", slug(name), template("orders-2", "app", "orders"))[2].(*appsv1.DaemonSet)
			old.Spec.UpdateStrategy.Type = tc.before
			s := governed(t, shop(), old)
			err := retryConflicts(func() error {
				s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(old), old))
				old.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: tc.after}
				return s.tenant.Update(t.Context(), old)
			})
			s.judged(err, rollouts, tc.want)
		})
	}
}

// Bypass 7 and 18, as far as Argo Rollouts go.
func TestBypass18ArgoRollouts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spec, status map[string]any // before
		change       func(u *unstructured.Unstructured)
		inStatus     bool
		want         string
	}{
		"paused":                     {change: put(true, "spec", "paused")},
		"resumed":                    {spec: map[string]any{"paused": true}, change: put(false, "spec", "paused"), want: breaks},
		"resumed by leaving out":     {spec: map[string]any{"paused": true}, change: remove("spec", "paused"), want: breaks},
		"another weight":             {change: put(int64(100), "spec", "strategy", "canary", "weight"), want: breaks},
		"from no pods":               {spec: map[string]any{"replicas": int64(0)}, change: put(int64(2), "spec", "replicas"), want: breaks},
		"from no pods to unset":      {spec: map[string]any{"replicas": int64(0)}, change: remove("spec", "replicas"), want: breaks},
		"from unset to more":         {change: put(int64(2), "spec", "replicas")},
		"bypass 7: promoted at once": {change: put(true, "status", "promoteFull"), inStatus: true, want: breaks},
		"promoted already": {
			status: map[string]any{"promoteFull": true}, change: put(int64(1), "status", "currentStepIndex"), inStatus: true,
		},
		"bypass 7: a pause is over": {
			status: map[string]any{"pauseConditions": []any{map[string]any{"reason": "CanaryPauseStep"}}},
			change: remove("status", "pauseConditions"), inStatus: true, want: breaks,
		},
		"bypass 7: a pause is skipped": {
			status: map[string]any{"pauseConditions": []any{map[string]any{"reason": "CanaryPauseStep"}}, "currentStepIndex": int64(1)},
			change: put(int64(2), "status", "currentStepIndex"), inStatus: true, want: breaks,
		},
		"bypass 7: what waits is called stable": {
			status: map[string]any{"pauseConditions": []any{map[string]any{"reason": "BlueGreenPause"}}, "stableRS": "7d9c"},
			change: put("5f6b", "status", "stableRS"), inStatus: true, want: breaks,
		},
		"bypass 7: a pause is made another": {
			status: map[string]any{"pauseConditions": []any{map[string]any{"reason": "BlueGreenPause"}}},
			change: put([]any{map[string]any{"reason": "x"}}, "status", "pauseConditions"), inStatus: true, want: breaks,
		},
		"bypass 7: a pause began long ago": {
			status:   map[string]any{"pauseConditions": []any{map[string]any{"reason": "BlueGreenPause", "startTime": "2026-11-23T00:00:00Z"}}},
			change:   put([]any{map[string]any{"reason": "BlueGreenPause", "startTime": "2020-01-01T00:00:00Z"}}, "status", "pauseConditions"),
			inStatus: true, want: breaks,
		},
		"bypass 7: the preview is done": {
			status: map[string]any{"pauseConditions": []any{map[string]any{"reason": "BlueGreenPause"}}},
			change: put(true, "status", "blueGreen", "scaleUpPreviewCheckPoint"), inStatus: true, want: breaks,
		},
		"a pause more": {
			status:   map[string]any{"pauseConditions": []any{map[string]any{"reason": "CanaryPauseStep"}}},
			change:   put([]any{map[string]any{"reason": "CanaryPauseStep"}, map[string]any{"reason": "InconclusiveAnalysisRun"}}, "status", "pauseConditions"),
			inStatus: true,
		},
		"bypass 7: a step that may be a pause is left out": {
			status: map[string]any{"currentStepIndex": int64(1)}, change: put(int64(3), "status", "currentStepIndex"), inStatus: true, want: breaks,
		},
		"back to the first step": {
			status: map[string]any{"currentStepIndex": int64(3)}, change: put(int64(0), "status", "currentStepIndex"), inStatus: true,
		},
		"the controller aborts what pauses": {
			status: map[string]any{"pauseConditions": []any{map[string]any{"reason": "InconclusiveAnalysisRun"}}, "currentStepIndex": int64(1)},
			change: put(map[string]any{"abort": true, "currentStepIndex": int64(0)}, "status"), inStatus: true,
		},
		"a step without a pause": {
			status: map[string]any{"currentStepIndex": int64(1), "stableRS": "7d9c"},
			change: put(int64(2), "status", "currentStepIndex"), inStatus: true,
		},
		"the controller counts in a pause": {
			status: map[string]any{"pauseConditions": []any{map[string]any{"reason": "CanaryPauseStep"}}, "currentStepIndex": int64(1)},
			change: put(int64(3), "status", "replicas"), inStatus: true,
		},
		"a pause begins":              {change: put([]any{map[string]any{"reason": "CanaryPauseStep"}}, "status", "pauseConditions"), inStatus: true},
		"aborted":                     {change: put(true, "status", "abort"), inStatus: true},
		"bypass 7: no longer aborted": {status: map[string]any{"abort": true}, change: put(false, "status", "abort"), inStatus: true, want: breaks},
		"the controller counts":       {change: put(int64(3), "status", "replicas"), inStatus: true},
		"spec in a write to status":   {change: put("orders-1", "spec", "template", "metadata", "annotations", "x"), inStatus: true},
		"a finalizer":                 {change: put([]any{"test.forewarn.dev/hold"}, "metadata", "finalizers")},
		"a template where none was":   {spec: map[string]any{"template": nil}, change: put(plainTemplate("orders-2"), "spec", "template"), want: breaks},
		"the template goes":           {change: remove("spec", "template"), want: "orders" + nameIt},
		"the whole template changes":  {change: put(plainTemplate("orders-1"), "spec", "template")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := argo("", slug(name), map[string]any{"template": plainTemplate("orders-2"), "strategy": map[string]any{"canary": map[string]any{}}})
			for key, value := range tc.spec {
				if put(value, "spec", key)(old); value == nil {
					remove("spec", key)(old)
				}
			}
			s := newSpace(t)
			s.create(old)
			if tc.status != nil {
				put(tc.status, "status")(old)
				s.must(s.tenant.Status().Update(t.Context(), old))
			}
			s.govern(map[string]*gate{"deny": shop()})
			tc.change(old)
			if tc.inStatus {
				s.judged(s.tenant.Status().Update(t.Context(), old), rollouts, tc.want)
			} else {
				s.judged(s.tenant.Update(t.Context(), old), rollouts, tc.want)
			}
		})
	}
}

func put(value any, path ...string) func(*unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		if err := unstructured.SetNestedField(u.Object, value, path...); err != nil {
			panic(err)
		}
	}
}

func remove(path ...string) func(*unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) { unstructured.RemoveNestedField(u.Object, path...) }
}

func plainTemplate(revisions string) map[string]any {
	t := template(revisions, "app", "orders")
	return plain(&t)
}

// Bypass 20: the pods of a ReplicaSet are changed through its Deployment.
func TestBypass20ChangingReplicaSets(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		revision string
		owned    bool
		before   int32
		change   func(*appsv1.ReplicaSet)
		want     string
	}{
		"bypass 20: another image, in place": {
			revision: "orders-1", owned: true, want: "orders: the pods of a ReplicaSet are changed through what owns it",
			change: func(rs *appsv1.ReplicaSet) { image("shop/orders:2")(&rs.Spec.Template) },
		},
		"bypass 20: another image, not admissible anyway": {
			revision: "orders-2", owned: true, want: breaks + "; orders: the pods of a ReplicaSet are changed through what owns it",
			change: func(rs *appsv1.ReplicaSet) { image("shop/orders:2")(&rs.Spec.Template) },
		},
		"another image where nobody owns it": {
			revision: "orders-1", change: func(rs *appsv1.ReplicaSet) { image("shop/orders:2")(&rs.Spec.Template) },
		},
		"A13: annotated by its owner": {
			revision: "orders-2", owned: true,
			change: func(rs *appsv1.ReplicaSet) {
				rs.Annotations = map[string]string{"deployment.kubernetes.io/revision": "2"}
			},
		},
		"A13: labels of pods by its owner": {
			revision: "orders-1", owned: true, change: func(rs *appsv1.ReplicaSet) { rs.Spec.Template.Labels["phase"] = "canary" },
		},
		"A13: scaled down":  {revision: "orders-2", owned: true, before: 2, change: scaled(0)},
		"A13: scaled up":    {revision: "orders-2", owned: true, before: 2, change: scaled(3)},
		"scaled up from 0":  {revision: "orders-2", owned: true, change: scaled(1), want: breaks},
		"back up, admitted": {revision: "orders-1", owned: true, change: scaled(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSpace(t)
			old := workloads(s.name, slug(name), template(tc.revision, "app", "orders"))[3].(*appsv1.ReplicaSet)
			old.Spec.Replicas = &tc.before
			old.Spec.Template = nowhere(old.Spec.Template)
			if tc.owned {
				owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}
				s.create(owner)
				old.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
			}
			s.create(old)
			s.govern(map[string]*gate{"deny": shop()})
			err := retryConflicts(func() error {
				s.must(s.tenant.Get(t.Context(), client.ObjectKeyFromObject(old), old))
				tc.change(old)
				return s.tenant.Update(t.Context(), old)
			})
			s.judged(err, rollouts, tc.want)
		})
	}
}

func scaled(n int32) func(*appsv1.ReplicaSet) {
	return func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = &n }
}

// R15: the workload that customers rely on does not leave its API by a label.
func TestKeeperStays(t *testing.T) {
	t.Parallel()
	keeper := deployment("", "keeper", "orders-1", "app", "orders")
	other := deployment("", "other", "orders-1", "app", "orders")
	s := governed(t, shop().keep("orders", held, "deployments/keeper"), keeper, other)
	leave := func(d *appsv1.Deployment) { delete(d.Spec.Template.Labels, "app") }
	s.refused(s.change(s.tenant, keeper, leave), rollouts, held)
	s.judged(s.change(s.tenant, other, leave), rollouts, "")
	s.judged(s.change(s.tenant, keeper, func(d *appsv1.Deployment) { d.Spec.Template.Labels["slot"] = "blue" }), rollouts, "")
}
