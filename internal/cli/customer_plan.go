package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

// erasure is what is to be done to erase a customer, and what is in the way.
type erasure struct {
	// refused are the reasons for which nothing is done, with what to do about them.
	refused []Step
	secrets map[string]*secretEdit
	entries []*entryEdit
	// blocked are Secrets that an entry leads to and that cannot be read: with the entry, nobody would find them any more.
	blocked map[string]bool
	// kept are keys of Secrets that stay, since others use them.
	kept []string
	// lists are the Secrets whose rows go: whatever wrote them may write the customer again.
	lists []string
}

// secretEdit is what goes from one Secret.
type secretEdit struct {
	secret *corev1.Secret
	// rows are those of lists, by key.
	rows map[string][]audience.Row
	// keys hold addresses, present or not.
	keys []string
	// copied: an annotation of kubectl apply holds it, too.
	copied bool
}

// entryEdit is what goes from one Audience.
type entryEdit struct {
	audience *v1alpha1.Audience
	// entry is the index in spec.customers; -1 for one that is gone, and only stands in the annotation of kubectl apply.
	entry  int
	copied bool
}

func (e *erasure) secret(s *corev1.Secret) *secretEdit {
	if e.secrets[s.Name] == nil {
		e.secrets[s.Name] = &secretEdit{secret: s, rows: map[string][]audience.Row{}}
	}
	return e.secrets[s.Name]
}

// erasure plans it. Nothing is written.
func (r *registry) erasure(ctx context.Context, h hints) (*erasure, error) {
	all, err := r.held(ctx)
	if err != nil {
		return nil, err
	}
	e := &erasure{secrets: map[string]*secretEdit{}, blocked: map[string]bool{}}
	used := r.used()
	for _, held := range all {
		copied := r.copiedEntry(held.audience)
		switch {
		case held.unseen: // who else is in it is not known: it stays as it is
			continue
		case held.any() && len(held.serves) > 0:
			e.refused = append(e.refused, partnerStep(held, r.id))
		case held.any() && held.others == 0:
			e.refused = append(e.refused, r.lastStep(held, used, h))
		}
		if err := r.planEntry(ctx, e, held, used); err != nil {
			return nil, err
		}
		if held.entry >= 0 || copied {
			e.entries = append(e.entries, &entryEdit{audience: held.audience, entry: held.entry, copied: copied})
		}
		ref := held.audience.Spec.CustomersFrom
		if secret := r.secrets[ref.Name]; secret != nil && (len(held.list.Rows) > 0 || r.copied(secret, []string{ref.Key}, nil)) {
			e.secret(secret).rows[ref.Key] = held.list.Rows
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.secrets)) {
		edit := e.secrets[name]
		edit.copied = r.copied(edit.secret, slices.Collect(maps.Keys(edit.rows)), edit.keys)
		if len(edit.changes()) == 0 {
			delete(e.secrets, name)
		} else if len(edit.rows) > 0 {
			e.lists = append(e.lists, "secret/"+name)
		}
	}
	return e, nil
}

// planEntry plans what becomes of the addresses of an entry.
func (r *registry) planEntry(ctx context.Context, e *erasure, held *heldIn, used map[v1alpha1.SecretKeyRef][]string) error {
	entry := held.customer()
	if entry == nil {
		return nil
	}
	for _, contact := range entry.Contacts {
		secret, seen, err := r.secret(ctx, contact.AddressFrom.Name)
		if err != nil {
			return err
		}
		if users := used[contact.AddressFrom]; len(users) > 0 {
			e.keep(fmt.Sprintf("secret/%s, key %s: %s", contact.AddressFrom.Name, contact.AddressFrom.Key, usedBy(users)))
			continue
		}
		if !seen {
			e.blocked[contact.AddressFrom.Name] = true
		}
		if secret == nil {
			continue
		}
		if edit := e.secret(secret); !slices.Contains(edit.keys, contact.AddressFrom.Key) {
			edit.keys = append(edit.keys, contact.AddressFrom.Key)
		}
	}
	return nil
}

func (e *erasure) keep(what string) {
	if !slices.Contains(e.kept, what) {
		e.kept = append(e.kept, what)
	}
}

// nothing says that there is nothing to erase.
func (e *erasure) nothing() bool { return len(e.secrets)+len(e.entries)+len(e.refused) == 0 }

