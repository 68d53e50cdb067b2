//go:build unix

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// browning is a route in the middle of a brownout.
func browning(t *testing.T) (e *env, owners []any, begins time.Time) {
	t.Helper()
	e = newEnv(t)
	e.gatewayAPI()
	e.t.Cleanup(e.noGatewayAPI)
	e.rehearse()
	e.stop()
	e.brownoutAddress = e.freeAddress()
	e.startManager(0)
	e.policy(soonGone)
	e.api("orders")
	owners = e.route()
	begins = time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	e.published(e.goingAway(v1alpha1.RouteWrittenByForewarn, begins))
	e.restartManager(time.Until(begins) + 10*time.Second)
	e.away()
	return e, owners, begins
}

func (e *env) away() {
	e.t.Helper()
	e.Eventually(func(g Gomega) string { return fmt.Sprint(e.rules(g)) }).Should(ContainSubstring("forewarn-brownout"))
}

func (e *env) editRoute(change func(route *unstructured.Unstructured)) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		route := routeObject()
		g.Expect(e.admin.Get(e.ctx, client.ObjectKey{Namespace: e.namespace, Name: "orders"}, route)).To(Succeed())
		change(route)
		g.Expect(e.admin.Update(e.ctx, route)).To(Succeed())
	}).Should(Succeed())
}

// What its owner does to a route in a brownout stays, and ends it there.
func TestAnEditInABrownoutWins(t *testing.T) {
	e, owners, begins := browning(t)
	e.editRoute(func(route *unstructured.Unstructured) {
		e.Expect(unstructured.SetNestedSlice(route.Object, owners, "spec", "rules")).To(Succeed())
	})
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsPresent})
	e.Consistently(func(g Gomega) string { return fmt.Sprint(e.rules(g)) }, 2*time.Second).ShouldNot(ContainSubstring("forewarn-brownout"))
	e.restartManager(time.Until(begins) + time.Minute) // which it is not forgotten over
	e.Expect(fmt.Sprint(e.rules(e))).NotTo(ContainSubstring("forewarn-brownout"))
}

// Withdrawn in the middle, it ends; and none begins that is over.
func TestABrownoutEndsWithItsSchedule(t *testing.T) {
	e, owners, _ := browning(t)
	e.withdraw()
	e.Eventually(e.rules).Should(Equal(owners))
}

// While somebody keeps forewarn from putting it back, that is shown; and then it is put back.
func TestABrownoutThatOverrunsIsShown(t *testing.T) {
	e, _, begins := browning(t)
	again := e.noRoutes()
	e.restartManager(time.Until(begins.Add(5*time.Minute)) + 10*time.Second)
	e.signalled("False BrownoutFailed", v1alpha1.ScheduledRoute{
		Signals: v1alpha1.SignalsPresent, Brownout: "first", BrownoutStartTime: e.since(),
	})
	e.Eventually(func() string {
		_, message := e.condition(&v1alpha1.DeprecationSchedule{}, "orders-v1", v1alpha1.ConditionSignalled)
		return message
	}).Should(And(ContainSubstring("was to end at "+begins.Add(5*time.Minute).Format(time.RFC3339)), ContainSubstring("no routes for now")))
	response, _ := e.request("http://"+e.brownoutAddress+"/", "Forewarn-Brownout", e.namespace+"/orders-v1/first/v1")
	e.Expect(response.StatusCode).To(Equal(503))
	again()
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsPresent})
	e.Expect(fmt.Sprint(e.rules(e))).NotTo(ContainSubstring("forewarn-brownout"))
}

func (e *env) since() *metav1.Time {
	s := &v1alpha1.DeprecationSchedule{}
	e.get(s, "orders-v1")
	e.Expect(s.Status.Routes).To(HaveLen(1))
	return s.Status.Routes[0].BrownoutStartTime
}

