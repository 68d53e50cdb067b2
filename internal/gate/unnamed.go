package gate

import (
	"fmt"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// markBreaches finds the images of pods without a name that nobody judged and nobody adopted: those that appear
// where something is promised, and neither served nor were on the way back. Such an image is marked for as long
// as it serves.
func (p *pass) markBreaches() {
	if len(p.prev.Promised) == 0 {
		return // there is nothing to break
	}
	adopted := without(unnamedImages(p.prev.Serving), breachImages(p.prev.Serving))
	for _, past := range p.prev.WayBack {
		if past.Revision == "" {
			adopted = append(adopted, past.Images...)
		}
	}
	marked := breachImages(p.prev.Serving)
	for i := range p.serving {
		if e := &p.serving[i]; e.Revision == "" {
			e.BreachImages = without(e.Images, adopted)
		}
	}
	p.intruding = without(breachImages(p.serving), marked)
}

// unnamedBreach is that pods without a revision appear where something is promised, or begin to run another image:
// nobody judged what they serve. Those of before the API was declared may come back.
func (p *pass) unnamedBreach() (v1alpha1.BrokenPromise, bool) {
	_, past := p.recorded("")
	if known := past || servesIn(p.prev.Serving, ""); known && len(p.intruding) == 0 {
		return v1alpha1.BrokenPromise{}, false
	}
	i := slices.IndexFunc(p.serving, func(e v1alpha1.ServingRevision) bool {
		return e.Revision == "" && len(without(p.intruding, e.BreachImages)) < len(p.intruding)
	})
	if i < 0 { // their images are such that none can be told
		i = slices.IndexFunc(p.serving, func(e v1alpha1.ServingRevision) bool { return e.Revision == "" })
	}
	w := p.serving[i].Workload
	merits := fmt.Sprintf("pods of %s %s name no revision: nobody judged what they serve", w.Kind, w.Name)
	if len(p.intruding) > 0 {
		merits += " (" + strings.Join(p.intruding, ", ") + ")"
	}
	return p.record("", RevisionFacts{Merits: merits}), true
}

// imagesLeft are the images that pods without a revision ran until now and may run again (R11). Those that broke a
// promise may not: somebody judged a revision, or adopted what ran, and nobody did either with these.
func (p *pass) imagesLeft() []string {
	left := without(unnamedImages(p.prev.Serving), unnamedImages(p.serving))
	return without(left, breachImages(p.prev.Serving))
}

func unnamedImages(serving []v1alpha1.ServingRevision) []string {
	var images []string
	for _, e := range serving {
		if e.Revision == "" {
			images = append(images, e.Images...)
		}
	}
	return sorted(images)
}

func breachImages(serving []v1alpha1.ServingRevision) []string {
	var images []string
	for _, e := range serving {
		images = append(images, e.BreachImages...)
	}
	return sorted(images)
}

func sorted(images []string) []string {
	slices.Sort(images)
	return slices.Compact(images)
}

func without(images, but []string) []string {
	var rest []string
	for _, image := range images {
		if !slices.Contains(but, image) {
			rest = append(rest, image)
		}
	}
	return rest
}
