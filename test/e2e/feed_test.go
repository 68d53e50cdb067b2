//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/controllers"
)

// feedURL is where customers would reach the feed.
const feedURL = "https://notices.acme.example/api-changes"

// subscribed is a namespace with a policy and the API "orders", whose feed is public and served.
func subscribed(t testing.TB) *env {
	t.Helper()
	e := newEnv(t)
	e.stop()
	e.feedAddress = e.freeAddress()
	e.startManager(0)
	e.policy(func(spec *v1alpha1.NoticePolicySpec) { spec.TimeZone = "Europe/Berlin" })
	e.api("orders")
	e.makePublic("orders")
	return e
}

func (e *env) makePublic(api string) {
	e.t.Helper()
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"feed":"Public"}}`))
	object := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: api}}
	e.Expect(e.developer.Patch(e.ctx, object, patch)).To(Succeed())
}

// read asks as anybody may; a connection that is refused has the status 0.
func (e *env) read(address, path string) (status int, body string) {
	request, err := http.NewRequestWithContext(e.ctx, http.MethodGet, "http://"+address+path, nil)
	e.Expect(err).NotTo(HaveOccurred())
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	e.Expect(err).NotTo(HaveOccurred())
	return response.StatusCode, string(text)
}

// path is below the page of an API.
func (e *env) path(api, name string) string { return "/" + e.namespace + "/" + api + "/" + name }

// published is a notice as notices.json shows it.
type published struct {
	ID, Name, State, Title                           string
	Sequence                                         int
	Effective, PreviousEffective, Published, Updated time.Time
	Operations                                       []string
	Updates                                          []struct{ Text string }
}

// notices are what notices.json of the API holds, by name.
func (e *env) notices(g Gomega, api string) map[string]published {
	status, body := e.read(e.feedAddress, e.path(api, "notices.json"))
	g.Expect(status).To(Equal(http.StatusOK), body)
	var document struct{ Notices []published }
	g.Expect(json.Unmarshal([]byte(body), &document)).To(Succeed())
	found := map[string]published{}
	for _, n := range document.Notices {
		found[n.Name] = n
	}
	return found
}

// event is a property of the notice's event in the calendar.
func (e *env) event(notice *v1alpha1.ChangeNotice, property ics.ComponentProperty) string {
	e.t.Helper()
	status, body := e.read(e.feedAddress, e.path("orders", "calendar.ics"))
	e.Expect(status).To(Equal(http.StatusOK))
	calendar, err := ics.ParseCalendar(bytes.NewBufferString(body))
	e.Expect(err).NotTo(HaveOccurred())
	for _, event := range calendar.Events() {
		if event.Id() == string(notice.UID)+"@forewarn.dev" {
			return event.GetProperty(property).Value
		}
	}
	return "absent"
}

// A notice reaches those who subscribed when it is published, and with it each thing that becomes of it.
func TestTheFeedShowsWhatWasPublished(t *testing.T) {
	e := subscribed(t)
	e.api("hidden")
	draft := e.notice("draft")
	notice := e.notice("no-delete")
	earliest := notice.Status.EarliestTime
	e.publish(notice, earliest)
	e.noticeIs("no-delete", "True Published", "False Running")
	e.Eventually(func(g Gomega) { g.Expect(e.notices(g, "orders")).To(HaveKey("no-delete")) }).Should(Succeed())
	for _, document := range []string{"", "feed.atom", "calendar.ics", "notices.json"} {
		status, body := e.read(e.feedAddress, e.path("orders", document))
		e.Expect(status).To(Equal(http.StatusOK))
		e.Expect(body).To(And(ContainSubstring("DELETE /orders/{id}"), Not(ContainSubstring("draft"))), document)
		status, _ = e.read(e.feedAddress, e.path("hidden", document))
		e.Expect(status).To(Equal(http.StatusNotFound))
	}
	_, page := e.read(e.feedAddress, e.path("orders", ""))
	e.Expect(page).To(ContainSubstring("Berlin time"))
	_, index := e.read(e.feedAddress, "/")
	e.Expect(index).To(And(ContainSubstring(e.namespace+"/orders/"), Not(ContainSubstring("hidden"))))
	_, atom := e.read(e.feedAddress, e.path("orders", "feed.atom"))
	e.Expect(atom).To(ContainSubstring(feedURL + e.path("orders", "feed.atom")))
	shown := e.notices(e, "orders")
	e.Expect(shown).To(HaveLen(1))
	e.get(notice, "no-delete")
	e.Expect(shown["no-delete"]).To(And(
		HaveField("ID", string(notice.UID)), HaveField("State", "Upcoming"), HaveField("Sequence", 0),
		HaveField("Effective", earliest.UTC()), HaveField("PreviousEffective.IsZero()", true),
		HaveField("Published", notice.Status.PublishedTime.UTC())))
	e.Expect(e.event(notice, ics.ComponentPropertySequence)).To(Equal("0"))
	e.Expect(e.event(notice, ics.ComponentPropertyStatus)).To(Equal("CONFIRMED"))

	later := metav1.NewTime(earliest.AddDate(0, 1, 0))
	e.publish(notice, &later)
	e.Eventually(func(g Gomega) {
		g.Expect(e.notices(g, "orders")["no-delete"]).To(And(HaveField("Sequence", 1),
			HaveField("Effective", later.UTC()), HaveField("PreviousEffective", earliest.UTC())))
	}).Should(Succeed())
	e.Expect(e.event(notice, ics.ComponentPropertySequence)).To(Equal("1"))
	_, page = e.read(e.feedAddress, e.path("orders", ""))
	e.Expect(page).To(ContainSubstring("Postponed"))

	e.get(notice, "no-delete")
	notice.Spec.Updates = []v1alpha1.NoticeUpdate{{Text: "Carts stay as they are."}}
	e.Expect(e.developer.Update(e.ctx, notice)).To(Succeed())
	e.Eventually(func(g Gomega) {
		g.Expect(e.notices(g, "orders")["no-delete"]).To(And(HaveField("Sequence", 2), HaveField("Updates", HaveLen(1))))
	}).Should(Succeed())

	e.restartManager(0) // nothing of it is only in memory
	e.Eventually(func(g Gomega) {
		g.Expect(e.notices(g, "orders")["no-delete"]).To(HaveField("Sequence", 2))
	}).Should(Succeed())
	e.get(notice, "no-delete")
	notice.Spec.State = v1alpha1.NoticeWithdrawn
	e.Expect(e.developer.Update(e.ctx, notice)).To(Succeed())
	e.Eventually(func() string { return e.event(notice, ics.ComponentPropertyStatus) }).Should(Equal("CANCELLED"))
	e.Expect(e.event(notice, ics.ComponentPropertySequence)).To(Equal("4"))
	e.Expect(e.notices(e, "orders")["no-delete"]).To(HaveField("State", "Withdrawn"))

	e.get(draft, "draft")
	e.Expect(draft.Status.EffectiveTime).To(BeNil())
	e.makePublic("hidden")
	e.Eventually(func() int { status, _ := e.read(e.feedAddress, e.path("hidden", "")); return status }).Should(Equal(http.StatusOK))
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"feed":null}}`))
	orders := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
	e.Expect(e.developer.Patch(e.ctx, orders, patch)).To(Succeed())
	e.Eventually(func() int { status, _ := e.read(e.feedAddress, e.path("orders", "")); return status }).Should(Equal(http.StatusNotFound))
}

