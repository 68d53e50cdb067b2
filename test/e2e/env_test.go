//go:build unix

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/testr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/controllers"
	"forewarn.dev/forewarn/test/controlplane"
)

// patience is for a machine that builds something else meanwhile; nothing here takes that long by itself.
const (
	patience = 30 * time.Second
	interval = 50 * time.Millisecond
)

// env is one test's namespace, and the people who work in it.
type env struct {
	*WithT
	t         testing.TB
	ctx       context.Context
	namespace string
	admin     client.Client
	developer client.Client
	metrics   *prometheus.Registry
	stop      func()
	// metricsAddress is where the manager serves metrics; empty for nowhere.
	metricsAddress string
}

var namespaces atomic.Int32

// newEnv makes a namespace and starts a manager that judges for now.
func newEnv(t testing.TB) *env {
	t.Helper()
	e := &env{
		WithT: NewWithT(t), t: t, ctx: t.Context(), admin: cluster.admin,
		namespace: fmt.Sprintf("shop-%d", namespaces.Add(1)),
	}
	e.SetDefaultEventuallyTimeout(patience)
	e.SetDefaultEventuallyPollingInterval(interval)
	labels := map[string]string{"test": e.namespace}
	e.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.namespace, Labels: labels}})
	e.Expect(controlplane.GrantDeveloper(e.ctx, cluster.AdminConfig(), e.namespace)).To(Succeed())
	developer, err := client.New(cluster.DeveloperConfig(), client.Options{Scheme: e.admin.Scheme()})
	e.Expect(err).NotTo(HaveOccurred())
	e.developer = developer
	e.startManager(0)
	return e
}

// startManager runs a manager, under its own account, that judges as though it were that much later. It is ready when
// this returns, and ends with the test at the latest.
func (e *env) startManager(offset time.Duration) {
	e.t.Helper()
	e.Eventually(e.launchManager(offset)).Should(Succeed())
}

// launchManager does not wait, and returns what fails until the manager is ready.
func (e *env) launchManager(offset time.Duration) (ready func() error) {
	e.t.Helper()
	e.metrics = prometheus.NewRegistry()
	file := e.t.TempDir() + "/ready"
	ctx, cancel := context.WithCancel(context.WithoutCancel(e.ctx))
	ctx = ctrl.LoggerInto(ctx, e.log())
	mgr, err := controllers.NewManager(ctx, cluster.manager, controllers.ManagerOptions{
		Namespace: ownNamespace, MetricsAddress: cmp.Or(e.metricsAddress, "0"), HealthAddress: "0",
		Clock: clock.RealClock{}, Offset: offset, ReadyFile: file, Metrics: e.metrics,
	})
	e.Expect(err).NotTo(HaveOccurred())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	var once sync.Once
	e.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				e.t.Errorf("the manager ended: %v", err)
			}
		})
	}
	e.t.Cleanup(e.stop)
	return func() error { _, err := os.Stat(file); return err }
}

// log shows what the manager logs, where FOREWARN_TEST_LOG is set.
func (e *env) log() logr.Logger {
	if t, ok := e.t.(*testing.T); ok && os.Getenv("FOREWARN_TEST_LOG") != "" {
		return testr.New(t)
	}
	return logr.Discard()
}

// restartManager ends the manager and starts another, which knows nothing but what is in the cluster.
func (e *env) restartManager(offset time.Duration) {
	e.t.Helper()
	e.stop()
	e.startManager(offset)
}

