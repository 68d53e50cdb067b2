package controllers

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// enforcements in the order in which gates are written: where an API moves to a stricter one, it is never in none.
var enforcements = []v1alpha1.Enforcement{
	v1alpha1.EnforcementDeny, v1alpha1.EnforcementWarn, v1alpha1.EnforcementAudit,
}

// gateMaps are the ConfigMaps of a namespace. One without a resourceVersion does not exist yet.
type gateMaps map[v1alpha1.Enforcement]*corev1.ConfigMap

// By this label what forewarn wrote is found when it is uninstalled.
const (
	partOfLabel = "app.kubernetes.io/part-of"
	partOf      = "forewarn"
)

func emptyGate(namespace string, enforcement v1alpha1.Enforcement) *corev1.ConfigMap {
	empty := &corev1.ConfigMap{}
	empty.Namespace, empty.Name = namespace, gate.NameOf(enforcement)
	empty.Labels = map[string]string{partOfLabel: partOf}
	return empty
}

// readGates reads past the cache: what is written must be written over what is there.
func (r *GateReconciler) readGates(ctx context.Context, namespace string) (gateMaps, error) {
	gates := gateMaps{}
	for _, enforcement := range enforcements {
		found := emptyGate(namespace, enforcement)
		if err := r.live.Get(ctx, client.ObjectKeyFromObject(found), found); client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading gate %s: %w", found.Name, err)
		}
		gates[enforcement] = found
	}
	return gates, nil
}

// epoch is that of this leader, and more than any that the gates carry from before its Lease was made anew.
func (r *GateReconciler) epoch(ctx context.Context, gates gateMaps) (int64, error) {
	epoch, err := r.leader.epoch(ctx)
	if err != nil {
		return 0, err
	}
	for _, found := range gates {
		if carried, err := strconv.ParseInt(found.Data["epoch"], 10, 64); err == nil && carried > epoch {
			if epoch, err = r.leader.raise(ctx, carried); err != nil {
				return 0, err
			}
		}
	}
	return epoch, nil
}

func (r *GateReconciler) writeGate(ctx context.Context, found *corev1.ConfigMap, data map[string]string) (written bool, err error) {
	if found.ResourceVersion != "" && maps.Equal(found.Data, data) {
		return false, nil
	}
	wanted := found.DeepCopy()
	wanted.Data, wanted.BinaryData = data, nil
	if found.ResourceVersion == "" {
		err = r.client.Create(ctx, wanted)
	} else {
		err = r.client.Update(ctx, wanted)
	}
	r.metrics.gateWritten(err)
	if apierrors.IsAlreadyExists(err) {
		err = apierrors.NewConflict(corev1.Resource("configmaps"), wanted.Name, err)
	}
	if err == nil {
		ctrl.LoggerFrom(ctx).V(1).Info("Gate written", "gate", wanted.Name)
	}
	return err == nil, err
}

// gateLabels say whether the API server need look at a gate. It always does at that which refuses.
var gateLabels = map[v1alpha1.Enforcement]string{
	v1alpha1.EnforcementWarn: v1alpha1.WarningLabel, v1alpha1.EnforcementAudit: v1alpha1.AuditingLabel,
}

// marks are what forewarn writes on a namespace.
type marks struct {
	Governed bool
	Idle     map[v1alpha1.Enforcement]bool // whose gate says nothing
	Until    map[string]string             // whole annotation keys
}

func marksOf(namespace *corev1.Namespace) marks {
	m := marks{Idle: map[v1alpha1.Enforcement]bool{}, Until: map[string]string{}}
	_, m.Governed = namespace.Labels[v1alpha1.GovernedLabel]
	for enforcement, label := range gateLabels {
		m.Idle[enforcement] = namespace.Labels[label] == "false"
	}
	for key, value := range namespace.Annotations {
		if strings.HasPrefix(key, v1alpha1.UntilAnnotationPrefix) || strings.HasPrefix(key, v1alpha1.WindowAnnotationPrefix) {
			m.Until[key] = value
		}
	}
	return m
}

func (m marks) any() bool { return m.Governed || len(m.Until) > 0 }

// with are the marks under which neither what the gates hold passes unseen nor what they are about to.
func (m marks) with(published gate.Published) marks {
	both := marks{Governed: m.Governed, Idle: map[v1alpha1.Enforcement]bool{}, Until: maps.Clone(m.Until)}
	maps.Copy(both.Until, published.Until)
	for enforcement, idle := range m.Idle {
		both.Idle[enforcement] = idle && published.Idle(enforcement)
	}
	return both
}

// marksFor are those of a namespace whose gates hold what is published.
func marksFor(published gate.Published) marks {
	m := marks{Governed: true, Idle: map[v1alpha1.Enforcement]bool{}, Until: published.Until}
	for enforcement := range gateLabels {
		m.Idle[enforcement] = published.Idle(enforcement)
	}
	return m
}

// mark makes the namespace carry these marks and no others of ours. It is no server-side apply: that would leave
// in place what somebody else wrote under our keys. Labels and annotations are one write: the API server never sees an
// end without being told to look for it.
func (r *GateReconciler) mark(ctx context.Context, namespace *corev1.Namespace, wanted marks) error {
	before := namespace.DeepCopy()
	delete(namespace.Labels, v1alpha1.GovernedLabel)
	delete(namespace.Labels, v1alpha1.ExpiringLabel)
	for _, label := range gateLabels {
		delete(namespace.Labels, label)
	}
	if wanted.Governed {
		namespace.Labels = withEntry(namespace.Labels, v1alpha1.GovernedLabel, "true")
		namespace.Labels = withEntry(namespace.Labels, v1alpha1.ExpiringLabel, strconv.FormatBool(len(wanted.Until) > 0))
		for enforcement, label := range gateLabels {
			namespace.Labels = withEntry(namespace.Labels, label, strconv.FormatBool(!wanted.Idle[enforcement]))
		}
	}
	for key := range marksOf(namespace).Until {
		delete(namespace.Annotations, key)
	}
	for key, value := range wanted.Until {
		namespace.Annotations = withEntry(namespace.Annotations, key, value)
	}
	if maps.Equal(before.Labels, namespace.Labels) && maps.Equal(before.Annotations, namespace.Annotations) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.client.Patch(ctx, namespace, patch); err != nil {
		return fmt.Errorf("marking namespace %s: %w", namespace.Name, err)
	}
	return nil
}

func withEntry(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}
