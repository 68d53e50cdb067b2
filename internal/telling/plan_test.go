package telling

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
)

// customer is one that a contact leads to by each of the channels.
func customer(id string, channels ...v1alpha1.ObjectName) audience.Customer {
	c := audience.Customer{ID: v1alpha1.CustomerID(id)}
	for _, channel := range channels {
		c.Contacts = append(c.Contacts, audience.Contact{Role: "Operations", Channel: channel, Address: "never@shown.example"})
	}
	return c
}

func customers(n int, channels ...v1alpha1.ObjectName) []audience.Customer {
	var all []audience.Customer
	for i := range n {
		all = append(all, customer(fmt.Sprintf("c-%05d", i), channels...))
	}
	return all
}

func TestAPlanIsWhatIsWrittenDown(t *testing.T) {
	now := published.Add(1500 * time.Millisecond)
	got := Plan(aNotice(), "Reminder-30", []audience.Customer{customer("c-2", "mail"), customer("c-1", "mail", "hooks", "mail"), customer("c-3")}, now)
	planned := metav1.NewTime(published.Add(time.Second))
	entry := func(customer, channel string) v1alpha1.Delivery {
		return v1alpha1.Delivery{
			Customer: v1alpha1.CustomerID(customer), State: v1alpha1.DeliveryPlanned, PlannedTime: &planned,
			ID: delivery.ID("u-1", customer, channel, "Reminder-30"),
		}
	}
	none := int32(0)
	want := func(name, channel string, entries ...v1alpha1.Delivery) v1alpha1.DeliveryRecord {
		total := int32(len(entries))
		return v1alpha1.DeliveryRecord{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
			Spec: v1alpha1.DeliveryRecordSpec{
				NoticeRef: v1alpha1.NoticeRef{Name: "orders-no-delete", UID: "u-1"}, Channel: v1alpha1.ObjectName(channel),
				Stage: "Reminder-30", Shard: &none, Records: 2, EffectiveTime: &metav1.Time{Time: effective},
			},
			Status: v1alpha1.DeliveryRecordStatus{Deliveries: entries, Delivered: &none, Total: &total, NextAttemptTime: &planned},
		}
	}
	wanted := []v1alpha1.DeliveryRecord{
		want(RecordName("u-1", "Reminder-30", "hooks", 0), "hooks", entry("c-1", "hooks")),
		want(RecordName("u-1", "Reminder-30", "mail", 0), "mail", entry("c-1", "mail"), entry("c-2", "mail")),
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARecordHoldsAtMost500(t *testing.T) {
	for n, want := range map[int][]int{0: nil, 1: {1}, 499: {499}, 500: {500}, 501: {500, 1}, 1000: {500, 500}, 5000: slices.Repeat([]int{500}, 10)} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var sizes []int
			names := map[string]bool{}
			for i, r := range Plan(aNotice(), "Published", customers(n, "mail"), published) {
				sizes = append(sizes, len(r.Status.Deliveries))
				names[r.Name] = true
				if int(*r.Spec.Shard) != i || int(r.Spec.Records) != len(want) || int(*r.Status.Total) != len(r.Status.Deliveries) {
					t.Errorf("record %d: shard %d of %d, total %d", i, *r.Spec.Shard, r.Spec.Records, *r.Status.Total)
				}
			}
			if diff := cmp.Diff(want, sizes); diff != "" || len(names) != len(want) {
				t.Errorf("%d names, (-want +got):\n%s", len(names), diff)
			}
		})
	}
}

func TestRecordNamesAreNames(t *testing.T) {
	label := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	long := v1alpha1.ObjectName(strings.Repeat("c", 63))
	seen := map[string]string{}
	for _, uid := range []string{"u-1", "u-2", strings.Repeat("u", 64)} {
		for _, stage := range []v1alpha1.NoticeStage{"Published", "Reminder-30", "Reminder-30-1", "Reminder-3", "Postponed-9999", "Withdrawn"} {
			for _, channel := range []v1alpha1.ObjectName{"mail", "mail-0", "0-mail", long} {
				for _, shard := range []int32{0, 1, 999} {
					name, of := RecordName(uid, stage, channel, shard), fmt.Sprint(uid, stage, channel, shard)
					if !label.MatchString(name) || len(name) > 253 {
						t.Errorf("%q is no name", name)
					}
					if other, taken := seen[name]; taken {
						t.Errorf("%s is the name of %s and of %s", name, of, other)
					}
					seen[name] = of
				}
			}
		}
	}
}

