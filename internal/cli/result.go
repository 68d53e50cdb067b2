package cli

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// ResultVersion is the apiVersion of everything that is printed as JSON. Fields
// may be added to a version; none changes its meaning or goes away.
const ResultVersion = "cli.forewarn.dev/v1"

// Kinds of results.
const (
	KindVerdict     = "Verdict"
	KindExplanation = "Explanation"
	KindAnswers     = "Answers"
	KindCalendar    = "Calendar"
)

// Answers that a verdict can give.
const (
	AnswerAdmissible = "Admissible"
	AnswerBlocked    = "Blocked"
	AnswerUndecided  = "Undecided"
)

// What a manifest does to the pods of a workload.
const (
	// ChangeCreated: the workload is not there yet.
	ChangeCreated = "Created"
	// ChangeRolledOut: something of its pods is new, or what was held back is let go.
	ChangeRolledOut = "RolledOut"
	// ChangeKept: its pods stay as they are, but for a restart.
	ChangeKept = "Kept"
)

// States that a change can be in.
const (
	// ChangeUncovered: no notice covers it.
	ChangeUncovered = "Uncovered"
	// ChangeRunning: a notice covers it and has not matured.
	ChangeRunning = "Running"
	// ChangeMatured: a notice covers it and has matured.
	ChangeMatured = "Matured"
	// ChangeNotGoverned: it breaks customers, and no policy binds the API.
	ChangeNotGoverned = "NotGoverned"
	// ChangeFree: customers need not be told.
	ChangeFree = "Free"
)

// Result is what every command prints with -o json: exactly one of verdict,
// workload, revision, notice, customerAPI, schedule, downtimeBudget, answers and calendar is set. Times are RFC 3339 in UTC,
// lists are in a stable order.
type Result struct {
	// APIVersion is ResultVersion.
	APIVersion string `json:"apiVersion"`
	// Kind is Verdict for check, Explanation for explain, Answers for notice
	// answers and Calendar for calendar.
	Kind string `json:"kind"`
	// About is what was asked for, for example "deployment/orders". It is left
	// out of the answer to check on contracts.
	About string `json:"about,omitempty"`
	// Namespace is left out where no cluster was asked.
	Namespace string `json:"namespace,omitempty"`
	// EvaluatedTime is the moment that the answer holds for.
	EvaluatedTime metav1.Time `json:"evaluatedTime"`
	// TimeZone is the IANA zone in which the days of notice are counted.
	TimeZone string `json:"timeZone"`

	// Verdict answers check on contracts.
	Verdict *Verdict `json:"verdict,omitempty"`
	// Revision explains an APIRevision.
	Revision *RevisionResult `json:"revision,omitempty"`
	// Workload explains a workload or a pod, and answers check on a workload.
	Workload *WorkloadResult `json:"workload,omitempty"`
	// Notice explains a ChangeNotice.
	Notice *NoticeResult `json:"notice,omitempty"`
	// CustomerAPI explains a CustomerAPI.
	CustomerAPI *APIResult `json:"customerAPI,omitempty"`
	// Schedule explains a DeprecationSchedule.
	Schedule *ScheduleResult `json:"schedule,omitempty"`
	// DowntimeBudget explains a DowntimeBudget.
	DowntimeBudget *BudgetResult `json:"downtimeBudget,omitempty"`
	// Answers are what customers answered to a ChangeNotice.
	Answers *AnswersResult `json:"answers,omitempty"`
	// Calendar is what is coming.
	Calendar *CalendarResult `json:"calendar,omitempty"`

	// Next is what to do next, the first thing first.
	Next []Step `json:"next,omitempty"`
}

// Step is one thing to do.
type Step struct {
	Text string `json:"text"`
	// Commands are what to type, in this order.
	Commands []string `json:"commands,omitempty"`
}

