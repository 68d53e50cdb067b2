package cli

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// ruling is what an answer follows from.
type ruling struct {
	// rules are names of rules, as the documentation numbers them.
	rules []string
	why   string
}

// rulings explain the reasons of Judged and Admissible, of Published and
// Matured, and of Governed.
var rulings = map[string]ruling{
	v1alpha1.ReasonCompatible: {[]string{"R4", "R9"},
		"Each contract was compared with all that is promised of its version, and nothing that customers rely on changes."},
	v1alpha1.ReasonNoticeGiven: {[]string{"R3", "R4"},
		"Each change that breaks customers is covered by a notice that stands and has matured."},
	v1alpha1.ReasonBaseline: {[]string{"R10"},
		"A promise is what customers have come to rely on. Nothing has served yet, so there is none."},
	v1alpha1.ReasonNotGoverned: {[]string{"R1"},
		"Notice is owed by the policies that select the API, and none does."},
	v1alpha1.ReasonServing: {[]string{"R11"},
		"Re-creating, restarting or scaling what serves is always admissible."},
	v1alpha1.ReasonWayBack: {[]string{"R11"},
		"What served lately may always be rolled back to. The promise remains, and what the rollback takes away is recorded as broken."},
	v1alpha1.ReasonWaived: {nil,
		"A waiver lets this one revision pass until it ends. The promise remains, and what breaks is recorded as broken."},
	v1alpha1.ReasonNoticeMissing: {[]string{"R1", "R4", "R5"},
		"Each change that breaks customers has to be covered by a notice that stands and has matured. No notice names some of these changes."},
	v1alpha1.ReasonHeld: {[]string{"R4"},
		"More customers need more time than the policies let pass, so nothing that the notice covers ships until somebody answers them."},
	v1alpha1.ReasonKept: {[]string{"R4", "R13"},
		"A version goes away only as its published schedule says: not before its date, nor while somebody uses it whom the schedule promised to wait for."},
	v1alpha1.ReasonNoticeRunning: {[]string{"R3", "R4"},
		"Customers were told a date. Before it, and before the period they are owed is over, nothing ships."},
	v1alpha1.ReasonContractNotFound:   unknownIsNo,
	v1alpha1.ReasonContractUnreadable: unknownIsNo,
	v1alpha1.ReasonContractTooLarge:   unknownIsNo,
	v1alpha1.ReasonContractEmpty:      unknownIsNo,
	v1alpha1.ReasonPromiseUnreadable:  unknownIsNo,
	v1alpha1.ReasonPolicyInvalid:      unknownIsNo,
	v1alpha1.ReasonClockUnreliable:    unknownIsNo,
	v1alpha1.ReasonLookupFailed:       unknownIsNo,
	v1alpha1.ReasonAPINotFound:        unknownIsNo,
	v1alpha1.ReasonDigestMismatch: {[]string{"R12"},
		"A name is a claim. Whoever trusts this one would run something else than its digest says."},
	v1alpha1.ReasonNameReused: {[]string{"R11", "R12"},
		"Another revision served under this name. The way back is open to that one, not to whatever took its name."},
	v1alpha1.ReasonImagesMissing: {[]string{"R12"},
		"A policy compares the images of pods with those of the revision, and this one lists none."},
	v1alpha1.ReasonDeprecationNotMarked: {[]string{"R4"},
		"Customers were told that this is deprecated. Whoever reads the contract alone is to find it there, too."},
	v1alpha1.ReasonVersionUndeclared: {[]string{"R9"},
		"Nobody said how stable this version is, so it is not known what customers would be owed."},

	v1alpha1.ReasonApology:    {[]string{"R5"}, "An apology tells customers what happened. Nothing ships by it, and it is owed no days."},
	v1alpha1.ReasonDraft:      {[]string{"R6"}, "Nobody was told: it is a draft."},
	v1alpha1.ReasonPublished:  {[]string{"R2", "R6"}, "It was published. The clock runs from that moment or, where a policy says so, from the one at which enough customers had it, or acknowledged it."},
	v1alpha1.ReasonTooSoon:    {[]string{"R1", "R6"}, "A notice is published only when its date leaves customers the time they are owed, counted from now."},
	v1alpha1.ReasonIncomplete: {[]string{"R6"}, "A notice is published only when customers find in it what they need."},
	v1alpha1.ReasonContentRefused: {[]string{"R6"},
		"A notice is published only when it says what the policies ask: what changes, when and what to do, in the language and to the contacts of those whom it concerns, without blame, threats or haste."},
	v1alpha1.ReasonQuietHours: {[]string{"R6"},
		"Customers are left alone at night and on their days off, by the clock of each."},
	v1alpha1.ReasonWithdrawn: {[]string{"R6"}, "Customers were told that the change does not come. What it covered is uncovered."},
	v1alpha1.ReasonTerminating: {[]string{"R6"},
		"A notice that is being deleted goes with all that was stamped on it, so it is not published any more."},
	v1alpha1.ReasonSuperseded: {[]string{"R6"}, "Another notice replaces it. What stands in both keeps the older clock."},
	v1alpha1.ReasonRunning: {[]string{"R2", "R3"},
		"A notice matures at its date or, where that is later, when the period owed is over, counted from the start of its clock."},
	v1alpha1.ReasonMatured: {[]string{"R3", "R4"}, "Its date has come and the period owed is over: what it covers may ship."},
	v1alpha1.ReasonLapsed:  {[]string{"R7"}, "It was published for a date too long ago: customers no longer expect the change."},
	v1alpha1.ReasonNoAnswers: {[]string{"R2", "R6"},
		"A policy starts the clock when customers acknowledge a notice. Where they cannot answer it would never start, so nothing is published."},
	v1alpha1.ReasonNotPublished: {[]string{"R2"},
		"The clock starts at the moment forewarn publishes a notice, and it did not."},

	v1alpha1.ReasonRemovable: {[]string{"R4"}, "Its date has come, and the schedule waits for nobody: a revision without it may ship."},
	v1alpha1.ReasonRemoved:   {nil, "It is served no more."},
	v1alpha1.ReasonNotYet: {[]string{"R3", "R13"},
		"Customers were told a date, and the days after it are full days. Before they are over, nothing is removed."},
	v1alpha1.ReasonStillUsed:       {[]string{"R4"}, "The schedule promised to wait until nobody uses it any more."},
	v1alpha1.ReasonNotAcknowledged: {[]string{"R4"}, "The schedule promised to wait until each customer who uses it acknowledged its end."},
	v1alpha1.ReasonUsageNotKnown:   {[]string{"R12"}, "Where it is not known who uses it, it counts as used."},

	v1alpha1.ReasonNoPolicy: {[]string{"R1"}, "Notice is owed by the policies that select the API, and none does."},
	v1alpha1.ReasonNeverServed: {[]string{"R10"},
		"A promise is what customers have come to rely on. Nothing has served yet, so nothing is refused."},
	v1alpha1.ReasonNamespaceExempt: {nil, "What the cluster itself lives on is never refused."},
	v1alpha1.ReasonGateNotWritten:  {nil, "The API server does not know yet that it has to judge."},

	reasonNotObserved: {nil, "The API server knows nothing of an API that forewarn has not looked at, and refuses nothing of it."},
	reasonNotCarried:  {nil, "Rollouts are judged where the labels of the pods match what carries an API, and nothing here does."},
	reasonUnnamed:     {[]string{"R12"}, "Pods that carry an API say which contract they serve, by the name of an APIRevision."},
	reasonTwoNamed:    {[]string{"R12"}, "Pods serve one contract of an API, so exactly one of its revisions is named."},
	reasonRunsUnnamed: {[]string{"R11"}, "These pods served before the API was declared: they may be re-created and scaled as they are, and a change of the pod template names a revision."},
	reasonNotJudged:   {[]string{"R12"}, "There is no such APIRevision, or no verdict on it that the API server knows: a rollout is refused until there is."},
}

var unknownIsNo = ruling{[]string{"R12"},
	"What cannot be judged does not pass."}

// Reasons that no condition has.
const (
	reasonNotObserved = "NotObserved"
	reasonNotCarried  = "NotCarried"
	reasonUnnamed     = "RevisionUnnamed"
	reasonTwoNamed    = "TwoRevisionsNamed"
	reasonRunsUnnamed = "ServingUnnamed"
	reasonNotJudged   = "NotJudged"
)
