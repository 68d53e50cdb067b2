package downtime

import (
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// sliceController is who writes the EndpointSlices that count: they say what Kubernetes itself found of the pods.
const sliceController = "endpointslice-controller.k8s.io"

// Foreign says that somebody else than Kubernetes writes an EndpointSlice. It says what its writer pleases.
func Foreign(slice *discoveryv1.EndpointSlice) bool {
	return slice.Labels[discoveryv1.LabelManagedBy] != sliceController
}

// Ready are the endpoints of a slice that take traffic, each by what it is the same by in all slices: the pod, which has
// an endpoint for each of its address families, or its first address.
func Ready(slice *discoveryv1.EndpointSlice) []string {
	if Foreign(slice) {
		return nil
	}
	var ready []string
	for i := range slice.Endpoints {
		endpoint := &slice.Endpoints[i]
		// Left out, ready means ready. One that terminates takes no new traffic, whatever its Service publishes.
		if !ptr.Deref(endpoint.Conditions.Ready, true) || ptr.Deref(endpoint.Conditions.Terminating, false) {
			continue
		}
		if endpoint.TargetRef != nil && endpoint.TargetRef.UID != "" {
			ready = append(ready, string(endpoint.TargetRef.UID))
		} else if len(endpoint.Addresses) > 0 {
			ready = append(ready, endpoint.Addresses[0])
		}
	}
	return ready
}

// Backing is what stands behind a Service.
type Backing struct {
	// Ready is the number of its endpoints that are.
	Ready int32
	// Expected is how many there ought to be.
	Expected int32
}

// Expected is how many pods of a Service ought to be ready: as many as are wanted, but no more than ever were since so
// many are wanted. Without that an API that is scaled up would be degraded until the last pod is there. It is handed what
// it was until now. Where nobody knows how many are wanted, it is the most that ever were.
func Expected(until, ready int32, wanted *int32) int32 {
	if wanted == nil {
		return max(until, ready)
	}
	return max(min(until, *wanted), min(ready, *wanted))
}

// StateOf is the state of an API that needs all of its Services: that of the worst.
func StateOf(services []Backing, minReady, minReadyPercent int32) v1alpha1.Availability {
	state := v1alpha1.AvailabilityUp
	for _, s := range services {
		switch {
		case s.Ready <= 0:
			return v1alpha1.AvailabilityDown
		case s.Ready < minReady, int64(s.Ready)*100 < int64(minReadyPercent)*int64(s.Expected):
			state = v1alpha1.AvailabilityDegraded
		}
	}
	return state
}
