package downtime

import (
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Sighting is what was seen of the API of a budget, from the end of its log until Now.
type Sighting struct {
	// Now is the moment until which all is known. It never goes back, and is never ahead of the API server.
	Now time.Time
	// Settled is the moment until which that stays so, where it is not Now: what is unobserved since is asked for again.
	Settled time.Time
	// Sights are sorted. Each holds until the next, the last until Now. The first lies at or before the end of the log,
	// or is the beginning of measuring where there is no log: they leave nothing out. What nobody saw is a sight, too: of
	// AvailabilityUnobserved, by CauseNotWatching. Without any nothing is known of the time since the end of the log.
	Sights []Sight
	// Digest is that of the EndpointSlices that the last sight was seen in.
	Digest v1alpha1.Digest
	// Expected is the number of pods that minReadyPercent is of, nil where nothing bounds it.
	Expected *int32
	// Rollouts and Images are the whole lists as they are to be kept: bounded, sorted, old ones included.
	Rollouts []v1alpha1.PastRollout
	Images   []v1alpha1.PastImage
	// Problem is why it cannot be measured now as it should be, if so.
	Problem *Problem
}

// Problem is why an API cannot be measured, and what to do.
type Problem struct {
	Reason string // a reason of the condition Measured
	Text   string
}