// Verdict is the answer on a proposal.
type Verdict struct {
	// API is the CustomerAPI.
	API string `json:"api"`
	// Revision is the APIRevision or, where there is none, the name that
	// "forewarn revision" gives one with these contents.
	Revision string `json:"revision"`
	// Answer is Admissible, Blocked or Undecided: exit code 0, 1 or 2.
	Answer string `json:"answer"`
	// Reason is a reason of the condition Admissible of an APIRevision.
	Reason string `json:"reason"`
	// Rules are the rules that the answer follows from, for example "R4".
	Rules []string `json:"rules,omitempty"`
	// Message is the answer in one line, as a refused rollout shows it.
	Message string `json:"message"`
	// OnMerit is false where the revision passes only because it serves, served
	// lately or is waived.
	OnMerit bool `json:"onMerit"`
	// Enforcement is Deny, Warn or Audit, and left out where no policy binds.
	Enforcement string `json:"enforcement,omitempty"`
	// Policies are the NoticePolicies that bind, by name.
	Policies []string `json:"policies,omitempty"`
	// Assumption is what was assumed because no policy was given. The policy
	// that it is goes by the name "assumed".
	Assumption string `json:"assumption,omitempty"`
	// Waiver is the Waiver that lets the revision pass.
	Waiver string `json:"waiver,omitempty"`
	// Breaking is the number of changes that customers are to be told of.
	Breaking int `json:"breaking"`
	// Uncovered is the number of those that no notice covers.
	Uncovered int `json:"uncovered"`
	// EarliestTime is the earliest moment at which the revision is admissible on
	// its merits: with the notices that stand or, for what is uncovered, with
	// one published at EvaluatedTime.
	EarliestTime *metav1.Time `json:"earliestTime,omitempty"`
	// AdmissibleUntilTime is the moment from which it is refused again.
	AdmissibleUntilTime *metav1.Time `json:"admissibleUntilTime,omitempty"`
	// NextChangeTime is the moment at which something in this answer next
	// changes by itself.
	NextChangeTime *metav1.Time `json:"nextChangeTime,omitempty"`
	// Changes are all changes, those that block first.
	Changes []Change `json:"changes,omitempty"`
	// Findings are all that was found, what blocks first.
	Findings []Finding `json:"findings,omitempty"`
	// Downtime is what the downtime budgets of the API say of rollouts, of
	// whichever revision. Left out where they say nothing.
	Downtime *DowntimeResult `json:"downtime,omitempty"`
}

// Change is one change and what customers were told of it.
type Change struct {
	// JudgedChange holds the fields of status.changes of an APIRevision.
	v1alpha1.JudgedChange `json:",inline"`
	// State is Uncovered, Running, Matured, NotGoverned or Free.
	State string `json:"state"`
	// CountedAs says which days owedDays counts: Days or BusinessDays.
	CountedAs string `json:"countedAs,omitempty"`
}

// Finding is one thing that was found.
type Finding struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Path is the field or the object that it is about.
	Path string `json:"path,omitempty"`
	// Blocks says that the revision is not admissible on its merits because of
	// it.
	Blocks bool `json:"blocks"`
	// ClearsTime is the moment at which it goes away by itself.
	ClearsTime *metav1.Time `json:"clearsTime,omitempty"`
}

// RevisionResult explains an APIRevision.
type RevisionResult struct {
	// Verdict is what is found now.
	Verdict Verdict `json:"verdict"`
	// Published is what the API server goes by.
	Published PublishedVerdict `json:"published"`
	// Notices are those of the API that are not drafts.
	Notices []NoticeSummary `json:"notices,omitempty"`
	// NamedBy are the workloads that name the revision, for example
	// "Deployment/orders".
	NamedBy []string `json:"namedBy,omitempty"`
}

