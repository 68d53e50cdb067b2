package controllers

import (
	"context"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/usage"
	"forewarn.dev/forewarn/internal/usage/prom"
)

// askedAtOnce is how many usage queries are under way side by side: an answer may take 60 MiB.
const askedAtOnce = 2

// usageDesk asks who used what.
type usageDesk struct {
	dispatch
	snapshot *snapshot.Snapshot
	turns    chan struct{}
}

func newUsageDesk(s shared, d dispatch) *usageDesk {
	return &usageDesk{dispatch: d, snapshot: s.snapshot, turns: make(chan struct{}, askedAtOnce)}
}

// ask asks the server of an Audience what its customers used in the days before a moment. The problem is why what it
// answers cannot be believed.
func (u *usageDesk) ask(ctx context.Context, a *v1alpha1.Audience, customers snapshot.Customers, at time.Time) (*usage.Answer, v1alpha1.CustomerUsage, *usage.Problem, error) {
	var kept v1alpha1.CustomerUsage
	if customers.Problem != nil {
		return nil, kept, &usage.Problem{Reason: customers.Problem.Reason, Text: "the list of customers cannot be read: " + customers.Problem.Message}, nil
	}
	secrets, err := u.snapshot.UsageSecrets(ctx, a)
	if err != nil {
		return nil, kept, nil, err
	}
	server, problem := u.server(a, secrets)
	if problem != nil {
		return nil, kept, problem, nil
	}
	select {
	case u.turns <- struct{}{}:
		defer func() { <-u.turns }()
	case <-ctx.Done():
		return nil, kept, nil, ctx.Err()
	}
	answer, kept, problem := server.Ask(ctx, &a.Spec.Usage, idsOf(customers.All), at)
	return answer, kept, problem, nil
}

func (u *usageDesk) server(a *v1alpha1.Audience, secrets snapshot.UsageSecrets) (prom.Server, *usage.Problem) {
	query := &a.Spec.Usage
	if secrets.Problem != nil {
		return prom.Server{}, &usage.Problem{Reason: secrets.Problem.Reason, Text: secrets.Problem.Message}
	}
	if secrets.Token != "" && !strings.HasPrefix(query.URL, "https://") {
		return prom.Server{}, &usage.Problem{Reason: v1alpha1.ReasonUsageInvalid, Text: "a token is sent by a safe connection only: write an https URL in spec.usage, or leave out tokenFrom"}
	}
	dialer, authorities, failure := u.wayOut(query.AllowedRanges, secrets.Authorities)
	if failure != nil {
		return prom.Server{}, &usage.Problem{Reason: v1alpha1.ReasonUsageInvalid, Text: "spec.usage." + failure.Text}
	}
	return prom.Server{
		URL: query.URL, Client: egress.BoundedClient(dialer, authorities, prom.MaxBytes), Token: strings.TrimSpace(secrets.Token),
	}, nil
}

func idsOf(customers []audience.Customer) []v1alpha1.CustomerID {
	ids := make([]v1alpha1.CustomerID, 0, len(customers))
	for i := range customers {
		ids = append(ids, customers[i].ID)
	}
	return ids
}
