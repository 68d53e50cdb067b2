package controllers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// Bounds of the status, as its schema has them.
const (
	maxShownChanges  = 500
	maxStatusMessage = 1024
	// maxChangesBytes leaves room in etcd for the largest spec (APIRevisionSpec): a status that is not stored is no verdict.
	maxChangesBytes = 256 << 10
)

// setRevisionStatus writes a verdict down.
func setRevisionStatus(revision *v1alpha1.APIRevision, input gate.Input, verdict gate.Verdict, now time.Time) {
	status := &revision.Status
	status.ObservedGeneration = ptr.To(revision.Generation)
	// Once judged, the documents are known by their digests, also where one cannot be read any more.
	status.Digest = cmp.Or(input.Proposal.Digest, status.Digest)
	status.Contracts = mergedContracts(status.Contracts, input.Proposal.Contracts)
	status.Breaking = ptr.To(int32(verdict.Breaking))
	status.Uncovered = ptr.To(int32(verdict.Uncovered))
	status.EarliestTime = optionalTime(verdict.Earliest)
	status.AdmissibleUntilTime = optionalTime(verdict.AdmissibleUntil)
	status.NextChangeTime = optionalTime(verdict.NextChange)
	status.ChangesTotal = ptr.To(int32(len(verdict.Changes)))
	status.Changes = shownChanges(verdict.Changes)
	status.Message = shortened(verdict.Message, maxStatusMessage)

	c := conditions{list: &status.Conditions, generation: revision.Generation, now: now}
	c.set(v1alpha1.ConditionAdmissible, verdict.Status(), verdict.Reason, verdict.Message)
	if judged := verdict.Decided || verdict.Admissible; judged {
		c.set(v1alpha1.ConditionJudged, metav1.ConditionTrue, v1alpha1.ReasonJudged, "the gate of the namespace holds the verdict")
		c.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "judged"+leftOut(status))
		return
	}
	c.set(v1alpha1.ConditionJudged, metav1.ConditionFalse, verdict.Reason, verdict.Message)
	c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, verdict.Reason, verdict.Message+leftOut(status))
}

// shownChanges are those that the status has room for, those that block first.
func shownChanges(changes []v1alpha1.JudgedChange) []v1alpha1.JudgedChange {
	size := 0
	for i := range changes {
		written, err := json.Marshal(&changes[i])
		size += len(written) + 1
		if i == maxShownChanges || size > maxChangesBytes || err != nil {
			return changes[:i]
		}
	}
	return changes
}

// leftOut says that the status does not list all changes.
func leftOut(status *v1alpha1.APIRevisionStatus) string {
	shown, total := len(status.Changes), int(*status.ChangesTotal)
	if shown == total {
		return ""
	}
	return fmt.Sprintf("; changes lists %d of %d changes, those that block first: there is no room for more", shown, total)
}

// mergedContracts keeps what was judged before of a version that could not be read this time.
func mergedContracts(before, now []v1alpha1.JudgedContract) []v1alpha1.JudgedContract {
	read := map[v1alpha1.VersionName]bool{}
	for _, c := range now {
		read[c.Version] = true
	}
	merged := now
	for _, c := range before {
		if !read[c.Version] {
			merged = append(merged, c)
		}
	}
	return merged
}

// setGateNotWritten takes back that there is a verdict to rely on: the API server still acts on an earlier one.
func setGateNotWritten(revision *v1alpha1.APIRevision, state gateState, now time.Time) {
	c := conditions{list: &revision.Status.Conditions, generation: revision.Generation, now: now}
	message := "the gate of the namespace could not be written, the last one stands: " + state.Failure
	c.set(v1alpha1.ConditionJudged, metav1.ConditionFalse, v1alpha1.ReasonGateNotWritten, message)
	c.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonGateNotWritten, message)
}

// announceVerdict tells of a verdict that is not what it was, after it was written.
func (r *APIRevisionReconciler) announceVerdict(before, after *v1alpha1.APIRevision) {
	was := apimeta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionAdmissible)
	is := apimeta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionAdmissible)
	if apimeta.IsStatusConditionTrue(after.Status.Conditions, v1alpha1.ConditionJudged) {
		if took, first := r.began.stop(keyOf(after)); first {
			r.metrics.toVerdict.Observe(took.Seconds())
		}
	}
	if was != nil && was.Status == is.Status && was.Reason == is.Reason {
		return
	}
	r.metrics.verdicts.WithLabelValues(is.Reason).Inc()
	eventType := corev1.EventTypeNormal
	if is.Status != metav1.ConditionTrue {
		eventType = corev1.EventTypeWarning
	}
	r.announce(after, eventType, is.Reason, "Judge", is.Message)
}
