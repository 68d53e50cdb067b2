package downtime

import (
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestCause(t *testing.T) {
	none, orders := v1alpha1.WorkloadRef{}, v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}
	other := v1alpha1.WorkloadRef{Kind: "StatefulSet", Name: "other"}
	for name, tc := range map[string]struct {
		seen     Circumstances
		want     v1alpha1.DowntimeCause
		workload v1alpha1.WorkloadRef
	}{
		"nothing":                               {Circumstances{}, v1alpha1.CauseUnknown, none},
		"nothing, of one workload":              {Circumstances{Workload: orders}, v1alpha1.CauseUnknown, orders},
		"a rollout":                             {Circumstances{RolledOut: other, Workload: orders}, v1alpha1.CauseRollout, other},
		"fewer were wanted":                     {Circumstances{ScaledDown: other, Workload: orders}, v1alpha1.CauseScaledDown, other},
		"a rollout, and fewer were wanted":      {Circumstances{RolledOut: orders, ScaledDown: other}, v1alpha1.CauseRollout, orders},
		"pods were evicted":                     {Circumstances{Disrupted: []string{"EvictionByEvictionAPI"}, Workload: orders}, v1alpha1.CauseDrain, orders},
		"pods made way for others":              {Circumstances{Disrupted: []string{"PreemptionByScheduler"}}, v1alpha1.CauseDrain, none},
		"pods were evicted during a rollout":    {Circumstances{Disrupted: []string{"EvictionByEvictionAPI"}, RolledOut: orders}, v1alpha1.CauseDrain, none},
		"the node did not answer":               {Circumstances{Disrupted: []string{"DeletionByTaintManager"}}, v1alpha1.CauseNodeLost, none},
		"the node is gone":                      {Circumstances{Disrupted: []string{"DeletionByPodGC"}}, v1alpha1.CauseNodeLost, none},
		"the node was shut down":                {Circumstances{Disrupted: []string{"TerminationByKubelet"}}, v1alpha1.CauseNodeLost, none},
		"some were evicted, and a node is gone": {Circumstances{Disrupted: []string{"EvictionByEvictionAPI", "DeletionByPodGC"}}, v1alpha1.CauseNodeLost, none},
		"for a reason that nobody knows":        {Circumstances{Disrupted: []string{"Sunspots"}, RolledOut: orders}, v1alpha1.CauseRollout, orders},
		"the traffic was led elsewhere":         {Circumstances{Moved: true, RolledOut: orders}, v1alpha1.CauseTraffic, none},
	} {
		if cause, workload := tc.seen.Cause(); cause != tc.want || workload != tc.workload {
			t.Errorf("%s: %s of %v, want %s of %v", name, cause, workload, tc.want, tc.workload)
		}
	}
}
