package snapshot

import (
	"context"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

// StillPromised says that customers of the API are promised a version, or any of these operations of it. What cannot be
// read may promise anything.
func (s *Snapshot) StillPromised(ctx context.Context, api *v1alpha1.CustomerAPI, version v1alpha1.VersionName, operations []string) (bool, error) {
	if len(operations) == 0 {
		return slices.ContainsFunc(api.Status.Promised, func(p v1alpha1.PromisedContract) bool { return p.Version == version }), nil
	}
	promised, problem, err := s.PromisedOperations(ctx, api, version)
	if err != nil || problem != nil {
		return true, err
	}
	return slices.ContainsFunc(promised, func(operation string) bool {
		return slices.ContainsFunc(operations, func(gone string) bool { return plainOperation(gone) == plainOperation(operation) })
	}), nil
}

// PromisedOperations are those of a version that customers of the API are promised; nil where nothing of it is promised.
func (s *Snapshot) PromisedOperations(
	ctx context.Context, api *v1alpha1.CustomerAPI, version v1alpha1.VersionName,
) ([]string, *gate.Problem, error) {
	var operations []string
	for i := range api.Status.Promised {
		promised := &api.Status.Promised[i]
		if promised.Version != version {
			continue
		}
		read, problem, err := s.kept(api.Namespace, promised.Contract).load(ctx)
		if err != nil || problem != nil {
			return nil, problem, err
		}
		operations = append(operations, read.parsed.Operations()...)
		if operations == nil {
			operations = []string{}
		}
	}
	return operations, nil, nil
}

// plainOperation is an operation as two are compared, whatever its parameters are called.
func plainOperation(operation string) string {
	if used, ok := notice.UsedOperation(operation); ok {
		return used
	}
	return notice.Operation(operation)
}
