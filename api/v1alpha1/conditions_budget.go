package v1alpha1

// ConditionMeasured is on DowntimeBudget.
//
// True: the API is watched. False: it cannot be, and the message says what to
// do. Unknown: nobody looked yet.
const ConditionMeasured = "Measured"

// Reasons of Measured.
const (
	// ReasonMeasured: the API is watched.
	ReasonMeasured = "Measured"
	// ReasonNotMeasured: nobody looked yet.
	ReasonNotMeasured = "NotMeasured"
	// ReasonNoServices: the API names no Service, and no query is there.
	ReasonNoServices = "NoServices"
	// ReasonNeverReady: nothing of the API was ever ready.
	ReasonNeverReady = "NeverReady"
	// ReasonForeignEndpoints: somebody writes EndpointSlices of its Services by
	// hand.
	ReasonForeignEndpoints = "ForeignEndpoints"
	// ReasonQueryFailed: the Prometheus server gave no answer to believe.
	ReasonQueryFailed = "QueryFailed"
)

// ConditionObserved is on DowntimeBudget.
//
// True: forewarn looked all the time of the window. False: it did not.
const ConditionObserved = "Observed"

// Reasons of Observed.
const (
	// ReasonObserved: it looked all the time.
	ReasonObserved = "Observed"
	// ReasonGaps: for some time it did not.
	ReasonGaps = "Gaps"
)

// ConditionWithinBudget is on DowntimeBudget.
//
// True: some of the unplanned minutes is left. False: they are spent, and the
// message says what is refused and until when.
const ConditionWithinBudget = "WithinBudget"

// Reasons of WithinBudget.
const (
	// ReasonWithinBudget: some is left.
	ReasonWithinBudget = "WithinBudget"
	// ReasonSpent: nothing is left.
	ReasonSpent = "Spent"
)
