package gate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

// notWorse fails where what passes with less does not pass with more.
func notWorse(t *rapid.T, less, more gate.Input, moments []time.Time) {
	for _, m := range moments {
		before, after := gate.Evaluate(asked(less, m)), gate.Evaluate(asked(more, m))
		if before.Admissible && !after.Admissible || before.OnMerit && !after.OnMerit {
			t.Fatalf("at %s it passed (%s), and does not any more: %s", m.Format(time.RFC3339), before.Message, after.Message)
		}
	}
}

// Telling customers earlier never makes a verdict worse. (A later date is not more notice: it is another date.)
func TestToldEarlierIsNeverWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		less := someInput(t)
		more := cloned(less)
		earlier := time.Duration(rapid.IntRange(1, 100*86400).Draw(t, "earlier by")) * time.Second
		for i := range more.Notices {
			n := &more.Notices[i]
			n.Status.PublishedTime = &metav1.Time{Time: n.Status.PublishedTime.Add(-earlier)}
			if !n.CreationTimestamp.IsZero() {
				n.CreationTimestamp = metav1.NewTime(n.CreationTimestamp.Add(-earlier))
			}
			if covered := n.Status.Delivery.CoveredTime; covered != nil {
				n.Status.Delivery.CoveredTime = &metav1.Time{Time: covered.Add(-earlier)}
			}
		}
		notWorse(t, less, more, someMoments(t, less))
	})
}

// A clock that starts with the delivery, whenever that was, is never better than one that starts with the publication.
func TestDeliveredIsNeverEarlierThanPublished(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		published := someInput(t)
		for i := range published.Notices {
			published.Notices[i].Status.Clock = v1alpha1.NoticeClock{}
		}
		delivered := cloned(published)
		for i := range delivered.Notices {
			if rapid.Bool().Draw(t, "waits for the delivery") {
				someDelivery(t)(&delivered.Notices[i].Status)
			}
		}
		notWorse(t, delivered, published, someMoments(t, delivered))
	})
}

func TestOneMoreNoticeIsNeverWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		less := someInput(t)
		more := cloned(less)
		n := someNotice(t, "one-more")
		if n.Spec.Supersedes != "" {
			n.Spec.Supersedes = ""
			n.Status.PublishedDigest = notice.Digest(&n.Spec)
		}
		more.Notices = append(more.Notices, n)
		notWorse(t, less, more, someMoments(t, less))
	})
}

func TestOneMoreChangeIsNeverBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fewer := someInput(t)
		more := cloned(fewer)
		more.Proposal.Changes = append(more.Proposal.Changes, someChange(t))
		notWorse(t, more, fewer, someMoments(t, more))
		a, b := gate.Evaluate(fewer), gate.Evaluate(more)
		if a.Breaking > b.Breaking || a.Uncovered > b.Uncovered {
			t.Fatalf("%d of %d uncovered, and with one more %d of %d", a.Uncovered, a.Breaking, b.Uncovered, b.Breaking)
		}
	})
}

func TestOneMorePolicyIsNeverBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fewer := someInput(t)
		if len(fewer.Policies) == 0 {
			fewer.Policies = append(fewer.Policies, *somePolicy(t, "p0").Obj())
		}
		more := cloned(fewer)
		p := somePolicy(t, "one-more").Obj()
		for i := range p.Spec.Rules { // to move a rule that others leave alone takes nothing from them
			p.Spec.Rules[i].Rule = "another-rule"
		}
		more.Policies = append(more.Policies, *p)
		// A class is what a notice may name: where it turns to another, so does what the notice covers.
		if slices.ContainsFunc(more.Notices, namesAClass) {
			return
		}
		notWorse(t, more, fewer, someMoments(t, more))
	})
}

func namesAClass(n v1alpha1.ChangeNotice) bool {
	return slices.ContainsFunc(n.Spec.Covers, func(c v1alpha1.CoveredChange) bool { return c.Class != "" })
}

