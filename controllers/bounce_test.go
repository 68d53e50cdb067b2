package controllers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/delivery/webhook"
	"forewarn.dev/forewarn/internal/snapshot"
)

const bouncedID = "0123456789abcdef0123456789abcdef"

var (
	bounceKey   = "whsec_" + strings.Repeat("bmV3", 8)
	earlierKey  = "whsec_" + strings.Repeat("b2xk", 8)
	strangerKey = "whsec_" + strings.Repeat("ZWxz", 8)
)

// postbox is where mails that come back are handed in, over a client that holds one channel and one record.
type postbox struct {
	*bounces
	t       *testing.T
	clock   *clocktesting.FakePassiveClock
	secrets int
	// funcs stand between us and the API server.
	funcs interceptor.Funcs
}

func newPostbox(t *testing.T, change ...func(*postbox, *v1alpha1.DeliveryRecord)) *postbox {
	t.Helper()
	p := &postbox{t: t, clock: clocktesting.NewFakePassiveClock(noon)}
	record := &v1alpha1.DeliveryRecord{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-no-delete-published-mail-0"}}
	record.Spec = v1alpha1.DeliveryRecordSpec{Channel: "mail", Stage: "Published", Shard: ptr.To[int32](0)}
	record.Status.Deliveries = []v1alpha1.Delivery{
		{Customer: "c-1", ID: strings.Repeat("1", 32), State: v1alpha1.DeliveryDelivered, DeliveredTime: timeAt(noon), PlannedTime: timeAt(noon)},
		{Customer: "c-2", ID: bouncedID, State: v1alpha1.DeliveryDelivered, DeliveredTime: timeAt(noon), PlannedTime: timeAt(noon), Attempts: ptr.To[int32](1)},
	}
	summarise(record)
	for _, c := range change {
		c(p, record)
	}
	channel := &v1alpha1.NoticeChannel{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "mail"}}
	channel.Spec.Mail = v1alpha1.MailChannel{Host: "smtp.acme.example", From: "notices@acme.example"}
	channel.Spec.Mail.Bounces.KeysFrom.Name = "bounces"
	other := channel.DeepCopy()
	other.Name = "other-mail"
	deaf := channel.DeepCopy()
	deaf.Name, deaf.Spec.Mail.Bounces = "deaf", v1alpha1.MailBounces{}
	keyless := channel.DeepCopy()
	keyless.Name, keyless.Spec.Mail.Bounces.KeysFrom.Name = "keyless", "nothing"
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "bounces"}}
	secret.Data = map[string][]byte{"current": []byte(bounceKey), "previous": []byte(earlierKey)}
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	if p.funcs.Get == nil {
		p.funcs.Get = func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*corev1.Secret); ok {
				p.secrets++
			}
			return c.Get(ctx, key, o, opts...)
		}
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(record).
		WithObjects(channel, other, deaf, keyless, secret, record).WithInterceptorFuncs(p.funcs).Build()
	p.bounces = newBounces(shared{client: c, live: c, snapshot: snapshot.New(c, c)}, p.clock, logr.Discard())
	return p
}

// notification is one that says that the message failed for good.
func notification(t *testing.T, id string) string {
	t.Helper()
	written, err := os.ReadFile("../internal/delivery/bounce/testdata/postfix.eml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(written), bouncedID, id)
}

// post hands a mail in, signed with that key now, and returns the answer.
func (p *postbox) post(path, key, mail string) string {
	p.t.Helper()
	return p.send(p.request(path, key, mail))
}

func (p *postbox) request(path, key, mail string) *http.Request {
	p.t.Helper()
	parsed, err := webhook.ParseKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(mail))
	if request.Header, err = webhook.Sign(parsed, "an-id", p.clock.Now(), []byte(mail)); err != nil {
		p.t.Fatal(err)
	}
	return request
}

