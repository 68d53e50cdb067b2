//go:build unix

package e2e

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// A clock that answers start begins with the last of those that are needed, and stops when one is taken back.
func TestTheClockStartsWithAnswers(t *testing.T) {
	s := answering(t)
	policy := &v1alpha1.NoticePolicy{}
	policy.Name = s.namespace
	s.Expect(s.admin.Get(s.ctx, client.ObjectKeyFromObject(policy), policy)).To(Succeed())
	policy.Spec.StartsAt, policy.Spec.CoveragePercent = v1alpha1.StartsAtAcknowledged, 66
	s.Expect(s.admin.Update(s.ctx, policy)).To(Succeed())
	s.Eventually(func() v1alpha1.ClockStart {
		s.Expect(s.admin.Get(s.ctx, client.ObjectKeyFromObject(policy), policy)).To(Succeed())
		return policy.Status.InForce.Spec.StartsAt
	}).Should(Equal(v1alpha1.StartsAtAcknowledged))
	notice := s.announce("no-delete", time.Now().AddDate(0, 2, 0))
	letters := s.hears("orders: ")
	s.Expect(s.delivered("no-delete", "True Delivered")).To(Equal("delivered to 3 of 3 customers, acknowledged by 0 (66% start its clock)"))
	s.Expect(s.matures("no-delete", "False Running")).To(ContainSubstring("its clock starts when 66% of 3 customers acknowledged it; "))

	one, other := s.linkIn(letters["jane.doe@customer.example"][0]), s.linkIn(letters["ops@customer.example"][0])
	s.visit(http.MethodPost, one, url.Values{"answer": {"understood"}})
	s.Eventually(func() string { return s.matures("no-delete", "False Running") }).Should(HaveSuffix("; 1 so far"))
	s.visit(http.MethodPost, other, url.Values{"answer": {"needs-time"}, "until": {time.Now().AddDate(0, 3, 0).UTC().Format(time.DateOnly)}})
	s.Eventually(func() string { return s.matures("no-delete", "False Running") }).Should(HavePrefix("what it covers may serve from "))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.CoveredTime).NotTo(BeNil())
	s.Expect(*notice.Status.Answers.NeedsTime).To(BeEquivalentTo(1))

	s.visit(http.MethodPost, one, url.Values{"answer": {"take-back"}})
	s.Eventually(func() string { return s.matures("no-delete", "False Running") }).Should(HaveSuffix("; 1 so far"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.CoveredTime).To(BeNil())
	s.nothingPersonal()
}
