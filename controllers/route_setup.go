package controllers

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/signal"
)

// httpRouteCRD is the definition of a kind that a cluster may serve or not, today or from tomorrow on.
const httpRouteCRD = "httproutes.gateway.networking.k8s.io"

// addRoutes adds what writes into HTTPRoutes, and what says what they say.
//
//	the definition of HTTPRoutes comes -> watch them        goes -> forget them
func addRoutes(ctx context.Context, mgr manager.Manager, s shared, w watches, o Options) error {
	both := &routes{
		shared: s, feedURL: o.Feed.URL, answers: o.Brownouts != "" && o.Brownouts != "0",
		backend: signal.Backend{Namespace: o.Namespace, Name: brownoutService, Port: brownoutPort},
	}
	if both.answers {
		if err := addBrownouts(ctx, mgr, s, o.Feed.URL, o.Brownouts); err != nil {
			return err
		}
	}
	failures, schedules := &sync.Map{}, &waker{}
	writer := &RouteReconciler{routes: both, failures: failures, wake: schedules.wake}
	options := controllerOptions()
	options.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[ctrl.Request](firstRetry, lastRouteRetry)
	toRoutes := enqueue(func(ctx context.Context, object client.Object) []ctrl.Request {
		return requests(both.toRoutes(ctx, object)...)
	})
	writing, err := ctrl.NewControllerManagedBy(mgr).Named("httproute").
		Watches(&v1alpha1.DeprecationSchedule{}, toRoutes, builder.WithPredicates(whenChanged(matterOfSignals))).
		Watches(&v1alpha1.ChangeNotice{}, toRoutes, builder.WithPredicates(whenChanged(matterOfNotice))).
		WithOptions(options).
		Build(patient{writer})
	if err != nil {
		return err
	}
	looking, err := ctrl.NewControllerManagedBy(mgr).Named("signals").
		For(&v1alpha1.DeprecationSchedule{}, builder.WithPredicates(whenChanged(matterOfSignals))).
		WatchesRawSource(schedules).
		WithOptions(controllerOptions()).
		Build(patient{&SignalReconciler{routes: both, failures: failures}})
	if err != nil {
		return err
	}
	apis := &waker{}
	leading, err := addLed(mgr, s, w, apis)
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).Named("gatewayapi").
		For(definitionMetadata()).
		WithOptions(controllerOptions()).
		Complete(&definitionReconciler{
			mgr: mgr, both: both, writing: writing, looking: looking, wake: schedules.wake,
			leading: leading, wakeLed: apis.wake,
		})
}

func addLed(mgr manager.Manager, s shared, w watches, apis *waker) (controller.Controller, error) {
	return ctrl.NewControllerManagedBy(mgr).Named("led").
		For(&v1alpha1.CustomerAPI{}, builder.WithPredicates(whenChanged(matterOfCarriers))).
		Watches(&corev1.Service{}, enqueue(w.toCarried), builder.WithPredicates(whenChanged(matterOfPorts))).
		WatchesRawSource(apis).
		WithOptions(controllerOptions()).
		Build(patient{&LedReconciler{shared: s}})
}

// matterOfSignals is what routes depend on in a schedule.
func matterOfSignals(s *v1alpha1.DeprecationSchedule) any {
	status := &s.Status
	return []any{s.Generation, s.DeletionTimestamp, status.PublishedTime, status.WithdrawnTime, status.RemovedTime, status.Notices}
}

func definitionMetadata() *metav1.PartialObjectMetadata {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	return metadata
}

// definitionReconciler has HTTPRoutes watched while the cluster serves them.
type definitionReconciler struct {
	mgr              manager.Manager
	both             *routes
	writing, looking controller.Controller
	leading          controller.Controller
	// wake has schedules looked at, wakeLed the APIs that name routes.
	wake, wakeLed func(...types.NamespacedName)

	mu       sync.Mutex
	watching types.UID // the definition by which they are
}

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,resourceNames=httproutes.gateway.networking.k8s.io,verbs=get;list;watch

// Reconcile looks at the definition.
func (r *definitionReconciler) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	uid, served, err := r.both.routeInformer.definition(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	if uid == "" {
		if err := r.wakeRouted(ctx); err != nil {
			return ctrl.Result{}, err
		}
	}
	if r.watching == uid {
		return ctrl.Result{}, nil
	}
	r.watching = ""
	if uid == "" {
		return ctrl.Result{}, r.wakeAll(ctx)
	}
	if !served {
		return ctrl.Result{RequeueAfter: gatewayRetry}, nil
	}
	if err := r.watch(); err != nil {
		return ctrl.Result{}, fmt.Errorf("watching HTTPRoutes: %w", err)
	}
	r.watching = uid
	ctrl.LoggerFrom(ctx).Info("HTTPRoutes are watched")
	return ctrl.Result{}, r.wakeAll(ctx)
}

// wakeAll is for the schedules and the APIs whose routes do not exist: of these no event tells.
func (r *definitionReconciler) wakeAll(ctx context.Context) error {
	var schedules v1alpha1.DeprecationScheduleList
	if err := r.both.client.List(ctx, &schedules, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing deprecation schedules: %w", err)
	}
	for i := range schedules.Items {
		r.wake(keyOf(&schedules.Items[i]))
	}
	var apis v1alpha1.CustomerAPIList
	if err := r.both.client.List(ctx, &apis, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing customer APIs: %w", err)
	}
	for i := range apis.Items {
		if len(apis.Items[i].Spec.CarriedBy.HTTPRoutes) > 0 {
			r.wakeLed(keyOf(&apis.Items[i]))
		}
	}
	return nil
}

func (r *definitionReconciler) watch() error {
	changed := whenChanged(matterOfRoute)
	err := r.writing.Watch(source.Kind(r.mgr.GetCache(), client.Object(httpRouteMetadata()), enqueue(r.toItself), changed))
	if err != nil {
		return err
	}
	err = r.looking.Watch(source.Kind(r.mgr.GetCache(), client.Object(httpRouteMetadata()), enqueue(r.toSchedules), changed))
	if err != nil {
		return err
	}
	err = r.looking.Watch(source.Kind(r.mgr.GetCache(), client.Object(httpRouteMetadata()), enqueue(r.toAPIs), changed))
	if err != nil {
		return err
	}
	return r.leading.Watch(source.Kind(r.mgr.GetCache(), client.Object(httpRouteMetadata()), enqueue(r.both.toListed),
		whenChanged(matterOfLeading)))
}

// toItself passes over the routes that are no concern of ours, which in most clusters are all: each is read live.
func (r *definitionReconciler) toItself(ctx context.Context, route client.Object) []ctrl.Request {
	if _, written := route.GetAnnotations()[signal.RecordAnnotation]; !written && len(r.toSchedules(ctx, route)) == 0 {
		return nil
	}
	return requests(keyOf(route))
}

func (r *definitionReconciler) toSchedules(ctx context.Context, route client.Object) []ctrl.Request {
	keys, err := r.both.toSchedules(ctx, keyOf(route))
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing what an event concerns")
	}
	return requests(keys...)
}

// lastRouteRetry is shorter than that of others: while a brownout is not put back, customers wait.
const lastRouteRetry = 2 * time.Second
