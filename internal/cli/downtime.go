package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
)

// DowntimeResult is what the downtime budgets of an API say of rollouts.
type DowntimeResult struct {
	// Refused is why rollouts of something new are refused, as admission says it; left out where they are not. What serves
	// is restarted and scaled, and what ran lately rolled back to all the same.
	Refused string `json:"refused,omitempty"`
	// Fixes are the budgets that a rollout names in forewarn.dev/fixes to pass, by who may approve. Left out, none passes.
	Fixes []string `json:"fixes,omitempty"`
	// FreesTime is the moment at which it is over by itself.
	FreesTime *metav1.Time `json:"freesTime,omitempty"`
	// Notes say why a budget refuses nothing although it might.
	Notes []string `json:"notes,omitempty"`
	// ran are the images that pass all the same.
	ran []string
}

// blocks says that a rollout is refused: its images are no others, or did not all run lately, and it fixes nothing. Whether
// somebody may fix anything, the API server asks.
func (d *DowntimeResult) blocks(change gate.WorkloadChange) bool {
	if d == nil || d.Refused == "" || change.Brings(d.ran) {
		return false
	}
	return len(d.Fixes) == 0 || !change.Fixes(d.Fixes)
}

// readBudgets lists the downtime budgets that there are, for those who ask about rollouts. Without the right to, or before
// they are installed, all else is said.
func (c *cluster) readBudgets(ctx context.Context, streams Streams) {
	before := len(c.objects)
	if err := c.read(ctx, &v1alpha1.DowntimeBudgetList{}); err != nil {
		streams.note("Downtime budgets are left out: %s", err)
		return
	}
	if len(c.objects) == before { // one that cannot be read counts
		return
	}
	if err := c.read(ctx, &appsv1.DeploymentList{}); err != nil {
		streams.note("Which Deployments take all their pods down to roll out is not known: %s", err)
	}
	c.snapshot = snapshot.New(snapshot.FromManifests(c.objects), c.reader)
}

// downtimeOf is what budgets refuse of a workload of an API, or of all where none is named; nil where there is nothing to say.
func (c *cluster) downtimeOf(ctx context.Context, api *v1alpha1.CustomerAPI, workload v1alpha1.WorkloadRef) (*DowntimeResult, error) {
	verdict, err := c.snapshot.Spent(ctx, c.now, api)
	if err != nil {
		return nil, fmt.Errorf("reading the downtime budgets of %s: %w", api.Name, err)
	}
	return downtimeResult(verdict, workload), nil
}

func downtimeResult(verdict gate.SpentVerdict, workload v1alpha1.WorkloadRef) *DowntimeResult {
	over := verdict.Of(workload)
	if over == nil && len(verdict.Notes) == 0 {
		return nil
	}
	result := &DowntimeResult{Notes: verdict.Notes}
	if over != nil {
		result.Refused, result.Fixes, result.FreesTime = over.Message, over.Fixes, metaTime(over.Frees)
		result.ran = slices.Concat(verdict.Serving, verdict.Past)
	}
	return result
}

// downtime says what is refused beside what the contract says.
func (p *page) downtime(indent string, d *DowntimeResult) {
	if d == nil {
		return
	}
	if d.Refused != "" {
		p.blank()
		p.paragraph(indent, "", safe("Rollouts of what did not run lately are refused: "+d.Refused))
	}
	if len(d.Notes) > 0 {
		p.blank()
		p.paragraph(indent, "", safe("Not refused: "+strings.Join(d.Notes, "; ")))
	}
}
