//go:build unix

package e2e

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/prometheus"
)

// counted is what a customer did each hour in the last 70 days.
func counted(customer, operation string) prometheus.Series {
	now := time.Now().Truncate(time.Hour)
	return prometheus.Series{
		Labels: `customer="` + customer + `",operation="` + operation + `",version="v1"`,
		Start:  now.Add(-70 * 24 * time.Hour), End: now, Step: 1,
	}
}

// asks lets the Audience ask a server for the last 30 days.
func (s *telling) asks(server *prometheus.Server) {
	s.t.Helper()
	a := &v1alpha1.Audience{}
	s.get(a, "customers")
	before := client.MergeFrom(a.DeepCopy())
	a.Spec.Usage = v1alpha1.UsageQuery{
		URL: server.URL, Query: "sum by (customer, operation, version) (increase(orders_requests_total[$window])) > 0", WindowDays: 30,
		AllowedRanges: []string{"127.0.0.1/32"},
	}
	s.Expect(s.admin.Patch(s.ctx, a, before)).To(Succeed())
}

// asksOf has the Audience ask about so many days, which is another question. Its status may be written meanwhile.
func (s *telling) asksOf(days int32) {
	s.t.Helper()
	a := &v1alpha1.Audience{}
	s.get(a, "customers")
	before := client.MergeFrom(a.DeepCopy())
	a.Spec.Usage.WindowDays = days
	s.Expect(s.admin.Patch(s.ctx, a, before)).To(Succeed())
}

func (s *telling) usageIs(state string) string {
	s.t.Helper()
	var message string
	s.Eventually(func(g Gomega) {
		var is string
		is, message = s.condition(&v1alpha1.Audience{}, "customers", v1alpha1.ConditionUsageKnown)
		g.Expect(is).To(Equal(state), message)
	}).Should(Succeed())
	return message
}

// affects waits until the changes of a revision affect so many customers, and are owed so many days.
func (s *telling) affects(revision string, customers, days int32) {
	s.t.Helper()
	s.Eventually(func(g Gomega) {
		r := &v1alpha1.APIRevision{}
		s.get(r, revision)
		g.Expect(r.Status.Changes).To(HaveLen(1))
		g.Expect(r.Status.Changes[0].Affected).To(Equal(&customers))
		g.Expect(r.Status.Changes[0].OwedDays).To(Equal(&days))
	}).Should(Succeed())
}

// tells publishes a notice of an operation, and waits until all whom it is for were told.
func (s *telling) tells(name, operation string, effective time.Time, affected int32) {
	s.t.Helper()
	n := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	n.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, EffectiveTime: ptr.To(metav1.NewTime(effective.Truncate(time.Second))),
		Title: "Orders change", Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: operation, Class: v1alpha1.ClassRemoval}},
	}
	s.create(n)
	s.delivered(name, "True Delivered")
	s.get(n, name)
	s.Expect(n.Status.Delivery.Affected).To(Equal(&affected))
	s.Expect(n.Status.Delivery.Delivered).To(Equal(&affected))
}

// to are the recipients of all letters so far, each once.
func (s *telling) to() map[string]bool {
	to := map[string]bool{}
	for _, letter := range s.mail.Taken() {
		to[letter.To] = true
	}
	return to
}