func TestWhatIsMissingOfAPlan(t *testing.T) {
	now := published.Add(time.Hour)
	plan := func(customers []audience.Customer) []v1alpha1.DeliveryRecord {
		return Plan(aNotice(), "Published", customers, now)
	}
	all := Plan(aNotice(), "Published", customers(1100, "mail", "hooks"), published) // three records of each
	elsewhere := func(edit func(*v1alpha1.DeliveryRecord)) []v1alpha1.DeliveryRecord {
		var other []v1alpha1.DeliveryRecord
		for _, r := range all {
			edit(&r)
			other = append(other, r)
		}
		return other
	}
	emptied := *all[2].DeepCopy()
	empty(&emptied)
	cases := map[string]struct {
		planned, recorded []v1alpha1.DeliveryRecord
		want              map[string]int // by name, how many customers
	}{
		"nothing is planned":       {nil, all, nil},
		"nothing is recorded":      {all[:1], nil, map[string]int{all[0].Name: 500}},
		"all is":                   {all, all, nil},
		"the last is not":          {all, all[:5], map[string]int{all[5].Name: 100}},
		"one in the middle is not": {all, slices.Concat(all[:1], all[2:]), map[string]int{all[1].Name: 500}},
		"one is empty":             {all, slices.Concat(all[:2], []v1alpha1.DeliveryRecord{emptied}, all[3:]), map[string]int{all[2].Name: 100}},
		"a channel is not":         {all, all[:3], map[string]int{all[3].Name: 500, all[4].Name: 500, all[5].Name: 100}},
		"another stage is": {all, elsewhere(func(r *v1alpha1.DeliveryRecord) { r.Spec.Stage = "Withdrawn" }),
			map[string]int{all[0].Name: 500, all[1].Name: 500, all[2].Name: 100, all[3].Name: 500, all[4].Name: 500, all[5].Name: 100}},
		"that of another notice is": {all[:1], elsewhere(func(r *v1alpha1.DeliveryRecord) { r.Spec.NoticeRef.UID = "u-0" }), map[string]int{all[0].Name: 500}},
		// The first 500 were recorded when two new customers came to stand before them.
		"the list grew meanwhile": {plan(append(customers(600, "hooks"), customer("a", "hooks"), customer("b", "hooks"))), all[:1],
			map[string]int{all[1].Name: 102}},
		"the list shrank meanwhile":      {plan(customers(600, "hooks")[100:]), all[:1], map[string]int{all[1].Name: 100}},
		"the rest left the list":         {plan(customers(400, "hooks")), all[:1], nil},
		"a record of more than it seems": {plan(customers(1100, "hooks")), all[1:2], map[string]int{all[0].Name: 500, all[2].Name: 100}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, filledIn := map[string]int{}, map[string]bool{}
			for _, r := range c.recorded {
				if filled(&r) && r.Spec.Stage == "Published" && r.Spec.NoticeRef.UID == "u-1" {
					filledIn[r.Name] = true
				}
			}
			for _, r := range Missing(c.planned, c.recorded) {
				got[r.Name] = len(r.Status.Deliveries)
				if want := int32(len(c.want) + len(filledIn)); r.Spec.Records != want || filledIn[r.Name] {
					t.Errorf("%s says %d records, want %d", r.Name, r.Spec.Records, want)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" && len(c.want)+len(got) > 0 {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// someCustomers are up to 1,200, with any of three channels each.
func someCustomers(t *rapid.T) []audience.Customer {
	reach := rapid.SliceOfN(rapid.SampledFrom([][]v1alpha1.ObjectName{nil, {"mail"}, {"mail", "hooks"}, {"hooks", "mail", "mail"}, {"pager"}}), 1, 5).Draw(t, "channels")
	step := rapid.IntRange(1, 3).Draw(t, "step")
	var all []audience.Customer
	for i := range rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(490, 1200)).Draw(t, "customers") {
		all = append(all, customer(fmt.Sprintf("c%d", i*step), reach[i%len(reach)]...))
	}
	return all
}

// The plan is independent of the order of customers, and whoever can be reached is in it once per channel.
func TestAPlanHoldsEachCustomerOncePerChannel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := someCustomers(t)
		plan := Plan(aNotice(), "Published", all, published)
		if diff := cmp.Diff(plan, Plan(aNotice(), "Published", rapid.Permutation(all).Draw(t, "order"), published)); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
		wanted := map[string]int{}
		for _, c := range all {
			for _, contact := range c.Contacts {
				wanted[string(c.ID)+" "+string(contact.Channel)] = 1
			}
		}
		if diff := cmp.Diff(wanted, entriesOf(t, plan)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// entriesOf counts the entries by customer and channel, and looks at what they are called.
func entriesOf(t *rapid.T, plan []v1alpha1.DeliveryRecord) map[string]int {
	found, ids, names := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, r := range plan {
		if n := len(r.Status.Deliveries); n == 0 || n > maxShard || names[r.Name] {
			t.Fatalf("%s holds %d, or is there twice", r.Name, n)
		}
		names[r.Name] = true
		for _, d := range r.Status.Deliveries {
			if ids[d.ID] || d.ID != delivery.ID(r.Spec.NoticeRef.UID, string(d.Customer), string(r.Spec.Channel), delivery.Stage(r.Spec.Stage)) {
				t.Fatalf("the id %s of %s by %s is there twice, or is another", d.ID, d.Customer, r.Spec.Channel)
			}
			ids[d.ID] = true
			found[string(d.Customer)+" "+string(r.Spec.Channel)]++
		}
	}
	return found
}

// Whatever part of a plan was recorded when its maker died, and whatever became of the list since: while the stage is
// due the rest is planned, nobody is lost and nobody is told twice.
func TestAPlanIsMadeToItsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := someCustomers(t)
		recorded := recording(t, nil, Plan(aNotice(), "Published", before, published))
		wanted := before
		for now := published.Add(time.Minute); ; now = now.Add(time.Minute) {
			stages, _ := Due(DueInput{Now: now, Notice: aNotice(), Told: recorded})
			if len(stages) == 0 {
				break
			}
			if rapid.IntRange(0, 3).Draw(t, "the list changed") == 0 {
				wanted = append(someCustomers(t), customer("new", "mail"))
			}
			missing := Missing(Plan(aNotice(), "Published", wanted, now), recorded)
			if len(missing) == 0 {
				break
			}
			recorded = recording(t, recorded, missing)
		}
		entries := entriesOf(t, slices.DeleteFunc(recorded, func(r v1alpha1.DeliveryRecord) bool { return !filled(&r) }))
		for entry, n := range entries {
			if n != 1 {
				t.Fatalf("%s stands in %d records", entry, n)
			}
		}
		for _, c := range wanted {
			for _, contact := range c.Contacts {
				if entries[string(c.ID)+" "+string(contact.Channel)] != 1 {
					t.Fatalf("%s is not told by %s", c.ID, contact.Channel)
				}
			}
		}
	})
}

// recording writes records down: each as it is, or empty, or not at all.
func recording(t *rapid.T, recorded, records []v1alpha1.DeliveryRecord) []v1alpha1.DeliveryRecord {
	for _, r := range records {
		came := rapid.IntRange(0, 3).Draw(t, "came to")
		if came == 0 {
			continue
		}
		recorded = slices.DeleteFunc(recorded, func(other v1alpha1.DeliveryRecord) bool { return other.Name == r.Name })
		if came == 1 {
			empty(&r)
		}
		recorded = append(recorded, r)
	}
	return recorded
}
