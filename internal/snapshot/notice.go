package snapshot

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// Notice returns what is to be said about a notice depends on.
func (s *Snapshot) Notice(ctx context.Context, now time.Time, notice *v1alpha1.ChangeNotice) (gate.NoticeInput, error) {
	input := gate.NoticeInput{Now: now, Notice: notice}
	var err error
	if input.API, err = s.api(ctx, notice.Namespace, notice.Spec.APIRef); err != nil || input.API == nil {
		return input, err
	}
	if input.Policies, err = s.Binding(ctx, now, input.API); err != nil {
		return input, err
	}
	if input.Audience, err = s.Audience(ctx, input.API); err != nil {
		return input, err
	}
	if input.Schedule, err = s.scheduleOf(ctx, notice); err != nil {
		return input, err
	}
	notices, err := s.notices(ctx, notice.Namespace, string(notice.Spec.APIRef.Name))
	if err != nil {
		return input, err
	}
	for i := range notices {
		if notices[i].Name != notice.Name {
			input.Others = append(input.Others, notices[i])
		}
	}
	return input, nil
}

// api returns nothing where there is no such API.
func (s *Snapshot) api(ctx context.Context, namespace string, ref v1alpha1.APIRef) (*v1alpha1.CustomerAPI, error) {
	api := &v1alpha1.CustomerAPI{}
	key := client.ObjectKey{Namespace: namespace, Name: string(ref.Name)}
	err := s.objects.Get(ctx, key, api)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading customer API %s: %w", key, err)
	}
	return api, nil
}

// Audience returns nothing where the API names none, or one that does not exist.
func (s *Snapshot) Audience(ctx context.Context, api *v1alpha1.CustomerAPI) (*v1alpha1.Audience, error) {
	name := string(api.Spec.AudienceRef.Name)
	if name == "" {
		return nil, nil
	}
	audience := &v1alpha1.Audience{}
	key := client.ObjectKey{Namespace: api.Namespace, Name: name}
	err := s.objects.Get(ctx, key, audience)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading audience %s: %w", key, err)
	}
	return audience, nil
}
