//go:build unix

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// gatewayKinds are those that a gateway watches.
var gatewayKinds = []string{
	"gatewayclasses", "gateways", "httproutes", "grpcroutes", "tlsroutes", "referencegrants", "backendtlspolicies",
}

// gatewayAPI has the cluster serve the Gateway API, by the definitions of the module that the manager is built with.
func (e *env) gatewayAPI() {
	e.t.Helper()
	module := exec.CommandContext(e.ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api")
	folder, err := module.Output()
	e.Expect(err).NotTo(HaveOccurred())
	args := []string{"apply", "--server-side"}
	for _, kind := range gatewayKinds {
		args = append(args, "-f", filepath.Join(strings.TrimSpace(string(folder)), "config/crd/standard/gateway.networking.k8s.io_"+kind+".yaml"))
	}
	e.kubectl(args...)
}

func (e *env) kubectl(args ...string) {
	e.t.Helper()
	kubectl := exec.CommandContext(context.WithoutCancel(e.ctx), filepath.Join(cluster.BinDir(), "kubectl"),
		append([]string{"--kubeconfig", cluster.Kubeconfig(), "--context", "admin"}, args...)...)
	output, err := kubectl.CombinedOutput()
	e.Expect(err).NotTo(HaveOccurred(), string(output))
}

// noGatewayAPI is the usual cluster.
func (e *env) noGatewayAPI() {
	e.t.Helper()
	for _, kind := range gatewayKinds {
		e.kubectl("delete", "crd", "--ignore-not-found", kind+".gateway.networking.k8s.io")
	}
}

func routeObject() *unstructured.Unstructured {
	route := &unstructured.Unstructured{}
	route.SetGroupVersionKind(schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"})
	return route
}

const routeRules = `
- name: v1
  matches: [{path: {type: PathPrefix, value: /v1}}]
  filters:
  - type: ResponseHeaderModifier
    responseHeaderModifier: {set: [{name: X-Team, value: orders}]}
  backendRefs: [{group: "", kind: Service, name: orders, port: 80, weight: 1}]
- name: v2
  matches: [{path: {type: PathPrefix, value: /v2}}]
  backendRefs: [{group: "", kind: Service, name: orders, port: 80, weight: 1}]
`

// route leads customers of "orders" to it.
func (e *env) route() []any {
	e.t.Helper()
	var rules []any
	e.Expect(yaml.Unmarshal([]byte(routeRules), &rules)).To(Succeed())
	route := routeObject()
	route.SetNamespace(e.namespace)
	route.SetName("orders")
	route.Object["spec"] = map[string]any{
		"hostnames": []any{"orders.shop.example"}, "rules": rules, "parentRefs": []any{map[string]any{"name": "public"}},
	}
	e.create(route)
	return e.rules(e)
}

func (e *env) rules(g Gomega) []any {
	route := routeObject()
	g.Expect(e.admin.Get(e.ctx, client.ObjectKey{Namespace: e.namespace, Name: "orders"}, route)).To(Succeed())
	rules, _, err := unstructured.NestedSlice(route.Object, "spec", "rules")
	g.Expect(err).NotTo(HaveOccurred())
	return rules
}

// soonGone owes less for a removal than the schedules of these tests give.
func soonGone(spec *v1alpha1.NoticePolicySpec) {
	spec.Owed = []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: ptr.To[int32](30)}}
}

// goingAway is v1 of "orders", with one brownout of five minutes.
func (e *env) goingAway(
	writtenBy v1alpha1.RouteWriter, brownout time.Time, change ...func(*v1alpha1.DeprecationScheduleSpec),
) *v1alpha1.DeprecationSchedule {
	e.t.Helper()
	at := func(t time.Time) *metav1.Time { return ptr.To(metav1.NewTime(t.Truncate(time.Second))) }
	s := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders-v1"}}
	s.Spec = v1alpha1.DeprecationScheduleSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, Version: "v1", State: v1alpha1.NoticeDraft,
		DeprecateTime: at(brownout.Add(-10 * time.Minute)), SunsetTime: at(brownout.Add(1000 * time.Hour)),
		Brownouts:      []v1alpha1.Brownout{{Name: "first", StartTime: at(brownout), Minutes: 5}},
		MigrationGuide: "https://docs.shop.example/v2",
		Notice: v1alpha1.ScheduleNotice{Help: "https://help.shop.example", Brownout: v1alpha1.ScheduleText{
			Title: "v1 is off for five minutes", WhatChanges: "v1 answers 410", WhatToDo: "Move to v2",
		}},
		Routes: []v1alpha1.ScheduleRoute{{Name: "orders", Rules: []string{"v1"}, WrittenBy: writtenBy}},
	}
	for _, f := range change {
		f(&s.Spec)
	}
	e.create(s)
	return s
}

// published has customers told of it.
func (e *env) published(s *v1alpha1.DeprecationSchedule) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		g.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(s), s)).To(Succeed())
		s.Spec.State = v1alpha1.NoticePublished
		g.Expect(e.admin.Update(e.ctx, s)).To(Succeed())
	}).Should(Succeed())
	e.Eventually(func(g Gomega) {
		g.Expect(e.admin.Get(e.ctx, client.ObjectKeyFromObject(s), s)).To(Succeed())
		g.Expect(s.Status.PublishedTime).NotTo(BeNil(), "%v", s.Status.Conditions)
	}).Should(Succeed())
}