// rehearse marks the cluster as one in which the clock may be moved on.
func (e *env) rehearse() {
	e.t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:"true"}}}`, v1alpha1.RehearsalLabel)
	own := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ownNamespace}}
	e.Expect(e.admin.Patch(e.ctx, own, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
}

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

func (e *env) get(object client.Object, name string) {
	e.t.Helper()
	e.Expect(e.admin.Get(e.ctx, client.ObjectKey{Namespace: e.namespace, Name: name}, object)).To(Succeed())
}

// condition returns status and reason of a condition, and its message.
func (e *env) condition(object client.Object, name, kind string) (state, message string) {
	key := client.ObjectKey{Namespace: e.namespace, Name: name}
	if _, ok := object.(*v1alpha1.NoticePolicy); ok {
		key = client.ObjectKey{Name: e.namespace} // it has the name of the test's namespace
	}
	if err := e.admin.Get(e.ctx, key, object); err != nil {
		return err.Error(), ""
	}
	var list []metav1.Condition
	switch o := object.(type) {
	case *v1alpha1.APIRevision:
		list = o.Status.Conditions
	case *v1alpha1.CustomerAPI:
		list = o.Status.Conditions
	case *v1alpha1.ChangeNotice:
		list = o.Status.Conditions
	case *v1alpha1.Waiver:
		list = o.Status.Conditions
	case *v1alpha1.NoticePolicy:
		list = o.Status.Conditions
	}
	found := apimeta.FindStatusCondition(list, kind)
	if found == nil {
		return "absent", ""
	}
	return string(found.Status) + " " + found.Reason, found.Message
}

// judged waits until a revision has this verdict, such as "True Compatible", and returns it with its message.
func (e *env) judged(name, verdict string) string {
	e.t.Helper()
	var message string
	e.Eventually(func(g Gomega) {
		revision := &v1alpha1.APIRevision{}
		state, text := e.condition(revision, name, v1alpha1.ConditionAdmissible)
		g.Expect(state).To(Equal(verdict), text)
		if !strings.HasPrefix(verdict, "Unknown") {
			g.Expect(apimeta.IsStatusConditionTrue(revision.Status.Conditions, v1alpha1.ConditionJudged)).To(BeTrue())
		}
		message = text
	}).Should(Succeed())
	return message
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

// rolledOut waits until all pods of the Deployment run the image and nothing else.
func (e *env) rolledOut(name, image string) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		deployment := &appsv1.Deployment{}
		g.Expect(e.admin.Get(e.ctx, client.ObjectKey{Namespace: e.namespace, Name: name}, deployment)).To(Succeed())
		g.Expect(deployment.Status.ObservedGeneration).To(Equal(deployment.Generation))
		g.Expect(deployment.Status.UpdatedReplicas).To(Equal(*deployment.Spec.Replicas))
		g.Expect(deployment.Status.AvailableReplicas).To(Equal(*deployment.Spec.Replicas))
		g.Expect(deployment.Status.Replicas).To(Equal(*deployment.Spec.Replicas))
		var pods corev1.PodList
		g.Expect(e.admin.List(e.ctx, &pods, client.InNamespace(e.namespace), client.MatchingLabels{"app": name})).To(Succeed())
		for i := range pods.Items {
			g.Expect(pods.Items[i].Spec.Containers[0].Image).To(Equal(image))
		}
	}).Should(Succeed())
}

// serves waits until the API says that these revisions serve, and is governed.
func (e *env) serves(api, revisions string) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		found := &v1alpha1.CustomerAPI{}
		state, message := e.condition(found, api, v1alpha1.ConditionGoverned)
		g.Expect(found.Status.ServingRevision).To(Equal(revisions))
		g.Expect(state).To(Equal("True Governed"), message)
	}).Should(Succeed())
}

// promises waits until a revision is what customers rely on.
func (e *env) promises(api, revision string) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		found := &v1alpha1.CustomerAPI{}
		e.get(found, api)
		g.Expect(found.Status.Promised).To(HaveLen(1))
		g.Expect(string(found.Status.Promised[0].Revision)).To(Equal(revision))
	}).Should(Succeed())
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

// bites waits until admission refuses in this namespace what nobody judged: the API server sees the label, the gate
// and the bindings some time after they are written.
func (e *env) bites() {
	e.t.Helper()
	e.Eventually(func() error { return e.try("", "orders:none") }).Should(MatchError(ContainSubstring("forewarn")))
}

// events returns the reasons of the events about an object.
func (e *env) events(name string) []string {
	var list eventsv1.EventList
	e.Expect(e.admin.List(e.ctx, &list, client.InNamespace(e.namespace))).To(Succeed())
	var reasons []string
	for i := range list.Items {
		if list.Items[i].Regarding.Name == name {
			reasons = append(reasons, list.Items[i].Reason)
		}
	}
	return reasons
}

func (e *env) namespaceObject() *corev1.Namespace {
	e.t.Helper()
	namespace := &corev1.Namespace{}
	e.Expect(e.admin.Get(e.ctx, client.ObjectKey{Name: e.namespace}, namespace)).To(Succeed())
	return namespace
}

func (e *env) labels() map[string]string { return e.namespaceObject().Labels }

func (e *env) annotations() map[string]string { return e.namespaceObject().Annotations }

// metric returns what the manager that runs counts, by the value of its only label.
func (e *env) metric(name, label string) float64 {
	e.t.Helper()
	families, err := e.metrics.Gather()
	e.Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			if label == "" || metric.GetLabel()[0].GetValue() == label {
				return metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
			}
		}
	}
	return 0
}

// ready is the condition Ready of an API.
func (e *env) ready(api string) string {
	state, _ := e.condition(&v1alpha1.CustomerAPI{}, api, v1alpha1.ConditionReady)
	return state
}

// judgedCondition is the condition Judged of a revision.
func (e *env) judgedCondition(revision string) string {
	state, _ := e.condition(&v1alpha1.APIRevision{}, revision, v1alpha1.ConditionJudged)
	return state
}

func quota(namespace, resource, limit string) *corev1.ResourceQuota {
	return &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "quota"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourceName(resource): apiresource.MustParse(limit)}},
	}
}
