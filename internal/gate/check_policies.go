package gate

import (
	"errors"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// checkPolicies finds policies that cannot be read: what they owe is not known, so nothing passes (R12).
func checkPolicies(r *reading) []Finding {
	var found []Finding
	for _, err := range r.policyErrors {
		found = append(found, policyInvalid(err.Policy, err.Field, err.Err))
	}
	seen := map[string]bool{}
	for _, w := range r.needing() {
		if err := w.owed.err; err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			found = append(found, policyInvalid("", "owed", err))
		}
	}
	return found
}

func policyInvalid(policy, field string, err error) Finding {
	var in *notice.PolicyError
	if errors.As(err, &in) {
		policy, field, err = in.Policy, in.Field, in.Err
	}
	path := "noticepolicy/" + short(policy)
	if field != "" {
		path += " spec." + field
	}
	return Finding{
		Reason: v1alpha1.ReasonPolicyInvalid, Blocks: true,
		Path:    path,
		Message: singleLine(err.Error(), maxDetailLength),
	}
}
