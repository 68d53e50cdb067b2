package snapshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// schedules are those of an API.
func (s *Snapshot) schedules(ctx context.Context, namespace, api string) ([]v1alpha1.DeprecationSchedule, error) {
	var list v1alpha1.DeprecationScheduleList
	if err := s.objects.List(ctx, &list, client.InNamespace(namespace), OfAPI(api)); err != nil {
		return nil, fmt.Errorf("listing deprecation schedules of %s: %w", api, err)
	}
	return list.Items, nil
}

// readMarks finds out which operations are not marked as deprecated, in the documents of the versions of which something
// is deprecated by now. Nothing else has to be read for it.
func (r *reader) readMarks(ctx context.Context, now time.Time, schedules []v1alpha1.DeprecationSchedule) error {
	for i := range schedules {
		version := schedules[i].Spec.Version
		doc := r.documents[version]
		if doc == nil || !gate.DeprecatedBy(&schedules[i], now) || r.proposal.NotDeprecated[string(version)] != nil {
			continue
		}
		operations, problem, err := r.snapshot.notDeprecated(ctx, doc)
		if err != nil {
			return err
		}
		if problem != nil {
			problem.Version = string(version)
			r.proposal.Problems = append(r.proposal.Problems, *problem)
			continue
		}
		if r.proposal.NotDeprecated == nil {
			r.proposal.NotDeprecated = map[string][]string{}
		}
		r.proposal.NotDeprecated[string(version)] = operations
	}
	return nil
}

// notDeprecated are the operations that a document does not mark as deprecated. The list is there, if it is empty.
func (s *Snapshot) notDeprecated(ctx context.Context, doc *document) ([]string, *gate.Problem, error) {
	var unread *gate.Problem
	operations, err := s.memory.marks.get(doc.name(), func() ([]string, error) {
		read, problem, err := doc.load(ctx)
		if err != nil {
			return nil, err
		}
		if unread = problem; problem != nil {
			return nil, errUnreadable
		}
		return append([]string{}, read.parsed.NotDeprecated()...), nil
	})
	if errors.Is(err, errUnreadable) {
		if unread == nil { // somebody else was about to read it
			_, unread, err = doc.load(ctx)
			return nil, unread, err
		}
		return nil, unread, nil
	}
	return operations, nil, err
}
