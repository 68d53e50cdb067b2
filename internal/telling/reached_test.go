package telling

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// at is that a customer's message is in that state, delivered so many minutes after the publication.
func at(customer string, state v1alpha1.DeliveryState, minutes int) v1alpha1.Delivery {
	d := v1alpha1.Delivery{Customer: v1alpha1.CustomerID(customer), State: state}
	if state == v1alpha1.DeliveryDelivered {
		d.DeliveredTime = &metav1.Time{Time: published.Add(time.Duration(minutes) * time.Minute)}
	}
	return d
}

func delivered(customer string, minutes int) v1alpha1.Delivery {
	return at(customer, v1alpha1.DeliveryDelivered, minutes)
}

func failed(customer string) v1alpha1.Delivery { return at(customer, v1alpha1.DeliveryFailed, 0) }

func by(channel v1alpha1.ObjectName, deliveries ...v1alpha1.Delivery) v1alpha1.DeliveryRecord {
	return v1alpha1.DeliveryRecord{
		Spec:   v1alpha1.DeliveryRecordSpec{Stage: "Published", Channel: channel},
		Status: v1alpha1.DeliveryRecordStatus{Deliveries: deliveries},
	}
}

func TestWhomThePublicationReached(t *testing.T) {
	share := func(percent int32) v1alpha1.NoticeClock {
		return v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: percent}
	}
	type numbers struct{ Affected, Delivered, Failed, Unreachable, Covered int } // Covered: minutes, -1 for not
	four := []v1alpha1.Delivery{delivered("a", 4), delivered("b", 1), delivered("c", 3), delivered("d", 2)}
	late := failed("a")
	late.DeliveredTime = delivered("a", 1).DeliveredTime
	untimed := delivered("a", 1)
	untimed.DeliveredTime = nil
	reminder := by("mail", delivered("a", 1))
	reminder.Spec.Stage = "Reminder-30"
	cases := map[string]struct {
		clock    v1alpha1.NoticeClock
		affected int32
		records  []v1alpha1.DeliveryRecord
		want     numbers
	}{
		"nobody yet":                        {share(100), 5, nil, numbers{5, 0, 0, 5, -1}},
		"a notice to nobody":                {share(1), 0, nil, numbers{0, 0, 0, 0, -1}},
		"to nobody, with a record":          {share(1), 0, []v1alpha1.DeliveryRecord{by("mail", delivered("a", 1))}, numbers{0, 0, 0, 0, -1}},
		"fewer than nobody":                 {share(1), -1, nil, numbers{0, 0, 0, 0, -1}},
		"80% of 5 are 4":                    {share(80), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{5, 4, 0, 1, 4}},
		"81% of 5 are 5":                    {share(81), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{5, 4, 0, 1, -1}},
		"one less than is needed":           {share(80), 5, []v1alpha1.DeliveryRecord{by("mail", four[:3]...)}, numbers{5, 3, 0, 2, -1}},
		"one more than is needed":           {share(60), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{5, 4, 0, 1, 3}},
		"1% of 100 is the first":            {share(1), 100, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{100, 4, 0, 96, 1}},
		"1% of 101 are two":                 {share(1), 101, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{101, 4, 0, 97, 2}},
		"a share that is left out is all":   {share(0), 4, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{4, 4, 0, 0, 4}},
		"and so is one that cannot be":      {share(101), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{5, 4, 0, 1, -1}},
		"and one below":                     {share(-50), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{5, 4, 0, 1, -1}},
		"two channels are one customer":     {share(100), 2, []v1alpha1.DeliveryRecord{by("mail", delivered("a", 5)), by("hooks", delivered("a", 2))}, numbers{2, 1, 0, 1, -1}},
		"the first channel counts":          {share(50), 2, []v1alpha1.DeliveryRecord{by("mail", delivered("a", 5)), by("hooks", delivered("a", 2))}, numbers{2, 1, 0, 1, 2}},
		"one channel is enough":             {share(100), 1, []v1alpha1.DeliveryRecord{by("mail", failed("a")), by("hooks", delivered("a", 2))}, numbers{1, 1, 0, 0, 2}},
		"failed by all channels":            {share(100), 1, []v1alpha1.DeliveryRecord{by("mail", failed("a")), by("hooks", failed("a"))}, numbers{1, 0, 1, 0, -1}},
		"failed by one, pending by another": {share(100), 1, []v1alpha1.DeliveryRecord{by("mail", failed("a")), by("hooks", at("a", "Waiting", 0))}, numbers{1, 0, 0, 0, -1}},
		"pending":                           {share(100), 3, []v1alpha1.DeliveryRecord{by("mail", at("a", "Planned", 0), at("b", "Sending", 0), at("c", "Waiting", 0))}, numbers{3, 0, 0, 0, -1}},
		"a late failure takes it back":      {share(100), 1, []v1alpha1.DeliveryRecord{by("mail", late)}, numbers{1, 0, 1, 0, -1}},
		"and another takes its place":       {share(50), 4, []v1alpha1.DeliveryRecord{by("mail", late, delivered("b", 2), delivered("c", 3))}, numbers{4, 2, 1, 1, 3}},
		"delivered, nobody knows when":      {share(100), 1, []v1alpha1.DeliveryRecord{by("mail", untimed)}, numbers{1, 0, 0, 0, -1}},
		"a reminder is no publication":      {share(100), 1, []v1alpha1.DeliveryRecord{reminder}, numbers{1, 0, 0, 1, -1}},
		"more than there are":               {share(100), 3, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{3, 3, 0, 0, 3}},
		"more failed than there are":        {share(100), 1, []v1alpha1.DeliveryRecord{by("mail", delivered("a", 1), failed("b"))}, numbers{1, 1, 0, 0, 1}},
		"the publication starts the clock":  {v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtPublished}, 4, []v1alpha1.DeliveryRecord{by("mail", four...)}, numbers{4, 4, 0, 0, 4}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := Reached(c.clock, c.affected, c.records)
			got := numbers{int(*d.Affected), int(*d.Delivered), int(*d.Failed), int(*d.Unreachable), -1}
			if d.CoveredTime != nil {
				got.Covered = int(d.CoveredTime.Sub(published) / time.Minute)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// someRecords are messages to up to 30 customers by up to two channels, in any state.
func someRecords(t *rapid.T) []v1alpha1.DeliveryRecord {
	states := []v1alpha1.DeliveryState{"Planned", "Sending", "Waiting", "Delivered", "Delivered", "Delivered", "Failed"}
	var records []v1alpha1.DeliveryRecord
	for _, channel := range []v1alpha1.ObjectName{"mail", "hooks"} {
		r := by(channel)
		for i := range rapid.IntRange(0, 30).Draw(t, "customers") {
			r.Status.Deliveries = append(r.Status.Deliveries,
				at(fmt.Sprint(i), rapid.SampledFrom(states).Draw(t, "state"), rapid.IntRange(0, 100).Draw(t, "minutes")))
		}
		records = append(records, r)
	}
	return records
}

func someClock(t *rapid.T) (v1alpha1.NoticeClock, int32) {
	return v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: rapid.Int32Range(1, 100).Draw(t, "percent")},
		rapid.Int32Range(0, 40).Draw(t, "affected")
}

func TestNoMoreAreReachedThanAreAffected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock, affected := someClock(t)
		records := someRecords(t)
		d := Reached(clock, affected, records)
		if *d.Affected != affected || *d.Delivered+*d.Failed > affected || *d.Delivered < 0 || *d.Failed < 0 || *d.Unreachable < 0 || *d.Unreachable > affected {
			t.Fatalf("of %d affected: delivered %d, failed %d, unreachable %d", affected, *d.Delivered, *d.Failed, *d.Unreachable)
		}
		if d.CoveredTime == nil != (affected == 0 || int64(*d.Delivered)*100 < int64(clock.CoveragePercent)*int64(affected)) {
			t.Fatalf("%d%% of %d: delivered to %d, covered %v", clock.CoveragePercent, affected, *d.Delivered, d.CoveredTime)
		}
		if diff := cmp.Diff(d, Reached(clock, affected, rapid.Permutation(records).Draw(t, "order"))); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
	})
}

