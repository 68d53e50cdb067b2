//go:build unix

package cel

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// want compares what the API server holds against a request with what it
// should: complaints of the form "field: piece of the message", and none for
// success. Every field that is complained of must be wanted.
func want(t *testing.T, err error, wanted ...string) {
	t.Helper()
	got := complaints(err)
	fields := map[string]bool{}
	for _, w := range wanted {
		field, piece, _ := strings.Cut(w, ": ")
		fields[field] = true
		if !slices.ContainsFunc(got[field], func(message string) bool { return strings.Contains(message, piece) }) {
			t.Errorf("wanted %q", w)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(got)) {
		if !fields[field] || t.Failed() {
			t.Errorf("got %q: %q", field, got[field])
		}
	}
}

// complaints are what the API server holds against a request, by field.
func complaints(err error) map[string][]string {
	if err == nil {
		return nil
	}
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) || status.ErrStatus.Details == nil {
		return map[string][]string{"no complaint": {err.Error()}}
	}
	all := map[string][]string{}
	for _, cause := range status.ErrStatus.Details.Causes {
		// Rules that look at a field that was complained of are left out, which is said once.
		if !strings.Contains(cause.Message, "some validation rules were not checked") {
			all[cause.Field] = append(all[cause.Field], cause.Message)
		}
	}
	return all
}
