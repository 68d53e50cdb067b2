package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

const (
	nudgedAnnotation = "forewarn.dev/nudged"
	// nudgeSettle is when every API server must have seen a gate that was written.
	nudgeSettle = 5 * time.Second
)

// stuck is a workload whose controller was refused, and waits for longer with each time.
type stuck struct {
	object   client.Object
	template *corev1.PodTemplateSpec
}

// +kubebuilder:rbac:groups=apps,resources=deployments;replicasets;statefulsets;daemonsets,verbs=patch

// nudge touches workloads that are stuck although all that they name is admitted by now: their controllers back off
// for up to 1,000 s (A3). It does so when a gate has changed, and once more when every API server must have seen it.
// It returns when to come back.
func (r *GateReconciler) nudge(ctx context.Context, now time.Time, input gate.NamespaceInput) (*time.Time, error) {
	workloads, err := r.stuck(ctx, input.Namespace)
	if err != nil || len(workloads) == 0 {
		return nil, err
	}
	admitted := admittedBy(input)
	changed := r.changes.last(input.Namespace, now)
	var again *time.Time
	for _, w := range workloads {
		due := nudgeDue(w.object, changed)
		if due == nil || !allAdmitted(w.template, admitted) {
			continue
		}
		if !due.After(now) {
			if err := r.touch(ctx, w.object, now); err != nil {
				return nil, err
			}
			due = ptr.To(changed.Add(nudgeSettle))
		}
		if due.After(now) {
			again = earliest(again, due)
		}
	}
	return again, nil
}

// admittedBy are the revisions that the gates admit.
func admittedBy(input gate.NamespaceInput) map[string]bool {
	admitted := map[string]bool{}
	for i := range input.Revisions {
		if verdict := input.Revisions[i].Verdict; verdict != nil && verdict.Admissible {
			admitted[input.Revisions[i].Name] = true
		}
	}
	for i := range input.APIs { // also those whose object is gone
		for _, serving := range input.APIs[i].API.Status.Serving {
			admitted[string(serving.Revision)] = true
		}
		for _, past := range input.APIs[i].API.Status.WayBack {
			admitted[string(past.Revision)] = true
		}
	}
	return admitted
}

// nudgeDue is when a workload is to be touched, given when a gate last changed. Nil: it was, and is stuck for
// another reason.
func nudgeDue(object client.Object, changed time.Time) *time.Time {
	settled := changed.Add(nudgeSettle)
	last, err := time.Parse(time.RFC3339, object.GetAnnotations()[nudgedAnnotation])
	switch {
	case err != nil || last.Before(changed.Truncate(time.Second)):
		return &changed
	case last.Before(settled.Truncate(time.Second)):
		return &settled
	}
	return nil
}

// gateChanges remembers when the gates of each namespace last changed.
type gateChanges struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (g *gateChanges) note(namespace string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at[namespace] = now
}

// last takes the first time that anybody asks for a change: nobody knows what happened before this process.
func (g *gateChanges) last(namespace string, now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.at[namespace]; !known {
		g.at[namespace] = now
	}
	return g.at[namespace]
}

// stuck lists what waits after a policy of ours refused something. Of kinds that do not say why they wait, it lists
// all that lack pods.
func (r *GateReconciler) stuck(ctx context.Context, namespace string) ([]stuck, error) {
	found, err := r.stuckByReplicas(ctx, namespace)
	if err != nil {
		return nil, err
	}
	var sets appsv1.StatefulSetList
	if err := r.client.List(ctx, &sets, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing stateful sets: %w", err)
	}
	for i := range sets.Items {
		if set := &sets.Items[i]; set.Status.Replicas < ptr.Deref(set.Spec.Replicas, 1) {
			found = append(found, stuck{set, &set.Spec.Template})
		}
	}
	var daemons appsv1.DaemonSetList
	if err := r.client.List(ctx, &daemons, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing daemon sets: %w", err)
	}
	for i := range daemons.Items {
		if set := &daemons.Items[i]; set.Status.CurrentNumberScheduled < set.Status.DesiredNumberScheduled {
			found = append(found, stuck{set, &set.Spec.Template})
		}
	}
	return found, nil
}

func (r *GateReconciler) stuckByReplicas(ctx context.Context, namespace string) ([]stuck, error) {
	var found []stuck
	var sets appsv1.ReplicaSetList
	if err := r.client.List(ctx, &sets, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing replica sets: %w", err)
	}
	for i := range sets.Items {
		if set := &sets.Items[i]; replicaSetRefused(set) {
			found = append(found, stuck{set, &set.Spec.Template})
		}
	}
	var deployments appsv1.DeploymentList
	if err := r.client.List(ctx, &deployments, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing deployments: %w", err)
	}
	for i := range deployments.Items {
		if d := &deployments.Items[i]; deploymentRefused(d) {
			found = append(found, stuck{d, &d.Spec.Template})
		}
	}
	return found, nil
}

func replicaSetRefused(set *appsv1.ReplicaSet) bool {
	return slices.ContainsFunc(set.Status.Conditions, func(c appsv1.ReplicaSetCondition) bool {
		return c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue && refusedByUs(c.Message)
	})
}

func deploymentRefused(d *appsv1.Deployment) bool {
	return slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
		// Of a ReplicaSet that could not be made; ReplicaFailure repeats what a ReplicaSet says of itself.
		return c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && refusedByUs(c.Message)
	})
}

func refusedByUs(message string) bool {
	return strings.Contains(message, "ValidatingAdmissionPolicy 'forewarn-")
}

// allAdmitted is false of a template that names nothing, too: what it lacks is a name.
func allAdmitted(template *corev1.PodTemplateSpec, admitted map[string]bool) bool {
	named := false
	for name := range strings.SplitSeq(template.Annotations[v1alpha1.RevisionAnnotation], ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !admitted[name] {
			return false
		}
		named = true
	}
	return named
}

func (r *GateReconciler) touch(ctx context.Context, object client.Object, now time.Time) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"annotations": map[string]string{nudgedAnnotation: now.UTC().Format(time.RFC3339)},
	}})
	if err != nil {
		return err
	}
	target, ok := object.DeepCopyObject().(client.Object) // the object is the cache's own
	if !ok {
		return fmt.Errorf("copying %T", object)
	}
	if err := r.client.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("nudging %s: %w", object.GetName(), err)
	}
	ctrl.LoggerFrom(ctx).V(1).Info("Nudged a workload that was refused before", "workload", object.GetName())
	return nil
}
