package controllers

import (
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// couriers is how many notices are told of side by side: most of the time they wait for other servers.
const couriers = 8

// addDelivery adds what tells customers. The two know from each other which channels fail.
func addDelivery(mgr manager.Manager, s shared, w watches, o Options) error {
	pauses := newPauses()
	dispatch := dispatch{own: o.Own, inside: o.EgressRanges}
	desk := newUsageDesk(s, dispatch)
	err := ctrl.NewControllerManagedBy(mgr).Named("noticechannel").
		For(&v1alpha1.NoticeChannel{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(pauses.channels).
		WithOptions(controllerOptions()).
		Complete(patient{&NoticeChannelReconciler{shared: s, dispatch: dispatch, pauses: pauses, answers: o.Answers}})
	if err != nil {
		return err
	}
	options := controllerOptions()
	options.MaxConcurrentReconciles = couriers
	return ctrl.NewControllerManagedBy(mgr).Named("delivery").
		For(&v1alpha1.ChangeNotice{}, builder.WithPredicates(whenChanged(matterOfTelling))).
		Watches(&v1alpha1.DeliveryRecord{}, enqueue(w.toNotices)).
		Watches(&v1alpha1.NoticeChannel{}, enqueue(w.toNotices), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toNotices), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.NoticePolicy{}, enqueue(w.toNotices), builder.WithPredicates(whenChanged(matterOfPolicy))).
		Watches(&v1alpha1.Audience{}, enqueue(w.toNotices), builder.WithPredicates(whenChanged(matterOfAudience))).
		WithOptions(options).
		Complete(patient{&DeliveryReconciler{
			shared: s, dispatch: dispatch, desk: desk, offset: o.Offset, pauses: pauses,
			feedURL: o.Feed.URL, answers: o.Answers, noAnswers: o.noAnswers(), written: newLastWritten(o.Own),
		}})
}
