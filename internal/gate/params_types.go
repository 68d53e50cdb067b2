package gate

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// NamespaceInput is all that the gates of a namespace depend on.
type NamespaceInput struct {
	Now       time.Time
	Namespace string
	// OwnNamespace is that of forewarn itself, which is never governed.
	OwnNamespace string
	// Epoch is the leaseTransitions of the leader that writes.
	Epoch int64
	APIs  []PublishedAPI
	// Stopping are the Deployments, StatefulSets and DaemonSets whose rollout may stop all their pods before others are ready.
	// While one is under way, it is with how many replicas or fewer it does; 0: none is, or the number does not matter.
	Stopping map[v1alpha1.WorkloadRef]int32
	// Revisions are those that exist. What serves or may be rolled back to is known from the APIs.
	Revisions []PublishedRevision
	// Limit is how many bytes each gate may hold. 0: DefaultGateLimit.
	Limit int
}

// PublishedAPI is one CustomerAPI of the namespace.
type PublishedAPI struct {
	// API is the CustomerAPI with its status: selectors, serving, promised, way back.
	API *v1alpha1.CustomerAPI
	// Governed says that it is in a gate at all, Enforcement in which.
	Governed    bool
	Enforcement v1alpha1.Enforcement
	// ImagesRequired says that the images of pods are compared with those of the revision.
	ImagesRequired bool
	// Keepers are the workloads that are not to be deleted while Held, in order.
	Keepers []v1alpha1.WorkloadRef
	// Resting are the Services of carriedBy to which its HTTPRoutes lead nobody now.
	Resting []string
	// Signals are what the owners of its HTTPRoutes have to write into them.
	Signals []RouteSignal
	// Held and Hold are the answer of Deletion.
	Held bool
	Hold string
	// WindowOpen is the end of the planned downtime that is open now, empty for none.
	WindowOpen string
	// Outage is the text of Downtime, for what is refused while none is open.
	Outage string
	// Led is by what ports its HTTPRoutes lead to its Services.
	Led LedTo
	// Running are the label sets of what runs, by what runs there.
	Running []RunningSet
	// Downtime is the answer of Spent.
	Downtime SpentVerdict
}

// PublishedRevision is one revision of the namespace.
type PublishedRevision struct {
	Name string
	API  string
	// Created orders what has to be left out of a gate that is full.
	Created time.Time
	Images  []string
	// Verdict is nil while the revision is not judged.
	Verdict *Verdict
}

// Published is what the gates of a namespace hold.
type Published struct {
	// Governed says that the namespace has gates. Without, all else is empty.
	Governed bool
	// Gates is the data of the ConfigMap for each enforcement.
	Gates map[v1alpha1.Enforcement]map[string]string
	// Until are the annotations of the namespace at which admissions end, and planned downtimes.
	Until map[string]string
	// Dropped says what did not fit, in the order in which it was left out: the enforcement, a blank and what.
	Dropped []string
	// LostSelectors are the APIs that have a selector which cannot be in a gate, or none at all: nothing is
	// left of it once slot keys are left out, or its labels are such as no pod can have.
	LostSelectors []string
}

// Idle says that the gate of an enforcement holds no API: it answers no request.
func (p Published) Idle(e v1alpha1.Enforcement) bool {
	_, holds := p.Gates[e][keyAPIs]
	return !holds
}
