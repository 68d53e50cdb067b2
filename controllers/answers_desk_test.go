package controllers

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/internal/answer/door"
	"forewarn.dev/forewarn/internal/feed"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
)

// announced is a notice that was published.
func announced() *v1alpha1.ChangeNotice {
	n := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-no-delete", UID: "uid-1"}}
	n.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, Title: "From 1 July 2027 orders can no longer be deleted",
		EffectiveTime: timeAt(time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)),
		Covers:        []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}"}},
	}
	n.Status.PublishedTime, n.Status.EffectiveTime = timeAt(noon), n.Spec.EffectiveTime
	n.Status.PublishedDigest = notice.Digest(&n.Spec)
	return n
}

// recordFor is a record of a notice.
func recordFor(name string, stage v1alpha1.NoticeStage, customers ...v1alpha1.CustomerID) *v1alpha1.DeliveryRecord {
	r := &v1alpha1.DeliveryRecord{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	r.Spec.NoticeRef, r.Spec.Stage = v1alpha1.NoticeRef{Name: "orders-no-delete", UID: "uid-1"}, stage
	for _, id := range customers {
		r.Status.Deliveries = append(r.Status.Deliveries, v1alpha1.Delivery{
			Customer: id, ID: strings.Repeat("0", 32), State: v1alpha1.DeliverySending, PlannedTime: timeAt(noon), Attempts: ptr.To[int32](1),
		})
	}
	return r
}

type fixedClock time.Time

func (c fixedClock) Now(context.Context) (time.Time, error) { return time.Time(c), nil }

// fieldIndexer lets the indexes of a Snapshot be used by a client without a server.
type fieldIndexer struct{ *fake.ClientBuilder }

func (b fieldIndexer) IndexField(_ context.Context, object client.Object, field string, value client.IndexerFunc) error {
	b.WithIndex(object, field, value)
	return nil
}

// newTestDesk has a cluster of its own.
func newTestDesk(t *testing.T, functions interceptor.Funcs, objects ...client.Object) *desk {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}})
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.DeliveryRecord{}).WithInterceptorFuncs(functions)
	if err := snapshot.AddIndexes(t.Context(), fieldIndexer{b}); err != nil {
		t.Fatal(err)
	}
	c := b.Build()
	return newDesk(shared{client: c, live: c, snapshot: snapshot.New(c, c), clock: fixedClock(noon)}, logr.Discard())
}

var (
	ticketOf = func(customer string) answer.Ticket {
		return answer.Ticket{Namespace: "shop", Name: "orders-no-delete", UID: "uid-1", Customer: customer}
	}
	understands = answer.Answer{Kind: v1alpha1.AnswerUnderstood}
	needsTime   = answer.Answer{Kind: v1alpha1.AnswerNeedsTime, NeededUntil: time.Date(2027, 8, 2, 0, 0, 0, 0, time.UTC)}
)

func (d *desk) entry(t *testing.T, record, customer string) v1alpha1.Delivery {
	t.Helper()
	r := &v1alpha1.DeliveryRecord{}
	if err := d.client.Get(t.Context(), types.NamespacedName{Namespace: "shop", Name: record}, r); err != nil {
		t.Fatal(err)
	}
	return *entryFor(r, ticketOf(customer))
}

