package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
)

// APIRevisionReconciler judges revisions, and keeps the documents that they were judged by.
type APIRevisionReconciler struct {
	shared
	began *stopwatch
}

// +kubebuilder:rbac:groups=forewarn.dev,resources=apirevisions,verbs=get;list;watch
// +kubebuilder:rbac:groups=forewarn.dev,resources=apirevisions/status,verbs=update
// +kubebuilder:rbac:groups=forewarn.dev,resources=keptcontracts,verbs=get;list;watch;create;delete

// Reconcile judges one revision. Its status says so only when the gate does: a pipeline that waits for Judged applies
// in the same second.
func (r *APIRevisionReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	revision := &v1alpha1.APIRevision{}
	if err := r.client.Get(ctx, req.NamespacedName, revision); err != nil {
		if apierrors.IsNotFound(err) || snapshot.IsUnreadable(err) {
			r.board.dropRevision(req.NamespacedName)
			r.began.forget(req.NamespacedName)
			return r.agenda.wakeAt("APIRevision", req.NamespacedName, time.Time{}, nil), nil
		}
		return ctrl.Result{}, err
	}
	// One that is being deleted is judged until it is gone: what serves it may still restart.
	now, err := r.clock.Now(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	r.began.start(req.NamespacedName, revision)
	before := revision.DeepCopy()
	verdict, held, err := r.judge(ctx, revision, now)
	if err != nil {
		setLookupFailed(&revision.Status.Conditions, revision.Generation, now, err)
		same := apiequality.Semantic.DeepEqual(before.Status, revision.Status)
		return ctrl.Result{}, firstError(err, r.writeStatus(ctx, revision, same))
	}
	if !held {
		return r.agenda.wakeAt("APIRevision", req.NamespacedName, now, verdict.NextChange), nil
	}
	if err := r.writeStatus(ctx, revision, apiequality.Semantic.DeepEqual(before.Status, revision.Status)); err != nil {
		return ctrl.Result{}, err
	}
	r.announceVerdict(before, revision)
	next := earliest(verdict.NextChange, lookAgain(revision, now, r.began.age(revision)))
	return r.agenda.wakeAt("APIRevision", req.NamespacedName, now, next), nil
}

// judge puts a verdict on the board and, when the gate holds it or could not be written, in the status.
func (r *APIRevisionReconciler) judge(ctx context.Context, revision *v1alpha1.APIRevision, now time.Time) (gate.Verdict, bool, error) {
	defer func() {
		if cause := recover(); cause != nil { // its caller reports it; the others of the namespace do not wait for this one
			r.board.putUnjudged(keyOf(revision))
			panic(cause)
		}
	}()
	input, unkept, err := r.snapshot.Propose(ctx, now, revision)
	if err != nil {
		return gate.Verdict{}, false, err
	}
	for i := range unkept {
		if err := r.keep(ctx, &unkept[i]); err != nil {
			if lasting(err) {
				r.board.putUnjudged(keyOf(revision))
			}
			return gate.Verdict{}, false, err
		}
	}
	verdict := gate.Evaluate(input)
	held, state := r.board.putRevision(keyOf(revision), &verdict)
	if !held && state.Failure == "" {
		return verdict, false, nil // the board wakes us as soon as it is
	}
	setRevisionStatus(revision, input, verdict, now)
	if !held {
		setGateNotWritten(revision, state, now)
	}
	return verdict, true, nil
}

// keep stores a document under the name that its digest makes. It has no owner: what serves outlives its revision.
func (r *APIRevisionReconciler) keep(ctx context.Context, contract *v1alpha1.KeptContract) error {
	if err := r.client.Create(ctx, contract); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("keeping contract %s: %w", contract.Name, err)
	}
	return nil
}

// lasting says that trying again soon does not help, unlike with an API server that does not answer.
func lasting(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err)
}

// lookAgain is when to look once more for a document that is not there or cannot be read: nobody watches the ConfigMaps
// of a cluster for one that may be put right. The older the revision, the more rarely: in the first seconds, in which a
// pipeline that applies the two in the other order is done, each second. The age is real also in a rehearsal.
func lookAgain(revision *v1alpha1.APIRevision, now time.Time, age time.Duration) *time.Time {
	judged := map[v1alpha1.VersionName]bool{}
	for i := range revision.Status.Contracts {
		judged[revision.Status.Contracts[i].Version] = true
	}
	waits := slices.ContainsFunc(revision.Spec.Contracts, func(c v1alpha1.Contract) bool {
		return c.ConfigMapKeyRef.Name != "" && !judged[c.Version]
	})
	if !waits {
		return nil
	}
	again := now.Add(min(max(age/4, time.Second), 5*time.Minute))
	return &again
}
