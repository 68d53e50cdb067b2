package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

// entry is that of a customer, delivered at noon where it was.
func entry(customer v1alpha1.CustomerID, state v1alpha1.DeliveryState, partner v1alpha1.CustomerID) v1alpha1.Delivery {
	e := v1alpha1.Delivery{Customer: customer, State: state, ServedBy: partner}
	if state == v1alpha1.DeliveryDelivered {
		e.DeliveredTime = timeAt(noon)
	}
	return e
}

func answered(e v1alpha1.Delivery, what v1alpha1.CustomerAnswer, until *metav1.Time) v1alpha1.Delivery {
	e.Answer, e.AnswerTime, e.NeededUntil = what, timeAt(noon.Add(time.Minute)), until
	return e
}

func publishedTo(entries ...v1alpha1.Delivery) []v1alpha1.DeliveryRecord {
	r := v1alpha1.DeliveryRecord{}
	r.Spec.Stage, r.Spec.Channel, r.Status.Deliveries = "Published", "mail", entries
	return []v1alpha1.DeliveryRecord{r}
}

func TestWhatTheConditionDeliveredSaysOfAnswers(t *testing.T) {
	const delivered, relayed, failed = v1alpha1.DeliveryDelivered, v1alpha1.DeliveryRelayed, v1alpha1.DeliveryFailed
	const none = "forewarn takes no answers: give its manager --answers-url"
	atDelivery := v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 100}
	atAnswer := v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtAcknowledged, CoveragePercent: 100}
	a, p, q := entry("a", delivered, ""), entry("p", delivered, ""), entry("q", delivered, "")
	understood := func(e v1alpha1.Delivery) v1alpha1.Delivery { return answered(e, v1alpha1.AnswerUnderstood, nil) }
	cases := map[string]struct {
		clock     v1alpha1.NoticeClock
		entries   []v1alpha1.Delivery
		noAnswers bool
		want      string
	}{
		"nobody answered":         {atAnswer, []v1alpha1.Delivery{a, p}, false, "True Delivered: delivered to 2 of 2 customers, acknowledged by 0 (100% start its clock)"},
		"some did":                {atAnswer, []v1alpha1.Delivery{understood(a), p}, false, "True Delivered: delivered to 2 of 2 customers, acknowledged by 1 (100% start its clock)"},
		"enough did":              {atAnswer, []v1alpha1.Delivery{understood(a), understood(p)}, false, "True Delivered: delivered to 2 of 2 customers, acknowledged by 2"},
		"nobody can":              {atAnswer, []v1alpha1.Delivery{a, p}, true, "True Delivered: delivered to 2 of 2 customers, acknowledged by 0 (100% start its clock); " + none},
		"nobody can any more":     {atAnswer, []v1alpha1.Delivery{understood(a), understood(p)}, true, "True Delivered: delivered to 2 of 2 customers, acknowledged by 2"},
		"nobody has to":           {atDelivery, []v1alpha1.Delivery{understood(a), p}, true, "True Delivered: delivered to 2 of 2 customers"},
		"a partner has to":        {atDelivery, []v1alpha1.Delivery{p, entry("a", relayed, "p"), entry("b", relayed, "p")}, false, "False Delivering: delivered to 1 of 3 customers; waits for the acknowledgement of 1 partner"},
		"two have to":             {atDelivery, []v1alpha1.Delivery{p, q, entry("a", relayed, "p"), entry("b", relayed, "q")}, false, "False Delivering: delivered to 2 of 4 customers; waits for the acknowledgement of 2 partners"},
		"a partner has":           {atDelivery, []v1alpha1.Delivery{understood(p), entry("a", relayed, "p")}, false, "True Delivered: delivered to 2 of 2 customers"},
		"a partner cannot":        {atDelivery, []v1alpha1.Delivery{p, entry("a", relayed, "p")}, true, "False Delivering: delivered to 1 of 2 customers; waits for the acknowledgement of 1 partner, and " + none},
		"a partner was not told":  {atDelivery, []v1alpha1.Delivery{entry("p", failed, ""), entry("a", relayed, "p")}, false, "False Undeliverable: delivered to 0 of 2 customers; Published: failed 1; waits for the acknowledgement of 1 partner; put it right in the Audience, and tell them by a notice that supersedes this one"},
		"a partner, with answers": {atAnswer, []v1alpha1.Delivery{understood(a), p, entry("b", relayed, "p")}, false, "False Delivering: delivered to 2 of 3 customers, acknowledged by 1 (100% start its clock); waits for the acknowledgement of 1 partner"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := &v1alpha1.ChangeNotice{}
			n.Status.PublishedTime, n.Status.Clock, n.Status.Delivery.Affected = timeAt(noon), c.clock, ptr.To(int32(len(c.entries)))
			d := &round{DeliveryReconciler: &DeliveryReconciler{noAnswers: c.noAnswers}, notice: n, now: noon}
			d.Records = publishedTo(c.entries...)
			d.setStatus()
			condition := n.Status.Conditions[0]
			if got := string(condition.Status) + " " + condition.Reason + ": " + condition.Message; got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// Whoever a partner tells is told by it of all that follows, and gets nothing itself.
func TestToldByAPartner(t *testing.T) {
	records := publishedTo(entry("a", v1alpha1.DeliveryRelayed, "p"), entry("b", v1alpha1.DeliveryDelivered, "p"), entry("p", v1alpha1.DeliveryDelivered, ""))
	mail := []audience.Contact{{Channel: "mail"}}
	want := []audience.Customer{{ID: "a", ServedBy: "p"}, {ID: "b", ServedBy: "p", Contacts: mail}, {ID: "p", Contacts: mail}}
	if diff := cmp.Diff(want, told(records)); diff != "" {
		t.Error(diff)
	}
	d := &round{now: noon}
	if due := d.due(&records[0]); due != nil || d.next != nil {
		t.Errorf("due %v, next %v", due, d.next)
	}
}
