package controllers

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const notOfThisChannel = "422 no message of this channel has that Message-ID, or its notice was deleted"

// The mail server drops what is said to be unknown: a cache that has not seen the record yet does not say so alone.
func TestBounceThatTheCacheDoesNotKnow(t *testing.T) {
	p, listed := newPostbox(t), 0
	var broken error
	live := p.client.(client.WithWatch)
	p.client = interceptor.NewClient(live, interceptor.Funcs{
		List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return nil },
	})
	p.live = interceptor.NewClient(live, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
			listed++
			return firstError(broken, c.List(ctx, l, opts...))
		},
	})
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, strings.Repeat("f", 32))); got != notOfThisChannel || listed != 1 {
		t.Errorf("%s, after %d lists", got, listed)
	}
	broken = errors.New("jane.doe@customer.example is not to be told of")
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); got != "503 it cannot be looked at now; try again" {
		t.Error(got)
	}
	broken = nil
	if got := p.post("/bounces/shop/other-mail", bounceKey, notification(t, bouncedID)); got != notOfThisChannel {
		t.Errorf("of another channel: %s", got)
	}
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); !strings.HasPrefix(got, "200 taken") {
		t.Error(got)
	}
	listed, p.client = 0, live
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); !strings.HasPrefix(got, "200 nothing") || listed != 0 {
		t.Errorf("what the cache knows: %s, after %d lists", got, listed)
	}
}

// A record that is deleted while it is written takes nothing back.
func TestBounceOfARecordDeletedMeanwhile(t *testing.T) {
	p := newPostbox(t, func(p *postbox, _ *v1alpha1.DeliveryRecord) {
		p.funcs.SubResourceUpdate = func(ctx context.Context, c client.Client, _ string, o client.Object, _ ...client.SubResourceUpdateOption) error {
			if err := c.Delete(ctx, o); err != nil {
				return err
			}
			return apierrors.NewConflict(schema.GroupResource{}, o.GetName(), errors.New("somebody wrote"))
		}
	})
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); got != notOfThisChannel {
		t.Error(got)
	}
}
