//go:build unix

package e2e

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// What runs without a name when its API is declared goes on running, and the first revision that serves is the
// baseline.
func TestAdoptingWhatRunsWithoutAName(t *testing.T) {
	e := newEnv(t)
	e.Expect(e.release("orders", "", "orders:0")).To(Succeed())
	e.rolledOut("orders", "orders:0")
	e.policy()
	e.api("orders")
	e.serves("orders", "")
	e.Eventually(func(g Gomega) {
		api := &v1alpha1.CustomerAPI{}
		state, _ := e.condition(api, "orders", v1alpha1.ConditionBaselineConfirmed)
		g.Expect(state).To(Equal("False NoBaseline"))
		g.Expect(api.Status.Serving).To(HaveLen(1))
		g.Expect(api.Status.Serving[0].Images).To(Equal([]string{"orders:0"}))
	}).Should(Succeed())

	e.Eventually(func() error { return e.release("orders", "", "orders:1") }).
		Should(MatchError(ContainSubstring("name the revision that these pods carry")))
	restart := `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}}}}}`
	e.Expect(e.developer.Patch(e.ctx, e.deployment("orders", "", ""), client.RawPatch(types.StrategicMergePatchType, []byte(restart)))).
		To(Succeed(), "a restart is no rollout")
	e.rolledOut("orders", "orders:0")

	e.revision("orders-1", "orders", openAPI(listOrders))
	e.judged("orders-1", "True Baseline")
	e.Expect(e.release("orders", "orders-1", "orders:1")).To(Succeed())
	e.rolledOut("orders", "orders:1")
	e.serves("orders", "orders-1")
	e.promises("orders", "orders-1")
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.CustomerAPI{}, "orders", v1alpha1.ConditionBaselineConfirmed)
		return state
	}).Should(Equal("False Declared"))

	confirmed := &v1alpha1.CustomerAPI{}
	e.get(confirmed, "orders")
	confirmed.Spec.Baseline = v1alpha1.Baseline{Revision: "orders-1", ApprovedBy: "developer"}
	e.Expect(e.developer.Update(e.ctx, confirmed)).To(MatchError(ContainSubstring("approve")))
	e.get(confirmed, "orders")
	confirmed.Spec.Baseline = v1alpha1.Baseline{Revision: "orders-1", ApprovedBy: "admin"}
	e.Expect(e.admin.Update(e.ctx, confirmed)).To(Succeed())
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.CustomerAPI{}, "orders", v1alpha1.ConditionBaselineConfirmed)
		return state
	}).Should(Equal("True Confirmed"))

	// The way back leads to what had no name.
	back := e.deployment("orders", "", "orders:0")
	e.get(back, "orders")
	back.Spec.Template.Annotations = nil
	back.Spec.Template.Spec.Containers[0].Image = "orders:0"
	e.Expect(e.developer.Update(e.ctx, back)).To(Succeed())
	e.rolledOut("orders", "orders:0")
}

// Where a policy requires images, a revision says which, and its pods run no others.
func TestA9ImagesAreCompared(t *testing.T) {
	e := newEnv(t)
	e.policy(func(spec *v1alpha1.NoticePolicySpec) { spec.Images = v1alpha1.ImagesRequired })
	e.api("orders")
	e.revision("orders-0", "orders", openAPI(listOrders))
	e.judged("orders-0", "False ImagesMissing")
	for _, name := range []string{"orders-1", "orders-2"} {
		revision := e.revisionObject(name, "orders", openAPI(listOrders))
		revision.Spec.Images = []string{"orders:" + name}
		e.Expect(e.developer.Create(e.ctx, revision)).To(Succeed())
		e.judged(name, "True Baseline")
	}
	e.Expect(e.release("orders", "orders-1", "orders:orders-1")).To(Succeed())
	e.serves("orders", "orders-1")
	e.judged("orders-2", "True Compatible")
	e.Eventually(func() error { return e.release("orders", "orders-2", "orders:orders-1") }).
		Should(MatchError(ContainSubstring("orders-2 does not list the image orders:orders-1")))
	e.Expect(e.release("orders", "orders-2", "orders:orders-2")).To(Succeed())
	e.rolledOut("orders", "orders:orders-2")
}

// What no policy selects, and what never served, is judged and never refused.
func TestWhatIsNotGovernedIsNotRefused(t *testing.T) {
	e := newEnv(t)
	e.api("orders")
	e.revision("orders-1", "orders", openAPI(listOrders))
	e.judged("orders-1", "True NotGoverned")
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.CustomerAPI{}, "orders", v1alpha1.ConditionGoverned)
		return state
	}).Should(Equal("False NoPolicy"))
	e.policy()
	e.judged("orders-1", "True Baseline")
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.CustomerAPI{}, "orders", v1alpha1.ConditionGoverned)
		return state
	}).Should(Equal("False NeverServed"))
	e.Expect(e.labels()).NotTo(HaveKey(v1alpha1.GovernedLabel))
	e.Expect(e.release("orders", "", "orders:0")).To(Succeed())
	e.Expect(e.developer.Delete(e.ctx, &appsv1.Deployment{ObjectMeta: e.deployment("orders", "", "").ObjectMeta})).To(Succeed())
}
