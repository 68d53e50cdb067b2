package controllers

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/brownout"
	"forewarn.dev/forewarn/internal/signal"
)

// addBrownouts serves the port that routes lead to in a brownout, on every replica.
func addBrownouts(ctx context.Context, mgr manager.Manager, s shared, feedURL, address string) error {
	desk := brownoutDesk{cache: s.client, feedURL: feedURL}
	return serveStrangers(ctx, mgr, "brownouts", address, &brownout.Handler{Find: desk.find, Now: s.clock.Now})
}

// brownoutDesk finds out what customers were told of a brownout, from the cache alone: anybody may ask.
type brownoutDesk struct {
	cache   client.Reader
	feedURL string
}

func (t brownoutDesk) find(ctx context.Context, name brownout.Name) (brownout.Answer, bool) {
	s := &v1alpha1.DeprecationSchedule{}
	key := types.NamespacedName{Namespace: name.Namespace, Name: name.Schedule}
	if t.cache.Get(ctx, key, s) != nil || !signal.Due(s) {
		return brownout.Answer{}, false
	}
	for i := range s.Spec.Brownouts {
		b := &s.Spec.Brownouts[i]
		if b.Name != name.Brownout {
			continue
		}
		n, err := noticeOf(ctx, t.cache, s, b)
		if err != nil || n == nil || n.Status.PublishedTime == nil {
			return brownout.Answer{}, false
		}
		return brownout.Answer{
			Title:   n.Spec.Title,
			Detail:  strings.TrimSpace(n.Spec.WhatChanges + "\n" + n.Spec.WhatToDo),
			Locale:  string(n.Spec.Locale),
			Start:   n.Spec.EffectiveTime.Time,
			End:     brownoutEnd(n),
			Headers: signal.Of(s, pageOf(ctx, t.cache, t.feedURL, s)).Headers(),
		}, true
	}
	return brownout.Answer{}, false
}
