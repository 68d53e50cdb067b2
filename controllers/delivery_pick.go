package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/snapshot"
)

// maxBatch is how many messages one write says that they are being sent: as many may be sent twice after a crash.
const maxBatch = 100

// batch is what is sent next: some of one record, by one channel.
type batch struct {
	record  *v1alpha1.DeliveryRecord
	entries []int // of status.deliveries
	channel *openChannel
	// gone are those whose receiver wants no more.
	gone map[v1alpha1.CustomerID]bool
}

// openChannel is a channel as it was found in this round.
type openChannel struct {
	key    types.NamespacedName
	digest string
	// courier is nil while nothing goes out by the channel, and failure says why.
	courier *courier
	failure *delivery.Failure
}

// pick finds the first that is due, and the moment at which something else is.
func (d *round) pick(ctx context.Context) (*batch, error) {
	if d.notice.Status.Delivery.Affected == nil {
		return nil, nil
	}
	records := make([]*v1alpha1.DeliveryRecord, 0, len(d.Records))
	for i := range d.Records {
		records = append(records, &d.Records[i])
	}
	slices.SortStableFunc(records, func(a, b *v1alpha1.DeliveryRecord) int { return plannedTime(a).Compare(plannedTime(b)) })
	var found *batch
	for _, record := range records {
		entries := d.due(record)
		if len(entries) == 0 {
			continue
		}
		channel, err := d.open(ctx, record.Spec.Channel)
		if err != nil {
			return nil, err
		}
		if channel.courier != nil && found == nil {
			found = &batch{record: record, entries: entries, channel: channel}
		}
	}
	if found == nil {
		return nil, nil
	}
	if err := d.readCustomers(ctx); err != nil || d.customers.Problem != nil {
		return nil, err
	}
	d.wake(d.now) // there may be more
	return found, nil
}

func plannedTime(record *v1alpha1.DeliveryRecord) time.Time {
	if len(record.Status.Deliveries) == 0 || record.Status.Deliveries[0].PlannedTime == nil {
		return time.Time{}
	}
	return record.Status.Deliveries[0].PlannedTime.Time
}

// due are the entries of a record that can be sent now. One that is Sending was left so by somebody who ended: within
// this process a notice is looked at by one at a time.
func (d *round) due(record *v1alpha1.DeliveryRecord) []int {
	var due []int
	for i := range record.Status.Deliveries {
		e := &record.Status.Deliveries[i]
		switch {
		case len(due) == maxBatch || settled(e):
		case e.State == v1alpha1.DeliveryWaiting && e.NextAttemptTime != nil && e.NextAttemptTime.After(d.now):
			d.wake(e.NextAttemptTime.Time)
		default:
			due = append(due, i)
		}
	}
	return due
}

func settled(e *v1alpha1.Delivery) bool {
	switch e.State {
	case v1alpha1.DeliveryDelivered, v1alpha1.DeliveryFailed, v1alpha1.DeliveryRelayed:
		return true
	}
	return false
}

// open finds a channel, and once in a round.
func (d *round) open(ctx context.Context, name v1alpha1.ObjectName) (*openChannel, error) {
	if known, ok := d.channels[name]; ok {
		return known, nil
	}
	found := &openChannel{key: types.NamespacedName{Namespace: d.notice.Namespace, Name: string(name)}}
	channel := &v1alpha1.NoticeChannel{}
	err := d.client.Get(ctx, found.key, channel)
	switch {
	case apierrors.IsNotFound(err):
		found.failure = channelFailure(delivery.ReasonChannelNotFound, "there is no noticechannel/"+string(name)+": create it, or name another in the contacts")
	case err != nil:
		return nil, fmt.Errorf("reading notice channel %s: %w", found.key, err)
	default:
		secrets, err := d.snapshot.ChannelSecrets(ctx, channel)
		if err != nil {
			return nil, err
		}
		d.unlessPaused(found, channel, secrets)
	}
	if found.failure != nil {
		d.wake(d.now.Add(listInterval)) // its Secrets are not watched
	}
	d.channels[name] = found
	return found, nil
}

func (d *round) unlessPaused(found *openChannel, channel *v1alpha1.NoticeChannel, secrets snapshot.ChannelSecrets) {
	found.digest = secrets.Digest
	if paused, ok := d.pauses.of(found.key, secrets.Digest); ok && paused.until.After(d.now) {
		found.failure = paused.failure
		d.wake(paused.until)
		return
	}
	found.courier, found.failure = d.newCourier(channel, secrets)
}
