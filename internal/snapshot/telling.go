package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Telling is what telling customers of a notice depends on, but for who they are: that is read where it is used.
type Telling struct {
	// API is that of the notice. Nil: there is none.
	API *v1alpha1.CustomerAPI
	// Audience is that of the API. Nil: the API names none, or one that is not there.
	Audience *v1alpha1.Audience
	// ReminderDays are those of all policies that bind, without order.
	ReminderDays []int32
	// Records are those of this very notice, by name.
	Records []v1alpha1.DeliveryRecord
}

// Telling reads it from the objects. What is returned is the caller's.
func (s *Snapshot) Telling(ctx context.Context, notice *v1alpha1.ChangeNotice) (Telling, error) {
	var t Telling
	var records v1alpha1.DeliveryRecordList
	if err := s.objects.List(ctx, &records, client.InNamespace(notice.Namespace), OfNotice(string(notice.UID))); err != nil {
		return t, fmt.Errorf("listing the delivery records of %s: %w", client.ObjectKeyFromObject(notice), err)
	}
	t.Records = records.Items
	slices.SortFunc(t.Records, func(a, b v1alpha1.DeliveryRecord) int { return strings.Compare(a.Name, b.Name) })
	var err error
	if t.API, err = s.api(ctx, notice.Namespace, notice.Spec.APIRef); err != nil || t.API == nil {
		return t, err
	}
	if t.Audience, err = s.Audience(ctx, t.API); err != nil {
		return t, err
	}
	policies, err := s.Policies(ctx, t.API)
	for i := range policies {
		t.ReminderDays = append(t.ReminderDays, inForce(&policies[i]).ReminderDays...)
	}
	return t, err
}
