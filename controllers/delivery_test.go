package controllers

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func timeAt(t time.Time) *metav1.Time { return ptr.To(metav1.NewTime(t)) }

func TestSettle(t *testing.T) {
	planned := func(attempts int32, since time.Duration) v1alpha1.Delivery {
		return v1alpha1.Delivery{
			Customer: "c-1", ID: "0123456789abcdef0123456789abcdef", State: v1alpha1.DeliveryWaiting, Reason: "Timeout",
			Attempts: ptr.To(attempts), PlannedTime: timeAt(noon.Add(-since)), NextAttemptTime: timeAt(noon),
		}
	}
	const day = 24 * time.Hour
	tests := map[string]struct {
		was     v1alpha1.Delivery
		outcome outcome
		want    string // state, reason, attempts, seconds until the next attempt
	}{
		"it was taken over":                       {planned(1, 0), outcome{begun: true, receipt: timeAt(noon)}, "Delivered  2 -"},
		"it was not begun":                        {planned(1, 0), outcome{}, "Waiting Timeout 1 0"},
		"the manager ends in the middle of it":    {planned(1, 0), outcome{begun: true, failure: &delivery.Failure{Reason: delivery.ReasonInterrupted}}, "Sending Timeout 2 -"},
		"the customer's side refuses for good":    {planned(1, 0), outcome{begun: true, failure: &delivery.Failure{Reason: "MailRefused", Permanent: true}}, "Failed MailRefused 2 -"},
		"a fault of the channel does not count":   {planned(1, 0), outcome{begun: true, failure: &delivery.Failure{Reason: "Unreachable", Channel: true}}, "Waiting Unreachable 1 15"},
		"nor for those who were not begun":        {planned(0, 0), outcome{failure: &delivery.Failure{Reason: "Unreachable", Channel: true}}, "Waiting Unreachable 0 15"},
		"nor after days":                          {planned(50, 9*day), outcome{begun: true, failure: &delivery.Failure{Reason: "Unreachable", Channel: true}}, "Waiting Unreachable 50 15"},
		"it is put off for longer than we would":  {planned(0, 0), outcome{begun: true, failure: &delivery.Failure{Reason: "MailDeferred", RetryAfter: 2 * time.Hour}}, "Waiting MailDeferred 1 7200"},
		"ten times within a day is not enough":    {planned(9, day-time.Second), outcome{begun: true, failure: &delivery.Failure{Reason: "MailDeferred", RetryAfter: 2 * time.Hour}}, "Waiting MailDeferred 10 7200"},
		"nine times in a day are not enough":      {planned(8, day), outcome{begun: true, failure: &delivery.Failure{Reason: "MailDeferred", RetryAfter: 2 * time.Hour}}, "Waiting MailDeferred 9 7200"},
		"the tenth after a day is the last there": {planned(9, day), outcome{begun: true, failure: &delivery.Failure{Reason: "MailDeferred"}}, "Failed MailDeferred 10 -"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e := *tc.was.DeepCopy()
			e.State, e.NextAttemptTime, e.Attempts = v1alpha1.DeliverySending, nil, ptr.To(*e.Attempts+1)
			settle(&e, &tc.was, tc.outcome, noon)
			next := "-"
			if e.NextAttemptTime != nil {
				next = fmt.Sprint(int(e.NextAttemptTime.Sub(noon).Seconds()))
			}
			if got := fmt.Sprintf("%s %s %d %s", e.State, e.Reason, *e.Attempts, next); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if delivered := e.DeliveredTime != nil; delivered != (e.State == v1alpha1.DeliveryDelivered) {
				t.Errorf("it is %s, and deliveredTime is %v", e.State, e.DeliveredTime)
			}
		})
	}
}

