//go:build unix

package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/cli"
)

// forewarn runs the command line as the developer, and returns what it prints.
func (e *env) forewarn(args ...string) string {
	e.t.Helper()
	var out, diagnostics bytes.Buffer
	streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &diagnostics, Now: time.Now}
	code := cli.Run(append(args, "--kubeconfig", cluster.Kubeconfig(), "--context", "developer", "-n", e.namespace), streams)
	e.Expect(code).To(Equal(cli.ExitAdmissible), "%s%s", out.String(), diagnostics.String())
	return out.String()
}

// aged makes the messages that wait older, as though the manager had tried them since: only its account may write that.
func (s *telling) aged(by time.Duration, attempts int32) {
	s.t.Helper()
	manager, err := client.New(cluster.manager, client.Options{Scheme: s.admin.Scheme()})
	s.Expect(err).NotTo(HaveOccurred())
	var list v1alpha1.DeliveryRecordList
	s.Expect(s.admin.List(s.ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	for i := range list.Items {
		record := &list.Items[i]
		for j := range record.Status.Deliveries {
			if d := &record.Status.Deliveries[j]; d.State == v1alpha1.DeliveryWaiting {
				d.PlannedTime = ptr.To(metav1.NewTime(d.PlannedTime.Add(-by)))
				d.NextAttemptTime, d.Attempts = d.PlannedTime, ptr.To(attempts)
			}
		}
		s.Expect(manager.Status().Update(s.ctx, record)).To(Succeed())
	}
}

// A customer who wants to be forgotten is: what is still to go out is not sent, and what proves that customers were told
// stands. A list that was cut short by mistake can be put right for a day.
func TestAnErasedCustomerIsToldNoMore(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.mail.Stop()
	s.create(s.mailChannel())
	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Waiting Unreachable": 3}))

	s.Expect(s.forewarn("customer", "export", "c-2")).To(And(
		ContainSubstring("Operations:mail=ops@customer.example"), ContainSubstring("Published of notice no-delete by mail: Waiting (Unreachable)")))
	s.Expect(s.forewarn("customer", "erase", "c-2")).To(ContainSubstring("secret/customers: line 3 of the key list"))
	list := &corev1.Secret{}
	s.get(list, "customers")
	s.Expect(string(list.Data["list"])).To(Equal(customersByMail), "nobody said --yes")
	s.forewarn("customer", "erase", "c-2", "--yes")
	s.get(list, "customers")
	s.Expect(string(list.Data["list"])).To(Equal(strings.Replace(customersByMail, "c-2,,,Operations:mail=ops@customer.example\n", "", 1)))

	s.mail.Start()
	s.restartManager(0)
	s.Eventually(func() map[string]int { return s.states("Published") }).WithTimeout(untilTried).Should(Equal(map[string]int{
		"Delivered": 2, "Waiting CustomerNotListed": 1,
	}))
	s.Eventually(func() string { return s.delivered("no-delete", "False Delivering") }).Should(
		Equal("delivered to 2 of 3 customers; Published: still to be delivered 1 (CustomerNotListed 1)"))

	s.stop()
	s.aged(24*time.Hour, 9)
	s.startManager(0)
	s.Expect(s.delivered("no-delete", "False Undeliverable")).To(HavePrefix(
		"delivered to 2 of 3 customers; Published: failed 1 (CustomerNotListed 1)"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.Affected).To(Equal(ptr.To[int32](3)), "who was affected stays")
	s.Expect(notice.Status.Delivery.CoveredTime).To(BeNil())
	s.Expect(s.letters("orders: ")).To(And(HaveLen(2), Not(HaveKey("ops@customer.example"))))
	s.Expect(s.forewarn("customer", "export", "c-2")).To(And(
		Not(ContainSubstring("ops@")), ContainSubstring("Published of notice no-delete by mail: Failed (CustomerNotListed)")))
	s.nothingPersonal()
}
