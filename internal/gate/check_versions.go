package gate

import (
	"fmt"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// checkVersions finds versions that the CustomerAPI neither declares nor has promised: nobody said how stable
// they are, and what is declared for them would reach nobody.
func checkVersions(r *reading) []Finding {
	var found []Finding
	undeclared := func(path string, version v1alpha1.VersionName) {
		declared := slices.ContainsFunc(r.API.Spec.Versions, func(v v1alpha1.APIVersion) bool { return v.Name == version })
		if declared || r.promises(string(version)) {
			return
		}
		name := short(string(version))
		found = append(found, Finding{
			Reason: v1alpha1.ReasonVersionUndeclared, Blocks: true, Path: path,
			Message: fmt.Sprintf("version %s is not one of customerapi/%s: add it to spec.versions there, or leave it out here",
				name, short(r.API.Name)),
		})
	}
	for _, c := range r.Revision.Spec.Contracts {
		undeclared(contractPath(string(c.Version)), c.Version)
	}
	for _, d := range r.Revision.Spec.DeclaredChanges {
		undeclared(fmt.Sprintf("spec.declaredChanges[%s]", short(string(d.ID))), d.Version)
	}
	return found
}
