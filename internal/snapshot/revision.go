package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
)

// Revision returns what the verdict on a revision depends on. The revision itself need not exist anywhere.
func (s *Snapshot) Revision(ctx context.Context, now time.Time, revision *v1alpha1.APIRevision) (gate.Input, error) {
	input, _, err := s.Propose(ctx, now, revision)
	return input, err
}

// Propose is Revision, and returns besides the documents that have to be kept before a verdict is told.
func (s *Snapshot) Propose(ctx context.Context, now time.Time, revision *v1alpha1.APIRevision) (gate.Input, []v1alpha1.KeptContract, error) {
	input := gate.Input{Now: now, Revision: revision}
	var err error
	if input.API, err = s.api(ctx, revision.Namespace, revision.Spec.APIRef); err != nil || input.API == nil {
		return input, nil, err
	}
	if input.Policies, err = s.Binding(ctx, now, input.API); err != nil {
		return input, nil, err
	}
	if input.Audience, err = s.Audience(ctx, input.API); err != nil {
		return input, nil, err
	}
	if input.Notices, err = s.notices(ctx, revision.Namespace, input.API.Name); err != nil {
		return input, nil, err
	}
	var waivers v1alpha1.WaiverList
	if err := s.objects.List(ctx, &waivers, client.InNamespace(revision.Namespace), OfRevision(revision.Name)); err != nil {
		return input, nil, fmt.Errorf("listing waivers of %s: %w", revision.Name, err)
	}
	input.Waivers = waivers.Items
	if input.Schedules, err = s.schedules(ctx, revision.Namespace, input.API.Name); err != nil {
		return input, nil, err
	}
	r := &reader{snapshot: s, api: input.API, revision: revision}
	if err := r.read(ctx); err != nil {
		return input, nil, err
	}
	if err := r.readMarks(ctx, now, input.Schedules); err != nil {
		return input, nil, err
	}
	input.Proposal = r.proposal
	return input, r.unkept, nil
}

// reader makes a Proposal of one revision.
type reader struct {
	snapshot  *Snapshot
	api       *v1alpha1.CustomerAPI
	revision  *v1alpha1.APIRevision
	live      *v1alpha1.APIRevision // read when the revision at hand lacks its inline documents
	documents map[v1alpha1.VersionName]*document
	proposal  gate.Proposal
	unkept    []v1alpha1.KeptContract
}

func (r *reader) read(ctx context.Context) error {
	r.documents = map[v1alpha1.VersionName]*document{}
	for i := range r.revision.Spec.Contracts {
		if err := r.readContract(ctx, &r.revision.Spec.Contracts[i]); err != nil {
			return err
		}
	}
	if len(r.proposal.Problems) == 0 {
		r.proposal.Digest = gate.RevisionDigest(r.revision.Spec, r.proposal.Contracts)
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	return r.findMoved(ctx)
}

// readContract takes a document as it was judged before, or reads it where the revision says.
func (r *reader) readContract(ctx context.Context, c *v1alpha1.Contract) error {
	doc := r.judgedBefore(c)
	if doc == nil {
		var problem *gate.Problem
		var err error
		if doc, problem, err = r.fromSource(ctx, c); err != nil {
			return err
		}
		if problem != nil {
			r.proposal.Problems = append(r.proposal.Problems, *problem)
			return nil
		}
	}
	r.documents[c.Version] = doc
	r.proposal.Contracts = append(r.proposal.Contracts, v1alpha1.JudgedContract{
		Version: c.Version, Digest: doc.digest, Contract: doc.name(), Operations: doc.operations,
	})
	return nil
}

// compare compares each document with each promised one of the same version (R9). A version that is not proposed is
// gone, which takes no reading to find.
func (r *reader) compare(ctx context.Context) error {
	found := map[string][][]contract.Change{}
	for _, promised := range r.api.Status.Promised {
		proposed, ok := r.documents[promised.Version]
		if !ok || proposed.name() == promised.Contract {
			continue
		}
		base := r.snapshot.kept(r.api.Namespace, promised.Contract)
		changes, problem, err := r.snapshot.changes(ctx, promised.Version, base, proposed)
		if err != nil {
			return err
		}
		if problem != nil {
			r.proposal.Problems = append(r.proposal.Problems, *problem)
			continue
		}
		found[string(promised.Version)] = append(found[string(promised.Version)], changes)
	}
	for _, c := range r.revision.Spec.Contracts {
		version := string(c.Version)
		if lists, ok := found[version]; ok {
			r.proposal.Changes = append(r.proposal.Changes, contract.Merge(lists...)...)
			delete(found, version)
		}
	}
	return nil
}

// findMoved looks for operations that are gone and that another API of the same product serves unchanged (R16): in
// the comparison with what that one promised, nothing is said of them.
func (r *reader) findMoved(ctx context.Context) error {
	gone := slices.DeleteFunc(slices.Clone(r.proposal.Changes), func(c contract.Change) bool {
		return c.Operation == "" || v1alpha1.ChangeClass(c.Class) != v1alpha1.ClassRemoval
	})
	if len(gone) == 0 || r.api.Spec.Product == "" {
		return nil
	}
	siblings, err := r.snapshot.siblings(ctx, r.api)
	if err != nil {
		return err
	}
	r.proposal.Moved = map[string]string{}
	for i := range siblings {
		for _, elsewhere := range siblings[i].Status.Promised {
			for _, promised := range r.api.Status.Promised {
				changed, err := r.changedOperations(ctx, promised, elsewhere)
				if err != nil {
					return err
				}
				r.noteMoved(gone, promised.Version, changed, siblings[i].Name)
			}
		}
	}
	return nil
}

// changedOperations are those of a promise that another contract does not serve as they are. Nothing is returned
// where the two cannot be compared: then nothing has moved there.
func (r *reader) changedOperations(ctx context.Context, promised, elsewhere v1alpha1.PromisedContract) (map[string]bool, error) {
	base := r.snapshot.kept(r.api.Namespace, promised.Contract)
	other := r.snapshot.kept(r.api.Namespace, elsewhere.Contract)
	changes, problem, err := r.snapshot.changes(ctx, promised.Version, base, other)
	if err != nil || problem != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for _, c := range changes {
		changed[c.Operation] = true
	}
	return changed, nil
}

func (r *reader) noteMoved(gone []contract.Change, version v1alpha1.VersionName, changed map[string]bool, sibling string) {
	if changed == nil {
		return
	}
	for _, c := range gone {
		if c.Version == string(version) && !changed[c.Operation] && r.proposal.Moved[c.Fingerprint] == "" {
			r.proposal.Moved[c.Fingerprint] = sibling
		}
	}
}

// siblings are the other APIs of the same product, by name.
func (s *Snapshot) siblings(ctx context.Context, api *v1alpha1.CustomerAPI) ([]v1alpha1.CustomerAPI, error) {
	var apis v1alpha1.CustomerAPIList
	if err := s.objects.List(ctx, &apis, client.InNamespace(api.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the APIs of product %s: %w", api.Spec.Product, err)
	}
	siblings := slices.DeleteFunc(slices.Clone(apis.Items), func(other v1alpha1.CustomerAPI) bool {
		return other.Name == api.Name || other.Spec.Product != api.Spec.Product
	})
	slices.SortFunc(siblings, func(a, b v1alpha1.CustomerAPI) int { return strings.Compare(a.Name, b.Name) })
	return siblings, nil
}
