package gate

import (
	"slices"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// RevisionFacts is what Promise needs to know of a revision.
type RevisionFacts struct {
	Digest    v1alpha1.Digest
	Contracts []v1alpha1.JudgedContract
	Images    []string
	// NameReused says that something else served under the name, so that nothing here is about what serves.
	NameReused bool
	// Judged is the moment since when there has been a verdict. Zero: since now.
	Judged time.Time
	// Decided, OnMerit, Waiver, Uncovered and Merits are those of its Verdict.
	Decided   bool
	OnMerit   bool
	Waiver    string
	Uncovered int
	Merits    string
	// Listed are the notices that stand and list something of it.
	Listed []notice.Listing
}

// FactsOf are the facts of a revision after its verdict.
func FactsOf(revision *v1alpha1.APIRevision, proposal Proposal, verdict Verdict) RevisionFacts {
	f := RevisionFacts{
		Digest:    digestOf(Input{Revision: revision, Proposal: proposal}),
		Contracts: proposal.Contracts, Images: revision.Spec.Images,
		NameReused: nameTaken(verdict),
		Decided:    verdict.Decided, OnMerit: verdict.OnMerit, Waiver: verdict.Waiver,
		Uncovered: verdict.Uncovered, Merits: verdict.Merits,
		Listed: verdict.Listed,
	}
	judged := apimeta.FindStatusCondition(revision.Status.Conditions, v1alpha1.ConditionJudged)
	if judged != nil && judged.Status == metav1.ConditionTrue {
		f.Judged = judged.LastTransitionTime.UTC()
	}
	return f
}

// nameTaken says that the verdict is on an object that took the name of what served: it is not what serves,
// whatever lets it pass.
func nameTaken(v Verdict) bool {
	return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Reason == v1alpha1.ReasonNameReused })
}
