package controllers

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// maxPostponements is how many a status holds. They are numbered, so that leaving the oldest out loses no count.
const maxPostponements = 20

// stampTold keeps what customers are told after the publication, and when. What somebody subscribed to counts by it,
// and must never count back. What is not what was published any more is told to nobody.
func stampTold(n *v1alpha1.ChangeNotice, now time.Time) {
	status := &n.Status
	if status.PublishedTime == nil || !intact(n) {
		return
	}
	at := atSecond(now)
	if at.Before(status.PublishedTime) { // which is rounded up
		at = status.PublishedTime.DeepCopy()
	}
	if status.SupersededTime == nil && status.SupersededBy != "" {
		status.SupersededTime = at
	}
	for len(status.UpdateTimes) < len(n.Spec.Updates) {
		status.UpdateTimes = append(status.UpdateTimes, *at)
	}
	stampDate(n, at)
}

// stampDate keeps the date. A later one of a notice that is off, or that has lapsed, postpones nothing.
func stampDate(n *v1alpha1.ChangeNotice, at *metav1.Time) {
	status, date := &n.Status, n.Spec.EffectiveTime
	over := status.WithdrawnTime != nil || status.SupersededTime != nil || status.LapsedTime != nil
	switch {
	case date == nil:
	case status.EffectiveTime == nil:
		status.EffectiveTime = atSecond(date.Time)
	case !over && status.EffectiveTime.Before(date):
		next := v1alpha1.Postponement{Number: 1, Time: at, From: status.EffectiveTime, To: atSecond(date.Time)}
		if last := len(status.Postponements); last > 0 {
			next.Number = status.Postponements[last-1].Number + 1
		}
		status.Postponements = append(status.Postponements, next)
		if spare := len(status.Postponements) - maxPostponements; spare > 0 {
			status.Postponements = status.Postponements[spare:]
		}
		status.EffectiveTime = next.To
	}
}

// intact says that a published notice still is what was published.
func intact(n *v1alpha1.ChangeNotice) bool {
	return n.Spec.State != v1alpha1.NoticeDraft && n.Status.PublishedDigest == notice.Digest(&n.Spec)
}

// holding is what verdicts depend on of the answers to a notice: nothing, unless they hold it.
func holding(n *v1alpha1.ChangeNotice) any {
	if !notice.Held(n) {
		return nil
	}
	return []any{n.Status.Answers.NeedsTime, n.Status.Answers.LatestTime}
}
