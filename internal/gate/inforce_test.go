package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

// A revision lists the notices that stand and say something of it, whether or not it may serve yet.
func TestNoticesThatListARevision(t *testing.T) {
	withdrawn := tellingDelete("n").Withdrawn(now.Add(-time.Hour))
	running := tellingDelete("n").Effective(now.Add(30 * day))
	unclocked := tellingDelete("n").Status(deliveredTo(0, time.Time{}))
	lapsing := now.Add(-180*day - time.Hour) // it was summer in Berlin
	cart := contract.Change{Rule: "new-operation", Class: "Addition", Version: "v1", Operation: "GET /carts", Fingerprint: "0123456789ab"}
	declared := func(version string) *builders.RevisionBuilder {
		return revised().Contract("v1", "v1 as proposed").Declares("rounding", v1alpha1.ClassBehaviour, version, "GET /invoices", "Rounds half to even")
	}
	tests := map[string]struct {
		edits []edit
		want  []string
	}{
		"one that has matured":                      {edits: []edit{changing(deleteOrders), telling(tellingDelete("n"))}, want: []string{"n"}},
		"R4 one whose date has not come":            {edits: []edit{changing(deleteOrders), telling(running)}, want: []string{"n"}},
		"R2 one whose clock has not started":        {edits: []edit{changing(deleteOrders), telling(unclocked)}, want: []string{"n"}},
		"two, by name":                              {edits: []edit{changing(deleteOrders), telling(tellingDelete("o"), tellingDelete("n"))}, want: []string{"n", "o"}},
		"one of an addition, which is owed nothing": {edits: []edit{changing(cart), telling(builders.Notice("n", "orders").CoversOperation("v1", "get  /carts").Published(now.Add(-day)).Effective(now.Add(day)))}, want: []string{"n"}},
		"one of what was declared":                  {edits: []edit{proposedAs(declared("v1")), telling(builders.Notice("n", "orders").CoversOperation("v1", "GET /invoices").Published(now.Add(-day)).Effective(now.Add(day)))}, want: []string{"n"}},
		"none of a version that nobody relies on":   {edits: []edit{proposedAs(declared("v2")), telling(builders.Notice("n", "orders").CoversOperation("v2", "GET /invoices").Published(now.Add(-day)).Effective(now.Add(day)))}},
		"none of something else":                    {edits: []edit{changing(builders.Removed("v1", "GET /orders")), telling(tellingDelete("n"))}},
		"none that was withdrawn":                   {edits: []edit{changing(deleteOrders), telling(withdrawn)}},
		"none that was replaced":                    {edits: []edit{changing(deleteOrders), telling(tellingDelete("n"), builders.Notice("o", "orders").CoversVersion("v2").Supersedes("n").Published(now.Add(-day)).Effective(now))}},
		"R7 one a second before it lapses":          {edits: []edit{changing(deleteOrders), telling(tellingDelete("n").Effective(lapsing.Add(time.Second)).Published(now.Add(-300 * day)))}, want: []string{"n"}},
		"R7 none that has lapsed":                   {edits: []edit{changing(deleteOrders), telling(tellingDelete("n").Effective(lapsing).Published(now.Add(-300 * day)))}},
		"none that is a draft":                      {edits: []edit{changing(deleteOrders), telling(builders.Notice("n", "orders").CoversOperation("v1", "DELETE /orders/{id}"))}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range gate.Evaluate(proposing(tc.edits...)).Listed {
				got = append(got, l.Notice)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// listedBy adds a notice that lists something of a revision.
func listedBy(f gate.RevisionFacts, name string, published time.Duration) gate.RevisionFacts {
	f.Listed = append(f.Listed, notice.Listing{Notice: name, Published: noon.Add(published)})
	return f
}

func TestNoticesInForce(t *testing.T) {
	canary := []gate.Observation{rolling("web", "b", pods("a", 1), pods("b", 1))}
	onA := []gate.Observation{rolledOut("web", "a", pods("a", 2))}
	onB := []gate.Observation{rolledOut("web", "b", pods("b", 2))}
	told := listedBy(onMerit("v1=two"), "n", -time.Hour)
	tests := map[string]struct {
		tell func(s *story)
		want []string // notice, revision, hours
	}{
		"nothing before it serves": {tell: func(s *story) { s.facts["b"] = told; s.after(time.Hour, onA...) }},
		"R10 with the first pod, however long it takes to be rolled out": {
			tell: func(s *story) { s.facts["b"] = told; s.after(time.Hour, canary...); s.after(time.Hour, onB...) },
			want: []string{"n b 1h0m0s"},
		},
		"R10 it stays when the change is the promise": {
			tell: func(s *story) {
				s.facts["b"] = told
				s.after(time.Hour, onB...)
				s.facts["b"] = onMerit("v1=two") // which is what is promised: nothing changes
				s.after(100*time.Hour, onB...)
			},
			want: []string{"n b 1h0m0s"},
		},
		"R11 it stays on the way back, and is the same when it serves again": {
			tell: func(s *story) {
				s.facts["b"] = told
				s.after(time.Hour, onB...)
				s.after(time.Hour, onA...)
				s.after(time.Hour, onB...)
			},
			want: []string{"n b 1h0m0s"},
		},
		"it stays when the revision is gone": {
			tell: func(s *story) {
				s.facts["b"] = told
				s.after(time.Hour, onB...)
				delete(s.facts, "b")
				s.after(time.Hour, onB...)
			},
			want: []string{"n b 1h0m0s"},
		},
		"R4 what serves before its date is in force all the same": {
			tell: func(s *story) {
				s.facts["b"] = listedBy(breaking("v1=two"), "n", -time.Hour)
				s.after(time.Hour, onB...)
			},
			want: []string{"n b 1h0m0s"},
		},
		"R12 what cannot be judged is in force when it can": {
			tell: func(s *story) {
				s.after(time.Hour, onB...)
				s.facts["b"] = gate.RevisionFacts{Listed: told.Listed}
				s.after(time.Hour, onB...)
				s.facts["b"] = told
				s.after(time.Hour, onB...)
			},
			want: []string{"n b 3h0m0s"},
		},
		"what customers were told of late": {
			tell: func(s *story) {
				s.facts["b"] = breaking("v1=two")
				s.after(time.Hour, onB...)
				s.facts["b"] = listedBy(breaking("v1=two"), "n", 2*time.Hour)
				s.after(2*time.Hour, onB...)
			},
			want: []string{"n b 3h0m0s"},
		},
		"what was published in the second in which it was seen": {
			tell: func(s *story) {
				s.facts["b"] = listedBy(onMerit("v1=two"), "n", time.Hour+time.Second)
				s.after(time.Hour+time.Millisecond, onB...)
			},
			want: []string{"n b 1h0m1s"},
		},
		"not what is announced of something that customers rely on as it is": {
			tell: func(s *story) { // for instance that GET /invoices changes again
				s.facts["b"] = listedBy(onMerit("v1=two"), "n", -time.Hour)
				s.after(time.Hour, onB...)
				s.after(100*time.Hour, onB...)
				s.facts["b"] = listedBy(s.facts["b"], "o", 99*time.Hour)
				s.after(time.Hour, onB...)
			},
			want: []string{"n b 1h0m0s"},
		},
		"not what took the name of another revision": {
			tell: func(s *story) { f := told; f.NameReused = true; s.facts["b"] = f; s.after(time.Hour, onB...) },
		},
		"another notice that has the name by now": {
			tell: func(s *story) {
				s.facts["b"] = told
				s.after(time.Hour, canary...)
				s.facts["b"] = listedBy(onMerit("v1=two"), "n", 90*time.Minute)
				s.after(time.Hour, canary...)
			},
			want: []string{"n b 2h0m0s"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := servingA()
			tc.tell(s)
			var got []string
			for _, known := range s.api.Status.NoticesInForce {
				got = append(got, fmt.Sprintf("%s %s %s", known.Notice, known.Revision, known.Time.Sub(noon)))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOfManyNoticesInForceTheLatestStay(t *testing.T) {
	s := servingA()
	for n := range 64 {
		s.api.Status.NoticesInForce = append(s.api.Status.NoticesInForce, v1alpha1.NoticeInForce{
			Notice: v1alpha1.ObjectName(fmt.Sprintf("n-%d", n)), Revision: "z", Time: &metav1.Time{Time: noon},
		})
	}
	s.facts["b"] = listedBy(onMerit("v1=two"), "n", -time.Hour)
	out := s.after(time.Hour, rolledOut("web", "b", pods("b", 2)))
	if len(out.InForce) != 64 || out.InForce[0].Notice != "n-1" || out.InForce[63].Notice != "n" {
		t.Errorf("%d, from %s to %s", len(out.InForce), out.InForce[0].Notice, out.InForce[len(out.InForce)-1].Notice)
	}
}
