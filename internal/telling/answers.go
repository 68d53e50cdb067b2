package telling

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Answers counts what customers answered to a notice, by the records of its publication; nothing while none did.
func Answers(n *v1alpha1.ChangeNotice, affected int32, records []v1alpha1.DeliveryRecord) v1alpha1.NoticeAnswers {
	var answered, understood, needsTime int32
	var latest *metav1.Time
	for _, a := range Each(n, records) {
		if a.What == "" {
			continue
		}
		answered++
		if a.What == v1alpha1.AnswerUnderstood {
			understood++
		}
		if !a.Open {
			continue
		}
		needsTime++
		if !a.Until.IsZero() && (latest == nil || a.Until.After(latest.Time)) {
			latest = &metav1.Time{Time: a.Until}
		}
	}
	if answered == 0 {
		return v1alpha1.NoticeAnswers{}
	}
	unanswered := max(affected-answered, 0)
	return v1alpha1.NoticeAnswers{
		Answered: &answered, Understood: &understood, NeedsTime: &needsTime, Unanswered: &unanswered, LatestTime: latest,
	}
}

// An Answer is how one customer stands to a notice.
type Answer struct {
	Customer v1alpha1.CustomerID
	// ServedBy is the partner that serves it, empty where it is served directly.
	ServedBy v1alpha1.CustomerID
	// Delivered says that the publication reached it.
	Delivered bool
	// What is the answer that counts, its latest or else that of its partner; empty where neither gave one. Time is
	// when that was.
	What v1alpha1.CustomerAnswer
	Time time.Time
	// Until is the date that it asks for; zero where it asks for none.
	Until time.Time
	// Open says that it is an objection which nobody answered.
	Open bool
}

// Each is how each customer that the publication was planned for stands to a notice, in the order of their ids.
func Each(n *v1alpha1.ChangeNotice, records []v1alpha1.DeliveryRecord) []Answer {
	customers, settled := heardFrom(records), ObjectionsAnswered(n)
	all := make([]Answer, 0, len(customers))
	for id, e := range customers {
		a := customers.answered(e)
		all = append(all, Answer{
			Customer: id, ServedBy: e.servedBy, Delivered: !customers.deliveredAt(e).IsZero(),
			What: a.what, Time: a.at, Until: a.until,
			Open: a.what == v1alpha1.AnswerNeedsTime && open(n, a, settled),
		})
	}
	slices.SortFunc(all, func(a, b Answer) int { return cmp.Compare(a.Customer, b.Customer) })
	return all
}

// open says that nobody answered an objection: neither an update since, nor a date that leaves the time asked for.
// Where it is not known how much that is, only an update does.
func open(n *v1alpha1.ChangeNotice, a answer, settled time.Time) bool {
	if !a.at.After(settled) {
		return false
	}
	return a.until.IsZero() || n.Spec.EffectiveTime == nil || a.until.After(n.Spec.EffectiveTime.Time)
}

// ObjectionsAnswered is the moment of the last update that answers the objections before it; zero: there is none. An update
// that was not published yet answers nothing.
func ObjectionsAnswered(n *v1alpha1.ChangeNotice) time.Time {
	var settled time.Time
	for i := range n.Spec.Updates {
		if n.Spec.Updates[i].Answers != v1alpha1.AnswersObjections || i >= len(n.Status.UpdateTimes) {
			continue
		}
		at := n.Status.UpdateTimes[i].UTC()
		if over := n.Status.SupersededTime; over != nil && !at.Before(over.Time) {
			continue // customers are told of the other notice only
		}
		if at.After(settled) {
			settled = at
		}
	}
	return settled
}

// Awaited are the partners whose answer some customer who was not reached waits for, in order.
func Awaited(records []v1alpha1.DeliveryRecord) []v1alpha1.CustomerID {
	customers := heardFrom(records)
	var awaited []v1alpha1.CustomerID
	for _, e := range customers {
		if e.servedBy != "" && customers.deliveredAt(e).IsZero() {
			awaited = append(awaited, e.servedBy)
		}
	}
	slices.Sort(awaited)
	return slices.Compact(awaited)
}
