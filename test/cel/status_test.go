//go:build unix

package cel

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// unseen is the status that nobody has written yet: who waits for the
// generation that it observed waits on.
var unseen any = map[string]any{"observedGeneration": int64(-1)}

// statuses are those of a kind that nobody has written yet, and the least that
// can be written. Nobody waits for a DeliveryRecord.
func statuses(kind string) (empty, least any) {
	if kind == "DeliveryRecord" {
		return nil, map[string]any{"total": int64(1)}
	}
	return unseen, map[string]any{"observedGeneration": int64(1)}
}

func TestA16Status(t *testing.T) {
	namespace := newNamespace(t)
	for kind := range plurals {
		if kind == "KeptContract" {
			continue // it has none
		}
		unseen, least := statuses(kind)
		t.Run(kind, func(t *testing.T) {
			u := sample(t, kind)
			place(u, namespace)
			filled, spec := at(u, "status"), at(u, "spec")
			u = create(t, u)
			holds(t, u, "status", unseen) // what it was created with is dropped

			set(u, "status", filled)
			u, err := resource(u).Update(t.Context(), u, metav1.UpdateOptions{})
			want(t, err)
			holds(t, u, "status", unseen) // an update of the object does not write its status

			set(u, "status", filled)
			set(u, "spec", map[string]any{})
			u, err = resource(u).UpdateStatus(t.Context(), u, metav1.UpdateOptions{})
			want(t, err)
			holds(t, u, "status", filled)
			holds(t, u, "spec", spec) // nor the other way round

			remove(u, "status")
			u, err = resource(u).Update(t.Context(), u, metav1.UpdateOptions{})
			want(t, err)
			holds(t, u, "status", filled)
		})
		t.Run(kind+" whose status is removed", func(t *testing.T) {
			u := sample(t, kind)
			place(u, namespace)
			u = create(t, u)
			set(u, "status", least)
			u, err := resource(u).UpdateStatus(t.Context(), u, metav1.UpdateOptions{})
			want(t, err)
			remove(u, "status")
			u, err = resource(u).UpdateStatus(t.Context(), u, metav1.UpdateOptions{})
			want(t, err)
			holds(t, u, "status", unseen)
		})
	}
}

// Custom resources have no strategic merge patch; should they ever, the ways
// above lack one.
func TestNoStrategicMergePatch(t *testing.T) {
	u := published(t)
	place(u, newNamespace(t))
	u = stand(t, u)
	_, err := resource(u).Patch(t.Context(), u.GetName(), types.StrategicMergePatchType, []byte(`{"spec":{"title":"Never mind."}}`), metav1.PatchOptions{})
	if !apierrors.IsUnsupportedMediaType(err) {
		t.Errorf("got %v, want an unsupported media type", err)
	}
}

// What no kind has a field for is dropped, and refused where that is asked for.
func TestUnknownFields(t *testing.T) {
	namespace := newNamespace(t)
	for kind := range plurals {
		t.Run(kind, func(t *testing.T) {
			u := sample(t, kind)
			place(u, namespace)
			set(u, "spec.surprise", "boo")
			_, err := resource(u).Create(t.Context(), u, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
			if !apierrors.IsBadRequest(err) {
				t.Errorf("got %v, want a bad request", err)
			}
			if found := at(create(t, u), "spec.surprise"); found != nil {
				t.Errorf("%v was kept", found)
			}
		})
	}
}
