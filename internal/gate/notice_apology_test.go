package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

// sorry is an apology of an hour ago, with what a test changes.
func sorry(change ...func(*v1alpha1.ChangeNoticeSpec)) *v1alpha1.ChangeNotice {
	n := builders.Notice("orders-slo-20261122", "orders").State(v1alpha1.NoticePublished).Effective(now.Add(-time.Hour)).
		Covers(v1alpha1.CoveredChange{Version: "v1", Class: v1alpha1.ClassDowntime}).Obj()
	n.Spec.ApologyFor, n.Spec.WhatToDo = "orders-slo", "Nothing"
	for _, c := range change {
		c(&n.Spec)
	}
	return n
}

func unsaid(s *v1alpha1.ChangeNoticeSpec) { s.WhatToDo = "[[Say what is done.]]" }

func TestApologiesThatCanBePublished(t *testing.T) {
	for name, c := range map[string]struct {
		change []func(*v1alpha1.ChangeNoticeSpec)
		edit   func(*gate.NoticeInput)
		want   string // reason; Published is publishable
		says   string
		next   time.Time
	}{
		"what happened an hour ago": {want: v1alpha1.ReasonPublished, says: "customers were told what happened, and what happens next"},
		"what happens this second": {
			change: []func(*v1alpha1.ChangeNoticeSpec){func(s *v1alpha1.ChangeNoticeSpec) { s.EffectiveTime.Time = now }}, want: v1alpha1.ReasonPublished,
			says: "customers were told what happened, and what happens next",
		},
		"what is still to happen": {
			change: []func(*v1alpha1.ChangeNoticeSpec){func(s *v1alpha1.ChangeNoticeSpec) { s.EffectiveTime.Time = now.Add(time.Second) }},
			want:   v1alpha1.ReasonIncomplete, next: now.Add(time.Second),
			says: "its effectiveTime 2026-11-22T10:00:01Z lies ahead, and an apology is about what was: set it to when that was",
		},
		"a draft": {
			change: []func(*v1alpha1.ChangeNoticeSpec){func(s *v1alpha1.ChangeNoticeSpec) { s.State = v1alpha1.NoticeDraft }},
			want:   v1alpha1.ReasonDraft, says: "it is a draft: it can be published now",
		},
		"a draft that is not finished": {
			change: []func(*v1alpha1.ChangeNoticeSpec){unsaid, func(s *v1alpha1.ChangeNoticeSpec) { s.State = v1alpha1.NoticeDraft }},
			want:   v1alpha1.ReasonDraft, says: "it is a draft: put your words where [[ and ]] stand in whatToDo, and publish it",
		},
		"published, and not finished": {
			change: []func(*v1alpha1.ChangeNoticeSpec){unsaid}, want: v1alpha1.ReasonIncomplete,
			says: "it is not finished: put your words where [[ and ]] stand in whatToDo",
		},
		"a translation that is not finished": {
			change: []func(*v1alpha1.ChangeNoticeSpec){func(s *v1alpha1.ChangeNoticeSpec) {
				s.Translations = []v1alpha1.NoticeTranslation{{Locale: "de", Title: "Am [[Datum]]"}}
			}},
			want: v1alpha1.ReasonIncomplete, says: "it is not finished: put your words where [[ and ]] stand in translations[de].title",
		},
		"of another class": {
			change: []func(*v1alpha1.ChangeNoticeSpec){func(s *v1alpha1.ChangeNoticeSpec) {
				s.Covers = []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval}}
			}},
			want: v1alpha1.ReasonIncomplete, says: "covers[0] has not the class Downtime: an apology tells of nothing else",
		},
		"R1 whatever days a policy owes for downtime": {
			edit: func(in *gate.NoticeInput) {
				in.Policies = []v1alpha1.NoticePolicy{*builders.Policy("p").Owes(v1alpha1.ClassDowntime, 30).Obj()}
			},
			want: v1alpha1.ReasonPublished, says: "customers were told what happened, and what happens next",
		},
		"what nobody can answer": {
			edit: func(in *gate.NoticeInput) {
				p := builders.Policy("p").Owes(v1alpha1.ClassDowntime, 30).Obj()
				p.Spec.StartsAt = v1alpha1.StartsAtAcknowledged
				in.Policies, in.NoAnswers = []v1alpha1.NoticePolicy{*p}, true
				customers := int32(1)
				in.API.Spec.AudienceRef.Name = "customers"
				in.Audience = &v1alpha1.Audience{Status: v1alpha1.AudienceStatus{Customers: &customers}}
			},
			want: v1alpha1.ReasonPublished, says: "customers were told what happened, and what happens next",
		},
		"R6 a policy finds its text wanting": {
			edit: func(in *gate.NoticeInput) {
				p := builders.Policy("p").Owes(v1alpha1.ClassDowntime, 30).Obj()
				p.Spec.Content.Rules = []v1alpha1.ContentRule{v1alpha1.ContentHelp}
				in.Policies = []v1alpha1.NoticePolicy{*p}
			},
			want: v1alpha1.ReasonContentRefused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := gate.NoticeInput{Now: now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*publicAPIs().Obj()}, Notice: sorry(c.change...)}
			if c.edit != nil {
				c.edit(&in)
			}
			got := gate.EvaluateNotice(in)
			if got.Reason != c.want || c.says != "" && got.Message != c.says || got.Publishable != (c.want == v1alpha1.ReasonPublished) {
				t.Errorf("got %s: %s", got.Reason, got.Message)
			}
			if got.Matured || got.Matures != nil || got.Lapses != nil || got.Earliest != nil || got.Owed != nil || got.Reminders != nil || got.Clock.StartsAt != "" {
				t.Errorf("it promises something: %+v", got)
			}
			wantNext(t, got.NextChange, c.next)
		})
	}
}

