package gate

import (
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// ConfirmedBaseline is the revision that somebody answers for (A20). A name counts from the moment at which it is
// seen to be promised, and for as long as it is named: what the promise moves on to was compared with it. A name
// that was never promised confirms nothing, though a manifest that is applied anew may still carry it.
func ConfirmedBaseline(api *v1alpha1.CustomerAPI) v1alpha1.ObjectName {
	named := api.Spec.Baseline.Revision
	promised := slices.ContainsFunc(api.Status.Promised, func(p v1alpha1.PromisedContract) bool { return p.Revision == named })
	if promised || named == api.Status.ConfirmedBaseline {
		return named
	}
	return ""
}
