package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/telling"
)

const outputYAML = "yaml"

type exportOptions struct {
	output string
}

func (o *exportOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, arg string) error {
	if !slices.Contains([]string{outputText, outputJSON, outputYAML}, o.output) {
		return fmt.Errorf("unknown output %q: write text, json or yaml", o.output)
	}
	id, err := readCustomerID(arg)
	if err != nil {
		return err
	}
	r, err := readRegistry(ctx, config, id)
	if err != nil {
		return err
	}
	result, err := r.export(ctx, streams)
	if err != nil {
		return err
	}
	switch o.output {
	case outputJSON:
		err = printJSON(streams.Out, result)
	case outputYAML:
		err = printYAML(streams.Out, result)
	default:
		p := newPage(streams)
		p.customer(result)
		err = p.writeTo(streams.Out)
	}
	if err != nil || len(result.NotSeen) == 0 {
		return err
	}
	for _, what := range result.NotSeen {
		streams.note("Not in it, since it could not be read: %s.", what)
	}
	return errUndecided
}

// export puts together what is held of the customer, and what was sent.
func (r *registry) export(ctx context.Context, streams Streams) (*CustomerResult, error) {
	all, err := r.held(ctx)
	if err != nil {
		return nil, err
	}
	result := &CustomerResult{
		APIVersion: ResultVersion, Kind: KindCustomer, Customer: string(r.id), Namespace: r.namespace,
		EvaluatedTime: metav1.NewTime(r.clock.bound(streams.Now())),
	}
	for _, h := range all {
		shown, err := r.heldResult(ctx, h)
		if err != nil {
			return nil, err
		}
		if h.any() || len(shown.Copies) > 0 {
			result.Held = append(result.Held, *shown)
		}
	}
	result.Named = r.named()
	result.Sent = r.sent(known(all))
	result.NotSeen = slices.Concat(r.unseen, r.unsent)
	return result, nil
}

// heldResult is what one Audience holds, with the addresses that it leads to.
func (r *registry) heldResult(ctx context.Context, h *heldIn) (*HeldResult, error) {
	shown := &HeldResult{Audience: h.audience.Name, Entry: h.customer()}
	if r.copiedEntry(h.audience) {
		shown.Copies = append(shown.Copies, "audience/"+h.audience.Name)
	}
	ref := h.audience.Spec.CustomersFrom
	for _, row := range h.list.Rows {
		shown.Rows = append(shown.Rows, RowResult{Secret: ref.Name, Key: ref.Key, Line: row.Line, Columns: row.Columns})
	}
	keys := map[string][]string{}
	if entry := h.customer(); entry != nil {
		for _, contact := range entry.Contacts {
			secret, seen, err := r.secret(ctx, contact.AddressFrom.Name)
			if err != nil {
				return nil, err
			}
			if !seen || secret == nil {
				continue
			}
			keys[secret.Name] = append(keys[secret.Name], contact.AddressFrom.Key)
			if address := secret.Data[contact.AddressFrom.Key]; len(address) > 0 {
				shown.Addresses = append(shown.Addresses, AddressResult{
					Role: string(contact.Role), Channel: string(contact.Channel), Secret: secret.Name, Key: contact.AddressFrom.Key, Address: string(address),
				})
			}
		}
	}
	if secret := r.secrets[ref.Name]; secret != nil && r.copied(secret, []string{ref.Key}, keys[ref.Name]) {
		shown.Copies = append(shown.Copies, "secret/"+ref.Name)
	}
	for name, keys := range keys {
		if name != ref.Name && r.copied(r.secrets[name], nil, keys) {
			shown.Copies = append(shown.Copies, "secret/"+name)
		}
	}
	slices.Sort(shown.Copies)
	return shown, nil
}

