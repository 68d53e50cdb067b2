package v1alpha1

// ConditionReady is on every kind.
//
// True: the object was read and acted upon. False: something in it has to be
// put right, and the message says what. Unknown: forewarn could not look.
const ConditionReady = "Ready"

// Reasons of Ready.
const (
	// ReasonReady: nothing is to be done.
	ReasonReady = "Ready"
	// ReasonPolicyInvalid: a NoticePolicy cannot be read; its last generation
	// that could be read stays in force.
	ReasonPolicyInvalid = "PolicyInvalid"
	// ReasonAPINotFound: the CustomerAPI that is named does not exist.
	ReasonAPINotFound = "APINotFound"
	// ReasonRevisionNotFound: the APIRevision that is named does not exist.
	ReasonRevisionNotFound = "RevisionNotFound"
	// ReasonCarrierNotFound: a Service that carries the API does not exist, or
	// selects nothing once slot keys are left out. The labels last known stay.
	ReasonCarrierNotFound = "CarrierNotFound"
	// ReasonCarrierChanged: labels that carriedBy gives no more stay in force,
	// since something that serves, or a Service, still has them.
	ReasonCarrierChanged = "CarrierChanged"
	// ReasonLookupFailed: the API server did not answer, or has what forewarn has
	// not seen or not read yet. What was known stays.
	ReasonLookupFailed = "LookupFailed"
	// ReasonProposalInvalid: a ConfigMap that proposes a revision holds nothing
	// that can be one.
	ReasonProposalInvalid = "ProposalInvalid"
	// ReasonUnreadable, of an event: the object does not fit its kind, and counts
	// as not there where that refuses more. It was stored while a schema was looser.
	ReasonUnreadable = "Unreadable"
	// ReasonTerminating: the object is being deleted. What it stands for already
	// stands until it is gone, and nothing new is added.
	ReasonTerminating = "Terminating"
	// ReasonGateNotWritten: the gate of the namespace could not be written; the
	// last one stands.
	ReasonGateNotWritten = "GateNotWritten"
	// ReasonGateFull: the gate of the namespace is full. Texts and verdicts of
	// old revisions were left out, never what serves.
	ReasonGateFull = "GateFull"
	// ReasonListInvalid: a list of customers cannot be read, or holds nobody.
	// The last one that could be read stays in force.
	ReasonListInvalid = "ListInvalid"
	// ReasonListStale: a list of customers is older than it may be, or nobody
	// says how old it is.
	ReasonListStale = "ListStale"
	// ReasonChannelInvalid: something in a NoticeChannel cannot be read.
	ReasonChannelInvalid = "ChannelInvalid"
	// ReasonSecretNotFound: a Secret or a key of it is not there.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretDenied: the namespace does not let forewarn read its Secrets.
	ReasonSecretDenied = "SecretDenied"
	// ReasonSendingFailed: the last attempt to send by a NoticeChannel failed,
	// through no fault of a customer.
	ReasonSendingFailed = "SendingFailed"
	// ReasonNoticeInTheWay: a ChangeNotice that the schedule did not make has the
	// name of one that it has to make.
	ReasonNoticeInTheWay = "NoticeInTheWay"
	// ReasonNoticeDiffers: a ChangeNotice by which customers were told of the
	// schedule says something else by now. What it says stands.
	ReasonNoticeDiffers = "NoticeDiffers"
	// ReasonWindowInvalid: the time zone of the window of a DowntimeBudget is not
	// known. Until it is, as much counts as would in any zone.
	ReasonWindowInvalid = "WindowInvalid"
)

// ConditionTakesBounces is on a NoticeChannel that says how mails that come back
// are taken in.
//
// True: the keys that they are signed with can be read. False: none are taken,
// and the message says what has to be put right.
const ConditionTakesBounces = "TakesBounces"

// Reasons of TakesBounces, besides those of Ready.
const (
	// ReasonNotServed: the manager has no port to take them in at.
	ReasonNotServed = "NotServed"
)

// ConditionReachable is on Audience.
//
// True: a contact leads to each customer. False: some would not hear, and the
// message says how many. Unknown: the list could not be read.
const ConditionReachable = "Reachable"

