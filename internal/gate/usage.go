package gate

import (
	"fmt"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/notice"
)

// usageOf is what customers of the API used lately, and the policies as they bind for what nobody did.
func usageOf(api *v1alpha1.CustomerAPI, audience *v1alpha1.Audience, policies notice.Policies, now time.Time) (notice.Usage, notice.Policies) {
	usage := notice.ReadUsage(audience, Versions(api), now)
	return usage, policies.Unused(usage.Window())
}

// Versions are those that the API declares, and those that customers rely on.
func Versions(api *v1alpha1.CustomerAPI) []string {
	versions := promisedVersions(api)
	for _, v := range api.Spec.Versions {
		versions = append(versions, string(v.Name))
	}
	return versions
}

// policiesFor are the policies as they bind for a change.
func (r *reading) policiesFor(affected notice.Affected) notice.Policies {
	if affected.UnusedFor > 0 {
		return r.unused
	}
	return r.policies
}

// affectedShown is how many customers a change affects; nil where it is not known who they are.
func (r *reading) affectedShown(w *weighed) *int32 {
	if r.Audience == nil || r.Audience.Status.Customers == nil {
		return nil
	}
	return &w.affected.Customers
}

// usageTurns are the moments at which it becomes known, or is known no more, who used what.
func usageTurns(usage notice.Usage, moments map[time.Time]bool) {
	for _, at := range usage.Turns() {
		moments[at] = true
	}
}

// owedForEntry is what is owed for a class of changes to a version when the notice is published: less than otherwise,
// where nobody used anything that its entries may mean by that. What a downtime of a part takes away is not for its entries
// to say: see strongestOf.
func (n *notification) owedForEntry(entry v1alpha1.CoveredChange, class v1alpha1.ChangeClass) (notice.Owed, error) {
	policies := n.unused
	if n.Notice.Spec.DowntimeMinutes > 0 && notice.Partial(n.API, n.Notice.Spec.Covers) {
		policies = n.policies
	}
	for _, e := range n.Notice.Spec.Covers {
		if e.Version != entry.Version || e.Class != "" && e.Class != class {
			continue
		}
		if subject, says := subjectOf(e); !says || n.usage.Affected(subject).UnusedFor == 0 {
			policies = n.policies
			break
		}
	}
	return policies.Owed([]v1alpha1.ChangeClass{class}, n.stability(string(entry.Version)), n.Now)
}

// subjectOf is what an entry of a notice is about, where it says that exactly: an operation, or the removal of a
// version.
func subjectOf(entry v1alpha1.CoveredChange) (subject notice.Change, says bool) {
	subject = notice.Change{Version: string(entry.Version), Operation: entry.Operation}
	if entry.Operation != "" {
		return subject, true
	}
	subject.Rule = notice.RuleVersionRemoved
	switch {
	case entry.Fingerprint != "":
		return subject, entry.Fingerprint == contract.VersionRemoved(subject.Version).Fingerprint
	default:
		return subject, entry.Rule == "" || entry.Rule == notice.RuleVersionRemoved
	}
}

// Subjects are what a notice is about, as usage knows it. exact is false where it does not say all of it exactly: then
// nobody knows who used it.
func Subjects(n *v1alpha1.ChangeNotice) (subjects []notice.Change, exact bool) {
	for _, entry := range n.Spec.Covers {
		subject, says := subjectOf(entry)
		if !says {
			return nil, false
		}
		subjects = append(subjects, subject)
	}
	return subjects, true
}

// owedByUsage is what would be frozen, where it depends on who used what; nil where the policies alone say it.
func (n *notification) owedByUsage() []v1alpha1.OwedNotice {
	if n.usage.Window() == 0 {
		return nil
	}
	return n.owed()
}

// unusedText follows what is owed, where it is less than otherwise.
func unusedText(owed notice.Owed) string {
	if owed.UnusedFor == 0 {
		return ""
	}
	return fmt.Sprintf(", since nobody used it in %s", countOf(owed.UnusedFor, "day"))
}
