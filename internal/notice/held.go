package notice

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Held says that more of the affected customers need more time than what was frozen with the notice lets pass, and
// that nobody has answered them. Such a notice has not matured, whatever its date.
func Held(n *v1alpha1.ChangeNotice) bool {
	hold, answers := n.Status.Clock.HoldAboveObjectionPercent, &n.Status.Answers
	if n.Status.PublishedTime == nil || hold == nil || answers.NeedsTime == nil {
		return false
	}
	percent, affected := int64(*hold), int64(0)
	if percent < 0 || percent > wholePercent { // no API server took that: the strictest counts
		percent = 0
	}
	if n.Status.Delivery.Affected != nil {
		affected = int64(*n.Status.Delivery.Affected)
	}
	return int64(*answers.NeedsTime)*wholePercent > percent*affected
}