// A change affects those who used what changes. Nobody is owed more for what nobody used, and nobody is left out while
// that is not known.
func TestWhoUsedWhat(t *testing.T) {
	server := prometheus.Start(t, counted("c-1", "DELETE /orders/{id}"), counted("c-2", "GET /orders"), counted("c-9", "GET /orders"))
	s := newTelling(t, customersByMail, func(spec *v1alpha1.NoticePolicySpec) {
		spec.Owed[0].Days = ptr.To[int32](180)
		spec.UnusedDays, spec.UnusedWindowDays = ptr.To[int32](0), 30
	})
	s.create(s.mailChannel())
	s.revision("orders-1", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	s.judged("orders-1", "True Baseline")
	s.Expect(s.release("orders", "orders-1", "orders:1")).To(Succeed())
	s.promises("orders", "orders-1")
	s.revision("orders-no-list", "orders", openAPI(deleteOrder, cancelOrder))
	s.revision("orders-no-delete", "orders", openAPI(listOrders, cancelOrder))
	s.revision("orders-no-cancel", "orders", openAPI(listOrders, deleteOrder))
	s.affects("orders-no-cancel", 3, 180)

	s.asks(server)
	s.Expect(s.usageIs("True UsageKnown")).To(Equal("2 customers used 2 operations in the last 30 days, and so did 1 who are not in the list: add them to it"))
	s.affects("orders-no-list", 2, 180)
	s.affects("orders-no-delete", 1, 180)
	s.affects("orders-no-cancel", 0, 0)

	in200Days, tomorrow := time.Now().Add(200*24*time.Hour), time.Now().Add(24*time.Hour)
	s.tells("no-delete", "DELETE /orders/{id}", in200Days, 1)
	s.Expect(s.to()).To(Equal(map[string]bool{"jane.doe@customer.example": true}))
	s.tells("no-cancel", "POST /orders/{id}/cancel", tomorrow, 3) // nobody used it, as far as that is known
	s.Expect(s.to()).To(HaveLen(3))

	server.Stop()
	s.tells("no-delete-either", "DELETE /orders/{id}", in200Days, 3)
	s.asksOf(29) // something else, which was never answered
	s.Expect(s.usageIs("False UsageUnreachable")).To(ContainSubstring("a change affects all customers"))
	s.affects("orders-no-delete", 3, 180)
	s.affects("orders-no-cancel", 3, 0) // as was frozen when its notice was published
	s.nothingPersonal()
}

// oneRecord lets one delivery record be created, and no other.
type oneRecord struct {
	next http.RoundTripper
	made atomic.Int32
}

func (o *oneRecord) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodPost && strings.Contains(request.URL.Path, "/deliveryrecords") && o.made.Add(1) > 1 {
		return nil, errors.New("the connection broke")
	}
	return o.next.RoundTrip(request)
}

// Who is to be told is being written down, and the manager ends in the middle: the rest of them is told all the same and
// nobody else, unless nobody knows any more who they were. Then all are.
func TestTheManagerEndsWhileItPlansForThoseWhoUsedIt(t *testing.T) {
	const list = "id,contacts\n" +
		"c-1,Operations:mail=jane.doe@customer.example;Billing:second=billing@customer.example\n" +
		"c-2,Operations:mail=ops@customer.example\n" +
		"c-3,Operations:second=c-3@customer.example\n"
	for name, c := range map[string]struct {
		known    bool
		affected int32
		digest   int // its length
		to       []string
	}{
		"the same is answered":  {true, 1, 64, []string{"jane.doe@customer.example", "billing@customer.example"}},
		"nothing is any longer": {false, 3, 0, []string{"jane.doe@customer.example", "billing@customer.example", "ops@customer.example", "c-3@customer.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := prometheus.Start(t, counted("c-1", "DELETE /orders/{id}"))
			s := newTelling(t, list)
			second := s.mailChannel()
			second.Name = "second"
			s.create(s.mailChannel(), second)
			s.asks(server)
			s.usageIs("True UsageKnown")
			s.stop()
			cut := &oneRecord{}
			s.transport = func(next http.RoundTripper) http.RoundTripper { cut.next = next; return cut }
			s.startManager(0)
			s.announce("no-delete", time.Now().Add(48*time.Hour))
			s.Eventually(cut.made.Load).Should(BeNumerically(">", 1))
			s.stop()
			s.Expect(s.states("Published")).To(Equal(map[string]int{"Planned": 1}))
			s.Expect(s.mail.Taken()).To(BeEmpty())
			if !c.known {
				server.Stop()
			}

			s.transport = nil
			s.startManager(0)
			s.delivered("no-delete", "True Delivered")
			s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Delivered": len(c.to)}))
			n := &v1alpha1.ChangeNotice{}
			s.get(n, "no-delete")
			s.Expect(n.Status.Delivery.Affected).To(Equal(&c.affected))
			s.Expect(n.Status.Delivery.CustomersDigest).To(HaveLen(c.digest))
			s.Expect(s.mail.Taken()).To(HaveLen(len(c.to)))
			for _, to := range c.to {
				s.Expect(s.to()).To(HaveKey(to))
			}
		})
	}
}
