package gate

import (
	"cmp"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// maxRan is how many images the status can hold that customers are led to, or were.
const maxRan = 64

// ran are the images that customers are led to, and those that they were within rollbackDays (R11), under whatever name: a
// name says what the contract is, and one contract is served by many images. What runs comes first, and then the latest.
// Beyond what the status can hold, what is last is left out.
func (p *pass) ran(observed []Observation, wayBack []v1alpha1.PastRevision) []v1alpha1.PastImage {
	var images []v1alpha1.PastImage
	running := runningImages(observed)
	for _, image := range running {
		images = append(images, v1alpha1.PastImage{Image: image})
	}
	for _, past := range p.prev.Images {
		last := notAfter(past.LastTime, p.now)
		if last == nil {
			last = stamp(p.now)
		}
		if !slices.Contains(running, past.Image) && p.now.Before(last.Add(p.rollback)) {
			images = append(images, v1alpha1.PastImage{Image: past.Image, LastTime: last})
		}
	}
	slices.SortStableFunc(images, func(a, b v1alpha1.PastImage) int {
		if (a.LastTime == nil) != (b.LastTime == nil) {
			return compareTimes(a.LastTime, b.LastTime)
		}
		return cmp.Or(-compareTimes(a.LastTime, b.LastTime), cmp.Compare(a.Image, b.Image))
	})
	images = images[:min(len(images), maxRan)]
	left := p.room
	for _, past := range wayBack {
		left.take(past.Images, 1)
	}
	for i := range images {
		if len(left.take([]string{images[i].Image}, 1)) == 0 {
			return images[:i]
		}
	}
	return images
}

// runningImages are those of pods that customers are led to.
func runningImages(observed []Observation) []string {
	var images []string
	for _, o := range observed {
		for _, r := range o.Running {
			images = append(images, r.Ran...)
		}
	}
	return imageSet(images, nil)
}
