//go:build unix

package e2e

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// downtime plans a minute of it and publishes that.
func (e *env) downtime(name string, from time.Time) *v1alpha1.ChangeNotice {
	e.t.Helper()
	at := metav1.NewTime(from.Truncate(time.Second))
	notice := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
	notice.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticePublished, EffectiveTime: &at, DowntimeMinutes: 1,
		Title: "Orders are down for a minute", WhatChanges: "Nothing answers", WhatToDo: "Try again a minute later", Help: "https://help.shop.example",
		Covers: []v1alpha1.CoveredChange{{Version: "v1", Class: v1alpha1.ClassDowntime}},
	}
	e.Expect(e.developer.Create(e.ctx, notice)).To(Succeed())
	return notice
}

// scaled is what admission answers to a scale that leaves "orders" without replicas.
func (e *env) scaled() error {
	none := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":0}}`))
	orders := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
	return e.developer.SubResource("scale").Patch(e.ctx, orders, none, client.DryRunAll)
}

func (e *env) windowMark() string {
	namespace := &corev1.Namespace{}
	e.Expect(e.admin.Get(e.ctx, client.ObjectKey{Name: e.namespace}, namespace)).To(Succeed())
	return namespace.Annotations[v1alpha1.WindowAnnotationPrefix+"orders"]
}

// R15 and A4, the whole of it: what takes an API down is refused; a notice opens a window in which it passes; and the window
// closes on time with no manager running.
func TestA4APlannedDowntimeEndsWithoutAManager(t *testing.T) {
	e := adopted(t)
	e.Eventually(e.scaled).Should(MatchError(ContainSubstring("deployments/orders would have no replicas, and customers were told of no " +
		"downtime now (R15): none is planned, and customers must be told before (policy " + e.namespace + ")")))

	from := time.Now().Add(8 * time.Second).Truncate(time.Second)
	end := from.Add(time.Minute).UTC().Format(time.RFC3339)
	planned := e.downtime("orders-moves", from)
	e.noticeIs(planned.Name, "True Published", "False Running")
	e.Eventually(e.scaled).Should(MatchError(ContainSubstring("the next is planned from " + from.UTC().Format(time.RFC3339) + " until " + end +
		" (notice orders-moves)")))
	e.Expect(time.Now()).To(BeTemporally("<", from))

	e.noticeIs(planned.Name, "True Published", "True Matured")
	e.Expect(time.Now()).To(BeTemporally(">=", from))
	e.Eventually(e.scaled).Should(Succeed())
	e.Expect(e.windowMark()).To(Equal(end + " deployments/orders services/orders"))
	orders := &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}
	e.Expect(e.developer.Delete(e.ctx, orders)).To(MatchError(ContainSubstring("nobody was told that v1 goes")))

	e.stop()
	e.Expect(e.scaled()).To(Succeed())
	// A Lease is renewed every 10 s.
	e.Eventually(e.scaled).WithTimeout(time.Until(from.Add(time.Minute)) + 20*time.Second).Should(MatchError(ContainSubstring(
		"deployments/orders would have no replicas, and its planned downtime was over " + end + " (R15)")))
	e.Expect(time.Now()).To(BeTemporally(">=", from.Add(time.Minute)))

	e.startManager(0)
	e.noticeIs(planned.Name, "True Published", "False Lapsed")
	e.Eventually(e.windowMark).Should(BeEmpty())
	e.Eventually(e.scaled).Should(MatchError(ContainSubstring("none is planned")))
}

// A notice that is withdrawn closes its window at once.
func TestAWithdrawnDowntimeIsOver(t *testing.T) {
	e := adopted(t)
	planned := e.downtime("orders-moves", time.Now().Add(3*time.Second))
	e.noticeIs(planned.Name, "True Published", "True Matured")
	e.Eventually(e.scaled).Should(Succeed())
	e.get(planned, planned.Name)
	planned.Spec.State = v1alpha1.NoticeWithdrawn
	e.Expect(e.developer.Update(e.ctx, planned)).To(Succeed())
	e.Eventually(e.scaled).Should(MatchError(ContainSubstring("none is planned")))
	e.Expect(e.windowMark()).To(BeEmpty())
}
