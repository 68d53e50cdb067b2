package snapshot

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// ControllerOf is the workload that controls an object, and the object itself where none does. The API server takes any
// text for the kind and the name of an owner: what nothing can be called is none, as it would be a line of a gate, and a
// status that the schema refuses.
func ControllerOf(object metav1.Object, itself v1alpha1.WorkloadRef) v1alpha1.WorkloadRef {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil || !namesWorkload(owner) {
		return itself
	}
	return v1alpha1.WorkloadRef{Kind: owner.Kind, Name: owner.Name}
}

func namesWorkload(owner *metav1.OwnerReference) bool {
	return len(validation.IsDNS1035Label(strings.ToLower(owner.Kind))) == 0 && len(validation.IsDNS1123Subdomain(owner.Name)) == 0
}
