package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/internal/answer/door"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/telling"
)

const (
	// maxLooks is how many records are read for customers side by side: one holds up to 500 of them.
	maxLooks = 8
	// maxWrites is one: those who answer at the same time mostly stand in the same record.
	maxWrites = 1
)

// answerRetries is for when somebody else writes the record meanwhile: whoever sends, or another replica.
var answerRetries = wait.Backoff{Steps: 6, Duration: 10 * time.Millisecond, Factor: 2, Jitter: 0.5}

// desk finds what customers answer to, and writes down what they do.
type desk struct {
	shared
	log             logr.Logger
	looking, taking chan struct{}
}

func newDesk(s shared, log logr.Logger) *desk {
	return &desk{shared: s, log: log, looking: make(chan struct{}, maxLooks), taking: make(chan struct{}, maxWrites)}
}

// find is what the customer of a ticket is shown.
func (d *desk) find(ctx context.Context, t answer.Ticket) (door.Found, error) {
	var found door.Found
	err := inTurn(ctx, d.looking, func() (err error) {
		found, err = d.look(ctx, t)
		return err
	})
	return found, d.reported(err, "Cannot show a notice to a customer", t)
}

// keep writes an answer down.
func (d *desk) keep(ctx context.Context, t answer.Ticket, given answer.Answer, now time.Time) error {
	err := inTurn(ctx, d.taking, func() error { return d.write(ctx, t, given, now) })
	return d.reported(err, "Cannot keep an answer", t)
}

// inTurn waits for a place.
func inTurn(ctx context.Context, places chan struct{}, do func() error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case places <- struct{}{}:
	}
	defer func() { <-places }()
	return do()
}

// reported logs what a customer is not told.
func (d *desk) reported(err error, message string, t answer.Ticket) error {
	if err != nil && !errors.Is(err, door.ErrUnknown) && !errors.Is(err, context.Canceled) {
		d.log.Error(err, message, "notice", types.NamespacedName{Namespace: t.Namespace, Name: t.Name}.String())
	}
	return err
}

func (d *desk) look(ctx context.Context, t answer.Ticket) (door.Found, error) {
	n, err := d.noticeOf(ctx, t)
	if err != nil {
		return door.Found{}, err
	}
	now, err := d.clock.Now(ctx)
	if err != nil {
		return door.Found{}, err
	}
	shown, err := shownNotice(n, now)
	if err != nil {
		return door.Found{}, fmt.Errorf("%w: %w", door.ErrUnknown, err)
	}
	// Not from the cache: whoever has just answered is shown that.
	record, err := d.recordOf(ctx, t)
	if err != nil {
		return door.Found{}, err
	}
	e := entryFor(record, t)
	if e == nil {
		return door.Found{}, door.ErrUnknown
	}
	found := door.Found{Given: givenBy(e)}
	_, lapsed := notice.LapsedBy(n, now)
	found.Over = lapsed || shown.State == feed.Withdrawn || shown.State == feed.Superseded
	found.API, err = d.apiOf(ctx, n)
	found.API.Notices = []feed.Notice{shown}
	return found, err
}

// noticeOf is the very notice of a ticket.
func (d *desk) noticeOf(ctx context.Context, t answer.Ticket) (*v1alpha1.ChangeNotice, error) {
	n := &v1alpha1.ChangeNotice{}
	err := d.client.Get(ctx, types.NamespacedName{Namespace: t.Namespace, Name: t.Name}, n)
	if apierrors.IsNotFound(err) || err == nil && string(n.UID) != t.UID {
		return nil, door.ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("reading a change notice: %w", err)
	}
	return n, nil
}

