package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/telling"
)

const (
	// batchTime is after how long no further message of a batch is begun: other notices wait.
	batchTime = 2 * time.Minute
	// receiptTime is for writing down what was sent, also when the manager is told to end.
	receiptTime = 10 * time.Second
)

// outcome is what became of one message.
type outcome struct {
	// begun: somebody was asked to take it. Otherwise failure is why nobody was, if that is known.
	begun   bool
	receipt *metav1.Time
	failure *delivery.Failure
}

// sendBatch writes that the messages are being sent, sends them, and writes what came of it. Should anything end it in
// between, they are found as Sending and sent again, with the same ids.
func (d *round) sendBatch(ctx context.Context, b *batch) error {
	var err error
	if b.gone, err = d.gone(ctx, b.channel); err != nil {
		return err
	}
	record := b.record.DeepCopy() // as it was, for what is not begun
	b.record = b.record.DeepCopy()
	for _, i := range b.entries {
		e := &b.record.Status.Deliveries[i]
		e.State, e.NextAttemptTime, e.Attempts = v1alpha1.DeliverySending, nil, ptr.To(ptr.Deref(e.Attempts, 0)+1)
	}
	summarise(b.record)
	// Where the cache lags behind what was written last, this is a conflict, and nothing is sent.
	if err := d.writeRecord(ctx, b.record); err != nil {
		return fmt.Errorf("writing what is about to be sent: %w", err)
	}
	outcomes := d.carry(ctx, b)
	if fault := d.faultOf(b, outcomes); fault != nil {
		for i := range outcomes {
			if !outcomes[i].begun {
				outcomes[i].failure = fault
			}
		}
	}
	return d.keep(ctx, b, record, outcomes)
}

// carry sends the messages of a batch until all are sent, the channel fails, or the time is up.
func (d *round) carry(ctx context.Context, b *batch) []outcome {
	customers := make(map[v1alpha1.CustomerID]*audience.Customer, len(d.customers.All))
	for i := range d.customers.All {
		customers[d.customers.All[i].ID] = &d.customers.All[i]
	}
	outcomes := make([]outcome, len(b.entries))
	began := d.own.Now()
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		ended bool
	)
	stop := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return ended || ctx.Err() != nil || d.own.Now().Sub(began) >= batchTime
	}
	places := make(chan struct{}, b.channel.courier.atOnce)
	for n, i := range b.entries {
		places <- struct{}{}
		if stop() {
			break
		}
		e := &b.record.Status.Deliveries[i]
		group.Go(func() {
			defer func() { <-places }()
			o := d.sendOne(ctx, b, e, customers[e.Customer])
			mu.Lock()
			defer mu.Unlock()
			outcomes[n] = o
			ended = ended || o.failure != nil && o.failure.Channel
		})
	}
	group.Wait()
	return outcomes
}

// sendOne sends to one customer.
func (d *round) sendOne(ctx context.Context, b *batch, e *v1alpha1.Delivery, customer *audience.Customer) outcome {
	if customer == nil {
		return outcome{begun: true, failure: &delivery.Failure{
			Reason: delivery.ReasonCustomerNotListed, Text: "the list names the customer no more",
		}}
	}
	address := addressOf(customer, b.record.Spec.Channel)
	if address == "" {
		return outcome{begun: true, failure: &delivery.Failure{
			Reason: delivery.ReasonAddressNotFound, Text: "no address of the customer is held for the channel",
		}}
	}
	if b.gone[e.Customer] {
		return outcome{begun: true, failure: &delivery.Failure{
			Reason: delivery.ReasonWebhookGone, Text: "the receiver wanted no more when it was called last", Permanent: true, Disable: true,
		}}
	}
	_, err := b.channel.courier.send(ctx, address, d.messageTo(b.record, e, customer))
	if failure := (*delivery.Failure)(nil); errors.As(err, &failure) {
		return outcome{begun: true, failure: failure}
	}
	at, err := d.clock.Now(ctx)
	if err != nil {
		at = d.now // there is a receipt, and no later time that can be trusted
	}
	return outcome{begun: true, receipt: fromSecond(at)}
}

// addressOf is the first that a customer has for a channel.
func addressOf(customer *audience.Customer, channel v1alpha1.ObjectName) string {
	if customer == nil {
		return ""
	}
	for i := range customer.Contacts {
		if c := &customer.Contacts[i]; c.Channel == channel && c.Address != "" {
			return c.Address
		}
	}
	return ""
}

// faultOf returns the fault of the channel that ended the batch, and holds the channel back for it. Where the other side
// answered, the channel goes on.
func (d *round) faultOf(b *batch, outcomes []outcome) *delivery.Failure {
	answered := false
	for _, o := range outcomes {
		if o.failure != nil && o.failure.Channel {
			d.pauses.begin(b.channel.key, b.channel.digest, o.failure, d.now)
			return o.failure
		}
		answered = answered || o.receipt != nil ||
			o.failure != nil && (o.failure.Reason == delivery.ReasonMailRefused || o.failure.Reason == delivery.ReasonMailDeferred)
	}
	if answered {
		d.pauses.end(b.channel.key)
	}
	return nil
}

