package controllers

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/clock"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// maxLag is how long the cache is waited for. After that a conflict says that it lags.
const maxLag = 10 * time.Second

// lastWritten knows which delivery record of a notice this process wrote last. A record of hundreds of entries takes a
// while to come back to the cache; a look before that would read all Secrets for a batch that then ends in a conflict.
type lastWritten struct {
	own clock.PassiveClock
	mu  sync.Mutex
	of  map[types.NamespacedName]writtenRecord
}

type writtenRecord struct {
	name, version string
	at            time.Time
}

func newLastWritten(own clock.PassiveClock) *lastWritten {
	return &lastWritten{own: own, of: map[types.NamespacedName]writtenRecord{}}
}

func (l *lastWritten) keep(notice types.NamespacedName, record *v1alpha1.DeliveryRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of[notice] = writtenRecord{name: record.Name, version: record.ResourceVersion, at: l.own.Now()}
}

// unseen says that these records of a notice are older than what was written. All records come by one watch, so whoever
// has seen the last of them has seen all.
func (l *lastWritten) unseen(notice types.NamespacedName, records []v1alpha1.DeliveryRecord) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, known := l.of[notice]
	if !known {
		return false
	}
	if l.own.Now().Sub(last.at) < maxLag && !seen(last, records) {
		return true
	}
	delete(l.of, notice)
	return false
}

func seen(last writtenRecord, records []v1alpha1.DeliveryRecord) bool {
	for i := range records {
		if records[i].Name == last.name {
			order, err := resourceversion.CompareResourceVersion(records[i].ResourceVersion, last.version)
			return err != nil || order >= 0
		}
	}
	return false
}

// writeRecord writes the status of a record.
func (d *round) writeRecord(ctx context.Context, record *v1alpha1.DeliveryRecord) error {
	if err := d.client.Status().Update(ctx, record); err != nil {
		return err
	}
	d.written.keep(keyOf(d.notice), record)
	return nil
}
