package controllers

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/internal/telling"
)

// gone are the customers whose receiver wants no more (410), by what was told of the same API. Their addresses are written
// nowhere, so one that may have changed since counts as another: it is called once more.
func (d *round) gone(ctx context.Context, channel *openChannel) (map[v1alpha1.CustomerID]bool, error) {
	if channel.courier.channelType != channelWebhook || d.API == nil || d.Audience == nil || d.customers.SecretsWritten == nil {
		return nil, nil
	}
	records, err := d.recordsOfAPI(ctx)
	if err != nil {
		return nil, err
	}
	name := v1alpha1.ObjectName(channel.key.Name)
	if len(telling.Gone(records, name, *d.customers.SecretsWritten)) == 0 {
		return nil, nil
	}
	api, audience := &v1alpha1.CustomerAPI{}, &v1alpha1.Audience{}
	api.Namespace, api.Name = d.API.Namespace, d.API.Name
	audience.Namespace, audience.Name = d.Audience.Namespace, d.Audience.Name
	written, err := d.snapshot.Written(ctx, api, audience)
	if err != nil || written == nil {
		return nil, err
	}
	if written.Before(*d.customers.SecretsWritten) {
		written = d.customers.SecretsWritten
	}
	return telling.Gone(records, name, *written), nil
}

// recordsOfAPI are those of all notices of the API. They are for reading alone.
func (d *round) recordsOfAPI(ctx context.Context) ([]v1alpha1.DeliveryRecord, error) {
	var notices v1alpha1.ChangeNoticeList
	err := d.client.List(ctx, &notices, client.InNamespace(d.notice.Namespace), snapshot.OfAPI(d.API.Name), client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing the notices of %s: %w", keyOf(d.API), err)
	}
	var all []v1alpha1.DeliveryRecord
	for i := range notices.Items {
		var records v1alpha1.DeliveryRecordList
		err := d.client.List(ctx, &records, client.InNamespace(d.notice.Namespace), snapshot.OfNotice(string(notices.Items[i].UID)), client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil, fmt.Errorf("listing the delivery records of %s: %w", keyOf(&notices.Items[i]), err)
		}
		all = append(all, records.Items...)
	}
	return all, nil
}
