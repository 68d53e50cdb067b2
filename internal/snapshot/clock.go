package snapshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The API servers of a cluster renew a Lease each. Its time is the only clock that admission can see.
const (
	IdentityLeaseNamespace = "kube-system"
	IdentityLeaseLabel     = "apiserver.kubernetes.io/identity"
	IdentityLeaseValue     = "kube-apiserver"
)

// leaseSlack is how far the clock may be ahead of the last renewal: Leases are renewed every 10 s.
const leaseSlack = 15 * time.Second

// ErrNoServerClock says that no API server keeps a Lease, so that nothing bounds our own clock.
var ErrNoServerClock = errors.New("no API server keeps an identity Lease in kube-system: the time cannot be trusted")

// Clock tells the time that verdicts are for.
type Clock interface {
	Now(ctx context.Context) (time.Time, error)
}

// ServerClock is our own clock, held back by that of the API servers: one that is ahead opens nothing early.
type ServerClock struct {
	Own clock.PassiveClock
	// Leases reads the Leases in kube-system.
	Leases client.Reader
	// Offset is for rehearsals.
	Offset time.Duration
}

// Now returns the earlier of both clocks, moved on by the offset.
func (c ServerClock) Now(ctx context.Context) (time.Time, error) {
	var leases coordinationv1.LeaseList
	err := c.Leases.List(ctx, &leases, client.InNamespace(IdentityLeaseNamespace),
		client.MatchingLabels{IdentityLeaseLabel: IdentityLeaseValue}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return time.Time{}, fmt.Errorf("listing the identity Leases of the API servers: %w", err)
	}
	latest, ok := latestRenewal(leases.Items)
	if !ok {
		return time.Time{}, ErrNoServerClock
	}
	now := c.Own.Now()
	if bound := latest.Add(leaseSlack); now.After(bound) {
		now = bound
	}
	return now.Add(c.Offset).UTC(), nil
}

// latestRenewal takes the latest of all: an API server that is gone leaves its Lease behind for an hour.
func latestRenewal(leases []coordinationv1.Lease) (time.Time, bool) {
	var latest time.Time
	for i := range leases {
		if renewed := leases[i].Spec.RenewTime; renewed != nil && renewed.After(latest) {
			latest = renewed.Time
		}
	}
	return latest, !latest.IsZero()
}
