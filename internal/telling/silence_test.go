package telling

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// owed freezes reminders with the publication, and what becomes of the notice when one is missed.
func owed(missed v1alpha1.MissedReminderRule, days ...int32) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		for _, d := range days {
			n.Status.Reminders = append(n.Status.Reminders, v1alpha1.NoticeReminder{Days: d, Policy: "public-apis", Missed: missed})
		}
	}
}

// covering needs a share of the customers, in percent.
func covering(percent int32) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		n.Status.Clock = v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: percent}
	}
}

// stage is a record whose customers were reached at these moments; zero: not yet.
func stage(name v1alpha1.NoticeStage, date, planned time.Time, reached ...time.Time) v1alpha1.DeliveryRecord {
	r := record(name, date, planned)
	r.Status.Deliveries = nil
	for i, at := range reached {
		d := v1alpha1.Delivery{
			Customer: v1alpha1.CustomerID(fmt.Sprintf("c-%d", i+1)), State: v1alpha1.DeliveryWaiting, PlannedTime: &metav1.Time{Time: planned},
		}
		if !at.IsZero() {
			d.State, d.DeliveredTime = v1alpha1.DeliveryDelivered, &metav1.Time{Time: at}
		}
		r.Status.Deliveries = append(r.Status.Deliveries, d)
	}
	return r
}

// failing is a record in which it cannot be delivered to the customer with that number.
func failing(r v1alpha1.DeliveryRecord, number int) v1alpha1.DeliveryRecord {
	r = *r.DeepCopy()
	r.Status.Deliveries[number-1].State, r.Status.Deliveries[number-1].DeliveredTime = v1alpha1.DeliveryFailed, nil
	return r
}

// missing has the status say that the reminder of 30 days was missed.
func missing(due string) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) {
		at, _ := time.Parse(time.RFC3339, due)
		n.Status.MissedReminders = []v1alpha1.MissedReminder{{Days: 30, Time: &metav1.Time{Time: at}}}
	}
}

type silenceCase struct {
	now    time.Time
	notice *v1alpha1.ChangeNotice
	told   []v1alpha1.DeliveryRecord
	missed []string // days, and when they were reached
	kept   []int32
	known  time.Time
	next   time.Time
}

func checkSilence(t *testing.T, cases map[string]silenceCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := Silent(DueInput{Now: c.now, Notice: c.notice, Told: c.told})
			var missed []string
			for _, m := range s.Missed {
				text := fmt.Sprintf("%d due %s", m.Days, m.Time.UTC().Format(time.RFC3339))
				if m.ToldTime != nil {
					text += " reached " + m.ToldTime.UTC().Format(time.RFC3339)
				}
				missed = append(missed, text)
			}
			if diff := cmp.Diff(c.missed, missed); diff != "" {
				t.Errorf("missed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.kept, s.Kept); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if !s.Known.Equal(c.known) {
				t.Errorf("known until %s, want %s", s.Known, c.known)
			}
			if s.Next == nil != c.next.IsZero() || s.Next != nil && !s.Next.Equal(c.next) {
				t.Errorf("next %v, want %s", s.Next, c.next)
			}
		})
	}
}