func TestWhatIsDue(t *testing.T) {
	entry := func(state v1alpha1.DeliveryState, next *metav1.Time) v1alpha1.Delivery {
		return v1alpha1.Delivery{State: state, NextAttemptTime: next}
	}
	record := &v1alpha1.DeliveryRecord{}
	record.Status.Deliveries = []v1alpha1.Delivery{
		entry(v1alpha1.DeliveryPlanned, nil),
		entry(v1alpha1.DeliverySending, nil), // whoever sent it ended
		entry(v1alpha1.DeliveryDelivered, nil),
		entry(v1alpha1.DeliveryFailed, nil),
		entry(v1alpha1.DeliveryWaiting, timeAt(noon)),
		entry(v1alpha1.DeliveryWaiting, timeAt(noon.Add(2*time.Second))),
		entry(v1alpha1.DeliveryWaiting, timeAt(noon.Add(time.Second))),
	}
	d := &round{now: noon}
	if diff := cmp.Diff([]int{0, 1, 4}, d.due(record)); diff != "" {
		t.Error(diff)
	}
	if d.next == nil || !d.next.Equal(noon.Add(time.Second)) {
		t.Errorf("it looks again at %v", d.next)
	}
	record.Status.Deliveries = make([]v1alpha1.Delivery, maxBatch+1)
	if due := (&round{now: noon}).due(record); len(due) != maxBatch {
		t.Errorf("%d are sent in one go", len(due))
	}
}

func TestPauses(t *testing.T) {
	p, key := newPauses(), types.NamespacedName{Namespace: "shop", Name: "mail"}
	fault := &delivery.Failure{Reason: delivery.ReasonUnreachable, Channel: true}
	for n, want := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute} {
		p.begin(key, "as it was", fault, noon)
		if paused, ok := p.of(key, "as it was"); !ok || !paused.until.Equal(noon.Add(want)) {
			t.Errorf("pause %d is until %v", n, paused.until)
		}
	}
	for range 99 {
		p.begin(key, "as it was", fault, noon)
	}
	if paused, _ := p.of(key, "as it was"); !paused.until.Equal(noon.Add(time.Hour)) {
		t.Errorf("the longest pause is until %v", paused.until)
	}
	if _, ok := p.of(key, "put right"); ok {
		t.Error("it was put right, and is held back")
	}
	p.begin(key, "put right", &delivery.Failure{Reason: delivery.ReasonMailDeferred, Channel: true, RetryAfter: 2 * time.Hour}, noon)
	if paused, _ := p.of(key, "put right"); paused.failures != 1 || !paused.until.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("after %d failures the pause is until %v", paused.failures, paused.until)
	}
	p.end(key)
	if _, ok := p.of(key, "put right"); ok || p.last(key) != nil {
		t.Error("it is over, and the channel is held back")
	}
}

// The same people hear all that follows, each by the channels that the publication went by.
func TestTold(t *testing.T) {
	record := func(channel v1alpha1.ObjectName, stage delivery.Stage, customers ...v1alpha1.CustomerID) v1alpha1.DeliveryRecord {
		r := v1alpha1.DeliveryRecord{}
		r.Spec.Channel, r.Spec.Stage = channel, v1alpha1.NoticeStage(stage)
		for _, id := range customers {
			r.Status.Deliveries = append(r.Status.Deliveries, v1alpha1.Delivery{Customer: id})
		}
		return r
	}
	got := told([]v1alpha1.DeliveryRecord{
		record("hook", delivery.Published, "c-2"), record("mail", delivery.Published, "c-2", "c-1"),
		record("mail", delivery.ReminderStage(30), "c-1", "c-2"),
	})
	want := []audience.Customer{
		{ID: "c-1", Contacts: []audience.Contact{{Channel: "mail"}}},
		{ID: "c-2", Contacts: []audience.Contact{{Channel: "hook"}, {Channel: "mail"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAddressOf(t *testing.T) {
	customer := &audience.Customer{Contacts: []audience.Contact{
		{Channel: "hook", Address: "https://receiver.example"}, {Channel: "mail"},
		{Channel: "mail", Address: "first@customer.example"}, {Channel: "mail", Address: "second@customer.example"},
	}}
	if got := addressOf(customer, "mail"); got != "first@customer.example" {
		t.Errorf("by mail it is %q", got)
	}
	if got := addressOf(customer, "letter") + addressOf(nil, "mail"); got != "" {
		t.Errorf("where there is none it is %q", got)
	}
}
