package telling

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
)

// maxShard is how many customers one record holds, as its schema has it.
const maxShard = 500

// nameHash is how many hex digits in the name of a record tell it from that of another notice.
const nameHash = 16

// Plan are the records of one stage: one per channel and at most 500 customers. Whatever the order of the customers
// is, the plan is the same. A customer stands in it once for each channel that a contact leads to, however many
// contacts do, and one without a contact not at all: unless a partner serves it, who is told for it.
func Plan(notice *v1alpha1.ChangeNotice, stage v1alpha1.NoticeStage, customers []audience.Customer, now time.Time) []v1alpha1.DeliveryRecord {
	o := occasion{
		namespace: notice.Namespace,
		spec: v1alpha1.DeliveryRecordSpec{
			NoticeRef: v1alpha1.NoticeRef{Name: v1alpha1.ObjectName(notice.Name), UID: string(notice.UID)},
			Stage:     stage, EffectiveTime: notice.Spec.EffectiveTime.DeepCopy(), Updates: int32(len(notice.Spec.Updates)),
		},
		planned: metav1.NewTime(now.UTC().Truncate(time.Second)),
	}
	to, partners := recipients{}, channelsOf(customers)
	for i := range customers {
		c := &customers[i]
		to.addAll(c)
		if channel := partners[c.ServedBy]; len(c.Contacts) == 0 && c.ServedBy != "" && channel != "" {
			to.add(channel, recipient{id: c.ID, servedBy: c.ServedBy, relayed: true})
		}
	}
	return o.records(to, nil)
}

// Missing is what is to be created of a plan yet, or filled where it was created only; recorded are the records of
// the notice. Nobody is planned again who stands in a record of the same stage and channel, and nobody is lost
// where the list of customers changed after a part was recorded.
func Missing(planned, recorded []v1alpha1.DeliveryRecord) []v1alpha1.DeliveryRecord {
	if len(planned) == 0 {
		return nil
	}
	o := occasion{namespace: planned[0].Namespace, spec: planned[0].Spec, planned: *planned[0].Status.Deliveries[0].PlannedTime}
	taken, done := map[string]bool{}, map[v1alpha1.ObjectName]map[v1alpha1.CustomerID]bool{}
	for i := range recorded {
		r := &recorded[i]
		if r.Spec.NoticeRef != o.spec.NoticeRef || r.Spec.Stage != o.spec.Stage || !filled(r) {
			continue
		}
		taken[r.Name] = true
		if done[r.Spec.Channel] == nil {
			done[r.Spec.Channel] = map[v1alpha1.CustomerID]bool{}
		}
		for j := range r.Status.Deliveries {
			done[r.Spec.Channel][r.Status.Deliveries[j].Customer] = true
		}
	}
	to := recipients{}
	for i := range planned {
		channel := planned[i].Spec.Channel
		for j := range planned[i].Status.Deliveries {
			if d := &planned[i].Status.Deliveries[j]; !done[channel][d.Customer] {
				to.add(channel, recipient{id: d.Customer, servedBy: d.ServedBy, relayed: d.State == v1alpha1.DeliveryRelayed})
			}
		}
	}
	return o.records(to, taken)
}

// RecordName is the name of a record. It is the same whoever plans, so that two who do cannot both create it.
func RecordName(noticeUID string, stage v1alpha1.NoticeStage, channel v1alpha1.ObjectName, shard int32) string {
	number := strconv.Itoa(int(shard))
	hash := delivery.ID(noticeUID, number, string(channel), delivery.Stage(stage))[:nameHash]
	return strings.ToLower(string(stage)) + "-" + string(channel) + "-" + number + "-" + hash
}

// occasion is what the records of a stage have in common.
type occasion struct {
	namespace string
	spec      v1alpha1.DeliveryRecordSpec
	planned   metav1.Time
}

// records are those for the recipients, by channel and customer. Names that are taken are left out.
func (o *occasion) records(to recipients, taken map[string]bool) []v1alpha1.DeliveryRecord {
	var records []v1alpha1.DeliveryRecord
	for _, channel := range slices.Sorted(maps.Keys(to)) {
		shard := int32(0)
		for customers := range slices.Chunk(to.of(channel), maxShard) {
			for taken[RecordName(o.spec.NoticeRef.UID, o.spec.Stage, channel, shard)] {
				shard++
			}
			records = append(records, o.record(channel, shard, customers))
			shard++
		}
	}
	for i := range records {
		records[i].Spec.Records = int32(len(records) + len(taken))
	}
	return records
}

func (o *occasion) record(channel v1alpha1.ObjectName, shard int32, customers []recipient) v1alpha1.DeliveryRecord {
	uid := o.spec.NoticeRef.UID
	r := v1alpha1.DeliveryRecord{Spec: *o.spec.DeepCopy()}
	r.Namespace, r.Name = o.namespace, RecordName(uid, o.spec.Stage, channel, shard)
	r.Spec.Channel, r.Spec.Shard = channel, &shard
	for _, customer := range customers {
		d := v1alpha1.Delivery{
			Customer: customer.id, ServedBy: customer.servedBy, State: v1alpha1.DeliveryPlanned, PlannedTime: o.planned.DeepCopy(),
			ID: delivery.ID(uid, string(customer.id), string(channel), delivery.Stage(o.spec.Stage)),
		}
		if customer.relayed {
			d.State = v1alpha1.DeliveryRelayed
		} else {
			r.Status.NextAttemptTime = o.planned.DeepCopy()
		}
		r.Status.Deliveries = append(r.Status.Deliveries, d)
	}
	total := int32(len(customers))
	r.Status.Delivered, r.Status.Total = new(int32), &total
	return r
}
