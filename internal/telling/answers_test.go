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

// answering is the message with an answer, so many seconds after the publication; until is the date asked for.
func answering(d v1alpha1.Delivery, what v1alpha1.CustomerAnswer, seconds int, until string) v1alpha1.Delivery {
	d.Answer = what
	d.AnswerTime = &metav1.Time{Time: published.Add(time.Duration(seconds) * time.Second)}
	if until != "" {
		at, err := time.Parse(time.RFC3339, until)
		if err != nil {
			panic(err)
		}
		d.NeededUntil = &metav1.Time{Time: at}
	}
	return d
}

func understood(customer string, seconds int) v1alpha1.Delivery {
	return answering(delivered(customer, 0), v1alpha1.AnswerUnderstood, seconds, "")
}

func objecting(customer string, seconds int, until string) v1alpha1.Delivery {
	return answering(delivered(customer, 0), v1alpha1.AnswerNeedsTime, seconds, until)
}

// served is the message to a customer whom a partner serves.
func served(by string, d v1alpha1.Delivery) v1alpha1.Delivery {
	d.ServedBy = v1alpha1.CustomerID(by)
	return d
}

func relayed(customer, by string) v1alpha1.Delivery {
	return served(by, at(customer, v1alpha1.DeliveryRelayed, 0))
}

// updated adds an update that was published so many seconds after the notice; negative: it was not yet.
func updated(n *v1alpha1.ChangeNotice, answers v1alpha1.UpdateAnswers, seconds int) {
	n.Spec.Updates = append(n.Spec.Updates, v1alpha1.NoticeUpdate{Text: "more", Answers: answers})
	if seconds >= 0 {
		n.Status.UpdateTimes = append(n.Status.UpdateTimes, metav1.Time{Time: published.Add(time.Duration(seconds) * time.Second)})
	}
}