// noRoutes lets nobody write an HTTPRoute of the namespace, until that is taken back.
func (e *env) noRoutes() (again func()) {
	e.t.Helper()
	named := metav1.ObjectMeta{Name: "test-routes-" + e.namespace}
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: named}
	policy.Spec.MatchConstraints = &admissionregistrationv1.MatchResources{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"test": e.namespace}},
		ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
			Rule: admissionregistrationv1.Rule{
				APIGroups: []string{"gateway.networking.k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"httproutes"},
			},
		}}},
	}
	policy.Spec.Validations = []admissionregistrationv1.Validation{{
		Expression: "false", Message: "no routes for now", Reason: ptr.To(metav1.StatusReasonForbidden),
	}}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: named}
	binding.Spec.PolicyName = policy.Name
	binding.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}
	e.create(policy, binding)
	e.t.Cleanup(func() {
		_ = e.admin.Delete(context.WithoutCancel(e.ctx), binding)
		_ = e.admin.Delete(context.WithoutCancel(e.ctx), policy)
	})
	e.Eventually(func() error {
		route := routeObject()
		e.get(route, "orders")
		route.SetLabels(map[string]string{"a": "b"})
		return e.asManager().Update(e.ctx, route, client.DryRunAll)
	}).Should(MatchError(ContainSubstring("no routes for now")))
	return func() {
		e.t.Helper()
		e.Expect(e.admin.Delete(e.ctx, binding)).To(Succeed())
		e.Expect(e.admin.Delete(e.ctx, policy)).To(Succeed())
	}
}

// An owner who is to write the headers is told which, writes them, and passes.
func TestAnOwnerIsHeldToTheHeaders(t *testing.T) {
	e := adopted(t, soonGone)
	e.gatewayAPI()
	e.t.Cleanup(e.noGatewayAPI)
	e.route()
	e.published(e.goingAway(v1alpha1.RouteWrittenByOwner, time.Now().Add(time.Hour)))
	e.Expect(e.signalled("False SignalsMissing", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsMissing})).To(
		And(ContainSubstring("rule v1 lacks Deprecation"), ContainSubstring("forewarn headers deprecationschedule/orders-v1 -n "+e.namespace)))
	write := func(filters []any, options ...client.UpdateOption) error {
		route := routeObject()
		e.get(route, "orders")
		rules := e.rules(e)
		rules[0].(map[string]any)["filters"] = filters
		e.Expect(unstructured.SetNestedSlice(route.Object, rules, "spec", "rules")).To(Succeed())
		return e.admin.Update(e.ctx, route, options...)
	}
	// What passes before the gate knows is not to stay: written once more, it would be no change.
	e.Eventually(func() error { return write(nil, client.DryRunAll) }).Should(MatchError(And(
		ContainSubstring("add to its filters {type: ResponseHeaderModifier"), ContainSubstring("forewarn headers deprecationschedule/orders-v1"))))
	var printed struct{ Filters []any }
	e.Expect(yaml.Unmarshal([]byte(e.forewarn("headers", "deprecationschedule/orders-v1")), &printed)).To(Succeed())
	e.Expect(write(printed.Filters)).To(Succeed())
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsPresent})
	e.Expect(strings.Contains(fmt.Sprint(e.rules(e)), "forewarn-brownout")).To(BeFalse())
}

// One line in an overlay turns on what answers in a brownout.
func TestBrownoutsInTheManifests(t *testing.T) {
	e := newEnv(t)
	manager, services := e.rendered("../../config/default")
	e.Expect(manager.Spec.Template.Spec.Containers[0].Args).NotTo(ContainElement(ContainSubstring("brownout")))
	e.Expect(services).NotTo(HaveKey("forewarn-brownout"))

	manager, services = e.rendered("testdata/brownout")
	container := manager.Spec.Template.Spec.Containers[0]
	e.Expect(container.Args).To(ContainElement("--brownout-address=:8084"))
	e.Expect(container.Ports).To(ContainElement(And(HaveField("Name", "brownout"), HaveField("ContainerPort", BeEquivalentTo(8084)))))
	e.Expect(services).To(HaveKey("forewarn-brownout"))
	e.Expect(services["forewarn-brownout"].Spec.Ports).To(ConsistOf(And(HaveField("Port", BeEquivalentTo(80)), HaveField("TargetPort.StrVal", "brownout"))))
}
