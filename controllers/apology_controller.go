package controllers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// ApologyReconciler drafts what customers are told when a downtime budget is spent.
type ApologyReconciler struct {
	shared
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=downtimebudgets,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=downtimebudgets/status,verbs=update
// +kubebuilder:rbac:groups=forewarn.dev,resources=changenotices,verbs=create;update

func addApology(mgr manager.Manager, s shared, w watches) error {
	return ctrl.NewControllerManagedBy(mgr).Named("apology").
		For(&v1alpha1.DowntimeBudget{}, builder.WithPredicates(whenChanged(matterOfApology))).
		Watches(&v1alpha1.CustomerAPI{}, enqueue(w.toBudgets), builder.WithPredicates(whenChanged(matterOfApologies))).
		WithOptions(controllerOptions()).
		Complete(patient{&ApologyReconciler{shared: s}})
}

// matterOfApology is what is told of a budget.
func matterOfApology(budget *v1alpha1.DowntimeBudget) any {
	return []any{budget.Spec.Apology, budget.Status.SpentTime, budget.Status.Intervals, budget.Status.Apology}
}

// matterOfApologies is what is told of an API: one that comes, or has its first version, after its budget was spent owes an
// apology still.
func matterOfApologies(api *v1alpha1.CustomerAPI) any {
	return []any{api.Spec.Title, api.Spec.Versions}
}

// Reconcile drafts one notice for each time that a budget is spent, and keeps the draft up to date until somebody edits
// it. One that somebody deleted is not made again: the status of the budget knows that it was.
func (r *ApologyReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	budget := &v1alpha1.DowntimeBudget{}
	if err := r.client.Get(ctx, req.NamespacedName, budget); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if budget.Status.SpentTime == nil || !budget.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	spec, err := r.draft(ctx, budget)
	if err != nil || spec == nil {
		return ctrl.Result{}, err
	}
	names := apologyNames(budget.Name, budget.Status.SpentTime.Time)
	if known := string(budget.Status.Apology); slices.Contains(names, known) {
		return ctrl.Result{}, r.redraft(ctx, types.NamespacedName{Namespace: budget.Namespace, Name: known}, spec)
	}
	for _, name := range names {
		key := types.NamespacedName{Namespace: budget.Namespace, Name: name}
		taken, err := r.create(ctx, budget, key, spec)
		if err != nil {
			return ctrl.Result{}, err
		}
		if taken {
			continue
		}
		budget.Status.Apology = v1alpha1.ObjectName(name)
		if err := r.writeStatus(ctx, budget, false); err != nil {
			return ctrl.Result{}, err
		}
		r.announce(budget, corev1.EventTypeWarning, v1alpha1.ReasonSpent, "Draft",
			"it is spent: an apology to its customers is drafted; complete and publish changenotice/"+name)
		return ctrl.Result{}, nil
	}
	r.announce(budget, corev1.EventTypeWarning, v1alpha1.ReasonSpent, "Draft",
		"it is spent, and no apology is drafted: changenotice/"+names[0]+" is something else; write one with apologyFor: "+budget.Name)
	return ctrl.Result{}, nil
}

// draft is the apology for a budget as it stands; nil where there is no API to apologise for.
func (r *ApologyReconciler) draft(ctx context.Context, budget *v1alpha1.DowntimeBudget) (*v1alpha1.ChangeNoticeSpec, error) {
	api := &v1alpha1.CustomerAPI{}
	key := types.NamespacedName{Namespace: budget.Namespace, Name: string(budget.Spec.APIRef.Name)}
	if err := r.client.Get(ctx, key, api); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	policies, err := r.snapshot.Policies(ctx, api)
	if err != nil {
		return nil, fmt.Errorf("reading the policies of %s: %w", key, err)
	}
	spec := content.Apology(content.Spending{Budget: budget, API: api, Zone: bindingZone(policies)})
	if len(spec.Covers) == 0 { // it has no version, and so no notice
		return nil, nil
	}
	return &spec, nil
}

// bindingZone is the time zone of the first policy that has one that is known: customers read their dates in it.
func bindingZone(policies []v1alpha1.NoticePolicy) *time.Location {
	read, _ := notice.ReadPolicies(policies) // what is wrong in one, its own status says
	for _, policy := range read {
		if zone, err := notice.ParseZone(policy.Validity.Zone); err == nil {
			return zone
		}
	}
	return time.UTC
}

// create makes the draft. One of that name that is an apology for this budget, whoever made it, will do: nobody says
// sorry twice. What is something else has taken the name, and is left alone.
func (r *ApologyReconciler) create(ctx context.Context, budget *v1alpha1.DowntimeBudget, key types.NamespacedName, spec *v1alpha1.ChangeNoticeSpec) (taken bool, err error) {
	draft := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{
		Namespace: key.Namespace, Name: key.Name,
		Labels:      map[string]string{v1alpha1.BudgetLabel: budget.Name},
		Annotations: map[string]string{v1alpha1.DraftedAnnotation: draftDigest(spec)},
	}, Spec: *spec}
	err = r.client.Create(ctx, draft)
	if !apierrors.IsAlreadyExists(err) {
		if err != nil {
			return false, fmt.Errorf("drafting the apology %s: %w", key, err)
		}
		return false, nil
	}
	found := &v1alpha1.ChangeNotice{}
	if err := r.live.Get(ctx, key, found); err != nil {
		return false, fmt.Errorf("reading changenotice %s: %w", key, err)
	}
	return string(found.Spec.ApologyFor) != budget.Name, nil
}

// redraft brings a draft that nobody touched up to date: an outage may last longer than the budget did.
func (r *ApologyReconciler) redraft(ctx context.Context, key types.NamespacedName, spec *v1alpha1.ChangeNoticeSpec) error {
	draft := &v1alpha1.ChangeNotice{}
	if err := r.client.Get(ctx, key, draft); err != nil {
		return client.IgnoreNotFound(err)
	}
	drafted, is := draft.Annotations[v1alpha1.DraftedAnnotation], draftDigest(&draft.Spec)
	if draft.Status.PublishedTime != nil || drafted != is || is == draftDigest(spec) || !draft.DeletionTimestamp.IsZero() {
		return nil
	}
	draft.Spec = *spec
	draft.Annotations[v1alpha1.DraftedAnnotation] = draftDigest(spec)
	// An Update of the very object that was read: what somebody writes meanwhile is a conflict, and theirs.
	if err := r.client.Update(ctx, draft); err != nil {
		return fmt.Errorf("updating the draft %s: %w", key, err)
	}
	return nil
}

// draftDigest tells a draft that somebody edited, in whatever it says, from one that nobody did.
func draftDigest(spec *v1alpha1.ChangeNoticeSpec) string {
	document, err := json.Marshal(spec)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings was not encoded: %v", err))
	}
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}

// apologyNames are the names of the draft for a budget that was spent on that day: the second where somebody has taken
// the first, and so on. The name of a budget that is too long is cut, and told from others by a digest.
func apologyNames(budget string, spent time.Time) []string {
	const day, number, most, digits = "-20060102", "-2", 63, 8
	if len(budget)+len(day)+len(number) > most {
		sum := sha256.Sum256([]byte(budget))
		budget = budget[:most-len(day)-len(number)-digits-1] + "-" + hex.EncodeToString(sum[:])[:digits]
	}
	first := budget + spent.UTC().Format(day)
	return []string{first, first + "-2", first + "-3"}
}
