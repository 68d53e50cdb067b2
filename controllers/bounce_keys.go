package controllers

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/webhook"
	"forewarn.dev/forewarn/internal/snapshot"
)

// keysFor is how long the keys of a channel are believed: whoever knocks, however often, has a Secret read that often.
const keysFor = 10 * time.Second

// bounceKeys reads the keys of a channel. None without a failure: it takes nothing in that came back.
func bounceKeys(ctx context.Context, s *snapshot.Snapshot, channel *v1alpha1.NoticeChannel) ([][]byte, *delivery.Failure, error) {
	texts, problem, err := s.BounceKeys(ctx, channel)
	if err != nil {
		return nil, nil, err
	}
	if problem != nil {
		return nil, channelFailure(problem.Reason, problem.Message), nil
	}
	var keys [][]byte
	for _, text := range texts {
		key, err := webhook.ParseKey(text)
		if err != nil {
			return nil, channelFailure(v1alpha1.ReasonChannelInvalid, "bounces.keysFrom: "+err.Error()), nil
		}
		keys = append(keys, key)
	}
	return keys, nil, nil
}

// setTakesBounces says whether mails that come back are taken in. Notices are sent in any case.
func (r *NoticeChannelReconciler) setTakesBounces(ctx context.Context, channel *v1alpha1.NoticeChannel, now time.Time) error {
	keys, failure, err := bounceKeys(ctx, r.snapshot, channel)
	if err != nil {
		return err
	}
	c := conditions{list: &channel.Status.Conditions, generation: channel.Generation, now: now}
	switch {
	case r.answers == nil && channel.Spec.Mail.Bounces.KeysFrom.Name != "":
		c.set(v1alpha1.ConditionTakesBounces, metav1.ConditionFalse, v1alpha1.ReasonNotServed,
			"the manager takes nothing in: start it with --answers-address, and not in a rehearsal")
	case failure != nil:
		c.set(v1alpha1.ConditionTakesBounces, metav1.ConditionFalse, failure.Reason, failure.Text)
	case len(keys) == 0:
		apimeta.RemoveStatusCondition(c.list, v1alpha1.ConditionTakesBounces)
	default:
		c.set(v1alpha1.ConditionTakesBounces, metav1.ConditionTrue, v1alpha1.ReasonReady,
			"mails that come back are taken in at "+r.answers.bounceURL(keyOf(channel)))
	}
	return nil
}

// keyring holds the keys of channels for a short time.
type keyring struct {
	channels client.Reader
	snapshot *snapshot.Snapshot

	mu   sync.Mutex
	held map[types.NamespacedName]heldKeys
}

type heldKeys struct {
	keys  [][]byte
	until time.Time
}

// of returns the keys of a channel; none where there is none that takes in what came back. One reads at a time: those
// who come meanwhile find what was read.
func (k *keyring) of(ctx context.Context, name types.NamespacedName, now time.Time) ([][]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if held, ok := k.held[name]; ok && now.Before(held.until) {
		return held.keys, nil
	}
	channel := &v1alpha1.NoticeChannel{}
	if err := k.channels.Get(ctx, name, channel); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil // names are free: none is kept that somebody made up
		}
		return nil, fmt.Errorf("reading notice channel %s: %w", name, err)
	}
	keys, _, err := bounceKeys(ctx, k.snapshot, channel) // the condition of the channel says what is wrong with them
	if err != nil {
		return nil, err
	}
	for other, held := range k.held {
		if !now.Before(held.until) {
			delete(k.held, other)
		}
	}
	if k.held == nil {
		k.held = map[types.NamespacedName]heldKeys{}
	}
	k.held[name] = heldKeys{keys: keys, until: now.Add(keysFor)}
	return keys, nil
}