// What is admissible on its merits was told, for each change, in time by every policy and in every zone. The
// reading here is another than that of the code: a day is 24 hours, less what a clock may be moved.
func TestNothingPassesBeforeTheStrictestReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someInput(t)
		for i := range in.Notices {
			in.Notices[i].Spec.Supersedes = ""
			in.Notices[i].Status.PublishedDigest = notice.Digest(&in.Notices[i].Spec)
		}
		if len(in.Policies) == 0 {
			return
		}
		for _, m := range someMoments(t, in) {
			v := gate.Evaluate(asked(in, m))
			if !v.OnMerit {
				continue
			}
			for _, c := range v.Changes {
				if needsNotice(in, c) && !slices.ContainsFunc(in.Notices, func(n v1alpha1.ChangeNotice) bool { return toldInTime(in, n, c, m) }) {
					t.Fatalf("at %s %s %s passes: %s", m.Format(time.RFC3339), c.Operation, c.Class, v.Message)
				}
			}
		}
	})
}

func needsNotice(in gate.Input, c v1alpha1.JudgedChange) bool {
	promised := slices.ContainsFunc(in.API.Status.Promised, func(p v1alpha1.PromisedContract) bool { return p.Version == c.Version })
	return (c.Class != v1alpha1.ClassAddition && c.Class != v1alpha1.ClassDeprecation) && (c.Rule != "declared" || promised)
}

func toldInTime(in gate.Input, n v1alpha1.ChangeNotice, c v1alpha1.JudgedChange, at time.Time) bool {
	lists := slices.ContainsFunc(n.Spec.Covers, func(e v1alpha1.CoveredChange) bool {
		return e.Version == c.Version && (e.Operation == "" || e.Operation == c.Operation) && (e.Rule == "" || e.Rule == c.Rule) &&
			(e.Class == "" || e.Class == c.Class) && (e.Operation != "" || e.Rule != "" || c.Rule == "version-removed")
	})
	start := n.Status.PublishedTime.Time
	if n.CreationTimestamp.After(start) {
		start = n.CreationTimestamp.Time
	}
	if hold := n.Status.Clock.HoldAboveObjectionPercent; hold != nil && float64(*n.Status.Answers.NeedsTime)/float64(*n.Status.Delivery.Affected) > float64(*hold)/100 {
		return false
	}
	if n.Status.Clock.StartsAt == v1alpha1.StartsAtDelivered || n.Status.Clock.StartsAt == v1alpha1.StartsAtAcknowledged {
		if n.Status.Delivery.CoveredTime == nil {
			return false
		}
		if n.Status.Delivery.CoveredTime.After(start) {
			start = n.Status.Delivery.CoveredTime.Time
		}
	}
	if !lists || n.Spec.State != v1alpha1.NoticePublished || at.Before(n.Spec.EffectiveTime.Time) || at.Before(start) {
		return false
	}
	days, frozen := 0, false
	for _, o := range n.Status.Owed {
		if o.Version == c.Version && o.Class == c.Class {
			days, frozen = max(days, int(*o.Days)), true
		}
	}
	for _, p := range in.Policies {
		valid := time.Duration(180)
		if p.Spec.ValidForDays != 0 {
			valid = time.Duration(p.Spec.ValidForDays)
		}
		if !at.Before(n.Spec.EffectiveTime.Add(valid*day + time.Hour)) { // a clock may be moved meanwhile
			return false
		}
		for _, o := range p.Spec.Owed {
			if frozen || o.Class != c.Class || o.Stability != "" && o.Stability != strongest(in, c.Version) {
				continue
			}
			if o.Days != nil {
				days = max(days, int(*o.Days))
			} else {
				days = max(days, int(*o.BusinessDays)*7/5-2)
			}
		}
	}
	return !at.Before(start.Add(time.Duration(days)*day - 25*time.Hour)) // Pacific/Apia once left a day out
}

func strongest(in gate.Input, version v1alpha1.VersionName) v1alpha1.Stability {
	best := len(stabilities)
	for _, p := range in.API.Status.Promised {
		if p.Version == version {
			best = min(best, slices.Index(stabilities, p.Stability))
		}
	}
	for _, v := range in.API.Spec.Versions {
		if v.Name == version {
			best = min(best, slices.Index(stabilities, v.Stability))
		}
	}
	return stabilities[best]
}

