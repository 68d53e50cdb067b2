package snapshot

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// The API server takes any text for an owner.
func TestControllerOf(t *testing.T) {
	itself := ref("Pod", "orders-x")
	tests := map[string]struct{ owner, want v1alpha1.WorkloadRef }{
		"a workload":                     {ref("StatefulSet", "orders"), ref("StatefulSet", "orders")},
		"a kind of somebody else":        {ref("CloneSet", "orders.v1"), ref("CloneSet", "orders.v1")},
		"a kind as long as may be":       {ref(strings.Repeat("K", 63), "orders"), ref(strings.Repeat("K", 63), "orders")},
		"a kind that no status can hold": {ref(strings.Repeat("K", 64), "orders"), itself},
		"a kind that is a line":          {ref("X\nservices/orders", "orders"), itself},
		"a kind that is two words":       {ref("Job x", "orders"), itself},
		"a name that is a line":          {ref("Job", "x\nservices/orders orders"), itself},
		"a name as long as may be":       {ref("Job", strings.Repeat("n", 253)), ref("Job", strings.Repeat("n", 253))},
		"a name that is too long":        {ref("Job", strings.Repeat("n", 254)), itself},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: itself.Name, OwnerReferences: ownedBy(tc.owner.Kind, tc.owner.Name)}}
			if got := ControllerOf(pod, itself); got != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
	if got := ControllerOf(&corev1.Pod{}, itself); got != itself {
		t.Errorf("nothing owns it: %v", got)
	}
}

func TestMakerOfWithAnOwnerThatIsALine(t *testing.T) {
	const hash = "5d4f7c9b86"
	head := strings.Repeat("n", 253-len("-"+hash))
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: head + "-" + hash, OwnerReferences: ownedBy("Deployment", head+"\nx")}}
	set.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}}
	if got := MakerOf(set); got != ref("Deployment", head) {
		t.Errorf("%v", got)
	}
}
