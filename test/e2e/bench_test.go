//go:build unix

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// BenchmarkVerdict measures what a pipeline waits for: from the creation of an APIRevision to its verdict, as a watch
// sees it, and from there to the first time that a rollout of it passes.
func BenchmarkVerdict(b *testing.B) {
	e := adopted(b)
	watcher, err := client.NewWithWatch(cluster.AdminConfig(), client.Options{Scheme: e.admin.Scheme()})
	e.Expect(err).NotTo(HaveOccurred())
	events, err := watcher.Watch(e.ctx, &v1alpha1.APIRevisionList{}, client.InNamespace(e.namespace))
	e.Expect(err).NotTo(HaveOccurred())
	defer events.Stop()

	var verdicts, opened []time.Duration
	late := 0
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("bench-%d", i)
		revision := &v1alpha1.APIRevision{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
		revision.Spec.APIRef.Name = "orders"
		revision.Spec.Contracts = []v1alpha1.Contract{{Version: "v1", Inline: openAPI(listOrders, deleteOrder) + fmt.Sprintf("x-n: %d\n", i)}}
		began := time.Now()
		e.Expect(e.developer.Create(e.ctx, revision)).To(Succeed())
		for event := range events.ResultChan() {
			seen, ok := event.Object.(*v1alpha1.APIRevision)
			if ok && seen.Name == name && apimeta.IsStatusConditionTrue(seen.Status.Conditions, v1alpha1.ConditionJudged) {
				break
			}
		}
		judged := time.Now()
		// For real, since a dry run of what is not judged yet passes; without pods, since only admission is asked.
		release := e.deployment("orders", name, "orders:1")
		release.Name, release.Spec.Replicas = name, ptr.To[int32](0)
		for e.developer.Create(e.ctx, release) != nil {
			late++
		}
		verdicts = append(verdicts, judged.Sub(began))
		opened = append(opened, time.Since(judged))
		e.Expect(e.developer.Delete(e.ctx, release)).To(Succeed())
	}
	report(b, "verdict", verdicts)
	report(b, "open", opened)
	b.ReportMetric(float64(late)/float64(len(opened)), "refused-after-verdict/op")
}

func report(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	at := func(part float64) float64 {
		return float64(took[int(part*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), what+"-p50-ms")
	b.ReportMetric(at(0.99), what+"-p99-ms")
}
