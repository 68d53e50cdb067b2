package controllers

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
)

// GateReconciler writes the gates of a namespace, its labels and its until annotations from what is on the board.
type GateReconciler struct {
	shared
	leader  Leader
	changes *gateChanges
	pace    *pace
	// opened are the namespaces that are known to have no gates.
	opened sync.Map
}

// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get;list;watch;create;update;delete

// Reconcile brings the gates of one namespace up to date.
func (r *GateReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var namespace corev1.Namespace
	if err := r.client.Get(ctx, req.NamespacedName, &namespace); err != nil {
		if apierrors.IsNotFound(err) {
			r.board.dropNamespace(req.Name)
			r.opened.Delete(req.Name)
			return r.agenda.wakeAt("Gate", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	if !namespace.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if rest := r.pace.rest(namespace.Name); rest > 0 {
		return ctrl.Result{RequeueAfter: rest}, nil
	}
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	input, next, err := r.snapshot.Namespace(ctx, now, namespace.Name)
	if err != nil {
		if snapshot.IsUnreadable(err) { // the last gates stand until it is put right, and whoever waits has to know
			r.board.written(namespace.Name, 0, gateState{Failure: oneLine(err.Error())})
		}
		return ctrl.Result{}, err
	}
	change, complete := r.fill(&input)
	if !complete {
		return ctrl.Result{}, nil // the board wakes us when the rest is on it
	}
	finish := r.pace.begin(namespace.Name)
	governed, err := r.publish(ctx, &namespace, input, change)
	finish()
	if err != nil || !governed {
		return r.agenda.wakeAt("Gate", req.NamespacedName, now, next), err
	}
	nudged, err := r.nudge(ctx, now, input)
	return r.agenda.wakeAt("Gate", req.NamespacedName, now, earliest(next, nudged)), err
}

// fill adds what is on the board, and says whether all is there that has to be.
func (r *GateReconciler) fill(input *gate.NamespaceInput) (change uint64, complete bool) {
	input.OwnNamespace = r.namespace
	if gate.Exempt(input.Namespace, r.namespace) {
		input.APIs = nil
	}
	var apis, revisions []string
	for i := range input.APIs {
		apis = append(apis, input.APIs[i].API.Name)
	}
	for i := range input.Revisions {
		revisions = append(revisions, input.Revisions[i].Name)
	}
	page, complete := r.board.read(input.Namespace, apis, revisions)
	for i := range input.APIs {
		seen := page.apis[input.APIs[i].API.Name]
		input.APIs[i].Keepers, input.APIs[i].Resting, input.APIs[i].Running = seen.keepers, seen.resting, seen.running
	}
	for i := range input.Revisions {
		input.Revisions[i].Verdict = page.verdicts[input.Revisions[i].Name]
	}
	return page.change, complete
}

// publish writes the gates and tells the board. What could not be written leaves the last gate as it was.
func (r *GateReconciler) publish(ctx context.Context, namespace *corev1.Namespace, input gate.NamespaceInput, change uint64) (governed bool, err error) {
	state := gateState{APIs: map[string]bool{}}
	for i := range input.APIs {
		if input.APIs[i].Governed {
			state.APIs[input.APIs[i].API.Name] = true
		}
	}
	if len(state.APIs) == 0 {
		err = r.open(ctx, namespace, len(input.APIs) > 0)
	} else {
		err = r.write(ctx, namespace, input, &state)
	}
	if apierrors.IsConflict(err) {
		return true, err // somebody else wrote meanwhile: nothing is wrong, look again
	}
	if err != nil {
		state.Failure = oneLine(err.Error())
	}
	r.board.written(namespace.Name, change, state)
	return len(state.APIs) > 0, err
}

func (r *GateReconciler) write(ctx context.Context, namespace *corev1.Namespace, input gate.NamespaceInput, state *gateState) error {
	r.opened.Delete(namespace.Name)
	gates, err := r.readGates(ctx, namespace.Name)
	if err != nil {
		return err
	}
	if input.Epoch, err = r.epoch(ctx, gates); err != nil {
		return err
	}
	r.led.fill(&input, gates)
	published := gate.Publish(input)
	state.Dropped = len(published.Dropped)
	for _, api := range published.LostSelectors {
		state.APIs[api] = false
	}
	changed, err := r.close(ctx, namespace, gates, published)
	if changed {
		r.changes.note(namespace.Name, input.Now)
	}
	return err
}

// close writes gates and marks in the order in which nothing is ever open that was not meant to be:
//
//	until annotations of what is about to be admitted, and labels that let no gate be skipped -> gates -> labels as they
//	are to be, and no annotations but these
func (r *GateReconciler) close(ctx context.Context, namespace *corev1.Namespace, gates gateMaps, published gate.Published) (changed bool, err error) {
	marked := marksOf(namespace)
	before := marked.Governed
	if err := r.mark(ctx, namespace, marked.with(published)); err != nil {
		return false, err
	}
	for _, enforcement := range enforcements {
		written, err := r.writeGate(ctx, gates[enforcement], published.Gates[enforcement])
		if err != nil {
			return changed, fmt.Errorf("writing the gate for %s: %w", enforcement, err)
		}
		changed = changed || written
	}
	if err := r.mark(ctx, namespace, marksFor(published)); err != nil {
		return changed, err
	}
	if !before {
		ctrl.LoggerFrom(ctx).Info("Namespace is governed from now on")
	}
	return changed, nil
}

// open removes the labels before the gates: the API server must not look for a gate that is gone.
func (r *GateReconciler) open(ctx context.Context, namespace *corev1.Namespace, declared bool) error {
	marked := marksOf(namespace).any()
	if _, done := r.opened.Load(namespace.Name); done && !marked || !marked && !declared {
		return nil
	}
	if err := r.mark(ctx, namespace, marks{}); err != nil {
		return err
	}
	for _, enforcement := range enforcements {
		if err := client.IgnoreNotFound(r.client.Delete(ctx, emptyGate(namespace.Name, enforcement))); err != nil {
			return fmt.Errorf("deleting the gate for %s: %w", enforcement, err)
		}
	}
	r.opened.Store(namespace.Name, true)
	if marked {
		ctrl.LoggerFrom(ctx).Info("Namespace is no longer governed")
	}
	return nil
}
