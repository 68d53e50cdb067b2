package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// customer shows what is held of a customer, and what was sent. Values stand on lines of their own, however long.
func (p *page) customer(r *CustomerResult) {
	p.line("Customer %s in namespace %s, %s", safe(r.Customer), safe(r.Namespace), r.EvaluatedTime.UTC().Format(time.RFC3339))
	if len(r.Held) == 0 {
		p.heading("Held")
		p.line("  Nothing: no Audience that could be read names the customer")
	}
	for i := range r.Held {
		p.held(&r.Held[i])
	}
	if len(r.Named) > 0 {
		p.heading("Named by its id, since its contract is one of those that bind")
		for _, where := range r.Named {
			p.line("  %s", safe(where))
		}
	}
	p.heading("Sent")
	if len(r.Sent) == 0 {
		p.line("  Nothing: no DeliveryRecord names the customer")
	}
	for i := range r.Sent {
		if i > 0 {
			p.blank()
		}
		p.sent(&r.Sent[i])
	}
	if len(r.NotSeen) > 0 {
		p.heading("Not complete: this could not be read")
		for _, what := range r.NotSeen {
			p.line("  %s", safe(what))
		}
	}
}

func (p *page) held(h *HeldResult) {
	p.heading("Held: audience/" + safe(h.Audience))
	if h.Entry != nil {
		p.line("  The entry in spec.customers")
		text, err := yaml.Marshal(h.Entry)
		if err != nil {
			text = []byte(err.Error())
		}
		p.indented("    ", string(text))
	}
	for _, a := range h.Addresses {
		p.line("  The key %s of secret/%s: %s by %s", safe(a.Key), safe(a.Secret), safe(a.Role), safe(a.Channel))
		p.line("    %s", safe(a.Address))
	}
	for _, row := range h.Rows {
		p.line("  Line %d of the key %s of secret/%s", row.Line, safe(row.Key), safe(row.Secret))
		for _, column := range slices.Sorted(maps.Keys(row.Columns)) {
			p.line("    %s: %s", safe(column), safe(row.Columns[column]))
		}
	}
	for _, where := range h.Copies {
		p.line("  The same once more in an annotation of %s, where kubectl apply keeps it", safe(where))
	}
}

func (p *page) sent(s *SentResult) {
	state := string(s.State)
	if s.Reason != "" {
		state += " (" + s.Reason + ")"
	}
	if s.DeliveredTime != nil {
		state += " " + s.DeliveredTime.UTC().Format(time.RFC3339)
	}
	p.line("  %s of notice %s by %s: %s", safe(s.Stage), safe(s.Notice), safe(s.Channel), safe(state))
	facts := "id " + s.ID
	if s.PlannedTime != nil {
		facts += ", planned " + s.PlannedTime.UTC().Format(time.RFC3339)
	}
	if s.Attempts != nil {
		facts += ", " + counted(int(*s.Attempts), "attempt")
	}
	p.line("    %s, in deliveryrecord/%s", safe(facts), safe(s.Record))
	switch {
	case s.NoticeGone:
		p.line("    The notice is not there any more, and nor is its text")
	case s.Text != "":
		p.line("    Subject: %s", safe(s.Subject))
		p.indented("    | ", s.Text)
	}
}

func (p *page) indented(indent, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		p.line("%s", strings.TrimRight(fmt.Sprint(indent, safe(line)), " "))
	}
}
