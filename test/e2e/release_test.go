//go:build unix

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// halfAYear is more than the 180 days that are owed, in any time zone.
const halfAYear = 182 * 24 * time.Hour

// notice tells customers of the removal of DELETE /orders/{id}, at the earliest date that would do.
func (e *env) notice(name string) *v1alpha1.ChangeNotice {
	e.t.Helper()
	notice := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	notice.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticeDraft,
		Title: "Orders can no longer be deleted", WhatChanges: "DELETE /orders/{id} answers 404",
		WhatToDo: "Use POST /orders/{id}/cancel", Help: "https://help.shop.example",
		Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval}},
	}
	e.Expect(e.developer.Create(e.ctx, notice)).To(Succeed())
	e.Eventually(func(g Gomega) {
		e.get(notice, name)
		g.Expect(notice.Status.EarliestTime).NotTo(BeNil())
	}).Should(Succeed())
	return notice
}

func (e *env) publish(notice *v1alpha1.ChangeNotice, effective *metav1.Time) {
	e.t.Helper()
	notice.Spec.State, notice.Spec.EffectiveTime = v1alpha1.NoticePublished, effective
	e.Expect(e.developer.Update(e.ctx, notice)).To(Succeed())
}

func (e *env) noticeIs(name, published, matured string) string {
	e.t.Helper()
	var message string
	e.Eventually(func(g Gomega) {
		notice := &v1alpha1.ChangeNotice{}
		state, text := e.condition(notice, name, v1alpha1.ConditionPublished)
		g.Expect(state).To(Equal(published), text)
		state, _ = e.condition(notice, name, v1alpha1.ConditionMatured)
		g.Expect(state).To(Equal(matured))
		message = text
	}).Should(Succeed())
	return message
}

// The whole of it: a compatible release, a breaking one, a notice, its period, the release, and the way back.
func TestABreakingReleaseWaitsForItsNotice(t *testing.T) {
	e := adopted(t)
	e.rehearse()

	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-2", "True Compatible")
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.serves("orders", "orders-2")
	e.promises("orders", "orders-2")

	e.revision("orders-3", "orders", openAPI(listOrders, cancelOrder))
	message := e.judged("orders-3", "False NoticeMissing")
	e.Expect(message).To(And(ContainSubstring("DELETE /orders/{id}"), ContainSubstring("180 days (policy "+e.namespace+")")))
	refusal := e.release("orders", "orders-3", "orders:3")
	e.Expect(refusal).To(MatchError(ContainSubstring("orders-3 breaks v1: 1 change nobody was told of (DELETE /orders/{id} removed)")))
	e.Expect(e.events("orders-3")).To(ContainElement("NoticeMissing"))

	notice := e.notice("no-delete")
	e.noticeIs("no-delete", "False Draft", "False NotPublished")
	earliest := notice.Status.EarliestTime
	e.publish(notice, ptr.To(metav1.NewTime(earliest.Add(-time.Second))))
	e.Expect(e.noticeIs("no-delete", "False TooSoon", "False NotPublished")).To(ContainSubstring(earliest.UTC().Format(time.RFC3339)))
	e.get(notice, "no-delete")
	e.publish(notice, earliest)
	e.noticeIs("no-delete", "True Published", "False Running")
	e.judged("orders-3", "False NoticeRunning")
	e.Eventually(func() error { return e.release("orders", "orders-3", "orders:3") }).
		Should(MatchError(ContainSubstring("may ship from")))

	e.restartManager(halfAYear)
	e.noticeIs("no-delete", "True Published", "True Matured")
	e.judged("orders-3", "True NoticeGiven")
	e.Expect(e.release("orders", "orders-3", "orders:3")).To(Succeed())
	e.rolledOut("orders", "orders:3")
	e.serves("orders", "orders-3")
	e.promises("orders", "orders-3")
	api := &v1alpha1.CustomerAPI{}
	e.get(api, "orders")
	e.Expect(api.Status.BrokenPromises).To(BeEmpty())

	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.APIRevision{}, "orders-2", v1alpha1.ConditionAdmissible)
		return state
	}).
		Should(HavePrefix("True"))
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed(), "the way back is always open")
	e.rolledOut("orders", "orders:2")
	e.serves("orders", "orders-2")
}

// A notice covers what it says, and nothing else.
func TestANoticeCoversNothingElse(t *testing.T) {
	e := adopted(t)
	notice := e.notice("no-delete")
	e.publish(notice, notice.Status.EarliestTime)
	e.noticeIs("no-delete", "True Published", "False Running")
	e.revision("orders-2", "orders", openAPI(cancelOrder))
	e.Expect(e.judged("orders-2", "False NoticeMissing")).To(ContainSubstring("GET /orders"))
	revision := &v1alpha1.APIRevision{}
	e.get(revision, "orders-2")
	e.Expect(*revision.Status.Breaking).To(BeEquivalentTo(2))
	e.Expect(*revision.Status.Uncovered).To(BeEquivalentTo(1))
	e.Expect(revision.Status.EarliestTime).NotTo(BeNil())
}