func (p *postbox) send(request *http.Request) string {
	answer := httptest.NewRecorder()
	p.ServeHTTP(answer, request.WithContext(p.t.Context()))
	if answer.Header().Get("Cache-Control") != "no-store" || answer.Header().Get("X-Content-Type-Options") != "nosniff" ||
		(answer.Code == http.StatusServiceUnavailable) != (answer.Header().Get("Retry-After") == "60") {
		p.t.Errorf("%d with the headers %v", answer.Code, answer.Header())
	}
	return fmt.Sprintf("%d %s", answer.Code, strings.TrimSpace(answer.Body.String()))
}

func (p *postbox) record() *v1alpha1.DeliveryRecord {
	p.t.Helper()
	record := &v1alpha1.DeliveryRecord{}
	if err := p.live.Get(p.t.Context(), types.NamespacedName{Namespace: "shop", Name: "orders-no-delete-published-mail-0"}, record); err != nil {
		p.t.Fatal(err)
	}
	return record
}

// A mail that came back is no evidence any more; what came of the others is, and what the customer answered by another
// way stays.
func TestBounceTakesTheEvidenceBack(t *testing.T) {
	p := newPostbox(t, func(_ *postbox, record *v1alpha1.DeliveryRecord) {
		record.Status.Deliveries[1].Answer, record.Status.Deliveries[1].AnswerTime = v1alpha1.AnswerUnderstood, timeAt(noon)
	})
	before := p.record()
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); got != "200 taken: the message counts as delivered no more" {
		t.Fatal(got)
	}
	want := before.Status.DeepCopy()
	want.Deliveries[1].State, want.Deliveries[1].Reason, want.Deliveries[1].DeliveredTime = v1alpha1.DeliveryFailed, "Bounced", nil
	want.Delivered = ptr.To[int32](1)
	after := p.record()
	if diff := cmp.Diff(*want, after.Status); diff != "" {
		t.Error(diff)
	}

	// Once more, by the key of before.
	if got := p.post("/bounces/shop/mail", earlierKey, notification(t, bouncedID)); got != "200 nothing changes: the message does not count as delivered" {
		t.Error(got)
	}
	if again := p.record(); again.ResourceVersion != after.ResourceVersion {
		t.Error("the record was written again")
	}
}

// Only what counts as delivered can count so no more, and what is still to be written is waited for.
func TestBounceInEachState(t *testing.T) {
	for state, want := range map[v1alpha1.DeliveryState]string{
		v1alpha1.DeliveryPlanned: "503 the message is still under way; try again",
		v1alpha1.DeliverySending: "503 the message is still under way; try again",
		v1alpha1.DeliveryWaiting: "503 the message is still under way; try again",
		v1alpha1.DeliveryFailed:  "200 nothing changes: the message does not count as delivered",
	} {
		p := newPostbox(t, func(_ *postbox, record *v1alpha1.DeliveryRecord) {
			e := &record.Status.Deliveries[1]
			e.State, e.Reason, e.DeliveredTime = state, "Timeout", nil
		})
		before := p.record()
		if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); got != want {
			t.Errorf("%s: %s", state, got)
		}
		if diff := cmp.Diff(before, p.record()); diff != "" {
			t.Errorf("%s: %s", state, diff)
		}
	}
}