// recordOf is where the answers of a customer stand: the record of the publication that holds one and, while none does, the
// first by name that holds the customer.
func (d *desk) recordOf(ctx context.Context, t answer.Ticket) (*v1alpha1.DeliveryRecord, error) {
	var records v1alpha1.DeliveryRecordList
	if err := d.client.List(ctx, &records, client.InNamespace(t.Namespace), snapshot.OfNotice(t.UID), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing delivery records: %w", err)
	}
	name, answered := "", false
	for i := range records.Items {
		r := &records.Items[i]
		e := entryFor(r, t)
		if e == nil || r.Spec.Stage != v1alpha1.NoticeStage(delivery.Published) {
			continue
		}
		here := e.Answer != ""
		if name == "" || here && !answered || here == answered && r.Name < name {
			name, answered = r.Name, here
		}
	}
	if name == "" {
		return nil, door.ErrUnknown
	}
	record := &v1alpha1.DeliveryRecord{}
	err := d.live.Get(ctx, types.NamespacedName{Namespace: t.Namespace, Name: name}, record)
	if apierrors.IsNotFound(err) {
		return nil, door.ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("reading a delivery record: %w", err)
	}
	return record, nil
}

func entryFor(record *v1alpha1.DeliveryRecord, t answer.Ticket) *v1alpha1.Delivery {
	for i := range record.Status.Deliveries {
		if e := &record.Status.Deliveries[i]; string(e.Customer) == t.Customer {
			return e
		}
	}
	return nil
}

// apiOf is what customers know the API as, and the zone that they read dates in.
func (d *desk) apiOf(ctx context.Context, n *v1alpha1.ChangeNotice) (feed.API, error) {
	shown := feed.API{Namespace: n.Namespace, Name: string(n.Spec.APIRef.Name)}
	api := &v1alpha1.CustomerAPI{}
	err := d.client.Get(ctx, types.NamespacedName{Namespace: shown.Namespace, Name: shown.Name}, api)
	if apierrors.IsNotFound(err) {
		return shown, nil
	}
	if err != nil {
		return shown, fmt.Errorf("reading a customer API: %w", err)
	}
	policies, err := d.snapshot.Policies(ctx, api)
	if err != nil {
		return shown, err
	}
	selecting := make([]*v1alpha1.NoticePolicy, 0, len(policies))
	for i := range policies {
		selecting = append(selecting, &policies[i])
	}
	shown.Title, shown.Zone = api.Spec.Title, commonZone(selecting)
	return shown, nil
}

// write writes an answer into the record as it is now, whoever else writes it meanwhile.
func (d *desk) write(ctx context.Context, t answer.Ticket, given answer.Answer, now time.Time) error {
	n, err := d.noticeOf(ctx, t)
	if err != nil {
		return err
	}
	settled := telling.ObjectionsAnswered(n)
	return retry.RetryOnConflict(answerRetries, func() error {
		record, err := d.recordOf(ctx, t)
		if err != nil {
			return err
		}
		e := entryFor(record, t)
		if e == nil {
			return door.ErrUnknown
		}
		if !put(e, given, settled, now) {
			return nil
		}
		return d.client.Status().Update(ctx, record)
	})
}

// put puts an answer into an entry, and says whether that changed anything. One that is repeated keeps its moment, since
// a clock may run from it; an objection that was answered meanwhile is a new one.
func put(e *v1alpha1.Delivery, given answer.Answer, settled, now time.Time) (changed bool) {
	before := givenBy(e)
	if given == before.Answer && (given.Kind != v1alpha1.AnswerNeedsTime || before.Time.After(settled)) {
		return false
	}
	e.Answer, e.AnswerTime, e.NeededUntil = given.Kind, nil, nil
	if given.Kind != "" {
		e.AnswerTime = fromSecond(now)
	}
	if given.Kind == v1alpha1.AnswerNeedsTime {
		e.NeededUntil = atSecond(given.NeededUntil)
	}
	return true
}

// givenBy is the answer that stands in an entry.
func givenBy(e *v1alpha1.Delivery) answer.Given {
	var given answer.Given
	given.Kind = e.Answer
	if e.AnswerTime != nil {
		given.Time = e.AnswerTime.UTC()
	}
	if e.NeededUntil != nil {
		given.NeededUntil = e.NeededUntil.UTC()
	}
	return given
}