// An answer stands with the first record of the publication that holds the customer, and nowhere else.
func TestAnAnswerHasOnePlace(t *testing.T) {
	records := []client.Object{
		announced(), recordFor("a-reminder", "Reminder-7", "c-1"), recordFor("b-hook", "Published", "c-2"),
		recordFor("c-mail", "Published", "c-1", "c-2"), recordFor("d-post", "Published", "c-1"),
	}
	foreign := recordFor("a-foreign", "Published", "c-1")
	foreign.Spec.NoticeRef.UID = "uid-0"
	d := newTestDesk(t, interceptor.Funcs{}, append(records, foreign)...)
	if err := d.keep(t.Context(), ticketOf("c-1"), needsTime, noon.Add(1)); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"a-reminder", "c-mail", "d-post", "a-foreign"} {
		if got := d.entry(t, place, "c-1").Answer; (got != "") != (place == "c-mail") {
			t.Errorf("in %s the answer is %q", place, got)
		}
	}
	if got := d.entry(t, "c-mail", "c-2").Answer + d.entry(t, "b-hook", "c-2").Answer; got != "" {
		t.Errorf("another customer answers %q", got)
	}
	e := d.entry(t, "c-mail", "c-1")
	if !e.AnswerTime.Equal(timeAt(noon.Add(time.Second))) || !e.NeededUntil.Equal(timeAt(needsTime.NeededUntil)) || e.State != v1alpha1.DeliverySending {
		t.Errorf("it is %+v", e)
	}
	found, err := d.find(t.Context(), ticketOf("c-1"))
	want := door.Found{Given: answer.Given{Answer: needsTime, Time: noon.Add(time.Second)}, API: found.API}
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if err := d.keep(t.Context(), ticketOf("c-1"), answer.Answer{}, noon); err != nil {
		t.Fatal(err)
	}
	if e := d.entry(t, "c-mail", "c-1"); e.Answer != "" || e.AnswerTime != nil || e.NeededUntil != nil {
		t.Errorf("after it was taken back it is %+v", e)
	}
}

