package telling

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestThatItIsInForceIsDue(t *testing.T) {
	now := effective.Add(-8 * day)
	told := record("Published", effective, published)
	known := record("InForce", effective, now)
	serves := func(n *v1alpha1.ChangeNotice) { n.Status.InForceTime = &metav1.Time{Time: now} }
	lapsed := func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = &metav1.Time{Time: now} }
	days := []int32{30, 7}
	checkDue(t, map[string]dueCase{
		"while nothing of it serves":              {now: now, notice: aNotice(), told: records{told}},
		"on its date, while nothing of it serves": {now: effective, notice: aNotice(), told: records{told}},
		"once it serves":                          {now: effective.Add(day), notice: aNotice(serves), told: records{told}, want: stages{"InForce"}},
		"before its date, and nobody is reminded": {now: now, notice: aNotice(serves), days: days, told: records{told}, want: stages{"InForce"}},
		"nor later":               {now: effective.Add(-7 * day), notice: aNotice(serves), days: days, told: records{told, known}},
		"told":                    {now: now, notice: aNotice(serves), told: records{told, known}},
		"told in part":            {now: now, notice: aNotice(serves), told: records{told, record("InForce", effective, now, of(2))}, want: stages{"InForce"}},
		"before anybody was told": {now: now, notice: aNotice(serves), days: days, want: stages{"Published"}},
		"while the publication is planned in part": {now: now, notice: aNotice(serves), want: stages{"Published"},
			told: records{record("Published", effective, published, of(2))}},
		"with a later date and an update": {now: now, notice: aNotice(serves, postponedTo(effective.Add(day)), withUpdates(1)), told: records{told},
			want: stages{"Postponed-1", "Updated-1", "InForce"}},
		"not of what was withdrawn":  {now: now, notice: aNotice(serves, withdrawn), told: records{told}, want: stages{"Withdrawn"}},
		"withdrawn once it was told": {now: now, notice: aNotice(serves, withdrawn), told: records{told, known}, want: stages{"Withdrawn"}},
		"not of what was superseded": {now: now, notice: aNotice(serves, superseded), told: records{told}, want: stages{"Superseded"}},
		"not of what has lapsed":     {now: now, notice: aNotice(serves, lapsed), told: records{told}},
	})
}
