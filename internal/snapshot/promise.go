package snapshot

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// Promise returns what the promise of an API depends on, but for the keepers, which are not read from anywhere here.
func (s *Snapshot) Promise(ctx context.Context, now time.Time, api *v1alpha1.CustomerAPI, carriers Carriers) (gate.PromiseInput, error) {
	input := gate.PromiseInput{Now: now, API: api, Revisions: map[string]gate.RevisionFacts{}}
	var err error
	if input.Policies, err = s.Binding(ctx, now, api); err != nil {
		return input, err
	}
	for i := range input.Policies { // how long what serves stays promised is not known: what was known stays
		if err := Read(&input.Policies[i]); err != nil {
			return input, err
		}
	}
	if input.Observed, err = s.Observe(ctx, api, carriers); err != nil {
		return input, err
	}
	if input.Resting, err = s.Resting(ctx, api); err != nil {
		return input, err
	}
	for name := range namesServed(api, input.Observed) {
		facts, exists, err := s.facts(ctx, now, client.ObjectKey{Namespace: api.Namespace, Name: name})
		if err != nil {
			return input, fmt.Errorf("judging %s: %w", name, err)
		}
		if exists {
			input.Revisions[name] = facts
		}
	}
	return input, nil
}

// namesServed are the revisions that serve, served lately, or were seen just now.
func namesServed(api *v1alpha1.CustomerAPI, observed []gate.Observation) map[string]bool {
	names := map[string]bool{}
	for _, serving := range api.Status.Serving {
		names[string(serving.Revision)] = true
	}
	for _, past := range api.Status.WayBack {
		names[string(past.Revision)] = true
	}
	for i := range observed {
		for _, running := range observed[i].Running {
			names[running.Revision] = true
		}
	}
	delete(names, "")
	return names
}

func (s *Snapshot) facts(ctx context.Context, now time.Time, key client.ObjectKey) (gate.RevisionFacts, bool, error) {
	revision := &v1alpha1.APIRevision{}
	if err := s.objects.Get(ctx, key, revision); err != nil {
		if IsUnreadable(err) {
			return gate.RevisionFacts{}, false, nil
		}
		return gate.RevisionFacts{}, false, client.IgnoreNotFound(err)
	}
	input, unkept, err := s.Propose(ctx, now, revision)
	if err != nil {
		return gate.RevisionFacts{}, false, err
	}
	if len(unkept) > 0 {
		// Nothing is promised that is not kept. Once it is, the status of the revision says so.
		return gate.RevisionFacts{}, false, nil
	}
	return gate.FactsOf(revision, input.Proposal, gate.Evaluate(input)), true, nil
}
