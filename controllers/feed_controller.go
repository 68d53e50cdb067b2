package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/internal/snapshot"
)

// Feed is what customers can subscribe to.
type Feed struct {
	// Handler serves it. Nil: there is none.
	Handler *feed.Handler
	// URL is where customers reach it. Empty: nobody said.
	URL string
}

// FeedReconciler hands what was published to the feed. Each replica has one, whoever leads.
type FeedReconciler struct {
	shared
	feed Feed
	own  clock.PassiveClock
	pace *pace
	// omitted is what was last said to be left out: it is said once. A single worker reads and writes it.
	omitted string
}

// site is the one thing there is to reconcile.
var site = types.NamespacedName{Name: "site"}

func addFeed(mgr manager.Manager, s shared, o Options) error {
	if o.Feed.Handler == nil {
		return nil
	}
	all := enqueue(func(context.Context, client.Object) []ctrl.Request { return requests(site) })
	options := controllerOptions()
	options.MaxConcurrentReconciles = 1
	options.NeedLeaderElection = ptr.To(false)
	return ctrl.NewControllerManagedBy(mgr).Named("feed").
		Watches(&v1alpha1.CustomerAPI{}, all, builder.WithPredicates(predicate.Or(
			predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}))).
		Watches(&v1alpha1.ChangeNotice{}, all, builder.WithPredicates(whenChanged(matterOfFeed))).
		Watches(&v1alpha1.NoticePolicy{}, all, builder.WithPredicates(whenChanged(matterOfPolicy))).
		// Each cluster has namespaces, so that one in which nothing was published yet has a feed, too.
		Watches(&corev1.Namespace{}, all, builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(options).
		Complete(patient{&FeedReconciler{shared: s, feed: o.Feed, own: o.Own, pace: newPace(o.Own)}})
}

// matterOfFeed is what the feed shows of a notice: its spec, and what was stamped.
func matterOfFeed(n *v1alpha1.ChangeNotice) any {
	status := n.Status
	return []any{
		n.Generation, status.PublishedTime, status.PublishedDigest, status.EffectiveTime, status.Postponements,
		status.UpdateTimes, status.WithdrawnTime, status.SupersededTime, status.SupersededBy,
	}
}

// Reconcile makes the whole of the feed anew, and comes back when the next notice comes into force.
func (r *FeedReconciler) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	if rest := r.pace.rest(site.Name); rest > 0 {
		return ctrl.Result{RequeueAfter: rest}, nil
	}
	defer r.pace.begin(site.Name)()
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	shown, next, omitted, err := r.site(ctx, now)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.feed.Handler.Swap(shown, r.own.Now()); err != nil {
		omitted = append(omitted, err.Error())
	}
	r.report(ctx, omitted)
	if next == nil {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{RequeueAfter: max(next.Sub(now), time.Millisecond)}, nil
}

// report names what is left out, when it is not what was last.
func (r *FeedReconciler) report(ctx context.Context, omitted []string) {
	text := strings.Join(omitted, "\n")
	if text != "" && text != r.omitted {
		ctrl.LoggerFrom(ctx).Info("Left something out of the feed", "omitted", omitted)
	}
	r.omitted = text
}

// site is what is published of all APIs that anybody may see. next is when it changes by itself.
func (r *FeedReconciler) site(ctx context.Context, now time.Time) (made feed.Site, next *time.Time, omitted []string, err error) {
	made.URL = r.feed.URL
	var apis v1alpha1.CustomerAPIList
	if err := r.client.List(ctx, &apis, client.UnsafeDisableDeepCopy); err != nil {
		return made, nil, nil, fmt.Errorf("listing customer APIs: %w", err)
	}
	zones, err := r.zones(ctx)
	if err != nil {
		return made, nil, nil, err
	}
	for i := range apis.Items {
		api := &apis.Items[i]
		if api.Spec.Feed != v1alpha1.FeedPublic {
			continue
		}
		var notices v1alpha1.ChangeNoticeList
		if err := r.client.List(ctx, &notices, client.InNamespace(api.Namespace), snapshot.OfAPI(api.Name), client.UnsafeDisableDeepCopy); err != nil {
			return made, nil, nil, fmt.Errorf("listing the notices of %s: %w", keyOf(api), err)
		}
		shown, errs := shownNotices(notices.Items, now)
		for _, n := range shown {
			switch n.State {
			case feed.Upcoming:
				next = earliest(next, &n.Effective)
			case feed.InForce:
				next = earliest(next, n.Until)
			}
		}
		omitted = append(omitted, errs...)
		made.APIs = append(made.APIs, feed.API{
			Namespace: api.Namespace, Name: api.Name, Title: api.Spec.Title, Zone: zones.of(api), Notices: shown,
		})
	}
	slices.Sort(omitted) // a cache has no order
	return made, next, omitted, nil
}

// shownNotices are those that were published. What cannot be shown is named, and holds up nothing else.
func shownNotices(all []v1alpha1.ChangeNotice, now time.Time) (shown []feed.Notice, omitted []string) {
	for i := range all {
		if all[i].Status.PublishedTime == nil {
			continue
		}
		n, err := shownNotice(&all[i], now)
		if err != nil {
			omitted = append(omitted, fmt.Sprintf("leaving out notice %s: %v", keyOf(&all[i]), err))
			continue
		}
		shown = append(shown, n)
	}
	return shown, omitted
}

// zones find the time zone in which the customers of an API read dates.
type zones struct {
	policies   []v1alpha1.NoticePolicy
	namespaces map[string]map[string]string // their labels
}

func (r *FeedReconciler) zones(ctx context.Context) (zones, error) {
	var policies v1alpha1.NoticePolicyList
	if err := r.client.List(ctx, &policies, client.UnsafeDisableDeepCopy); err != nil {
		return zones{}, fmt.Errorf("listing notice policies: %w", err)
	}
	var namespaces corev1.NamespaceList
	if err := r.client.List(ctx, &namespaces, client.UnsafeDisableDeepCopy); err != nil {
		return zones{}, fmt.Errorf("listing namespaces: %w", err)
	}
	z := zones{policies: policies.Items, namespaces: make(map[string]map[string]string, len(namespaces.Items))}
	for i := range namespaces.Items {
		z.namespaces[namespaces.Items[i].Name] = namespaces.Items[i].Labels
	}
	return z, nil
}

func (z zones) of(api *v1alpha1.CustomerAPI) *time.Location {
	var selecting []*v1alpha1.NoticePolicy
	for i := range z.policies {
		// One that cannot be read binds nobody; its own status says so.
		if ok, err := snapshot.Selects(&z.policies[i], z.namespaces[api.Namespace], api.Labels); err == nil && ok {
			selecting = append(selecting, &z.policies[i])
		}
	}
	return commonZone(selecting)
}
