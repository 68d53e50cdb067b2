package telling

import (
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// An apology is told as it is published, updated or withdrawn. Nobody is reminded of it, and it is not put off.
func TestDueApologies(t *testing.T) {
	sorry := func(edits ...func(*v1alpha1.ChangeNotice)) *v1alpha1.ChangeNotice {
		n := aNotice(edits...)
		n.Spec.ApologyFor = "orders-slo"
		n.Status.PublishedDigest = notice.Digest(&n.Spec)
		return n
	}
	later := effective.Add(30 * day)
	told := []v1alpha1.DeliveryRecord{record("Published", effective, published)}
	checkDue(t, map[string]dueCase{
		"at first":            {now: published, notice: sorry(), days: []int32{30}, want: []v1alpha1.NoticeStage{"Published"}},
		"and no reminder":     {now: effective.Add(-day), notice: sorry(), days: []int32{30, 1}, told: told},
		"and no postponement": {now: published, notice: sorry(postponedTo(later)), told: told},
		"an update": {
			now: published, told: told, want: []v1alpha1.NoticeStage{"Updated-1"},
			notice: sorry(func(n *v1alpha1.ChangeNotice) { n.Spec.Updates = []v1alpha1.NoticeUpdate{{Text: "More"}} }),
		},
		"and that it is withdrawn": {now: published, notice: sorry(withdrawn), told: told, want: []v1alpha1.NoticeStage{"Withdrawn"}},
	})
}
