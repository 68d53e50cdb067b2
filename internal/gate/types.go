// Package gate judges: what is proposed, against what customers were promised and what they were told.
// It is pure: the same input gives the same verdict, whoever asks.
package gate

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// Input is all that a verdict on a revision depends on.
type Input struct {
	Now time.Time
	// API is the CustomerAPI with its status: what is promised, what serves, the way back.
	API *v1alpha1.CustomerAPI
	// Policies are those that select the API. What is in force counts, and the spec where nothing is: a
	// manifest has no status.
	Policies []v1alpha1.NoticePolicy
	// Audience says who the customers are. Nil where the API names none, or one that does not exist.
	Audience *v1alpha1.Audience
	// Notices are those of the API. Others are left out of account.
	Notices []v1alpha1.ChangeNotice
	// Schedules are those of the API. Others are left out of account.
	Schedules []v1alpha1.DeprecationSchedule
	// Waivers are those of the namespace.
	Waivers  []v1alpha1.Waiver
	Revision *v1alpha1.APIRevision
	Proposal Proposal
}

// Proposal is what was made of the documents of a revision.
type Proposal struct {
	// Digest is the RevisionDigest of what is judged.
	Digest v1alpha1.Digest
	// Contracts are the documents that could be read.
	Contracts []v1alpha1.JudgedContract
	// Changes are found by comparing each document with every promised contract of the same version.
	Changes []contract.Change
	// Problems are the documents that could not be read, those of the promise included.
	Problems []Problem
	// NotDeprecated are, by version, the operations that a document does not mark as deprecated. It has the versions of
	// which a schedule deprecated something by now (DeprecatedBy), as far as they could be read.
	NotDeprecated map[string][]string
	// Moved holds, by fingerprint, the API of the same product that serves an operation unchanged.
	Moved map[string]string
}

// Problem is a document that could not be read.
type Problem struct {
	Version string
	Reason  string // a reason of Judged and Admissible
	Message string // what is wrong and what to do
}

// Finding is one thing that a check has to say about a proposal.
type Finding struct {
	Reason  string
	Message string
	// Path is the field or the object that it is about.
	Path string
	// ClearsAt is the moment at which the finding goes away by itself. Nil: somebody has to act.
	ClearsAt *time.Time
	// Blocks says that the revision is not admissible on its merits because of this finding.
	Blocks bool
}

// Verdict is the answer on a revision.
type Verdict struct {
	// Decided is false where the merits could not be judged. That counts as refused, and the condition is
	// Unknown, unless the revision is Admissible all the same.
	Decided    bool
	Admissible bool
	// OnMerit is false where the revision is admissible only because it serves, served lately or is waived.
	// The promise moves only to what is admissible on its merits; all else that serves breaks it.
	OnMerit bool
	Reason  string
	// Message is the verdict in one line, as a refused rollout shows it.
	Message string
	// Merits is the answer on the merits in one line: what the revision breaks, also where it is admissible
	// all the same.
	Merits string
	// Findings are all, those that block first.
	Findings []Finding
	// Changes are all, those that block first.
	Changes []v1alpha1.JudgedChange
	// Breaking counts the changes that customers are to be told of, Uncovered those of them that no notice
	// covers.
	Breaking  int
	Uncovered int
	// Earliest is the earliest moment at which the revision is admissible on its merits: with the notices
	// that stand or, for what is uncovered, with a notice published now. Nil: nothing in it is owed notice,
	// or no notice would do.
	Earliest *time.Time
	// AdmissibleUntil is the moment from which it is refused again. Nil: none is known.
	AdmissibleUntil *time.Time
	// NextChange is the moment at which something in this verdict next changes by itself, all else being as
	// it is.
	NextChange *time.Time
	// Waiver is the Waiver that counts for a revision which is not admissible on its merits.
	Waiver string
	// Listed are the notices that stand and list something of the revision, whether or not it may serve yet.
	Listed []notice.Listing
}

// NoticeInput is all that is to be said about a notice depends on.
type NoticeInput struct {
	Now time.Time
	// API is nil where the CustomerAPI that the notice names does not exist.
	API      *v1alpha1.CustomerAPI
	Policies []v1alpha1.NoticePolicy
	// Audience says who the customers are. Nil where the API names none, or one that does not exist.
	Audience *v1alpha1.Audience
	Notice   *v1alpha1.ChangeNotice
	// Others are the other notices of the API.
	Others []v1alpha1.ChangeNotice
	// Schedule is the DeprecationSchedule that the notice is of. Nil where it is of none, or of one that does not exist.
	Schedule *v1alpha1.DeprecationSchedule
	// NoAnswers says that customers cannot answer: a notice whose clock starts with answers is not published then.
	NoAnswers bool
}

