package cli

import (
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// sameContents is the revision that a pipeline would release for a proposal.
// The same contents have the same name, so it may be there already; and where
// what serves, or served lately, holds the very same under another name,
// nothing new has to be proposed at all.
func (c *cluster) sameContents(api *v1alpha1.CustomerAPI, proposal *v1alpha1.APIRevision) *v1alpha1.APIRevision {
	digest := v1alpha1.Digest(proposal.Annotations[v1alpha1.DigestAnnotation])
	var serving, past []string
	for _, s := range api.Status.Serving {
		if s.Digest == "" || s.Digest == digest { // else an object of that name only took it
			serving = append(serving, string(s.Revision))
		}
	}
	for _, p := range api.Status.WayBack {
		if p.Digest == digest && p.UntilTime != nil && c.now.Before(p.UntilTime.Time) {
			past = append(past, string(p.Revision))
		}
	}
	slices.SortStableFunc(past, strings.Compare)
	for _, name := range slices.Concat(serving, past) {
		if found, ok := c.revision(name); ok && found.Spec.APIRef == proposal.Spec.APIRef && found.Status.Digest == digest {
			return found
		}
	}
	for _, name := range past {
		if _, exists := c.revision(name); !exists && name != "" {
			pruned := proposal.DeepCopy()
			pruned.Name = name
			return pruned
		}
	}
	if found, ok := c.revision(proposal.Name); ok && found.Status.Digest == digest {
		return found
	}
	return proposal
}