// Reasons of Reachable.
const (
	// ReasonAllReachable: a contact leads to each customer.
	ReasonAllReachable = "AllReachable"
	// ReasonCustomersUnreachable: no contact leads to some customers.
	ReasonCustomersUnreachable = "CustomersUnreachable"
)

// ConditionUsageKnown is on Audience where it has a usage query.
//
// True: the last answer tells which customers used what. False: it tells
// nothing that could be believed, and the message says what to do; an earlier
// answer counts until it is 24 hours old.
const ConditionUsageKnown = "UsageKnown"

// Reasons of UsageKnown, besides those of Secrets and lists, and ClockOffset.
const (
	// ReasonUsageKnown: it was answered.
	ReasonUsageKnown = "UsageKnown"
	// ReasonUsageUnreachable: the server gave no answer.
	ReasonUsageUnreachable = "UsageUnreachable"
	// ReasonUsageRefused: the server answered with an error.
	ReasonUsageRefused = "UsageRefused"
	// ReasonUsagePartial: the server warns that something is missing.
	ReasonUsagePartial = "UsagePartial"
	// ReasonUsageInvalid: the answer is not one sample for each customer and
	// operation, or the query cannot be asked.
	ReasonUsageInvalid = "UsageInvalid"
	// ReasonUsageEmpty: the answer holds no sample, as with a metric that does
	// not exist.
	ReasonUsageEmpty = "UsageEmpty"
	// ReasonUsageTooShort: the server's memory does not reach back so far.
	ReasonUsageTooShort = "UsageTooShort"
	// ReasonUsageTooLarge: the answer is longer than can be kept.
	ReasonUsageTooLarge = "UsageTooLarge"
)

// ConditionJudged is on APIRevision.
//
// True: there is a verdict, in Admissible. False: there is none yet, and none
// will come until something is put right. A pipeline waits for True.
const ConditionJudged = "Judged"

// ConditionAdmissible is on APIRevision.
//
// True: the API server lets it roll out. False: it is refused, or would be,
// and the message says why and until when. Unknown: it could not be decided,
// which counts as refused.
const ConditionAdmissible = "Admissible"

// Reasons of Judged and Admissible.
const (
	// ReasonJudged: there is a verdict.
	ReasonJudged = "Judged"
	// ReasonCompatible: nothing that customers rely on changes.
	ReasonCompatible = "Compatible"
	// ReasonNoticeGiven: each change is covered by a notice that has matured.
	ReasonNoticeGiven = "NoticeGiven"
	// ReasonBaseline: nothing is promised yet, so there is nothing to break.
	ReasonBaseline = "Baseline"
	// ReasonNotGoverned: no policy selects the API.
	ReasonNotGoverned = "NotGoverned"
	// ReasonServing: it serves, and what serves may always be restarted.
	ReasonServing = "Serving"
	// ReasonWayBack: it served lately, and the way back is always open.
	ReasonWayBack = "WayBack"
	// ReasonWaived: a Waiver lets it pass.
	ReasonWaived = "Waived"
	// ReasonNoticeMissing: customers were not told of some changes.
	ReasonNoticeMissing = "NoticeMissing"
	// ReasonNoticeRunning: customers were told, and the notice has not matured.
	ReasonNoticeRunning = "NoticeRunning"
	// ReasonContractNotFound: the ConfigMap or the key is not there.
	ReasonContractNotFound = "ContractNotFound"
	// ReasonContractUnreadable: a contract document cannot be read.
	ReasonContractUnreadable = "ContractUnreadable"
	// ReasonContractTooLarge: a contract document is over a limit.
	ReasonContractTooLarge = "ContractTooLarge"
	// ReasonContractEmpty: a contract document holds nothing.
	ReasonContractEmpty = "ContractEmpty"
	// ReasonPromiseUnreadable: a kept contract cannot be read.
	ReasonPromiseUnreadable = "PromiseUnreadable"
	// ReasonDigestMismatch: the name was made for other contents.
	ReasonDigestMismatch = "DigestMismatch"
	// ReasonNameReused: another revision served under this name.
	ReasonNameReused = "NameReused"
	// ReasonImagesMissing: the policy requires images, and none are listed.
	ReasonImagesMissing = "ImagesMissing"
	// ReasonVersionUndeclared: a contract is of a version that the CustomerAPI
	// does not declare.
	ReasonVersionUndeclared = "VersionUndeclared"
	// ReasonDeprecationNotMarked: a contract does not mark as deprecated what a
	// DeprecationSchedule deprecated by now.
	ReasonDeprecationNotMarked = "DeprecationNotMarked"
	// ReasonClockUnreliable: the clock ran backwards or is far ahead of the API
	// server's.
	ReasonClockUnreliable = "ClockUnreliable"
)

