package snapshot

import (
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var noon = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

func identityLease(name string, renewed time.Time) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: IdentityLeaseNamespace, Name: name, Labels: map[string]string{IdentityLeaseLabel: IdentityLeaseValue},
		},
		Spec: coordinationv1.LeaseSpec{RenewTime: &metav1.MicroTime{Time: renewed}},
	}
}

func TestServerClock(t *testing.T) {
	other := identityLease("controller", noon.Add(time.Hour))
	other.Labels = map[string]string{IdentityLeaseLabel: "kube-controller-manager"}
	elsewhere := identityLease("elsewhere", noon.Add(time.Hour))
	elsewhere.Namespace = "shop"
	never := identityLease("never", noon)
	never.Spec.RenewTime = nil

	tests := map[string]struct {
		leases []client.Object
		own    time.Time
		offset time.Duration
		want   time.Time
	}{
		"our own clock counts while it agrees":                       {leases: []client.Object{identityLease("a", noon)}, own: noon.Add(9 * time.Second), want: noon.Add(9 * time.Second)},
		"one that is ahead by the slack counts":                      {leases: []client.Object{identityLease("a", noon)}, own: noon.Add(15 * time.Second), want: noon.Add(15 * time.Second)},
		"one that is ahead by a second more is held back":            {leases: []client.Object{identityLease("a", noon)}, own: noon.Add(16 * time.Second), want: noon.Add(15 * time.Second)},
		"one that is a year ahead is held back":                      {leases: []client.Object{identityLease("a", noon)}, own: noon.AddDate(1, 0, 0), want: noon.Add(15 * time.Second)},
		"one that is behind counts: it opens nothing early":          {leases: []client.Object{identityLease("a", noon)}, own: noon.Add(-time.Hour), want: noon.Add(-time.Hour)},
		"a server that is gone holds nobody back":                    {leases: []client.Object{identityLease("gone", noon.Add(-time.Hour)), identityLease("a", noon)}, own: noon.Add(time.Second), want: noon.Add(time.Second)},
		"Leases of others and elsewhere do not count":                {leases: []client.Object{identityLease("a", noon), other, elsewhere, never}, own: noon.Add(time.Hour), want: noon.Add(15 * time.Second)},
		"a rehearsal is later by its offset, held back all the same": {leases: []client.Object{identityLease("a", noon)}, own: noon.Add(time.Hour), offset: 24 * time.Hour, want: noon.Add(24*time.Hour + 15*time.Second)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clock := ServerClock{Own: clocktesting.NewFakePassiveClock(test.own), Leases: FromManifests(test.leases), Offset: test.offset}
			got, err := clock.Now(t.Context())
			if err != nil || !got.Equal(test.want) {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestServerClockWithoutAnyServer(t *testing.T) {
	clock := ServerClock{Own: clocktesting.NewFakePassiveClock(noon), Leases: FromManifests(nil)}
	if _, err := clock.Now(t.Context()); !errors.Is(err, ErrNoServerClock) {
		t.Errorf("got %v, want %v", err, ErrNoServerClock)
	}
}
