package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// story is an API through several passes, each of which begins with what the last one stored.
type story struct {
	api   *v1alpha1.CustomerAPI
	facts map[string]gate.RevisionFacts
	now   time.Duration
}

func newStory() *story {
	return &story{api: orders(v1alpha1.CustomerAPIStatus{}), facts: map[string]gate.RevisionFacts{}}
}

// after passes so much time and then observes.
func (s *story) after(d time.Duration, observed ...gate.Observation) gate.PromiseOutput {
	s.now += d
	out := gate.Promise(gate.PromiseInput{Now: noon.Add(s.now), API: s.api, Observed: observed, Revisions: s.facts})
	count := out.BrokenCount
	s.api.Status = v1alpha1.CustomerAPIStatus{
		Serving: out.Serving, Promised: out.Promised, WayBack: out.WayBack,
		BrokenPromises: out.Broken, BrokenPromiseCount: &count,
		NoticesInForce: out.InForce,
	}
	return out
}

// servingA is a story in which a serves and is promised.
func servingA() *story {
	s := newStory()
	s.facts["a"] = onMerit("v1=one")
	s.after(0, rolledOut("web", "a", pods("a", 2)))
	return s
}

func TestBroken(t *testing.T) {
	waived := breaking("v1=two")
	waived.Waiver = "glass"
	undecided := gate.RevisionFacts{}
	late := func(f gate.RevisionFacts, judged time.Duration) gate.RevisionFacts {
		f.Judged = noon.Add(judged)
		return f
	}
	toB := []gate.Observation{rolling("web", "b", pods("a", 1), pods("b", 1))}
	onB := []gate.Observation{rolledOut("web", "b", pods("b", 2))}
	onA := []gate.Observation{rolledOut("web", "a", pods("a", 2))}
	tests := map[string]struct {
		tell func(s *story)
		want []string // revision, cause, waiver, changes
	}{
		"R10 what is on its merits breaks nothing": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				s.after(time.Hour, toB...)
				s.after(time.Hour, onB...)
			},
		},
		"R10 what nobody was told of is recorded once, however long it serves": {
			tell: func(s *story) {
				s.facts["b"] = breaking("v1=two")
				s.after(time.Hour, toB...)
				s.after(time.Hour, onB...)
				s.after(1000*time.Hour, onB...)
			},
			want: []string{"b NotEnforced - 3"},
		},
		"R10 what a waiver let pass says which": {
			tell: func(s *story) { s.facts["b"] = waived; s.after(time.Hour, toB...); s.after(time.Hour, onB...) },
			want: []string{"b Waived glass 3"},
		},
		"R11 the way back to what has not settled takes nothing away": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				s.after(time.Hour, onB...)
				s.after(71*time.Hour+59*time.Minute+59*time.Second, onB...)
				s.after(0, onA...)
			},
		},
		"R11 what the way back takes away is recorded": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				s.after(time.Hour, onB...)
				s.after(72*time.Hour, onB...)
				s.facts["a"] = breaking("v1=one")
				s.after(time.Hour, onA...)
				s.after(time.Hour, onA...)
			},
			want: []string{"a RolledBack - 3"},
		},
		"R10 it is recorded again when it left and came back, with the cause that it had": {
			tell: func(s *story) {
				s.facts["b"] = breaking("v1=two")
				s.after(time.Hour, onB...)
				s.after(time.Hour, onA...)
				s.after(time.Hour, onB...)
			},
			want: []string{"b NotEnforced - 3", "b NotEnforced - 3"},
		},
		"R10 also when the waiver that let it pass is over": {
			tell: func(s *story) {
				s.facts["b"] = waived
				s.after(time.Hour, onB...)
				s.after(time.Hour, onA...)
				s.facts["b"] = breaking("v1=two")
				s.after(time.Hour, onB...)
			},
			want: []string{"b Waived glass 3", "b Waived glass 3"},
		},
		"no policy selects the API while the rollout begins, and one does before it ends": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two") // nothing is owed
				s.after(time.Hour, toB...)
				s.facts["b"] = breaking("v1=two")
				s.after(time.Hour, onB...)
				s.after(time.Hour, onB...)
			},
			want: []string{"b NotEnforced - 3"},
		},
		"what served while no policy selected the API comes back when one does": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				s.after(time.Hour, onB...)
				s.after(time.Hour, onA...)
				s.facts["b"] = breaking("v1=two")
				s.after(time.Hour, onB...)
			},
			want: []string{"b NotEnforced - 3"},
		},
		"R11 the way back to a half that served on beside the promise": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				green := rolledOut("green", "b", pods("b", 1))
				s.after(time.Hour, onA[0], green)
				s.after(72*time.Hour, onA[0], green)
				s.after(time.Hour, green)
				s.facts["a"] = breaking("v1=one")
				s.after(time.Hour, onA[0], green)
			},
			want: []string{"a RolledBack - 3"},
		},
		"R11 the way back is taken twice": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				s.after(time.Hour, onB...)
				s.after(72*time.Hour, onB...)
				s.facts["a"] = breaking("v1=one")
				for range 2 {
					s.after(time.Hour, onA...)
					s.after(time.Hour, onB...)
				}
			},
			want: []string{"a RolledBack - 3", "a RolledBack - 3"},
		},
		"it is the same when it moves to another workload": {
			tell: func(s *story) {
				s.facts["b"] = breaking("v1=two")
				s.after(time.Hour, rolledOut("blue", "b", pods("b", 1)))
				s.after(time.Hour, rolledOut("blue", "b", pods("b", 1)), rolledOut("green", "b", pods("b", 1)))
				s.after(time.Hour, rolledOut("green", "b", pods("b", 1)))
			},
			want: []string{"b NotEnforced - 3"},
		},
		"R12 what could not be decided yet is recorded when it is": {
			tell: func(s *story) {
				s.facts["b"] = undecided
				s.after(time.Hour, onB...)
				s.facts["b"] = late(breaking("v1=two"), time.Hour)
				s.after(time.Minute, onB...)
				s.after(time.Minute, onB...)
			},
			want: []string{"b NotEnforced - 3"},
		},
		"R12 what was decided before it served is not recorded for what changes later": {
			tell: func(s *story) {
				s.facts["b"] = late(onMerit("v1=two"), time.Hour-time.Second)
				s.after(time.Hour, onB...)
				s.facts["b"] = late(breaking("v1=two"), time.Hour-time.Second)
				s.after(time.Minute, onB...)
			},
		},
		"R10 what is promised breaks nothing by what others add, although it was judged late": {
			tell: func(s *story) {
				s.facts["b"] = late(onMerit("v1=two"), time.Hour)
				s.after(time.Hour, onB...)
				s.after(72*time.Hour, onB...)
				s.facts["b"] = late(breaking("v1=two"), time.Hour)
				s.after(time.Minute, onB...)
			},
		},
		"R12 what could not be decided and is on its merits breaks nothing": {
			tell: func(s *story) {
				s.after(time.Hour, onB...)
				s.facts["b"] = late(onMerit("v1=two"), time.Hour)
				s.after(time.Minute, onB...)
			},
		},
		"A9 an object that took the name of what served is not what serves": {
			tell: func(s *story) {
				s.facts["b"] = breaking("v1=two")
				s.facts["b"] = gate.RevisionFacts{Decided: true, NameReused: true, Uncovered: 9}
				s.after(time.Hour, onB...)
			},
		},
		"R10 a canary that had become a promise is taken back": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				canary := rolledOut("canary", "b", pods("b", 1))
				s.after(0, onA[0], canary)
				s.after(72*time.Hour, onA[0], canary) // the union is promised
				s.facts["a"] = breaking("v1=one")
				s.after(time.Hour, onA[0], canary) // a lacks what b added, and serves beside it
				s.after(time.Hour, onA[0], rolledOut("canary", "b", gate.Running{Sets: led, Revision: "b"}))
				s.after(time.Hour, onA[0])
			},
			want: []string{"a RolledBack - 3"},
		},
		"R10 a canary that is taken back breaks nothing where another keeps the promise": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				canary := rolledOut("canary", "b", pods("b", 1))
				s.after(0, onA[0], canary)
				s.after(72*time.Hour, onA[0], canary)
				s.facts["a"], s.facts["c"] = breaking("v1=one"), onMerit("v1=three")
				s.after(time.Hour, onA[0], canary, rolledOut("next", "c", pods("c", 1)))
				s.after(time.Hour, onA[0], rolledOut("next", "c", pods("c", 1)))
			},
		},
		"R10 a canary that takes over breaks nothing": {
			tell: func(s *story) {
				s.facts["b"] = onMerit("v1=two")
				canary := rolledOut("canary", "b", pods("b", 1))
				s.after(0, onA[0], canary)
				s.after(72*time.Hour, onA[0], canary)
				s.facts["a"] = breaking("v1=one")
				s.after(time.Hour, rolling("web", "b", pods("a", 1), pods("b", 1)), canary)
				s.after(time.Hour, onB[0])
			},
		},
		"pods that name no revision break what is promised: nobody judged them": {
			tell: func(s *story) {
				s.after(time.Hour, onA[0], rolledOut("other", "", pods("", 1, "shop/web:9")))
				s.after(time.Hour, onA[0], rolledOut("other", "", pods("", 1, "shop/web:9")))
			},
			want: []string{" NotEnforced - 0"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := servingA()
			tc.tell(s)
			var got []string
			for _, b := range s.api.Status.BrokenPromises {
				waiver := string(b.Waiver)
				if waiver == "" {
					waiver = "-"
				}
				got = append(got, fmt.Sprintf("%s %s %s %d", b.Revision, b.Cause, waiver, *b.Changes))
				if b.Message == "" || b.Time == nil {
					t.Errorf("message %q, time %v: both are required", b.Message, b.Time)
				}
			}
			if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if count := *s.api.Status.BrokenPromiseCount; int(count) != len(tc.want) {
				t.Errorf("count is %d, want %d", count, len(tc.want))
			}
		})
	}
}