// ConditionDelivered is on ChangeNotice where the API has an Audience.
//
// True: it was delivered to as many customers as its clock needs. False: not
// yet, and the message says how many are missing and why. Unknown: it was not
// published.
const ConditionDelivered = "Delivered"

// Reasons of Delivered.
const (
	// ReasonDelivered: it was delivered.
	ReasonDelivered = "Delivered"
	// ReasonDelivering: it is under way.
	ReasonDelivering = "Delivering"
	// ReasonUndeliverable: too few customers can be reached as it is.
	ReasonUndeliverable = "Undeliverable"
)

// ConditionReminded is on ChangeNotice where customers are owed reminders.
//
// True: those that were due reached enough of them in time. False: one did not,
// and the message says which, by which policy, and when they were reached after
// all. Unknown: none has been due.
const ConditionReminded = "Reminded"

// Reasons of Reminded, and of Matured where a missed reminder delays it.
const (
	// ReasonKeptReminders: customers were reminded in time.
	ReasonKeptReminders = "KeptReminders"
	// ReasonRadioSilence: customers were not reminded in time.
	ReasonRadioSilence = "RadioSilence"
	// ReasonNotYetDue: no reminder has been due.
	ReasonNotYetDue = "NotYetDue"
)

// ConditionPublished is on ChangeNotice and DeprecationSchedule.
//
// True: customers were told, and the clock runs. False: they were not, or not
// of all of it, and the message says what is missing or from which date on it
// would do.
const ConditionPublished = "Published"

// ConditionMatured is on ChangeNotice.
//
// True: what it covers may serve. False: not yet, or no longer.
const ConditionMatured = "Matured"

// Reasons of Published and Matured.
const (
	// ReasonDraft: the author has not published it.
	ReasonDraft = "Draft"
	// ReasonPublished: it was published.
	ReasonPublished = "Published"
	// ReasonTooSoon: its date is earlier than what customers are owed.
	ReasonTooSoon = "TooSoon"
	// ReasonIncomplete: something that customers need is missing from it.
	ReasonIncomplete = "Incomplete"
	// ReasonContentRefused: its texts, or whom it is for, are not what a policy
	// asks of a notice.
	ReasonContentRefused = "ContentRefused"
	// ReasonQuietHours: it waits until the quiet hours of customers are over.
	ReasonQuietHours = "QuietHours"
	// ReasonWithdrawn: it was withdrawn.
	ReasonWithdrawn = "Withdrawn"
	// ReasonSuperseded: another notice replaces it.
	ReasonSuperseded = "Superseded"
	// ReasonRunning: the period runs.
	ReasonRunning = "Running"
	// ReasonMatured: the period has run and the date has come.
	ReasonMatured = "Matured"
	// ReasonAcknowledging: too few customers acknowledged it to start its clock.
	ReasonAcknowledging = "Acknowledging"
	// ReasonHeld: more customers need more time than the policies let pass, and
	// nobody has answered them.
	ReasonHeld = "Held"
	// ReasonKept: a DeprecationSchedule keeps what it covers.
	ReasonKept = "Kept"
	// ReasonApology: it says what happened, and covers nothing.
	ReasonApology = "Apology"
	// ReasonLapsed: too long after its date, it covers nothing any more.
	ReasonLapsed = "Lapsed"
	// ReasonAudienceUnknown: who the customers are, and so what they are owed,
	// is not known.
	ReasonAudienceUnknown = "AudienceUnknown"
	// ReasonNoAnswers: its clock starts when customers acknowledge it, and this
	// forewarn takes no answers.
	ReasonNoAnswers = "NoAnswers"
	// ReasonNotPublished: it was not published, so nothing runs.
	ReasonNotPublished = "NotPublished"
)

