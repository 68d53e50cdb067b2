package snapshot

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// misfitting is an object of which nothing but the metadata is known.
func misfitting[T client.Object](object T, name string) T {
	object.SetName(name)
	if _, ok := client.Object(object).(*v1alpha1.NoticePolicy); !ok {
		object.SetNamespace("shop")
	}
	v1alpha1.MarkUnreadable(object, "spec.title holds a value of type number, which does not fit")
	return object
}

func TestReadableLeavesOut(t *testing.T) {
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "orders", Generation: 1}
	reader := Readable(FromManifests([]client.Object{
		&v1alpha1.CustomerAPI{ObjectMeta: meta}, misfitting(&v1alpha1.CustomerAPI{}, "misfit"),
		misfitting(&v1alpha1.NoticePolicy{}, "misfit"), misfitting(&v1alpha1.APIRevision{}, "misfit"),
		misfitting(&v1alpha1.ChangeNotice{}, "misfit"), misfitting(&v1alpha1.Waiver{}, "misfit"),
		misfitting(&v1alpha1.DeprecationSchedule{}, "misfit"), misfitting(&v1alpha1.DowntimeBudget{}, "misfit"),
	}))
	var (
		apis      v1alpha1.CustomerAPIList
		policies  v1alpha1.NoticePolicyList
		revisions v1alpha1.APIRevisionList
		notices   v1alpha1.ChangeNoticeList
		waivers   v1alpha1.WaiverList
		schedules v1alpha1.DeprecationScheduleList
		budgets   v1alpha1.DowntimeBudgetList
	)
	for _, list := range []client.ObjectList{&apis, &policies, &revisions, &notices, &waivers, &schedules, &budgets} {
		if err := reader.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if len(apis.Items) != 1 || apis.Items[0].Name != "orders" {
		t.Errorf("listed %v", apis.Items)
	}
	if left := len(policies.Items) + len(revisions.Items) + len(notices.Items) + len(waivers.Items) +
		len(schedules.Items) + len(budgets.Items); left != 0 {
		t.Errorf("%d that cannot be read are listed", left)
	}
	if err := reader.Get(t.Context(), client.ObjectKeyFromObject(&apis.Items[0]), &v1alpha1.CustomerAPI{}); err != nil {
		t.Error(err)
	}
	err := reader.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "misfit"}, &v1alpha1.CustomerAPI{})
	if !IsUnreadable(err) || client.IgnoreNotFound(err) == nil {
		t.Errorf("got %v", err)
	}
}

// Without a policy or an API that cannot be read gates would be open to more; without anything else to less.
func TestGatesOfWhatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		object client.Object
		closed bool
	}{
		"a policy":   {misfitting(&v1alpha1.NoticePolicy{}, "misfit"), true},
		"an API":     {misfitting(&v1alpha1.CustomerAPI{}, "misfit"), true},
		"a revision": {misfitting(&v1alpha1.APIRevision{}, "misfit"), false},
		"a notice":   {misfitting(&v1alpha1.ChangeNotice{}, "misfit"), false},
		"a waiver":   {misfitting(&v1alpha1.Waiver{}, "misfit"), false},
		"a schedule": {misfitting(&v1alpha1.DeprecationSchedule{}, "misfit"), false},
		"a budget":   {misfitting(&v1alpha1.DowntimeBudget{}, "misfit"), false},
		"an API of another namespace": {func() client.Object {
			api := misfitting(&v1alpha1.CustomerAPI{}, "misfit")
			api.Namespace = "elsewhere"
			return api
		}(), false},
	} {
		t.Run(name, func(t *testing.T) {
			reader := FromManifests([]client.Object{
				&v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}}, c.object,
			})
			input, _, err := New(reader, reader).Namespace(t.Context(), time.Time{}, "shop")
			if IsUnreadable(err) != c.closed || err != nil && !c.closed {
				t.Fatalf("got %v", err)
			}
			if !c.closed && (len(input.APIs) != 1 || len(input.Revisions) != 0) {
				t.Errorf("the gates hold %+v", input)
			}
		})
	}
}

func TestPolicyThatCannotBeReadMaySelectAnything(t *testing.T) {
	reader := FromManifests([]client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
		policyFor("elsewhere", labelled(map[string]string{"env": "production"}), nil), misfitting(&v1alpha1.NoticePolicy{}, "misfit"),
	})
	api := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders"}}
	s := New(reader, reader)
	policies, err := s.Policies(t.Context(), api)
	if err != nil || len(policies) != 1 || policies[0].Name != "misfit" {
		t.Errorf("got %v, %v", policies, err)
	}
	if _, err := s.Promise(t.Context(), time.Time{}, api, Carriers{}); !IsUnreadable(err) {
		t.Errorf("what is promised was worked out: %v", err)
	}
}

// A notice that cannot be read covers nothing. What it superseded must not cover anything again because of that.
func TestNoticeThatCannotBeReadSupersedes(t *testing.T) {
	older := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "older"}}
	older.Spec.APIRef.Name = "orders"
	older.Status.SupersededBy = "misfit"
	for name, c := range map[string]struct {
		by   string
		want int
	}{"by the one that cannot be read": {"misfit", 2}, "by another": {"newer", 1}, "by none": {"", 1}} {
		t.Run(name, func(t *testing.T) {
			known := older.DeepCopy()
			known.Status.SupersededBy = v1alpha1.ObjectName(c.by)
			reader := FromManifests([]client.Object{known, misfitting(&v1alpha1.ChangeNotice{}, "misfit"), misfitting(&v1alpha1.ChangeNotice{}, "other")})
			notices, err := New(reader, reader).notices(t.Context(), "shop", "orders")
			if err != nil || len(notices) != c.want {
				t.Fatalf("got %v, %v", notices, err)
			}
			if c.want == 2 && (notices[1].Name != "misfit" || notices[1].Spec.Supersedes != "older" || notices[1].Spec.Covers != nil) {
				t.Errorf("got %+v", notices[1])
			}
		})
	}
}

func TestServingRevisionThatCannotBeRead(t *testing.T) {
	reader := FromManifests([]client.Object{misfitting(&v1alpha1.APIRevision{}, "orders-1")})
	_, exists, err := New(reader, reader).facts(t.Context(), time.Time{}, client.ObjectKey{Namespace: "shop", Name: "orders-1"})
	if exists || err != nil {
		t.Errorf("got %v, %v: it counts as not there, and what serves goes on", exists, err)
	}
}

// What was frozen with a notice of an end stands when its schedule cannot be read, as when it is gone: nobody knows then
// who uses it.
func TestScheduleOfANoticeThatCannotBeRead(t *testing.T) {
	reader := FromManifests([]client.Object{
		misfitting(&v1alpha1.DeprecationSchedule{}, "misfit"),
		&v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "fits"}},
	})
	for name, want := range map[string]bool{"misfit": false, "fits": true, "gone": false} {
		told := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "sunset"}}
		told.Status.PublishedTime = &metav1.Time{Time: time.Unix(1, 0)}
		told.Status.Removal.Schedule = v1alpha1.ObjectName(name)
		schedule, err := New(reader, reader).scheduleOf(t.Context(), told)
		if err != nil || (schedule != nil) != want {
			t.Errorf("%s: got %v, %v", name, schedule, err)
		}
	}
}
