package telling

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

// heard is what the records of a publication say of each customer.
type heard map[v1alpha1.CustomerID]*evidence

// evidence is what became of one customer's messages, over all channels, and what it answered.
type evidence struct {
	reached  time.Time // zero: by no channel
	pending  bool
	servedBy v1alpha1.CustomerID
	answer   answer
}

// answer is what a customer answered last. At is zero where it did not.
type answer struct {
	what  v1alpha1.CustomerAnswer
	at    time.Time
	until time.Time // zero: it did not say
}

func heardFrom(records []v1alpha1.DeliveryRecord) heard {
	h := heard{}
	for i := range records {
		if records[i].Spec.Stage != v1alpha1.NoticeStage(delivery.Published) {
			continue
		}
		for j := range records[i].Status.Deliveries {
			d := &records[i].Status.Deliveries[j]
			if h[d.Customer] == nil {
				h[d.Customer] = &evidence{}
			}
			h[d.Customer].add(d)
		}
	}
	return h
}

func (e *evidence) add(d *v1alpha1.Delivery) {
	switch {
	case d.State == v1alpha1.DeliveryDelivered && d.DeliveredTime != nil:
		e.reached = first(e.reached, d.DeliveredTime.UTC())
	case d.State != v1alpha1.DeliveryFailed && d.State != v1alpha1.DeliveryRelayed:
		e.pending = true
	}
	if d.ServedBy != "" && (e.servedBy == "" || d.ServedBy < e.servedBy) {
		e.servedBy = d.ServedBy
	}
	e.answer = last(e.answer, answerOf(d))
}

// answerOf is none where it is not known what was answered, or when.
func answerOf(d *v1alpha1.Delivery) answer {
	if d.AnswerTime == nil {
		return answer{}
	}
	a := answer{what: d.Answer, at: d.AnswerTime.UTC()}
	switch d.Answer {
	case v1alpha1.AnswerUnderstood:
		return a
	case v1alpha1.AnswerNeedsTime:
		if d.NeededUntil != nil {
			a.until = d.NeededUntil.UTC()
		}
		return a
	}
	return answer{}
}

// last is the later of two answers. Of two at once the one counts that asks for more.
func last(a, b answer) answer {
	switch {
	case b.at.IsZero() || a.at.After(b.at):
		return a
	case b.at.After(a.at) || a.what == v1alpha1.AnswerUnderstood:
		return b
	case b.what == v1alpha1.AnswerNeedsTime && (b.until.IsZero() || !a.until.IsZero() && b.until.After(a.until)):
		return b
	}
	return a
}

// answered is what a customer answered itself or, where it did not, its partner for it.
func (h heard) answered(e *evidence) answer {
	if e.answer.at.IsZero() {
		return h.partnerOf(e).answer
	}
	return e.answer
}

// partnerOf is nothing for a customer that is served directly, and where nothing was ever planned for the partner.
func (h heard) partnerOf(e *evidence) evidence {
	if partner := h[e.servedBy]; e.servedBy != "" && partner != nil {
		return *partner
	}
	return evidence{}
}

// acknowledgedAt is when a customer answered, or its partner for it, whichever was first; zero: neither did.
func (h heard) acknowledgedAt(e *evidence) time.Time {
	return first(e.answer.at, h.partnerOf(e).answer.at)
}

// deliveredAt is when a customer was reached; zero: it was not. One that a partner serves was when it is acknowledged:
// that the partner got a message says nothing of the customer.
func (h heard) deliveredAt(e *evidence) time.Time {
	if e.servedBy != "" {
		return h.acknowledgedAt(e)
	}
	return e.reached
}

// open says that a customer who was not reached yet may still be. What a partner does with what it got is open.
func (h heard) open(e *evidence) bool {
	partner := h.partnerOf(e)
	return e.pending || partner.pending || !partner.reached.IsZero()
}

// first is the earlier of two moments. Zero is none.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