func TestAdoptionBreaksNothing(t *testing.T) {
	s := newStory()
	before := rolledOut("web", "", pods("", 2, "shop/web:1"))
	s.after(0, before)
	s.facts["a"] = breaking("v1=one") // against nothing
	s.after(time.Hour, rolledOut("web", "a", pods("a", 2)))
	out := s.after(time.Hour, before) // the first rollout with a name is taken back
	if len(out.Broken) != 0 || out.BrokenCount != 0 {
		t.Errorf("recorded %v: what ran before the API was declared may come back", out.Broken)
	}
}

func TestBrokenIsBoundedAndKeepsWhatServes(t *testing.T) {
	s := servingA()
	s.facts["b"] = breaking("v1=two")
	s.after(time.Hour, rolledOut("web", "a", pods("a", 1)), rolledOut("stays", "b", pods("b", 1)))
	for i := range 60 {
		name := fmt.Sprintf("r%02d", i)
		s.facts[name] = breaking("v1=" + name)
		s.after(time.Hour, rolledOut("web", name, pods(name, 1)), rolledOut("stays", "b", pods("b", 1)))
	}
	broken := s.api.Status.BrokenPromises
	if len(broken) != 50 || *s.api.Status.BrokenPromiseCount != 61 {
		t.Fatalf("%d entries of %d, want 50 of 61", len(broken), *s.api.Status.BrokenPromiseCount)
	}
	if broken[0].Revision != "b" || broken[1].Revision != "r11" || broken[49].Revision != "r59" {
		t.Errorf("%s, %s ... %s: want b, which serves, then the latest", broken[0].Revision, broken[1].Revision, broken[49].Revision)
	}
}

