//go:build unix

package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// receivers are those of several customers, each at a path of its own.
type receivers struct {
	*httptest.Server
	mu     sync.Mutex
	events map[string][]event
}

type event struct {
	id, timestamp, signatures string
	body                      []byte
}

// newReceivers answers 200, but for the paths that are to be answered otherwise.
func (s *telling) newReceivers(answers map[string]int) *receivers {
	r := s.unstartedReceivers(answers)
	r.TLS = s.authority.Server(s.t, "127.0.0.1")
	r.StartTLS()
	return r
}

// newPlainReceivers are without TLS.
func (s *telling) newPlainReceivers(answers map[string]int) *receivers {
	r := s.unstartedReceivers(answers)
	r.Start()
	return r
}

func (s *telling) unstartedReceivers(answers map[string]int) *receivers {
	r := &receivers{events: map[string][]event{}}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		customer := request.URL.Query().Get("of")
		r.events[customer] = append(r.events[customer], event{
			id: request.Header.Get("webhook-id"), timestamp: request.Header.Get("webhook-timestamp"),
			signatures: request.Header.Get("webhook-signature"), body: body,
		})
		if code := answers[customer]; code != 0 {
			w.Header().Set("Location", "https://elsewhere.customer.example")
			w.WriteHeader(code)
		}
	}))
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.t.Cleanup(r.Close)
	return r
}

func (r *receivers) of(customer string) []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[customer]
}

// signedWith verifies by hand what Standard Webhooks says: base64 of HMAC-SHA256 over id, time and body.
func (e event) signedWith(key []byte) bool {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(e.id + "." + e.timestamp + "."))
	mac.Write(e.body)
	wanted := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for signature := range strings.FieldsSeq(e.signatures) {
		if hmac.Equal([]byte(signature), []byte(wanted)) {
			return true
		}
	}
	return false
}

// Receivers of customers get signed events, by both keys while one is replaced. A customer counts once, whatever the
// number of channels; one that wants no more, or points elsewhere, is said to.
func TestTellingCustomersByWebhook(t *testing.T) {
	s := newTelling(t, customersByMail)
	r := s.newReceivers(map[string]int{"c-3": http.StatusGone, "c-4": http.StatusTemporaryRedirect})
	at := func(customer string) string { return "Operations:hook=" + r.URL + "/receiver-path?of=" + customer }
	list := "id,contacts\nc-1,Operations:mail=jane.doe@customer.example;" + at("c-1") + "\nc-2," + at("c-2") + "\nc-3," + at("c-3") +
		"\nc-4," + at("c-4") + "\nc-5,\n"
	s.Expect(s.admin.Update(s.ctx, s.secret("customers", "list", list))).To(Succeed())
	s.touch("customers", 30)
	s.audienceIs("customers", "True Ready", "False CustomersUnreachable")
	s.mail.Refuse("jane.doe@customer.example")
	s.create(s.mailChannel())

	current, previous := []byte(strings.Repeat("current!", 4)), []byte(strings.Repeat("previous", 4))
	keys := s.secret("keys", "current", "whsec_"+base64.StdEncoding.EncodeToString(current))
	keys.StringData["previous"] = "whsec_" + base64.StdEncoding.EncodeToString(previous)
	channel := &v1alpha1.NoticeChannel{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "hook"}}
	channel.Spec.Webhook.KeysFrom.Name = "keys"
	channel.Spec.Webhook.AuthoritiesFrom = v1alpha1.SecretKeyRef{Name: "authority", Key: "ca.pem"}
	channel.Spec.AllowedRanges = []string{"127.0.0.0/8"}
	s.create(keys, channel)
	s.channelIs("hook", "True Ready")

	notice := s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{
		"Delivered": 2, "Failed MailRefused": 1, "Failed WebhookGone": 1, "Waiting RedirectRefused": 1,
	}))
	s.Eventually(func() string { return s.delivered("no-delete", "False Delivering") }).Should(Equal("delivered to 2 of 5 customers; " +
		"Published: still to be delivered 1 (RedirectRefused 1); Published: failed 2 (MailRefused 1, WebhookGone 1); no contact leads to 1"))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Delivery.Unreachable).To(Equal(ptr.To[int32](1)))
	s.Expect(notice.Status.Delivery.Failed).To(Equal(ptr.To[int32](1)))

	s.Expect(r.of("c-2")).To(HaveLen(1))
	got := r.of("c-2")[0]
	s.Expect(got.signedWith(current)).To(BeTrue())
	s.Expect(got.signedWith(previous)).To(BeTrue())
	s.Expect(got.signedWith([]byte("somebody else's key"))).To(BeFalse())
	var told struct {
		ID, Type, Source string
		Data             struct{ Customer, Stage string }
	}
	s.Expect(json.Unmarshal(got.body, &told)).To(Succeed())
	s.Expect(told.Type).To(Equal("dev.forewarn.notice.published.v1"))
	s.Expect(told.Source).To(Equal("/namespaces/" + s.namespace + "/changenotices/no-delete"))
	s.Expect(told.ID).To(Equal(got.id))
	s.Expect(told.Data.Customer).To(Equal("c-2"))
	s.Expect(s.ids("Published")).To(ContainElement(got.id))
	s.nothingPersonal()
}

