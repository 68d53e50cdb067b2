package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// whenOpen is the verdict on a notice that was not published yet. One that quiet hours hold up is judged for the moment
// at which they are over: the notice that it gives begins then.
func (n *notification) whenOpen() NoticeVerdict {
	n.content = content.Check(n.asked())
	quiet, err := n.quiet()
	if err != nil {
		return n.unpublished(v1alpha1.ReasonPolicyInvalid, "when customers are to be left alone is not known: "+err.Error())
	}
	if quiet.Until.IsZero() || n.Notice.Spec.UrgentReason != "" {
		return n.proposed()
	}
	in := n.NoticeInput
	in.Now = quiet.Until
	then := newNotification(in)
	if !then.readable {
		return n.unpublished(v1alpha1.ReasonPolicyInvalid, "what customers are owed cannot be counted from "+quiet.Until.Format(time.RFC3339))
	}
	then.content, then.waits = n.content, &quiet
	v := then.proposed()
	v.NextChange = &quiet.Until
	return v
}

func (n *notification) quiet() (notice.Quiet, error) {
	if n.Audience == nil { // nobody is written to
		return notice.Quiet{}, nil
	}
	return n.policies.QuietAt(n.Audience.Status.Calendars, n.Now)
}

// asked is what the rules for its content look at.
func (n *notification) asked() content.Input {
	return content.Input{Notice: n.Notice, API: n.API, Policies: n.policies, Audience: n.Audience}
}

// afterQuiet follows "published now" where customers cannot be told now.
func (n *notification) afterQuiet() string {
	if n.waits == nil {
		return ""
	}
	return fmt.Sprintf(" (customers are told %s, after their quiet hours, by policy %s)", n.waits.Until.Format(time.RFC3339), short(n.waits.Policy))
}

// rulesBroken names the rules that a draft does not keep yet.
func (n *notification) rulesBroken() string {
	if len(n.content) == 0 {
		return ""
	}
	var rules []string
	for _, f := range n.content {
		if rule := string(f.Rule); len(rules) == 0 || rules[len(rules)-1] != rule {
			rules = append(rules, rule)
		}
	}
	return "; it does not keep " + enumerate(rules) + " yet: see forewarn explain changenotice/" + short(n.Notice.Name)
}

// quietText says until when a notice waits, and what lets it out.
func quietText(q notice.Quiet) string {
	const urgent = "; what cannot wait says why in urgentReason"
	until := q.Until.Format(time.RFC3339)
	if q.Disturbed > 0 {
		return fmt.Sprintf("no moment within 7 days suits all customers: it is published %s, a quiet hour of %d of %d (policy %s)%s",
			until, q.Disturbed, q.Customers, short(q.Policy), urgent)
	}
	return fmt.Sprintf("it is published %s, when the quiet hours of its customers are over (policy %s)%s", until, short(q.Policy), urgent)
}

// contentText lists what was found, as much as a condition holds, and says where the rest stands.
func contentText(found []content.Finding, name string) string {
	more := "; see: forewarn explain changenotice/" + short(name)
	room := maxMessageLength - len(more) - len("; and 10000 more")
	var texts []string
	length := 0
	for i, f := range found {
		text := singleLine(f.String(), maxMeritsLength)
		if length += len(text) + 2; length > room && i > 0 {
			return strings.Join(texts, "; ") + fmt.Sprintf("; and %d more", len(found)-i) + more
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

// titleZone is where the date in a title is read: for whoever is owed most, unless a policy wants the date of its own
// zone there, and that is another day.
func (r *reading) titleZone(effective time.Time, zone string) string {
	for _, p := range r.policies {
		if slices.Contains(p.Content.Rules, v1alpha1.ContentDateInTitle) && dayIn(effective, p.Validity.Zone) != dayIn(effective, zone) {
			return p.Validity.Zone
		}
	}
	return zone
}

func dayIn(t time.Time, zone string) string {
	location, err := notice.ParseZone(zone)
	if err != nil {
		return ""
	}
	return t.In(location).Format(time.DateOnly)
}
