package gate_test

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/test/builders"
)

// What generated inputs are made of is little, so that things meet.
var (
	someZones   = []string{"", "UTC", "Europe/Berlin", "America/Chicago", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"}
	someClasses = []v1alpha1.ChangeClass{"Removal", "Breaking", "Behaviour", "Deprecation", "Addition", "Price"}
	stabilities = []v1alpha1.Stability{"Stable", "Beta", "Alpha"}
	operations  = []string{"GET /orders", "GET /orders/{id}", "DELETE /orders/{id}"}
	noticeNames = []string{"a", "b", "c", "d"}
)

// ago is a moment up to 500 days before now, or up to 500 after: midnight more often than chance has it.
func ago(t *rapid.T, label string, from, to int) time.Time {
	at := now.Add(time.Duration(rapid.IntRange(from, to).Draw(t, label+" days")) * day)
	switch rapid.IntRange(0, 2).Draw(t, label+" hour") {
	case 0:
		return at.Truncate(day)
	case 1:
		return at.Truncate(day).Add(-time.Hour)
	}
	return at.Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, label+" second")) * time.Second)
}

func somePolicy(t *rapid.T, name string) *builders.PolicyBuilder {
	p := builders.Policy(name).Zone(rapid.SampledFrom(someZones).Draw(t, "zone"))
	for range rapid.IntRange(1, 4).Draw(t, "terms") {
		class := rapid.SampledFrom(someClasses).Draw(t, "class")
		days := int32(rapid.SampledFrom([]int{0, 1, 5, 30, 90, 180, 365}).Draw(t, "days"))
		switch rapid.IntRange(0, 3).Draw(t, "kind of days") {
		case 0:
			p.OwesBusinessDays(class, days)
		case 1:
			p.OwesFor(rapid.SampledFrom(stabilities).Draw(t, "for"), class, days)
		default:
			p.Owes(class, days)
		}
	}
	if rapid.Bool().Draw(t, "moves") {
		p.Rule(builders.RuleBroken, rapid.SampledFrom(someClasses).Draw(t, "to"))
	}
	if rapid.Bool().Draw(t, "says how long notices are valid") {
		p.ValidForDays(int32(rapid.SampledFrom([]int{1, 30, 180, 365}).Draw(t, "valid")))
	}
	return p
}

func someEntry(t *rapid.T) v1alpha1.CoveredChange {
	entry := v1alpha1.CoveredChange{Version: v1alpha1.VersionName(rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, "version"))}
	switch rapid.IntRange(0, 3).Draw(t, "entry") {
	case 0:
	case 1:
		entry.Rule = rapid.SampledFrom([]string{builders.RuleRemoved, builders.RuleBroken, "declared"}).Draw(t, "rule")
	default:
		entry.Operation = rapid.SampledFrom(operations).Draw(t, "operation")
	}
	if rapid.IntRange(0, 3).Draw(t, "with a class") == 0 {
		entry.Class = rapid.SampledFrom(someClasses).Draw(t, "class")
	}
	return entry
}

func someNotice(t *rapid.T, name string) v1alpha1.ChangeNotice {
	n := builders.Notice(name, "orders").Published(ago(t, "published", -500, 1)).Effective(ago(t, "effective", -300, 300))
	for range rapid.IntRange(1, 4).Draw(t, "entries") {
		n.Covers(someEntry(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "frozen") {
		n.Owed(rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, "version"), rapid.SampledFrom(someClasses).Draw(t, "class"), "then",
			rapid.SampledFrom(someZones).Draw(t, "zone"), int32(rapid.SampledFrom([]int{0, 5, 90, 200}).Draw(t, "days")))
	}
	switch rapid.IntRange(0, 9).Draw(t, "fate") {
	case 0:
		n.Withdrawn(now.Add(-day))
	case 1:
		n.Supersedes(rapid.SampledFrom(noticeNames).Draw(t, "supersedes"))
	case 2:
		n.Created(ago(t, "created", -300, 0))
	case 3:
		n.Status(someDelivery(t))
	case 4:
		n.Status(someObjections(t))
	}
	return *n.Obj()
}

// someObjections are more or fewer than hold a notice.
func someObjections(t *rapid.T) func(*v1alpha1.ChangeNoticeStatus) {
	return func(s *v1alpha1.ChangeNoticeStatus) {
		hold, affected, open := rapid.Int32Range(0, 100).Draw(t, "hold"), rapid.Int32Range(1, 20).Draw(t, "affected"), rapid.Int32Range(0, 20).Draw(t, "open")
		s.Clock.HoldAboveObjectionPercent, s.Delivery.Affected = &hold, &affected
		s.Answers = v1alpha1.NoticeAnswers{Answered: &open, NeedsTime: &open}
	}
}

// someDelivery is a clock that the delivery or answers start, at any time or not yet.
func someDelivery(t *rapid.T) func(*v1alpha1.ChangeNoticeStatus) {
	return func(s *v1alpha1.ChangeNoticeStatus) {
		event := rapid.SampledFrom([]v1alpha1.ClockStart{v1alpha1.StartsAtDelivered, v1alpha1.StartsAtAcknowledged}).Draw(t, "event")
		s.Clock = v1alpha1.NoticeClock{StartsAt: event, CoveragePercent: 95}
		if rapid.IntRange(0, 2).Draw(t, "delivered") > 0 {
			s.Delivery.CoveredTime = &metav1.Time{Time: ago(t, "covered", -500, 1)}
		}
	}
}

func someChange(t *rapid.T) contract.Change {
	version, operation := rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, "version"), rapid.SampledFrom(operations).Draw(t, "operation")
	return rapid.SampledFrom([]contract.Change{
		builders.Removed(version, operation), builders.Broken(version, operation), builders.Broken(version, operation), builders.Added(version, operation),
	}).Draw(t, "change")
}

