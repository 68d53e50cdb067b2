package snapshot

import (
	"context"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// StillPromised says that customers of the API are promised a version, or any of these operations of it. What cannot be
// read may promise anything.
func (s *Snapshot) StillPromised(ctx context.Context, api *v1alpha1.CustomerAPI, version v1alpha1.VersionName, operations []string) (bool, error) {
	for i := range api.Status.Promised {
		promised := &api.Status.Promised[i]
		if promised.Version != version {
			continue
		}
		if len(operations) == 0 {
			return true, nil
		}
		read, problem, err := s.kept(api.Namespace, promised.Contract).load(ctx)
		if err != nil || problem != nil {
			return true, err
		}
		for _, operation := range read.parsed.Operations() {
			if slices.ContainsFunc(operations, func(gone string) bool { return plainOperation(gone) == plainOperation(operation) }) {
				return true, nil
			}
		}
	}
	return false, nil
}

// plainOperation is an operation as two are compared, whatever its parameters are called.
func plainOperation(operation string) string {
	if used, ok := notice.UsedOperation(operation); ok {
		return used
	}
	return notice.Operation(operation)
}
