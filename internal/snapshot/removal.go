package snapshot

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// scheduleOf returns the schedule that a notice tells of: the one that was frozen with it or, before its publication, the
// one that made it. Nothing, where there is none, or it cannot be read.
func (s *Snapshot) scheduleOf(ctx context.Context, notice *v1alpha1.ChangeNotice) (*v1alpha1.DeprecationSchedule, error) {
	name := string(notice.Status.Removal.Schedule)
	if notice.Status.PublishedTime == nil {
		name = notice.Labels[v1alpha1.ScheduleLabel]
	}
	if name == "" {
		return nil, nil
	}
	schedule := &v1alpha1.DeprecationSchedule{}
	key := client.ObjectKey{Namespace: notice.Namespace, Name: name}
	err := s.objects.Get(ctx, key, schedule)
	if apierrors.IsNotFound(err) || IsUnreadable(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading deprecation schedule %s: %w", key, err)
	}
	return schedule, nil
}
