//go:build unix

package controlplane

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// TestWorkloads starts everything once; each subtest has its own namespace.
func TestWorkloads(t *testing.T) {
	c := start(t, Options{Nodes: 3})
	client := clientFor(t, c.AdminConfig())
	// First, because it tells the time that anybody waits for after a start.
	t.Run("a Deployment rolls out", func(t *testing.T) { rollsOut(t, client) })
	t.Run("a pod held back is not ready until it is let go", func(t *testing.T) { heldBack(t, client) })
	t.Run("a HorizontalPodAutoscaler scales", func(t *testing.T) { autoscales(t, client) })
	t.Run("a Job completes", func(t *testing.T) { completes(t, client) })
	t.Run("a namespace with workloads goes", func(t *testing.T) { namespaceGoes(t, client) })
	t.Run("the developer edits its namespaces only", func(t *testing.T) { developerLimits(t, c) })
}

func rollsOut(t *testing.T, client *kubernetes.Clientset) {
	g := NewWithT(t)
	ns := newNamespace(t, client)
	began := time.Now()
	createDeployment(t, client, ns, 3, nil)
	awaitAvailable(t, client, ns)
	t.Logf("3 pods available after %.1f s", time.Since(began).Seconds())
	awaitReadyEndpoints(t, client, ns, 3)

	began = time.Now()
	patch := `{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"registry.example/web:2"}]}}}}`
	_, err := client.AppsV1().Deployments(ns).Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	awaitAvailable(t, client, ns)
	t.Logf("rolled from one ReplicaSet to the next in %.1f s", time.Since(began).Seconds())

	sets, err := client.AppsV1().ReplicaSets(ns).List(t.Context(), metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	sizes := map[string]int32{}
	for _, rs := range sets.Items {
		sizes[rs.Spec.Template.Spec.Containers[0].Image] = *rs.Spec.Replicas
	}
	g.Expect(sizes).To(Equal(map[string]int32{"registry.example/web:1": 0, "registry.example/web:2": 3}))
}

func heldBack(t *testing.T, client *kubernetes.Clientset) {
	g := NewWithT(t)
	ns := newNamespace(t, client)
	createDeployment(t, client, ns, 1, map[string]string{UnreadyAnnotation: "true"})
	pod := func(g Gomega) corev1.Pod {
		pods, err := client.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(pods.Items).To(HaveLen(1))
		return pods.Items[0]
	}
	g.Eventually(func(g Gomega) {
		g.Expect(readiness(pod(g))).To(Equal(corev1.ConditionFalse))
	}, patience, often).Should(Succeed())

	setUnready := func(value string) {
		patch := `{"metadata":{"annotations":{"` + UnreadyAnnotation + `":` + value + `}}}`
		_, err := client.CoreV1().Pods(ns).Patch(t.Context(), pod(g).Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		g.Expect(err).NotTo(HaveOccurred())
	}
	setUnready("null")
	awaitAvailable(t, client, ns)

	setUnready(`"true"`)
	g.Eventually(func(g Gomega) {
		d, err := client.AppsV1().Deployments(ns).Get(t.Context(), "web", metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(d.Status.AvailableReplicas).To(BeZero())
	}, patience, often).Should(Succeed())
}

// autoscales needs no metrics: fewer than minReplicas is reason enough.
func autoscales(t *testing.T, client *kubernetes.Clientset) {
	g := NewWithT(t)
	ns := newNamespace(t, client)
	createDeployment(t, client, ns, 1, nil)
	hpa := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MinReplicas:    ptr.To[int32](4), MaxReplicas: 5,
		},
	}
	_, err := client.AutoscalingV2().HorizontalPodAutoscalers(ns).Create(t.Context(), hpa, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	awaitReadyEndpoints(t, client, ns, 4)
}

func completes(t *testing.T, client *kubernetes.Clientset) {
	g := NewWithT(t)
	ns := newNamespace(t, client)
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "once"},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers:    []corev1.Container{{Name: "once", Image: "registry.example/once:1"}},
		}}},
	}
	_, err := client.BatchV1().Jobs(ns).Create(t.Context(), job, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func(g Gomega) {
		job, err := client.BatchV1().Jobs(ns).Get(t.Context(), "once", metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(job.Status.Succeeded).To(Equal(int32(1)))
	}, patience, often).Should(Succeed())
}

func namespaceGoes(t *testing.T, client *kubernetes.Clientset) {
	g := NewWithT(t)
	ns := newNamespace(t, client)
	createDeployment(t, client, ns, 2, nil)
	awaitAvailable(t, client, ns)
	began := time.Now()
	g.Expect(client.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{})).To(Succeed())
	g.Eventually(func() bool {
		_, err := client.CoreV1().Namespaces().Get(t.Context(), ns, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}, patience, often).Should(BeTrue())
	t.Logf("namespace gone after %.1f s", time.Since(began).Seconds())
}

