package gate

import (
	"cmp"
	"fmt"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// checkContracts finds documents that could not be read, those of the promise included: what changes is not
// known, so nothing passes (R12).
func checkContracts(r *reading) []Finding {
	var found []Finding
	for _, p := range r.Proposal.Problems {
		path := contractPath(p.Version)
		if p.Reason == v1alpha1.ReasonPromiseUnreadable {
			path = fmt.Sprintf("customerapi/%s status.promised[%s]", short(r.API.Name), short(p.Version))
		}
		found = append(found, Finding{
			Reason: cmp.Or(p.Reason, v1alpha1.ReasonContractUnreadable), Blocks: true, Path: path, Message: singleLine(p.Message, maxDetailLength),
		})
	}
	listed := map[v1alpha1.VersionName]int{}
	for _, c := range r.Revision.Spec.Contracts {
		listed[c.Version]++
		if listed[c.Version] == 1 && !accounted(r.Proposal, c.Version) {
			found = append(found, Finding{
				Reason: v1alpha1.ReasonContractUnreadable, Blocks: true, Path: contractPath(string(c.Version)),
				Message: fmt.Sprintf("the contract of %s was not read", short(string(c.Version))),
			})
		}
		if listed[c.Version] == 2 {
			found = append(found, Finding{
				Reason: v1alpha1.ReasonContractUnreadable, Blocks: true, Path: contractPath(string(c.Version)),
				Message: fmt.Sprintf("version %s is listed more than once: list one contract for each version",
					short(string(c.Version))),
			})
		}
	}
	if len(listed) == 0 {
		found = append(found, Finding{
			Reason: v1alpha1.ReasonContractEmpty, Blocks: true, Path: "spec.contracts",
			Message: "it lists no contract: list one for each version that is served",
		})
	}
	return found
}

// accounted says that a contract of the spec was read, or that there is a reason why not.
func accounted(p Proposal, version v1alpha1.VersionName) bool {
	return slices.ContainsFunc(p.Contracts, func(c v1alpha1.JudgedContract) bool { return c.Version == version }) ||
		slices.ContainsFunc(p.Problems, func(p Problem) bool { return p.Version == string(version) })
}

func contractPath(version string) string {
	return fmt.Sprintf("spec.contracts[%s]", short(version))
}
