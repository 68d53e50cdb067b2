//go:build unix

package e2e

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func (e *env) waiver(name, revision, by string, lasts time.Duration) *v1alpha1.Waiver {
	waiver := &v1alpha1.Waiver{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	expires := metav1.NewTime(time.Now().Add(lasts))
	waiver.Spec = v1alpha1.WaiverSpec{
		Revision: v1alpha1.ObjectName(revision), Reason: "customers are billed twice", Ticket: "INC-4711",
		ExpireTime: &expires, RequestedBy: by,
	}
	return waiver
}

// A waiver lets one revision pass, and what it lets pass is a broken promise all the same.
func TestBreakingTheGlass(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	e.Expect(e.labels()).To(HaveKeyWithValue(v1alpha1.ExpiringLabel, "false"))
	e.Expect(e.developer.Create(e.ctx, e.waiver("inc", "orders-2", "developer", time.Hour))).To(MatchError(ContainSubstring("break-glass")))
	e.create(e.waiver("inc", "orders-2", "admin", time.Hour))
	e.judged("orders-2", "True Waived")
	e.Expect(e.annotations()).To(HaveKey(v1alpha1.UntilAnnotationPrefix + "orders-2"))
	e.Expect(e.labels()).To(HaveKeyWithValue(v1alpha1.ExpiringLabel, "true"))
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.Waiver{}, "inc", v1alpha1.ConditionActive)
		return state
	}).Should(Equal("True Active"))
	e.Expect(e.metric("forewarn_waivers_active", "")).To(BeNumerically(">=", 1))
	e.Eventually(func() error { return e.release("orders", "orders-2", "orders:2") }).Should(Succeed())
	e.rolledOut("orders", "orders:2")
	e.serves("orders", "orders-2")
	e.Eventually(func(g Gomega) {
		api := &v1alpha1.CustomerAPI{}
		e.get(api, "orders")
		g.Expect(api.Status.BrokenPromises).To(HaveLen(1))
		g.Expect(api.Status.BrokenPromises[0].Cause).To(Equal(v1alpha1.BreachWaived))
		g.Expect(string(api.Status.BrokenPromises[0].Waiver)).To(Equal("inc"))
	}).Should(Succeed())
	// It serves now, so the end of the waiver closes nothing.
	e.Eventually(e.annotations).ShouldNot(HaveKey(v1alpha1.UntilAnnotationPrefix + "orders-2"))
	e.Expect(e.labels()).To(HaveKeyWithValue(v1alpha1.ExpiringLabel, "false"))
}

// A waiver ends by itself, at the moment that it says, with nobody asking.
func TestAWaiverEndsByItself(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	waiver := e.waiver("short", "orders-2", "admin", 8*time.Second)
	e.create(waiver)
	e.judged("orders-2", "True Waived")
	e.Expect(time.Now()).To(BeTemporally("<", waiver.Spec.ExpireTime.Time), "the machine is too slow for this test")
	e.judged("orders-2", "False NoticeMissing")
	e.Expect(time.Now()).To(BeTemporally(">=", waiver.Spec.ExpireTime.Time))
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.Waiver{}, "short", v1alpha1.ConditionActive)
		return state
	}).Should(Equal("False Expired"))
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(MatchError(ContainSubstring("orders-2 breaks v1")))
	e.Expect(e.annotations()).NotTo(HaveKey(v1alpha1.UntilAnnotationPrefix + "orders-2"))
}

// A waiver for nothing says so.
func TestAWaiverForNoRevision(t *testing.T) {
	e := newEnv(t)
	e.create(e.waiver("lost", "nobody", "admin", time.Hour))
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.Waiver{}, "lost", v1alpha1.ConditionReady)
		return state
	}).Should(Equal("False RevisionNotFound"))
}
