//go:build unix

package admission

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

const (
	evidence = "forewarn-evidence"
	going    = "this notice is being deleted, and nothing new is told with it: make a new one under another name"
	onlyOurs = "only forewarn itself writes and deletes gates, the status of its kinds, kept contracts and delivery records"
	withdraw = "what customers were told is not deleted: to take a published notice back, set its state to Withdrawn"
)

func notice(name string, state v1alpha1.NoticeState) *v1alpha1.ChangeNotice {
	effective := metav1.NewTime(time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC))
	return &v1alpha1.ChangeNotice{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.ChangeNoticeSpec{
			APIRef: v1alpha1.APIRef{Name: "orders"}, State: state, EffectiveTime: &effective,
			Title: "Orders can no longer be deleted", Covers: []v1alpha1.CoveredChange{{Version: "v1"}},
		},
	}
}

func keptContract(name string) *v1alpha1.KeptContract {
	return &v1alpha1.KeptContract{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.KeptContractSpec{
			Format: v1alpha1.FormatOpenAPI, Digest: v1alpha1.Digest(strings.Repeat("a", 64)), Size: 1, Document: []byte("x"),
		},
	}
}

func deliveryRecord(name string) *v1alpha1.DeliveryRecord {
	return &v1alpha1.DeliveryRecord{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.DeliveryRecordSpec{
			NoticeRef: v1alpha1.NoticeRef{Name: "told", UID: "0c1f6f9e-5d0b-4b0e-9a58-0d8f3c7a1b02"},
			Channel:   "mail", Stage: "Published", Shard: new(int32),
		},
	}
}

func apiRevision(name string) *v1alpha1.APIRevision {
	return &v1alpha1.APIRevision{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.APIRevisionSpec{
			APIRef: v1alpha1.APIRef{Name: "orders"}, Contracts: []v1alpha1.Contract{{Version: "v1", Inline: "openapi: 3.0.0"}},
		},
	}
}

// publish stamps a notice as forewarn does.
func (s *space) publish(n *v1alpha1.ChangeNotice) {
	s.Helper()
	now := metav1.NewTime(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	n.Status.PublishedTime = &now
	s.must(s.manager.Status().Update(s.Context(), n))
}

// merge is a merge patch.
func merge(t testing.TB, change any) client.Patch {
	t.Helper()
	data, err := json.Marshal(change)
	if err != nil {
		t.Fatal(err)
	}
	return client.RawPatch(types.MergePatchType, data)
}

// Bypass 30: gates are written and deleted by forewarn, and by nobody else.
func TestBypass30Gates(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	for name, u := range map[string]*user{"tenant": s.tenant, "admin": s.admin} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			deny := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: gateName("deny")}}
			for _, forged := range []string{"forewarn-gate-deny-v2", "forewarn-gate-canary-v1"} {
				cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: forged}, Data: shop().data()}
				s.refused(u.Create(t.Context(), cm), evidence, onlyOurs)
			}
			generated := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, GenerateName: "forewarn-gate-"}}
			s.refused(u.Create(t.Context(), generated), evidence, onlyOurs)
			s.refused(u.Patch(t.Context(), deny, merge(t, map[string]any{"data": map[string]string{"admit": "\norders-2 \n"}})), evidence, onlyOurs)
			s.refused(u.Patch(t.Context(), deny, merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]string{"a": "b"}}})), evidence, onlyOurs)
			s.refused(u.Delete(t.Context(), deny), evidence, onlyOurs)
			s.refused(u.DeleteAllOf(t.Context(), deny, client.InNamespace(s.name)), evidence, onlyOurs)
			s.refused(u.Create(t.Context(), deployment(s.name, "still", "orders-2", "app", "orders")), rollouts, breaks)
		})
	}
	other := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "forewarn-is-not-a-gate"}}
	s.create(other)
	s.must(s.tenant.Delete(t.Context(), other))
	for _, enforcement := range []string{"deny", "warn", "audit"} {
		s.must(s.manager.Delete(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: gateName(enforcement)}}))
	}
}

