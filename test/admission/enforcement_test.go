//go:build unix

package admission

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const early = "forewarn-early"

// What the warn gate holds passes, and whoever applies it is told.
func TestWarnGate(t *testing.T) {
	t.Parallel()
	old := deployment("", "old", "orders-1", "app", "orders")
	s := newSpace(t)
	s.create(old)
	s.govern(map[string]*gate{"warn": shop().keep("orders", held, "deployments/old")})
	s.rewrite("warn")
	s.tenant.warnings.take()

	s.must(s.change(s.tenant, old, revision("orders-2")))
	s.warned(rollouts, breaks)
	s.must(s.tenant.Create(t.Context(), inNamespace(s.name, bare("pod", "", "app", "orders"))))
	s.warned(pods, "orders"+nameIt)
	s.must(s.tenant.Create(t.Context(), deployment(s.name, "early", "orders-9", "app", "orders"), client.DryRunAll))
	s.warned(rollouts, "orders-9"+notYet)
	s.must(s.tenant.Create(t.Context(), deployment(s.name, "fine", "orders-1", "app", "orders")))
	s.warned(rollouts)
	s.must(s.tenant.Delete(t.Context(), old))
	s.warned(disruption, held)
}

// Where the namespace says that a gate holds no API, nobody looks at it. At that which refuses everybody does.
func TestGatesThatAreNotAsked(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.govern(map[string]*gate{"deny": shop(), "warn": newGate().api("cart", "app=cart").refuse("cart-2", "cart", "cart-2 breaks v1")})
	s.rewrite("warn")
	warns := func() []string {
		s.tenant.warnings.take()
		s.must(s.tenant.Create(t.Context(), deployment(s.name, "cart", "cart-2", "app", "cart"), client.DryRunAll))
		return s.tenant.warned(rollouts)
	}
	NewWithT(t).Expect(warns()).To(ConsistOf("cart-2 breaks v1"))
	for _, gate := range []string{"warning", "auditing", "denying"} {
		s.label("forewarn.dev/"+gate, "false")
	}
	NewWithT(t).Eventually(warns).WithTimeout(patience).WithPolling(often).Should(BeEmpty())
	s.refused(s.tenant.Create(t.Context(), deployment(s.name, "d", "orders-2", "app", "orders")), rollouts, breaks)
	s.label(v1alpha1.WarningLabel, "true")
	NewWithT(t).Eventually(warns).WithTimeout(patience).WithPolling(often).Should(ConsistOf("cart-2 breaks v1"))
}

// warned says that the tenant was warned by a policy, with these texts and no others.
func (s *space) warned(policy string, want ...string) {
	s.Helper()
	if diff := cmp.Diff(want, s.tenant.warned(policy)); diff != "" {
		s.Errorf("warnings of %s (-want +got):\n%s", policy, diff)
	}
}

// What the audit gate holds passes in silence, and the audit log has it.
func TestAuditGate(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.govern(map[string]*gate{"audit": shop()})
	s.tenant.warnings.take()
	s.must(s.tenant.Create(t.Context(), deployment(s.name, "d", "orders-2", "app", "orders")))
	s.warned(rollouts)
	NewWithT(t).Expect(auditedFailures(t, s.name)).To(ConsistOf(breaks))
}

// auditedFailures are the messages of an audit gate about Deployments.
func auditedFailures(t testing.TB, namespace string) []string {
	t.Helper()
	var messages []string
	for _, event := range audited(t, namespace) {
		var failures []struct{ Message string }
		if event.ObjectRef.Resource != "deployments" { // its ReplicaSet is judged as well
			continue
		}
		if json.Unmarshal([]byte(event.Annotations["validation.policy.admission.k8s.io/validation_failure"]), &failures) != nil {
			continue
		}
		for _, f := range failures {
			messages = append(messages, f.Message)
		}
	}
	return messages
}

// auditEvent is what the API server wrote about a request before it answered.
type auditEvent struct {
	User           struct{ Username string }
	ObjectRef      struct{ Namespace, Resource, Name string }
	ResponseStatus struct{ Message string }
	Annotations    map[string]string
}

// audited are the requests about Deployments and ReplicaSets of a namespace.
func audited(t testing.TB, namespace string) []auditEvent {
	t.Helper()
	file, err := os.Open(suite.auditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var events []auditEvent
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event auditEvent
		if json.Unmarshal(lines.Bytes(), &event) == nil && event.ObjectRef.Namespace == namespace {
			events = append(events, event)
		}
	}
	return events
}

