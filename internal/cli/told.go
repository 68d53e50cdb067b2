package cli

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

// tell returns the notices as a cluster would have stamped them. One that holds
// a stamp was exported from a cluster and keeps it. The others are taken to be
// published at --published-at, or at the moment judged for, if they could be.
func (o *sourceOptions) tell(
	streams Streams, now time.Time, api *v1alpha1.CustomerAPI, policies []v1alpha1.NoticePolicy, read []*v1alpha1.ChangeNotice,
) ([]v1alpha1.ChangeNotice, error) {
	published := now
	if o.publishedAt != "" {
		var err error
		if published, err = notice.ParseInstant(o.publishedAt); err != nil {
			return nil, fmt.Errorf("reading --published-at: %w", err)
		}
	}
	all := make([]v1alpha1.ChangeNotice, 0, len(read))
	for _, n := range read {
		n.Namespace = ""
		all = append(all, *n)
	}
	if published.After(now) {
		return all, nil
	}
	// One that replaces another can be published once that one is.
	for more := true; more; {
		more = false
		for i := range all {
			more = publish(&all[i], all, published, api, policies) || more
		}
	}
	for i := range all {
		explainUntold(streams, &all[i], all, published, api, policies)
	}
	return all, nil
}

// publish stamps a notice that can be published, and says whether it did.
func publish(
	n *v1alpha1.ChangeNotice, all []v1alpha1.ChangeNotice, at time.Time, api *v1alpha1.CustomerAPI, policies []v1alpha1.NoticePolicy,
) bool {
	verdict := judgeNotice(n, all, at, api, policies)
	if !verdict.Publishable {
		return false
	}
	stamp := metav1.NewTime(at)
	if n.CreationTimestamp.After(at) {
		stamp = n.CreationTimestamp
	}
	n.Status.PublishedTime = &stamp
	n.Status.PublishedDigest = verdict.Digest
	n.Status.Owed = verdict.Owed
	n.Status.Clock = verdict.Clock
	return true
}

func judgeNotice(
	n *v1alpha1.ChangeNotice, all []v1alpha1.ChangeNotice, at time.Time, api *v1alpha1.CustomerAPI, policies []v1alpha1.NoticePolicy,
) gate.NoticeVerdict {
	input := gate.NoticeInput{Now: at, API: api, Policies: policies, Notice: n}
	for i := range all {
		if all[i].Name != n.Name && all[i].Spec.APIRef == n.Spec.APIRef {
			input.Others = append(input.Others, all[i])
		}
	}
	return gate.EvaluateNotice(input)
}

// explainUntold says why a notice that its author wants published counts for
// nothing, and what is not as the policies ask in a draft: no condition tells
// that here.
func explainUntold(
	streams Streams, n *v1alpha1.ChangeNotice, all []v1alpha1.ChangeNotice, at time.Time, api *v1alpha1.CustomerAPI, policies []v1alpha1.NoticePolicy,
) {
	about := string(n.Spec.APIRef.Name) == api.Name
	if !about || n.Status.PublishedTime != nil || n.Spec.State == v1alpha1.NoticeWithdrawn {
		return
	}
	verdict := judgeNotice(n, all, at, api, policies)
	switch {
	case n.Spec.State == v1alpha1.NoticeDraft && len(verdict.Content) == 0:
		return
	case n.Spec.State == v1alpha1.NoticeDraft:
		streams.note("Notice %s is a draft, and not yet what the policies ask of a notice.", n.Name)
	case verdict.Reason == v1alpha1.ReasonContentRefused:
		streams.note("Notice %s does not count (%s): %s.", n.Name, verdict.Reason, notAsAsked)
	default:
		streams.note("Notice %s does not count (%s): %s.", n.Name, verdict.Reason, verdict.Message)
	}
	for _, f := range verdict.Content {
		streams.note("- %s", safe(f.String()))
	}
}