// signalled waits until the schedule says that of its route.
func (e *env) signalled(state string, route v1alpha1.ScheduledRoute) (message string) {
	e.t.Helper()
	route.Name = "orders"
	e.Eventually(func(g Gomega) {
		s := &v1alpha1.DeprecationSchedule{}
		e.get(s, "orders-v1")
		c := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionSignalled)
		g.Expect(c).NotTo(BeNil())
		g.Expect(fmt.Sprint(c.Status, " ", c.Reason)).To(Equal(state), c.Message)
		g.Expect(s.Status.Routes).To(HaveLen(1))
		is := s.Status.Routes[0]
		if is.BrownoutStartTime != nil && route.BrownoutStartTime != nil && is.BrownoutStartTime.Equal(route.BrownoutStartTime) {
			is.BrownoutStartTime = route.BrownoutStartTime
		}
		g.Expect(is).To(Equal(route))
		message = c.Message
	}).Should(Succeed())
	return message
}

func (e *env) granted() bool {
	grant := &unstructured.Unstructured{}
	grant.SetGroupVersionKind(schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "ReferenceGrant"})
	err := e.admin.Get(e.ctx, client.ObjectKey{Namespace: ownNamespace, Name: "forewarn-brownout-" + e.namespace}, grant)
	if !apierrors.IsNotFound(err) {
		e.Expect(err).NotTo(HaveOccurred())
	}
	return err == nil
}

// The way of a version through its route: a cluster without the Gateway API, which comes later; headers; a brownout to
// the second, over a manager that ends in the middle of it; and all of it taken back.
func TestARouteSaysThatItsVersionGoesAway(t *testing.T) {
	e := newEnv(t)
	e.noGatewayAPI()
	e.rehearse()
	e.stop()
	e.brownoutAddress = e.freeAddress()
	e.startManager(0)
	e.policy(soonGone)
	e.api("orders")
	begins := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	s := e.goingAway(v1alpha1.RouteWrittenByForewarn, begins)
	e.signalled("Unknown NoGatewayAPI", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsNoRoute})

	e.gatewayAPI()
	e.t.Cleanup(e.noGatewayAPI)
	e.signalled("False RouteNotFound", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsNoRoute})
	owners := e.route()
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsNotDue})
	e.Expect(e.granted()).To(BeFalse())

	e.published(s)
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsPresent})
	said := e.rules(e)
	e.Expect(said[1]).To(Equal(owners[1]))
	e.Expect(fmt.Sprint(said[0])).To(And(ContainSubstring("X-Team"), ContainSubstring(fmt.Sprintf("@%d", begins.Add(-10*time.Minute).Unix())),
		ContainSubstring(begins.Add(1000*time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT")), ContainSubstring(`<https://docs.shop.example/v2>; rel="deprecation"`)))
	e.Eventually(e.granted).Should(BeTrue())

	e.stop()
	e.startManager(time.Until(begins) - 8*time.Second)
	e.Expect(e.rules(e)).To(Equal(said))
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{
		Signals: v1alpha1.SignalsPresent, Brownout: "first", BrownoutStartTime: ptr.To(metav1.NewTime(begins)),
	})
	away := e.rules(e)
	e.Expect(away[1]).To(Equal(owners[1]))
	e.Expect(fmt.Sprint(away[0])).To(And(ContainSubstring("forewarn-brownout"), Not(ContainSubstring("name:orders"))))
	e.answersGone(begins.Add(5 * time.Minute))

	e.stop() // in the middle of it
	e.startManager(time.Until(begins.Add(5*time.Minute)) - 8*time.Second)
	e.Expect(e.rules(e)).To(Equal(away))
	e.Eventually(e.rules).Should(Equal(said))
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsPresent})
	e.Eventually(e.granted).Should(BeFalse())

	e.withdraw()
	e.Eventually(e.rules).Should(Equal(owners))
	e.signalled("True Signalled", v1alpha1.ScheduledRoute{Signals: v1alpha1.SignalsNotDue})
	route := routeObject()
	e.get(route, "orders")
	e.Expect(route.GetAnnotations()).To(BeEmpty())
}

func (e *env) withdraw() {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		s := &v1alpha1.DeprecationSchedule{}
		g.Expect(e.admin.Get(e.ctx, client.ObjectKey{Namespace: e.namespace, Name: "orders-v1"}, s)).To(Succeed())
		s.Spec.State = v1alpha1.NoticeWithdrawn
		g.Expect(e.admin.Update(e.ctx, s)).To(Succeed())
	}).Should(Succeed())
}

// answersGone asks the manager itself, as a gateway does for a route that is taken away.
func (e *env) answersGone(until time.Time) {
	e.t.Helper()
	response, body := e.request("http://"+e.brownoutAddress+"/v1/orders", "Forewarn-Brownout", e.namespace+"/orders-v1/first/v1")
	e.Expect(response.StatusCode).To(Equal(410), body)
	e.Expect(response.Header.Get("Retry-After")).To(Equal(until.Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	e.Expect(response.Header).To(And(HaveKey("Deprecation"), HaveKey("Sunset"), HaveKey("Link")))
	e.Expect(body).To(And(ContainSubstring("v1 is off for five minutes"), ContainSubstring("Move to v2")))
}

func (e *env) request(address string, header ...string) (*http.Response, string) {
	e.t.Helper()
	request, err := http.NewRequestWithContext(e.ctx, http.MethodGet, address, http.NoBody)
	e.Expect(err).NotTo(HaveOccurred())
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, body, err := do(request)
	e.Expect(err).NotTo(HaveOccurred())
	return response, body
}

func do(request *http.Request) (*http.Response, string, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}
