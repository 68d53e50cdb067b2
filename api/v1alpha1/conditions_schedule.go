package v1alpha1

// ConditionSignalled is on DeprecationSchedule.
//
// True: the responses of its routes say what they have to, or need not yet.
// False: a route lacks it. Unknown: the routes could not be looked at.
const ConditionSignalled = "Signalled"

// Reasons of Signalled.
const (
	// ReasonSignalled: each route says it.
	ReasonSignalled = "Signalled"
	// ReasonNoRoutes: the schedule names no route.
	ReasonNoRoutes = "NoRoutes"
	// ReasonSignalsMissing: a route does not say it.
	ReasonSignalsMissing = "SignalsMissing"
	// ReasonRouteNotFound: a route, or one of its rules, is not there.
	ReasonRouteNotFound = "RouteNotFound"
	// ReasonNoGatewayAPI: the cluster does not serve HTTPRoutes.
	ReasonNoGatewayAPI = "NoGatewayAPI"
	// ReasonBrownoutFailed: a brownout did not begin, or did not end, as
	// customers were told.
	ReasonBrownoutFailed = "BrownoutFailed"
)

// ConditionRemovalAllowed is on DeprecationSchedule.
//
// True: what it takes away may be removed. False: not yet, and the message
// says why. Unknown: who still uses it is not known.
const ConditionRemovalAllowed = "RemovalAllowed"

// Reasons of RemovalAllowed, besides Draft, NotPublished and Withdrawn.
const (
	// ReasonRemovable: its date has come, and nothing stands in the way.
	ReasonRemovable = "Removable"
	// ReasonRemoved: it is served no more.
	ReasonRemoved = "Removed"
	// ReasonNotYet: its date has not come.
	ReasonNotYet = "NotYet"
	// ReasonStillUsed: customers use it, and it requires that none does.
	ReasonStillUsed = "StillUsed"
	// ReasonNotAcknowledged: customers who use it did not acknowledge its end.
	ReasonNotAcknowledged = "NotAcknowledged"
	// ReasonUsageNotKnown: it is not known who uses it.
	ReasonUsageNotKnown = "UsageNotKnown"
)
