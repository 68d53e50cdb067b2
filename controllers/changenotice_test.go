package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func TestStampsOfANotice(t *testing.T) {
	now := time.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)
	lapses := now.Add(24 * time.Hour)
	validity := v1alpha1.NoticeValidity{Days: 1, TimeZone: "UTC"}
	clock := v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 95}
	notice := &v1alpha1.ChangeNotice{Spec: v1alpha1.ChangeNoticeSpec{State: v1alpha1.NoticePublished}}
	stamp := func(v gate.NoticeVerdict, at time.Time) *v1alpha1.ChangeNoticeStatus {
		setNoticeStatus(notice, v, at)
		return &notice.Status
	}

	lapsed := gate.NoticeVerdict{MaturedReason: v1alpha1.ReasonLapsed, Lapses: &lapses}
	if s := stamp(lapsed, now); s.LapsedTime != nil {
		t.Errorf("what was never published lapsed %v", s.LapsedTime)
	}
	s := stamp(gate.NoticeVerdict{Publishable: true, Published: true, Validity: validity, Clock: clock, Lapses: &lapses}, now)
	if s.Validity != validity || s.Clock != clock || !s.PublishedTime.Time.Equal(now) || !s.LapsesTime.Time.Equal(lapses) || s.LapsedTime != nil {
		t.Errorf("at publication: %+v", s)
	}
	other := gate.NoticeVerdict{Published: true, Validity: v1alpha1.NoticeValidity{Days: 2, TimeZone: "UTC"}, Lapses: &lapses}
	other.Clock.StartsAt = v1alpha1.StartsAtPublished
	if s := stamp(other, now.Add(time.Hour)); s.Validity != validity || s.Clock != clock || s.LapsedTime != nil {
		t.Errorf("while it runs: %+v", s)
	}
	if s := stamp(lapsed, lapses.Add(time.Minute)); !s.LapsedTime.Time.Equal(lapses) {
		t.Errorf("lapsed %v, want the moment at which it did", s.LapsedTime)
	}
	later := lapses.Add(time.Hour)
	if s := stamp(gate.NoticeVerdict{MaturedReason: v1alpha1.ReasonLapsed, Lapses: &later}, later); !s.LapsedTime.Time.Equal(lapses) {
		t.Errorf("the stamp of the lapse moved to %v", s.LapsedTime)
	}
}

// Those who judge by a notice look again when its clock starts or stops, and not with each customer who is reached.
func TestTheClockOfANoticeMattersToOthers(t *testing.T) {
	before := &v1alpha1.ChangeNotice{}
	reached, covered, frozen := before.DeepCopy(), before.DeepCopy(), before.DeepCopy()
	reached.Status.Delivery.Delivered = ptr.To(int32(1))
	covered.Status.Delivery.CoveredTime = &metav1.Time{Time: time.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)}
	frozen.Status.Clock.StartsAt = v1alpha1.StartsAtDelivered
	for name, c := range map[string]struct {
		after *v1alpha1.ChangeNotice
		want  bool
	}{"one customer was reached": {reached, false}, "enough were": {covered, true}, "the clock was frozen": {frozen, true}} {
		c.after.ResourceVersion = "2"
		changed := whenChanged(matterOfNotice).Update(event.UpdateEvent{ObjectOld: before, ObjectNew: c.after})
		if changed != c.want {
			t.Errorf("%s: looked at again %v, want %v", name, changed, c.want)
		}
	}
}

// Those who judge by a notice look again when it is held, or is held otherwise, and not with each answer. Those who tell
// of it look again when an update was published: it may answer objections.
func TestAnswersMatterToOthersOnceTheyHold(t *testing.T) {
	holding := func(open int32, latest time.Time) *v1alpha1.ChangeNotice {
		n := &v1alpha1.ChangeNotice{}
		n.Status.PublishedTime, n.Status.Delivery.Affected, n.Status.Clock.HoldAboveObjectionPercent = timeAt(noon), ptr.To[int32](20), ptr.To[int32](10)
		n.Status.Answers = v1alpha1.NoticeAnswers{Answered: ptr.To(open + 1), NeedsTime: ptr.To(open), LatestTime: timeAt(latest)}
		n.ResourceVersion = "1"
		return n
	}
	updated := holding(3, noon)
	updated.Status.UpdateTimes = []metav1.Time{*timeAt(noon)}
	for name, c := range map[string]struct {
		before, after   *v1alpha1.ChangeNotice
		judged, telling bool
	}{
		"an objection that holds nothing": {holding(1, noon), holding(2, noon), false, false},
		"one that holds it":               {holding(2, noon), holding(3, noon), true, false},
		"one more":                        {holding(3, noon), holding(4, noon), true, false},
		"a later date":                    {holding(3, noon), holding(3, noon.Add(time.Hour)), true, false},
		"one was taken back":              {holding(3, noon), holding(2, noon), true, false},
		"an update was published":         {holding(3, noon), updated, false, true},
	} {
		c.after.ResourceVersion = "2"
		happened := event.UpdateEvent{ObjectOld: c.before, ObjectNew: c.after}
		if judged := whenChanged(matterOfNotice).Update(happened); judged != c.judged {
			t.Errorf("%s: judged again %v, want %v", name, judged, c.judged)
		}
		if telling := whenChanged(matterOfTelling).Update(happened); telling != c.telling {
			t.Errorf("%s: told again %v, want %v", name, telling, c.telling)
		}
	}
}
