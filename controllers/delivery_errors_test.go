package controllers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/snapshot"
)

// Whatever cannot be done next, evidence that was taken back and customers who need more time reach the notice.
func TestWhatTheRecordsProveIsWrittenWhateverFails(t *testing.T) {
	broken := errors.New("exceeded quota")
	withdrawn := func(n *v1alpha1.ChangeNotice) { n.Spec.State = v1alpha1.NoticeWithdrawn }
	stamps := 0
	for name, c := range map[string]struct {
		change    func(*v1alpha1.ChangeNotice)
		stage     v1alpha1.NoticeStage // of a second record
		fails     func(verb, name string) bool
		unstamped bool
	}{
		"no record can be created": {change: withdrawn, fails: func(verb, _ string) bool { return verb == "create" }},
		"a channel cannot be read": {fails: func(verb, name string) bool { return verb == "get" && name == "mail" }},
		"what was overtaken cannot end": {
			change: withdrawn, stage: v1alpha1.NoticeStage(delivery.Withdrawn),
			fails: func(verb, name string) bool { return verb == "update" && name == "published" },
		},
		"how many they are is not stamped": {unstamped: true, fails: func(verb, name string) bool {
			if verb == "update" && name == "orders-no-delete" {
				stamps++
			}
			return stamps == 1
		}},
	} {
		t.Run(name, func(t *testing.T) {
			n := announced()
			n.Status.Clock = v1alpha1.NoticeClock{StartsAt: v1alpha1.StartsAtDelivered, CoveragePercent: 66}
			n.Status.Delivery = v1alpha1.NoticeDelivery{Affected: ptr.To[int32](3), Delivered: ptr.To[int32](2), CoveredTime: timeAt(noon)}
			if c.unstamped {
				n.Status.Delivery = v1alpha1.NoticeDelivery{}
			}
			if c.change != nil {
				c.change(n)
			}
			n.Status.PublishedDigest = notice.Digest(&n.Spec)
			// c-1 came back, c-2 objects, and c-3 is still to be told.
			published := recordFor("published", "Published", "c-1", "c-2", "c-3")
			published.Spec.Channel, published.Spec.EffectiveTime = "mail", n.Spec.EffectiveTime
			e := published.Status.Deliveries
			e[0].State, e[0].Reason = v1alpha1.DeliveryFailed, delivery.ReasonBounced
			e[1] = answered(e[1], v1alpha1.AnswerNeedsTime, timeAt(noon.AddDate(1, 0, 0)))
			e[1].State, e[1].DeliveredTime = v1alpha1.DeliveryDelivered, timeAt(noon)
			e[2].State = v1alpha1.DeliveryPlanned
			objects := []client.Object{n, published}
			var records v1alpha1.DeliveryRecordList
			if c.stage != "" {
				second := recordFor("second", c.stage, "c-1", "c-2", "c-3")
				second.Spec.Channel, second.Spec.EffectiveTime = "mail", n.Spec.EffectiveTime
				objects = append(objects, second)
			}
			fails := func(verb, name string) error {
				if c.fails(verb, name) {
					return broken
				}
				return nil
			}
			d := roundOver(t, fails, objects...)
			if err := d.client.List(t.Context(), &records); err != nil {
				t.Fatal(err)
			}
			d.Records = records.Items
			if err := d.run(t.Context()); !errors.Is(err, broken) {
				t.Fatalf("it ended with %v", err)
			}
			after := &v1alpha1.ChangeNotice{}
			if err := d.client.Get(t.Context(), keyOf(n), after); err != nil {
				t.Fatal(err)
			}
			if c.unstamped {
				if after.Status.Delivery.Affected != nil || len(after.Status.Conditions) == 0 {
					t.Errorf("%+v", after.Status)
				}
				return
			}
			want := v1alpha1.NoticeDelivery{Affected: ptr.To[int32](3), Delivered: ptr.To[int32](1), Failed: ptr.To[int32](1), Unreachable: ptr.To[int32](0)}
			if diff := cmp.Diff(want, after.Status.Delivery); diff != "" {
				t.Error(diff)
			}
			if ptr.Deref(after.Status.Answers.NeedsTime, 0) != 1 {
				t.Errorf("%+v", after.Status.Answers)
			}
		})
	}
}

// While the first record cannot be created, nobody says that customers have no contact.
func TestAPublicationThatIsStillToBePlanned(t *testing.T) {
	n := announced()
	n.Status.Delivery = v1alpha1.NoticeDelivery{Affected: ptr.To[int32](2), CustomersDigest: "abc"}
	d := &round{DeliveryReconciler: &DeliveryReconciler{}, notice: n, now: noon, stages: []v1alpha1.NoticeStage{"Published"}}
	d.setStatus()
	if c := n.Status.Conditions[0]; c.Reason != v1alpha1.ReasonDelivering || c.Message != "who is to be told is being written down" {
		t.Errorf("%s: %s", c.Reason, c.Message)
	}
}

// roundOver is a look at the first of the objects, whose customers are c-1 to c-3. What the API server is asked may fail.
func roundOver(t *testing.T, fails func(verb, name string) error, objects ...client.Object) *round {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	funcs := interceptor.Funcs{
		Create: func(ctx context.Context, w client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := fails("create", o.GetName()); err != nil {
				return err
			}
			return w.Create(ctx, o, opts...)
		},
		Get: func(ctx context.Context, w client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if err := fails("get", key.Name); err != nil {
				return err
			}
			return w.Get(ctx, key, o, opts...)
		},
		SubResourceUpdate: func(ctx context.Context, w client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			if err := fails("update", o.GetName()); err != nil {
				return err
			}
			return w.SubResource(sub).Update(ctx, o, opts...)
		},
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(funcs).
		WithStatusSubresource(&v1alpha1.ChangeNotice{}, &v1alpha1.DeliveryRecord{}).Build()
	n := &v1alpha1.ChangeNotice{}
	if err := c.Get(t.Context(), keyOf(objects[0]), n); err != nil {
		t.Fatal(err)
	}
	r := &DeliveryReconciler{
		shared: shared{client: c, live: c, snapshot: snapshot.New(c, c), metrics: m, clock: fixedClock(noon), events: events.NewFakeRecorder(10)},
		pauses: newPauses(), written: newLastWritten(clocktesting.NewFakePassiveClock(noon)),
	}
	return &round{
		DeliveryReconciler: r, notice: n, before: n.DeepCopy(), now: noon.Add(time.Hour), channels: map[v1alpha1.ObjectName]*openChannel{},
		customers: &snapshot.Customers{All: []audience.Customer{{ID: "c-1"}, {ID: "c-2"}, {ID: "c-3"}}},
	}
}
