package controllers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/telling"
)

// setStatus writes down what the records prove, and what is in the way.
func (d *round) setStatus() {
	status := &d.notice.Status
	if affected := status.Delivery.Affected; affected != nil {
		chosen := status.Delivery.CustomersDigest
		status.Delivery = telling.Reached(status.Clock, *affected, d.Records)
		status.Answers = telling.Answers(d.notice, *affected, d.Records)
		status.Delivery.CustomersDigest = chosen
	}
	state, reason, message := d.delivered()
	c := conditions{list: &status.Conditions, generation: d.notice.Generation, now: d.now}
	c.set(v1alpha1.ConditionDelivered, state, reason, message)
	d.setReminders(c)
}

// delivered is the condition of that name.
func (d *round) delivered() (state metav1.ConditionStatus, reason, message string) {
	reached := &d.notice.Status.Delivery
	switch {
	case d.notice.Status.PublishedTime == nil:
		return metav1.ConditionUnknown, v1alpha1.ReasonNotPublished, "it was not published, so nobody is told"
	case d.offset != 0:
		return metav1.ConditionFalse, v1alpha1.ReasonClockOffset, fmt.Sprintf("the clock is moved on by %s: in a rehearsal nobody is told", d.offset)
	case reached.Affected == nil && d.nothingStands():
		return metav1.ConditionFalse, v1alpha1.ReasonUndeliverable, "it was over before anybody was told"
	case reached.Affected == nil || d.isDue(delivery.Published) && !d.publicationBegun(d.Records):
		reason, message = v1alpha1.ReasonDelivering, "who is to be told is being written down"
		if d.customers != nil && d.customers.Problem != nil {
			reason, message = d.customers.Problem.Reason, "nobody can be told: "+d.customers.Problem.Message
		}
		return metav1.ConditionFalse, reason, message
	}
	open, parts := d.left()
	message = fmt.Sprintf("delivered to %d of %d customers", *reached.Delivered, *reached.Affected)
	if reached.CustomersDigest != "" {
		message += " who used what changes"
	}
	message += d.acknowledged()
	if len(parts) > 0 {
		message += "; " + strings.Join(parts, "; ")
	}
	switch {
	case telling.Enough(d.notice.Status.Clock, *reached):
		return metav1.ConditionTrue, v1alpha1.ReasonDelivered, message
	case open:
		return metav1.ConditionFalse, v1alpha1.ReasonDelivering, message
	}
	return metav1.ConditionFalse, v1alpha1.ReasonUndeliverable, message + "; put it right in the Audience, and tell them by a notice that supersedes this one"
}

// left says what is still under way or failed, by stage, and what is in the way of all of it. open: some of the
// publication may still arrive.
func (d *round) left() (open bool, parts []string) {
	waiting, failed := map[v1alpha1.NoticeStage]map[string]int{}, map[v1alpha1.NoticeStage]map[string]int{}
	for i := range d.Records {
		stage := d.Records[i].Spec.Stage
		for j := range d.Records[i].Status.Deliveries {
			e := &d.Records[i].Status.Deliveries[j]
			switch e.State {
			case v1alpha1.DeliveryDelivered, v1alpha1.DeliveryRelayed:
			case v1alpha1.DeliveryFailed:
				count(failed, stage, e.Reason)
			default:
				count(waiting, stage, e.Reason)
				open = open || stage == v1alpha1.NoticeStage(delivery.Published)
			}
		}
	}
	for _, stage := range slices.Sorted(maps.Keys(waiting)) {
		parts = append(parts, fmt.Sprintf("%s: still to be delivered%s", stage, counted(waiting[stage])))
	}
	for _, stage := range slices.Sorted(maps.Keys(failed)) {
		parts = append(parts, fmt.Sprintf("%s: failed%s", stage, counted(failed[stage])))
	}
	reached := &d.notice.Status.Delivery
	settled := ptr.Deref(reached.Delivered, 0) + ptr.Deref(reached.Failed, 0) + ptr.Deref(reached.Unreachable, 0)
	open = open || settled < ptr.Deref(reached.Affected, 0)
	if n := ptr.Deref(reached.Unreachable, 0); n > 0 {
		parts = append(parts, fmt.Sprintf("no contact%s leads to %d", ofRoles(d.notice.Status.Roles), n))
	}
	return open, slices.Concat(parts, d.awaited(), d.obstacles())
}

// ofRoles is for instance " of the role Billing or Legal".
func ofRoles(roles []v1alpha1.ContactRole) string {
	if len(roles) == 0 {
		return ""
	}
	names := make([]string, 0, len(roles))
	for _, role := range roles {
		names = append(names, string(role))
	}
	return " of the role " + strings.Join(names, " or ")
}

// obstacles are what has to be put right before anything goes out.
func (d *round) obstacles() []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(d.needed())) {
		failure := d.pauses.last(types.NamespacedName{Namespace: d.notice.Namespace, Name: string(name)})
		if opened := d.channels[name]; opened != nil {
			failure = opened.failure
		}
		if failure != nil {
			found = append(found, fmt.Sprintf("noticechannel/%s: %s", name, failure))
		}
	}
	if d.customers != nil && d.customers.Problem != nil {
		found = append(found, "the addresses cannot be read: "+d.customers.Problem.Message)
	}
	return found
}

// needed are the channels by which something is still to go out.
func (d *round) needed() map[v1alpha1.ObjectName]bool {
	needed := map[v1alpha1.ObjectName]bool{}
	for i := range d.Records {
		for j := range d.Records[i].Status.Deliveries {
			if !settled(&d.Records[i].Status.Deliveries[j]) {
				needed[d.Records[i].Spec.Channel] = true
			}
		}
	}
	return needed
}

func count(by map[v1alpha1.NoticeStage]map[string]int, stage v1alpha1.NoticeStage, reason string) {
	if by[stage] == nil {
		by[stage] = map[string]int{}
	}
	by[stage][reason]++
}

// counted is for instance " 3 (MailRefused 2, Timeout 1)".
func counted(reasons map[string]int) string {
	total := 0
	var texts []string
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		total += reasons[reason]
		if reason != "" {
			texts = append(texts, fmt.Sprintf("%s %d", reason, reasons[reason]))
		}
	}
	if len(texts) == 0 {
		return fmt.Sprintf(" %d", total)
	}
	return fmt.Sprintf(" %d (%s)", total, strings.Join(texts, ", "))
}
