package snapshot

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// carried makes the objects of a workload whose pods carry the API "orders".
type carried struct {
	labels set
	born   time.Time
}

func orders(extra ...string) carried {
	labels := set{"app": "orders"}
	for i := 0; i+1 < len(extra); i += 2 {
		labels[extra[i]] = extra[i+1]
	}
	return carried{labels: labels, born: noon}
}

func (c carried) template(annotation string, images ...string) corev1.PodTemplateSpec {
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: c.labels}}
	if annotation != "" {
		template.Annotations = set{v1alpha1.RevisionAnnotation: annotation}
	}
	for _, image := range images {
		template.Spec.Containers = append(template.Spec.Containers, corev1.Container{Image: image})
	}
	return template
}

func (c carried) deployment(name, annotation string, status appsv1.DeploymentStatus) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Generation: 1},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To[int32](2), Template: c.template(annotation)},
		Status:     status,
	}
}

func (c carried) replicaSet(deployment, hash, annotation string, wanted int32, images ...string) *appsv1.ReplicaSet {
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: deployment + "-" + hash},
		Spec:       appsv1.ReplicaSetSpec{Replicas: &wanted, Template: c.template(annotation, images...)},
	}
	set.OwnerReferences = ownedBy("Deployment", deployment)
	set.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}}
	return set
}

func (c carried) pod(name, kind, owner, annotation string, ready bool, images ...string) *corev1.Pod {
	template := c.template(annotation, images...)
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Namespace, pod.Name, pod.CreationTimestamp = "shop", name, metav1.Time{Time: c.born}
	if kind != "" {
		pod.OwnerReferences = ownedBy(kind, owner)
	}
	pod.Status.Phase = corev1.PodRunning
	state := corev1.ConditionFalse
	if ready {
		state = corev1.ConditionTrue
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: state}}
	return pod
}

func ownedBy(kind, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{Kind: kind, Name: name, Controller: ptr.To(true)}}
}

func complete() appsv1.DeploymentStatus {
	return appsv1.DeploymentStatus{
		ObservedGeneration: 1, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 2,
		Conditions: []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue},
			{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
		},
	}
}

func underWay() appsv1.DeploymentStatus {
	status := complete()
	status.UpdatedReplicas = 1
	return status
}

func ref(kind, name string) v1alpha1.WorkloadRef { return v1alpha1.WorkloadRef{Kind: kind, Name: name} }

// butLabels: they have a test of their own.
var butLabels = cmp.Options{
	cmpopts.IgnoreFields(gate.Observation{}, "Template", "ReplicaSets"), cmpopts.IgnoreFields(gate.Running{}, "Labels", "Sets"),
}

