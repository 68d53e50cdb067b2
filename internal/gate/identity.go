package gate

import (
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// identity is what a revision was when it was first seen to serve. A name is only a claim (A9): the object may be
// deleted and made anew, and what serves is not what that says.
type identity struct {
	digest v1alpha1.Digest
	images []string
}

// identify records what each revision is that serves: what is recorded of its name already, and otherwise, once
// that is known, what its object is now. It is recorded before there is a verdict, too: the sooner, the less
// time there is to put another object in its place.
func (p *pass) identify() {
	for i := range p.serving {
		e := &p.serving[i]
		if e.Revision == "" || e.Digest != "" && !slices.Contains(e.Images, moreImages) {
			continue
		}
		id, known := p.identityOf(e.Revision)
		if f := p.facts[string(e.Revision)]; !known && !f.NameReused && f.Digest != "" {
			id = identity{digest: f.Digest, images: imageSet(f.Images, nil)}
		}
		e.Digest, e.Images = id.digest, slices.Clone(id.images)
	}
}

// identityOf is what is recorded of a revision that serves, or served lately, in whatever workload. An object of the
// same digest lists the same images, also those that there was no room for.
func (p *pass) identityOf(name v1alpha1.ObjectName) (identity, bool) {
	id, known := p.recordedIdentity(name)
	if f := p.facts[string(name)]; known && !f.NameReused && f.Digest == id.digest {
		id.images = imageSet(f.Images, nil)
	}
	return id, known
}

func (p *pass) recordedIdentity(name v1alpha1.ObjectName) (identity, bool) {
	for _, e := range slices.Concat(p.serving, p.prev.Serving) {
		if e.Revision == name && e.Digest != "" {
			return identity{digest: e.Digest, images: e.Images}, true
		}
	}
	if past, ok := p.recorded(name); ok && past.Digest != "" {
		return identity{digest: past.Digest, images: past.Images}, true
	}
	return identity{}, false
}

// nameReused says that the object of that name is not the one that served under it: it was deleted and made
// anew with other contents.
func (p *pass) nameReused(name v1alpha1.ObjectName) bool {
	f := p.facts[string(name)]
	id, known := p.identityOf(name)
	return f.NameReused || known && f.Digest != "" && id.digest != f.Digest
}
