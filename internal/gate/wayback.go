package gate

import (
	"cmp"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const maxWayBack = 64

// wayBack is what served lately and may be rolled back to (R11), whatever became of its APIRevision.
func (p *pass) wayBack() []v1alpha1.PastRevision {
	records := map[string]v1alpha1.PastRevision{}
	for _, past := range p.prev.WayBack {
		if p.stillPast(past) {
			records[pastKey(past)] = past
		}
	}
	if p.rollback > 0 {
		for _, past := range p.left() {
			records[pastKey(past)] = past
		}
	}
	return p.room.cutPast(boundedPast(records))
}

// stillPast says that a record stays. It ends at its time, and when its revision serves again, of which then is
// recorded what it is.
func (p *pass) stillPast(past v1alpha1.PastRevision) bool {
	if past.Revision != "" && p.serves(past.Revision) {
		return false
	}
	if past.Revision == "" && len(without(past.Images, unnamedImages(p.serving))) == 0 {
		return false
	}
	return past.UntilTime != nil && p.now.Before(past.UntilTime.Time)
}

// left are the revisions that served until now.
func (p *pass) left() []v1alpha1.PastRevision {
	var left []v1alpha1.PastRevision
	until := stamp(p.now.Add(p.rollback))
	seen := map[v1alpha1.ObjectName]bool{"": true}
	for _, e := range p.prev.Serving {
		if seen[e.Revision] || p.serves(e.Revision) {
			continue
		}
		seen[e.Revision] = true
		past := v1alpha1.PastRevision{
			Revision: e.Revision, Since: stamp(p.since(e.Revision)), UntilTime: until, WaitingSince: p.neverLed(e.Revision),
		}
		facts, _ := p.factsOf(e.Revision)
		past.Digest, past.Images = facts.Digest, imageSet(facts.Images, nil)
		if id, known := p.identityOf(e.Revision); known {
			past.Digest, past.Images = id.digest, id.images
		}
		left = append(left, past)
	}
	if images := p.imagesLeft(); len(images) > 0 {
		left = append(left, v1alpha1.PastRevision{UntilTime: until, Images: imageSet(images, nil)})
	}
	return left
}

func (p *pass) recorded(name v1alpha1.ObjectName) (v1alpha1.PastRevision, bool) {
	i := slices.IndexFunc(p.prev.WayBack, func(past v1alpha1.PastRevision) bool { return past.Revision == name })
	if i < 0 {
		return v1alpha1.PastRevision{}, false
	}
	return p.prev.WayBack[i], true
}

// pastKey tells records apart: by the revision and, where there is none, by the images.
func pastKey(past v1alpha1.PastRevision) string {
	if past.Revision != "" {
		return string(past.Revision)
	}
	return " " + strings.Join(past.Images, " ")
}

// boundedPast are the records in order. Beyond what the status can hold, those go that end first.
func boundedPast(records map[string]v1alpha1.PastRevision) []v1alpha1.PastRevision {
	if len(records) == 0 {
		return nil
	}
	list := make([]v1alpha1.PastRevision, 0, len(records))
	for _, past := range records {
		list = append(list, past)
	}
	slices.SortFunc(list, func(a, b v1alpha1.PastRevision) int {
		return cmp.Or(compareTimes(a.UntilTime, b.UntilTime), cmp.Compare(pastKey(a), pastKey(b)))
	})
	return list[max(0, len(list)-maxWayBack):]
}
