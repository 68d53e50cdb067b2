package gate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Bounds of the status, as its schema has them: a longer list is refused by the API server, and nothing
// would be stored at all.
const (
	maxServing     = 256
	maxImages      = 64
	maxImageLength = 1024
)

// servingKey identifies an entry of what serves.
type servingKey struct {
	workload v1alpha1.WorkloadRef
	revision v1alpha1.ObjectName
}

// sighting is what is there of an entry right now: pods, or a ReplicaSet that wants some.
type sighting struct {
	pods      int32
	images    []string
	completed bool
	led       bool // customers are led to it
}

// Serving is what serves, after what was observed: it begins the moment a pod or a wanted replica of a
// revision is seen, and it ends late (A3).
//
// An entry leaves only when nothing of it is there and something else took its place: another revision of
// the same workload or, where the workload is gone or stands at zero, any workload of the API, which has
// pods and has completed its rollout. Pods that are not ready, or a workload that disappears while nothing
// else is complete, take nothing away.
//
// observed holds every workload of the API. When one could not be listed, Serving is not to be called: what
// was known stands.
func Serving(prev []v1alpha1.ServingRevision, observed []Observation, now time.Time) []v1alpha1.ServingRevision {
	seen := sightings(observed)
	entries := known(prev, now)
	for key, s := range seen {
		entries[key] = seenNow(entries[key], key, s, now)
	}
	for _, key := range replaced(entries, seen) {
		delete(entries, key)
	}
	return bounded(entries, seen)
}

// sightings merges what was observed by workload and revision.
func sightings(observed []Observation) map[servingKey]sighting {
	seen := map[servingKey]sighting{}
	for _, o := range observed {
		for _, r := range o.Running {
			if r.Pods <= 0 && r.Wanted <= 0 {
				continue
			}
			key := servingKey{workload: o.Workload, revision: revisionName(r.Revision)}
			s := seen[key]
			s.pods += max(r.Pods, 0)
			s.images = append(s.images, r.Images...)
			s.led = s.led || leadTo(r.Sets)
			s.completed = s.completed || o.Completed && key.revision == revisionName(o.Current)
			seen[key] = s
		}
	}
	return seen
}

// revisionName is the name that a pod gives. What cannot be the name of an APIRevision names none: kept as
// it is, one odd annotation would make the whole status unstorable.
func revisionName(name string) v1alpha1.ObjectName {
	if !legalName(name) {
		return ""
	}
	return v1alpha1.ObjectName(name)
}

// legalName says that a name is one that objects of forewarn, and Services, can have. What stands in a spec
// or on a pod was checked by nobody.
func legalName(name string) bool {
	return len(validation.IsDNS1123Label(name)) == 0
}

// known are the stored entries. A stamp ahead of now is left from a clock that was ahead: it counts as now,
// so that nothing has served for less than no time.
func known(prev []v1alpha1.ServingRevision, now time.Time) map[servingKey]v1alpha1.ServingRevision {
	entries := make(map[servingKey]v1alpha1.ServingRevision, len(prev))
	for _, e := range prev {
		e.Since = notAfter(e.Since, now)
		if e.Since == nil {
			e.Since = stamp(now)
		}
		e.CompletedTime = notAfter(e.CompletedTime, now)
		e.WaitingSince = notAfter(e.WaitingSince, now)
		entries[servingKey{workload: e.Workload, revision: e.Revision}] = e
	}
	return entries
}

func seenNow(e v1alpha1.ServingRevision, key servingKey, s sighting, now time.Time) v1alpha1.ServingRevision {
	e.Workload, e.Revision = key.workload, key.revision
	if e.Since == nil {
		e.Since = stamp(now)
		if !s.led {
			e.WaitingSince = stamp(now)
		}
	}
	// A rollout to no pods at all is complete at once, and serves nobody.
	completed := s.completed && s.pods > 0
	if completed && e.CompletedTime == nil {
		e.CompletedTime = stamp(now)
	}
	if key.revision != "" {
		return e // what it is, is recorded by its name (identify)
	}
	// Of pods without a name, the images are the name: those of an older template stay until the rollout of
	// the present one is complete and their pods are gone.
	if completed {
		e.Images = nil
	}
	e.Images = imageSet(s.images, e.Images)
	return e
}

