package controllers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/telling"
)

// plan writes down who is to be told, before anybody is. It says whether there was anything to write: then the rest is
// for the next look, which sees it.
func (d *round) plan(ctx context.Context) (written bool, err error) {
	for _, stage := range d.stages {
		customers := told(d.Records)
		if stage == v1alpha1.NoticeStage(delivery.Published) {
			if customers, err = d.publication(ctx); err != nil {
				return false, err
			}
		}
		for _, record := range telling.Missing(telling.Plan(d.notice, stage, customers, d.now), d.Records) {
			if err := d.write(ctx, &record); err != nil {
				return false, err
			}
			written = true
		}
	}
	switch {
	case written:
		d.wake(d.now)
	case len(d.stages) > 0: // no contact leads to anybody yet
		d.wake(d.now.Add(listInterval))
	}
	return written, nil
}

// write creates a record and fills it. One that exists was created by somebody who came no further.
func (d *round) write(ctx context.Context, planned *v1alpha1.DeliveryRecord) error {
	record := planned.DeepCopy()
	err := d.client.Create(ctx, record)
	if apierrors.IsAlreadyExists(err) {
		err = d.live.Get(ctx, keyOf(planned), record)
	}
	if err != nil {
		return fmt.Errorf("creating a delivery record: %w", err)
	}
	if len(record.Status.Deliveries) > 0 {
		return nil // the cache has not seen it yet
	}
	record.Status = planned.Status
	if err := d.writeRecord(ctx, record); err != nil {
		return fmt.Errorf("filling a delivery record: %w", err)
	}
	return nil
}

// told are those whom the publication was planned for, with their channels. All that comes later goes to the same,
// whatever became of the list of customers.
func told(records []v1alpha1.DeliveryRecord) []audience.Customer {
	known := map[v1alpha1.CustomerID]audience.Customer{}
	for i := range records {
		record := &records[i]
		if record.Spec.Stage != v1alpha1.NoticeStage(delivery.Published) {
			continue
		}
		for j := range record.Status.Deliveries {
			e := &record.Status.Deliveries[j]
			customer := known[e.Customer]
			customer.ID, customer.ServedBy = e.Customer, e.ServedBy
			if e.State != v1alpha1.DeliveryRelayed { // then no contact of its own leads to it
				customer.Contacts = append(customer.Contacts, audience.Contact{Channel: record.Spec.Channel})
			}
			known[e.Customer] = customer
		}
	}
	customers := slices.Collect(maps.Values(known))
	slices.SortFunc(customers, func(a, b audience.Customer) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return customers
}

// stamp keeps how many customers the publication is for, those included whom no contact leads to. It is written before
// the first of them is told, and stays whatever becomes of the list.
func (d *round) stamp(ctx context.Context) error {
	if d.notice.Status.Delivery.Affected != nil || d.nothingStands() {
		return nil
	}
	if err := d.readCustomers(ctx); err != nil || d.customers.Problem != nil {
		return err
	}
	affected := max(len(d.customers.All), len(told(d.Records)))
	d.notice.Status.Delivery.Affected = ptr.To(int32(affected))
	return d.writeStatus(ctx)
}

// nothingStands says that the notice was over before anybody was to be told.
func (d *round) nothingStands() bool {
	return len(d.Records) == 0 && !d.isDue(delivery.Published)
}

// readCustomers reads who the customers are, with their addresses.
func (d *round) readCustomers(ctx context.Context) error {
	if d.customers != nil {
		return nil
	}
	d.customers = &snapshot.Customers{Problem: &snapshot.ListProblem{
		Reason: v1alpha1.ReasonAudienceUnknown, Message: "the CustomerAPI names no Audience that is there: name one in audienceRef",
	}}
	if d.Audience != nil {
		customers, err := d.snapshot.Customers(ctx, d.Audience)
		if err != nil {
			d.customers = nil
			return err
		}
		customers.All = telling.Concerned(customers.All, d.notice.Status.Roles)
		d.customers = &customers
	}
	if d.customers.Problem != nil {
		d.wake(d.now.Add(listInterval))
	}
	return nil
}