func TestObserve(t *testing.T) {
	older, younger := orders(), orders()
	younger.born = noon.Add(time.Minute)
	finished := orders().pod("done", "Job", "report", "", false)
	finished.Status.Phase = corev1.PodSucceeded
	leaving := orders().pod("leaving", "ReplicaSet", "orders-aaa", "orders-1", false, "orders:1")
	leaving.DeletionTimestamp = &metav1.Time{Time: noon}

	tests := map[string]struct {
		objects []client.Object
		want    []gate.Observation
	}{
		"nothing carries it": {objects: []client.Object{
			carried{labels: set{"app": "carts"}}.deployment("carts", "", complete()),
		}},
		"a Deployment that was rolled out": {
			objects: []client.Object{
				orders().deployment("orders", "orders-1", complete()),
				orders().replicaSet("orders", "aaa", "orders-1", 2, "orders:1"),
				orders().pod("a", "ReplicaSet", "orders-aaa", "orders-1", true, "orders:1"),
				orders().pod("b", "ReplicaSet", "orders-aaa", "orders-1", true, "orders:1", "sidecar:1"),
			},
			want: []gate.Observation{{
				Workload: ref("Deployment", "orders"), Ready: 2, TakesTraffic: true, LedBy: []string{"orders"}, Completed: true, Current: "orders-1",
				Running: []gate.Running{{Revision: "orders-1", Pods: 2, Wanted: 2, Images: []string{"orders:1", "sidecar:1"}}},
			}},
		},
		"a rollout under way, with a pod that leaves": {
			objects: []client.Object{
				orders().deployment("orders", "orders-2", underWay()),
				orders().replicaSet("orders", "aaa", "orders-1", 0, "orders:1"),
				orders().replicaSet("orders", "bbb", "orders-2", 2, "orders:2"),
				leaving,
				orders().pod("b", "ReplicaSet", "orders-bbb", "orders-2", true, "orders:2"),
			},
			want: []gate.Observation{{
				Workload: ref("Deployment", "orders"), Ready: 1, TakesTraffic: true, LedBy: []string{"orders"}, Current: "orders-2",
				Running: []gate.Running{
					{Revision: "orders-1", Pods: 1, Images: []string{"orders:1"}},
					{Revision: "orders-2", Pods: 1, Wanted: 2, Images: []string{"orders:2"}},
				},
			}},
		},
		"pods that name no revision, or none of this API": {
			objects: []client.Object{
				orders().deployment("orders", "", complete()),
				orders().replicaSet("orders", "aaa", "", 1, "orders:0"),
				orders().pod("a", "ReplicaSet", "orders-aaa", " carts-1 , unknown", true, "orders:0"),
			},
			want: []gate.Observation{{
				Workload: ref("Deployment", "orders"), Ready: 1, TakesTraffic: true, LedBy: []string{"orders"}, Completed: true,
				Running: []gate.Running{{Pods: 1, Wanted: 1, Images: []string{"orders:0"}}},
			}},
		},
		"pods that serve several APIs name this one's revision among others": {
			objects: []client.Object{orders().pod("a", "", "", "carts-1, orders-1", true, "both:1")},
			want: []gate.Observation{{
				Workload: ref("Pod", "a"), Ready: 1, TakesTraffic: true, LedBy: []string{"orders"}, Completed: true, Current: "orders-1",
				Running: []gate.Running{{Revision: "orders-1", Pods: 1, Images: []string{"both:1"}}},
			}},
		},
		"a revision that serves and whose object was deleted is still known": {
			objects: []client.Object{orders().pod("a", "", "", "pruned", true, "orders:0")},
			want: []gate.Observation{{
				Workload: ref("Pod", "a"), Ready: 1, TakesTraffic: true, LedBy: []string{"orders"}, Completed: true, Current: "pruned",
				Running: []gate.Running{{Revision: "pruned", Pods: 1, Images: []string{"orders:0"}}},
			}},
		},
		"the half that waits takes no traffic": {
			objects: []client.Object{
				orders("slot", "blue").deployment("blue", "orders-1", complete()),
				orders("slot", "blue").pod("a", "ReplicaSet", "blue-aaa", "orders-1", true, "orders:1"),
				orders("slot", "green", appsv1.DefaultDeploymentUniqueLabelKey, "bbb").pod("b", "ReplicaSet", "green-bbb", "orders-2", true, "orders:2"),
				orders("slot", "green").deployment("green", "orders-2", complete()),
				service("slotted", set{"app": "orders", "slot": "blue"}),
			},
			want: []gate.Observation{
				{
					Workload: ref("Deployment", "blue"), TakesTraffic: true, LedBy: []string{"slotted"}, Completed: true, Current: "orders-1",
				},
				{
					Workload: ref("Deployment", "green"), Ready: 1, Completed: true, Current: "orders-2",
					Running: []gate.Running{{Revision: "orders-2", Pods: 1, Images: []string{"orders:2"}}},
				},
				{
					Workload: ref("ReplicaSet", "blue-aaa"), Ready: 1, TakesTraffic: true, LedBy: []string{"slotted"}, Completed: true, Current: "orders-1",
					Running: []gate.Running{{Revision: "orders-1", Pods: 1, Images: []string{"orders:1"}}},
				},
			},
		},
		"of a kind that is not known the youngest pod says what is wanted": {
			objects: []client.Object{
				younger.pod("b", "Rollout", "orders", "orders-2", true, "orders:2"),
				older.pod("a", "Rollout", "orders", "orders-1", true, "orders:1"),
				finished,
			},
			want: []gate.Observation{{
				Workload: ref("Rollout", "orders"), Ready: 2, TakesTraffic: true, LedBy: []string{"orders"}, Current: "orders-2",
				Running: []gate.Running{
					{Revision: "orders-1", Pods: 1, Images: []string{"orders:1"}},
					{Revision: "orders-2", Pods: 1, Images: []string{"orders:2"}},
				},
			}},
		},
	}
	revision := func(name, api string) client.Object {
		r := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
		r.Spec.APIRef.Name = v1alpha1.ObjectName(api)
		return r
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := apiCarriedBy(v1alpha1.Carrier{Services: []string{"orders"}})
			api.Status.Serving = []v1alpha1.ServingRevision{{Revision: "pruned"}}
			objects := append(test.objects, revision("orders-1", "orders"), revision("orders-2", "orders"), revision("carts-1", "carts"))
			carrier := "orders"
			if reader := FromManifests(objects); reader.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "slotted"}, &corev1.Service{}) == nil {
				carrier = "slotted"
			} else {
				objects = append(objects, service("orders", set{"app": "orders"}))
			}
			api.Spec.CarriedBy = v1alpha1.Carrier{Services: []string{carrier}, SlotKeys: []string{"slot"}}
			s := New(FromManifests(objects), nil)
			carriers, err := s.Carriers(t.Context(), api)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Observe(t.Context(), api, carriers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty(), butLabels); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestObserveStatefulSetsAndDaemonSets(t *testing.T) {
	template := orders().template("orders-1", "orders:1")
	stateful := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders", Generation: 2},
		Spec:       appsv1.StatefulSetSpec{Replicas: ptr.To[int32](1), Template: template},
		Status: appsv1.StatefulSetStatus{
			ObservedGeneration: 2, Replicas: 1, ReadyReplicas: 1, CurrentReplicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1,
			CurrentRevision: "orders-x", UpdateRevision: "orders-x",
		},
	}
	daemon := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders", Generation: 1},
		Spec:       appsv1.DaemonSetSpec{Template: template},
		Status: appsv1.DaemonSetStatus{
			ObservedGeneration: 1, DesiredNumberScheduled: 3, CurrentNumberScheduled: 3, UpdatedNumberScheduled: 2, NumberAvailable: 3, NumberReady: 3,
		},
	}
	api := apiCarriedBy(v1alpha1.Carrier{MatchLabels: set{"app": "orders"}})
	revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-1"}}
	revision.Spec.APIRef.Name = "orders"
	s := New(FromManifests([]client.Object{stateful, daemon, revision}), nil)
	carriers, err := s.Carriers(t.Context(), api)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Observe(t.Context(), api, carriers)
	if err != nil {
		t.Fatal(err)
	}
	want := []gate.Observation{
		{Workload: ref("DaemonSet", "orders"), TakesTraffic: true, Current: "orders-1"},
		{Workload: ref("StatefulSet", "orders"), TakesTraffic: true, Completed: true, Current: "orders-1"},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), butLabels); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// By their labels it is known which selectors what serves still needs: those of pods, those of the ReplicaSets that
