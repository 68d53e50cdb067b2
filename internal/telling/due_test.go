package telling

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

const day = 24 * time.Hour

// The notice was published at ten on 1 March, for 1 July.
var (
	published = time.Date(2027, time.March, 1, 10, 0, 0, 0, time.UTC)
	effective = time.Date(2027, time.July, 1, 0, 0, 0, 0, time.UTC)
)

// aNotice is one that was published.
func aNotice(edits ...func(*v1alpha1.ChangeNotice)) *v1alpha1.ChangeNotice {
	n := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-no-delete", UID: "u-1"}}
	n.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, Title: "From 1 July orders can no longer be deleted",
		EffectiveTime: &metav1.Time{Time: effective}, Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}"}},
	}
	n.Status.PublishedTime, n.Status.PublishedDigest = &metav1.Time{Time: published}, notice.Digest(&n.Spec)
	for _, edit := range edits {
		edit(n)
	}
	return n
}

func postponedTo(t time.Time) func(*v1alpha1.ChangeNotice) {
	return func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = &metav1.Time{Time: t} }
}

func withdrawn(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeWithdrawn }

func superseded(n *v1alpha1.ChangeNotice) { n.Status.SupersededBy = "newer" }

// record is one of a stage that was planned as one record, with that date, at that moment.
func record(stage v1alpha1.NoticeStage, date, planned time.Time, edits ...func(*v1alpha1.DeliveryRecord)) v1alpha1.DeliveryRecord {
	r := v1alpha1.DeliveryRecord{Spec: v1alpha1.DeliveryRecordSpec{
		NoticeRef: v1alpha1.NoticeRef{Name: "orders-no-delete", UID: "u-1"}, Stage: stage, Channel: "mail", Records: 1,
		EffectiveTime: &metav1.Time{Time: date},
	}}
	r.Status.Deliveries = []v1alpha1.Delivery{{Customer: "c-1", State: v1alpha1.DeliveryPlanned, PlannedTime: &metav1.Time{Time: planned}}}
	for _, edit := range edits {
		edit(&r)
	}
	return r
}

// of says how many records there are in all.
func of(records int32) func(*v1alpha1.DeliveryRecord) {
	return func(r *v1alpha1.DeliveryRecord) { r.Spec.Records = records }
}

func empty(r *v1alpha1.DeliveryRecord) { r.Status = v1alpha1.DeliveryRecordStatus{} }

type dueCase struct {
	now    time.Time
	notice *v1alpha1.ChangeNotice
	days   []int32
	told   []v1alpha1.DeliveryRecord
	want   []v1alpha1.NoticeStage
	next   time.Time // zero: none
}

func checkDue(t *testing.T, cases map[string]dueCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stages, next := Due(DueInput{Now: c.now, Notice: c.notice, ReminderDays: c.days, Told: c.told})
			if diff := cmp.Diff(c.want, stages); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if next == nil != c.next.IsZero() || next != nil && !next.Equal(c.next) {
				t.Errorf("next %v, want %s", next, c.next)
			}
		})
	}
}

type (
	stages  = []v1alpha1.NoticeStage
	records = []v1alpha1.DeliveryRecord
)

