package builders

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// BudgetBuilder makes a DowntimeBudget.
type BudgetBuilder struct{ budget v1alpha1.DowntimeBudget }

// Budget begins one that allows 43 minutes in 30 days, all of which are left.
func Budget(name, api string) *BudgetBuilder {
	allowed, left := int32(43), int64(43*60)
	b := &BudgetBuilder{budget: v1alpha1.DowntimeBudget{
		TypeMeta:   typeMeta("DowntimeBudget"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace},
		Spec:       v1alpha1.DowntimeBudgetSpec{APIRef: v1alpha1.APIRef{Name: v1alpha1.ObjectName(api)}, AllowedMinutes: &allowed},
	}}
	b.budget.Status.LeftSeconds, b.budget.Status.State = &left, v1alpha1.AvailabilityUp
	return b
}

// WhenSpent is what happens then.
func (b *BudgetBuilder) WhenSpent(rule v1alpha1.SpentRule) *BudgetBuilder {
	b.budget.Spec.WhenSpent = rule
	return b
}

// Unmeasured takes away all that is known of it.
func (b *BudgetBuilder) Unmeasured() *BudgetBuilder {
	b.budget.Status = v1alpha1.DowntimeBudgetStatus{}
	return b
}

// Left is what is left of it.
func (b *BudgetBuilder) Left(left time.Duration) *BudgetBuilder {
	seconds := int64(left / time.Second)
	b.budget.Status.LeftSeconds = &seconds
	return b
}

// Spent spends it; where frees is the zero time, nobody knows when it frees up.
func (b *BudgetBuilder) Spent(used string, at, frees time.Time) *BudgetBuilder {
	b.budget.Status.Used, b.budget.Status.SpentTime = used, instant(at)
	if !frees.IsZero() {
		b.budget.Status.FreesTime = instant(frees)
	}
	return b.Left(0)
}

// Down takes the API down: stays it so, nothing is left at the moment given.
func (b *BudgetBuilder) Down(exhausted time.Time) *BudgetBuilder {
	b.budget.Status.State, b.budget.Status.ExhaustedTime = v1alpha1.AvailabilityDown, instant(exhausted)
	return b
}

// Ran is an image that was last seen at a moment; the zero time for one that runs.
func (b *BudgetBuilder) Ran(image string, last time.Time) *BudgetBuilder {
	past := v1alpha1.PastImage{Image: image}
	if !last.IsZero() {
		past.LastTime = instant(last)
	}
	b.budget.Status.Images = append(b.budget.Status.Images, past)
	return b
}

// RolledOut is a rollout of a Deployment that was completed.
func (b *BudgetBuilder) RolledOut(name string, at time.Time, took, down time.Duration) *BudgetBuilder {
	seconds, downSeconds := int64(took/time.Second), int64(down/time.Second)
	b.budget.Status.Rollouts = append(b.budget.Status.Rollouts, v1alpha1.PastRollout{
		Workload: v1alpha1.WorkloadRef{Kind: "Deployment", Name: name}, CompletedTime: instant(at), Seconds: &seconds, DownSeconds: &downSeconds,
	})
	return b
}

// With makes any other change.
func (b *BudgetBuilder) With(change func(*v1alpha1.DowntimeBudget)) *BudgetBuilder {
	change(&b.budget)
	return b
}

// Obj returns it.
func (b *BudgetBuilder) Obj() *v1alpha1.DowntimeBudget { return b.budget.DeepCopy() }
