package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestPastLines(t *testing.T) {
	until := metav1.NewTime(time.Date(2026, time.December, 6, 12, 0, 0, 0, time.UTC))
	later := metav1.NewTime(until.Add(time.Hour))
	got := pastLines([]v1alpha1.PastRevision{
		{Images: []string{"orders:1.1", "proxy:3"}, UntilTime: &until},
		{Images: []string{"orders:1.0", "proxy:3"}, UntilTime: &until},
		{Images: []string{"orders:0.9"}, UntilTime: &later},
		{Revision: "orders-1", UntilTime: &later},
	}, utc)
	want := []string{
		"orders-1 until 2026-12-06T13:00:00Z",
		"pods that name no revision and run orders:1.0 or orders:1.1 or proxy:3 until 2026-12-06T12:00:00Z",
		"pods that name no revision and run orders:0.9 until 2026-12-06T13:00:00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeletionText(t *testing.T) {
	for enforcement, want := range map[v1alpha1.Enforcement]string{
		v1alpha1.EnforcementDeny:  "Refused",
		v1alpha1.EnforcementWarn:  "Passes with a warning, and breaks a promise",
		v1alpha1.EnforcementAudit: "Passes with an audit annotation, and breaks a promise",
	} {
		if got := deletionText(string(enforcement)); got != want {
			t.Errorf("%s: got %q, want %q", enforcement, got, want)
		}
	}
}
