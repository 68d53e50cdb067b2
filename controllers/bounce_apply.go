package controllers

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
)

// verdict is what became of a bounce.
type verdict int

const (
	// bounceUnknown: no message of the channel has that id.
	bounceUnknown verdict = iota
	// bounceEarly: the message is still under way. What comes back now may be about this attempt, and its receipt is not
	// written yet.
	bounceEarly
	// bounceSettled: it does not count as delivered anyway.
	bounceSettled
	// bounceTaken: it counted as delivered, and does so no more.
	bounceTaken
)

// takeBack takes the evidence back that a message was delivered: whoever writes next, and the clock of the notice, sees
// that it failed. What the customer answered stays.
func takeBack(e *v1alpha1.Delivery) verdict {
	switch e.State {
	case v1alpha1.DeliveryDelivered:
		e.State, e.Reason, e.DeliveredTime, e.NextAttemptTime = v1alpha1.DeliveryFailed, delivery.ReasonBounced, nil, nil
		return bounceTaken
	case v1alpha1.DeliveryPlanned, v1alpha1.DeliverySending, v1alpha1.DeliveryWaiting:
		return bounceEarly
	}
	return bounceSettled
}

// cameBack says that a message came back, which is not undone: that somebody took it over before is no news.
func cameBack(e *v1alpha1.Delivery) bool {
	return e.State == v1alpha1.DeliveryFailed && e.Reason == delivery.ReasonBounced
}

// apply writes that a message of a channel failed after all. Whoever writes the record at the same time loses nothing,
// and neither do we: a conflict is read again from the API server.
func (b *bounces) apply(ctx context.Context, channel types.NamespacedName, id string) (verdict, error) {
	key, err := b.recordOf(ctx, channel, id)
	if key == nil {
		return bounceUnknown, err
	}
	var found verdict
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		found = bounceUnknown // whatever was found before a conflict
		record := &v1alpha1.DeliveryRecord{}
		if err := b.live.Get(ctx, *key, record); err != nil {
			return client.IgnoreNotFound(err)
		}
		e := entryWith(record, id)
		if e == nil {
			return nil
		}
		if found = takeBack(e); found != bounceTaken {
			return nil
		}
		summarise(record)
		return b.client.Status().Update(ctx, record)
	})
	if apierrors.IsNotFound(err) { // deleted since it was read
		return bounceUnknown, nil
	}
	if err != nil {
		return found, fmt.Errorf("writing that a mail came back: %w", err)
	}
	return found, nil
}

// recordOf finds the record that holds a message. Entries keep their ids, so that the cache will do for those it knows.
// The others are looked for past it, too: what is unknown is dropped by the mail server, and the cache may lag.
func (b *bounces) recordOf(ctx context.Context, channel types.NamespacedName, id string) (*types.NamespacedName, error) {
	key, err := recordIn(ctx, b.client, channel, id)
	if key != nil || err != nil {
		return key, err
	}
	return recordIn(ctx, b.live, channel, id)
}

func recordIn(ctx context.Context, c client.Reader, channel types.NamespacedName, id string) (*types.NamespacedName, error) {
	var records v1alpha1.DeliveryRecordList
	if err := c.List(ctx, &records, client.InNamespace(channel.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the delivery records of %s: %w", channel.Namespace, err)
	}
	for i := range records.Items {
		record := &records.Items[i]
		if string(record.Spec.Channel) == channel.Name && entryWith(record, id) != nil {
			key := keyOf(record)
			return &key, nil
		}
	}
	return nil, nil
}

func entryWith(record *v1alpha1.DeliveryRecord, id string) *v1alpha1.Delivery {
	for i := range record.Status.Deliveries {
		if record.Status.Deliveries[i].ID == id {
			return &record.Status.Deliveries[i]
		}
	}
	return nil
}
