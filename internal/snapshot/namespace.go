package snapshot

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

// Namespace returns what the gates of a namespace depend on, but for the verdicts and the keepers, which others
// found and remember. The moment returned is the one at which the answer next changes by itself. Where a policy or an
// API cannot be read nothing is returned: without it the gates would be open to more than the last ones were. Without
// anything else that cannot be read they are open to less.
func (s *Snapshot) Namespace(ctx context.Context, now time.Time, name string) (gate.NamespaceInput, *time.Time, error) {
	input := gate.NamespaceInput{Now: now, Namespace: name}
	var namespace corev1.Namespace
	if err := s.objects.Get(ctx, client.ObjectKey{Name: name}, &namespace); err != nil {
		return input, nil, fmt.Errorf("reading namespace %s: %w", name, err)
	}
	var policies v1alpha1.NoticePolicyList
	if err := s.ListWhole(ctx, &policies); err != nil {
		return input, nil, fmt.Errorf("listing notice policies: %w", err)
	}
	var apis v1alpha1.CustomerAPIList
	if err := s.ListWhole(ctx, &apis, client.InNamespace(name)); err != nil {
		return input, nil, fmt.Errorf("listing customer APIs in %s: %w", name, err)
	}
	budgets, err := s.budgets(ctx, name)
	if err != nil {
		return input, nil, err
	}
	var next *time.Time
	for i := range apis.Items {
		api := &apis.Items[i]
		binding := withLoosened(api, selecting(policies.Items, namespace.Labels, api.Labels), now)
		entry, changes, err := s.gateAPI(ctx, now, api, binding, budgets)
		if err != nil {
			return input, nil, err
		}
		input.APIs = append(input.APIs, entry)
		next = earlier(next, changes)
	}
	if err := s.signals(ctx, name, input.APIs); err != nil {
		return input, nil, err
	}
	if len(input.APIs) > 0 {
		if input.Stopping, err = s.stopping(ctx, name); err != nil {
			return input, nil, err
		}
	}
	input.Revisions, err = s.gateRevisions(ctx, name)
	return input, next, err
}

func (s *Snapshot) gateAPI(ctx context.Context, now time.Time, api *v1alpha1.CustomerAPI, policies []v1alpha1.NoticePolicy, budgets *Budgets) (gate.PublishedAPI, *time.Time, error) {
	notices, err := s.notices(ctx, api.Namespace, api.Name)
	if err != nil {
		return gate.PublishedAPI{}, nil, err
	}
	audience, err := s.Audience(ctx, api)
	if err != nil {
		return gate.PublishedAPI{}, nil, err
	}
	binding, _ := notice.ReadPolicies(policies) // what is wrong in one is in its own status
	entry := gate.PublishedAPI{API: api, Governed: len(policies) > 0 && EverServed(api), Enforcement: binding.Enforcement()}
	_, entry.ImagesRequired = binding.ImagesRequired()
	var next *time.Time
	judged := gate.Input{Now: now, API: api, Policies: policies, Audience: audience, Notices: notices}
	entry.Held, entry.Hold, next = gate.Deletion(judged)
	outage := gate.Downtime(judged)
	entry.Outage = outage.Text
	if outage.Open != nil {
		entry.WindowOpen = outage.Open.Format(time.RFC3339)
	}
	running, err := s.running(ctx, api, budgets)
	if err != nil {
		return gate.PublishedAPI{}, nil, err
	}
	entry.Downtime = budgets.of(judged, running)
	return entry, earlier(earlier(next, outage.NextChange), entry.Downtime.NextChange), nil
}

func (s *Snapshot) notices(ctx context.Context, namespace, api string) ([]v1alpha1.ChangeNotice, error) {
	var notices v1alpha1.ChangeNoticeList
	if err := s.objects.List(ctx, &notices, client.InNamespace(namespace), OfAPI(api)); err != nil {
		return nil, fmt.Errorf("listing change notices of %s: %w", api, err)
	}
	var unread v1alpha1.ChangeNoticeList // of whichever API: no index says
	if err := s.all.List(ctx, &unread, client.InNamespace(namespace), OfAPI(""), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing change notices of %s: %w", api, err)
	}
	for i := range unread.Items {
		if err := Read(&unread.Items[i]); err != nil {
			notices.Items = append(notices.Items, superseding(&unread.Items[i], notices.Items)...)
		}
	}
	return notices.Items, nil
}

// superseding is what is known of a notice that cannot be read: it covers nothing, but what it replaced stays replaced.
func superseding(unread *v1alpha1.ChangeNotice, notices []v1alpha1.ChangeNotice) []v1alpha1.ChangeNotice {
	for i := range notices {
		if string(notices[i].Status.SupersededBy) != unread.Name {
			continue
		}
		known := v1alpha1.ChangeNotice{ObjectMeta: *unread.ObjectMeta.DeepCopy()}
		known.Spec = v1alpha1.ChangeNoticeSpec{
			APIRef: notices[i].Spec.APIRef, State: v1alpha1.NoticePublished, Supersedes: v1alpha1.ObjectName(notices[i].Name),
		}
		known.Status.PublishedTime = &unread.CreationTimestamp
		return []v1alpha1.ChangeNotice{known}
	}
	return nil
}

func (s *Snapshot) gateRevisions(ctx context.Context, namespace string) ([]gate.PublishedRevision, error) {
	var list v1alpha1.APIRevisionList
	if err := s.objects.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing API revisions in %s: %w", namespace, err)
	}
	revisions := make([]gate.PublishedRevision, 0, len(list.Items))
	for i := range list.Items {
		r := &list.Items[i]
		revisions = append(revisions, gate.PublishedRevision{
			Name:    r.Name,
			API:     string(r.Spec.APIRef.Name),
			Created: r.CreationTimestamp.Time,
			Images:  r.Spec.Images,
		})
	}
	return revisions, nil
}

// EverServed says whether anything of the API has ever reached customers.
func EverServed(api *v1alpha1.CustomerAPI) bool {
	return len(api.Status.Serving)+len(api.Status.Promised)+len(api.Status.WayBack) > 0
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}
