//go:build unix

package admission

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/controlplane"
)

const (
	patience = 60 * time.Second
	often    = 20 * time.Millisecond
)

// user is somebody who sends requests, and the warnings that came back.
type user struct {
	client.Client
	config   *rest.Config
	warnings *warnings
}

type warnings struct {
	mu    sync.Mutex
	texts []string
}

// HandleWarningHeader is called by the client for each warning.
func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

// take returns the warnings since it was called last.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := w.texts
	w.texts = nil
	return texts
}

var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(s))
	utilruntime.Must(apiextensionsv1.AddToScheme(s))
	utilruntime.Must(v1alpha1.AddToScheme(s))
	utilruntime.Must(gatewayv1.Install(s))
	return s
}()

func newUser(t testing.TB, config *rest.Config) *user {
	t.Helper()
	u := &user{config: rest.CopyConfig(config), warnings: &warnings{}}
	u.config.WarningHandler = u.warnings
	u.config.QPS = -1
	c, err := client.New(u.config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	u.Client = c
	return u
}

// person is a user who proves to be name, in the groups given.
func person(t testing.TB, name string, groups ...string) *user {
	t.Helper()
	config, err := suite.cluster.ConfigFor(name, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return newUser(t, config)
}

// space is a namespace of one test. The tenant may edit everything in it, the
// admin everything everywhere, the manager is forewarn.
type space struct {
	testing.TB
	name                   string
	tenant, admin, manager *user
	gates                  map[string]*gate
	writes                 int
}

var spaces struct {
	sync.Mutex
	count int
}

// newSpace makes a namespace that is not governed.
func newSpace(t testing.TB) *space {
	t.Helper()
	spaces.Lock()
	spaces.count++
	name := fmt.Sprintf("space-%d", spaces.count)
	spaces.Unlock()
	manager, err := managerConfig()
	if err != nil {
		t.Fatal(err)
	}
	if err := controlplane.GrantDeveloper(t.Context(), suite.cluster.AdminConfig(), name); err != nil {
		t.Fatal(err)
	}
	return &space{
		TB:      t,
		name:    name,
		tenant:  newUser(t, suite.cluster.DeveloperConfig()),
		admin:   newUser(t, suite.cluster.AdminConfig()),
		manager: newUser(t, manager),
		gates:   map[string]*gate{},
	}
}

// governed is a namespace with a Deny gate, and with objects that were there
// before it was governed.
func governed(t testing.TB, deny *gate, before ...client.Object) *space {
	t.Helper()
	s := newSpace(t)
	s.create(before...)
	s.govern(map[string]*gate{"deny": deny})
	return s
}

// govern writes the gates, the empty ones too, and waits until they bite.
func (s *space) govern(gates map[string]*gate) {
	s.Helper()
	for _, enforcement := range []string{"deny", "warn", "audit"} {
		if s.gates[enforcement] = gates[enforcement]; gates[enforcement] == nil {
			s.gates[enforcement] = newGate()
		}
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: gateName(enforcement)}}
		cm.Data = s.gates[enforcement].data()
		s.must(s.manager.Create(s.Context(), cm))
	}
	s.label(v1alpha1.GovernedLabel, "true")
	s.rewrite("deny")
}

func gateName(enforcement string) string { return "forewarn-gate-" + enforcement + "-v1" }

// label writes labels of the namespace, as forewarn.
func (s *space) label(key, value string) {
	s.Helper()
	change := map[string]any{"metadata": map[string]any{"labels": map[string]string{key: value}}}
	s.must(s.manager.Patch(s.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}, merge(s, change)))
}

// rewrite writes a gate anew and waits until the API server refuses by it: a
// canary in it is refused with a text that is new each time. The API server
// sees ConfigMaps in the order in which they are written, so whatever was
// written before bites, too.
func (s *space) rewrite(enforcement string) {
	s.Helper()
	s.writes++
	token := fmt.Sprintf("canary %d of %s", s.writes, s.name)
	g := s.gates[enforcement]
	g.api("canary", "forewarn.dev/test=canary").refuse("canary-1", "canary", token)
	var cm corev1.ConfigMap
	s.must(s.manager.Get(s.Context(), client.ObjectKey{Namespace: s.name, Name: gateName(enforcement)}, &cm))
	cm.Data = g.data()
	s.must(s.manager.Update(s.Context(), &cm))
	NewWithT(s).Eventually(func() string {
		s.tenant.warnings.take()
		err := s.tenant.Create(s.Context(), deployment(s.name, "canary", "canary-1", "forewarn.dev/test", "canary"), client.DryRunAll)
		return fmt.Sprint(err, s.tenant.warnings.take())
	}).WithTimeout(patience).WithPolling(often).Should(ContainSubstring(token))
}