func TestTheSameInputInAnyOrderGivesTheSameVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someInput(t)
		kept := cloned(in)
		first := gate.Evaluate(in)
		if diff := cmp.Diff(kept, in); diff != "" {
			t.Fatalf("the input was changed:\n%s", diff)
		}
		other := cloned(in)
		other.Policies = rapid.Permutation(other.Policies).Draw(t, "policies")
		for i := range other.Policies {
			other.Policies[i].Spec.Owed = rapid.Permutation(other.Policies[i].Spec.Owed).Draw(t, "owed")
		}
		other.Notices = rapid.Permutation(other.Notices).Draw(t, "notices")
		other.Waivers = rapid.Permutation(other.Waivers).Draw(t, "waivers")
		other.Proposal.Changes = rapid.Permutation(other.Proposal.Changes).Draw(t, "changes")
		other.Proposal.Contracts = rapid.Permutation(other.Proposal.Contracts).Draw(t, "contracts")
		other.Revision.Spec.Contracts = rapid.Permutation(other.Revision.Spec.Contracts).Draw(t, "proposed")
		other.API.Status.Promised = rapid.Permutation(other.API.Status.Promised).Draw(t, "promised")
		if diff := cmp.Diff(first, gate.Evaluate(other)); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
	})
}

// A controller that sleeps until NextChange misses nothing, and finds what was announced.
func TestNothingChangesBeforeNextChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someInput(t)
		v := gate.Evaluate(in)
		until := in.Now.Add(3 * 365 * day)
		if v.NextChange != nil {
			if until = v.NextChange.Add(-time.Second); until.Before(in.Now) {
				t.Fatalf("the next change %s is not to come", v.NextChange)
			}
		}
		between := in.Now.Add(time.Duration(rapid.Int64Range(0, int64(until.Sub(in.Now)/time.Second)).Draw(t, "after")) * time.Second)
		for _, m := range []time.Time{between, until} {
			// A notice that lapses lists it no more, and nobody is told of that: what matters is what lists it when it serves.
			if diff := cmp.Diff(v, gate.Evaluate(asked(in, m)), cmpopts.IgnoreFields(gate.Verdict{}, "Listed")); diff != "" {
				t.Fatalf("at %s:\n%s", m.Format(time.RFC3339), diff)
			}
		}
		if v.AdmissibleUntil != nil && gate.Evaluate(asked(in, *v.AdmissibleUntil)).Admissible {
			t.Fatalf("it was to be refused from %s on", v.AdmissibleUntil)
		}
		if v.Earliest != nil && v.Uncovered == 0 && v.Reason == v1alpha1.ReasonNoticeRunning && len(v.Findings) == v.Breaking {
			checkEarliest(t, in, v)
		}
	})
}

// checkEarliest holds where each change is covered: unless the notices never hold together, the revision passes from
// the earliest moment on and not before.
func checkEarliest(t *rapid.T, in gate.Input, v gate.Verdict) {
	if gate.Draft(in, v) != nil {
		return
	}
	if gate.Evaluate(asked(in, v.Earliest.Add(-time.Second))).OnMerit || !gate.Evaluate(asked(in, *v.Earliest)).OnMerit {
		t.Fatalf("it does not turn at %s: %s", v.Earliest, v.Message)
	}
}

func TestItPassesUntilAdmissibleUntil(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someInput(t)
		v := gate.Evaluate(in)
		if !v.Admissible {
			return
		}
		until := in.Now.Add(3 * 365 * day)
		if v.AdmissibleUntil != nil {
			until = v.AdmissibleUntil.Add(-time.Second)
		}
		between := in.Now.Add(time.Duration(rapid.Int64Range(0, int64(until.Sub(in.Now)/time.Second)).Draw(t, "after")) * time.Second)
		for _, m := range []time.Time{between, until} {
			if later := gate.Evaluate(asked(in, m)); !later.Admissible {
				t.Fatalf("at %s it does not pass: %s", m.Format(time.RFC3339), later.Message)
			}
		}
	})
}

