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
	told, err := s.told(ctx, now, api)
	if err != nil {
		return nil, err
	}
	return gate.Windows(told), nil
}

// Downtime says whether an API may be down now.
func (s *Snapshot) Downtime(ctx context.Context, now time.Time, api *v1alpha1.CustomerAPI) (gate.Outage, error) {
	told, err := s.told(ctx, now, api)
	if err != nil {
		return gate.Outage{}, err
	}
	return gate.Downtime(told), nil
}

// told is what customers of an API are owed, and were told.
func (s *Snapshot) told(ctx context.Context, now time.Time, api *v1alpha1.CustomerAPI) (gate.Input, error) {
	told := gate.Input{Now: now, API: api}
	var err error
	if told.Policies, err = s.Binding(ctx, now, api); err != nil {
		return told, err
	}
	if told.Audience, err = s.Audience(ctx, api); err != nil {
		return told, err
	}
	told.Notices, err = s.notices(ctx, api.Namespace, api.Name)
	return told, err
}