func TestWhatCustomersAnswered(t *testing.T) {
	const august, july = "2027-08-02T00:00:00Z", "2027-07-01T00:00:00Z"
	const settles = v1alpha1.AnswersObjections
	type numbers struct {
		Answered, Understood, NeedsTime, Unanswered int
		Latest                                      string
	}
	untimed := understood("a", 1)
	untimed.AnswerTime = nil
	reminder := by("mail", understood("a", 1))
	reminder.Spec.Stage = "Reminder-30"
	cases := map[string]struct {
		records []v1alpha1.DeliveryRecord
		change  func(*v1alpha1.ChangeNotice)
		want    *numbers // nil: nothing is counted
	}{
		"nobody was told":             {nil, nil, nil},
		"nobody answered":             {[]v1alpha1.DeliveryRecord{by("mail", delivered("a", 1), failed("b"))}, nil, nil},
		"one understood":              {[]v1alpha1.DeliveryRecord{by("mail", understood("a", 1), delivered("b", 1))}, nil, &numbers{1, 1, 0, 4, ""}},
		"one needs time":              {[]v1alpha1.DeliveryRecord{by("mail", understood("a", 1), objecting("b", 2, august))}, nil, &numbers{2, 1, 1, 3, august}},
		"the latest date":             {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 1, "2027-07-02T00:00:00Z"), objecting("b", 2, august), objecting("c", 3, "2027-07-03T00:00:00Z"))}, nil, &numbers{3, 0, 3, 2, august}},
		"it was taken back":           {[]v1alpha1.DeliveryRecord{by("mail", delivered("a", 1))}, nil, nil},
		"nobody knows when":           {[]v1alpha1.DeliveryRecord{by("mail", untimed)}, nil, nil},
		"something that is no answer": {[]v1alpha1.DeliveryRecord{by("mail", answering(delivered("a", 0), "Perhaps", 1, august))}, nil, nil},
		"to a reminder":               {[]v1alpha1.DeliveryRecord{reminder}, nil, nil},
		"what bounced was answered":   {[]v1alpha1.DeliveryRecord{by("mail", answering(failed("a"), v1alpha1.AnswerNeedsTime, 1, august))}, nil, &numbers{1, 0, 1, 4, august}},
		"understood leaves no date":   {[]v1alpha1.DeliveryRecord{by("mail", answering(delivered("a", 0), v1alpha1.AnswerUnderstood, 1, august))}, nil, &numbers{1, 1, 0, 4, ""}},
		"two channels, the latest":    {[]v1alpha1.DeliveryRecord{by("hooks", objecting("a", 2, august)), by("mail", understood("a", 3))}, nil, &numbers{1, 1, 0, 4, ""}},
		"two channels, other order":   {[]v1alpha1.DeliveryRecord{by("hooks", understood("a", 3)), by("mail", objecting("a", 2, august))}, nil, &numbers{1, 1, 0, 4, ""}},
		"two at once":                 {[]v1alpha1.DeliveryRecord{by("hooks", understood("a", 2)), by("mail", objecting("a", 2, august))}, nil, &numbers{1, 0, 1, 4, august}},
		"two dates at once":           {[]v1alpha1.DeliveryRecord{by("hooks", objecting("a", 2, august)), by("mail", objecting("a", 2, "2027-08-01T00:00:00Z"))}, nil, &numbers{1, 0, 1, 4, august}},
		"more than are affected":      {[]v1alpha1.DeliveryRecord{by("mail", understood("a", 1), understood("b", 1), understood("c", 1), understood("d", 1), understood("e", 1), understood("f", 1))}, nil, &numbers{6, 6, 0, 0, ""}},

		"a date that leaves the time": {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 1, july))}, nil, &numbers{1, 0, 0, 4, ""}},
		"a date a second before":      {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 1, "2027-07-01T00:00:01Z"))}, nil, &numbers{1, 0, 1, 4, "2027-07-01T00:00:01Z"}},
		"it was postponed far enough": {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 1, august), objecting("b", 1, "2027-08-03T00:00:00Z"))}, func(n *v1alpha1.ChangeNotice) {
			n.Spec.EffectiveTime = &metav1.Time{Time: time.Date(2027, time.August, 2, 0, 0, 0, 0, time.UTC)}
		}, &numbers{2, 0, 1, 3, "2027-08-03T00:00:00Z"}},
		"it has no date":                    {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 1, july))}, func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = nil }, &numbers{1, 0, 1, 4, july}},
		"nobody knows how long":             {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 1, ""))}, nil, &numbers{1, 0, 1, 4, ""}},
		"an update that answers":            {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 9, august))}, func(n *v1alpha1.ChangeNotice) { updated(n, settles, 10) }, &numbers{1, 0, 0, 4, ""}},
		"in the same second":                {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 10, august))}, func(n *v1alpha1.ChangeNotice) { updated(n, settles, 10) }, &numbers{1, 0, 0, 4, ""}},
		"a second before":                   {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 11, august))}, func(n *v1alpha1.ChangeNotice) { updated(n, settles, 10) }, &numbers{1, 0, 1, 4, august}},
		"an update that says nothing of it": {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 9, august))}, func(n *v1alpha1.ChangeNotice) { updated(n, "", 10) }, &numbers{1, 0, 1, 4, august}},
		"an update of what another replaced": {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 9, august))}, func(n *v1alpha1.ChangeNotice) {
			updated(n, settles, 10)
			n.Status.SupersededTime = n.Status.UpdateTimes[0].DeepCopy()
		}, &numbers{1, 0, 1, 4, august}},
		"an update nobody published yet":     {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 9, august))}, func(n *v1alpha1.ChangeNotice) { updated(n, settles, -1) }, &numbers{1, 0, 1, 4, august}},
		"of several the last that does":      {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 19, august), objecting("b", 21, august))}, func(n *v1alpha1.ChangeNotice) { updated(n, settles, 10); updated(n, settles, 20); updated(n, "", 30) }, &numbers{2, 0, 1, 3, august}},
		"whom it answered, and objects anew": {[]v1alpha1.DeliveryRecord{by("hooks", objecting("a", 9, august)), by("mail", objecting("a", 11, august))}, func(n *v1alpha1.ChangeNotice) { updated(n, settles, 10) }, &numbers{1, 0, 1, 4, august}},
		"of unknown length, and answered":    {[]v1alpha1.DeliveryRecord{by("mail", objecting("a", 9, ""))}, func(n *v1alpha1.ChangeNotice) { updated(n, settles, 10) }, &numbers{1, 0, 0, 4, ""}},

		"a partner answers for its customers":   {[]v1alpha1.DeliveryRecord{by("mail", objecting("p", 1, august), relayed("a", "p"), relayed("b", "p"))}, nil, &numbers{3, 0, 3, 2, august}},
		"unless they answered themselves":       {[]v1alpha1.DeliveryRecord{by("mail", objecting("p", 2, august), served("p", understood("a", 1)), relayed("b", "p"))}, nil, &numbers{3, 1, 2, 2, august}},
		"a partner that did not answer":         {[]v1alpha1.DeliveryRecord{by("mail", delivered("p", 1), relayed("a", "p"), understood("b", 1))}, nil, &numbers{1, 1, 0, 4, ""}},
		"a partner that was never told":         {[]v1alpha1.DeliveryRecord{by("mail", relayed("a", "p"), understood("b", 1))}, nil, &numbers{1, 1, 0, 4, ""}},
		"a partner of the partner says nothing": {[]v1alpha1.DeliveryRecord{by("mail", understood("q", 1), relayed("p", "q"), relayed("a", "p"))}, nil, &numbers{2, 2, 0, 3, ""}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := aNotice()
			if c.change != nil {
				c.change(n)
			}
			got := Answers(n, 5, c.records)
			if c.want == nil {
				if got != (v1alpha1.NoticeAnswers{}) {
					t.Errorf("got %+v", got)
				}
				return
			}
			if got.Answered == nil {
				t.Fatal("nothing was counted")
			}
			counted := numbers{int(*got.Answered), int(*got.Understood), int(*got.NeedsTime), int(*got.Unanswered), ""}
			if got.LatestTime != nil {
				counted.Latest = got.LatestTime.UTC().Format(time.RFC3339)
			}
			if diff := cmp.Diff(*c.want, counted); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatStartsAClockThatAcknowledgementStarts(t *testing.T) {
	clock := func(percent int32) v1alpha1.NoticeClock {
		return v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtAcknowledged, CoveragePercent: percent}
	}
	four := []v1alpha1.Delivery{understood("a", 4), objecting("b", 1, ""), understood("c", 3), objecting("d", 2, "2027-08-02T00:00:00Z")}
	again := by("hooks", understood("a", 9))
	cases := map[string]struct {
		clock    v1alpha1.NoticeClock
		affected int32
		records  []v1alpha1.DeliveryRecord
		covered  int // seconds, -1 for not
		enough   bool
	}{
		"delivered, and nobody answered":        {clock(100), 1, []v1alpha1.DeliveryRecord{by("mail", delivered("a", 1))}, -1, true},
		"80% of 5 are 4":                        {clock(80), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, 4, true},
		"81% of 5 are 5":                        {clock(81), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, -1, false},
		"one more was told, and did not answer": {clock(81), 5, []v1alpha1.DeliveryRecord{by("mail", append(four[:4:4], delivered("e", 1))...)}, -1, true},
		"one less":                              {clock(80), 5, []v1alpha1.DeliveryRecord{by("mail", four[:3]...)}, -1, false},
		"who objects has read it":               {clock(40), 5, []v1alpha1.DeliveryRecord{by("mail", four...)}, 2, true},
		"who answers again counts from then":    {clock(80), 5, []v1alpha1.DeliveryRecord{by("mail", four...), again}, 9, true},
		"what was taken back":                   {clock(100), 2, []v1alpha1.DeliveryRecord{by("mail", understood("a", 1), delivered("b", 1))}, -1, true},
		"answered, and then it bounced":         {clock(100), 1, []v1alpha1.DeliveryRecord{by("mail", answering(failed("a"), v1alpha1.AnswerUnderstood, 5, ""))}, 5, false},
		"a notice to nobody":                    {clock(1), 0, []v1alpha1.DeliveryRecord{by("mail", four...)}, -1, false},
		"a partner's answer":                    {clock(100), 3, []v1alpha1.DeliveryRecord{by("mail", objecting("p", 7, ""), relayed("a", "p"), relayed("b", "p"))}, 7, true},
		"a partner's, and one's own before":     {clock(30), 3, []v1alpha1.DeliveryRecord{by("mail", understood("p", 7), served("p", understood("a", 6)), relayed("b", "p"))}, 6, true},
		"a partner that does not answer":        {clock(100), 2, []v1alpha1.DeliveryRecord{by("mail", delivered("p", 1), relayed("a", "p"))}, -1, false},
		"one's own answer, and the partner not": {clock(50), 2, []v1alpha1.DeliveryRecord{by("mail", delivered("p", 1), served("p", understood("a", 6)))}, 6, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := Reached(c.clock, c.affected, c.records)
			covered := -1
			if d.CoveredTime != nil {
				covered = int(d.CoveredTime.Sub(published) / time.Second)
			}
			if covered != c.covered || Enough(c.clock, d) != c.enough {
				t.Errorf("covered %d, want %d; enough %v, want %v; %+v", covered, c.covered, Enough(c.clock, d), c.enough, d)
			}
		})
	}
}