// used are the keys of Secrets that something else uses, with what does.
func (r *registry) used() map[v1alpha1.SecretKeyRef][]string {
	used := map[v1alpha1.SecretKeyRef][]string{}
	add := func(user, name string, keys ...string) {
		for _, key := range keys {
			ref := v1alpha1.SecretKeyRef{Name: name, Key: key}
			if !slices.Contains(used[ref], user) {
				used[ref] = append(used[ref], user)
			}
		}
	}
	for i := range r.audiences {
		spec := &r.audiences[i].Spec
		add("audience/"+r.audiences[i].Name, spec.CustomersFrom.Name, spec.CustomersFrom.Key)
		for _, c := range spec.Customers {
			for _, contact := range c.Contacts {
				if c.ID != r.id {
					add("customer "+string(c.ID), contact.AddressFrom.Name, contact.AddressFrom.Key)
				}
			}
		}
	}
	for i := range r.channels {
		user, spec := "noticechannel/"+r.channels[i].Name, &r.channels[i].Spec
		add(user, spec.Mail.CredentialsFrom.Name, "username", "password")
		add(user, spec.Mail.AuthoritiesFrom.Name, spec.Mail.AuthoritiesFrom.Key)
		add(user, spec.Webhook.KeysFrom.Name, "current", "previous")
		add(user, spec.Webhook.AuthoritiesFrom.Name, spec.Webhook.AuthoritiesFrom.Key)
	}
	return used
}

// changes are what goes from a Secret, as people read it.
func (s *secretEdit) changes() []string {
	var changes []string
	for _, key := range slices.Sorted(maps.Keys(s.rows)) {
		for _, row := range s.rows[key] {
			changes = append(changes, fmt.Sprintf("line %d of the key %s", row.Line, key))
		}
	}
	for _, key := range slices.Sorted(slices.Values(s.keys)) {
		if _, there := s.secret.Data[key]; there {
			changes = append(changes, "the key "+key)
		}
	}
	if s.copied {
		changes = append(changes, "the annotation "+corev1.LastAppliedConfigAnnotation+", which holds it once more")
	}
	return changes
}

// edited is the Secret without all that.
func (s *secretEdit) edited() *corev1.Secret {
	secret := s.secret.DeepCopy()
	for key, rows := range s.rows {
		secret.Data[key] = audience.Without(secret.Data[key], rows)
	}
	for _, key := range s.keys {
		delete(secret.Data, key)
	}
	if s.copied {
		delete(secret.Annotations, corev1.LastAppliedConfigAnnotation)
	}
	return secret
}

func (e *entryEdit) changes() []string {
	var changes []string
	if e.entry >= 0 {
		changes = append(changes, "the entry in spec.customers")
	}
	if e.copied {
		changes = append(changes, "the annotation "+corev1.LastAppliedConfigAnnotation+", which holds it once more")
	}
	return changes
}

// partnerStep is for a customer that serves others: they would be served by nobody.
func partnerStep(h *heldIn, id v1alpha1.CustomerID) Step {
	return Step{Text: fmt.Sprintf("In audience/%s customer %s serves %s: say who serves them (servedBy, or the column served_by), or erase them first.",
		h.audience.Name, id, several(h.serves))}
}

// lastStep is for the last customer of an Audience.
func (r *registry) lastStep(h *heldIn, used map[v1alpha1.SecretKeyRef][]string, with hints) Step {
	name := h.audience.Name
	step := Step{Text: fmt.Sprintf("In audience/%s there is nobody else, and an Audience cannot be empty: a notice to nobody is not a notice. "+
		"Name another customer there first. Or, where the API has no customers any more, let go of the Audience and of the Secrets that only it uses:", name)}
	for i := range r.apis {
		if string(r.apis[i].Spec.AudienceRef.Name) == name {
			step.Commands = append(step.Commands, with.kubectl("patch", "customerapi/"+r.apis[i].Name, "--type=json", "-p",
				`[{"op":"remove","path":"/spec/audienceRef"}]`))
		}
	}
	remove := []string{"delete", "audience/" + name}
	secrets := map[string]bool{}
	if ref := h.audience.Spec.CustomersFrom; ref.Name != "" {
		secrets[ref.Name] = true
	}
	if entry := h.customer(); entry != nil {
		for _, contact := range entry.Contacts {
			secrets[contact.AddressFrom.Name] = true
		}
	}
	for ref, users := range used {
		if slices.ContainsFunc(users, func(user string) bool { return user != "audience/"+name }) {
			delete(secrets, ref.Name)
		}
	}
	for _, secret := range slices.Sorted(maps.Keys(secrets)) {
		remove = append(remove, "secret/"+secret)
	}
	step.Commands = append(step.Commands, with.kubectl(remove...))
	return step
}

// several are some ids, and how many more there are.
func several(ids []v1alpha1.CustomerID) string {
	const most = 10
	var names []string
	for _, id := range slices.Sorted(slices.Values(ids))[:min(len(ids), most)] {
		names = append(names, string(id))
	}
	text := strings.Join(names, ", ")
	if more := len(ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// usedBy says who else uses a key.
func usedBy(users []string) string {
	if len(users) == 1 {
		return users[0] + " uses it, too"
	}
	return fmt.Sprintf("%s and %d more use it, too", users[0], len(users)-1)
}
