package snapshot

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// The last write counts, whoever did it; what was written as status does not.
func TestWritten(t *testing.T) {
	at := func(hour int, subresource string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Time: &metav1.Time{Time: time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC)}, Subresource: subresource}
	}
	object := func(o client.Object, entries ...metav1.ManagedFieldsEntry) client.Object {
		o.SetNamespace("shop")
		o.SetName("one")
		o.SetManagedFields(entries)
		return o
	}
	for name, tc := range map[string]struct {
		secret, audience []metav1.ManagedFieldsEntry
		want             int // the hour; 0 for not known
	}{
		"the latest of one":       {[]metav1.ManagedFieldsEntry{at(3, ""), at(9, ""), at(5, "")}, []metav1.ManagedFieldsEntry{at(1, "")}, 9},
		"the latest of all":       {[]metav1.ManagedFieldsEntry{at(3, "")}, []metav1.ManagedFieldsEntry{at(7, ""), at(1, "")}, 7},
		"a status does not count": {[]metav1.ManagedFieldsEntry{at(3, ""), at(9, "status")}, []metav1.ManagedFieldsEntry{at(1, "")}, 3},
		"nobody knows of one":     {[]metav1.ManagedFieldsEntry{at(3, "")}, []metav1.ManagedFieldsEntry{at(7, "status")}, 0},
		"a write without a time":  {[]metav1.ManagedFieldsEntry{at(3, ""), {}}, []metav1.ManagedFieldsEntry{at(7, "")}, 0},
		"nothing is kept of it":   {nil, []metav1.ManagedFieldsEntry{at(7, "")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			reader := FromManifests([]client.Object{object(&corev1.Secret{}, tc.secret...), object(&v1alpha1.Audience{}, tc.audience...)})
			got, err := New(reader, reader).Written(t.Context(), object(&corev1.Secret{}), object(&v1alpha1.Audience{}))
			if err != nil {
				t.Fatal(err)
			}
			hour := 0
			if got != nil {
				hour = got.Hour()
			}
			if hour != tc.want {
				t.Errorf("it was written at %v", got)
			}
		})
	}
}
