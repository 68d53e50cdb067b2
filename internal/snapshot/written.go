package snapshot

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Written is the moment at which one of these objects was last written, but for their status. Nil: nobody knows. They are
// read anew: a cache does not hold it.
func (s *Snapshot) Written(ctx context.Context, objects ...client.Object) (*time.Time, error) {
	var last *time.Time
	for _, object := range objects {
		key := client.ObjectKeyFromObject(object)
		if err := s.documents.Get(ctx, key, object); err != nil {
			return nil, fmt.Errorf("reading %s: %w", key, err)
		}
		at := written(object)
		if at == nil {
			return nil, nil
		}
		last = later(last, at)
	}
	return last, nil
}

// written is when an object was last written, but for its status.
func written(object client.Object) *time.Time {
	var last *time.Time
	for _, entry := range object.GetManagedFields() {
		switch {
		case entry.Subresource != "":
		case entry.Time == nil:
			return nil
		default:
			last = later(last, &entry.Time.Time)
		}
	}
	return last
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}
