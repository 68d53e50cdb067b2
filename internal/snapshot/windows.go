package snapshot

import (
	"context"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/downtime"
	"forewarn.dev/forewarn/internal/gate"
)

// Windows returns the planned downtimes of an API that customers were told of, by start, those that are over included.
func (s *Snapshot) Windows(ctx context.Context, now time.Time, api *v1alpha1.CustomerAPI) ([]downtime.Window, error) {
	policies, err := s.Binding(ctx, now, api)
	if err != nil {
		return nil, err
	}
	audience, err := s.Audience(ctx, api)
	if err != nil {
		return nil, err
	}
	notices, err := s.notices(ctx, api.Namespace, api.Name)
	if err != nil {
		return nil, err
	}
	return gate.Windows(gate.Input{Now: now, API: api, Policies: policies, Audience: audience, Notices: notices}), nil
}