// An apology that was published stays what it is, and lets nothing serve: not what it lists, nor the downtime itself.
func TestApologiesCoverNothing(t *testing.T) {
	n := builders.Notice("orders-slo-20261122", "orders").Effective(now.Add(-100 * day)).
		Covers(v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}).Covers(v1alpha1.CoveredChange{Version: "v1"}).
		Published(now.Add(-200 * day)).Obj()
	if got := gate.Evaluate(proposing(changing(deleteOrders), func(in *gate.Input) { in.Notices = []v1alpha1.ChangeNotice{*n} })); !got.Admissible {
		t.Fatalf("as any other notice it covers nothing, too: %s", got.Message)
	}
	told := n.DeepCopy()
	told.Spec.ApologyFor = "orders-slo"
	told.Status.PublishedDigest = notice.Digest(&told.Spec)

	verdict := gate.EvaluateNotice(gate.NoticeInput{Now: now, API: servingOrders().Obj(), Policies: []v1alpha1.NoticePolicy{*publicAPIs().Obj()}, Notice: told})
	if diff := cmp.Diff([]any{true, v1alpha1.ReasonPublished, false, v1alpha1.ReasonApology, "an apology covers nothing"},
		[]any{verdict.Published, verdict.Reason, verdict.Matured, verdict.MaturedReason, verdict.MaturedMessage}); diff != "" {
		t.Error(diff)
	}
	in := proposing(changing(deleteOrders))
	in.Notices = []v1alpha1.ChangeNotice{*told}
	if got := gate.Evaluate(in); got.Admissible {
		t.Errorf("it lets %s ship: %s", deleteOrders.Fingerprint, got.Message)
	}
	if held, message, _ := gate.Deletion(gate.Input{Now: now, API: in.API, Policies: in.Policies, Notices: in.Notices}); !held {
		t.Errorf("it lets the API go: %s", message)
	}
	if windows := gate.Windows(gate.Input{Now: now, API: in.API, Policies: in.Policies, Notices: in.Notices}); len(windows) > 0 {
		t.Errorf("it plans %v", windows)
	}
	withdrawn := told.DeepCopy()
	withdrawn.Spec.State = v1alpha1.NoticeWithdrawn
	if got := gate.EvaluateNotice(gate.NoticeInput{Now: now, API: in.API, Policies: in.Policies, Notice: withdrawn}); got.Reason != v1alpha1.ReasonWithdrawn {
		t.Errorf("withdrawn, it is %s", got.Reason)
	}
}
