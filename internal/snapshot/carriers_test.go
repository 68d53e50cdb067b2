package snapshot

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

func known(service string, labels set) v1alpha1.PodSelector {
	return v1alpha1.PodSelector{Service: service, MatchLabels: labels}
}

func TestCarriers(t *testing.T) {
	external := service("external", set{"app": "orders"})
	external.Spec.Type = corev1.ServiceTypeExternalName
	reader := FromManifests([]client.Object{
		external,
		service("orders", set{"app": "orders"}),
		service("slotted", set{"app": "orders", "slot": "blue", appsv1.DefaultDeploymentUniqueLabelKey: "5d4f"}),
		service("one-zone", set{"app": "orders", corev1.LabelTopologyZone: "eu-1a", corev1.LabelTopologyRegion: "eu-1"}),
		service("only-slot", set{"slot": "blue"}),
		service("by-hand", nil),
	})
	lastKnown := known("gone", set{"app": "was"})
	tests := map[string]struct {
		api         *v1alpha1.CustomerAPI
		want        []v1alpha1.PodSelector
		wantMissing []string
		wantUnfit   bool
		wantLeading map[string]set
	}{
		"a Service": {
			api:  apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}}),
			want: []v1alpha1.PodSelector{{Service: "orders", MatchLabels: set{"app": "orders"}}},
		},
		"slot keys and what controllers choose are left out": {
			api:  apiCarriedBy(v1alpha1.Carrier{Services: []string{"slotted"}, SlotKeys: []string{"slot"}}),
			want: []v1alpha1.PodSelector{{Service: "slotted", MatchLabels: set{"app": "orders"}}},
		},
		"and where a pod runs, which no template says": {
			api:  apiCarriedBy(v1alpha1.Carrier{Services: []string{"one-zone"}}),
			want: []v1alpha1.PodSelector{{Service: "one-zone", MatchLabels: set{"app": "orders"}}},
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
		"a Service that leads out of the cluster selects nothing": {
			api:         apiCarriedBy(v1alpha1.Carrier{Services: []string{"external"}}, known("external", set{"app": "orders"})),
			want:        []v1alpha1.PodSelector{known("external", set{"app": "orders"})},
			wantMissing: []string{"external"},
		},
		"a slot key that leaves nothing of a Service": {
			api:         apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}, SlotKeys: []string{"app"}}, known("orders", set{"app": "orders"})),
			want:        []v1alpha1.PodSelector{known("orders", set{"app": "orders"})},
			wantMissing: []string{"orders"},
		},
		"or of labels": {
			api:       apiCarriedBy(v1alpha1.Carrier{MatchLabels: set{"app": "worker"}, SlotKeys: []string{"app"}}, known("", set{"app": "worker"})),
			want:      []v1alpha1.PodSelector{known("", set{"app": "worker"})},
			wantUnfit: true,
		},
		"labels that no pod can have": {
			api:       apiCarriedBy(v1alpha1.Carrier{MatchLabels: set{"app": "a b"}}),
			wantUnfit: true,
		},
		"what was kept already is not known anew": {
			api: apiCarriedBy(v1alpha1.Carrier{Services: []string{"gone"}}, lastKnown,
				v1alpha1.PodSelector{Service: "gone", MatchLabels: set{"app": "before"}, KeptFor: v1alpha1.KeptForServing}),
			want:        []v1alpha1.PodSelector{lastKnown},
			wantMissing: []string{"gone"},
		},
		"a Service that is named no more is followed": {
			api: apiCarriedBy(v1alpha1.Carrier{MatchLabels: set{"app": "new"}},
				known("slotted", set{"app": "was"}), known("external", set{"app": "was"}), known("gone", set{"app": "was"})),
			want:        []v1alpha1.PodSelector{{MatchLabels: set{"app": "new"}}},
			wantLeading: map[string]set{"slotted": {"app": "orders", "slot": "blue", appsv1.DefaultDeploymentUniqueLabelKey: "5d4f"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := New(reader, reader).Carriers(t.Context(), test.api)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Declared); diff != "" {
				t.Errorf("selectors (-want +got):\n%s", diff)
			}
			if !slices.Equal(got.Missing, test.wantMissing) {
				t.Errorf("missing %v, want %v", got.Missing, test.wantMissing)
			}
			if got.Unfit != test.wantUnfit {
				t.Errorf("unfit: %v", got.Unfit)
			}
			if diff := cmp.Diff(test.wantLeading, got.Leading, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("leading (-want +got):\n%s", diff)
			}
			for _, s := range slices.Concat(test.want, test.api.Status.Selectors) {
				if !slices.ContainsFunc(got.Selectors, func(o v1alpha1.PodSelector) bool { return cmp.Equal(o, s) }) {
					t.Errorf("%v is not looked for", s)
				}
			}
		})
	}
}

// Which workload may not be deleted depends on where customers are led: also after carriedBy was changed.
func TestTraffic(t *testing.T) {
	reader := FromManifests([]client.Object{
		service("orders", set{"app": "orders", "slot": "blue"}),
		service("blue", set{"app": "orders", "slot": "blue"}),
		service("web", set{"app": "web"}),
	})
	blue, green, old := set{"app": "orders", "slot": "blue"}, set{"app": "orders", "slot": "green"}, set{"app": "old"}
	tests := map[string]struct {
		api      *v1alpha1.CustomerAPI
		led, not []set
		by       []string // the Services that lead to what led begins with
	}{
		"a Service leads to one half": {
			api: apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}, SlotKeys: []string{"slot"}}, known("orders", set{"app": "orders"})),
			led: []set{blue}, not: []set{green}, by: []string{"orders"},
		},
		"two lead to one half": {
			api: apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders", "blue"}, SlotKeys: []string{"slot"}}),
			led: []set{blue}, not: []set{green}, by: []string{"orders", "blue"},
		},
		"named no more, it leads there still": {
			api: apiCarriedBy(v1alpha1.Carrier{Services: []string{"web"}, SlotKeys: []string{"slot"}}, known("orders", set{"app": "orders"})),
			led: []set{blue, {"app": "web"}}, not: []set{green}, by: []string{"orders"},
		},
		"it leads elsewhere now": {
			api: apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}}, known("orders", old)),
			led: []set{blue}, not: []set{old}, by: []string{"orders"},
		},
		"it is gone": {
			api: apiCarriedBy(v1alpha1.Carrier{Services: []string{"web"}}, known("gone", old)), led: []set{old}, by: []string{"gone"},
		},
		"labels that are declared no more": {
			api: apiCarriedBy(v1alpha1.Carrier{Services: []string{"web"}}, known("", old)), led: []set{old},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			carriers, err := New(reader, reader).Carriers(t.Context(), test.api)
			if err != nil {
				t.Fatal(err)
			}
			for _, labels := range test.led {
				if !carriers.takesTraffic(labels) {
					t.Errorf("customers are led to %v", labels)
				}
			}
			if got := carriers.ledBy(test.led[0]); !slices.Equal(got, test.by) {
				t.Errorf("led by %v, want %v", got, test.by)
			}
			for _, labels := range test.not {
				if carriers.takesTraffic(labels) || len(carriers.ledBy(labels)) > 0 {
					t.Errorf("customers are not led to %v", labels)
				}
			}
		})
	}
}

func TestMayCarry(t *testing.T) {
	api := apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}}, known("orders", set{"app": "orders"}), known("before", set{"app": "orders"}))
	template := func(labels set) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}}
	}
	tests := map[string]struct {
		object client.Object
		want   bool
	}{
		"its Service":                         {service("orders", nil), true},
		"one that is named no more":           {service("before", nil), true},
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