// keep writes what came of a batch. It does so also when the manager is told to end: what was sent is not to be sent
// twice without need.
func (d *round) keep(ctx context.Context, b *batch, before *v1alpha1.DeliveryRecord, outcomes []outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), receiptTime)
	defer cancel()
	record := b.record
	var states []v1alpha1.DeliveryState
	for {
		states = states[:0]
		for n, i := range b.entries {
			was := &before.Status.Deliveries[i]
			if e := entryOf(record, was); e != nil {
				settle(e, was, outcomes[n], d.now)
				if outcomes[n].begun {
					states = append(states, e.State)
				}
			}
		}
		summarise(record)
		err := d.writeRecord(ctx, record)
		if err == nil {
			break
		}
		if !apierrors.IsConflict(err) {
			return fmt.Errorf("writing what was sent: %w", err)
		}
		record = &v1alpha1.DeliveryRecord{} // somebody else wrote, perhaps a manager that leads by now
		if err := d.live.Get(ctx, keyOf(before), record); err != nil {
			return fmt.Errorf("reading a delivery record: %w", err)
		}
	}
	for _, state := range states {
		d.metrics.deliveries.WithLabelValues(b.channel.courier.channelType, string(state)).Inc()
	}
	return nil
}

// entryOf finds the entry of the same message, unless somebody else knows by now that it arrived, or came back.
func entryOf(record *v1alpha1.DeliveryRecord, was *v1alpha1.Delivery) *v1alpha1.Delivery {
	for i := range record.Status.Deliveries {
		e := &record.Status.Deliveries[i]
		if e.Customer == was.Customer && e.ID == was.ID && e.State != v1alpha1.DeliveryDelivered && !cameBack(e) {
			return e
		}
	}
	return nil
}

// settle writes down what became of one message.
func settle(e, was *v1alpha1.Delivery, o outcome, now time.Time) {
	switch f := o.failure; {
	case o.receipt != nil:
		e.State, e.DeliveredTime, e.Reason, e.NextAttemptTime = v1alpha1.DeliveryDelivered, o.receipt, "", nil
	case f == nil: // not begun: as it was, but for what the customer answered meanwhile
		e.State, e.Reason, e.Attempts, e.NextAttemptTime = was.State, was.Reason, was.Attempts, was.NextAttemptTime.DeepCopy()
	case f.Reason == delivery.ReasonInterrupted: // it may have arrived: whoever comes next sends it again
	case f.Channel:
		// No fault of the customer counts against the customer: it is tried for as long as it takes.
		e.State, e.Reason, e.Attempts = v1alpha1.DeliveryWaiting, f.Reason, was.Attempts
		e.NextAttemptTime = fromSecond(now.Add(firstPause))
	case f.Permanent:
		e.State, e.Reason = v1alpha1.DeliveryFailed, f.Reason
	default:
		e.State, e.Reason = v1alpha1.DeliveryFailed, f.Reason
		if next := telling.NextAttempt(e, now, f.RetryAfter); next != nil {
			e.State, e.NextAttemptTime = v1alpha1.DeliveryWaiting, atSecond(*next)
		}
	}
}

// overtake ends what was not delivered before customers were told that the notice is over: nobody is to be told of a
// change after it was taken back.
func (d *round) overtake(ctx context.Context) error {
	ends := func(r v1alpha1.DeliveryRecord) bool {
		stage := delivery.Stage(r.Spec.Stage)
		return stage == delivery.Withdrawn || stage == delivery.Superseded
	}
	if !slices.ContainsFunc(d.Records, ends) {
		return nil
	}
	for i := range d.Records {
		record := d.Records[i].DeepCopy() // what is not written proves nothing
		changed := false
		for j := range record.Status.Deliveries {
			if e := &record.Status.Deliveries[j]; !ends(*record) && !settled(e) {
				e.State, e.Reason, e.NextAttemptTime = v1alpha1.DeliveryFailed, delivery.ReasonOvertaken, nil
				changed = true
			}
		}
		if !changed {
			continue
		}
		summarise(record)
		if err := d.writeRecord(ctx, record); err != nil {
			return fmt.Errorf("ending what was overtaken: %w", err)
		}
		d.Records[i] = *record
	}
	return nil
}

// summarise brings what a record says as a whole in line with its entries.
func summarise(record *v1alpha1.DeliveryRecord) {
	status := &record.Status
	delivered := int32(0)
	status.NextAttemptTime = nil
	for i := range status.Deliveries {
		e := &status.Deliveries[i]
		if e.State == v1alpha1.DeliveryDelivered {
			delivered++
		}
		if e.NextAttemptTime != nil && (status.NextAttemptTime == nil || e.NextAttemptTime.Before(status.NextAttemptTime)) {
			status.NextAttemptTime = e.NextAttemptTime
		}
	}
	status.Delivered, status.Total = ptr.To(delivered), ptr.To(int32(len(status.Deliveries)))
}
