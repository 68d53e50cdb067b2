package snapshot

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

// Budgets are what is known of the downtime budgets of a namespace.
type Budgets struct {
	list    []v1alpha1.DowntimeBudget
	allDown map[v1alpha1.WorkloadRef]bool
}

// Spent returns what the budgets of an API refuse.
func (s *Snapshot) Spent(ctx context.Context, now time.Time, api *v1alpha1.CustomerAPI) (gate.SpentVerdict, error) {
	budgets, err := s.budgets(ctx, api.Namespace)
	if err != nil {
		return gate.SpentVerdict{}, err
	}
	told, err := s.told(ctx, now, api)
	if err != nil {
		return gate.SpentVerdict{}, err
	}
	return budgets.of(told, nil), nil
}

// budgets reads those of a namespace, also those that cannot be read: they refuse what they refused.
func (s *Snapshot) budgets(ctx context.Context, namespace string) (*Budgets, error) {
	var list v1alpha1.DowntimeBudgetList
	if err := s.all.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing downtime budgets in %s: %w", namespace, err)
	}
	b := &Budgets{list: list.Items}
	if len(b.list) == 0 {
		return b, nil
	}
	var err error
	b.allDown, err = s.allDown(ctx, namespace)
	return b, err
}

// of is what the budgets say of the API of an input, whose revision does not count.
// Running are the images of the pods that carry it.
func (b *Budgets) of(in gate.Input, running []string) gate.SpentVerdict {
	policies, _ := notice.ReadPolicies(in.Policies)
	if len(b.list) == 0 { // nothing is refused, and yet it is known what may come back
		return gate.Spent(gate.SpentInput{Now: in.Now, API: in.API, Rollback: policies.Rollback()})
	}
	return gate.Spent(gate.SpentInput{
		Now: in.Now, API: in.API, Budgets: b.list, Windows: gate.Windows(in), AllDown: b.allDown, Rollback: policies.Rollback(),
		Running: running,
	})
}

// mayRefuse says that a budget of the API could refuse anything. Each API of a namespace asks that of all of its budgets, so
// none is copied.
func (b *Budgets) mayRefuse(api string) bool {
	for i := range b.list {
		of := &b.list[i]
		if gate.BudgetOf(of, api) && (Read(of) != nil || of.Status.SpentTime != nil || len(of.Status.Rollouts) > 0) {
			return true
		}
	}
	return false
}

// running are the images of the pods that carry an API now. Nobody looks where no budget could refuse anything.
func (s *Snapshot) running(ctx context.Context, api *v1alpha1.CustomerAPI, budgets *Budgets) ([]string, error) {
	if !budgets.mayRefuse(api.Name) {
		return nil, nil
	}
	var pods corev1.PodList
	if err := s.objects.List(ctx, &pods, client.InNamespace(api.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing pods in %s: %w", api.Namespace, err)
	}
	found := &gate.Running{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		carries := func(selector v1alpha1.PodSelector) bool { return gate.Selects(selector.MatchLabels, pod.Labels) }
		over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if !over && slices.ContainsFunc(api.Status.Selectors, carries) {
			found.Images = withImages(found.Images, &pod.Spec)
		}
	}
	return found.Images, nil
}

// allDown are the Deployments that take all their pods down to roll out.
func (s *Snapshot) allDown(ctx context.Context, namespace string) (map[v1alpha1.WorkloadRef]bool, error) {
	var list appsv1.DeploymentList
	if err := s.objects.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing deployments in %s: %w", namespace, err)
	}
	found := map[v1alpha1.WorkloadRef]bool{}
	for i := range list.Items {
		if d := &list.Items[i]; TakesAllDown(d) {
			found[v1alpha1.WorkloadRef{Kind: "Deployment", Name: d.Name}] = true
		}
	}
	return found, nil
}

// TakesAllDown says that a Deployment takes all its pods down to roll out.
func TakesAllDown(d *appsv1.Deployment) bool { return strategyOf(d).TakesAllDown() }

func strategyOf(d *appsv1.Deployment) gate.Strategy {
	s := gate.Strategy{
		Resource: "deployments", Pods: int64(replicas(d.Spec.Replicas)), Held: d.Spec.Paused,
		Recreate: d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType,
	}
	if rolling := d.Spec.Strategy.RollingUpdate; rolling != nil {
		s.MaxUnavailable, s.MaxSurge = amountOf(rolling.MaxUnavailable), amountOf(rolling.MaxSurge)
	}
	return s
}

func amountOf(amount *intstr.IntOrString) string {
	if amount == nil {
		return ""
	}
	return amount.String()
}
