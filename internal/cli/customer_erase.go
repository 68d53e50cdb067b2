package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

type eraseOptions struct {
	yes bool
}

func (o *eraseOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, arg string) error {
	id, err := readCustomerID(arg)
	if err != nil {
		return err
	}
	r, err := readRegistry(ctx, config, id)
	if err != nil {
		return err
	}
	h := hints{program: streams.program(), cluster: true, flags: clusterFlags(config, r.namespace)}
	e, err := r.erasure(ctx, h)
	if err != nil {
		return err
	}
	p := newPage(streams)
	p.line("Customer %s in namespace %s", id, safe(r.namespace))
	var left []string
	switch {
	case len(e.refused) > 0:
		p.line("Nothing is erased: this has to be put right first.")
	case e.nothing():
		p.line("Nothing is left to erase of what could be read.")
	default:
		left = r.erase(ctx, p, e, o.yes)
	}
	left = append(left, r.unseen...)
	r.remains(p, e, left)
	p.steps(o.next(e, h, id, left))
	if err := p.writeTo(streams.Out); err != nil {
		return err
	}
	switch {
	case len(e.refused) > 0:
		return errBlocked
	case len(left) > 0:
		return errUndecided
	}
	return nil
}

// next is what to do after this.
func (o *eraseOptions) next(e *erasure, h hints, id v1alpha1.CustomerID, left []string) []Step {
	again := []string{h.command("customer", "erase", string(id), "--yes")}
	switch {
	case len(e.refused) > 0:
		return e.refused
	case e.nothing() && len(left) == 0:
		return nil
	case !o.yes && !e.nothing():
		return []Step{{Text: "Nothing was changed yet. To do it:", Commands: again}}
	case len(left) > 0:
		return []Step{{Text: "Put right what is left, and run it again:", Commands: again}}
	}
	return nil
}

// erase does what was planned, or says it. Addresses go before the entry that leads to them, so that whoever comes back
// after a failure still finds them. left is what could not be done.
func (r *registry) erase(ctx context.Context, p *page, e *erasure, yes bool) (left []string) {
	p.heading(map[bool]string{false: "To be removed", true: "Removed"}[yes])
	removed := func(object string, changes []string) {
		for _, change := range changes {
			p.line("  %s: %s", safe(object), safe(change))
		}
	}
	failed := map[string]bool{}
	maps.Copy(failed, e.blocked)
	for _, name := range slices.Sorted(maps.Keys(e.secrets)) {
		edit := e.secrets[name]
		if yes {
			if err := r.writer.Update(ctx, edit.edited()); err != nil {
				failed[name] = true
				left = append(left, fmt.Sprintf("secret/%s, %s: %s", name, strings.Join(edit.changes(), ", "), why(err)))
				continue
			}
		}
		removed("secret/"+name, edit.changes())
	}
	for _, edit := range e.entries {
		name := "audience/" + edit.audience.Name
		if secret := edit.leadsTo(failed); secret != "" {
			left = append(left, fmt.Sprintf("%s, the entry in spec.customers: it leads to secret/%s, and goes after it", name, secret))
			continue
		}
		if yes {
			if err := r.removeEntry(ctx, edit); err != nil {
				left = append(left, fmt.Sprintf("%s, %s: %s", name, strings.Join(edit.changes(), ", "), why(err)))
				continue
			}
		}
		removed(name, edit.changes())
	}
	if len(left) == len(e.secrets)+len(e.entries) {
		p.line("  Nothing")
	}
	return left
}

// leadsTo is a Secret that could not be changed and that the entry names; empty for none.
func (e *entryEdit) leadsTo(failed map[string]bool) string {
	if e.entry < 0 {
		return ""
	}
	for _, contact := range e.audience.Spec.Customers[e.entry].Contacts {
		if failed[contact.AddressFrom.Name] {
			return contact.AddressFrom.Name
		}
	}
	return ""
}

// removeEntry takes it out of the very Audience that was read: the patch names its resourceVersion. What this program does
// not know of the kind stays.
func (r *registry) removeEntry(ctx context.Context, edit *entryEdit) error {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value string `json:"value,omitempty"`
	}
	operations := []operation{{Op: "replace", Path: "/metadata/resourceVersion", Value: edit.audience.ResourceVersion}}
	if edit.copied {
		operations = append(operations, operation{
			Op: "remove", Path: "/metadata/annotations/" + strings.ReplaceAll(corev1.LastAppliedConfigAnnotation, "/", "~1"),
		})
	}
	switch {
	case edit.entry >= 0 && len(edit.audience.Spec.Customers) == 1:
		operations = append(operations, operation{Op: "remove", Path: "/spec/customers"})
	case edit.entry >= 0:
		operations = append(operations, operation{Op: "remove", Path: fmt.Sprintf("/spec/customers/%d", edit.entry)})
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		return fmt.Errorf("encoding a patch: %w", err)
	}
	return r.writer.Patch(ctx, edit.audience.DeepCopy(), client.RawPatch(types.JSONPatchType, patch))
}

// why is what an answer of the API server means here.
func why(err error) string {
	switch {
	case apierrors.IsConflict(err):
		return "somebody else changed it meanwhile"
	case apierrors.IsForbidden(err):
		return "it was refused: " + err.Error()
	}
	return err.Error()
}

// remains says what stays, what is left to do, and what cannot be seen from here.
func (r *registry) remains(p *page, e *erasure, left []string) {
	if len(left) > 0 {
		p.heading("Left")
		for _, what := range left {
			p.paragraph("  ", "- ", safe(what))
		}
	}
	if len(e.refused) > 0 {
		return
	}
	p.heading("It stays")
	for _, what := range e.kept {
		p.paragraph("  ", "- ", safe(what))
	}
	p.paragraph("  ", "- ", safe(r.evidence(len(left) == 0)))
	if e.nothing() {
		return
	}
	p.heading("What cannot be seen from here")
	for _, list := range e.lists {
		p.paragraph("  ", "- ", safe("Whatever writes "+list+": erase the customer there, too, or the next list brings it back."))
	}
	p.paragraph("  ", "- ", "Manifests from which these objects are applied, and backups of the cluster.")
	p.paragraph("  ", "- ", "What mail servers and receivers keep of what was sent, in queues and logs.")
}

// evidence says what the records hold. erased: the customer has no address any more, or will not have.
func (r *registry) evidence(erased bool) string {
	messages, open := 0, 0
	notices := map[v1alpha1.NoticeRef]bool{}
	for i := range r.records {
		for _, d := range r.records[i].Status.Deliveries {
			if d.Customer != r.id {
				continue
			}
			messages++
			notices[r.records[i].Spec.NoticeRef] = true
			if d.State != v1alpha1.DeliveryDelivered && d.State != v1alpha1.DeliveryFailed {
				open++
			}
		}
	}
	if messages == 0 {
		return "No DeliveryRecord names the customer."
	}
	text := fmt.Sprintf("DeliveryRecords of %s about %s: the opaque id and what became of each, which prove that customers were told.",
		counted(messages, "message"), counted(len(notices), "notice"))
	if open > 0 && erased {
		text += fmt.Sprintf(" What is still to go out to the customer (%d) is not sent any more.", open)
	}
	return text
}
