package controllers

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// watches map what happened to one object to what has to be looked at again. They read the cache alone; what cannot
// be listed there is logged, and the objects concerned come back with their next event.
type watches struct {
	cache client.Reader
}

func requests(keys ...types.NamespacedName) []ctrl.Request {
	made := make([]ctrl.Request, 0, len(keys))
	for _, key := range keys {
		made = append(made, ctrl.Request{NamespacedName: key})
	}
	return made
}

// list turns every object of a list into a request.
func (w watches) list(ctx context.Context, list client.ObjectList, opts ...client.ListOption) []ctrl.Request {
	if err := w.cache.List(ctx, list, append(opts, client.UnsafeDisableDeepCopy)...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing what an event concerns")
		return nil
	}
	var keys []types.NamespacedName
	err := apimeta.EachListItem(list, func(item runtime.Object) error {
		if object, ok := item.(client.Object); ok {
			keys = append(keys, keyOf(object))
		}
		return nil
	})
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Reading what an event concerns")
	}
	return requests(keys...)
}

// toRevisions maps an object to the revisions whose verdict depends on it.
func (w watches) toRevisions(ctx context.Context, object client.Object) []ctrl.Request {
	all := &v1alpha1.APIRevisionList{}
	switch o := object.(type) {
	case *v1alpha1.CustomerAPI:
		if o.Spec.Product != "" { // its operations may have moved to a sibling
			return w.list(ctx, all, client.InNamespace(o.Namespace))
		}
		return w.list(ctx, all, client.InNamespace(o.Namespace), snapshot.OfAPI(o.Name))
	case *v1alpha1.ChangeNotice:
		if snapshot.Read(o) != nil { // nobody knows of which API
			return w.list(ctx, all, client.InNamespace(o.Namespace))
		}
		return w.list(ctx, all, client.InNamespace(o.Namespace), snapshot.OfAPI(string(o.Spec.APIRef.Name)))
	case *v1alpha1.DeprecationSchedule:
		return w.list(ctx, all, client.InNamespace(o.Namespace), snapshot.OfAPI(string(o.Spec.APIRef.Name)))
	case *v1alpha1.Waiver:
		return requests(types.NamespacedName{Namespace: o.Namespace, Name: string(o.Spec.Revision)})
	case *v1alpha1.NoticePolicy:
		return w.list(ctx, all)
	case *v1alpha1.Audience:
		return w.list(ctx, all, client.InNamespace(o.Namespace))
	default: // a Namespace
		return w.list(ctx, all, client.InNamespace(object.GetName()))
	}
}

// toAPIs maps an object to the APIs whose promise depends on it.
func (w watches) toAPIs(ctx context.Context, object client.Object) []ctrl.Request {
	all := &v1alpha1.CustomerAPIList{}
	switch o := object.(type) {
	case *v1alpha1.APIRevision:
		return requests(types.NamespacedName{Namespace: o.Namespace, Name: string(o.Spec.APIRef.Name)})
	case *v1alpha1.ChangeNotice:
		return requests(types.NamespacedName{Namespace: o.Namespace, Name: string(o.Spec.APIRef.Name)})
	case *v1alpha1.NoticePolicy:
		return w.list(ctx, all)
	case *v1alpha1.Waiver:
		return w.list(ctx, all, client.InNamespace(o.Namespace))
	default: // a Namespace
		return w.list(ctx, all, client.InNamespace(object.GetName()))
	}
}