// Under a clock that the delivery starts, who is served by a partner counts from the partner's answer on.
func TestWhomAPartnerReached(t *testing.T) {
	type numbers struct{ Delivered, Failed, Unreachable, Covered int } // Covered: seconds, -1 for not
	cases := map[string]struct {
		records []v1alpha1.DeliveryRecord
		want    numbers
		awaited string
	}{
		"it has not answered":          {[]v1alpha1.DeliveryRecord{by("mail", delivered("p", 1), relayed("a", "p"), relayed("b", "p"))}, numbers{1, 0, 0, -1}, "[p]"},
		"it understood":                {[]v1alpha1.DeliveryRecord{by("mail", answering(delivered("p", 1), v1alpha1.AnswerUnderstood, 90, ""), relayed("a", "p"), relayed("b", "p"))}, numbers{3, 0, 0, 90}, "[]"},
		"it needs time":                {[]v1alpha1.DeliveryRecord{by("mail", answering(delivered("p", 1), v1alpha1.AnswerNeedsTime, 90, ""), relayed("a", "p"), relayed("b", "p"))}, numbers{3, 0, 0, 90}, "[]"},
		"it was not told yet":          {[]v1alpha1.DeliveryRecord{by("mail", at("p", "Waiting", 0), relayed("a", "p"), relayed("b", "p"))}, numbers{0, 0, 0, -1}, "[p]"},
		"it cannot be told":            {[]v1alpha1.DeliveryRecord{by("mail", failed("p"), relayed("a", "p"), relayed("b", "p"))}, numbers{0, 3, 0, -1}, "[p]"},
		"told directly as well":        {[]v1alpha1.DeliveryRecord{by("mail", delivered("p", 1), served("p", delivered("a", 1)), relayed("b", "p"))}, numbers{1, 0, 0, -1}, "[p]"},
		"and answered":                 {[]v1alpha1.DeliveryRecord{by("mail", delivered("p", 1), served("p", understood("a", 70)), relayed("b", "p"))}, numbers{2, 0, 0, -1}, "[p]"},
		"nothing leads to the partner": {[]v1alpha1.DeliveryRecord{by("mail", served("p", delivered("a", 1)), delivered("b", 1))}, numbers{1, 1, 1, -1}, "[p]"},
		"two partners":                 {[]v1alpha1.DeliveryRecord{by("mail", relayed("a", "q"), relayed("b", "p"), delivered("p", 1), delivered("q", 1))}, numbers{2, 0, 0, -1}, "[p q]"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			affected := int32(3)
			if name == "two partners" {
				affected = 4
			}
			d := Reached(v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 100}, affected, c.records)
			got := numbers{int(*d.Delivered), int(*d.Failed), int(*d.Unreachable), -1}
			if d.CoveredTime != nil {
				got.Covered = int(d.CoveredTime.Sub(published) / time.Second)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if awaited := fmt.Sprint(Awaited(c.records)); awaited != c.awaited {
				t.Errorf("awaited %s, want %s", awaited, c.awaited)
			}
		})
	}
}