// create makes objects as the tenant; a role may take a moment to count.
func (s *space) create(objects ...client.Object) {
	s.Helper()
	for _, object := range objects {
		object.SetNamespace(s.name)
		NewWithT(s).Eventually(func() error {
			return s.tenant.Create(s.Context(), object)
		}).WithTimeout(patience).WithPolling(often).Should(Succeed())
	}
}

func (s *space) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

var denialPattern = regexp.MustCompile(`ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)' denied request: (.*)$`)

// refused says that a policy refused with exactly that text, and with 403:
// for 422 some tools delete the object and create it anew (A1).
func (s *space) refused(err error, policy, text string) {
	s.Helper()
	status := apierrors.APIStatus(nil)
	if err == nil {
		s.Errorf("passed, want it refused by %s: %s", policy, text)
		return
	}
	errors.As(err, &status)
	found := denialPattern.FindStringSubmatch(err.Error())
	if status == nil || found == nil {
		s.Errorf("got %v, want it refused by %s: %s", err, policy, text)
		return
	}
	if found[1] != policy || found[3] != text {
		s.Errorf("refused by %s:\n  %s\nwant %s:\n  %s", found[1], found[3], policy, text)
	}
	if got := status.Status(); got.Code != 403 || got.Reason != metav1.StatusReasonForbidden {
		s.Errorf("refused with %d %s, want 403 Forbidden", got.Code, got.Reason)
	}
}

// judged says that a request passed, where want is empty, or was refused.
func (s *space) judged(err error, policy, want string) {
	s.Helper()
	if want != "" {
		s.refused(err, policy, want)
	} else if err != nil {
		s.Errorf("got %v, want it to pass", err)
	}
}

// with makes the same space report to a subtest.
func (s *space) with(t testing.TB) *space {
	in := *s
	in.TB = t
	return &in
}

// warned returns the texts of warnings by a policy, and forgets all others.
func (u *user) warned(policy string) []string {
	var texts []string
	for _, text := range u.warnings.take() {
		if rest, ok := strings.CutPrefix(text, "Validation failed for ValidatingAdmissionPolicy '"+policy+"' with binding '"); ok {
			_, message, _ := strings.Cut(rest, "': ")
			texts = append(texts, message)
		}
	}
	slices.Sort(texts)
	return texts
}

// deployment of pods that name revisions ("" for none) and have the labels.
func deployment(namespace, name, revisions string, labels ...string) *appsv1.Deployment {
	none := int32(0)
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       appsv1.DeploymentSpec{Replicas: &none, Template: template(revisions, labels...)},
	}
	// A selector of its own, so that tests can take any other label away.
	d.Spec.Template.Labels["test-selector"] = name
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"test-selector": name}}
	return d
}

func template(revisions string, labels ...string) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "shop/orders:1"}}},
	}
	for i := 0; i+1 < len(labels); i += 2 {
		t.Labels[labels[i]] = labels[i+1]
	}
	if revisions != "" {
		t.Annotations = map[string]string{v1alpha1.RevisionAnnotation: revisions}
	}
	return t
}

// bare is a pod of nobody.
func bare(name, revisions string, labels ...string) *corev1.Pod {
	t := template(revisions, labels...)
	t.Name = name
	return &corev1.Pod{ObjectMeta: t.ObjectMeta, Spec: t.Spec}
}

// eventuallyHasPodsOrEvent waits for a pod with the labels, or, where a text is
// wanted, for an event about the object that says that it was refused.
func (s *space) eventuallyHasPodsOrEvent(labels client.MatchingLabels, object, want string) {
	s.Helper()
	NewWithT(s).Eventually(func(g Gomega) {
		var found corev1.PodList
		g.Expect(s.admin.List(s.Context(), &found, client.InNamespace(s.name), labels)).To(Succeed())
		if want == "" {
			g.Expect(found.Items).NotTo(BeEmpty())
			return
		}
		g.Expect(found.Items).To(BeEmpty())
		g.Expect(s.events(object)).To(ContainElement(ContainSubstring("denied request: " + want)))
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}

// events are the texts of the events about an object.
func (s *space) events(object string) []string {
	s.Helper()
	var list corev1.EventList
	s.must(s.admin.List(s.Context(), &list, client.InNamespace(s.name)))
	var texts []string
	for i := range list.Items {
		if list.Items[i].InvolvedObject.Name == object {
			texts = append(texts, list.Items[i].Message)
		}
	}
	return texts
}

// eventuallyHasReplicaSet waits for the ReplicaSet of a Deployment.
func (s *space) eventuallyHasReplicaSet(name string) {
	s.Helper()
	NewWithT(s).Eventually(func(g Gomega) {
		var found appsv1.ReplicaSetList
		g.Expect(s.admin.List(s.Context(), &found, client.InNamespace(s.name), client.MatchingLabels{"test-selector": name})).To(Succeed())
		g.Expect(found.Items).NotTo(BeEmpty())
	}).WithTimeout(patience).WithPolling(often).Should(Succeed())
}
