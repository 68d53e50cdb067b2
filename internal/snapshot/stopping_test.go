package snapshot

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// rollingOut is a Deployment of ten with pods of before.
func rollingOut(most, surge *intstr.IntOrString, change ...func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](10)}}
	d.Spec.Strategy = appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: most, MaxSurge: surge},
	}
	d.Status = appsv1.DeploymentStatus{Replicas: 11, UpdatedReplicas: 6, ReadyReplicas: 5}
	for _, f := range change {
		f(d)
	}
	return d
}

func TestMayStop(t *testing.T) {
	number, share := func(n int32) *intstr.IntOrString { return ptr.To(intstr.FromInt32(n)) }, func(s string) *intstr.IntOrString { return ptr.To(intstr.FromString(s)) }
	done := func(d *appsv1.Deployment) { d.Status.Replicas, d.Status.UpdatedReplicas = 10, 10 }
	stateful := func(most *intstr.IntOrString, change ...func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
		s := &appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{Replicas: 10, UpdatedReplicas: 6, ReadyReplicas: 5}}
		s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: most}
		for _, f := range change {
			f(s)
		}
		return s
	}
	daemons := func(most *intstr.IntOrString) *appsv1.DaemonSet {
		d := &appsv1.DaemonSet{}
		d.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: most}
		return d
	}
	tests := map[string]struct {
		object client.Object
		below  int32
		may    bool
	}{
		"the usual":                   {object: rollingOut(share("25%"), share("25%"))},
		"nothing is said":             {object: rollingOut(nil, nil)},
		"no strategy":                 {object: &appsv1.Deployment{}},
		"none":                        {object: rollingOut(number(0), number(1))},
		"99%":                         {object: rollingOut(share("99%"), number(1))},
		"100%":                        {object: rollingOut(share("100%"), number(1)), may: true},
		"what is no share":            {object: rollingOut(share("many"), number(1))},
		"one":                         {object: rollingOut(number(1), share("25%")), below: 1, may: true},
		"five":                        {object: rollingOut(number(5), number(1)), below: 5, may: true},
		"five, held back":             {object: rollingOut(number(5), number(1), func(d *appsv1.Deployment) { d.Spec.Paused = true }), may: true},
		"five, and done":              {object: rollingOut(number(5), number(1), done), may: true},
		"five, and more are wanted":   {object: rollingOut(number(5), number(1), done, func(d *appsv1.Deployment) { d.Spec.Replicas, d.Generation = ptr.To[int32](20), 2 }), may: true},
		"five, before any of the new": {object: rollingOut(number(5), number(1), func(d *appsv1.Deployment) { d.Status.Replicas, d.Status.UpdatedReplicas = 10, 0 }), below: 5, may: true},
		"five, with nothing ready":    {object: rollingOut(number(5), number(1), func(d *appsv1.Deployment) { d.Status.ReadyReplicas = 0 }), may: true},
		"a share, and no more":        {object: rollingOut(share("25%"), number(0)), below: 1, may: true},
		"a share, and 0% more":        {object: rollingOut(share("25%"), share("0%")), below: 1, may: true},
		"a share, and 1% more":        {object: rollingOut(share("25%"), share("1%"))},
		"Recreate": {object: rollingOut(nil, nil, func(d *appsv1.Deployment) {
			d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
		}), may: true},
		"a StatefulSet":                    {object: &appsv1.StatefulSet{}},
		"a StatefulSet, one":               {object: stateful(number(1))},
		"a StatefulSet, two":               {object: stateful(number(2)), below: 2, may: true},
		"a StatefulSet, 99%":               {object: stateful(share("99%"))},
		"a StatefulSet, 100%":              {object: stateful(share("100%")), may: true},
		"a StatefulSet, two and done":      {object: stateful(number(2), func(s *appsv1.StatefulSet) { s.Status.UpdatedReplicas = 10 }), may: true},
		"a StatefulSet, two and none":      {object: stateful(number(2), func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 0 }), may: true},
		"a StatefulSet, held back":         {object: stateful(number(2), func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = ptr.To[int32](1) }), may: true},
		"a StatefulSet, of partition none": {object: stateful(number(2), func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = ptr.To[int32](0) }), below: 2, may: true},
		"a StatefulSet, on delete":         {object: stateful(number(2), func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType }), may: true},
		"a DaemonSet":                      {object: &appsv1.DaemonSet{}},
		"a DaemonSet, one":                 {object: daemons(number(1))},
		"a DaemonSet, two":                 {object: daemons(number(2)), may: true},
		"a DaemonSet, 50%":                 {object: daemons(share("50%"))},
		"a DaemonSet, 51%":                 {object: daemons(share("51%")), may: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			below, may := MayStop(tc.object)
			if below != tc.below || may != tc.may {
				t.Errorf("below %d, may %t; want %d and %t", below, may, tc.below, tc.may)
			}
		})
	}
}

func TestStoppingOfANamespace(t *testing.T) {
	five := ptr.To(intstr.FromInt32(5))
	usual, named, elsewhere := rollingOut(nil, nil), rollingOut(five, nil), rollingOut(five, nil)
	usual.Namespace, usual.Name = "shop", "usual"
	named.Namespace, named.Name = "shop", "orders"
	elsewhere.Namespace, elsewhere.Name = "other", "orders"
	set := &appsv1.StatefulSet{}
	set.Namespace, set.Name = "shop", "orders"
	set.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: five}
	s := New(FromManifests([]client.Object{usual, named, elsewhere, set}), nil)
	got, err := s.stopping(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	want := map[v1alpha1.WorkloadRef]int32{ref("Deployment", "orders"): 5, ref("StatefulSet", "orders"): 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
