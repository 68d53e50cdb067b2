package controllers

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// addRest adds what tells the lookout of each replica where routes lead, as long as the cluster serves any.
func addRest(mgr manager.Manager, s shared, looked *lookout) error {
	options := func() controller.Options {
		o := controllerOptions()
		o.NeedLeaderElection = ptr.To(false)
		return o
	}
	reading, err := ctrl.NewControllerManagedBy(mgr).Named("rest").
		For(&v1alpha1.CustomerAPI{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(looked.routes).
		WithOptions(options()).
		Build(patient{&restReader{lookout: looked, resting: s.snapshot.Resting}})
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).Named("restroutes").
		For(definitionMetadata()).
		WithOptions(options()).
		Complete(&restWatcher{lookout: looked, cache: mgr.GetCache(), informer: s.routeInformer, reading: reading})
}

// restReader answers what the lookout asks of routes.
type restReader struct {
	lookout *lookout
	resting func(context.Context, *v1alpha1.CustomerAPI) ([]string, error)
}

// Reconcile reads the routes of an API that the lookout asks about.
func (r *restReader) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	api, asked := r.lookout.question(req.NamespacedName)
	if api == nil {
		return ctrl.Result{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, restAnswerLimit)
	defer cancel()
	resting, err := r.resting(ctx, api)
	r.lookout.answer(req.NamespacedName, asked, resting, err)
	return ctrl.Result{}, err
}

// restWatcher has HTTPRoutes watched for the lookout.
type restWatcher struct {
	lookout  *lookout
	cache    cache.Cache
	informer *routeInformer
	reading  controller.Controller

	mu       sync.Mutex
	watching types.UID
}

// Reconcile looks at the definition.
func (r *restWatcher) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	uid, served, err := r.informer.definition(ctx)
	if err != nil || uid != "" && uid == r.watching {
		return ctrl.Result{}, err
	}
	r.watching = ""
	r.lookout.seeRoutes() // also once a definition that was being deleted is gone: until then there may be routes
	switch {
	case uid == "":
		return ctrl.Result{}, nil
	case !served:
		return ctrl.Result{RequeueAfter: gatewayRetry}, nil
	}
	told := enqueue(func(_ context.Context, route client.Object) []ctrl.Request {
		r.lookout.seeRoute(keyOf(route))
		return nil
	})
	changed := whenChanged(func(route *metav1.PartialObjectMetadata) any { return []any{route.UID, route.Generation} })
	if err := r.reading.Watch(source.Kind(r.cache, client.Object(httpRouteMetadata()), told, changed)); err != nil {
		return ctrl.Result{}, fmt.Errorf("watching HTTPRoutes: %w", err)
	}
	r.watching = uid
	return ctrl.Result{}, nil
}
