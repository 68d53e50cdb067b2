package gate

import (
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// checkAPI finds a revision of another API: what is promised here says nothing about it.
func checkAPI(r *reading) []Finding {
	elsewhere := r.Revision.Namespace != "" && r.API.Namespace != "" && r.Revision.Namespace != r.API.Namespace
	ref := string(r.Revision.Spec.APIRef.Name)
	if ref == r.API.Name && !elsewhere {
		return nil
	}
	return []Finding{{
		Reason: v1alpha1.ReasonAPINotFound, Blocks: true, Path: "spec.apiRef",
		Message: fmt.Sprintf("it is a revision of customerapi/%s and not of customerapi/%s in its namespace",
			short(ref), short(r.API.Name)),
	}}
}
