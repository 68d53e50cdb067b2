//go:build unix

package e2e

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"forewarn.dev/forewarn/controllers"
	"forewarn.dev/forewarn/test/internet"
)

// moment is when a manager is killed, and what is left of the delivery to three customers.
type moment struct {
	name string
	// The request to the API server: its method, the end of its path, and a text in its body. Without a method it is
	// the second mail that is taken over from this manager.
	method, path, text string
	// done: the API server did what was asked, and the manager does not get to know.
	done bool

	wantStates map[string]int
	// wantMails are those that the server took over from this manager.
	wantMails int
}

// moments are in the order of a delivery. Each manager gets as far as one of them, so whoever takes over is killed, too.
var moments = []moment{
	{
		name:   "a record is there, and nobody stands in it",
		method: http.MethodPost, path: "/deliveryrecords", done: true,
		wantStates: map[string]int{},
	},
	{
		name:   "who is to be told stands, and not how many they are",
		method: http.MethodPut, path: "/changenotices/no-delete/status", text: `"affected":3`,
		wantStates: map[string]int{"Planned": 3},
	},
	{
		name:   "before anything is sent",
		method: http.MethodPut, path: "/status", text: `"state":"Sending"`, done: true,
		wantStates: map[string]int{"Sending": 3},
	},
	{
		name:   "in the failover: it has got the Lease",
		method: http.MethodPut, path: "/leases/" + controllers.LeaseName, done: true,
		wantStates: map[string]int{"Sending": 3},
	},
	{
		name:       "the server took over a mail, and nobody heard it say so",
		wantStates: map[string]int{"Sending": 3}, wantMails: 2,
	},
	{
		name:   "the server said 250 to all, and nothing says so",
		method: http.MethodPut, path: "/status", text: `"state":"Delivered"`,
		wantStates: map[string]int{"Sending": 3}, wantMails: 3,
	},
	{
		name:   "the receipts are written, and the manager does not know",
		method: http.MethodPut, path: "/status", text: `"state":"Delivered"`, done: true,
		wantStates: map[string]int{"Delivered": 3}, wantMails: 3,
	},
}

// killer kills each manager at the next moment.
type killer struct {
	// namespace is that of the notice: managers look after what other tests have left, too.
	namespace string

	mu     sync.Mutex
	next   int // of moments
	mails  int // since the last was killed
	leader *managerProcess
	killed chan *managerProcess
}

// hears is a listener.
func (k *killer) hears(p *managerProcess, question asked, done bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p.dead.Load() {
		return false
	}
	if strings.Contains(question.path, "/namespaces/"+k.namespace+"/deliveryrecords") {
		k.leader = p
	}
	if k.next < len(moments) {
		m := &moments[k.next]
		ours := strings.Contains(question.path, "/namespaces/"+k.namespace+"/") || strings.HasSuffix(question.path, controllers.LeaseName)
		if ours && question.method == m.method && strings.HasSuffix(question.path, m.path) && bytes.Contains(question.body, []byte(m.text)) && done == m.done {
			k.kill(p)
		}
	}
	return !p.dead.Load()
}

// taken is called when the mail server took over a mail and has not said so.
func (k *killer) taken(int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.mails++
	if k.next < len(moments) && moments[k.next].method == "" && k.mails == 2 {
		k.kill(k.leader)
	}
}

func (k *killer) kill(p *managerProcess) {
	p.kill()
	k.next, k.mails = k.next+1, 0
	k.killed <- p
}

// handOver lets the next lead at once, and not when the Lease of the dead runs out.
func (e *env) handOver() {
	e.t.Helper()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: ownNamespace, Name: controllers.LeaseName}}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"holderIdentity":""}}`))
	e.Expect(e.admin.Patch(e.ctx, lease, patch)).To(Succeed())
}

// One manager leads and another stands by. Whoever leads is killed, at each step of a delivery one; the last gets the
// Lease when it runs out. Nobody is lost, and what comes twice is the same mail.
func TestEveryManagerIsKilledWhileItTellsCustomers(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.stop()
	k := &killer{namespace: s.namespace, killed: make(chan *managerProcess, len(moments))}
	s.mail.Before(k.taken)
	s.leads(s.process(k.hears))
	s.process(k.hears) // stands by
	s.create(s.mailChannel())
	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	mails := 0
	for n, m := range moments {
		s.Eventually(k.killed).Should(Receive(), m.name)
		mails += m.wantMails
		s.Expect(s.states("Published")).To(Equal(m.wantStates), m.name)
		s.Expect(s.mail.Taken()).To(HaveLen(mails), m.name)
		s.process(k.hears) // stands by in turn
		if n < len(moments)-1 {
			s.handOver()
		}
	}

	s.Expect(s.delivered("no-delete", "True Delivered")).To(Equal("delivered to 3 of 3 customers"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.Affected).To(Equal(ptr.To[int32](3)))
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 3}))
	s.Expect(s.mail.Taken()).To(HaveLen(mails))
	s.sameMails("orders: ", 3, 1)
	s.nothingPersonal()
}

// sameMails says that so many customers were told by so many mails each, and that what came twice is the same mail.
func (s *telling) sameMails(subject string, customers, each int) {
	s.t.Helper()
	letters := s.letters(subject)
	s.Expect(letters).To(HaveLen(customers))
	seen := map[string]bool{}
	for to, of := range letters {
		first := map[string]internet.Letter{}
		for _, letter := range of {
			if known, again := first[letter.MessageID]; again {
				s.Expect(letter).To(Equal(known), to)
			}
			first[letter.MessageID] = letter
		}
		s.Expect(first).To(HaveLen(each), to)
		for id := range first {
			s.Expect(seen).NotTo(HaveKey(id))
			seen[id] = true
		}
	}
}