// Withdrawn, a notice covers nothing any more, and stays withdrawn.
func TestAWithdrawnNoticeCoversNothing(t *testing.T) {
	e := adopted(t)
	notice := e.notice("no-delete")
	e.publish(notice, notice.Status.EarliestTime)
	e.noticeIs("no-delete", "True Published", "False Running")
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeRunning")
	e.get(notice, "no-delete")
	published := notice.Status.PublishedTime
	notice.Spec.State = v1alpha1.NoticeWithdrawn
	e.Expect(e.developer.Update(e.ctx, notice)).To(Succeed())
	e.noticeIs("no-delete", "False Withdrawn", "False Withdrawn")
	e.judged("orders-2", "False NoticeMissing")
	e.get(notice, "no-delete")
	e.Expect(notice.Status.WithdrawnTime).NotTo(BeNil())
	e.Expect(notice.Status.PublishedTime).To(Equal(published))
}

// hold makes an object wait for its end while it has these finalizers.
func (e *env) hold(object client.Object, finalizers ...string) {
	e.t.Helper()
	change, err := json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": finalizers}})
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(e.developer.Patch(e.ctx, object, client.RawPatch(types.MergePatchType, change))).To(Succeed())
}

// Bypass 14: what is held by a finalizer while it is being deleted is neither published nor promised anything new.
func TestWhatIsBeingDeletedPromisesNothingNew(t *testing.T) {
	e := adopted(t)
	notice := e.notice("no-delete")
	e.hold(notice, "test.forewarn.dev/hold")
	e.stop() // so that the publication and the deletion are there before anybody looks
	e.publish(notice, notice.Status.EarliestTime)
	e.Expect(e.developer.Delete(e.ctx, notice)).To(Succeed())
	e.startManager(0)
	e.noticeIs("no-delete", "False Terminating", "False NotPublished")
	e.get(notice, "no-delete")
	e.Expect(notice.Status.PublishedTime).To(BeNil())
	e.hold(notice)
}

// Bypass 14: an API that waits for its end keeps what it promised, and no more.
func TestAnAPIThatIsBeingDeletedPromisesNothing(t *testing.T) {
	e := newEnv(t)
	e.policy()
	api := e.api("orders")
	e.hold(api, "test.forewarn.dev/hold")
	e.Expect(e.developer.Delete(e.ctx, api)).To(Succeed())
	e.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	e.judged("orders-1", "True Baseline")
	e.Expect(e.release("orders", "orders-1", "orders:1")).To(Succeed())
	e.rolledOut("orders", "orders:1")
	e.serves("orders", "orders-1")
	e.get(api, "orders")
	e.Expect(api.Status.Promised).To(BeEmpty())
	e.Expect(e.ready("orders")).To(Equal("False Terminating"))
	e.hold(api)
}

// Under Warn everything passes, and what broke is not forgotten.
func TestUnderWarnABrokenPromiseIsRecorded(t *testing.T) {
	e := newEnv(t)
	e.policy(func(spec *v1alpha1.NoticePolicySpec) { spec.Enforcement = v1alpha1.EnforcementWarn })
	e.api("orders")
	e.revision("orders-1", "orders", openAPI(listOrders, deleteOrder))
	e.judged("orders-1", "True Baseline")
	e.Expect(e.release("orders", "orders-1", "orders:1")).To(Succeed())
	e.serves("orders", "orders-1")
	e.promises("orders", "orders-1")
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.serves("orders", "orders-2")
	e.Eventually(func(g Gomega) {
		api := &v1alpha1.CustomerAPI{}
		e.get(api, "orders")
		g.Expect(api.Status.BrokenPromises).To(HaveLen(1))
		broken := api.Status.BrokenPromises[0]
		g.Expect(string(broken.Revision)).To(Equal("orders-2"))
		g.Expect(broken.Cause).To(Equal(v1alpha1.BreachNotEnforced))
		g.Expect(string(api.Status.Promised[0].Revision)).To(Equal("orders-1"), "what was broken stays owed")
	}).Should(Succeed())
	e.Eventually(func() []string { return e.events("orders") }).Should(ContainElement("PromiseBroken"))
	e.Expect(e.metric("forewarn_broken_promises_total", "NotEnforced")).To(BeEquivalentTo(1))
}

// Settling takes its time: until then the promise is the old one, and taking an addition back is free.
func TestAnAdditionSettles(t *testing.T) {
	e := adopted(t, func(spec *v1alpha1.NoticePolicySpec) { spec.SettleHours = ptr.To[int32](72) })
	e.rehearse()
	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-2", "True Compatible")
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.serves("orders", "orders-2")
	e.promises("orders", "orders-1")
	e.restartManager(71 * time.Hour)
	e.serves("orders", "orders-2")
	e.promises("orders", "orders-1")
	e.restartManager(73 * time.Hour)
	e.promises("orders", "orders-2")
}

// A release must name a revision of the API that its pods carry, and one that was judged.
func TestWhatAReleaseMustName(t *testing.T) {
	e := adopted(t)
	e.api("carts")
	e.revision("carts-1", "carts", openAPI(listOrders))
	e.judged("carts-1", "True Baseline")
	e.Expect(e.release("orders", "carts-1", "orders:2")).To(MatchError(And(ContainSubstring("orders"), ContainSubstring("carts-1 of carts"))))
	e.Expect(e.release("orders", "nobody", "orders:2")).To(MatchError(ContainSubstring("not judged yet, retry")))
	e.Expect(e.try("nobody", "orders:2")).To(Succeed(), "a dry run of what is to be proposed passes")
	e.Expect(e.release("orders", "", "orders:2")).To(MatchError(ContainSubstring("name the revision that these pods carry")))
}