func TestWhoIsUnknown(t *testing.T) {
	edited := announced()
	edited.Spec.Title = "Nothing changes"
	draft := announced()
	draft.Status = v1alpha1.ChangeNoticeStatus{}
	record := recordFor("c-mail", "Published", "c-1")
	for name, tc := range map[string]struct {
		ticket  answer.Ticket
		objects []client.Object
	}{
		"no notice":                        {ticketOf("c-1"), []client.Object{record}},
		"another notice of the name":       {answer.Ticket{Namespace: "shop", Name: "orders-no-delete", UID: "uid-2", Customer: "c-1"}, []client.Object{announced(), record}},
		"another namespace":                {answer.Ticket{Namespace: "shop-2", Name: "orders-no-delete", UID: "uid-1", Customer: "c-1"}, []client.Object{announced(), record}},
		"a customer who was not told":      {ticketOf("c-2"), []client.Object{announced(), record}},
		"a customer who was only reminded": {ticketOf("c-1"), []client.Object{announced(), recordFor("a", "Reminder-7", "c-1")}},
	} {
		d := newTestDesk(t, interceptor.Funcs{}, tc.objects...)
		if _, err := d.find(t.Context(), tc.ticket); !errors.Is(err, door.ErrUnknown) {
			t.Errorf("%s: found, %v", name, err)
		}
		if err := d.keep(t.Context(), tc.ticket, understands, noon); !errors.Is(err, door.ErrUnknown) {
			t.Errorf("%s: kept, %v", name, err)
		}
	}
	for name, n := range map[string]*v1alpha1.ChangeNotice{"not what was published": edited, "a draft": draft} {
		if _, err := newTestDesk(t, interceptor.Funcs{}, n, record).find(t.Context(), ticketOf("c-1")); !errors.Is(err, door.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsOver(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.ChangeNotice)
		want   feed.State
		over   bool
	}{
		"coming":     {func(*v1alpha1.ChangeNotice) {}, feed.Upcoming, false},
		"in force":   {func(n *v1alpha1.ChangeNotice) { n.Status.EffectiveTime = timeAt(noon) }, feed.InForce, false},
		"withdrawn":  {func(n *v1alpha1.ChangeNotice) { n.Status.WithdrawnTime = timeAt(noon) }, feed.Withdrawn, true},
		"superseded": {func(n *v1alpha1.ChangeNotice) { n.Status.SupersededTime = timeAt(noon) }, feed.Superseded, true},
		"lapsed": {func(n *v1alpha1.ChangeNotice) {
			n.Status.EffectiveTime, n.Status.LapsedTime = timeAt(noon.Add(-time.Hour)), timeAt(noon)
		}, feed.InForce, true},
	} {
		n := announced()
		tc.change(n)
		found, err := newTestDesk(t, interceptor.Funcs{}, n, recordFor("c-mail", "Published", "c-1")).find(t.Context(), ticketOf("c-1"))
		if err != nil || found.Over != tc.over || found.API.Notices[0].State != tc.want {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
}

// Whoever sends writes the same record. Neither loses what the other wrote, whoever comes first.
func TestAnAnswerAndASenderMeet(t *testing.T) {
	taken := fromSecond(noon.Add(time.Minute))
	once := true
	d := newTestDesk(t, interceptor.Funcs{
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, object client.Object, options ...client.SubResourceUpdateOption) error {
			if once { // the sender is done between our read and our write
				once = false
				other := &v1alpha1.DeliveryRecord{}
				if err := c.Get(ctx, keyOf(object), other); err != nil {
					return err
				}
				other.Status.Deliveries[0].State, other.Status.Deliveries[0].DeliveredTime = v1alpha1.DeliveryDelivered, taken
				summarise(other)
				if err := c.SubResource(sub).Update(ctx, other); err != nil {
					return err
				}
			}
			return c.SubResource(sub).Update(ctx, object, options...)
		},
	}, announced(), recordFor("c-mail", "Published", "c-1"))
	if err := d.keep(t.Context(), ticketOf("c-1"), understands, noon); err != nil {
		t.Fatal(err)
	}
	e := d.entry(t, "c-mail", "c-1")
	if once || e.State != v1alpha1.DeliveryDelivered || !e.DeliveredTime.Equal(taken) || e.Answer != v1alpha1.AnswerUnderstood || !e.AnswerTime.Equal(timeAt(noon)) {
		t.Errorf("it is %+v", e)
	}
}

// The other way round: the answer comes while a message is under way.
func TestASenderAndAnAnswerMeet(t *testing.T) {
	d := newTestDesk(t, interceptor.Funcs{}, announced(), recordFor("c-mail", "Published", "c-1", "c-2"))
	sending := &v1alpha1.DeliveryRecord{}
	key := types.NamespacedName{Namespace: "shop", Name: "c-mail"}
	if err := d.client.Get(t.Context(), key, sending); err != nil {
		t.Fatal(err)
	}
	if err := d.keep(t.Context(), ticketOf("c-1"), understands, noon); err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	d.metrics = m
	written := newLastWritten(clocktesting.NewFakePassiveClock(noon))
	r := &round{DeliveryReconciler: &DeliveryReconciler{shared: d.shared, written: written}, notice: announced(), now: noon}
	b := &batch{record: sending.DeepCopy(), entries: []int{0, 1}, channel: &openChannel{courier: &courier{channelType: channelMail}}}
	if err := r.keep(t.Context(), b, sending, []outcome{{begun: true, receipt: timeAt(noon)}, {}}); err != nil {
		t.Fatal(err)
	}
	if e := d.entry(t, "c-mail", "c-1"); e.State != v1alpha1.DeliveryDelivered || e.Answer != v1alpha1.AnswerUnderstood {
		t.Errorf("it is %+v", e)
	}
}

// Somebody who always comes first ends in an error, and not in a loop.
func TestAnAnswerIsNotTriedForEver(t *testing.T) {
	writes := 0
	d := newTestDesk(t, interceptor.Funcs{
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, object client.Object, options ...client.SubResourceUpdateOption) error {
			writes++
			object.SetResourceVersion("1")
			return c.SubResource(sub).Update(ctx, object, options...)
		},
	}, announced(), recordFor("c-mail", "Published", "c-1"))
	if err := d.keep(t.Context(), ticketOf("c-1"), understands, noon); err == nil || writes != answerRetries.Steps {
		t.Errorf("after %d writes: %v", writes, err)
	}
}

// A clock may run from the moment of an answer: one that is repeated does not move it.
func TestPut(t *testing.T) {
	second := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	later := needsTime
	later.NeededUntil = later.NeededUntil.AddDate(0, 0, 1)
	for name, tc := range map[string]struct {
		before answer.Answer
		given  answer.Answer
		// settled is the second in which an update answered the objections; the one before came in second 10, this one in 20.
		settled int
		changed bool
	}{
		"the first":                               {answer.Answer{}, understands, 0, true},
		"none, taken back":                        {answer.Answer{}, answer.Answer{}, 0, false},
		"understood again":                        {understands, understands, 0, false},
		"understood again, after an update":       {understands, understands, 15, false},
		"taken back":                              {understands, answer.Answer{}, 0, true},
		"an objection after all":                  {understands, needsTime, 0, true},
		"no objection any more":                   {needsTime, understands, 0, true},
		"the same objection":                      {needsTime, needsTime, 0, false},
		"the same, the second before an update":   {needsTime, needsTime, 9, false},
		"the same, in the second of an update":    {needsTime, needsTime, 10, true},
		"the same, after an update":               {needsTime, needsTime, 15, true},
		"an objection until a day later":          {needsTime, later, 0, true},
		"an objection until a day earlier":        {later, needsTime, 0, true},
		"an objection, taken back after a update": {needsTime, answer.Answer{}, 15, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := &v1alpha1.Delivery{}
			put(e, tc.before, time.Time{}, second(10))
			if changed := put(e, tc.given, second(tc.settled), second(20)); changed != tc.changed {
				t.Errorf("changed: %t", changed)
			}
			want := answer.Given{Answer: tc.given}
			if tc.given.Kind != "" {
				want.Time = second(10)
			}
			if tc.given.Kind != "" && tc.changed {
				want.Time = second(20)
			}
			if diff := cmp.Diff(want, givenBy(e)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where a part of the publication is planned later, another record may come first: what a customer said stays in one place.
func TestAnAnswerStaysWhereItStands(t *testing.T) {
	answered := recordFor("c-mail", "Published", "c-1")
	answered.Status.Deliveries[0].Answer, answered.Status.Deliveries[0].AnswerTime = v1alpha1.AnswerUnderstood, timeAt(noon)
	d := newTestDesk(t, interceptor.Funcs{}, announced(), answered, recordFor("a-hook", "Published", "c-1"))
	if err := d.keep(t.Context(), ticketOf("c-1"), answer.Answer{}, noon); err != nil {
		t.Fatal(err)
	}
	for _, record := range []string{"a-hook", "c-mail"} {
		if e := d.entry(t, record, "c-1"); e.Answer != "" {
			t.Errorf("%s: what was taken back stands: %+v", record, e)
		}
	}
}

// The port has the page and nothing else, and nothing of the cluster is read for a token that is none.
func TestAnswersPaths(t *testing.T) {
	reads := 0
	d := newTestDesk(t, interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
		reads++
		return c.Get(ctx, key, o, options...)
	}}, announced(), recordFor("c-mail", "Published", "c-1"))
	a := &Answers{base: "https://answers.acme.example/", keys: &keyFiles{
		dir: keyDir(t, map[string]string{"current": keyA}), own: clocktesting.NewFakeClock(noon), log: logr.Discard(),
	}}
	handler := answersPaths(d, a)
	record := recordFor("c-mail", "Published", "c-1")
	path := strings.TrimPrefix(a.link(announced(), record, "c-1"), "https://answers.acme.example")
	for _, tc := range []struct {
		path  string
		want  int
		reads bool
	}{{"/", 404, false}, {"/a/", 404, false}, {path + "A", 404, false}, {"/metrics", 404, false}, {"/debug/pprof/", 404, false}, {path, 200, true}} {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, tc.path, nil))
		if response.Code != tc.want || (reads > 0) != tc.reads || response.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d after %d reads", tc.path, response.Code, reads)
		}
	}
}