// A12: a leader that was replaced does not overwrite its successor, and says so.
func TestA12GatesDoNotFallBack(t *testing.T) {
	t.Parallel()
	s := governed(t, shop())
	write := func(change map[string]any) error {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: gateName("warn")}}
		return s.manager.Patch(t.Context(), cm, merge(t, map[string]any{"data": change}))
	}
	for _, tc := range []struct{ epoch, was, want string }{
		{epoch: "1", was: "1"},
		{epoch: "2", was: "1"},
		{epoch: "1", was: "2", want: "the gate was written in epoch 2 and is not written in epoch 1 any more"},
		{epoch: "10", was: "2"},
		{epoch: "9", was: "10", want: "the gate was written in epoch 10 and is not written in epoch 9 any more"},
		{epoch: "010", was: "10", want: "the gate was written in epoch 10 and is not written in epoch 010 any more"},
		{epoch: "-11", was: "10", want: "the gate was written in epoch 10 and is not written in epoch -11 any more"},
		{epoch: "x", was: "10", want: "the gate was written in epoch 10 and is not written in epoch x any more"},
		{epoch: "", was: "10", want: "the gate was written in epoch 10 and is not written in epoch  any more"},
		{epoch: "99999999999999999999", was: "10"},
	} {
		s.judged(write(map[string]any{"epoch": tc.epoch}), evidence, tc.want)
	}
	s.refused(write(map[string]any{"epoch": nil}), evidence, "the gate was written in epoch 99999999999999999999 and is not written in epoch  any more")
	s.refused(write(map[string]any{"format": "2"}), evidence, `the format of this gate is "1", as its name says`)
	s.refused(write(map[string]any{"format": nil}), evidence, `the format of this gate is "1", as its name says`)
	empty := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.name, Name: "forewarn-gate-empty"}}
	s.refused(s.manager.Create(t.Context(), empty), evidence, `the format of this gate is "1", as its name says`)
}

// Bypass 30: a status is written by forewarn, and by nobody else.
func TestBypass30Status(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	objects := map[string]client.Object{
		"customerapis": customerAPI("orders"),
		"apirevisions": apiRevision("orders-1"),
		"audiences": &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Name: "customers"}, Spec: v1alpha1.AudienceSpec{
			Customers: []v1alpha1.Customer{{ID: "c-10423"}},
		}},
		"noticechannels": &v1alpha1.NoticeChannel{ObjectMeta: metav1.ObjectMeta{Name: "hook"}, Spec: v1alpha1.NoticeChannelSpec{
			Webhook: v1alpha1.WebhookChannel{KeysFrom: v1alpha1.SecretRef{Name: "keys"}},
		}},
		"changenotices":  notice("told", v1alpha1.NoticePublished),
		"waivers":        waiver("urgent", "manager"),
		"noticepolicies": &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: s.name}, Spec: v1alpha1.NoticePolicySpec{Owed: []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: new(int32)}}}},
	}
	for resource, object := range objects {
		t.Run(resource, func(t *testing.T) {
			s := s.with(t)
			if resource != "noticepolicies" {
				object.SetNamespace(s.name)
			}
			if w, ok := object.(*v1alpha1.Waiver); ok {
				w.Spec.RequestedBy = "admin"
				expires := metav1.NewTime(time.Now().Add(time.Hour))
				w.Spec.ExpireTime = &expires
			}
			s.must(s.admin.Create(t.Context(), object))
			status := merge(t, map[string]any{"status": map[string]any{"observedGeneration": 7}})
			for _, u := range []*user{s.tenant, s.admin} {
				if resource == "noticepolicies" && u == s.tenant {
					continue // RBAC alone keeps a tenant from it
				}
				s.refused(u.Status().Patch(t.Context(), object.DeepCopyObject().(client.Object), status), evidence, onlyOurs)
				s.refused(u.Status().Update(t.Context(), object.DeepCopyObject().(client.Object)), evidence, onlyOurs)
			}
			s.must(s.manager.Status().Patch(t.Context(), object, status))
		})
	}
}