// NoticeVerdict says whether a notice can be published and, when it was, what it is worth.
type NoticeVerdict struct {
	// Publishable says that the publication can be stamped now, with Owed and the digest. It is false for
	// what was published before.
	Publishable bool
	// Published, Reason and Message are those of the condition Published, once a publication that is
	// possible was stamped.
	Published bool
	Reason    string
	Message   string
	// Digest is that of what is published, to be stamped with it.
	Digest v1alpha1.Digest
	// Owed is what is owed: what was frozen at publication or, before, what would be.
	Owed []v1alpha1.OwedNotice
	// Validity is how long it covers, Clock what starts its clock, and Reminders those that customers get, to be stamped
	// with the publication.
	Validity  v1alpha1.NoticeValidity
	Clock     v1alpha1.NoticeClock
	Reminders []v1alpha1.NoticeReminder
	// Removal is what the removal needs that it tells of, to be stamped with the publication, too, and RemovalUse who uses
	// what goes away, as is known now.
	Removal    v1alpha1.NoticeRemoval
	RemovalUse v1alpha1.NoticeRemovalUse
	// Roles are those of the contacts that it goes to, to be stamped, too. Nil: all.
	Roles []v1alpha1.ContactRole
	// Content is what the policies find in a notice that was not published.
	Content []content.Finding
	// Earliest is the earliest effectiveTime with which it could be published now. Nil once it was.
	Earliest *time.Time
	// Matures and Lapses are what is or, before the publication, what would be when published now and delivered at
	// once. Matures is nil while the clock of a published notice has not started.
	Matures *time.Time
	Lapses  *time.Time
	// Partial says of a planned downtime that the API as a whole may not be down in its window.
	Partial bool
	// DaysLeft is the number of full days until it matures. Nil where it does not.
	DaysLeft     *int32
	SupersededBy string
	// Matured, MaturedReason and MaturedMessage are those of the condition Matured.
	Matured        bool
	MaturedReason  string
	MaturedMessage string
	NextChange     *time.Time
}

// Observation is what was seen of one workload that carries the API.
type Observation struct {
	Workload v1alpha1.WorkloadRef
	// Ready is the number of its pods that are ready.
	Ready int32
	// TakesTraffic says that the selectors of the API match its pods with the slot labels, too.
	TakesTraffic bool
	// LedBy are the Services whose selectors match its pods, or those that it is to have next, with the slot labels, too.
	LedBy []string
	// Completed says that the rollout of the present template is complete.
	Completed bool
	// Current is the revision that the present template names, empty for none.
	Current string
	// Template are the labels of the pods that the workload is to have next, nil where no template was read.
	Template map[string]string
	Running  []Running
	// ReplicaSets are those of it that are to have pods that carry the API.
	ReplicaSets []ReplicaSet
}

// Running is a revision that a workload has pods of, or asks for pods of.
type Running struct {
	// Revision is empty for pods that name none.
	Revision string
	Pods     int32
	// Wanted is the number of replicas asked of the ReplicaSets that carry it.
	Wanted int32
	Images []string
	// Ran are those of pods that are ready and that customers are led to.
	Ran []string
	// Labels are the label sets of those pods, and of the ReplicaSets that ask for them.
	Labels []map[string]string
	// Sets are the same with what tells halves apart, for a Service may select by it.
	Sets []LabelSet
}

// PromiseInput is all that the promise of an API depends on.
type PromiseInput struct {
	Now time.Time
	// API is the CustomerAPI with the status that was last written: the promise is kept there.
	API      *v1alpha1.CustomerAPI
	Policies []v1alpha1.NoticePolicy
	Observed []Observation
	// Revisions are those that exist, by name.
	Revisions map[string]RevisionFacts
	// Keepers are those there were until now, as the gate holds them (KeepersIn).
	Keepers []v1alpha1.WorkloadRef
	// Resting are the Services of carriedBy to which its HTTPRoutes lead nobody now.
	Resting []string
}

// PromiseOutput is what customers of an API rely on now.
type PromiseOutput struct {
	Serving         []v1alpha1.ServingRevision
	ServingRevision string
	Promised        []v1alpha1.PromisedContract
	WayBack         []v1alpha1.PastRevision
	// Images are those that customers were led to lately.
	Images []v1alpha1.PastImage
	// Broken is the whole list as it is to be kept, and BrokenCount the count.
	Broken      []v1alpha1.BrokenPromise
	BrokenCount int32
	// InForce are the notices of which something serves or has served, as they are to be kept.
	InForce []v1alpha1.NoticeInForce
	// Keepers are the workloads whose deletion would take the API away from customers.
	Keepers    []v1alpha1.WorkloadRef
	NextChange *time.Time
}