// Without TLS nothing is sent, unless the channel says that it may be. Where the feed shows the API, it is named.
func TestTellingCustomersWithoutTLS(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.makePublic("orders")
	r := s.newPlainReceivers(nil)
	at := func(customer, channel string) string {
		return customer + ",Operations:" + channel + "=" + r.URL + "/receiver-path?of=" + customer + "\n"
	}
	list := s.secret("customers", "list", "id,contacts\n"+at("c-1", "plain")+at("c-2", "safe"))
	s.Expect(s.admin.Update(s.ctx, list)).To(Succeed())
	key := []byte(strings.Repeat("current!", 4))
	s.create(s.secret("keys", "current", "whsec_"+base64.StdEncoding.EncodeToString(key)))
	for name, scheme := range map[string]v1alpha1.WebhookScheme{"plain": v1alpha1.WebhookAny, "safe": ""} {
		channel := &v1alpha1.NoticeChannel{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
		channel.Spec.Webhook.KeysFrom.Name, channel.Spec.Webhook.Scheme = "keys", scheme
		channel.Spec.AllowedRanges = []string{"127.0.0.0/8"}
		s.create(channel)
		s.channelIs(name, "True Ready")
	}
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Delivered": 1, "Failed AddressInvalid": 1}))
	s.Expect(r.of("c-2")).To(BeEmpty())
	s.Expect(r.of("c-1")).To(HaveLen(1))
	got := r.of("c-1")[0]
	s.Expect(got.signedWith(key)).To(BeTrue())
	var told struct {
		Data struct{ Notice struct{ FeedURL string } }
	}
	s.Expect(json.Unmarshal(got.body, &told)).To(Succeed())
	s.Expect(told.Data.Notice.FeedURL).To(Equal(feedURL + "/" + s.namespace + "/orders/"))
	s.nothingPersonal()
}

// A receiver that wants no more is not called again, whatever there is to tell, until its address may be another.
func TestAReceiverThatWantsNoMore(t *testing.T) {
	s := newTelling(t, customersByMail)
	r := s.newPlainReceivers(map[string]int{"c-1": http.StatusGone})
	listed := func(first string) *corev1.Secret {
		return s.secret("customers", "list", "id,contacts\nc-1,Operations:hook="+r.URL+"?of="+first+"\nc-2,Operations:hook="+r.URL+"?of=c-2\n")
	}
	s.Expect(s.admin.Update(s.ctx, listed("c-1"))).To(Succeed())
	written := time.Now()
	s.create(s.secret("keys", "current", "whsec_"+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("current!", 4)))))
	channel := &v1alpha1.NoticeChannel{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "hook"}}
	channel.Spec.Webhook.KeysFrom.Name, channel.Spec.Webhook.Scheme = "keys", v1alpha1.WebhookAny
	channel.Spec.AllowedRanges = []string{"127.0.0.0/8"}
	s.create(channel)
	s.Eventually(time.Now).Should(BeTemporally(">", written.Add(2*time.Second)), "what was planned in the second of the list may be of the one before")

	notice := s.announce("first", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Delivered": 1, "Failed WebhookGone": 1}))
	s.announce("second", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Delivered": 2, "Failed WebhookGone": 2}))
	s.restartManager(0) // which remembers nothing
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"state":"Withdrawn"}}`))
	s.Expect(s.admin.Patch(s.ctx, notice, patch)).To(Succeed())
	s.Eventually(func() map[string]int { return s.states("Withdrawn") }).Should(Equal(map[string]int{"Delivered": 1, "Failed WebhookGone": 1}))
	s.Expect(r.of("c-1")).To(HaveLen(1))
	s.Expect(r.of("c-2")).To(HaveLen(3))

	s.Expect(s.admin.Update(s.ctx, listed("moved"))).To(Succeed())
	s.announce("third", time.Now().Add(48*time.Hour))
	s.Eventually(func() map[string]int { return s.states("Published") }).Should(Equal(map[string]int{"Delivered": 4, "Failed WebhookGone": 2}))
	s.Expect(r.of("moved")).To(HaveLen(1))
	s.Expect(r.of("c-1")).To(HaveLen(1))
}