// Bypass 30: what was judged stays as it was judged.
func TestBypass30KeptContracts(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.create(customerAPI("orders")) // the role counts
	kept := inNamespace(s.name, keptContract("sha256-1"))
	s.must(s.manager.Create(t.Context(), kept))
	for _, u := range []*user{s.tenant, s.admin} {
		s.refused(u.Create(t.Context(), inNamespace(s.name, keptContract("sha256-2"))), evidence, onlyOurs)
		s.refused(u.Patch(t.Context(), kept.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]string{"a": "b"}}})), evidence, onlyOurs)
		s.refused(u.Delete(t.Context(), kept), evidence, onlyOurs)
		s.refused(u.DeleteAllOf(t.Context(), kept, client.InNamespace(s.name)), evidence, onlyOurs)
	}
	s.must(s.manager.Delete(t.Context(), kept))
}

// Bypass 30: who was told is for forewarn to say: the clock may run from it.
func TestBypass30DeliveryRecords(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.create(customerAPI("orders")) // the role counts
	record := inNamespace(s.name, deliveryRecord("told-1"))
	s.must(s.manager.Create(t.Context(), record))
	told := merge(t, map[string]any{"status": map[string]any{"delivered": 500, "total": 500}})
	for _, u := range []*user{s.tenant, s.admin} {
		s.refused(u.Create(t.Context(), inNamespace(s.name, deliveryRecord("told-2"))), evidence, onlyOurs)
		generated := inNamespace(s.name, deliveryRecord(""))
		generated.GenerateName = "told-"
		s.refused(u.Create(t.Context(), generated), evidence, onlyOurs)
		s.refused(u.Update(t.Context(), record.DeepCopy()), evidence, onlyOurs)
		s.refused(u.Patch(t.Context(), record.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]string{"a": "b"}}})), evidence, onlyOurs)
		s.refused(u.Patch(t.Context(), record.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"finalizers": []string{"test.forewarn.dev/hold"}}})), evidence, onlyOurs)
		s.refused(u.Status().Patch(t.Context(), record.DeepCopy(), told), evidence, onlyOurs)
		s.refused(u.Status().Update(t.Context(), record.DeepCopy()), evidence, onlyOurs)
		s.refused(u.Delete(t.Context(), record), evidence, onlyOurs)
		s.refused(u.DeleteAllOf(t.Context(), record, client.InNamespace(s.name)), evidence, onlyOurs)
	}
	s.must(s.manager.Status().Patch(t.Context(), record.DeepCopy(), told))
	s.must(s.manager.Patch(t.Context(), record.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"labels": map[string]string{"a": "b"}}})))
	s.must(s.manager.Delete(t.Context(), record))
	s.must(s.manager.Create(t.Context(), inNamespace(s.name, deliveryRecord("told-2"))))
	s.must(s.manager.DeleteAllOf(t.Context(), record, client.InNamespace(s.name)))
}

// R6: what customers were told is not deleted. Nobody was told of a draft.
func TestBypass30PublishedNotices(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	draft, told := notice("draft", v1alpha1.NoticeDraft), notice("told", v1alpha1.NoticePublished)
	s.create(draft, told, notice("thrown-away", v1alpha1.NoticeDraft))
	s.publish(told)
	for _, u := range []*user{s.tenant, s.admin} {
		s.refused(u.Delete(t.Context(), told), evidence, withdraw)
		s.refused(u.DeleteAllOf(t.Context(), told, client.InNamespace(s.name), client.MatchingFields{"metadata.name": "told"}), evidence, withdraw)
	}
	s.must(s.tenant.Patch(t.Context(), told.DeepCopy(), merge(t, map[string]any{"spec": map[string]any{"state": "Withdrawn"}})))
	s.refused(s.tenant.Delete(t.Context(), told), evidence, withdraw)
	s.must(s.tenant.Delete(t.Context(), draft))
	s.must(s.tenant.DeleteAllOf(t.Context(), draft, client.InNamespace(s.name), client.MatchingFields{"metadata.name": "thrown-away"}))
}