// Whoever is reached in addition, and whenever that was: the clock starts no later for it. A smaller share neither.
func TestMoreDeliveriesNeverMakeItLater(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock, affected := someClock(t)
		records := someRecords(t)
		before := Reached(clock, affected, records)
		for i := range records {
			for j := range records[i].Status.Deliveries {
				d := &records[i].Status.Deliveries[j]
				if d.State != v1alpha1.DeliveryDelivered && rapid.Bool().Draw(t, "delivered") {
					*d = delivered(string(d.Customer), rapid.IntRange(0, 100).Draw(t, "at"))
				}
			}
		}
		records = append(records, by("pager", delivered(fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "one more")), rapid.IntRange(0, 100).Draw(t, "at"))))
		clock.CoveragePercent = rapid.Int32Range(1, clock.CoveragePercent).Draw(t, "smaller share")
		after := Reached(clock, affected, records)
		if *after.Delivered < *before.Delivered {
			t.Fatalf("delivered to %d, and with more to %d", *before.Delivered, *after.Delivered)
		}
		if before.CoveredTime != nil && (after.CoveredTime == nil || after.CoveredTime.After(before.CoveredTime.Time)) {
			t.Fatalf("covered %s, and with more %v", before.CoveredTime, after.CoveredTime)
		}
	})
}
