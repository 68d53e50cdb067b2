package controllers

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// +kubebuilder:rbac:groups=forewarn.dev,resources=deprecationschedules,verbs=get;list;watch

// toScheduled maps a schedule to the notices that it made: whether they can be published, and whether what the last one
// tells of may be removed, depends on it.
func toScheduled(_ context.Context, object client.Object) []ctrl.Request {
	schedule, ok := object.(*v1alpha1.DeprecationSchedule)
	if !ok {
		return nil
	}
	keys := make([]types.NamespacedName, 0, len(schedule.Status.Notices))
	for i := range schedule.Status.Notices {
		keys = append(keys, types.NamespacedName{Namespace: schedule.Namespace, Name: string(schedule.Status.Notices[i].Notice)})
	}
	return requests(keys...)
}

// matterOfSchedule is what notices need to know of a schedule.
func matterOfSchedule(schedule *v1alpha1.DeprecationSchedule) any {
	status := &schedule.Status
	listed := make([]v1alpha1.ScheduledNotice, 0, len(status.Notices))
	for i := range status.Notices {
		listed = append(listed, v1alpha1.ScheduledNotice{Notice: status.Notices[i].Notice, Step: status.Notices[i].Step})
	}
	return []any{schedule.Generation, status.PublishedTime, status.WithdrawnTime, listed, status.StillUsing, status.Stragglers, status.UsageTime}
}

// matterOfDeprecation is what revisions need to know of a schedule.
func matterOfDeprecation(schedule *v1alpha1.DeprecationSchedule) any {
	status := &schedule.Status
	return []any{schedule.Generation, status.PublishedTime, status.WithdrawnTime, status.RemovedTime}
}
