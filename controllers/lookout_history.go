package controllers

import (
	"cmp"
	"math"
	"slices"
	"time"

	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
)

// What is kept in the status.
const (
	maxPastRollouts = 64
	rolloutsOfEach  = 5
	maxPastImages   = 100
	// imagesFor is the most that a policy may allow to roll back.
	imagesFor = 365 * 24 * time.Hour
)

// pastRollouts adds the rollouts that were seen to those that are known, with the downtime that the log says.
func pastRollouts(past []v1alpha1.PastRollout, seen []rolloutSeen, log downtime.Log) []v1alpha1.PastRollout {
	kept := slices.Clone(past)
	for _, r := range seen {
		if slices.ContainsFunc(kept, r.is) {
			continue
		}
		kept = append(kept, v1alpha1.PastRollout{
			Workload: r.workload, CompletedTime: atSecond(r.end),
			Seconds: wholeSeconds(r.end.Sub(r.start)), DownSeconds: wholeSeconds(downBetween(log, r.start, r.end)),
		})
	}
	slices.SortStableFunc(kept, func(a, b v1alpha1.PastRollout) int {
		return cmp.Or(a.CompletedTime.Compare(b.CompletedTime.Time), cmp.Compare(a.Workload.Kind, b.Workload.Kind), cmp.Compare(a.Workload.Name, b.Workload.Name))
	})
	count := map[v1alpha1.WorkloadRef]int{}
	for i := len(kept) - 1; i >= 0; i-- {
		count[kept[i].Workload]++
		if count[kept[i].Workload] > rolloutsOfEach {
			kept = slices.Delete(kept, i, i+1)
		}
	}
	return kept[max(0, len(kept)-maxPastRollouts):]
}

// is says that a rollout is known: another replica may have seen its end a little earlier or later.
func (r rolloutSeen) is(known v1alpha1.PastRollout) bool {
	return known.Workload == r.workload && known.CompletedTime.Sub(r.end).Abs() <= agreed
}

// downBetween is how long an API was down or degraded between two moments.
func downBetween(log downtime.Log, start, end time.Time) time.Duration {
	var down time.Duration
	for _, i := range log.Intervals {
		if i.State != v1alpha1.AvailabilityDown && i.State != v1alpha1.AvailabilityDegraded {
			continue
		}
		from, to := i.StartTime.Time, log.Until
		if i.EndTime != nil {
			to = i.EndTime.Time
		}
		if from.Before(start) {
			from = start
		}
		if to.After(end) {
			to = end
		}
		down += max(0, to.Sub(from))
	}
	return down
}

func wholeSeconds(d time.Duration) *int64 { return ptr.To(int64(math.Ceil(d.Seconds()))) }

// images are those that pods run which take traffic: what never was ready is nothing to go back to.
func (l *lookout) images(b *lookedAt) []string {
	var images []string
	for _, s := range l.backings(b) {
		for endpoint, ready := range s.ready {
			if len(s.selector) == 0 || ready.proof != borneOut {
				continue
			}
			pod := l.pod(b.api.Namespace, ready.pod)
			if pod == nil || string(pod.UID) != endpoint {
				continue
			}
			for _, image := range imagesOf(&pod.Spec) {
				if !slices.Contains(images, image) {
					images = append(images, image)
				}
			}
		}
	}
	return images
}

// pastImages adds the images that run to those that are known. What runs no more is kept for as long as any policy may
// allow to roll back to it; of too many, what is gone for the longest is left out.
func pastImages(past []v1alpha1.PastImage, running []string, now time.Time) []v1alpha1.PastImage {
	var kept []v1alpha1.PastImage
	known := map[string]bool{}
	for _, image := range past {
		known[image.Image] = true
		switch runs := slices.Contains(running, image.Image); {
		case runs:
			image.LastTime = nil
		case image.LastTime == nil:
			image.LastTime = atSecond(now)
		case now.Sub(image.LastTime.Time) > imagesFor:
			continue
		}
		kept = append(kept, image)
	}
	for _, image := range running {
		if !known[image] && image != "" {
			kept = append(kept, v1alpha1.PastImage{Image: image})
		}
	}
	slices.SortFunc(kept, func(a, b v1alpha1.PastImage) int {
		return cmp.Or(-lastOf(a, now).Compare(lastOf(b, now)), cmp.Compare(a.Image, b.Image))
	})
	return kept[:min(len(kept), maxPastImages)]
}

// lastOf sorts what runs before what ran.
func lastOf(image v1alpha1.PastImage, now time.Time) time.Time {
	if image.LastTime == nil {
		return now.Add(time.Second)
	}
	return image.LastTime.Time
}
