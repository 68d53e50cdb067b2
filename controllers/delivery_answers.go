package controllers

import (
	"fmt"

	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/telling"
)

// noAnswers says that customers cannot answer. In a rehearsal nobody is told either, and what would be published is shown.
func (o *Options) noAnswers() bool { return o.Answers == nil && o.Offset == 0 }

// noAnswersText is what is said where somebody waits for answers that nobody can give.
const noAnswersText = "forewarn takes no answers: give its manager --answers-url"

// acknowledged follows how many it was delivered to, where answers start the clock.
func (d *round) acknowledged() string {
	status := &d.notice.Status
	if status.Clock.StartsAt != v1alpha1.StartsAtAcknowledged {
		return ""
	}
	text := fmt.Sprintf(", acknowledged by %d", ptr.Deref(status.Answers.Answered, 0))
	if status.Delivery.CoveredTime == nil {
		text += fmt.Sprintf(" (%d%% start its clock)", status.Clock.CoveragePercent)
	}
	if d.noAnswers && status.Delivery.CoveredTime == nil {
		text += "; " + noAnswersText
	}
	return text
}

// awaited says how many partners have to answer before the customers that they serve count.
func (d *round) awaited() []string {
	partners := len(telling.Awaited(d.Records))
	if partners == 0 {
		return nil
	}
	text := "waits for the acknowledgement of 1 partner"
	if partners > 1 {
		text = fmt.Sprintf("waits for the acknowledgement of %d partners", partners)
	}
	if d.noAnswers {
		text += ", and " + noAnswersText
	}
	return []string{text}
}
