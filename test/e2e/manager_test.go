//go:build unix

package e2e

import (
	"strconv"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/controllers"
	"forewarn.dev/forewarn/internal/notice"
)

// While no manager runs the last verdicts stand, and one that starts knows all it has to from the cluster.
func TestWithoutAManagerTheLastVerdictsStand(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder, cancelOrder))
	e.judged("orders-2", "True Compatible")
	e.revision("orders-3", "orders", openAPI(listOrders))
	e.judged("orders-3", "False NoticeMissing")
	e.stop()

	e.Expect(e.release("orders", "orders-3", "orders:3")).To(MatchError(ContainSubstring("DELETE /orders/{id}")))
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed())
	e.rolledOut("orders", "orders:2")
	e.revision("orders-4", "orders", openAPI(listOrders, deleteOrder))
	e.Expect(e.release("orders", "orders-4", "orders:4")).To(MatchError(ContainSubstring("not judged yet, retry")))
	e.Expect(e.release("orders", "orders-1", "orders:1")).To(Succeed())
	e.rolledOut("orders", "orders:1")
	e.Expect(e.release("orders", "orders-2", "orders:2")).To(Succeed())

	e.startManager(0) // in the middle of a rollout
	e.rolledOut("orders", "orders:2")
	e.serves("orders", "orders-2")
	e.promises("orders", "orders-2")
	e.judged("orders-4", "False NoticeMissing") // it lacks what orders-2 added and promised at once
}

// The epoch of a gate goes on rising when the Lease of the leader is made anew.
func TestA12TheLeaseOfTheLeaderIsDeleted(t *testing.T) {
	e := adopted(t)
	e.restartManager(0)
	epoch := func() int {
		gate := &corev1.ConfigMap{}
		e.get(gate, "forewarn-gate-deny-v1")
		n, err := strconv.Atoi(gate.Data["epoch"])
		e.Expect(err).NotTo(HaveOccurred())
		return n
	}
	e.Eventually(epoch).Should(BeNumerically(">=", 1))
	before := epoch()
	e.stop()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: ownNamespace, Name: controllers.LeaseName}}
	e.Expect(e.admin.Delete(e.ctx, lease)).To(Succeed())
	e.startManager(0)
	e.revision("orders-2", "orders", openAPI(listOrders, deleteOrder))
	e.judged("orders-2", "True Compatible")
	e.Expect(epoch()).To(BeNumerically(">", before))
}

// The clock is moved on only in a cluster that is there for it.
func TestA19ARehearsalNeedsAClusterMarkedForIt(t *testing.T) {
	e := newEnv(t)
	options := controllers.ManagerOptions{
		Namespace: ownNamespace, MetricsAddress: "0", HealthAddress: "0",
		Clock: clock.RealClock{}, Offset: time.Hour, Metrics: prometheus.NewRegistry(),
	}
	unmark := `{"metadata":{"labels":{"forewarn.dev/rehearsal":null}}}`
	own := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ownNamespace}}
	e.Expect(e.admin.Patch(e.ctx, own, client.RawPatch(types.MergePatchType, []byte(unmark)))).To(Succeed())
	ctx := ctrl.LoggerInto(e.ctx, logr.Discard())
	_, err := controllers.NewManager(ctx, cluster.manager, options)
	e.Expect(err).To(MatchError(ContainSubstring("forewarn.dev/rehearsal=true")))
	options.Offset = -time.Hour
	_, err = controllers.NewManager(ctx, cluster.manager, options)
	e.Expect(err).To(MatchError(ContainSubstring("not moved back")))

	e.rehearse()
	e.policy()
	e.restartManager(time.Hour)
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.NoticePolicy{}, "", v1alpha1.ConditionRehearsal)
		return state
	}).Should(Equal("True ClockOffset"))
	e.Expect(e.metric("forewarn_clock_offset_seconds", "")).To(BeEquivalentTo(3600))
	e.restartManager(0)
	e.Eventually(func() string {
		state, _ := e.condition(&v1alpha1.NoticePolicy{}, "", v1alpha1.ConditionRehearsal)
		return state
	}).Should(Equal("absent"))
}

// A contract is kept for as long as anything refers to it, and an hour at the least.
func TestKeptContractsGo(t *testing.T) {
	e := adopted(t)
	e.rehearse()
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	kept := func() []string {
		var list v1alpha1.KeptContractList
		e.Expect(e.admin.List(e.ctx, &list, client.InNamespace(e.namespace))).To(Succeed())
		var names []string
		for i := range list.Items {
			names = append(names, list.Items[i].Name)
		}
		return names
	}
	e.Expect(kept()).To(HaveLen(2))
	for _, name := range []string{"orders-1", "orders-2"} {
		revision := &v1alpha1.APIRevision{}
		e.get(revision, name)
		e.Expect(e.developer.Delete(e.ctx, revision)).To(Succeed())
	}
	e.restartManager(2 * time.Hour)
	api := &v1alpha1.CustomerAPI{}
	e.get(api, "orders")
	e.Eventually(kept).Should(Equal([]string{string(api.Status.Promised[0].Contract)}))
}

// A namespace in which customers are served is not deleted by mistake; one that no policy binds any more goes as ever.
func TestDeletingANamespace(t *testing.T) {
	e := adopted(t)
	namespace := e.namespaceObject()
	e.Expect(e.admin.Delete(e.ctx, namespace)).To(MatchError(ContainSubstring("customers rely on")))
	as := notice.AsBound(&e.boundBy("orders", 1)[0])
	e.Expect(e.admin.Delete(e.ctx, &v1alpha1.NoticePolicy{ObjectMeta: metav1.ObjectMeta{Name: e.namespace}})).To(Succeed())
	e.letGo("orders", as)
	e.Eventually(func() error { return e.admin.Delete(e.ctx, namespace) }).Should(Succeed())
	e.Eventually(func() error {
		return e.admin.Get(e.ctx, client.ObjectKey{Name: e.namespace}, namespace)
	}).Should(MatchError(ContainSubstring("not found")))
}