// What replaces a notice cancels its event, for good.
func TestTheFeedShowsWhatReplacesANotice(t *testing.T) {
	e := subscribed(t)
	old := e.notice("no-delete")
	e.publish(old, old.Status.EarliestTime)
	e.noticeIs("no-delete", "True Published", "False Running")
	newer := e.notice("no-delete-2")
	newer.Spec.Supersedes = "no-delete"
	e.publish(newer, newer.Status.EarliestTime)
	e.Eventually(func(g Gomega) {
		shown := e.notices(g, "orders")
		g.Expect(shown["no-delete"]).To(HaveField("State", "Superseded"))
		g.Expect(shown["no-delete-2"]).To(HaveField("State", "Upcoming"))
	}).Should(Succeed())
	e.Expect(e.event(old, ics.ComponentPropertyStatus)).To(Equal("CANCELLED"))
	e.Expect(e.event(old, ics.ComponentPropertySequence)).To(Equal("1"))
	e.get(old, "no-delete")
	e.Expect(e.notices(e, "orders")["no-delete"].Updated).To(Equal(old.Status.SupersededTime.UTC()))
}

// A notice comes into force by itself, and not a moment before.
func TestTheFeedShowsWhatComesIntoForce(t *testing.T) {
	e := subscribed(t)
	notice := e.notice("slower")
	notice.Spec.Covers = []v1alpha1.CoveredChange{{Version: "v1", Operation: "GET /orders", Class: v1alpha1.ClassBehaviour}} // owed no time
	effective := metav1.NewTime(time.Now().Add(10 * time.Second).Truncate(time.Second))
	e.publish(notice, &effective)
	e.Eventually(func(g Gomega) {
		g.Expect(e.notices(g, "orders")["slower"]).To(HaveField("State", "Upcoming"))
	}).Should(Succeed())
	e.Eventually(func(g Gomega) {
		g.Expect(e.notices(g, "orders")["slower"]).To(HaveField("State", "InForce"))
	}).Should(Succeed())
	e.Expect(time.Now()).NotTo(BeTemporally("<", effective.Time))
	e.Expect(e.notices(e, "orders")["slower"]).To(And(HaveField("Updated", effective.UTC()), HaveField("Sequence", 0)))
}