// One workload can serve APIs of several enforcements. Each gate knows whose
// all revisions are, and answers for its own.
func TestGatesSideBySide(t *testing.T) {
	t.Parallel()
	deny := newGate().api("orders", "app=orders").admit("orders-1", "orders").refuse("orders-2", "orders", breaks).elsewhere("cart-2", "cart")
	warn := newGate().api("cart", "cart=v1").refuse("cart-2", "cart", "cart-2 breaks v1").elsewhere("orders-1", "orders").elsewhere("orders-2", "orders")
	s := newSpace(t)
	s.govern(map[string]*gate{"deny": deny, "warn": warn})
	s.rewrite("warn")
	s.tenant.warnings.take()
	both := []string{"app", "orders", "cart", "v1"}
	s.must(s.tenant.Create(t.Context(), deployment(s.name, "one", "orders-1,cart-2", both...)))
	s.warned(rollouts, "cart-2 breaks v1")
	s.refused(s.tenant.Create(t.Context(), deployment(s.name, "two", "orders-2,cart-2", both...)), rollouts, breaks)
	s.tenant.warnings.take()
	s.must(s.tenant.Create(t.Context(), deployment(s.name, "three", "orders-1", both...)))
	s.warned(rollouts, "cart"+exactly1+"orders-1 of orders")
}

// R12: a dry run may be early, a rollout may not.
func TestEarlyDryRun(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	onlyDry := ": not judged yet; as long as that is so, only a dry run passes"
	s.tenant.warnings.take()
	for name, tc := range map[string]struct {
		revisions string
		labels    []string
		warning   string
		refused   string
	}{
		"nobody judged it":             {revisions: "orders-9", labels: []string{"app", "orders"}, warning: "orders-9" + onlyDry},
		"nobody judged one of two":     {revisions: "orders-1, mail-9", labels: []string{"app", "orders"}, warning: "mail-9" + onlyDry},
		"nobody judged either":         {revisions: "orders-9,mail-9", labels: []string{"app", "orders"}, warning: "orders-9, mail-9" + onlyDry},
		"it is judged, and admitted":   {revisions: "orders-1", labels: []string{"app", "orders"}},
		"it is judged, and refused":    {revisions: "orders-2", labels: []string{"app", "orders"}, refused: breaks},
		"one refused, one not judged":  {revisions: "orders-2,mail-9", labels: []string{"app", "orders"}, refused: breaks, warning: "mail-9" + onlyDry},
		"two of one, one not judged":   {revisions: "orders-1,orders-1b,mail-9", labels: []string{"app", "orders"}, refused: "orders" + exactly1 + "orders-1 of orders, orders-1b of orders", warning: "mail-9" + onlyDry},
		"no name":                      {labels: []string{"app", "orders"}, refused: "orders" + nameIt},
		"what is no name":              {revisions: "Orders", labels: []string{"app", "orders"}, refused: noName},
		"R11: it ran, without a name":  {labels: []string{"app", "legacy"}},
		"an image that is not listed":  {revisions: "pinned-1", labels: []string{"app", "pinned"}},
		"it serves nothing, yet warns": {revisions: "orders-9", labels: []string{"app", "other"}, warning: "orders-9" + onlyDry},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			want := []string(nil)
			if tc.warning != "" {
				want = append(want, tc.warning)
			}
			for _, object := range workloads(s.name, slug(name), template(tc.revisions, tc.labels...)) {
				s.judged(s.tenant.Create(t.Context(), object, client.DryRunAll), rollouts, tc.refused)
				s.warned(early, want...)
			}
			pod := inNamespace(s.name, bare(slug(name), tc.revisions, tc.labels...))
			s.judged(s.tenant.Create(t.Context(), pod, client.DryRunAll), pods, tc.refused)
			s.warned(early, want...)
		})
	}
	s.refused(s.tenant.Create(t.Context(), deployment(s.name, "real", "orders-9", "app", "orders")), rollouts, "orders-9"+notYet)
	s.warned(early)
}

// A15: what is not governed pays nothing and is refused nothing.
func TestA15NotGoverned(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	cm := &corev1.ConfigMap{Data: shop().data()}
	cm.Namespace, cm.Name = s.name, gateName("deny")
	s.must(s.manager.Create(t.Context(), cm))
	s.create(deployment(s.name, "d", "orders-2", "app", "orders"), bare("p", "", "app", "orders"))
}
