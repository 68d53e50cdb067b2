package controllers

import (
	"context"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
)

// CustomerAPIReconciler keeps what customers of each API rely on, as seen from what really runs.
type CustomerAPIReconciler struct {
	shared
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=customerapis,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=customerapis/status,verbs=update
// +kubebuilder:rbac:groups="",resources=services;pods,verbs=get;list;watch
// +kubebuilder:rbac:groups=apps,resources=deployments;replicasets;statefulsets;daemonsets,verbs=get;list;watch

// Reconcile observes one API.
func (r *CustomerAPIReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	api := &v1alpha1.CustomerAPI{}
	if err := r.client.Get(ctx, req.NamespacedName, api); err != nil {
		if apierrors.IsNotFound(err) {
			r.board.dropAPI(req.NamespacedName)
			return r.agenda.wakeAt("CustomerAPI", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	// One that is being deleted still serves: it is kept up until it is gone, and promises nothing new (gate.Promise).
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	before := api.DeepCopy()
	seen, err := r.observe(ctx, api, now)
	if err != nil {
		setLookupFailed(&api.Status.Conditions, api.Generation, now, err)
		same := apiequality.Semantic.DeepEqual(before.Status, api.Status)
		return ctrl.Result{}, firstError(err, r.writeStatus(ctx, api, same))
	}
	state := r.board.putAPI(req.NamespacedName, observedAPI{keepers: seen.promise.Keepers, resting: seen.resting, running: seen.running})
	r.setStatus(api, seen, state, now)
	if err := r.writeStatus(ctx, api, apiequality.Semantic.DeepEqual(before.Status, api.Status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceChanges(before, api)
	next := earliest(seen.promise.NextChange, notice.NextRelease(api.Status.Bound, now))
	return r.agenda.wakeAt("CustomerAPI", req.NamespacedName, now, next), nil
}

// sight is what was seen of an API at one moment.
type sight struct {
	carriers snapshot.Carriers
	policies []v1alpha1.NoticePolicy
	binding  notice.Policies
	// bound is what binds, for the status.
	bound   []v1alpha1.BoundPolicy
	promise gate.PromiseOutput
	// resting are the Services to which HTTPRoutes lead nobody now.
	resting []string
	// running is to what pods customers could be led.
	running []gate.RunningSet
	// governing is by what pods are told to carry it, now that it is known what serves.
	governing gate.Governing
}

func (r *CustomerAPIReconciler) observe(ctx context.Context, api *v1alpha1.CustomerAPI, now time.Time) (sight, error) {
	var seen sight
	var err error
	if seen.carriers, err = r.snapshot.Carriers(ctx, api); err != nil {
		return seen, err
	}
	input, err := r.snapshot.Promise(ctx, now, api, seen.carriers)
	if err != nil {
		return seen, err
	}
	seen.policies = input.Policies
	selecting, err := r.snapshot.Policies(ctx, api)
	if err != nil {
		return seen, err
	}
	seen.bound = snapshot.Bound(api, selecting, now)
	seen.binding, _ = notice.ReadPolicies(input.Policies) // what is wrong in one is in its own status
	if input.Keepers, err = r.keepers(ctx, api, seen.binding.Enforcement()); err != nil {
		return seen, err
	}
	seen.promise = gate.Promise(input)
	seen.resting, seen.running = input.Resting, gate.RunningSets(input.Observed)
	seen.governing = gate.Govern(gate.GoverningInput{
		API: api, Declared: seen.carriers.Declared, Leading: seen.carriers.Leading,
		Serving: seen.promise.Serving, Observed: input.Observed,
	})
	return seen, nil
}

// keepers are the workloads that were kept until now: as this process remembers them, or as the gate of the one before
// holds them.
func (r *CustomerAPIReconciler) keepers(ctx context.Context, api *v1alpha1.CustomerAPI, enforcement v1alpha1.Enforcement) ([]v1alpha1.WorkloadRef, error) {
	if keepers, known := r.board.keepers(client.ObjectKeyFromObject(api)); known {
		return keepers, nil
	}
	if enforcement == "" || !snapshot.EverServed(api) {
		return nil, nil
	}
	last := emptyGate(api.Namespace, enforcement)
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(last), last); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading gate %s: %w", last.Name, err)
	}
	return gate.KeepersIn(last.Data, api.Name), nil
}
