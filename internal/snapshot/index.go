package snapshot

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Fields by which objects are looked up. A cache that a Snapshot reads from must be indexed by them.
const (
	apiField      = "spec.apiRef.name"
	revisionField = "spec.revision"
	noticeField   = "spec.noticeRef.uid"
)

type index struct {
	object client.Object
	field  string
	value  client.IndexerFunc
}

func indexes() []index {
	return []index{
		{&v1alpha1.APIRevision{}, apiField, func(o client.Object) []string {
			return []string{string(o.(*v1alpha1.APIRevision).Spec.APIRef.Name)}
		}},
		{&v1alpha1.ChangeNotice{}, apiField, func(o client.Object) []string {
			return []string{string(o.(*v1alpha1.ChangeNotice).Spec.APIRef.Name)}
		}},
		{&v1alpha1.DeprecationSchedule{}, apiField, func(o client.Object) []string {
			return []string{string(o.(*v1alpha1.DeprecationSchedule).Spec.APIRef.Name)}
		}},
		{&v1alpha1.DowntimeBudget{}, apiField, func(o client.Object) []string {
			return []string{string(o.(*v1alpha1.DowntimeBudget).Spec.APIRef.Name)}
		}},
		{&v1alpha1.Waiver{}, revisionField, func(o client.Object) []string {
			return []string{string(o.(*v1alpha1.Waiver).Spec.Revision)}
		}},
		{&v1alpha1.DeliveryRecord{}, noticeField, func(o client.Object) []string {
			return []string{o.(*v1alpha1.DeliveryRecord).Spec.NoticeRef.UID}
		}},
	}
}

// AddIndexes prepares a cache for a Snapshot.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	for _, i := range indexes() {
		if err := indexer.IndexField(ctx, i.object, i.field, i.value); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", i.object, i.field, err)
		}
	}
	return nil
}

// OfAPI selects the APIRevisions, ChangeNotices, DeprecationSchedules or DowntimeBudgets of a CustomerAPI.
func OfAPI(name string) client.MatchingFields { return client.MatchingFields{apiField: name} }

// OfRevision selects the Waivers of an APIRevision.
func OfRevision(name string) client.MatchingFields { return client.MatchingFields{revisionField: name} }

// OfNotice selects the DeliveryRecords of the ChangeNotice with that UID.
func OfNotice(uid string) client.MatchingFields { return client.MatchingFields{noticeField: uid} }
