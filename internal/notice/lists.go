package notice

import (
	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Lists says whether an entry of a notice lists the change, whatever becomes of the notice.
func Lists(entry v1alpha1.CoveredChange, c Change) bool {
	entry.Operation, c.Operation = Operation(entry.Operation), Operation(c.Operation)
	return covers(&entry, &c)
}