func TestThePublicationIsDue(t *testing.T) {
	told := record("Published", effective, published)
	checkDue(t, map[string]dueCase{
		"as soon as it is stamped": {now: published, notice: aNotice(), want: stages{"Published"}},
		"not before":               {now: published, notice: aNotice(func(n *v1alpha1.ChangeNotice) { n.Status = v1alpha1.ChangeNoticeStatus{} })},
		"a draft": {now: published, notice: aNotice(func(n *v1alpha1.ChangeNotice) {
			n.Spec.State, n.Status = v1alpha1.NoticeDraft, v1alpha1.ChangeNoticeStatus{}
		})},
		"late, where the manager was down": {now: effective.Add(day), notice: aNotice(), want: stages{"Published"}},
		"not again":                        {now: published, notice: aNotice(), told: records{told}},
		"where only another was told that had its name": {now: published, notice: aNotice(), want: stages{"Published"},
			told: records{record("Published", effective, published, func(r *v1alpha1.DeliveryRecord) { r.Spec.NoticeRef.UID = "u-0" })}},
		"where only another was told": {now: published, notice: aNotice(), want: stages{"Published"},
			told: records{record("Published", effective, published, func(r *v1alpha1.DeliveryRecord) { r.Spec.NoticeRef.Name = "other" })}},
		"where its one record is empty": {now: published, notice: aNotice(), want: stages{"Published"},
			told: records{record("Published", effective, published, empty)}},
		"where one of two records is missing": {now: published, notice: aNotice(), want: stages{"Published"},
			told: records{record("Published", effective, published, of(2))}},
		"where one of two records is empty": {now: published, notice: aNotice(), want: stages{"Published"},
			told: records{record("Published", effective, published, of(2)), record("Published", effective, published, of(2), empty)}},
		"not where both are there": {now: published, notice: aNotice(),
			told: records{record("Published", effective, published, of(2)), record("Published", effective, published, of(2))}},
		"not where the plan that was made last needs no more": {now: published, notice: aNotice(),
			told: records{record("Published", effective, published, of(3)), record("Published", effective, published.Add(time.Second), of(2))}},
		"where the plan that was made last needs more": {now: published, notice: aNotice(), want: stages{"Published"},
			told: records{record("Published", effective, published.Add(time.Second), of(3)), record("Published", effective, published, of(2))}},
		"not where nobody wrote how many there are": {now: published, notice: aNotice(), told: records{record("Published", effective, published, of(0))}},
		"not what says something else by now":       {now: published, notice: aNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.Title = "Buy now" })},
		"not what has no date":                      {now: published, notice: aNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = nil })},
		"not what has lapsed": {now: effective.Add(180 * day), notice: aNotice(func(n *v1alpha1.ChangeNotice) {
			n.Status.LapsesTime = &metav1.Time{Time: effective.Add(180 * day)}
		})},
		"a second before it lapses": {now: effective.Add(180*day - time.Second), notice: aNotice(func(n *v1alpha1.ChangeNotice) {
			n.Status.LapsesTime = &metav1.Time{Time: effective.Add(180 * day)}
		}), want: stages{"Published"}},
	})
}

func TestTheEndOfANoticeIsDueWhereItWasTold(t *testing.T) {
	now := published.Add(day)
	told := record("Published", effective, published)
	days := []int32{30}
	checkDue(t, map[string]dueCase{
		"withdrawn":                           {now: now, notice: aNotice(withdrawn), days: days, told: records{told}, want: stages{"Withdrawn"}},
		"withdrawn by its stamp":              {now: now, notice: aNotice(func(n *v1alpha1.ChangeNotice) { n.Status.WithdrawnTime = &metav1.Time{Time: now} }), told: records{told}, want: stages{"Withdrawn"}},
		"withdrawn before anything was told":  {now: now, notice: aNotice(withdrawn), days: days},
		"withdrawn when a part was told":      {now: now, notice: aNotice(withdrawn), told: records{record("Published", effective, published, of(2))}, want: stages{"Withdrawn"}},
		"withdrawn, which was told":           {now: now, notice: aNotice(withdrawn), days: days, told: records{told, record("Withdrawn", effective, now)}},
		"withdrawn, which was told in part":   {now: now, notice: aNotice(withdrawn), told: records{told, record("Withdrawn", effective, now, of(2))}, want: stages{"Withdrawn"}},
		"withdrawn after its date":            {now: effective.Add(day), notice: aNotice(withdrawn), told: records{told}, want: stages{"Withdrawn"}},
		"superseded":                          {now: now, notice: aNotice(superseded), days: days, told: records{told}, want: stages{"Superseded"}},
		"superseded before anything was told": {now: now, notice: aNotice(superseded), days: days},
		"superseded, which was told":          {now: now, notice: aNotice(superseded), days: days, told: records{told, record("Superseded", effective, now)}},
		"superseded and withdrawn":            {now: now, notice: aNotice(superseded, withdrawn), told: records{told}, want: stages{"Superseded"}},
		"withdrawn once superseded was told":  {now: now, notice: aNotice(superseded, withdrawn), told: records{told, record("Superseded", effective, now)}},
		"superseded once withdrawn was told":  {now: now, notice: aNotice(superseded, withdrawn), told: records{told, record("Withdrawn", effective, now)}},
		"withdrawn and postponed":             {now: now, notice: aNotice(withdrawn, postponedTo(effective.Add(day))), told: records{told}, want: stages{"Withdrawn"}},
		"withdrawn, and it says something else": {now: now, notice: aNotice(withdrawn, func(n *v1alpha1.ChangeNotice) { n.Spec.Title = "x" }),
			told: records{told}},
	})
}

