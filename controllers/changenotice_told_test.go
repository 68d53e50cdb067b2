package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

var (
	june = metav1.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)
	july = metav1.Date(2027, time.July, 1, 0, 0, 0, 0, time.UTC)
	// told is when customers were toldAt, and a day later something is looked at again.
	toldAt = metav1.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)
	next   = metav1.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
)

// toldNotice was published with one update, for the first of June.
func toldNotice(change ...func(*v1alpha1.ChangeNotice)) *v1alpha1.ChangeNotice {
	n := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "no-delete", UID: "0c1f6f9e"}}
	n.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, EffectiveTime: june.DeepCopy(),
		Title: "Orders can no longer be deleted", WhatChanges: "It answers 404.", WhatToDo: "Cancel them.", Help: "https://help.example",
		Covers: []v1alpha1.CoveredChange{
			{Version: "v1", Operation: "delete  /orders/{id}"}, {Version: "v1", Fingerprint: "0a1b2c3d4e5f"},
			{Version: "v2", Operation: "DELETE /orders/{id}"}, {Version: "v2", Operation: "GET /orders"},
		},
		Updates: []v1alpha1.NoticeUpdate{{Text: "Carts, too."}},
	}
	n.Status.PublishedTime = toldAt.DeepCopy()
	n.Status.PublishedDigest = notice.Digest(&n.Spec)
	n.Status.EffectiveTime = june.DeepCopy()
	n.Status.UpdateTimes = []metav1.Time{toldAt}
	for _, f := range change {
		f(n)
	}
	return n
}

func postponed(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = july.DeepCopy() }

func TestStampTold(t *testing.T) {
	first := v1alpha1.Postponement{Number: 1, Time: &next, From: &june, To: &july}
	tests := map[string]struct {
		notice            *v1alpha1.ChangeNotice
		now               time.Time
		wantDate          *metav1.Time
		wantPostponements []v1alpha1.Postponement
		wantUpdates       []metav1.Time
		wantSuperseded    *metav1.Time
	}{
		"nothing new": {notice: toldNotice(), wantDate: &june, wantUpdates: []metav1.Time{toldAt}},
		"a draft": {notice: toldNotice(postponed, func(n *v1alpha1.ChangeNotice) {
			n.Status, n.Status.SupersededBy = v1alpha1.ChangeNoticeStatus{}, "another"
		})},
		"the publication, whose stamp is rounded up": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) { n.Status.EffectiveTime, n.Status.UpdateTimes = nil, nil }),
			now:    toldAt.Add(-time.Millisecond), wantDate: &june, wantUpdates: []metav1.Time{toldAt},
		},
		"a later date": {
			notice: toldNotice(postponed), wantDate: &july, wantUpdates: []metav1.Time{toldAt},
			wantPostponements: []v1alpha1.Postponement{first},
		},
		"a second later": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
				n.Spec.EffectiveTime = &metav1.Time{Time: june.Add(time.Second)}
			}),
			wantDate: &metav1.Time{Time: june.Add(time.Second)}, wantUpdates: []metav1.Time{toldAt},
			wantPostponements: []v1alpha1.Postponement{{Number: 1, Time: &next, From: &june, To: &metav1.Time{Time: june.Add(time.Second)}}},
		},
		"an earlier date, past all guards": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
				n.Spec.EffectiveTime = &metav1.Time{Time: june.Add(-time.Second)}
			}),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt},
		},
		"no date, past all guards": {
			notice:   toldNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.EffectiveTime = nil }),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt},
		},
		"a later date of what was withdrawn": {
			notice:   toldNotice(postponed, func(n *v1alpha1.ChangeNotice) { n.Status.WithdrawnTime = &toldAt }),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt},
		},
		"a later date of what has lapsed": {
			notice:   toldNotice(postponed, func(n *v1alpha1.ChangeNotice) { n.Status.LapsedTime = &toldAt }),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt},
		},
		"a later date of what was replaced at the same time": {
			notice:   toldNotice(postponed, func(n *v1alpha1.ChangeNotice) { n.Status.SupersededBy = "another" }),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt}, wantSuperseded: &next,
		},
		"what was replaced before": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
				n.Status.SupersededBy, n.Status.SupersededTime = "another", &toldAt
			}),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt}, wantSuperseded: &toldAt,
		},
		"two updates more": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
				n.Spec.Updates = append(n.Spec.Updates, v1alpha1.NoticeUpdate{Text: "a"}, v1alpha1.NoticeUpdate{Text: "b"})
			}),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt, next, next},
		},
		"an update after the withdrawal": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
				n.Spec.Updates = append(n.Spec.Updates, v1alpha1.NoticeUpdate{Text: "We changed our mind."})
				n.Status.WithdrawnTime = &toldAt
			}),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt, next},
		},
		"updates that are gone, past all guards": {
			notice:   toldNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.Updates = nil }),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt},
		},
		"another text, past all guards": {
			notice:   toldNotice(postponed, func(n *v1alpha1.ChangeNotice) { n.Spec.Title = "Never mind" }),
			wantDate: &june, wantUpdates: []metav1.Time{toldAt},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := test.now
			if now.IsZero() {
				now = next.Add(999 * time.Millisecond)
			}
			stampTold(test.notice, now)
			status := &test.notice.Status
			got := v1alpha1.ChangeNoticeStatus{
				EffectiveTime: status.EffectiveTime, Postponements: status.Postponements,
				UpdateTimes: status.UpdateTimes, SupersededTime: status.SupersededTime,
			}
			want := v1alpha1.ChangeNoticeStatus{
				EffectiveTime: test.wantDate, Postponements: test.wantPostponements,
				UpdateTimes: test.wantUpdates, SupersededTime: test.wantSuperseded,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// However often a notice is postponed, its status stays small and loses no count.
func TestPostponementsAreCounted(t *testing.T) {
	n := toldNotice()
	for i := range maxPostponements + 2 {
		n.Spec.EffectiveTime = &metav1.Time{Time: june.AddDate(0, 0, i+1)}
		stampTold(n, next.Add(time.Duration(i)*time.Hour))
	}
	kept := n.Status.Postponements
	if len(kept) != maxPostponements || kept[0].Number != 3 || kept[len(kept)-1].Number != maxPostponements+2 {
		t.Errorf("%d postponements, %d to %d", len(kept), kept[0].Number, kept[len(kept)-1].Number)
	}
	for i := range kept[1:] {
		if !kept[i+1].From.Equal(kept[i].To) {
			t.Errorf("from %v, and before to %v", kept[i+1].From, kept[i].To)
		}
	}
}