// PublishedVerdict is the verdict as the controller last published it.
type PublishedVerdict struct {
	// Judged says that there is one and that the API server knows it.
	Judged bool `json:"judged"`
	// Admissible is the status of the condition: True, False, Unknown.
	Admissible string `json:"admissible,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Message    string `json:"message,omitempty"`
	// Governed says that rollouts of the API are judged at all.
	Governed bool `json:"governed"`
	// NotGoverned says why they are not.
	NotGoverned string `json:"notGoverned,omitempty"`
	// Stale says that what is found now is another answer.
	Stale bool `json:"stale"`
}

// NoticeSummary is a notice among others.
type NoticeSummary struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	State string `json:"state"`
	// Published and Matured are the reasons of the conditions of that name.
	Published     string       `json:"published"`
	Matured       string       `json:"matured"`
	PublishedTime *metav1.Time `json:"publishedTime,omitempty"`
	EffectiveTime *metav1.Time `json:"effectiveTime,omitempty"`
	MaturesTime   *metav1.Time `json:"maturesTime,omitempty"`
	LapsesTime    *metav1.Time `json:"lapsesTime,omitempty"`
	SupersededBy  string       `json:"supersededBy,omitempty"`
	// Covers is the number of changes of the revision that it covers.
	Covers int `json:"covers"`
}

// WorkloadResult explains a workload or a pod.
type WorkloadResult struct {
	// Answer is that to check: Admissible, Blocked or Undecided, exit code 0, 1 or 2. Left out of explain.
	Answer string `json:"answer,omitempty"`
	// Change is what the manifest that is checked does: Created, RolledOut or Kept. Left out of explain.
	Change string `json:"change,omitempty"`
	// Annotation is forewarn.dev/revision as the pod template has it.
	Annotation string `json:"annotation"`
	// Carries are the APIs whose selectors match the pods, by name.
	Carries []CarriedAPI `json:"carries,omitempty"`
	// Unknown are the names in the annotation that belong to no such API.
	Unknown []UnknownRevision `json:"unknown,omitempty"`
}

// CarriedAPI is an API that a workload carries.
type CarriedAPI struct {
	API   string `json:"api"`
	Title string `json:"title"`
	// Through is what matches the pods, for example "service/orders (app=orders)".
	Through string `json:"through"`
	// Enforcement is Deny, Warn or Audit, and left out where rollouts are not
	// judged.
	Enforcement string `json:"enforcement,omitempty"`
	// PlannedDowntime is the one of the API that is open or comes next, and left out where there is none.
	PlannedDowntime string `json:"plannedDowntime,omitempty"`
	// Stops is why the change that is checked is refused while no downtime is planned, or where the workload is explained as
	// it is any rollout of it, as admission says it: it takes pods away that customers need. Left out where it is not.
	Stops string `json:"stops,omitempty"`
	// Named are the revisions of the API that the annotation names. One that is
	// governed names exactly one.
	Named []string `json:"named,omitempty"`
	// Answer, Reason and Rules say whether the pods as they are could be created
	// anew.
	Answer  string   `json:"answer"`
	Reason  string   `json:"reason"`
	Rules   []string `json:"rules,omitempty"`
	Message string   `json:"message"`
	// Verdict is that on the one revision that is named.
	Verdict *Verdict `json:"verdict,omitempty"`
	// Downtime is what the downtime budgets of the API say of rollouts of the
	// workload. Left out where they say nothing.
	Downtime *DowntimeResult `json:"downtime,omitempty"`
}

// UnknownRevision is a name that means no revision of what the workload carries.
type UnknownRevision struct {
	Name string `json:"name"`
	// API is the API that it is a revision of, where there is one.
	API string `json:"api,omitempty"`
}

// NoticeResult explains a ChangeNotice.
type NoticeResult struct {
	API   string `json:"api"`
	Title string `json:"title"`
	State string `json:"state"`
	// Published and Matured are the conditions of that name, as found now.
	Published ConditionResult `json:"published"`
	Matured   ConditionResult `json:"matured"`
	// Rules are the rules that the two follow from.
	Rules         []string     `json:"rules,omitempty"`
	PublishedTime *metav1.Time `json:"publishedTime,omitempty"`
	EffectiveTime *metav1.Time `json:"effectiveTime,omitempty"`
	EarliestTime  *metav1.Time `json:"earliestTime,omitempty"`
	MaturesTime   *metav1.Time `json:"maturesTime,omitempty"`
	LapsesTime    *metav1.Time `json:"lapsesTime,omitempty"`
	DaysLeft      *int32       `json:"daysLeft,omitempty"`
	// DowntimeMinutes is how long a planned downtime lasts: it begins at MaturesTime and is over at LapsesTime.
	DowntimeMinutes int32 `json:"downtimeMinutes,omitempty"`
	// ApologyFor is the DowntimeBudget for which it is an apology.
	ApologyFor   string                `json:"apologyFor,omitempty"`
	SupersededBy string                `json:"supersededBy,omitempty"`
	Owed         []v1alpha1.OwedNotice `json:"owed,omitempty"`
	// Content is where it is not what the policies ask of a notice.
	Content []ContentResult `json:"content,omitempty"`
	// Covers are the entries, each with the changes of revisions that it matches.
	Covers []CoveredResult `json:"covers,omitempty"`
}

// ContentResult is a rule that a notice does not keep.
type ContentResult struct {
	Rule   string `json:"rule"`
	Policy string `json:"policy"`
	// Field is where, below spec, and Sentence what stands there.
	Field    string `json:"field"`
	Sentence string `json:"sentence,omitempty"`
	Text     string `json:"text"`
}

// ConditionResult is a condition as found now.
type ConditionResult struct {
	Status  bool   `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// CoveredResult is an entry of a notice.
type CoveredResult struct {
	v1alpha1.CoveredChange `json:",inline"`
	// Changes are those of the revisions that are there, as last judged.
	Changes []CoveredBy `json:"changes,omitempty"`
}

// CoveredBy is a change of a revision.
type CoveredBy struct {
	Revision    string `json:"revision"`
	Fingerprint string `json:"fingerprint"`
	Operation   string `json:"operation,omitempty"`
	Text        string `json:"text"`
}

// APIResult explains a CustomerAPI.
type APIResult struct {
	Title string `json:"title"`
	Owner string `json:"owner,omitempty"`
	// Governed says whether rollouts are judged, and why.
	Governed    ConditionResult `json:"governed"`
	Enforcement string          `json:"enforcement,omitempty"`
	// Terms are what customers are owed, and who says so.
	Terms []TermResult `json:"terms,omitempty"`
	// PolicyErrors are what cannot be read in the policies that bind.
	PolicyErrors []string `json:"policyErrors,omitempty"`
	// Promised, Serving, WayBack and BrokenPromises are those of the status.
	Promised       []v1alpha1.PromisedContract `json:"promised,omitempty"`
	Serving        []v1alpha1.ServingRevision  `json:"serving,omitempty"`
	WayBack        []v1alpha1.PastRevision     `json:"wayBack,omitempty"`
	BrokenPromises []v1alpha1.BrokenPromise    `json:"brokenPromises,omitempty"`
	// Deletable says whether the API, its Services and its last workload may be
	// deleted.
	Deletable DeletionResult `json:"deletable"`
	// Revisions are the proposals with the verdicts last published, the newest
	// first.
	Revisions []RevisionSummary `json:"revisions,omitempty"`
	// Notices are those of the API.
	Notices []NoticeSummary `json:"notices,omitempty"`
}

// TermResult is how much notice is owed for a class of change.
type TermResult struct {
	Class     string `json:"class"`
	Stability string `json:"stability,omitempty"`
	Days      int    `json:"days"`
	// CountedAs is Days or BusinessDays.
	CountedAs string `json:"countedAs"`
	TimeZone  string `json:"timeZone"`
	Policy    string `json:"policy"`
}

// DeletionResult says whether something may be deleted.
type DeletionResult struct {
	Allowed bool   `json:"allowed"`
	Message string `json:"message,omitempty"`
}

// RevisionSummary is a revision among others.
type RevisionSummary struct {
	Name         string       `json:"name"`
	Answer       string       `json:"answer"`
	Reason       string       `json:"reason"`
	Breaking     int          `json:"breaking"`
	Uncovered    int          `json:"uncovered"`
	EarliestTime *metav1.Time `json:"earliestTime,omitempty"`
}