// toCarried maps a Service, a workload or a pod to the APIs that it carries.
func (w watches) toCarried(ctx context.Context, object client.Object) []ctrl.Request {
	var apis v1alpha1.CustomerAPIList
	if err := w.cache.List(ctx, &apis, client.InNamespace(object.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing what an event concerns")
		return nil
	}
	var keys []types.NamespacedName
	for i := range apis.Items {
		if snapshot.MayCarry(&apis.Items[i], object) {
			keys = append(keys, keyOf(&apis.Items[i]))
		}
	}
	return requests(keys...)
}

// toNotices maps an object to the notices that depend on it.
func (w watches) toNotices(ctx context.Context, object client.Object) []ctrl.Request {
	all := &v1alpha1.ChangeNoticeList{}
	switch o := object.(type) {
	case *v1alpha1.CustomerAPI:
		return w.list(ctx, all, client.InNamespace(o.Namespace), snapshot.OfAPI(o.Name))
	case *v1alpha1.ChangeNotice: // one that supersedes another, or frees it again
		if snapshot.Read(o) != nil {
			return w.list(ctx, all, client.InNamespace(o.Namespace))
		}
		return w.list(ctx, all, client.InNamespace(o.Namespace), snapshot.OfAPI(string(o.Spec.APIRef.Name)))
	case *v1alpha1.NoticePolicy:
		return w.list(ctx, all)
	case *v1alpha1.Audience:
		return w.list(ctx, all, client.InNamespace(o.Namespace))
	case *v1alpha1.NoticeChannel:
		return w.list(ctx, all, client.InNamespace(o.Namespace))
	case *v1alpha1.DeliveryRecord:
		return requests(types.NamespacedName{Namespace: o.Namespace, Name: string(o.Spec.NoticeRef.Name)})
	default: // a Namespace
		return w.list(ctx, all, client.InNamespace(object.GetName()))
	}
}

// toWaivers maps a revision to the waivers that name it.
func (w watches) toWaivers(ctx context.Context, object client.Object) []ctrl.Request {
	return w.list(ctx, &v1alpha1.WaiverList{}, client.InNamespace(object.GetNamespace()), snapshot.OfRevision(object.GetName()))
}

// toBudgets maps an object to the budgets of the API that it is about.
func (w watches) toBudgets(ctx context.Context, object client.Object) []ctrl.Request {
	all := &v1alpha1.DowntimeBudgetList{}
	name := object.GetName() // of a CustomerAPI
	switch o := object.(type) {
	case *v1alpha1.ChangeNotice:
		name = string(o.Spec.APIRef.Name)
	case *v1alpha1.DeprecationSchedule:
		name = string(o.Spec.APIRef.Name)
	}
	return w.list(ctx, all, client.InNamespace(object.GetNamespace()), snapshot.OfAPI(name))
}

// toPolicies maps to all policies: each counts the APIs that it selects.
func (w watches) toPolicies(ctx context.Context, _ client.Object) []ctrl.Request {
	return w.list(ctx, &v1alpha1.NoticePolicyList{})
}

// toNamespaces maps an object to the namespaces whose gates depend on it.
func (w watches) toNamespaces(ctx context.Context, object client.Object) []ctrl.Request {
	if object.GetNamespace() != "" {
		return requests(types.NamespacedName{Name: object.GetNamespace()})
	}
	var apis v1alpha1.CustomerAPIList // a NoticePolicy
	if err := w.cache.List(ctx, &apis, client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing what an event concerns")
		return nil
	}
	seen := map[string]bool{}
	var keys []types.NamespacedName
	for i := range apis.Items {
		if name := apis.Items[i].Namespace; !seen[name] {
			seen[name] = true
			keys = append(keys, types.NamespacedName{Name: name})
		}
	}
	return requests(keys...)
}

func enqueue(f handler.MapFunc) handler.EventHandler { return handler.EnqueueRequestsFromMapFunc(f) }

// whenChanged passes an update when the two objects differ in what of names. A resync, which changes nothing, passes:
// it is there to make up for what was missed.
func whenChanged[T client.Object](of func(T) any) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		if e.ObjectOld.GetResourceVersion() == e.ObjectNew.GetResourceVersion() {
			return true
		}
		before, ok := e.ObjectOld.(T)
		after, also := e.ObjectNew.(T)
		return !ok || !also || !apiequality.Semantic.DeepEqual(of(before), of(after))
	}}
}

// Below is what others need to know of each kind: all but the conditions, which only say it again.

func matterOfAPI(api *v1alpha1.CustomerAPI) any {
	status := api.Status
	status.Conditions, status.ObservedGeneration = nil, nil
	status.Images = nil // of no verdict and no notice
	return []any{api.Labels, api.Generation, status}
}

// matterOfGate is what a gate depends on beside that.
func matterOfGate(api *v1alpha1.CustomerAPI) any { return []any{matterOfAPI(api), api.Status.Images} }

func matterOfRevision(revision *v1alpha1.APIRevision) any {
	status := revision.Status
	status.Conditions, status.ObservedGeneration = nil, nil
	return []any{revision.Annotations, status}
}