// replaced are the entries that something else took the place of.
func replaced(entries map[servingKey]v1alpha1.ServingRevision, seen map[servingKey]sighting) []servingKey {
	active := map[v1alpha1.WorkloadRef]bool{}    // something of it is there
	succeeded := map[v1alpha1.WorkloadRef]bool{} // something of it is there and was rolled out in full
	anySucceeded := false
	for key, s := range seen {
		active[key.workload] = true
		if s.pods > 0 && entries[key].CompletedTime != nil {
			succeeded[key.workload] = true
			anySucceeded = true
		}
	}
	var gone []servingKey
	for key := range entries {
		if _, here := seen[key]; here {
			continue
		}
		if succeeded[key.workload] || !active[key.workload] && anySucceeded {
			gone = append(gone, key)
		}
	}
	return gone
}

// bounded are the entries in order. Beyond what the status can hold, those go first of which nothing is
// there, the oldest first, then those whose revision another workload serves, too.
func bounded(entries map[servingKey]v1alpha1.ServingRevision, seen map[servingKey]sighting) []v1alpha1.ServingRevision {
	list := make([]v1alpha1.ServingRevision, 0, len(entries))
	for _, e := range entries {
		list = append(list, e)
	}
	slices.SortFunc(list, byWorkload)
	if len(list) > maxServing {
		rank := ranks(list, seen)
		slices.SortStableFunc(list, func(a, b v1alpha1.ServingRevision) int {
			return cmp.Or(cmp.Compare(rank[keyOf(a)], rank[keyOf(b)]), b.Since.Compare(a.Since.Time))
		})
		list = list[:maxServing]
		slices.SortFunc(list, byWorkload)
	}
	makeRoom(list, seen)
	return list
}

// ranks says how much each entry of a sorted list is needed: 0 the most.
func ranks(list []v1alpha1.ServingRevision, seen map[servingKey]sighting) map[servingKey]int {
	rank := make(map[servingKey]int, len(list))
	served := map[v1alpha1.ObjectName]bool{}
	for _, e := range list {
		s, here := seen[keyOf(e)]
		switch {
		case !here:
			rank[keyOf(e)] = 3
		case s.pods == 0:
			rank[keyOf(e)] = 2
		case served[e.Revision]:
			rank[keyOf(e)] = 1
		default:
			served[e.Revision] = true
		}
	}
	return rank
}

func keyOf(e v1alpha1.ServingRevision) servingKey {
	return servingKey{workload: e.Workload, revision: e.Revision}
}

func byWorkload(a, b v1alpha1.ServingRevision) int {
	return cmp.Or(
		cmp.Compare(a.Workload.Kind, b.Workload.Kind),
		cmp.Compare(a.Workload.Name, b.Workload.Name),
		a.Since.Compare(b.Since.Time),
		cmp.Compare(a.Revision, b.Revision),
	)
}

// imageSet is the union in order. What cannot be an image is left out: the gate lists images with blanks
// between them. Those of first stay when there are too many.
func imageSet(first, more []string) []string {
	set := func(images, but []string) []string {
		var out []string
		for _, image := range images {
			if usableImage(image) && !slices.Contains(but, image) {
				out = append(out, image)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	out := set(first, nil)
	out = append(out, set(more, out)...)
	out = out[:min(len(out), maxImages)]
	slices.Sort(out)
	return out
}

func usableImage(image string) bool {
	return image != "" && len(image) <= maxImageLength &&
		!strings.ContainsFunc(image, func(r rune) bool { return r <= ' ' || r > '~' })
}

// stamp is a moment as the status keeps it: to the second.
func stamp(t time.Time) *metav1.Time {
	s := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &s
}

func notAfter(t *metav1.Time, now time.Time) *metav1.Time {
	if t != nil && t.After(now) {
		return stamp(now)
	}
	return t
}