func TestAReminderIsKeptWhereItComesWithinADay(t *testing.T) {
	month, last := effective.Add(-30*day), effective.Add(-day)
	inTime, tooLate := month.Add(day-time.Second), month.Add(day)
	told := stage("Published", effective, published, published, published)
	report := owed(v1alpha1.MissedReminderReport, 30)
	gone := month.Add(day)
	checkSilence(t, map[string]silenceCase{
		"a second before a day has gone, nothing is known": {now: inTime, notice: aNotice(report), told: records{told}, next: gone},
		"with the day it is missed": {now: gone, notice: aNotice(report), told: records{told}, known: gone,
			missed: []string{"30 due 2027-06-01T00:00:00Z"}},
		"both got it in time": {now: gone, notice: aNotice(report), known: gone, kept: []int32{30},
			told: records{told, stage("Reminder-30", effective, month, inTime, month)}},
		"one of two a second late": {now: gone, notice: aNotice(report), known: gone,
			told:   records{told, stage("Reminder-30", effective, month, tooLate, month)},
			missed: []string{"30 due 2027-06-01T00:00:00Z reached 2027-06-02T00:00:00Z"}},
		"one of two not at all": {now: gone, notice: aNotice(report), known: gone,
			told: records{told, stage("Reminder-30", effective, month, time.Time{}, month)}, missed: []string{"30 due 2027-06-01T00:00:00Z"}},
		"one of two, which is the share": {now: gone, notice: aNotice(report, covering(50)), known: gone, kept: []int32{30},
			told: records{told, stage("Reminder-30", effective, month, time.Time{}, inTime)}},
		"one of two, which is less than the share": {now: gone, notice: aNotice(report, covering(51)), known: gone,
			told: records{told, stage("Reminder-30", effective, month, time.Time{}, inTime)}, missed: []string{"30 due 2027-06-01T00:00:00Z"}},
		"one whom the publication cannot reach does not count": {now: gone, notice: aNotice(report), known: gone, kept: []int32{30},
			told: records{failing(told, 2), failing(stage("Reminder-30", effective, month, inTime, inTime), 2)}},
		"one whom it may still reach does": {now: gone, notice: aNotice(report), known: gone,
			told:   records{stage("Published", effective, published, published, time.Time{}), stage("Reminder-30", effective, month, month, time.Time{})},
			missed: []string{"30 due 2027-06-01T00:00:00Z"}},
		"one who was told later does not": {now: gone, notice: aNotice(report), known: gone, kept: []int32{30},
			told: records{told, late("c-3", month.Add(time.Second)), stage("Reminder-30", effective, month, month, month)}},
		"one who was told by then does": {now: gone, notice: aNotice(report), known: gone,
			told:   records{told, late("c-3", month), stage("Reminder-30", effective, month, month, month)},
			missed: []string{"30 due 2027-06-01T00:00:00Z reached 2027-06-01T00:00:00Z"}},
		"a bounce takes it back": {now: gone, notice: aNotice(report), known: gone, missed: []string{"30 due 2027-06-01T00:00:00Z"},
			told: records{told, failing(stage("Reminder-30", effective, month, month, month), 2)}},
		"what was missed is not kept by those who cannot be reached now": {now: gone, notice: aNotice(report, missing("2027-06-01T00:00:00Z")), known: gone,
			missed: []string{"30 due 2027-06-01T00:00:00Z"},
			told:   records{failing(told, 2), stage("Reminder-30", effective, month, month)}},
		"nor when that is nobody": {now: gone, notice: aNotice(report, missing("2027-06-01T00:00:00Z")), known: gone,
			missed: []string{"30 due 2027-06-01T00:00:00Z"}, told: records{failing(failing(told, 1), 2)}},
		"nobody was told of the notice":           {now: gone, notice: aNotice(report), known: gone},
		"it cannot be delivered to anybody":       {now: gone, notice: aNotice(report), known: gone, told: records{failing(failing(told, 1), 2)}},
		"no reminder was frozen":                  {now: gone, notice: aNotice(), told: records{told}},
		"the publication came when it was due":    {now: gone, notice: aNotice(report), known: gone, told: records{stage("Published", effective, month, month)}},
		"the publication came a second before":    {now: gone, notice: aNotice(report), known: gone, told: records{stage("Published", effective, month.Add(-time.Second), month)}, missed: []string{"30 due 2027-06-01T00:00:00Z reached 2027-06-01T00:00:00Z"}},
		"another notice that had the name":        {now: gone, notice: aNotice(report, func(n *v1alpha1.ChangeNotice) { n.UID = "u-2" }), known: gone, told: records{told}},
		"the last day ends with the date":         {now: effective, notice: aNotice(owed("Delay", 1)), told: records{told, stage("Reminder-1", effective, last, effective.Add(-time.Second), last)}, known: effective, kept: []int32{1}},
		"and not with the date itself":            {now: effective, notice: aNotice(owed("Delay", 1)), told: records{told, stage("Reminder-1", effective, last, effective, last)}, known: effective, missed: []string{"1 due 2027-06-30T00:00:00Z reached 2027-07-01T00:00:00Z"}},
		"a second before the date, it is awaited": {now: effective.Add(-time.Second), notice: aNotice(owed("Delay", 1)), told: records{told}, next: effective},
	})
}

// late is the publication for one more customer.
func late(customer v1alpha1.CustomerID, planned time.Time) v1alpha1.DeliveryRecord {
	r := stage("Published", effective, planned, planned)
	r.Status.Deliveries[0].Customer = customer
	return r
}

