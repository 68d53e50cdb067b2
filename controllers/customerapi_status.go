package controllers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
)

// setStatus writes down what was seen.
func (r *CustomerAPIReconciler) setStatus(api *v1alpha1.CustomerAPI, seen sight, state gateState, now time.Time) {
	status := &api.Status
	status.ObservedGeneration = ptr.To(api.Generation)
	status.Versions = versionsOf(api)
	status.Selectors = seen.governing.Selectors
	status.Enforcement = ""
	if len(status.Selectors) > 0 { // else no rollout is told to be one of the API
		status.Enforcement = seen.binding.Enforcement()
	}
	status.Policies = nil
	for i := range seen.policies {
		status.Policies = append(status.Policies, seen.policies[i].Name)
	}
	status.Bound = seen.bound
	status.Serving = seen.promise.Serving
	status.ServingRevision = seen.promise.ServingRevision
	status.Promised = seen.promise.Promised
	status.WayBack = seen.promise.WayBack
	status.Images = seen.promise.Images
	status.BrokenPromises = seen.promise.Broken
	status.BrokenPromiseCount = ptr.To(seen.promise.BrokenCount)
	status.NoticesInForce = seen.promise.InForce
	status.ConfirmedBaseline = gate.ConfirmedBaseline(api)
	status.NextChangeTime = optionalTime(seen.promise.NextChange)

	c := conditions{list: &status.Conditions, generation: api.Generation, now: now}
	setReady(c, api, seen, state)
	r.setGoverned(c, api, len(seen.policies) > 0, state)
	setBaselineConfirmed(c, api)
}

// versionsOf is what a table shows: a column shows only the first item of a list.
func versionsOf(api *v1alpha1.CustomerAPI) string {
	names := make([]string, 0, len(api.Spec.Versions))
	for _, v := range api.Spec.Versions {
		name := string(v.Name)
		if v.Stability != v1alpha1.StabilityStable {
			name += fmt.Sprintf(" (%s)", v.Stability)
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

func setReady(c conditions, api *v1alpha1.CustomerAPI, seen sight, state gateState) {
	lost, kept := lostCarriers(seen.carriers), seen.governing.Message()
	switch {
	case api.DeletionTimestamp != nil:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonTerminating,
			"it is being deleted: what is promised stands until it is gone, and nothing new is promised")
	case state.Failure != "":
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonGateNotWritten,
			"the gate of the namespace could not be written, the last one stands: "+state.Failure)
	case lost != "":
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCarrierNotFound, sentences(lost, kept))
	case kept != "":
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCarrierChanged, kept)
	case state.Dropped > 0:
		c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonGateFull, fmt.Sprintf(
			"the gate of the namespace is full, %d texts or verdicts of old revisions were left out: delete API revisions that nobody needs", state.Dropped))
	default:
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "observed")
	}
}

// lostCarriers says what of carriedBy gives no labels, and whether there are older ones.
func lostCarriers(carriers snapshot.Carriers) string {
	lost := func(what string, known bool) string {
		if known {
			return what + ", the labels last known stay"
		}
		return what
	}
	known := func(services ...string) bool {
		return slices.ContainsFunc(carriers.Declared, func(s v1alpha1.PodSelector) bool { return slices.Contains(services, s.Service) })
	}
	var parts []string
	for _, service := range carriers.Missing {
		parts = append(parts, lost(fmt.Sprintf("no Service %s that selects pods once slot keys are left out", service), known(service)))
	}
	if carriers.Unfit {
		parts = append(parts, lost("no pod can be told by matchLabels once slot keys are left out", known("")))
	}
	return sentences(parts...)
}

func sentences(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}

