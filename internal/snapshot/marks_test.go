package snapshot

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Contracts are read for their marks only once something in them is deprecated, and only those of that version.
func TestMarksAreReadOnceTheyAreDue(t *testing.T) {
	due := time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)
	schedule := &v1alpha1.DeprecationSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "orders-v1"}}
	schedule.Spec.APIRef.Name, schedule.Spec.Version, schedule.Spec.State = "orders", "v1", v1alpha1.NoticePublished
	schedule.Spec.DeprecateTime = &metav1.Time{Time: due}
	schedule.Status.PublishedTime = &metav1.Time{Time: due.Add(-time.Hour)}
	elsewhere := schedule.DeepCopy()
	elsewhere.Name, elsewhere.Spec.APIRef.Name, elsewhere.Spec.Version = "billing-v2", "billing", "v2"

	kept := keptContract(t, paths("GET /orders", "DELETE /orders"))
	inline := revisionOf(v1alpha1.Contract{Version: "v1", Inline: paths("GET /orders")}, v1alpha1.Contract{Version: "v2", Inline: paths("GET /v2")})
	judged := revisionOf(v1alpha1.Contract{Version: "v1", Inline: "whatever became of it"})
	judged.Status.Contracts = []v1alpha1.JudgedContract{{Version: "v1", Digest: kept.Spec.Digest, Contract: v1alpha1.ObjectName(kept.Name)}}
	lost := judged.DeepCopy()
	lost.Status.Contracts[0].Contract = "gone"
	lost.Status.Contracts[0].Digest = "0000000000000000000000000000000000000000000000000000000000000000"

	objects := []client.Object{promising("orders"), schedule, elsewhere, kept}
	s := New(FromManifests(objects), FromManifests(objects))
	for name, c := range map[string]struct {
		revision *v1alpha1.APIRevision
		at       time.Time
		want     []string
		problem  string
	}{
		"a second too early":      {revision: inline, at: due.Add(-time.Second)},
		"when it is due":          {revision: inline, at: due, want: []string{"GET /orders"}},
		"as it was judged before": {revision: judged, at: due, want: []string{"DELETE /orders", "GET /orders"}},
		"what was kept is gone":   {revision: lost, at: due, problem: v1alpha1.ReasonContractUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second time it is remembered
				in, err := s.Revision(t.Context(), c.at, c.revision)
				if err != nil {
					t.Fatal(err)
				}
				if got := in.Proposal.NotDeprecated["v1"]; !slices.Equal(got, c.want) || in.Proposal.NotDeprecated["v2"] != nil {
					t.Errorf("%v, want %v", in.Proposal.NotDeprecated, c.want)
				}
				problem := ""
				if len(in.Proposal.Problems) > 0 {
					problem = in.Proposal.Problems[0].Reason
				}
				if problem != c.problem || len(in.Schedules) != 1 {
					t.Errorf("problem %q, schedules %d", problem, len(in.Schedules))
				}
			}
		})
	}
}
