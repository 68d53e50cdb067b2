//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func (e *env) create(objects ...client.Object) {
	e.t.Helper()
	for _, object := range objects {
		e.Expect(e.admin.Create(e.ctx, object)).To(Succeed(), "creating %T %s", object, object.GetName())
	}
}

// policy binds what is in the namespace of the test.
func (e *env) policy(change ...func(*v1alpha1.NoticePolicySpec)) *v1alpha1.NoticePolicy {
	e.t.Helper()
	policy := &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: e.namespace}}
	policy.Spec.AppliesTo.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"test": e.namespace}}
	policy.Spec.Enforcement = v1alpha1.EnforcementDeny
	policy.Spec.Owed = []v1alpha1.OwedTerm{
		{Class: v1alpha1.ClassRemoval, Days: ptr.To[int32](180)},
		{Class: v1alpha1.ClassBreaking, Days: ptr.To[int32](90)},
	}
	policy.Spec.SettleHours = ptr.To[int32](0)
	for _, f := range change {
		f(&policy.Spec)
	}
	e.create(policy)
	e.t.Cleanup(func() { _ = e.admin.Delete(context.WithoutCancel(e.ctx), policy) })
	return policy
}

// api declares the API "orders", carried by a Service of that name.
func (e *env) api(name string) *v1alpha1.CustomerAPI {
	e.t.Helper()
	api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	api.Spec.Title = name
	api.Spec.Versions = []v1alpha1.APIVersion{{Name: "v1", Stability: v1alpha1.StabilityStable}}
	api.Spec.CarriedBy.Services = []string{name}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	service.Spec.Selector = map[string]string{"app": name}
	service.Spec.Ports = []corev1.ServicePort{{Port: 80}}
	e.create(service, api)
	return api
}

// revision proposes a document for v1, as the developer does.
func (e *env) revision(name, api, document string) *v1alpha1.APIRevision {
	e.t.Helper()
	revision := e.revisionObject(name, api, document)
	e.Expect(e.developer.Create(e.ctx, revision)).To(Succeed())
	return revision
}

func (e *env) revisionObject(name, api, document string) *v1alpha1.APIRevision {
	revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	revision.Spec.APIRef.Name = v1alpha1.ObjectName(api)
	revision.Spec.Contracts = []v1alpha1.Contract{{Version: "v1", Inline: document}}
	return revision
}

// deployment is a release: an image, and the revision that its pods name, if any.
func (e *env) deployment(name, revision, image string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	deployment.Spec.Replicas = ptr.To[int32](2)
	deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	deployment.Spec.Template.Labels = labels
	if revision != "" {
		deployment.Spec.Template.Annotations = map[string]string{v1alpha1.RevisionAnnotation: revision}
	}
	deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "app", Image: image}}
	return deployment
}

// try says what admission would answer to another workload of the API "orders" that runs a revision.
func (e *env) try(revision, image string) error {
	other := e.deployment("orders", revision, image)
	other.Name = "other"
	return client.NewDryRunClient(e.developer).Create(e.ctx, other)
}

// release applies what a pipeline applies, as the developer.
func (e *env) release(name, revision, image string) error {
	wanted := e.deployment(name, revision, image)
	existing := &appsv1.Deployment{}
	err := e.developer.Get(e.ctx, client.ObjectKeyFromObject(wanted), existing)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	if err != nil {
		return e.developer.Create(e.ctx, wanted)
	}
	template, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": wanted.Spec.Template.Annotations},
		"spec":     map[string]any{"containers": wanted.Spec.Template.Spec.Containers},
	}}})
	if err != nil {
		return err
	}
	return e.developer.Patch(e.ctx, existing, client.RawPatch(types.StrategicMergePatchType, template))
}

// adopted is a namespace in which "orders" serves its first revision, with Deny.
func adopted(t testing.TB, change ...func(*v1alpha1.NoticePolicySpec)) *env {
	t.Helper()
	e := newEnv(t)
	e.policy(change...)
	e.api("orders")
	e.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	e.judged("orders-1", "True Baseline")
	e.Expect(e.release("orders", "orders-1", "orders:1")).To(Succeed())
	e.rolledOut("orders", "orders:1")
	e.serves("orders", "orders-1")
	e.promises("orders", "orders-1")
	e.bites()
	return e
}

func quota(namespace, resource, limit string) *corev1.ResourceQuota {
	return &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "quota"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourceName(resource): apiresource.MustParse(limit)}},
	}
}