func TestBounceRefused(t *testing.T) {
	const notSigned = "401 the signature does not hold: see that the namespace, the channel, its key and the clock are right"
	whole := notification(t, bouncedID)
	stranger := strings.Repeat("f", 32)
	filled := whole + strings.Repeat("x", 256<<10-len(whole))
	for name, tc := range map[string]struct {
		path, key, mail string
		want            string
	}{
		"by another key":                {"/bounces/shop/mail", strangerKey, whole, notSigned},
		"to a channel that is none":     {"/bounces/shop/none", bounceKey, whole, notSigned},
		"in a namespace that is none":   {"/bounces/nowhere/mail", bounceKey, whole, notSigned},
		"to a channel that takes none":  {"/bounces/shop/deaf", bounceKey, whole, notSigned},
		"to a channel without its keys": {"/bounces/shop/keyless", bounceKey, whole, notSigned},
		"to another channel":            {"/bounces/shop/other-mail", bounceKey, whole, "422 no message of this channel has that Message-ID, or its notice was deleted"},
		"of a message that is none":     {"/bounces/shop/mail", bounceKey, notification(t, stranger), "422 no message of this channel has that Message-ID, or its notice was deleted"},
		"no notification":               {"/bounces/shop/mail", bounceKey, "Subject: I am on holiday\n\nuntil Monday\n", "422 the mail is no delivery status notification (RFC 3464)"},
		"nothing":                       {"/bounces/shop/mail", bounceKey, "", "422 it cannot be read as a mail"},
		"late, and no more":             {"/bounces/shop/mail", bounceKey, strings.Replace(whole, "Action: failed", "Action: delayed", 1), "200 nothing changes: the mail did not fail for good"},
		"as large as it may be":         {"/bounces/shop/mail", bounceKey, filled[:256<<10-1] + "\n", "200 taken: the message counts as delivered no more"},
		"one byte too large":            {"/bounces/shop/mail", bounceKey, filled + "\n", "413 the notification is larger than 256 KiB"},
		"elsewhere":                     {"/bounces/shop", bounceKey, whole, "404 404 page not found"},
		"further down":                  {"/bounces/shop/mail/", bounceKey, whole, "404 404 page not found"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPostbox(t)
			before := p.record()
			if got := p.post(tc.path, tc.key, tc.mail); got != tc.want {
				t.Error(got)
			}
			if taken := p.record().ResourceVersion != before.ResourceVersion; taken != strings.HasPrefix(tc.want, "200 taken") {
				t.Errorf("the record was written: %t", taken)
			}
		})
	}
}

// GET and all else change nothing, and neither does what was signed too long ago, or not at all.
func TestBounceIsPostedAndSignedNow(t *testing.T) {
	p := newPostbox(t)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions, http.MethodDelete} {
		request := p.request("/bounces/shop/mail", bounceKey, notification(t, bouncedID))
		request.Method = method
		if got := p.send(request); !strings.HasPrefix(got, "405") {
			t.Errorf("%s: %s", method, got)
		}
	}
	old := p.request("/bounces/shop/mail", bounceKey, notification(t, bouncedID))
	p.clock.SetTime(noon.Add(webhook.Tolerance + time.Second))
	if got := p.send(old); !strings.HasPrefix(got, "401") {
		t.Errorf("signed before: %s", got)
	}
	unsigned := httptest.NewRequest(http.MethodPost, "/bounces/shop/mail", strings.NewReader(notification(t, bouncedID)))
	if got := p.send(unsigned); !strings.HasPrefix(got, "401") {
		t.Errorf("unsigned: %s", got)
	}
	if p.secrets > 0 {
		t.Error("a Secret was read for what nobody can have signed")
	}
	p.clock.SetTime(noon.Add(webhook.Tolerance))
	if got := p.send(p.request("/bounces/shop/mail", bounceKey, notification(t, bouncedID))); !strings.HasPrefix(got, "200 taken") {
		t.Error(got)
	}
}

// However often somebody knocks, the Secret is read once in ten seconds; and a new key holds soon.
func TestBounceKeysAreBelievedForAShortTime(t *testing.T) {
	p := newPostbox(t)
	knock := func(after time.Duration, key string) string {
		p.clock.SetTime(noon.Add(after))
		return p.post("/bounces/shop/mail", key, "")[:3]
	}
	for range 100 {
		if got := knock(0, strangerKey); got != "401" {
			t.Fatal(got)
		}
	}
	if got := p.post("/bounces/shop/none", strangerKey, ""); !strings.HasPrefix(got, "401") {
		t.Error(got)
	}
	if p.secrets != 1 || len(p.keys.held) != 1 {
		t.Errorf("the Secret was read %d times, and %d are kept", p.secrets, len(p.keys.held))
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "bounces"}}
	secret.Data = map[string][]byte{"current": []byte(strangerKey)}
	if err := p.client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if old, other := knock(keysFor-time.Second, earlierKey), knock(keysFor-time.Second, strangerKey); old != "422" || other != "401" {
		t.Errorf("a second before: %s, %s", old, other)
	}
	if old, other := knock(keysFor, earlierKey), knock(keysFor, strangerKey); old != "401" || other != "422" {
		t.Errorf("then: %s, %s", old, other)
	}
}