func matterOfNotice(notice *v1alpha1.ChangeNotice) any {
	status := notice.Status
	return []any{notice.Generation, status.PublishedTime, status.PublishedDigest, status.WithdrawnTime, status.Owed,
		status.Clock, status.Delivery.CoveredTime, holding(notice), status.MissedReminders, status.RemindersTime,
		status.Postponements, status.SupersededTime, status.RemovalUse}
}

// matterOfTelling leaves out what telling itself writes.
func matterOfTelling(notice *v1alpha1.ChangeNotice) any {
	status := notice.Status
	return []any{notice.Generation, status.PublishedTime, status.WithdrawnTime, status.SupersededBy, status.Clock, status.LapsedTime,
		status.UpdateTimes, status.InForceTime, status.Reminders}
}

func matterOfAudience(audience *v1alpha1.Audience) any {
	status := audience.Status
	return []any{audience.Spec.Usage, status.Customers, status.Calendars, status.Locales, status.Terms, status.Usage}
}

func matterOfPolicy(policy *v1alpha1.NoticePolicy) any {
	return []any{policy.Generation, policy.Status.InForce}
}

func matterOfBudget(budget *v1alpha1.DowntimeBudget) any {
	status := budget.Status
	why, _ := v1alpha1.Unreadable(budget)
	return []any{budget.Generation, why, budget.Spec.APIRef, status.State, status.Used, status.LeftSeconds, status.ExhaustedTime, status.SpentTime, status.FreesTime,
		status.Rollouts, status.Images}
}

// whenStopping passes workloads whose rollout may stop all their pods, those that come to do so or no longer do and, of
// them, those of which one begins or is over. An ordinary rolling update passes none of its events.
func whenStopping() predicate.Predicate {
	of := func(object client.Object) any {
		below, may := snapshot.MayStop(object)
		d, ok := object.(*appsv1.Deployment)
		return []any{below, may, ok && snapshot.TakesAllDown(d)}
	}
	may := func(object client.Object) bool {
		_, may := snapshot.MayStop(object)
		return may
	}
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return may(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !apiequality.Semantic.DeepEqual(of(e.ObjectOld), of(e.ObjectNew))
		},
		DeleteFunc: func(e event.DeleteEvent) bool { return may(e.Object) },
	}
}

// observable is all of an object that the cache holds, but for the version that each write gives it.
func observable[T client.Object](object T) any {
	seen, ok := object.DeepCopyObject().(T)
	if !ok {
		return object
	}
	seen.SetResourceVersion("")
	return seen
}

// toSchedules maps an object to the schedules that depend on it.
func (w watches) toSchedules(ctx context.Context, object client.Object) []ctrl.Request {
	all := &v1alpha1.DeprecationScheduleList{}
	switch o := object.(type) {
	case *v1alpha1.ChangeNotice:
		return w.toScheduleOf(ctx, o)
	case *v1alpha1.CustomerAPI:
		return w.list(ctx, all, client.InNamespace(o.Namespace), snapshot.OfAPI(o.Name))
	case *v1alpha1.NoticePolicy:
		return w.list(ctx, all)
	case *v1alpha1.Audience:
		return w.list(ctx, all, client.InNamespace(o.Namespace))
	default: // a Namespace
		return w.list(ctx, all, client.InNamespace(object.GetName()))
	}
}

// toScheduleOf maps a notice to the schedule that made it, or whose way it may be in.
func (w watches) toScheduleOf(ctx context.Context, n *v1alpha1.ChangeNotice) []ctrl.Request {
	if name := n.Labels[v1alpha1.ScheduleLabel]; name != "" {
		return requests(types.NamespacedName{Namespace: n.Namespace, Name: name})
	}
	return slices.DeleteFunc(w.list(ctx, &v1alpha1.DeprecationScheduleList{}, client.InNamespace(n.Namespace)), func(r ctrl.Request) bool {
		return !strings.HasPrefix(n.Name, r.Name+"-")
	})
}

// matterOfStep is what a schedule needs to know of a notice.
func matterOfStep(n *v1alpha1.ChangeNotice) any {
	status := n.Status
	return []any{n.Generation, n.Labels, n.Annotations, status.PublishedTime, status.MaturesTime, status.SupersededBy, status.LapsedTime, status.InForceTime}
}
