package controllers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// LookoutLeaseName is the Lease that says until when what happened to the APIs is written down.
const LookoutLeaseName = "forewarn-lookout"

const (
	stampEvery = 10 * time.Second
	// lastStampLimit is how long a manager that ends waits for it.
	lastStampLimit = 2 * time.Second
	// versionAnnotation is the latest resourceVersion of an EndpointSlice that had been seen.
	versionAnnotation = "forewarn.dev/seen-version"
	// behindAnnotation are the budgets that the Lease does not speak of.
	behindAnnotation = "forewarn.dev/behind"
	// maxBehind is how many budgets may be named. Of more, none is spoken of.
	maxBehind = 64
)

// lookoutStamp is what a Lease of the lookout says: but for the budgets that are behind, all until a moment is in their
// statuses, and what those say last was so until then.
type lookoutStamp struct {
	at      time.Time
	version uint64
	// behind is until when it is so for those.
	behind map[string]time.Time
}

func stampOf(lease *coordinationv1.Lease) *lookoutStamp {
	s := &lookoutStamp{behind: map[string]time.Time{}}
	if lease.Spec.RenewTime != nil {
		s.at = lease.Spec.RenewTime.Time
	}
	s.version, _ = strconv.ParseUint(lease.Annotations[versionAnnotation], 10, 64) // 0 covers nothing
	for entry := range strings.SplitSeq(lease.Annotations[behindAnnotation], ",") {
		name, text, _ := strings.Cut(entry, "=")
		s.behind[name], _ = time.Parse(time.RFC3339Nano, text) // the beginning of time, where it is none
	}
	return s
}

// covers says that the stamp speaks of a budget.
func (s *lookoutStamp) covers(budget types.NamespacedName) bool {
	_, behind := s.behind[budget.String()]
	return !s.at.IsZero() && !behind
}

// of is the moment until which all that happened to a budget is in its status.
func (s *lookoutStamp) of(budget types.NamespacedName) time.Time {
	if at, behind := s.behind[budget.String()]; behind {
		return at
	}
	return s.at
}

// until is how long what the log of a budget says last is known to have lasted.
func (s *lookoutStamp) until(budget types.NamespacedName, log time.Time) time.Time {
	if at := s.of(budget); at.After(log) {
		return at
	}
	return log
}

func (s *lookoutStamp) writeTo(lease *coordinationv1.Lease) {
	lease.Spec.RenewTime = ptr.To(metav1.NewMicroTime(s.at))
	lease.Annotations = map[string]string{versionAnnotation: strconv.FormatUint(s.version, 10)}
	var entries []string
	for name, at := range s.behind {
		entries = append(entries, name+"="+at.UTC().Format(time.RFC3339Nano))
	}
	if len(entries) > 0 {
		slices.Sort(entries)
		lease.Annotations[behindAnnotation] = strings.Join(entries, ",")
	}
}

// stamper stamps the Lease while this process leads, and knows what the leader before stamped.
type stamper struct {
	lookout *lookout
	live    client.Client
	lease   types.NamespacedName
	// identity is who leads.
	identity string
	own      clock.WithTicker
	log      logr.Logger
}

// Start implements manager.Runnable. It runs on the leader alone.
func (s *stamper) Start(ctx context.Context) error {
	tick := s.own.NewTicker(stampEvery)
	defer tick.Stop()
	for known := false; ; {
		var err error
		if !known {
			known, err = s.read(ctx)
		} else {
			err = s.write(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Error(err, "Stamping until when the APIs were watched")
		}
		select {
		case <-ctx.Done():
			if known {
				s.writeLast(ctx)
			}
			return nil
		case <-tick.C():
		}
	}
}

// writeLast leaves whoever comes next no more to find out than what happens from now on.
func (s *stamper) writeLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastStampLimit)
	defer cancel()
	if err := s.write(ctx); err != nil {
		s.log.V(1).Info("Ending without a last stamp", "cause", err.Error())
	}
}

// read takes over from the leader before.
func (s *stamper) read(ctx context.Context) (known bool, err error) {
	lease := &coordinationv1.Lease{}
	if err := s.live.Get(ctx, s.lease, lease); client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading the Lease of the lookout: %w", err)
	}
	s.lookout.takeOver(stampOf(lease))
	return true, nil
}

func (s *stamper) write(ctx context.Context) error {
	stamp, ok := s.lookout.stampNow()
	if !ok {
		return nil
	}
	lease := &coordinationv1.Lease{}
	err := s.live.Get(ctx, s.lease, lease)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the Lease of the lookout: %w", err)
	}
	lease.Namespace, lease.Name = s.lease.Namespace, s.lease.Name
	lease.Spec.HolderIdentity = ptr.To(s.identity)
	stamp.writeTo(lease)
	if apierrors.IsNotFound(err) {
		return s.live.Create(ctx, lease)
	}
	return s.live.Update(ctx, lease)
}

// takeOver knows what the leader before stamped. Whoever waits to be told what was seen can be, now.
func (l *lookout) takeOver(stamp *lookoutStamp) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock.notBefore(stamp.at)
	l.stamp = stamp
	for key := range l.budgets {
		l.woken.wake(key)
	}
}

// stampNow is what may be stamped: false where too much is behind, or nothing is known. What is behind is looked at again.
func (l *lookout) stampNow() (lookoutStamp, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, ok := l.known()
	stamp := lookoutStamp{at: now, version: l.version, behind: map[string]time.Time{}}
	if !ok || !l.begun || l.stamp == nil {
		return stamp, false
	}
	for key, b := range l.budgets {
		last, looked := b.last()
		written := looked && b.waiting == nil && !b.recorded.IsZero() && !last.At.After(b.recorded)
		if b.elsewhere || written {
			b.told = now
			continue
		}
		stamp.behind[key.String()] = l.stamp.of(key)
		l.woken.wake(key)
	}
	if len(stamp.behind) > maxBehind {
		return stamp, false
	}
	// A budget that falls behind from here on is covered until now.
	l.stamp = &stamp
	return stamp, true
}