// someInput is a proposal of any kind that can be judged.
func someInput(t *rapid.T) gate.Input {
	in := gate.Input{Now: ago(t, "now", -1, 200)}
	api := builders.API("orders")
	revision := builders.Revision("orders-2", "orders").Created(now.Add(-400 * day))
	for _, version := range []string{"v1", "v2"} {
		api.Version(version, rapid.SampledFrom(stabilities).Draw(t, "declared"))
		if rapid.IntRange(0, 4).Draw(t, "promised") > 0 {
			api.Promised(version, "orders-1", version, rapid.SampledFrom(stabilities).Draw(t, "stability"), now)
		}
		if rapid.IntRange(0, 4).Draw(t, "proposed") > 0 || version == "v1" {
			revision.Contract(version, version)
		}
	}
	switch rapid.IntRange(0, 9).Draw(t, "ground") {
	case 0:
		api.Serving("orders", "orders-2", now)
	case 1:
		api.WayBack("orders-2", "", ago(t, "way back", -10, 20))
	case 2:
		created := ago(t, "waiver", -2, 200)
		in.Waivers = append(in.Waivers, *builders.Waiver("w", "orders-2", created).Obj(), *builders.Waiver("x", "orders-2", created.Add(30*time.Minute)).Obj())
	case 3:
		revision.Declares("even", rapid.SampledFrom(someClasses).Draw(t, "declared class"), "v1", rapid.SampledFrom(operations).Draw(t, "operation"), "It rounds")
	}
	in.API, in.Revision = api.Obj(), revision.Obj()
	for i := range rapid.IntRange(0, 3).Draw(t, "policies") {
		in.Policies = append(in.Policies, *somePolicy(t, fmt.Sprintf("p%d", i)).Obj())
	}
	for _, name := range noticeNames[:rapid.IntRange(0, 4).Draw(t, "notices")] {
		in.Notices = append(in.Notices, someNotice(t, name))
	}
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		in.Proposal.Changes = append(in.Proposal.Changes, someChange(t))
	}
	in.Proposal.Contracts = builders.Judged(in.Revision)
	in.Proposal.Digest = gate.RevisionDigest(in.Revision.Spec, in.Proposal.Contracts)
	return in
}

// someMoments are moments worth asking at: each that the verdict names, with its neighbours, and any others.
func someMoments(t *rapid.T, in gate.Input) []time.Time {
	v := gate.Evaluate(in)
	all := []time.Time{in.Now, in.Now.Add(day), ago(t, "then", 0, 500)}
	for _, m := range []*time.Time{v.Earliest, v.AdmissibleUntil, v.NextChange} {
		if m != nil {
			all = append(all, m.Add(-time.Second), *m, m.Add(time.Second))
		}
	}
	for i := range in.Notices {
		effective := in.Notices[i].Spec.EffectiveTime.Time
		all = append(all, effective, effective.Add(-time.Second))
	}
	return slices.DeleteFunc(all, func(m time.Time) bool { return m.Before(in.Now) })
}

func asked(in gate.Input, now time.Time) gate.Input {
	in.Now = now
	return in
}

func cloned(in gate.Input) gate.Input {
	in.API, in.Revision = in.API.DeepCopy(), in.Revision.DeepCopy()
	in.Policies, in.Notices, in.Waivers = slices.Clone(in.Policies), slices.Clone(in.Notices), slices.Clone(in.Waivers)
	for i := range in.Policies {
		in.Policies[i] = *in.Policies[i].DeepCopy()
	}
	for i := range in.Notices {
		in.Notices[i] = *in.Notices[i].DeepCopy()
	}
	in.Proposal.Changes, in.Proposal.Contracts = slices.Clone(in.Proposal.Changes), slices.Clone(in.Proposal.Contracts)
	return in
}

// stamped publishes a draft at a moment as the controller would.
func stamped(n *v1alpha1.ChangeNotice, v gate.NoticeVerdict, at time.Time) v1alpha1.ChangeNotice {
	told := n.DeepCopy()
	told.Spec.State = v1alpha1.NoticePublished
	told.Status.PublishedTime = &metav1.Time{Time: at}
	told.Status.PublishedDigest = notice.Digest(&told.Spec)
	told.Status.Owed = v.Owed
	return *told
}