// known is what letters depend on of the customer, by Audience.
func known(all []*heldIn) map[string]*audience.Customer {
	customers := map[string]*audience.Customer{}
	for _, h := range all {
		for _, row := range h.list.Rows {
			customers[h.audience.Name] = &audience.Customer{
				Locale: strings.TrimSpace(row.Columns["locale"]), TimeZone: strings.TrimSpace(row.Columns["time_zone"]),
			}
		}
		if c := h.customer(); c != nil {
			customers[h.audience.Name] = &audience.Customer{Locale: c.Locale, TimeZone: c.TimeZone}
		}
	}
	return customers
}

// named are the statuses that hold the id, since the contract of the customer binds, or is one of those that do.
func (r *registry) named() []string {
	var found []string
	for i := range r.audiences {
		if slices.ContainsFunc(r.audiences[i].Status.Terms, func(t v1alpha1.ContractTerm) bool { return t.Customer == r.id }) {
			found = append(found, "audience/"+r.audiences[i].Name+": status.terms")
		}
	}
	for i := range r.notices {
		if slices.ContainsFunc(r.notices[i].Status.Owed, func(o v1alpha1.OwedNotice) bool { return o.Customer == r.id }) {
			found = append(found, "changenotice/"+r.notices[i].Name+": status.owed")
		}
	}
	for i := range r.revisions {
		owed := func(c v1alpha1.JudgedChange) bool { return c.OwedBy == notice.CustomerPrefix+string(r.id) }
		if slices.ContainsFunc(r.revisions[i].Status.Changes, owed) {
			found = append(found, "apirevision/"+r.revisions[i].Name+": status.changes")
		}
	}
	return found
}

// sent are the messages to the customer, the first one first.
func (r *registry) sent(customers map[string]*audience.Customer) []SentResult {
	var sent []SentResult
	for i := range r.records {
		record := &r.records[i]
		for _, d := range record.Status.Deliveries {
			if d.Customer != r.id {
				continue
			}
			s := SentResult{
				Delivery: d, Record: record.Name, Notice: string(record.Spec.NoticeRef.Name),
				Stage: string(record.Spec.Stage), Channel: string(record.Spec.Channel),
			}
			r.addLetter(&s, record, customers)
			sent = append(sent, s)
		}
	}
	slices.SortStableFunc(sent, func(a, b SentResult) int {
		return cmp.Or(a.PlannedTime.Compare(ptr.Deref(b.PlannedTime, metav1.Time{}).Time), cmp.Compare(a.Record, b.Record))
	})
	return sent
}

// addLetter adds the text as letters have it, where anything may have been sent and the notice is still there.
func (r *registry) addLetter(s *SentResult, record *v1alpha1.DeliveryRecord, customers map[string]*audience.Customer) {
	at := slices.IndexFunc(r.notices, func(n v1alpha1.ChangeNotice) bool {
		return n.Name == s.Notice && string(n.UID) == record.Spec.NoticeRef.UID
	})
	if at < 0 {
		s.NoticeGone = true
		return
	}
	if ptr.Deref(s.Attempts, 0) == 0 && s.State != v1alpha1.DeliveryDelivered {
		return
	}
	n := r.notices[at].DeepCopy()
	for i, told := range n.Status.UpdateTimes {
		if s.DeliveredTime != nil && i < len(n.Spec.Updates) && told.After(s.DeliveredTime.Time) {
			n.Spec.Updates = n.Spec.Updates[:i] // the letter did not have it yet
			break
		}
	}
	about := telling.About{Notice: n, Record: record}
	var customer *audience.Customer
	for i := range r.records {
		if r.records[i].Spec.NoticeRef == record.Spec.NoticeRef {
			about.Records = append(about.Records, r.records[i])
		}
	}
	for i := range r.apis {
		if r.apis[i].Name == string(n.Spec.APIRef.Name) {
			about.API, customer = &r.apis[i], customers[string(r.apis[i].Spec.AudienceRef.Name)]
		}
	}
	s.Subject, s.Text = delivery.Letter(about.Message(&s.Delivery, customer))
}
