package telling

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// withUpdates is with so many updates.
func withUpdates(n int) func(*v1alpha1.ChangeNotice) {
	return func(notice *v1alpha1.ChangeNotice) { notice.Spec.Updates = make([]v1alpha1.NoticeUpdate, n) }
}

// with says how many updates the notice had when the record was planned.
func with(updates int32) func(*v1alpha1.DeliveryRecord) {
	return func(r *v1alpha1.DeliveryRecord) { r.Spec.Updates = updates }
}

func TestUpdatesAreDue(t *testing.T) {
	now := published.Add(day)
	told := record("Published", effective, published)
	second := effective.Add(30 * day)
	lapsed := func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = &metav1.Time{Time: now} }
	one := func(edits ...func(*v1alpha1.DeliveryRecord)) v1alpha1.DeliveryRecord {
		return record("Updated-1", effective, now, edits...)
	}
	checkDue(t, map[string]dueCase{
		"one that was added":                        {now: now, notice: aNotice(withUpdates(1)), told: records{told}, want: stages{"Updated-1"}},
		"one that went out with the publication":    {now: now, notice: aNotice(withUpdates(1)), told: records{record("Published", effective, published, with(1))}},
		"another than the publication had":          {now: now, notice: aNotice(withUpdates(2)), told: records{record("Published", effective, published, with(1))}, want: stages{"Updated-2"}},
		"one that a part of the publication lacked": {now: now, notice: aNotice(withUpdates(1)), told: records{record("Published", effective, published, of(2)), record("Published", effective, now, of(2), with(1))}, want: stages{"Updated-1"}},
		"or the other part of it":                   {now: now, notice: aNotice(withUpdates(1)), told: records{record("Published", effective, now, of(2), with(1)), record("Published", effective, published, of(2))}, want: stages{"Updated-1"}},
		"before the publication is planned":         {now: now, notice: aNotice(withUpdates(1)), want: stages{"Published"}},
		"not while the publication is planned in part": {now: now, notice: aNotice(withUpdates(1)), want: stages{"Published"},
			told: records{record("Published", effective, published, of(2))}},
		"two that were added together":              {now: now, notice: aNotice(withUpdates(2)), told: records{told}, want: stages{"Updated-2"}},
		"told":                                      {now: now, notice: aNotice(withUpdates(1)), told: records{told, one()}},
		"told in part":                              {now: now, notice: aNotice(withUpdates(1)), told: records{told, one(of(2))}, want: stages{"Updated-1"}},
		"another after one was told":                {now: now, notice: aNotice(withUpdates(2)), told: records{told, one()}, want: stages{"Updated-2"}},
		"another after one was told in part":        {now: now, notice: aNotice(withUpdates(2)), told: records{told, one(of(2))}, want: stages{"Updated-2"}},
		"both told":                                 {now: now, notice: aNotice(withUpdates(2)), told: records{told, one(), record("Updated-2", effective, now)}},
		"after the date":                            {now: effective.Add(day), notice: aNotice(withUpdates(1)), told: records{told}, want: stages{"Updated-1"}},
		"with a later date":                         {now: now, notice: aNotice(withUpdates(1), postponedTo(second)), told: records{told}, want: stages{"Postponed-1", "Updated-1"}},
		"with a reminder":                           {now: effective.Add(-7 * day), notice: aNotice(withUpdates(1)), days: []int32{7}, told: records{told}, want: stages{"Updated-1", "Reminder-7"}},
		"not of what was withdrawn":                 {now: now, notice: aNotice(withUpdates(1), withdrawn), told: records{told}, want: stages{"Withdrawn"}},
		"not of what was withdrawn, which was told": {now: now, notice: aNotice(withUpdates(1), withdrawn), told: records{told, record("Withdrawn", effective, now)}},
		"not of what was superseded":                {now: now, notice: aNotice(withUpdates(1), superseded), told: records{told}, want: stages{"Superseded"}},
		"not of what has lapsed":                    {now: now, notice: aNotice(withUpdates(1), lapsed), told: records{told}},
	})
}

func TestARecordSaysOfHowManyUpdatesItTells(t *testing.T) {
	for n := range 3 {
		for _, r := range Plan(aNotice(withUpdates(n)), "Published", customers(2, "mail"), published) {
			if int(r.Spec.Updates) != n {
				t.Errorf("of %d updates a record tells of %d", n, r.Spec.Updates)
			}
		}
	}
}
