package controllers

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

// Gates are written for what a rollout may stop, and not for what happens to the others: an ordinary rolling update, and
// scaling of any.
func TestWhatMayStopMattersToGates(t *testing.T) {
	share, two := intstr.FromString("25%"), intstr.FromInt32(2)
	of := func(most intstr.IntOrString, replicas, there, updated int32) *appsv1.Deployment {
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &replicas}}
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxUnavailable: &most, MaxSurge: ptr.To(intstr.FromInt32(1))}
		d.Status = appsv1.DeploymentStatus{Replicas: there, UpdatedReplicas: updated, ReadyReplicas: 4}
		return d
	}
	recreated := of(share, 4, 4, 4)
	recreated.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	for name, tc := range map[string]struct {
		before, after *appsv1.Deployment
		want          bool
	}{
		"a share: a rollout begins":       {of(share, 4, 4, 4), of(share, 4, 5, 1), false},
		"a share: it goes on":             {of(share, 4, 5, 1), of(share, 4, 5, 2), false},
		"a share: it is over":             {of(share, 4, 5, 4), of(share, 4, 4, 4), false},
		"a share: scaled to one":          {of(share, 4, 4, 4), of(share, 1, 1, 1), false},
		"a number: a rollout begins":      {of(two, 4, 4, 4), of(two, 4, 5, 1), true},
		"a number: it goes on":            {of(two, 4, 5, 1), of(two, 4, 5, 2), false},
		"a number: it is over":            {of(two, 4, 5, 4), of(two, 4, 4, 4), true},
		"a number: scaled":                {of(two, 4, 4, 4), of(two, 9, 9, 9), false},
		"a number, in place of a share":   {of(share, 4, 4, 4), of(two, 4, 4, 4), true},
		"Recreate, in place of a share":   {of(share, 4, 4, 4), recreated, true},
		"Recreate: a rollout":             {recreated, recreated.DeepCopy(), false},
		"a number: scaled to all of them": {of(two, 4, 4, 4), of(two, 2, 2, 2), true}, // which budgets ask for
	} {
		t.Run(name, func(t *testing.T) {
			if got := whenStopping().Update(event.UpdateEvent{ObjectOld: tc.before, ObjectNew: tc.after}); got != tc.want {
				t.Errorf("matters: %t", got)
			}
		})
	}
	for name, tc := range map[string]struct {
		d    *appsv1.Deployment
		want bool
	}{"a share": {of(share, 4, 4, 4), false}, "a number": {of(two, 4, 4, 4), true}, "Recreate": {recreated, true}} {
		created, deleted := whenStopping().Create(event.CreateEvent{Object: tc.d}), whenStopping().Delete(event.DeleteEvent{Object: tc.d})
		if created != tc.want || deleted != tc.want {
			t.Errorf("%s: it comes: %t, it goes: %t", name, created, deleted)
		}
	}
}
