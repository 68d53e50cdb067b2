package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
	"forewarn.dev/forewarn/internal/snapshot"
)

// registry is all that a namespace holds of its customers, read with the rights of whoever asks.
type registry struct {
	*cluster
	writer client.Client
	clock  *serverClock
	id     v1alpha1.CustomerID

	audiences []v1alpha1.Audience
	channels  []v1alpha1.NoticeChannel
	records   []v1alpha1.DeliveryRecord
	// secrets are those that were asked for, nil for one that is not there.
	secrets map[string]*corev1.Secret
	// unseen is what could not be read of what is held, and unsent of what was sent, each with what to do about it.
	unseen, unsent []string
}

// heldIn is what one Audience holds of the customer, with its Secrets.
type heldIn struct {
	audience *v1alpha1.Audience
	// entry is the index in spec.customers; -1 for none.
	entry int
	// list is what the list of customersFrom holds.
	list audience.Listed
	// serves are others of the same Audience that the customer serves, and others is how many there are in all.
	serves []v1alpha1.CustomerID
	others int
	// unseen: the list could not be read, so nobody knows.
	unseen bool
}

func (h *heldIn) customer() *v1alpha1.Customer {
	if h.entry < 0 {
		return nil
	}
	return &h.audience.Spec.Customers[h.entry]
}

func (h *heldIn) any() bool { return h.entry >= 0 || len(h.list.Rows) > 0 }

func readRegistry(ctx context.Context, config *genericclioptions.ConfigFlags, id v1alpha1.CustomerID) (*registry, error) {
	c, writer, clock, err := connect(config)
	if err != nil {
		return nil, err
	}
	r := &registry{cluster: c, writer: writer, clock: clock, id: id, secrets: map[string]*corev1.Secret{}}
	var (
		audiences v1alpha1.AudienceList
		apis      v1alpha1.CustomerAPIList
		channels  v1alpha1.NoticeChannelList
		notices   v1alpha1.ChangeNoticeList
		records   v1alpha1.DeliveryRecordList
		revisions v1alpha1.APIRevisionList
	)
	err = c.read(ctx, &audiences, &apis, &channels, &notices, &records, &revisions)
	if apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("%w: customers may be named there, ask for the right to read it", err)
	}
	if err != nil {
		return nil, readable(err)
	}
	r.audiences, r.unseen = readableOf(audiences.Items, r.unseen)
	r.channels, r.unseen = readableOf(channels.Items, r.unseen)
	r.records, r.unsent = readableOf(records.Items, r.unsent)
	for _, unread := range c.unread {
		r.unsent = append(r.unsent, unread.Error())
	}
	c.apis, c.notices, c.revisions = apis.Items, notices.Items, revisions.Items
	return r, nil
}

// readableOf leaves out those that do not fit their kind, and adds what is wrong with them to what was not seen.
func readableOf[T any, P interface {
	*T
	client.Object
}](items []T, unseen []string) (kept []T, all []string) {
	for i := range items {
		if err := snapshot.Read(P(&items[i])); err != nil {
			unseen = append(unseen, err.Error())
			continue
		}
		kept = append(kept, items[i])
	}
	return kept, unseen
}

// held looks for the customer in all Audiences.
func (r *registry) held(ctx context.Context) ([]*heldIn, error) {
	all := make([]*heldIn, 0, len(r.audiences))
	for i := range r.audiences {
		h := &heldIn{audience: &r.audiences[i], entry: -1}
		for j := range h.audience.Spec.Customers {
			switch c := &h.audience.Spec.Customers[j]; {
			case c.ID == r.id:
				h.entry = j
			case c.ServedBy == r.id:
				h.serves = append(h.serves, c.ID)
				h.others++
			default:
				h.others++
			}
		}
		if err := r.readList(ctx, h); err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

// readList looks for the customer in the list that an Audience names, if it names one.
func (r *registry) readList(ctx context.Context, h *heldIn) error {
	ref := h.audience.Spec.CustomersFrom
	if ref.Name == "" {
		return nil
	}
	secret, seen, err := r.secret(ctx, ref.Name)
	if err != nil || !seen {
		h.unseen = !seen
		return err
	}
	if secret == nil || len(secret.Data[ref.Key]) == 0 {
		return nil
	}
	found, err := audience.Find(secret.Data[ref.Key], r.id)
	if problem := (audience.Problem{}); errors.As(err, &problem) {
		h.unseen = true
		r.missed(fmt.Sprintf("secret/%s, key %s: %v: put it right, and run this again", ref.Name, ref.Key, problem))
		return nil
	}
	h.list = found
	h.serves, h.others = append(h.serves, found.Serves...), h.others+found.Others
	return nil
}

// secret reads a Secret once. One that may not be read is noted as unseen.
func (r *registry) secret(ctx context.Context, name string) (secret *corev1.Secret, seen bool, err error) {
	if known, ok := r.secrets[name]; ok {
		return known, true, nil
	}
	secret = &corev1.Secret{}
	err = r.reader.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: name}, secret)
	switch {
	case apierrors.IsForbidden(err):
		r.missed("secret/" + name + ": you may not read it: ask for the right to, and run this again")
		return nil, false, nil
	case apierrors.IsNotFound(err):
		secret = nil
	case err != nil:
		return nil, false, fmt.Errorf("reading secret/%s: %w", name, err)
	}
	r.secrets[name] = secret
	return secret, true, nil
}

func (r *registry) missed(what string) {
	if !slices.Contains(r.unseen, what) {
		r.unseen = append(r.unseen, what)
	}
}

// copied says that kubectl apply keeps what is held once more, as it was applied: in an annotation of the Secret.
func (r *registry) copied(secret *corev1.Secret, lists, keys []string) bool {
	text, ok := secret.Annotations[corev1.LastAppliedConfigAnnotation]
	if !ok {
		return false
	}
	var applied corev1.Secret
	if json.Unmarshal([]byte(text), &applied) != nil {
		return true // who knows
	}
	content := func(key string) []byte {
		if text, ok := applied.StringData[key]; ok {
			return []byte(text)
		}
		return applied.Data[key]
	}
	return slices.ContainsFunc(keys, func(key string) bool { return len(content(key)) > 0 }) ||
		slices.ContainsFunc(lists, func(key string) bool {
			found, err := audience.Find(content(key), r.id)
			return len(found.Rows) > 0 || err != nil && strings.Contains(string(content(key)), string(r.id))
		})
}

// copiedEntry says the same of an entry of an Audience.
func (r *registry) copiedEntry(a *v1alpha1.Audience) bool {
	text, ok := a.Annotations[corev1.LastAppliedConfigAnnotation]
	if !ok {
		return false
	}
	var applied v1alpha1.Audience
	if json.Unmarshal([]byte(text), &applied) != nil {
		return true
	}
	return slices.ContainsFunc(applied.Spec.Customers, func(c v1alpha1.Customer) bool { return c.ID == r.id })
}