// Bypass 14: a notice on its way out is told to nobody, by its author or by forewarn, and can still go. What was told
// before can be taken back.
func TestBypass14NoticesThatAreBeingDeleted(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	held := func(name string, state v1alpha1.NoticeState) *v1alpha1.ChangeNotice {
		n := notice(name, state)
		n.Finalizers = []string{"test.forewarn.dev/hold"}
		s.create(n)
		return n
	}
	change := func(u *user, n *v1alpha1.ChangeNotice, with map[string]any) error {
		return u.Patch(t.Context(), n.DeepCopy(), merge(t, with))
	}
	spec := func(field string, value any) map[string]any {
		return map[string]any{"spec": map[string]any{field: value}}
	}
	stamp := map[string]any{"status": map[string]any{"publishedTime": "2026-11-22T00:00:00Z"}}
	free := map[string]any{"metadata": map[string]any{"finalizers": nil}}

	draft, late := held("draft", v1alpha1.NoticeDraft), held("late", v1alpha1.NoticePublished)
	s.must(change(s.tenant, draft, spec("title", "What was meant")))
	s.must(s.tenant.Delete(t.Context(), draft))
	s.must(s.tenant.Delete(t.Context(), late))
	for _, u := range []*user{s.tenant, s.admin} {
		s.refused(change(u, draft, spec("state", "Published")), evidence, going)
		s.refused(change(u, draft, spec("title", "Another")), evidence, going)
		s.refused(change(u, draft, map[string]any{"spec": map[string]any{"state": "Published"}, "metadata": free["metadata"]}), evidence, going)
		s.must(change(u, draft, map[string]any{"metadata": map[string]any{"labels": map[string]string{"seen": "true"}}}))
	}
	s.refused(s.manager.Status().Patch(t.Context(), late.DeepCopy(), merge(t, stamp)), evidence, going)
	s.must(s.manager.Status().Patch(t.Context(), late.DeepCopy(), merge(t, map[string]any{"status": map[string]any{"observedGeneration": 2}})))
	s.must(change(s.tenant, late, spec("state", "Withdrawn")))
	s.must(change(s.tenant, draft, free))
	s.must(change(s.tenant, late, free))
}

// A2: the notices of a namespace that goes are freed by whoever holds them, also the published ones.
func TestA2PublishedNoticesGoWithTheirNamespace(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	told := notice("told", v1alpha1.NoticePublished)
	told.Finalizers = []string{"test.forewarn.dev/hold"}
	s.create(told)
	s.publish(told)
	s.must(s.admin.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}))
	NewWithT(t).Eventually(func() bool {
		s.must(s.admin.Get(t.Context(), client.ObjectKeyFromObject(told), told))
		return told.DeletionTimestamp != nil
	}).WithTimeout(patience).WithPolling(often).Should(BeTrue())
	later := merge(t, map[string]any{"spec": map[string]any{"effectiveTime": "2028-01-01T00:00:00Z"}})
	s.refused(s.admin.Patch(t.Context(), told.DeepCopy(), later), evidence, going)
	s.must(s.admin.Patch(t.Context(), told.DeepCopy(), merge(t, map[string]any{"metadata": map[string]any{"finalizers": nil}})))
	NewWithT(t).Eventually(func() bool {
		return apierrors.IsNotFound(s.admin.Get(t.Context(), client.ObjectKeyFromObject(told), told))
	}).WithTimeout(patience).WithPolling(often).Should(BeTrue())
}

// What forewarn takes for its own in an HTTPRoute it puts back there, whoever wrote it down.
func TestBypass30WhatWasWrittenIntoRoutes(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	const want = "only forewarn itself says in forewarn.dev/written what it wrote into an HTTPRoute; leave the annotation out"
	said := func(name, text string) *unstructured.Unstructured {
		route := httpRoute(t, s.name, name, `[{name: v1}]`)
		if text != "" {
			route.SetAnnotations(map[string]string{"forewarn.dev/written": text})
		}
		return route
	}
	s.refused(s.tenant.Create(t.Context(), said("forged", "{}")), evidence, want)
	s.create(said("orders", ""))
	write := func(u *user, text any) error {
		return u.Patch(t.Context(), said("orders", ""), merge(t, map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{"forewarn.dev/written": text, "team": "orders"}},
		}))
	}
	s.refused(write(s.tenant, `{"rules":[]}`), evidence, want)
	s.refused(write(s.admin, `{"rules":[]}`), evidence, want)
	s.must(write(s.manager, "written"))
	s.refused(write(s.tenant, "otherwise"), evidence, want)
	s.must(write(s.tenant, "written"))
	s.must(write(s.tenant, nil))
}