func (r *CustomerAPIReconciler) setGoverned(c conditions, api *v1alpha1.CustomerAPI, selected bool, state gateState) {
	switch {
	case gate.Exempt(api.Namespace, r.namespace):
		c.set(v1alpha1.ConditionGoverned, metav1.ConditionFalse, v1alpha1.ReasonNamespaceExempt,
			"namespaces of the system are never governed")
	case !selected:
		c.set(v1alpha1.ConditionGoverned, metav1.ConditionFalse, v1alpha1.ReasonNoPolicy, "no notice policy selects the API")
	case !snapshot.EverServed(api):
		c.set(v1alpha1.ConditionGoverned, metav1.ConditionFalse, v1alpha1.ReasonNeverServed, "nothing of the API has ever served")
	case len(api.Status.Selectors) == 0:
		c.set(v1alpha1.ConditionGoverned, metav1.ConditionFalse, v1alpha1.ReasonCarrierNotFound,
			"carriedBy gives no labels by which a pod could be told to carry the API: rollouts are not judged")
	case !state.APIs[api.Name]:
		// It will be, as soon as the gate is written; until then that is not for anybody to rely on.
		c.set(v1alpha1.ConditionGoverned, metav1.ConditionFalse, v1alpha1.ReasonGateNotWritten, "the gate does not hold the API yet")
	default:
		c.set(v1alpha1.ConditionGoverned, metav1.ConditionTrue, v1alpha1.ReasonGoverned, sentences(fmt.Sprintf(
			"rollouts are judged: what is not admissible meets %s", api.Status.Enforcement), loosenedText(api.Status.Bound)))
	}
}

// loosenedText says what binds although it was loosened, and what lets it go.
func loosenedText(bound []v1alpha1.BoundPolicy) string {
	var parts []string
	for i := range bound {
		if until := bound[i].UntilTime; until != nil {
			parts = append(parts, fmt.Sprintf("%s until %s", notice.AsBound(&bound[i]), until.UTC().Format(time.RFC3339)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("what was loosened binds until the notice that it owed has run: %s (the annotation %s lets it go at once, with the verb approve)",
		strings.Join(parts, ", "), v1alpha1.LoosenedAnnotation)
}

// setBaselineConfirmed says whether somebody answers for the first contract, against which all others are held (A20).
func setBaselineConfirmed(c conditions, api *v1alpha1.CustomerAPI) {
	named := api.Spec.Baseline.Revision
	promised := strings.Join(promisedRevisions(api), ", ")
	switch {
	case named != "" && named == api.Status.ConfirmedBaseline:
		c.set(v1alpha1.ConditionBaselineConfirmed, metav1.ConditionTrue, v1alpha1.ReasonConfirmed, fmt.Sprintf(
			"%s confirmed the contract of %s", oneLine(api.Spec.Baseline.ApprovedBy), named))
	case promised == "":
		c.set(v1alpha1.ConditionBaselineConfirmed, metav1.ConditionFalse, v1alpha1.ReasonNoBaseline, "nothing is promised yet")
	case named != "":
		c.set(v1alpha1.ConditionBaselineConfirmed, metav1.ConditionFalse, v1alpha1.ReasonDeclared, fmt.Sprintf(
			"spec.baseline names %s, which has not been promised since; name one that is promised: %s", named, promised))
	default:
		c.set(v1alpha1.ConditionBaselineConfirmed, metav1.ConditionFalse, v1alpha1.ReasonDeclared, fmt.Sprintf(
			"the first contract was compared with nothing, and what is promised now rests on it: confirm in spec.baseline one that is promised: %s", promised))
	}
}

func promisedRevisions(api *v1alpha1.CustomerAPI) []string {
	var names []string
	for _, promised := range api.Status.Promised {
		names = append(names, string(promised.Revision))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// announceChanges tells of what is new in the status, after it was written.
func (r *CustomerAPIReconciler) announceChanges(before, after *v1alpha1.CustomerAPI) {
	known := ptr.Deref(before.Status.BrokenPromiseCount, 0)
	count := ptr.Deref(after.Status.BrokenPromiseCount, 0)
	broken := after.Status.BrokenPromises
	for _, b := range broken[max(0, len(broken)-int(max(count-known, 0))):] {
		r.metrics.promiseBroken(b.Cause)
		r.announce(after, corev1.EventTypeWarning, "PromiseBroken", "Observe", b.Message)
	}
	if before.Status.ServingRevision != after.Status.ServingRevision && after.Status.ServingRevision != "" {
		r.announce(after, corev1.EventTypeNormal, "Serving", "Observe", "serving: "+after.Status.ServingRevision)
	}
	r.announceConditions(after, before.Status.Conditions, after.Status.Conditions, v1alpha1.ConditionReady, v1alpha1.ConditionGoverned)
}