// Whatever reaches customers after a reminder was due ends the silence.
func TestWhatEndsTheSilence(t *testing.T) {
	month, week := effective.Add(-30*day), effective.Add(-7*day)
	told := stage("Published", effective, published, published, published)
	report := owed(v1alpha1.MissedReminderReport, 30)
	three := month.Add(3 * day)
	silent := []string{"30 due 2027-06-01T00:00:00Z"}
	reached := []string{"30 due 2027-06-01T00:00:00Z reached 2027-06-04T00:00:00Z"}
	now, gone := week, month.Add(day)
	checkSilence(t, map[string]silenceCase{
		"nothing":             {now: now, notice: aNotice(report), told: records{told}, known: gone, missed: silent},
		"the reminder itself": {now: now, notice: aNotice(report), told: records{told, stage("Reminder-30", effective, month, three, month)}, known: gone, missed: reached},
		"an update":           {now: now, notice: aNotice(report), told: records{told, stage("Updated-1", effective, month, three, three)}, known: gone, missed: reached},
		"the one by this, the other by that": {now: now, notice: aNotice(report), known: gone, missed: reached,
			told: records{told, stage("Reminder-30", effective, month, month, time.Time{}), stage("Updated-1", effective, three, time.Time{}, three)}},
		"not what came the second before": {now: now, notice: aNotice(report), known: gone, missed: silent,
			told: records{told, stage("Updated-1", effective, published, month.Add(-time.Second), month)}},
		"not what reached one of two": {now: now, notice: aNotice(report), known: gone, missed: silent,
			told: records{told, stage("Updated-1", effective, three, three, time.Time{})}},
		"the publication, where it comes so late": {now: now, notice: aNotice(report), known: gone, missed: reached,
			told: records{stage("Published", effective, published, published, three), stage("Updated-1", effective, month, month, time.Time{})}},
	})
}

func TestRemindersOfALaterDateAreOwedAnew(t *testing.T) {
	second := effective.Add(60 * day)
	month, moved := effective.Add(-30*day), effective.Add(-10*day)
	told := stage("Published", effective, published, published)
	both := owed(v1alpha1.MissedReminderDelay, 30, 7)
	one := stage("Postponed-1", second, moved, moved)
	due := "30 due 2027-06-01T00:00:00Z"
	postponed := stage("Postponed-1", second, month.Add(12*time.Hour), month.Add(12*time.Hour))
	secondGone := second.Add(-29 * day)
	checkSilence(t, map[string]silenceCase{
		"what was missed stays missed, and the later date reached them": {now: effective, notice: aNotice(both, postponedTo(second)),
			told: records{told, one}, missed: []string{due + " reached 2027-06-21T00:00:00Z"}, next: secondGone},
		"what was kept does not count for the later date": {now: effective, notice: aNotice(both, postponedTo(second)),
			told: records{told, stage("Reminder-30", effective, month, month), one}, next: secondGone},
		"told before the day has gone, nothing was missed": {now: effective, notice: aNotice(both, postponedTo(second)),
			told: records{told, postponed}, next: secondGone},
		"told with the end of that day, it was": {now: effective, notice: aNotice(both, postponedTo(second)),
			told:   records{told, stage("Postponed-1", second, month.Add(day), month.Add(day))},
			missed: []string{due + " reached 2027-06-02T00:00:00Z"}, next: secondGone},
		"the reminder of the later date has its number": {now: secondGone, notice: aNotice(both, postponedTo(second)), known: secondGone, kept: []int32{30},
			told: records{told, postponed, stage("Reminder-30-1", second, second.Add(-30*day), second.Add(-30*day))}, next: second.Add(-6 * day)},
		"that of the first date is none of it": {now: secondGone, notice: aNotice(both, postponedTo(second)), known: secondGone,
			told:   records{told, postponed, stage("Reminder-30", effective, second.Add(-30*day), second.Add(-30*day))},
			missed: []string{"30 due 2027-07-31T00:00:00Z reached 2027-07-31T00:00:00Z"}, next: second.Add(-6 * day)},
		"nobody has told them of the later date yet": {now: month.Add(day), notice: aNotice(both, postponedTo(second)),
			told: records{told}, missed: []string{due}, next: effective.Add(-6 * day)},
	})
}

