package gate

import (
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	// imageRoom is how many bytes the images of all that serves and served lately may take in the status: with all
	// else that an API can hold at most, etcd takes it (test/cel).
	imageRoom = 256 << 10
	// moreImages stands for images that there was no room for, so that a list that is cut is not an empty one, which
	// lets everything pass. No container can run an image of that name.
	moreImages = "(more)"
)

// room is how many bytes are left for images.
type room int

// take returns as many images as there is room for, each so many times.
func (r *room) take(images []string, times int) []string {
	for i, image := range images {
		size := times * storedSize(image)
		if int(*r) < size {
			return slices.Clone(images[:i])
		}
		*r -= room(size)
	}
	return images
}

// takeOf is take for a revision, whose images may be compared with those of pods.
func (r *room) takeOf(images []string) []string {
	if taken := r.take(images, 1); len(taken) < len(images) {
		return append(taken, moreImages)
	}
	return images
}

// storedSize is what an image takes in a list in etcd, where some characters are written in six.
func storedSize(image string) int {
	size := len(`"",`)
	for _, c := range []byte(image) {
		switch c {
		case '<', '>', '&':
			size += len(`\u003c`)
		case '"', '\\':
			size += len(`\\`)
		default:
			size++
		}
	}
	return size
}

// makeRoom cuts the images of pods without a name to those that there is room for, what is there before what is not.
// Nothing else says what such pods may run, so they come first, and each image may have to stand twice (breachImages).
func makeRoom(list []v1alpha1.ServingRevision, seen map[servingKey]sighting) {
	left := room(imageRoom)
	for _, here := range []bool{true, false} {
		for i := range list {
			e := &list[i]
			if _, is := seen[keyOf(*e)]; is == here && e.Revision == "" {
				e.Images = left.take(e.Images, 2)
			}
		}
	}
}

// roomLeft cuts the images of the revisions that serve to what pods without a name leave, and returns what is left then.
func roomLeft(list []v1alpha1.ServingRevision) room {
	left := room(imageRoom)
	for _, e := range list {
		if e.Revision == "" {
			left.take(e.Images, 2)
		}
	}
	for i := range list {
		if e := &list[i]; e.Revision != "" {
			e.Images = left.takeOf(e.Images)
		}
	}
	return left
}

// cutPast cuts the images of what served, first of what ends first. Pods without a name of which no image is left
// have nothing to go back to.
func (r room) cutPast(list []v1alpha1.PastRevision) []v1alpha1.PastRevision {
	for i, past := range slices.Backward(list) {
		if past.Revision != "" {
			list[i].Images = r.takeOf(past.Images)
		} else {
			list[i].Images = r.take(past.Images, 1)
		}
	}
	return slices.DeleteFunc(list, func(past v1alpha1.PastRevision) bool {
		return past.Revision == "" && len(past.Images) == 0
	})
}
