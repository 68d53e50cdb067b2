package snapshot

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

type set = map[string]string

func service(name string, selector set) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: corev1.ServiceSpec{Selector: selector}}
}

func apiCarriedBy(carrier v1alpha1.Carrier, known ...v1alpha1.PodSelector) *v1alpha1.CustomerAPI {
	api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}}
	api.Spec.CarriedBy = carrier
	api.Status.Selectors = known
	return api
}

func TestCarriers(t *testing.T) {
	reader := FromManifests([]client.Object{
		service("orders", set{"app": "orders"}),
		service("slotted", set{"app": "orders", "slot": "blue", appsv1.DefaultDeploymentUniqueLabelKey: "5d4f"}),
		service("only-slot", set{"slot": "blue"}),
		service("by-hand", nil),
	})
	lastKnown := v1alpha1.PodSelector{Service: "gone", MatchLabels: set{"app": "was"}}
	tests := map[string]struct {
		api         *v1alpha1.CustomerAPI
		want        []v1alpha1.PodSelector
		wantMissing []string
	}{
		"a Service": {
			api:  apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}}),
			want: []v1alpha1.PodSelector{{Service: "orders", MatchLabels: set{"app": "orders"}}},
		},
		"slot keys and what controllers choose are left out": {
			api:  apiCarriedBy(v1alpha1.Carrier{Services: []string{"slotted"}, SlotKeys: []string{"slot"}}),
			want: []v1alpha1.PodSelector{{Service: "slotted", MatchLabels: set{"app": "orders"}}},
		},
		"labels of pods": {
			api:  apiCarriedBy(v1alpha1.Carrier{MatchLabels: set{"app": "worker", "slot": "blue"}, SlotKeys: []string{"slot"}}),
			want: []v1alpha1.PodSelector{{MatchLabels: set{"app": "worker"}}},
		},
		"a Service that is gone keeps the labels last known": {
			api:         apiCarriedBy(v1alpha1.Carrier{Services: []string{"gone", "orders"}}, lastKnown),
			want:        []v1alpha1.PodSelector{lastKnown, {Service: "orders", MatchLabels: set{"app": "orders"}}},
			wantMissing: []string{"gone"},
		},
		"what never selected anything is missing": {
			api:         apiCarriedBy(v1alpha1.Carrier{Services: []string{"only-slot", "by-hand", "never"}, SlotKeys: []string{"slot"}}),
			wantMissing: []string{"by-hand", "never", "only-slot"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := New(reader, reader).Carriers(t.Context(), test.api)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Selectors); diff != "" {
				t.Errorf("selectors (-want +got):\n%s", diff)
			}
			if !slices.Equal(got.Missing, test.wantMissing) {
				t.Errorf("missing %v, want %v", got.Missing, test.wantMissing)
			}
		})
	}
}

func TestMayCarry(t *testing.T) {
	api := apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}}, v1alpha1.PodSelector{Service: "orders", MatchLabels: set{"app": "orders"}})
	template := func(labels set) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}}
	}
	tests := map[string]struct {
		object client.Object
		want   bool
	}{
		"its Service":                         {service("orders", nil), true},
		"another Service":                     {service("carts", set{"app": "orders"}), false},
		"its pod":                             {&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: set{"app": "orders", "x": "y"}}}, true},
		"another pod":                         {&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: set{"app": "carts"}}}, false},
		"a Deployment, by the template":       {&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: template(set{"app": "orders"})}}, true},
		"a Deployment with labels of its own": {&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Labels: set{"app": "orders"}}}, false},
		"a ReplicaSet, by the template":       {&appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Template: template(set{"app": "orders"})}}, true},
		"a StatefulSet, by the template":      {&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Template: template(set{"app": "orders"})}}, true},
		"a DaemonSet, by the template":        {&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: template(set{"app": "orders"})}}, true},
		"a DaemonSet of another app":          {&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: template(set{"app": "carts"})}}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := MayCarry(api, test.object); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if !MayCarry(apiCarriedBy(v1alpha1.Carrier{}), &corev1.Pod{}) {
		t.Error("an API that was not looked at yet may be carried by anything")
	}
}