func TestBrokenMessageFitsTheStatus(t *testing.T) {
	s := servingA()
	f := breaking("v1=two")
	f.Merits = strings.Repeat("long \x1b[31m\n", 300)
	s.facts["b"] = f
	out := s.after(time.Hour, rolledOut("web", "b", pods("b", 1)))
	message := out.Broken[0].Message
	if len(message) > 1024 || strings.ContainsAny(message, "\x1b\n") {
		t.Errorf("%d bytes: %q", len(message), message)
	}
	f.Merits = ""
	s = servingA()
	s.facts["b"] = f
	out = s.after(time.Hour, rolledOut("web", "b", pods("b", 1)))
	if want := "b serves with 3 changes that customers were not told of"; out.Broken[0].Message != want {
		t.Errorf("%q, want %q", out.Broken[0].Message, want)
	}
}

func TestFactsOf(t *testing.T) {
	rev := &v1alpha1.APIRevision{}
	rev.Spec.Images = []string{"shop/web:1"}
	condition := metav1.Condition{Type: v1alpha1.ConditionJudged, Status: metav1.ConditionTrue, LastTransitionTime: *at(time.Hour)}
	rev.Status.Conditions = []metav1.Condition{condition}
	proposal := gate.Proposal{Digest: "d1", Contracts: onMerit("v1=one").Contracts}
	verdict := gate.Verdict{
		Decided: true, Admissible: true, Waiver: "glass", Uncovered: 3, Merits: "breaks v1", Message: "waived",
		Findings: []gate.Finding{{Reason: v1alpha1.ReasonNoticeMissing}},
	}
	want := gate.RevisionFacts{
		Digest: "d1", Contracts: proposal.Contracts, Images: rev.Spec.Images, Judged: noon.Add(time.Hour),
		Decided: true, Waiver: "glass", Uncovered: 3, Merits: "breaks v1",
	}
	if diff := cmp.Diff(want, gate.FactsOf(rev, proposal, verdict)); diff != "" {
		t.Error(diff)
	}
	unread := gate.Proposal{Problems: []gate.Problem{{Version: "v1"}}}
	rev.Status.Digest = "d0"
	if f := gate.FactsOf(rev, unread, verdict); f.Digest != "d0" {
		t.Errorf("digest %q of what cannot be read any more, want that of the last time it could", f.Digest)
	}
	rev.Status.Conditions[0].Status = metav1.ConditionFalse
	verdict.Findings = append(verdict.Findings, gate.Finding{Reason: v1alpha1.ReasonNameReused})
	want.Judged, want.NameReused = time.Time{}, true
	if diff := cmp.Diff(want, gate.FactsOf(rev, proposal, verdict)); diff != "" {
		t.Errorf("not judged before, and under a name that was taken: %s", diff)
	}
}