func developerLimits(t *testing.T, c *Cluster) {
	g := NewWithT(t)
	g.Expect(GrantDeveloper(t.Context(), c.AdminConfig(), "default", "shop")).To(Succeed())
	g.Expect(GrantDeveloper(t.Context(), c.AdminConfig(), "shop")).To(Succeed(), "granting twice")
	developer := clientFor(t, c.DeveloperConfig())
	// What is refused below must not be refused because the role is still unknown.
	g.Eventually(func() error {
		_, err := developer.CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{})
		return err
	}, patience, often).Should(Succeed())
	for name, tt := range map[string]struct {
		ask  authorizationv1.ResourceAttributes
		want bool
	}{
		"edits Deployments":             {authorizationv1.ResourceAttributes{Namespace: "shop", Group: "apps", Resource: "deployments", Verb: "patch"}, true},
		"writes their status":           {authorizationv1.ResourceAttributes{Namespace: "shop", Group: "apps", Resource: "deployments", Subresource: "status", Verb: "update"}, true},
		"deletes pods as a collection":  {authorizationv1.ResourceAttributes{Namespace: "shop", Resource: "pods", Verb: "deletecollection"}, true},
		"creates waivers":               {authorizationv1.ResourceAttributes{Namespace: "shop", Group: "forewarn.dev", Resource: "waivers", Verb: "create"}, true},
		"does not break the glass":      {authorizationv1.ResourceAttributes{Namespace: "shop", Group: "forewarn.dev", Resource: "waivers", Verb: "break-glass"}, false},
		"does not approve":              {authorizationv1.ResourceAttributes{Namespace: "shop", Group: "forewarn.dev", Resource: "customerapis", Verb: "approve"}, false},
		"does not edit its namespace":   {authorizationv1.ResourceAttributes{Namespace: "shop", Resource: "namespaces", Name: "shop", Verb: "patch"}, false},
		"does not delete its namespace": {authorizationv1.ResourceAttributes{Namespace: "shop", Resource: "namespaces", Name: "shop", Verb: "delete"}, false},
		"does not write its status":     {authorizationv1.ResourceAttributes{Namespace: "shop", Resource: "namespaces", Subresource: "status", Name: "shop", Verb: "patch"}, false},
		"does not impersonate":          {authorizationv1.ResourceAttributes{Namespace: "shop", Resource: "serviceaccounts", Verb: "impersonate"}, false},
		"edits no other namespace":      {authorizationv1.ResourceAttributes{Namespace: "kube-system", Resource: "configmaps", Verb: "create"}, false},
		"creates no namespaces":         {authorizationv1.ResourceAttributes{Resource: "namespaces", Verb: "create"}, false},
		"writes no policies":            {authorizationv1.ResourceAttributes{Group: "forewarn.dev", Resource: "noticepolicies", Verb: "update"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &tt.ask}}
			got, err := developer.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), review, metav1.CreateOptions{})
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			NewWithT(t).Expect(got.Status.Allowed).To(Equal(tt.want))
		})
	}
	t.Run("does not grant itself more", func(t *testing.T) {
		more := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "more"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: DeveloperUser}},
		}
		_, err := developer.RbacV1().RoleBindings("shop").Create(t.Context(), more, metav1.CreateOptions{})
		NewWithT(t).Expect(apierrors.IsForbidden(err)).To(BeTrue(), "got %v", err)
	})
}

func newNamespace(t *testing.T, client *kubernetes.Clientset) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "workloads-"}}
	made, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Name
}

// createDeployment makes a Deployment and the Service in front of it.
func createDeployment(t *testing.T, client *kubernetes.Clientset, ns string, replicas int32, annotations map[string]string) {
	t.Helper()
	labels := map[string]string{"app": "web"}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: annotations},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "registry.example/web:1"}}},
			},
		},
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	if _, err := client.AppsV1().Deployments(ns).Create(t.Context(), deployment, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Services(ns).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// awaitAvailable waits until the newest template runs everywhere.
func awaitAvailable(t *testing.T, client *kubernetes.Clientset, ns string) {
	t.Helper()
	NewWithT(t).Eventually(func(g Gomega) {
		d, err := client.AppsV1().Deployments(ns).Get(t.Context(), "web", metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(d.Status.ObservedGeneration).To(Equal(d.Generation))
		want := *d.Spec.Replicas
		g.Expect([]int32{d.Status.UpdatedReplicas, d.Status.AvailableReplicas, d.Status.Replicas}).To(Equal([]int32{want, want, want}))
	}, patience, often).Should(Succeed())
}

func awaitReadyEndpoints(t *testing.T, client *kubernetes.Clientset, ns string, want int) {
	t.Helper()
	NewWithT(t).Eventually(func(g Gomega) {
		slices, err := client.DiscoveryV1().EndpointSlices(ns).
			List(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web"})
		g.Expect(err).NotTo(HaveOccurred())
		addresses := map[string]bool{}
		for _, slice := range slices.Items {
			for _, endpoint := range slice.Endpoints {
				if ptr.Deref(endpoint.Conditions.Ready, false) {
					addresses[endpoint.Addresses[0]] = true
				}
			}
		}
		g.Expect(addresses).To(HaveLen(want))
	}, patience, often).Should(Succeed())
}

func readiness(pod corev1.Pod) corev1.ConditionStatus {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status
		}
	}
	return corev1.ConditionUnknown
}
