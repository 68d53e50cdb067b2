//go:build unix

package e2e

import (
	"strings"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

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
	case *v1alpha1.Audience:
		list = o.Status.Conditions
	case *v1alpha1.NoticeChannel:
		list = o.Status.Conditions
	case *v1alpha1.Waiver:
		list = o.Status.Conditions
	case *v1alpha1.DeprecationSchedule:
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