// Nobody is owed a reminder of what is over, or serves.
func TestNoRemindersOfWhatIsOver(t *testing.T) {
	month := effective.Add(-30 * day)
	told := stage("Published", effective, published, published)
	gone := month.Add(day)
	for name, set := range map[string]func(*v1alpha1.ChangeNotice, *metav1.Time){
		"withdrawn":  func(n *v1alpha1.ChangeNotice, at *metav1.Time) { n.Status.WithdrawnTime = at },
		"superseded": func(n *v1alpha1.ChangeNotice, at *metav1.Time) { n.Status.SupersededTime = at },
		"lapsed":     func(n *v1alpha1.ChangeNotice, at *metav1.Time) { n.Status.LapsedTime = at },
		"in force":   func(n *v1alpha1.ChangeNotice, at *metav1.Time) { n.Status.InForceTime = at },
	} {
		at := func(moment time.Time) func(*v1alpha1.ChangeNotice) {
			return func(n *v1alpha1.ChangeNotice) { set(n, &metav1.Time{Time: moment}) }
		}
		checkSilence(t, map[string]silenceCase{
			name + " a second before the day has gone": {now: effective.Add(-8 * day), known: gone,
				notice: aNotice(owed("Report", 30, 7), at(gone.Add(-time.Second))), told: records{told}},
			name + " when the day had gone": {now: effective.Add(-8 * day), known: gone, missed: []string{"30 due 2027-06-01T00:00:00Z"},
				notice: aNotice(owed("Report", 30, 7), at(gone)), told: records{told}},
		})
	}
}

// A status holds 64: what delays nothing goes first, and then the oldest.
func TestOfManyMissedRemindersTheLatestStay(t *testing.T) {
	n := aNotice(owed(v1alpha1.MissedReminderDelay, 120, 30), owed(v1alpha1.MissedReminderReport, 7))
	told := records{stage("Published", effective, published, published)}
	date := effective
	for i := 1; i <= 22; i++ {
		told = append(told, stage(v1alpha1.NoticeStage(fmt.Sprintf("Postponed-%d", i)), date.Add(200*day), date, date))
		date = date.Add(200 * day)
	}
	s := Silent(DueInput{Now: date.Add(day), Notice: n, Told: told})
	count := map[int32]int{}
	for _, m := range s.Missed {
		count[m.Days]++
	}
	// Three of each of the 23 dates are 69.
	if diff := cmp.Diff(map[int32]int{120: 23, 30: 23, 7: 18}, count); diff != "" {
		t.Error(diff)
	}
}

// Where customers have to be reached before the notice matures, they get the reminder also after its date.
func TestAReminderThatDelaysTheNoticeIsSentLate(t *testing.T) {
	told := record("Published", effective, published)
	delay, report := owed(v1alpha1.MissedReminderDelay, 30, 1), owed(v1alpha1.MissedReminderReport, 30, 1)
	reached := stage("Updated-1", effective, effective, effective)
	serves := func(n *v1alpha1.ChangeNotice) { n.Status.InForceTime = &metav1.Time{Time: effective} }
	checkDue(t, map[string]dueCase{
		"a second before the date it is on time": {now: effective.Add(-time.Second), notice: aNotice(delay), told: records{told}, want: stages{"Reminder-1"}},
		"on the date":                            {now: effective, notice: aNotice(delay), told: records{told}, want: stages{"Reminder-1"}},
		"days after":                             {now: effective.Add(9 * day), notice: aNotice(delay), told: records{told}, want: stages{"Reminder-1"}},
		"not where it was planned before":        {now: effective, notice: aNotice(delay), told: records{told, record("Reminder-1", effective, effective.Add(-day))}},
		"not where something else reached them":  {now: effective.Add(day), notice: aNotice(delay), told: records{told, reached}},
		"not where it is reported alone":         {now: effective, notice: aNotice(report), told: records{told}},
		"not where it was there in time":         {now: effective, notice: aNotice(owed("Delay", 1)), told: records{told, stage("Reminder-1", effective, effective.Add(-day), effective.Add(-day))}},
		"not of what serves":                     {now: effective, notice: aNotice(delay, serves), told: records{told}, want: stages{"InForce"}},
		"that of the last date":                  {now: effective.Add(day), notice: aNotice(owed("Delay", 1), postponedTo(effective.Add(day))), told: records{told, record("Postponed-1", effective.Add(day), effective.Add(-3*day))}, want: stages{"Reminder-1-1"}},
		"what was frozen is sent without policy": {now: effective.Add(-30 * day), notice: aNotice(delay), told: records{told}, want: stages{"Reminder-30"}, next: effective.Add(-day)},
		"what a policy asks for since is sent":   {now: effective.Add(-7 * day), notice: aNotice(), days: []int32{7}, told: records{told}, want: stages{"Reminder-7"}},
	})
}