// What nobody could look at is not lost: the mail server keeps it.
func TestBounceIsKeptByTheMailServer(t *testing.T) {
	broken := errors.New("jane.doe@customer.example is not to be told of")
	for name, funcs := range map[string]interceptor.Funcs{
		"the cache has not been read": {List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return broken }},
		"the keys cannot be read": {Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*corev1.Secret); ok {
				return broken
			}
			return c.Get(ctx, key, o, opts...)
		}},
		"it cannot be written": {SubResourceUpdate: func(context.Context, client.Client, string, client.Object, ...client.SubResourceUpdateOption) error {
			return broken
		}},
		"somebody else writes without end": {SubResourceUpdate: func(context.Context, client.Client, string, client.Object, ...client.SubResourceUpdateOption) error {
			return apierrors.NewConflict(schema.GroupResource{}, "", broken)
		}},
	} {
		p := newPostbox(t, func(p *postbox, _ *v1alpha1.DeliveryRecord) { p.funcs = funcs })
		if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); got != "503 it cannot be looked at now; try again" {
			t.Errorf("%s: %s", name, got)
		}
	}

	p := newPostbox(t)
	for range bouncesAtOnce {
		p.places <- struct{}{}
	}
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); got != "503 too many mails come back at once; try again" {
		t.Error(got)
	}
	<-p.places
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); !strings.HasPrefix(got, "200 taken") || len(p.places) != bouncesAtOnce-1 {
		t.Errorf("%s, and %d places are taken", got, len(p.places))
	}
}

// Whoever writes the record at the same time loses nothing, whichever comes first.
func TestBounceWhileSomebodyWrites(t *testing.T) {
	answered := false
	p := newPostbox(t, func(p *postbox, _ *v1alpha1.DeliveryRecord) {
		p.funcs.SubResourceUpdate = func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			if !answered {
				answered = true
				other := &v1alpha1.DeliveryRecord{}
				if err := c.Get(ctx, client.ObjectKeyFromObject(o), other); err != nil {
					return err
				}
				other.Status.Deliveries[0].State, other.Status.Deliveries[0].DeliveredTime = v1alpha1.DeliverySending, nil
				if err := c.SubResource(sub).Update(ctx, other); err != nil {
					return err
				}
			}
			return c.SubResource(sub).Update(ctx, o, opts...)
		}
	})
	if got := p.post("/bounces/shop/mail", bounceKey, notification(t, bouncedID)); !strings.HasPrefix(got, "200 taken") {
		t.Fatal(got)
	}
	after := p.record()
	if after.Status.Deliveries[0].State != v1alpha1.DeliverySending || !cameBack(&after.Status.Deliveries[1]) || *after.Status.Delivered != 0 {
		t.Errorf("%+v", after.Status)
	}

	// A manager that led before has a receipt for an attempt of its own, and writes it last.
	before := after.DeepCopy()
	for i := range before.Status.Deliveries {
		before.Status.Deliveries[i].State, before.Status.Deliveries[i].Reason = v1alpha1.DeliveryWaiting, ""
	}
	stale := before.DeepCopy()
	stale.ResourceVersion = "1"
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	own := shared{client: p.client, live: p.live, metrics: m}
	written := newLastWritten(clocktesting.NewFakePassiveClock(noon))
	d := &round{DeliveryReconciler: &DeliveryReconciler{shared: own, written: written}, notice: announced(), now: noon}
	sent := &batch{record: stale, entries: []int{0, 1}, channel: &openChannel{courier: &courier{channelType: channelMail}}}
	receipt := outcome{begun: true, receipt: timeAt(noon)}
	if err := d.keep(t.Context(), sent, before, []outcome{receipt, receipt}); err != nil {
		t.Fatal(err)
	}
	after = p.record()
	if after.Status.Deliveries[0].State != v1alpha1.DeliveryDelivered || !cameBack(&after.Status.Deliveries[1]) || after.Status.Deliveries[1].Reason != delivery.ReasonBounced {
		t.Errorf("%+v", after.Status)
	}
}