func TestALaterDateIsDue(t *testing.T) {
	now := published.Add(day)
	first, second, third := effective, effective.Add(30*day), effective.Add(60*day)
	told := record("Published", first, published)
	one := func(edits ...func(*v1alpha1.DeliveryRecord)) v1alpha1.DeliveryRecord {
		return record("Postponed-1", second, now, edits...)
	}
	unknown := func(r *v1alpha1.DeliveryRecord) { r.Spec.EffectiveTime = nil }
	checkDue(t, map[string]dueCase{
		"a second later":                       {now: now, notice: aNotice(postponedTo(first.Add(time.Second))), told: records{told}, want: stages{"Postponed-1"}},
		"the same":                             {now: now, notice: aNotice(), told: records{told}},
		"an earlier one, which nobody can set": {now: now, notice: aNotice(postponedTo(first.Add(-time.Second))), told: records{told}},
		"before the publication was told":      {now: now, notice: aNotice(postponedTo(second)), want: stages{"Published"}},
		"while the publication is planned in part": {now: now, notice: aNotice(postponedTo(second)), want: stages{"Published", "Postponed-1"},
			told: records{record("Published", first, published, of(2))}},
		"when a part learned the first date": {now: now, notice: aNotice(postponedTo(second)), want: stages{"Postponed-1"},
			told: records{record("Published", second, now, of(2)), record("Published", first, published, of(2))}},
		"told":                          {now: now, notice: aNotice(postponedTo(second)), told: records{told, one()}},
		"told in part":                  {now: now, notice: aNotice(postponedTo(second)), told: records{told, one(of(2))}, want: stages{"Postponed-1"}},
		"told in part, and moved again": {now: now, notice: aNotice(postponedTo(third)), told: records{told, one(of(2))}, want: stages{"Postponed-2"}},
		"moved again":                   {now: now, notice: aNotice(postponedTo(third)), told: records{told, one()}, want: stages{"Postponed-2"}},
		"moved again, which was told":   {now: now, notice: aNotice(postponedTo(third)), told: records{told, one(), record("Postponed-2", third, now)}},
		"moved again past one in part":  {now: now, notice: aNotice(postponedTo(third)), told: records{told, one(of(2)), record("Postponed-2", third, now)}},
		"moved a tenth time":            {now: now, notice: aNotice(postponedTo(third)), told: records{told, record("Postponed-9", second, now), one()}, want: stages{"Postponed-10"}},
		"it is not known what was told": {now: now, notice: aNotice(postponedTo(third)), told: records{record("Published", first, published, unknown)}},
		"but it is since the postponement": {now: now, notice: aNotice(postponedTo(third)), told: records{record("Published", first, published, unknown), one()},
			want: stages{"Postponed-2"}},
		"after the date has come": {now: first.Add(day), notice: aNotice(postponedTo(second)), told: records{told}, want: stages{"Postponed-1"}},
	})
}

