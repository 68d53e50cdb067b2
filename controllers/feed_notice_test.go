package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/internal/notice"
)

// shownAs is toldNotice as customers read it.
func shownAs(change ...func(*feed.Notice)) *feed.Notice {
	n := &feed.Notice{
		ID: "0c1f6f9e", Name: "no-delete",
		Title: "Orders can no longer be deleted", WhatChanges: "It answers 404.", WhatToDo: "Cancel them.", Help: "https://help.example",
		Versions: []string{"v1", "v2"}, Operations: []string{"DELETE /orders/{id}", "GET /orders"},
		Updates:   []feed.Update{{Time: toldAt.Time, Text: "Carts, too."}},
		Published: toldAt.Time, Updated: toldAt.Time, Effective: june.Time, Sequence: 1, State: feed.Upcoming,
	}
	for _, f := range change {
		f(n)
	}
	return n
}

func TestShownNotice(t *testing.T) {
	// At each step of its life a notice has these stamps, and more.
	onceLater := func(n *v1alpha1.ChangeNotice) {
		postponed(n)
		n.Status.EffectiveTime = &july
		n.Status.Postponements = []v1alpha1.Postponement{{Number: 1, Time: &next, From: &june, To: &july}}
	}
	withdrawn := func(n *v1alpha1.ChangeNotice) {
		n.Spec.State, n.Status.WithdrawnTime = v1alpha1.NoticeWithdrawn, &next
	}
	superseded := func(n *v1alpha1.ChangeNotice) {
		n.Status.SupersededBy, n.Status.SupersededTime = "another", &next
	}
	isPostponed := func(n *feed.Notice) {
		n.Effective, n.Previous, n.Updated = july.Time, ptr.To(june.Time), next.Time
		n.Sequence++
	}
	halfAnHour := func(n *v1alpha1.ChangeNotice) {
		n.Spec.DowntimeMinutes = 30
		n.Status.PublishedDigest = notice.Digest(&n.Spec)
	}
	isHalfAnHour := func(n *feed.Notice) { n.Until = ptr.To(june.Add(30 * time.Minute).UTC()) }
	tests := map[string]struct {
		notice    *v1alpha1.ChangeNotice
		now       time.Time
		want      *feed.Notice
		wantError string
	}{
		"published":                           {notice: toldNotice(), now: next.Time, want: shownAs()},
		"a second before it comes into force": {notice: toldNotice(), now: june.Add(-time.Second), want: shownAs()},
		"as it comes into force": {notice: toldNotice(), now: june.Time, want: shownAs(func(n *feed.Notice) {
			n.State, n.Updated = feed.InForce, june.Time
		})},
		"postponed": {notice: toldNotice(onceLater), now: next.Time, want: shownAs(isPostponed)},
		"postponed, a second before it comes into force": {notice: toldNotice(onceLater), now: july.Add(-time.Second), want: shownAs(isPostponed)},
		"postponed, and in force": {notice: toldNotice(onceLater), now: july.Time, want: shownAs(isPostponed, func(n *feed.Notice) {
			n.State, n.Updated = feed.InForce, july.Time
		})},
		"postponed more often than is kept": {
			notice: toldNotice(onceLater, func(n *v1alpha1.ChangeNotice) { n.Status.Postponements[0].Number = 22 }),
			now:    next.Time, want: shownAs(isPostponed, func(n *feed.Notice) { n.Sequence = 23 }),
		},
		"postponed by its author, and not stamped yet": {notice: toldNotice(postponed), now: next.Time, want: shownAs()},
		"an update that is not stamped yet": {notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
			n.Spec.Updates = append(n.Spec.Updates, v1alpha1.NoticeUpdate{Text: "b"})
		}), now: next.Time, want: shownAs()},
		"an update more": {notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
			n.Spec.Updates = append(n.Spec.Updates, v1alpha1.NoticeUpdate{Text: "b"})
			n.Status.UpdateTimes = append(n.Status.UpdateTimes, next)
		}), now: next.Time, want: shownAs(func(n *feed.Notice) {
			n.Updates = append(n.Updates, feed.Update{Time: next.Time, Text: "b"})
			n.Updated, n.Sequence = next.Time, 2
		})},
		"no updates": {notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
			n.Spec.Updates, n.Status.UpdateTimes = nil, nil
		}), now: next.Time, want: shownAs(func(n *feed.Notice) { n.Updates, n.Sequence = nil, 0 })},
		"updates that are gone, past all guards, count": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.Updates = nil }),
			now:    next.Time, want: shownAs(func(n *feed.Notice) { n.Updates = nil }),
		},
		"withdrawn by its author, and not stamped yet": {
			notice: toldNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeWithdrawn }),
			now:    next.Time, want: shownAs(),
		},
		"withdrawn": {notice: toldNotice(withdrawn), now: next.Time, want: shownAs(func(n *feed.Notice) {
			n.State, n.Updated = feed.Withdrawn, next.Time
		})},
		"withdrawn, and its date passes": {notice: toldNotice(withdrawn), now: july.Time, want: shownAs(func(n *feed.Notice) {
			n.State, n.Updated = feed.Withdrawn, next.Time
		})},
		"superseded": {notice: toldNotice(superseded), now: july.Time, want: shownAs(func(n *feed.Notice) {
			n.State, n.SupersededBy, n.Updated = feed.Superseded, "another", next.Time
		})},
		"superseded by what is gone": {notice: toldNotice(superseded, func(n *v1alpha1.ChangeNotice) { n.Status.SupersededBy = "" }),
			now: july.Time, want: shownAs(func(n *feed.Notice) { n.State, n.Updated = feed.Superseded, next.Time })},
		"superseded and withdrawn": {notice: toldNotice(superseded, withdrawn), now: july.Time, want: shownAs(func(n *feed.Notice) {
			n.State, n.SupersededBy, n.Updated = feed.Withdrawn, "another", next.Time
		})},
		"a downtime to come": {notice: toldNotice(halfAnHour), now: june.Add(-time.Second), want: shownAs(isHalfAnHour)},
		"a downtime as it begins": {notice: toldNotice(halfAnHour), now: june.Time, want: shownAs(isHalfAnHour, func(n *feed.Notice) {
			n.State, n.Updated = feed.InForce, june.Time
		})},
		"a downtime a second before it is over": {notice: toldNotice(halfAnHour), now: june.Add(30*time.Minute - time.Second),
			want: shownAs(isHalfAnHour, func(n *feed.Notice) { n.State, n.Updated = feed.InForce, june.Time })},
		"a downtime that is over": {notice: toldNotice(halfAnHour), now: june.Add(30 * time.Minute),
			want: shownAs(isHalfAnHour, func(n *feed.Notice) { n.State, n.Updated = feed.Over, *n.Until })},
		"a downtime that was postponed": {notice: toldNotice(halfAnHour, onceLater), now: june.Add(30 * time.Minute),
			want: shownAs(isPostponed, func(n *feed.Notice) { n.Until = ptr.To(july.Add(30 * time.Minute).UTC()) })},
		"a downtime that was withdrawn, and its end passes": {notice: toldNotice(halfAnHour, withdrawn), now: june.Add(time.Hour),
			want: shownAs(isHalfAnHour, func(n *feed.Notice) { n.State, n.Updated = feed.Withdrawn, next.Time })},
		"a draft": {notice: toldNotice(func(n *v1alpha1.ChangeNotice) {
			n.Spec.State, n.Status = v1alpha1.NoticeDraft, v1alpha1.ChangeNoticeStatus{}
		}), wantError: "it was not published"},
		"meant to be published, and refused": {
			notice:    toldNotice(func(n *v1alpha1.ChangeNotice) { n.Status = v1alpha1.ChangeNoticeStatus{} }),
			wantError: "it was not published",
		},
		"a draft again, past all guards": {
			notice:    toldNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeDraft }),
			wantError: errNotAsPublished.Error(),
		},
		"another text, past all guards": {
			notice:    toldNotice(func(n *v1alpha1.ChangeNotice) { n.Spec.Help = "https://evil.example" }),
			wantError: errNotAsPublished.Error(),
		},
		"no digest": {
			notice:    toldNotice(func(n *v1alpha1.ChangeNotice) { n.Status.PublishedDigest = "" }),
			wantError: errNotAsPublished.Error(),
		},
		"no date": {
			notice:    toldNotice(func(n *v1alpha1.ChangeNotice) { n.Status.EffectiveTime = nil }),
			wantError: "its date was not stamped yet",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := shownNotice(test.notice, test.now)
			if test.wantError != "" {
				if err == nil || err.Error() != test.wantError {
					t.Errorf("%v, want %s", err, test.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, &got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Through all that can become of a notice, what is subscribed to only counts up.
func TestTheFeedNeverGoesBack(t *testing.T) {
	n := toldNotice(func(n *v1alpha1.ChangeNotice) { n.Status.EffectiveTime, n.Status.UpdateTimes = nil, nil })
	steps := []func(){
		func() {},
		func() { n.Spec.Updates = append(n.Spec.Updates, v1alpha1.NoticeUpdate{Text: "b"}) },
		func() { postponed(n) },
		func() { n.Spec.EffectiveTime = june.DeepCopy() }, // refused by the API server, as is what follows
		func() { n.Spec.Updates = nil },
		func() { n.Spec.EffectiveTime = &metav1.Time{Time: july.AddDate(0, 1, 0)} },
		func() { n.Status.SupersededBy = "another" },
		func() { n.Status.SupersededBy = "" },
		func() { n.Spec.State, n.Status.WithdrawnTime = v1alpha1.NoticeWithdrawn, &metav1.Time{Time: july.Time} },
	}
	var before feed.Notice
	for i, step := range steps {
		step()
		now := toldAt.AddDate(0, 0, i)
		stampTold(n, now)
		shown, err := shownNotice(n, now)
		if err != nil {
			t.Fatal(err)
		}
		if shown.Sequence < before.Sequence || shown.Updated.Before(before.Updated) || shown.Effective.Before(before.Effective) {
			t.Errorf("step %d goes back: %+v after %+v", i, shown, before)
		}
		before = shown
	}
	if before.Sequence != 4 || before.State != feed.Withdrawn {
		t.Errorf("in the end: %+v", before)
	}
}

func TestShownNotices(t *testing.T) {
	all := []v1alpha1.ChangeNotice{
		*toldNotice(func(n *v1alpha1.ChangeNotice) { n.Name, n.Spec.Title = "spoilt", "Never mind" }),
		*toldNotice(func(n *v1alpha1.ChangeNotice) { n.Name, n.Status = "draft", v1alpha1.ChangeNoticeStatus{} }),
		*toldNotice(),
	}
	shown, omitted := shownNotices(all, next.Time)
	if diff := cmp.Diff([]feed.Notice{*shownAs()}, shown); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"leaving out notice shop/spoilt: " + errNotAsPublished.Error()}, omitted); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCommonZone(t *testing.T) {
	policy := func(zone string) *v1alpha1.NoticePolicy {
		return &v1alpha1.NoticePolicy{Spec: v1alpha1.NoticePolicySpec{TimeZone: zone}}
	}
	loosened := policy("Europe/Berlin")
	loosened.Status.InForce = v1alpha1.PolicyInForce{Generation: 1, Spec: v1alpha1.NoticePolicySpec{TimeZone: "Asia/Tokyo"}}
	tests := map[string]struct {
		policies []*v1alpha1.NoticePolicy
		want     string
	}{
		"none":                         {want: ""},
		"one":                          {[]*v1alpha1.NoticePolicy{policy("Europe/Berlin")}, "Europe/Berlin"},
		"one that leaves it out":       {[]*v1alpha1.NoticePolicy{policy("")}, "UTC"},
		"two that agree":               {[]*v1alpha1.NoticePolicy{policy("Europe/Berlin"), policy("Europe/Berlin")}, "Europe/Berlin"},
		"two that do not":              {[]*v1alpha1.NoticePolicy{policy("Europe/Berlin"), policy("Europe/Vienna")}, ""},
		"one of two leaves it out":     {[]*v1alpha1.NoticePolicy{policy("Europe/Berlin"), policy("")}, ""},
		"what is in force counts":      {[]*v1alpha1.NoticePolicy{loosened}, "Asia/Tokyo"},
		"one that nobody can read yet": {[]*v1alpha1.NoticePolicy{policy("Europe/Berlin"), policy("Mars/Olympus")}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if zone := commonZone(test.policies); zone != nil {
				got = zone.String()
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