// The draft for any revision, published as it is, lets the revision serve on its date (R14: one arithmetic).
func TestADraftAlwaysDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someInput(t)
		draft := gate.Draft(in, gate.Evaluate(in))
		if draft == nil || len(in.Policies) == 0 {
			return
		}
		proposal := draft.DeepCopy()
		proposal.Spec.State = v1alpha1.NoticePublished
		published := in.Now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "after seconds")) * time.Second)
		v := gate.EvaluateNotice(gate.NoticeInput{Now: published, API: in.API, Policies: in.Policies, Notice: proposal, Others: in.Notices})
		if !v.Publishable {
			t.Fatalf("it cannot be published: %s", v.Message)
		}
		then := cloned(in)
		then.Notices = append(then.Notices, stamped(draft, v, published))
		then.Now = draft.Spec.EffectiveTime.Time
		if later := gate.Evaluate(then); !later.OnMerit {
			t.Fatalf("told with %s it does not pass: %s", v.Matures, later.Message)
		}
	})
}

// What EvaluateNotice says of a notice is what Evaluate does for a change that it names in full.
func TestANoticeMaturesWhenItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someInput(t)
		in.Policies = []v1alpha1.NoticePolicy{*builders.Policy("p").Zone(rapid.SampledFrom(someZones).Draw(t, "zone")).
			Owes("Removal", int32(rapid.IntRange(0, 200).Draw(t, "days"))).Obj()}
		in.Proposal.Changes = append(in.Proposal.Changes[:0:0], deleteOrders)
		in.API.Status.Promised, in.API.Status.Serving, in.API.Status.WayBack, in.Waivers = servingOrders().Obj().Status.Promised, nil, nil, nil
		in.Revision = builders.Revision("orders-2", "orders").Contract("v1", "v1").Obj()
		in.Proposal.Contracts = builders.Judged(in.Revision)
		n := builders.Notice("n", "orders").Covers(v1alpha1.CoveredChange{Version: "v1", Operation: deleteOrders.Operation, Class: "Removal"}).
			Published(ago(t, "published", -300, 0)).Effective(ago(t, "effective", -100, 100)).Obj()
		in.Notices = []v1alpha1.ChangeNotice{*n}
		v := gate.EvaluateNotice(gate.NoticeInput{Now: in.Now, API: in.API, Policies: in.Policies, Notice: n})
		for _, m := range []time.Time{in.Now, *v.Matures, v.Matures.Add(-time.Second), *v.Lapses, v.Lapses.Add(-time.Second)} {
			want := !m.Before(*v.Matures) && m.Before(*v.Lapses)
			if got := gate.Evaluate(asked(in, m)); got.OnMerit != want {
				t.Fatalf("at %s on its merits %v, but it matures %s and lapses %s: %s", m, got.OnMerit, v.Matures, v.Lapses, got.Message)
			}
			then := gate.EvaluateNotice(gate.NoticeInput{Now: m, API: in.API, Policies: in.Policies, Notice: n})
			if then.Matured != want {
				t.Fatalf("at %s matured %v", m, then.Matured)
			}
		}
		if v.NextChange != nil {
			before := gate.EvaluateNotice(gate.NoticeInput{Now: v.NextChange.Add(-time.Second), API: in.API, Policies: in.Policies, Notice: n})
			if diff := cmp.Diff(v, before); diff != "" {
				t.Fatalf("a second before %s:\n%s", v.NextChange, diff)
			}
		}
	})
}

func TestADeletionTurnsWhenItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := someInput(t)
		held, message, next := gate.Deletion(in)
		if next == nil {
			return
		}
		stillHeld, same, _ := gate.Deletion(asked(in, next.Add(-time.Second)))
		if held != stillHeld || message != same {
			t.Fatalf("a second before %s it is %v (%s), and was %v (%s)", next, stillHeld, same, held, message)
		}
	})
}
