package gate

import (
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// checkDigest finds a name that was made for other contents (A9): whoever trusts the name would run
// something else than was judged.
func checkDigest(r *reading) []Finding {
	claimed := r.Revision.Annotations[v1alpha1.DigestAnnotation]
	digest := digestOf(r.Input)
	if claimed == "" || digest == "" || claimed == string(digest) {
		return nil
	}
	return []Finding{{
		Reason: v1alpha1.ReasonDigestMismatch, Blocks: true,
		Path: fmt.Sprintf("metadata.annotations[%s]", v1alpha1.DigestAnnotation),
		Message: fmt.Sprintf("its name was made for contents with the digest %s, and these have %s: propose them under a name of their own",
			singleLine(claimed, shortDigest), singleLine(string(digest), shortDigest)),
	}}
}

// checkName finds a name under which something else served.
func checkName(r *reading) []Finding {
	if !nameReused(r.Input) {
		return nil
	}
	return []Finding{{
		Reason: v1alpha1.ReasonNameReused, Blocks: true, Path: "metadata.name",
		Message: "another revision served under this name: propose this one under another",
	}}
}