// ask for some, those of the template.
func TestObserveLabels(t *testing.T) {
	labelled := func(extra ...string) set { return orders(extra...).labels }
	byHand := orders("by", "hand", appsv1.DefaultDeploymentUniqueLabelKey, "aaa").pod("b", "ReplicaSet", "orders-aaa", "orders-1", true)
	api := apiCarriedBy(v1alpha1.Carrier{MatchLabels: set{"app": "orders"}})
	api.Status.Serving = []v1alpha1.ServingRevision{{Revision: "orders-1"}}
	s := New(FromManifests([]client.Object{
		orders("next", "yes").deployment("orders", "orders-1", underWay()),
		orders("wanted", "yes").replicaSet("orders", "aaa", "orders-1", 2),
		orders("scaled", "away").replicaSet("orders", "bbb", "orders-1", 0),
		orders(appsv1.DefaultDeploymentUniqueLabelKey, "aaa").pod("a", "ReplicaSet", "orders-aaa", "orders-1", true),
		orders(appsv1.DefaultDeploymentUniqueLabelKey, "bbb").pod("c", "ReplicaSet", "orders-bbb", "orders-1", true),
		byHand,
	}), nil)
	carriers, err := s.Carriers(t.Context(), api)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Observe(t.Context(), api, carriers)
	if err != nil || len(got) != 1 || len(got[0].Running) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	want := []set{labelled("wanted", "yes"), labelled(), labelled("by", "hand")}
	byText := cmpopts.SortSlices(func(a, b set) bool { return fmt.Sprint(a) < fmt.Sprint(b) })
	if diff := cmp.Diff(want, got[0].Running[0].Labels, byText); diff != "" {
		t.Errorf("pods (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(labelled("next", "yes"), got[0].Template); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
}

// By them it is known where a Service would lead: with what tells halves apart, and without what tells pods apart.
func TestObserveSets(t *testing.T) {
	hash := appsv1.DefaultDeploymentUniqueLabelKey
	leaving := orders("slot", "leaving").pod("z", "ReplicaSet", "orders-zzz", "orders-1", true)
	leaving.DeletionTimestamp, leaving.Finalizers = &metav1.Time{Time: noon}, []string{"x"}
	api := apiCarriedBy(v1alpha1.Carrier{
		Services: []string{"orders", "decoy"}, SlotKeys: []string{"slot"}, MatchLabels: set{"by": "hand"},
	})
	api.Status.Serving = []v1alpha1.ServingRevision{{Revision: "orders-1"}}
	api.Status.Selectors = []v1alpha1.PodSelector{{Service: "orders", MatchLabels: set{"app": "orders"}}}
	s := New(FromManifests([]client.Object{
		service("orders", set{"app": "orders", "slot": "blue"}),
		orders("slot", "blue", hash, "aaa").replicaSet("orders", "aaa", "orders-1", 2),
		orders("slot", "blue", hash, "aaa", "apps.kubernetes.io/pod-index", "0").pod("a", "ReplicaSet", "orders-aaa", "orders-1", true, "orders:led"),
		orders("slot", "blue", hash, "aaa", "apps.kubernetes.io/pod-index", "1").pod("b", "ReplicaSet", "orders-aaa", "orders-1", false, "orders:unready"),
		orders("slot", "green", hash, "bbb").pod("c", "ReplicaSet", "orders-bbb", "orders-1", false),
		orders("slot", "wanted", hash, "ccc").replicaSet("orders", "ccc", "orders-1", 1),
		orders("slot", "none", hash, "ddd").replicaSet("orders", "ddd", "orders-1", 0),
		leaving,
		service("decoy", set{"app": "orders", "slot": "decoy"}), // which carriedBy names just now
		orders("slot", "decoy", "by", "hand").pod("d", "", "", "orders-1", true, "orders:decoy"),
	}), nil)
	carriers, err := s.Carriers(t.Context(), api)
	if err != nil {
		t.Fatal(err)
	}
	observed, err := s.Observe(t.Context(), api, carriers)
	if err != nil {
		t.Fatal(err)
	}
	var ran []string
	for _, o := range observed {
		for _, r := range o.Running {
			ran = append(ran, r.Ran...)
		}
	}
	if diff := cmp.Diff([]string{"orders:led"}, ran); diff != "" {
		t.Errorf("what ran (-want +got):\n%s", diff)
	}
	var got []gate.LabelSet
	for _, r := range gate.RunningSets(observed) {
		got = append(got, r.LabelSet)
	}
	want := []gate.LabelSet{
		{Labels: set{"app": "orders", "slot": "blue", hash: "aaa"}, Ready: true, Led: true},
		{Labels: set{"app": "orders", "slot": "green", hash: "bbb"}},
		{Labels: set{"app": "orders", "slot": "wanted", hash: "ccc"}},
		{Labels: set{"app": "orders", "slot": "leaving"}},
		{Labels: set{"app": "orders", "slot": "decoy", "by": "hand"}, Ready: true},
	}
	byText := cmpopts.SortSlices(func(a, b gate.LabelSet) bool { return fmt.Sprint(a) < fmt.Sprint(b) })
	if diff := cmp.Diff(want, got, byText); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// By what customers come to pods: as long as nothing ever served, by whatever is declared.
func TestLed(t *testing.T) {
	hand := []v1alpha1.PodSelector{{MatchLabels: set{"app": "orders"}}}
	byOrders := []v1alpha1.PodSelector{{Service: "orders", MatchLabels: set{"app": "orders"}}}
	tests := map[string]struct {
		carrier v1alpha1.Carrier
		before  []v1alpha1.PodSelector // in force until now, of what served
		want    bool
	}{
		"a Service, at first":                     {carrier: v1alpha1.Carrier{Services: []string{"orders"}}, want: true},
		"a Service that is known":                 {carrier: v1alpha1.Carrier{Services: []string{"orders"}}, before: byOrders, want: true},
		"a Service that is new":                   {carrier: v1alpha1.Carrier{Services: []string{"orders"}}, before: hand},
		"a Service that is named no more":         {carrier: v1alpha1.Carrier{Services: []string{"nosuch"}}, before: byOrders, want: true},
		"labels, where there is no Service":       {carrier: v1alpha1.Carrier{MatchLabels: set{"app": "orders"}}, before: hand, want: true},
		"labels, where no Service is left":        {carrier: v1alpha1.Carrier{MatchLabels: set{"app": "orders"}}, want: true},
		"labels beside a Service that leads away": {carrier: v1alpha1.Carrier{Services: []string{"away"}, MatchLabels: set{"app": "orders"}}, before: hand},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := apiCarriedBy(test.carrier)
			if api.Status.Selectors = test.before; len(test.before) > 0 {
				api.Status.Serving = []v1alpha1.ServingRevision{{Revision: "orders-1"}}
			}
			s := New(FromManifests([]client.Object{service("orders", set{"app": "orders"}), service("away", set{"app": "away"})}), nil)
			carriers, err := s.Carriers(t.Context(), api)
			if err != nil {
				t.Fatal(err)
			}
			if got := carriers.leadsTo(set{"app": "orders", "x": "y"}); got != test.want {
				t.Errorf("led: %t", got)
			}
		})
	}
}
