package gate

import (
	"cmp"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// check looks at one thing, and says all that it finds. Checks depend neither on each other nor on their
// order.
type check func(*reading) []Finding

var checks = []check{
	checkAPI,
	checkClock,
	checkPolicies,
	checkAudience,
	checkContracts,
	checkVersions,
	checkDigest,
	checkName,
	checkImages,
	checkMarks,
	checkKept,
	checkNotices,
	checkIdleNotices,
	checkMoved,
}

// undecided are the reasons for which the merits cannot be judged, and refused those for which they can. The
// first that is found is the reason of the verdict.
var (
	undecided = []string{
		v1alpha1.ReasonAPINotFound,
		v1alpha1.ReasonClockUnreliable,
		v1alpha1.ReasonPolicyInvalid,
		v1alpha1.ReasonAudienceUnknown,
		v1alpha1.ReasonPromiseUnreadable,
		v1alpha1.ReasonContractNotFound,
		v1alpha1.ReasonContractUnreadable,
		v1alpha1.ReasonContractTooLarge,
		v1alpha1.ReasonContractEmpty,
		v1alpha1.ReasonLookupFailed,
	}
	refused = []string{
		v1alpha1.ReasonNameReused,
		v1alpha1.ReasonDigestMismatch,
		v1alpha1.ReasonVersionUndeclared,
		v1alpha1.ReasonImagesMissing,
		v1alpha1.ReasonDeprecationNotMarked,
		v1alpha1.ReasonKept,
		v1alpha1.ReasonNoticeMissing,
		v1alpha1.ReasonHeld,
		v1alpha1.ReasonNoticeRunning,
	}
)

// decides says that a finding leaves no doubt. A reason that is not known leaves one.
func decides(f Finding) bool { return slices.Contains(refused, f.Reason) }

func findings(r *reading) []Finding {
	var all []Finding
	for _, check := range checks {
		all = append(all, check(r)...)
	}
	for i := range all {
		all[i].Message = singleLine(all[i].Message, maxMessageLength)
		all[i].Path = singleLine(all[i].Path, maxDetailLength)
	}
	slices.SortStableFunc(all, compareFindings)
	return all
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(severity(a), severity(b)),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Reason, b.Reason),
		cmp.Compare(a.Message, b.Message),
	)
}

var reasons = slices.Concat(undecided, refused)

// severity orders findings: what blocks and leaves doubt, what blocks, what is merely worth knowing.
func severity(f Finding) int {
	switch i := slices.Index(reasons, f.Reason); {
	case !f.Blocks:
		return len(reasons)
	case i >= 0:
		return i
	default: // unknown reasons leave doubt, and come after those that say what is wrong
		return len(undecided) - 1
	}
}

// blockers are the findings that block.
func blockers(all []Finding) []Finding {
	i := slices.IndexFunc(all, func(f Finding) bool { return !f.Blocks })
	if i < 0 {
		return all
	}
	return all[:i]
}
