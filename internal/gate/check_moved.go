package gate

import (
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// checkMoved names operations that are not gone: another API of the same product serves them unchanged (R16).
func checkMoved(r *reading) []Finding {
	var found []Finding
	for _, w := range r.changes {
		if w.movedTo != "" {
			found = append(found, Finding{
				Reason: v1alpha1.ReasonCompatible, Path: fmt.Sprintf("changes[%s]", w.Fingerprint),
				Message: fmt.Sprintf("%s: it has moved, customerapi/%s serves it unchanged",
					describe(w), short(w.movedTo)),
			})
		}
	}
	return found
}
