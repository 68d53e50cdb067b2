package gate

import (
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// checkImages finds a revision that lists no images where a policy compares them.
func checkImages(r *reading) []Finding {
	policy, required := r.policies.ImagesRequired()
	if !required || len(r.Revision.Spec.Images) > 0 {
		return nil
	}
	return []Finding{{
		Reason: v1alpha1.ReasonImagesMissing, Blocks: true, Path: "spec.images",
		Message: fmt.Sprintf("it lists no images, and policy %s requires them: propose it with spec.images under another name",
			short(policy)),
	}}
}