// In whatever order the records are read: the counts and the clock are the same, and each customer counts once.
func TestAnswersDoNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := someRecords(t)
		for i := range records {
			for j := range records[i].Status.Deliveries {
				d := &records[i].Status.Deliveries[j]
				until := rapid.SampledFrom([]string{"", "2027-07-01T00:00:00Z", "2027-08-02T00:00:00Z"}).Draw(t, "until")
				if what := rapid.SampledFrom([]v1alpha1.CustomerAnswer{"", "Understood", "NeedsTime"}).Draw(t, "answer"); what != "" {
					*d = answering(*d, what, rapid.IntRange(0, 5).Draw(t, "at"), until)
				}
				if rapid.Bool().Draw(t, "served") {
					d.ServedBy = v1alpha1.CustomerID(fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "by")))
				}
			}
		}
		n, clock := aNotice(), v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtAcknowledged, CoveragePercent: rapid.Int32Range(1, 100).Draw(t, "percent")}
		reordered := rapid.Permutation(records).Draw(t, "order")
		answers := Answers(n, 40, records)
		if diff := cmp.Diff(answers, Answers(n, 40, reordered)); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
		reached := Reached(clock, 40, records)
		if diff := cmp.Diff(reached, Reached(clock, 40, reordered)); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
		if answers.Answered == nil {
			return
		}
		if *answers.Understood+*answers.NeedsTime > *answers.Answered || *answers.Answered+*answers.Unanswered != 40 {
			t.Fatalf("%+v", answers)
		}
		if (reached.CoveredTime != nil) != (int64(*answers.Answered)*100 >= int64(clock.CoveragePercent)*40) {
			t.Fatalf("%d of 40 answered, %d%% are needed, covered %v", *answers.Answered, clock.CoveragePercent, reached.CoveredTime)
		}
	})
}
