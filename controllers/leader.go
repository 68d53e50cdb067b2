package controllers

import (
	"context"
	"errors"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// errNotLeader says that another process holds the Lease: nothing may be written any more.
var errNotLeader = errors.New("another process leads: the gates are its to write")

// Leader tells the epoch of this process from the Lease that it holds.
type Leader struct {
	// Live reads and writes without a cache.
	Live     client.Client
	Lease    types.NamespacedName
	Identity string
}

// epoch is the number of times that the Lease changed hands.
func (l Leader) epoch(ctx context.Context) (int64, error) {
	lease, err := l.held(ctx)
	if err != nil {
		return 0, err
	}
	return int64(ptr.Deref(lease.Spec.LeaseTransitions, 0)), nil
}

func (l Leader) held(ctx context.Context) (*coordinationv1.Lease, error) {
	lease := &coordinationv1.Lease{}
	if err := l.Live.Get(ctx, l.Lease, lease); err != nil {
		return nil, fmt.Errorf("reading the Lease of the leader: %w", err)
	}
	if ptr.Deref(lease.Spec.HolderIdentity, "") != l.Identity {
		return nil, errNotLeader
	}
	return lease, nil
}

// raise moves the epoch of this process past one that a gate carries. Lease transitions begin again at zero when
// the Lease is deleted, and every gate would refuse its leader from then on.
func (l Leader) raise(ctx context.Context, past int64) (int64, error) {
	lease, err := l.held(ctx)
	if err != nil {
		return 0, err
	}
	epoch := max(past+1, int64(ptr.Deref(lease.Spec.LeaseTransitions, 0)))
	lease.Spec.LeaseTransitions = ptr.To(int32(epoch))
	if err := l.Live.Update(ctx, lease); err != nil {
		return 0, fmt.Errorf("raising the epoch to %d: %w", epoch, err)
	}
	return epoch, nil
}