// startAnother runs one more manager, under any account, and returns where it serves the feed.
func (e *env) startAnother(config *rest.Config, change ...func(*controllers.ManagerOptions)) (address string) {
	e.t.Helper()
	address = e.freeAddress()
	ctx, cancel := context.WithCancel(ctrl.LoggerInto(context.WithoutCancel(e.ctx), logr.Discard()))
	options := controllers.ManagerOptions{
		Namespace: ownNamespace, MetricsAddress: "0", HealthAddress: "0", FeedAddress: address, FeedURL: feedURL,
		Clock: clock.RealClock{}, Metrics: prometheus.NewRegistry(),
	}
	for _, change := range change {
		change(&options)
	}
	mgr, err := controllers.NewManager(ctx, config, options)
	e.Expect(err).NotTo(HaveOccurred())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	e.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			e.t.Errorf("the other manager ended: %v", err)
		}
	})
	return address
}

// leader is who holds the Lease.
func (e *env) leader() string {
	e.t.Helper()
	lease := &coordinationv1.Lease{}
	e.Expect(e.admin.Get(e.ctx, client.ObjectKey{Namespace: ownNamespace, Name: controllers.LeaseName}, lease)).To(Succeed())
	return *lease.Spec.HolderIdentity
}

// Every replica serves the same, and none serves anything before it has read everything.
func TestTheFeedOfEveryReplica(t *testing.T) {
	e := subscribed(t)
	notice := e.notice("no-delete")
	e.publish(notice, notice.Status.EarliestTime)
	e.noticeIs("no-delete", "True Published", "False Running")
	e.Eventually(func(g Gomega) { g.Expect(e.notices(g, "orders")).To(HaveKey("no-delete")) }).Should(Succeed())
	_, want := e.read(e.feedAddress, e.path("orders", "calendar.ics"))
	leader := e.leader()

	standby := e.startAnother(cluster.manager)
	serves := func(address string) {
		e.t.Helper()
		e.Eventually(func() int { status, _ := e.read(address, e.path("orders", "")); return status }).Should(Equal(http.StatusOK))
		_, got := e.read(address, e.path("orders", "calendar.ics"))
		e.Expect(got).To(Equal(want))
	}
	serves(standby)

	// One that may read nothing yet has nothing to show, and does not say that there is nothing.
	config, err := cluster.ConfigFor(e.namespace+"-newcomer", "system:authenticated")
	e.Expect(err).NotTo(HaveOccurred())
	newcomer := e.startAnother(config)
	for _, path := range []string{"/", e.path("orders", ""), e.path("orders", "calendar.ics")} {
		e.Eventually(func() int { status, _ := e.read(newcomer, path); return status }).Should(Equal(http.StatusServiceUnavailable))
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: e.namespace + "-newcomer"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "forewarn-manager"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: e.namespace + "-newcomer"}},
	}
	e.create(binding)
	e.t.Cleanup(func() { _ = e.admin.Delete(context.WithoutCancel(e.ctx), binding) })
	serves(newcomer)
	e.Expect(e.leader()).To(Equal(leader))
}