// ConditionGoverned is on CustomerAPI.
//
// True: rollouts are judged. False: no policy selects the API, or nothing of it
// has ever served.
const ConditionGoverned = "Governed"

// Reasons of Governed.
const (
	// ReasonGoverned: the gate of the namespace holds the API.
	ReasonGoverned = "Governed"
	// ReasonNoPolicy: no NoticePolicy selects the API.
	ReasonNoPolicy = "NoPolicy"
	// ReasonNeverServed: nothing of it has ever served.
	ReasonNeverServed = "NeverServed"
	// ReasonNamespaceExempt: namespaces of the system are never governed.
	ReasonNamespaceExempt = "NamespaceExempt"
)

// ConditionBaselineConfirmed is on CustomerAPI.
//
// True: somebody with the verb "approve" confirmed the first contract. False:
// it was merely declared.
const ConditionBaselineConfirmed = "BaselineConfirmed"

// Reasons of BaselineConfirmed.
const (
	// ReasonConfirmed: it was confirmed.
	ReasonConfirmed = "Confirmed"
	// ReasonDeclared: it was declared, and nothing compared it with what serves.
	ReasonDeclared = "Declared"
	// ReasonNoBaseline: nothing is promised yet.
	ReasonNoBaseline = "NoBaseline"
)

// ConditionRoutesAccepted is on CustomerAPI where it names HTTPRoutes.
//
// True: each parent of each route says that it accepts it and finds what it
// leads to. False: one says otherwise, or nothing any more, and customers may
// not get through. Unknown: a parent never said anything.
const ConditionRoutesAccepted = "RoutesAccepted"

// Reasons of RoutesAccepted, besides RouteNotFound and NoGatewayAPI.
const (
	// ReasonRoutesAccepted: each parent accepts them.
	ReasonRoutesAccepted = "RoutesAccepted"
	// ReasonRouteNotAccepted: a parent does not accept a route.
	ReasonRouteNotAccepted = "RouteNotAccepted"
	// ReasonRefsNotResolved: a parent does not find what a route leads to.
	ReasonRefsNotResolved = "RefsNotResolved"
	// ReasonRouteNotReported: a parent says nothing of a route.
	ReasonRouteNotReported = "RouteNotReported"
)

// ConditionActive is on Waiver.
//
// True: the revision may serve because of it. False: it has ended, or counts
// for nothing.
const ConditionActive = "Active"

// Reasons of Active.
const (
	// ReasonActive: it counts until its expireTime.
	ReasonActive = "Active"
	// ReasonExpired: it has ended.
	ReasonExpired = "Expired"
	// ReasonTooLong: it was to last more than 24 hours.
	ReasonTooLong = "TooLong"
)

// ConditionAdmissionWorks is on the NoticePolicy, and says whether the API
// server refuses what it must.
//
// True: it refuses a rehearsed violation, each API server does, and the
// policies are those that were shipped. False: something passes that must
// not. Unknown: nobody could try.
const ConditionAdmissionWorks = "AdmissionWorks"

// Reasons of AdmissionWorks.
const (
	// ReasonCanaryRefused: the rehearsed violation was refused everywhere.
	ReasonCanaryRefused = "CanaryRefused"
	// ReasonCanaryPassed: the rehearsed violation was let through.
	ReasonCanaryPassed = "CanaryPassed"
	// ReasonCanaryFailed: the rehearsal could not be carried out.
	ReasonCanaryFailed = "CanaryFailed"
	// ReasonPoliciesChanged: an admission policy of forewarn, or a binding of
	// one, is missing or is not what this version ships.
	ReasonPoliciesChanged = "PoliciesChanged"
)

// ConditionRehearsal is on the NoticePolicy where the clock was moved on.
const ConditionRehearsal = "Rehearsal"

// ReasonClockOffset says that verdicts are for a later time than now.
const ReasonClockOffset = "ClockOffset"
