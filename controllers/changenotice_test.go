package controllers

import (
	"testing"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func TestStampsOfANotice(t *testing.T) {
	now := time.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)
	lapses := now.Add(24 * time.Hour)
	validity := v1alpha1.NoticeValidity{Days: 1, TimeZone: "UTC"}
	notice := &v1alpha1.ChangeNotice{Spec: v1alpha1.ChangeNoticeSpec{State: v1alpha1.NoticePublished}}
	stamp := func(v gate.NoticeVerdict, at time.Time) *v1alpha1.ChangeNoticeStatus {
		setNoticeStatus(notice, v, at)
		return &notice.Status
	}

	lapsed := gate.NoticeVerdict{MaturedReason: v1alpha1.ReasonLapsed, Lapses: &lapses}
	if s := stamp(lapsed, now); s.LapsedTime != nil {
		t.Errorf("what was never published lapsed %v", s.LapsedTime)
	}
	s := stamp(gate.NoticeVerdict{Publishable: true, Published: true, Validity: validity, Lapses: &lapses}, now)
	if s.Validity != validity || !s.PublishedTime.Time.Equal(now) || !s.LapsesTime.Time.Equal(lapses) || s.LapsedTime != nil {
		t.Errorf("at publication: %+v", s)
	}
	other := gate.NoticeVerdict{Published: true, Validity: v1alpha1.NoticeValidity{Days: 2, TimeZone: "UTC"}, Lapses: &lapses}
	if s := stamp(other, now.Add(time.Hour)); s.Validity != validity || s.LapsedTime != nil {
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