// Where nobody asks for the feed, nothing listens; where it cannot be served, the manager says so and does not start.
func TestTheFeedIsOffUnlessAskedFor(t *testing.T) {
	e := newEnv(t)
	ctx := ctrl.LoggerInto(e.ctx, logr.Discard())
	options := controllers.ManagerOptions{
		Namespace: ownNamespace, MetricsAddress: "0", HealthAddress: "0", FeedAddress: "127.0.0.1:http-of-nobody",
		Clock: clock.RealClock{}, Metrics: prometheus.NewRegistry(),
	}
	_, err := controllers.NewManager(ctx, cluster.manager, options)
	e.Expect(err).To(MatchError(ContainSubstring("listening for the feed")))
	options.FeedAddress, options.FeedURL = "0", "https://me:secret@acme.example/"
	_, err = controllers.NewManager(ctx, cluster.manager, options)
	e.Expect(err).To(MatchError("reading --feed-url: it must be https://HOST/PATH"))
	options.FeedURL = ""
	_, err = controllers.NewManager(ctx, cluster.manager, options)
	e.Expect(err).NotTo(HaveOccurred())
}

// rendered is what an overlay makes of the manager's Deployment, and of the Services, by name.
func (e *env) rendered(folder string) (manager *appsv1.Deployment, services map[string]*corev1.Service) {
	e.t.Helper()
	kubectl := exec.CommandContext(e.ctx, filepath.Join(cluster.BinDir(), "kubectl"), "kustomize", folder)
	output, err := kubectl.Output()
	e.Expect(err).NotTo(HaveOccurred())
	services = map[string]*corev1.Service{}
	for document := range strings.SplitSeq(string(output), "\n---\n") {
		var kind metav1.TypeMeta
		e.Expect(yaml.Unmarshal([]byte(document), &kind)).To(Succeed())
		switch kind.Kind {
		case "Deployment":
			manager = &appsv1.Deployment{}
			e.Expect(yaml.UnmarshalStrict([]byte(document), manager)).To(Succeed())
		case "Service":
			service := &corev1.Service{}
			e.Expect(yaml.UnmarshalStrict([]byte(document), service)).To(Succeed())
			services[service.Name] = service
		}
	}
	e.Expect(manager).NotTo(BeNil())
	return manager, services
}

// One line in an overlay turns the feed on.
func TestTheFeedInTheManifests(t *testing.T) {
	e := newEnv(t)
	manager, services := e.rendered("../../config/default")
	e.Expect(manager.Spec.Template.Spec.Containers[0].Args).NotTo(ContainElement(ContainSubstring("feed")))
	e.Expect(services).NotTo(HaveKey("forewarn-feed"))

	manager, services = e.rendered("testdata/feed")
	container := manager.Spec.Template.Spec.Containers[0]
	e.Expect(container.Args).To(ContainElements("--namespace=$(NAMESPACE)", "--feed-address=:8082"))
	e.Expect(container.Ports).To(ContainElement(And(HaveField("Name", "feed"), HaveField("ContainerPort", BeEquivalentTo(8082)))))
	e.Expect(services).To(HaveKey("forewarn-feed"))
	service := services["forewarn-feed"]
	e.Expect(service.Namespace).To(Equal(manager.Namespace))
	e.Expect(service.Spec.Ports).To(ConsistOf(HaveField("TargetPort.StrVal", "feed")))
	e.Expect(labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(manager.Spec.Template.Labels))).To(BeTrue())
}