func TestRemindersAreDue(t *testing.T) {
	told := record("Published", effective, published.Add(time.Minute))
	month, week, last := effective.Add(-30*day), effective.Add(-7*day), effective.Add(-day)
	days := []int32{7, 30, 1, 7}
	reminder := func(stage v1alpha1.NoticeStage, at time.Time) v1alpha1.DeliveryRecord {
		return record(stage, effective, at)
	}
	lapsed := func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = &metav1.Time{Time: week} }
	checkDue(t, map[string]dueCase{
		"long before":                               {now: published.Add(day), notice: aNotice(), days: days, told: records{told}, next: month},
		"a second before":                           {now: month.Add(-time.Second), notice: aNotice(), days: days, told: records{told}, next: month},
		"30 days before":                            {now: month, notice: aNotice(), days: days, told: records{told}, want: stages{"Reminder-30"}, next: week},
		"30 days before, told":                      {now: month, notice: aNotice(), days: days, told: records{told, reminder("Reminder-30", month)}, next: week},
		"a second before the next":                  {now: week.Add(-time.Second), notice: aNotice(), days: days, told: records{told, reminder("Reminder-30", month)}, next: week},
		"7 days before":                             {now: week, notice: aNotice(), days: days, told: records{told, reminder("Reminder-30", month)}, want: stages{"Reminder-7"}, next: last},
		"the last day":                              {now: last, notice: aNotice(), days: days, told: records{told, reminder("Reminder-7", week)}, want: stages{"Reminder-1"}},
		"a second before the date":                  {now: effective.Add(-time.Second), notice: aNotice(), days: days, told: records{told}, want: stages{"Reminder-1"}},
		"when the date has come":                    {now: effective, notice: aNotice(), days: days, told: records{told}},
		"of two that were missed, the last":         {now: week.Add(day), notice: aNotice(), days: days, told: records{told}, want: stages{"Reminder-7"}, next: last},
		"the last was told, and not the one before": {now: week.Add(day), notice: aNotice(), days: days, told: records{told, reminder("Reminder-7", week)}, next: last},
		"told in part": {now: week, notice: aNotice(), days: days, next: last, want: stages{"Reminder-7"},
			told: records{told, record("Reminder-7", effective, week, of(2))}},
		"no policy asks for one":             {now: week, notice: aNotice(), told: records{told}},
		"numbers that no policy can ask for": {now: week, notice: aNotice(), days: []int32{0, -7, 3651}, told: records{told}},
		"withdrawn":                          {now: week, notice: aNotice(withdrawn), days: days, told: records{told}, want: stages{"Withdrawn"}},
		"lapsed":                             {now: week, notice: aNotice(lapsed), days: days, told: records{told}},
		"a moment before the publication is left out":                         {now: published.Add(2 * time.Minute), notice: aNotice(), days: []int32{122, 30}, told: records{told}, next: month},
		"while the publication is due, what follows is known":                 {now: published, notice: aNotice(), days: days, want: stages{"Published"}, next: month},
		"a publication that is told late takes the reminders before it along": {now: week, notice: aNotice(), days: days, want: stages{"Published"}, next: last},
		"what was told late is not reminded of what was over": {now: week.Add(time.Minute), notice: aNotice(), days: days,
			told: records{record("Published", effective, week)}, next: last},
		"a second after it was told": {now: week, notice: aNotice(), days: days,
			told: records{record("Published", effective, week.Add(-time.Second))}, want: stages{"Reminder-7"}, next: last},
		"told at that very moment":                 {now: week, notice: aNotice(), days: days, told: records{record("Published", effective, week)}, next: last},
		"the clock was set back since it was told": {now: published.Add(-day), notice: aNotice(), days: days, told: records{told}, next: month},
	})
}

// Customers who were told another date are reminded of that one, as often as of the first.
func TestRemindersOfALaterDateAreDueAnew(t *testing.T) {
	second := effective.Add(60 * day)
	told, reminded := record("Published", effective, published), record("Reminder-30", effective, effective.Add(-30*day))
	moved := record("Postponed-1", second, effective.Add(-10*day))
	days := []int32{30, 7}
	month, week := second.Add(-30*day), second.Add(-7*day)
	checkDue(t, map[string]dueCase{
		"the later date is told before": {now: effective.Add(-6 * day), notice: aNotice(postponedTo(second)), days: days, told: records{told, reminded},
			want: stages{"Postponed-1"}, next: month},
		"not reminded of the first any more": {now: effective.Add(-6 * day), notice: aNotice(postponedTo(second)), days: days, told: records{told, reminded, moved}, next: month},
		"30 days before the second":          {now: month, notice: aNotice(postponedTo(second)), days: days, told: records{told, reminded, moved}, want: stages{"Reminder-30-1"}, next: week},
		"30 days before, told": {now: month, notice: aNotice(postponedTo(second)), days: days, next: week,
			told: records{told, reminded, moved, record("Reminder-30-1", second, month)}},
		"a later date that is told late": {now: week, notice: aNotice(postponedTo(second)), days: days, told: records{told, reminded}, want: stages{"Postponed-1"}},
		"and was told at that moment": {now: week.Add(time.Second), notice: aNotice(postponedTo(second)), days: days,
			told: records{told, record("Postponed-1", second, week)}},
	})
}
