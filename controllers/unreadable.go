package controllers

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// An object that does not fit the type of its kind, because it was stored while a schema was looser:
//
//	API server -> lenient list and watch -> cache holds its metadata, marked -> snapshot, reconcilers: as if unknown
//	                                              \-> named in log, event and metric
//
// Without this a list of the kind fails whole, and nothing of any kind is judged.

type lenientKind struct {
	name   string
	object client.Object
	list   client.ObjectList
}

// lenientKinds are those that the cache reads item by item.
func lenientKinds() []lenientKind {
	return []lenientKind{
		{"NoticePolicy", &v1alpha1.NoticePolicy{}, &v1alpha1.NoticePolicyList{}},
		{"CustomerAPI", &v1alpha1.CustomerAPI{}, &v1alpha1.CustomerAPIList{}},
		{"APIRevision", &v1alpha1.APIRevision{}, &v1alpha1.APIRevisionList{}},
		{"ChangeNotice", &v1alpha1.ChangeNotice{}, &v1alpha1.ChangeNoticeList{}},
		{"Waiver", &v1alpha1.Waiver{}, &v1alpha1.WaiverList{}},
		{"DeprecationSchedule", &v1alpha1.DeprecationSchedule{}, &v1alpha1.DeprecationScheduleList{}},
		{"DowntimeBudget", &v1alpha1.DowntimeBudget{}, &v1alpha1.DowntimeBudgetList{}},
	}
}

// newCache makes a cache that no object of forewarn's kinds keeps from being synced. The line knows when EndpointSlices and
// pods are watched.
func newCache(config *rest.Config, o cache.Options, line *lookoutLine) (cache.Cache, error) {
	lenient, err := snapshot.NewLenient(config, o.HTTPClient, o.Scheme)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	resources := map[reflect.Type]string{}
	for _, kind := range lenientKinds() {
		if resources[reflect.TypeOf(kind.object)], err = snapshot.ResourceOf(kind.object, o.Scheme); err != nil {
			return nil, fmt.Errorf("finding the resource of %s: %w", kind.name, err)
		}
	}
	o.NewInformer = func(
		source toolscache.ListerWatcher, object runtime.Object, resync time.Duration, indexers toolscache.Indexers,
	) toolscache.SharedIndexInformer {
		if resource, ok := resources[reflect.TypeOf(object)]; ok {
			source = toolscache.NewFilteredListWatchFromClient(lenient, resource, corev1.NamespaceAll, func(*metav1.ListOptions) {})
		}
		switch object.(type) {
		case *discoveryv1.EndpointSlice:
			source = line.over(source)
		case *corev1.Pod:
			source = line.pods.over(source)
		}
		return toolscache.NewSharedIndexInformer(source, object, resync, indexers)
	}
	return cache.New(config, o)
}

// readableClient is a client that reads no more of an object that cannot be read than that.
type readableClient struct {
	client.Client
	readable client.Reader
}

func (c readableClient) Get(ctx context.Context, key client.ObjectKey, out client.Object, opts ...client.GetOption) error {
	return c.readable.Get(ctx, key, out, opts...)
}

func (c readableClient) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return c.readable.List(ctx, list, opts...)
}

// unreadable names the objects that cannot be read, while this process leads.
type unreadable struct {
	shared
	cache cache.Cache
	log   logr.Logger
}

// Start implements manager.Runnable.
func (u unreadable) Start(ctx context.Context) error {
	handler := toolscache.ResourceEventHandlerFuncs{AddFunc: u.name, UpdateFunc: func(before, after any) {
		if was, ok := before.(client.Object); ok {
			if is, ok := after.(client.Object); ok && was.GetResourceVersion() != is.GetResourceVersion() {
				u.name(is)
			}
		}
	}}
	for _, kind := range lenientKinds() {
		informer, err := u.cache.GetInformer(ctx, kind.object)
		if err != nil {
			return fmt.Errorf("watching %s: %w", kind.name, err)
		}
		if _, err := informer.AddEventHandler(handler); err != nil {
			return fmt.Errorf("watching %s: %w", kind.name, err)
		}
	}
	<-ctx.Done()
	return nil
}

func (u unreadable) name(added any) {
	object, ok := added.(client.Object)
	if !ok {
		return
	}
	if err := snapshot.Read(object); err != nil {
		u.log.Error(err, "Object cannot be read", "object", klog.KObj(object))
		u.announce(object, corev1.EventTypeWarning, v1alpha1.ReasonUnreadable, "Read", err.Error())
	}
}
