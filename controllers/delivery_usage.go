package controllers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/delivery"
	"forewarn.dev/forewarn/internal/gate"
)

// publication are the customers whom the publication is for: those who used what changes by the time at which it was
// published or, where that is not known, all. Who they are is stamped before the first of them is planned, so that
// whoever goes on with it plans the same:
//
//	asked -> stamped: how many, digest -> planned -> ended in the middle -> asked again, as of the same time
//	                                          the same digest: the rest of them | another: all, and so it is stamped
//
// Nobody is told before all are planned. So nobody is lost by an answer that may be wrong, nor told without need but
// where the answer about that time is another than it was.
func (d *round) publication(ctx context.Context) ([]audience.Customer, error) {
	if err := d.readCustomers(ctx); err != nil {
		return nil, err
	}
	all := d.customers.All // nobody, where the list cannot be believed
	stamped := &d.notice.Status.Delivery
	begun := d.publicationBegun(d.Records)
	if d.customers.Problem != nil || stamped.CustomersDigest == "" && (stamped.Affected != nil || begun) {
		return all, nil
	}
	users, err := d.users(ctx)
	if err != nil {
		return nil, err
	}
	if !begun && digestOf(users) != stamped.CustomersDigest { // about to be stamped anew
		if begun, err = d.begunLive(ctx); err != nil {
			return nil, err
		}
	}
	chosen, affected, digest := whomToTell(all, users, stamped.CustomersDigest, begun)
	if digest != stamped.CustomersDigest {
		stamped.Affected, stamped.CustomersDigest = ptr.To(int32(affected)), digest
		if err := d.writeStatus(ctx); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

// whomToTell are the customers, how many they are, and the digest that says who they are; empty for all. users are
// those who used what changes, nobody where that is not known. stamped is the digest by which it was begun, if it was.
func whomToTell(all []audience.Customer, users []v1alpha1.CustomerID, stamped v1alpha1.Digest, begun bool) ([]audience.Customer, int, v1alpha1.Digest) {
	digest := digestOf(users)
	if len(users) == 0 || begun && digest != stamped {
		return all, len(all), ""
	}
	used, partners := map[v1alpha1.CustomerID]bool{}, map[v1alpha1.CustomerID]bool{}
	for _, id := range users {
		used[id] = true
	}
	for i := range all { // told for those whom it serves, whether it used it itself or not
		if used[all[i].ID] {
			partners[all[i].ServedBy] = true
		}
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(c audience.Customer) bool { return !used[c.ID] && !partners[c.ID] })
	return chosen, len(chosen), digest
}

// users are the customers who used what changes, by the time at which the notice was published. Nobody: it is not
// known, or nobody did.
func (d *round) users(ctx context.Context) ([]v1alpha1.CustomerID, error) {
	subjects, exact := gate.Subjects(d.notice)
	if !exact || d.Audience == nil || d.Audience.Spec.Usage.Query == "" {
		return nil, nil
	}
	answer, _, problem, err := d.desk.ask(ctx, d.Audience, *d.customers, d.notice.Status.PublishedTime.Time)
	if err != nil || problem != nil {
		return nil, err
	}
	users, _ := answer.Customers(subjects, gate.Versions(d.API))
	return users, nil
}

// publicationBegun says that some of the publication was written down, if only a record without customers.
func (d *round) publicationBegun(records []v1alpha1.DeliveryRecord) bool {
	return slices.ContainsFunc(records, func(r v1alpha1.DeliveryRecord) bool {
		return r.Spec.NoticeRef.UID == string(d.notice.UID) && r.Spec.Stage == v1alpha1.NoticeStage(delivery.Published)
	})
}

// begunLive is publicationBegun past the cache, which may not have seen what we wrote a moment ago.
func (d *round) begunLive(ctx context.Context) (bool, error) {
	var records v1alpha1.DeliveryRecordList
	if err := d.live.List(ctx, &records, client.InNamespace(d.notice.Namespace)); err != nil {
		return false, fmt.Errorf("listing delivery records: %w", err)
	}
	return d.publicationBegun(records.Items), nil
}

// digestOf is the digest of who customers are, empty for nobody.
func digestOf(ids []v1alpha1.CustomerID) v1alpha1.Digest {
	if len(ids) == 0 {
		return ""
	}
	texts := make([]string, 0, len(ids))
	for _, id := range slices.Sorted(slices.Values(ids)) {
		texts = append(texts, string(id))
	}
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return v1alpha1.Digest(hex.EncodeToString(sum[:]))
}
