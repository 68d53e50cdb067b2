package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

func (e *explainer) explainNotice(ctx context.Context) (*explanation, error) {
	n, err := e.noticeNamed(e.about.name)
	if err != nil {
		return nil, err
	}
	input, err := e.snapshot.Notice(ctx, e.now, n)
	if err != nil {
		return nil, fmt.Errorf("reading what %s depends on: %w", e.about, err)
	}
	input.NoAnswers = takesNoAnswers(n)
	verdict := gate.EvaluateNotice(input)
	binding := ""
	if len(verdict.Owed) > 0 {
		binding = verdict.Owed[0].Policy
	}
	e.zone = zoneOf(input.Policies, binding)
	found := noticeResult(n, verdict)
	found.Covers = e.covered(n)
	return &explanation{
		result: Result{Notice: found, Next: e.noticeSteps(n, verdict)},
		text:   func(p *page) { e.noticePage(p, found) },
	}, nil
}

// takesNoAnswers says that the manager takes none, as the notice itself was last told: nothing else in a cluster says so.
func takesNoAnswers(n *v1alpha1.ChangeNotice) bool {
	published := apimeta.FindStatusCondition(n.Status.Conditions, v1alpha1.ConditionPublished)
	return published != nil && published.Reason == v1alpha1.ReasonNoAnswers
}

func (e *explainer) noticeNamed(name string) (*v1alpha1.ChangeNotice, error) {
	var known []string
	for i := range e.notices {
		if e.notices[i].Name == name {
			return &e.notices[i], nil
		}
		known = append(known, e.notices[i].Name)
	}
	return nil, e.missing("ChangeNotice", name, known)
}

func noticeResult(n *v1alpha1.ChangeNotice, v gate.NoticeVerdict) *NoticeResult {
	found := &NoticeResult{
		API: string(n.Spec.APIRef.Name), Title: n.Spec.Title, State: string(n.Spec.State),
		Published:     ConditionResult{Status: v.Published, Reason: v.Reason, Message: v.Message},
		Matured:       ConditionResult{Status: v.Matured, Reason: v.MaturedReason, Message: v.MaturedMessage},
		PublishedTime: n.Status.PublishedTime, EffectiveTime: n.Spec.EffectiveTime,
		EarliestTime: metaTime(v.Earliest), MaturesTime: metaTime(v.Matures), LapsesTime: metaTime(v.Lapses),
		DowntimeMinutes: n.Spec.DowntimeMinutes, ApologyFor: string(n.Spec.ApologyFor),
		DaysLeft: v.DaysLeft, SupersededBy: v.SupersededBy, Owed: v.Owed,
	}
	found.Content = contentResult(v.Content)
	for _, reason := range []string{v.Reason, v.MaturedReason} {
		for _, rule := range rulings[reason].rules {
			if !slices.Contains(found.Rules, rule) {
				found.Rules = append(found.Rules, rule)
			}
		}
	}
	return found
}

// covered finds the changes of revisions, as they were last judged, that the
// entries of a notice match.
func (e *explainer) covered(n *v1alpha1.ChangeNotice) []CoveredResult {
	covers := make([]CoveredResult, 0, len(n.Spec.Covers))
	for _, entry := range n.Spec.Covers {
		result := CoveredResult{CoveredChange: entry}
		for i := range e.revisions {
			if revision := &e.revisions[i]; revision.Spec.APIRef == n.Spec.APIRef {
				result.Changes = append(result.Changes, coveredIn(revision, entry)...)
			}
		}
		covers = append(covers, result)
	}
	return covers
}

func coveredIn(revision *v1alpha1.APIRevision, entry v1alpha1.CoveredChange) []CoveredBy {
	var covered []CoveredBy
	for _, c := range revision.Status.Changes {
		if notice.Lists(entry, subjectOf(c)) {
			covered = append(covered, CoveredBy{
				Revision: revision.Name, Fingerprint: c.Fingerprint, Operation: c.Operation, Text: c.Text,
			})
		}
	}
	return covered
}

// subjectOf is a change as notices know it.
func subjectOf(c v1alpha1.JudgedChange) notice.Change {
	return notice.Change{
		Version: string(c.Version), Operation: c.Operation, Rule: c.Rule, Class: c.Class, Fingerprint: c.Fingerprint,
	}
}

func (e *explainer) noticePage(p *page, found *NoticeResult) {
	p.line("%s, about customerapi/%s", e.title(), safe(found.API))
	p.line("%s", safe(found.Title))
	p.heading("Published: " + found.Published.Reason)
	p.paragraph("  ", "", safe(publishedText(found)))
	p.content(found.Content)
	p.why("  ", found.Published.Reason)
	if found.ApologyFor != "" {
		p.heading("An apology")
		p.paragraph("  ", "", safe("It tells customers what happened when downtimebudget/"+found.ApologyFor+" was spent, and covers nothing."))
	} else if found.Published.Status {
		p.heading("Matured: " + found.Matured.Reason)
		p.paragraph("  ", "", safe(found.Matured.Message))
		p.why("  ", found.Matured.Reason)
	}
	p.heading("Dates")
	p.fields("  ", e.noticeDates(found))
	p.owed(found.Owed)
	p.heading("Covers")
	for _, entry := range found.Covers {
		p.paragraph("  ", "- ", safe(entryText(entry.CoveredChange)))
		for _, c := range entry.Changes {
			p.paragraph("      ", "", safe(fmt.Sprintf("%s: %s", c.Revision, c.Text)))
		}
		if len(entry.Changes) == 0 && found.DowntimeMinutes == 0 && found.ApologyFor == "" {
			p.paragraph("      ", "", "no revision that is there has such a change")
		}
	}
}

func (e *explainer) noticeDates(found *NoticeResult) [][2]string {
	var dates [][2]string
	add := func(name string, t *metav1.Time) {
		if t != nil {
			dates = append(dates, [2]string{name, e.zone.moment(t.Time)})
		}
	}
	add("Published", found.PublishedTime)
	add("Effective", found.EffectiveTime)
	add("Earliest, published now", found.EarliestTime)
	if found.DowntimeMinutes > 0 {
		add("Window opens", found.MaturesTime)
		add("Window closes", found.LapsesTime)
	} else {
		add("Matures", found.MaturesTime)
		add("Lapses", found.LapsesTime)
	}
	if found.DaysLeft != nil && !found.Matured.Status {
		dates = append(dates, [2]string{"Full days left", fmt.Sprint(*found.DaysLeft)})
	}
	return dates
}

// owed lists what a notice owes.
func (p *page) owed(owed []v1alpha1.OwedNotice) {
	if len(owed) == 0 {
		return
	}
	p.heading("Owed")
	var rows [][]string
	for _, o := range owed {
		days := daysOwed(int(ptr.Deref(o.Days, 0)), o.CountedAs)
		rows = append(rows, []string{safe(string(o.Version)), safe(string(o.Class)), days, safe(o.Policy)})
	}
	p.table(2, []string{"version", "class", "owed", "policy"}, rows)
}

func entryText(entry v1alpha1.CoveredChange) string {
	parts := []string{string(entry.Version)}
	for _, part := range []string{entry.Operation, string(entry.Class), entry.Rule, entry.Fingerprint} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 1 {
		parts = append(parts, "the removal of the whole version")
	}
	return strings.Join(parts, ", ")
}

// noticeSteps are what to do about a notice.
func (e *explainer) noticeSteps(n *v1alpha1.ChangeNotice, v gate.NoticeVerdict) []Step {
	edit := []string{e.hints.kubectl("edit", "changenotice/"+n.Name)}
	switch {
	case v.Reason == v1alpha1.ReasonDraft && n.Spec.ApologyFor != "":
		return []Step{{Text: "Put your words where [[ and ]] stand, read the rest, and set state: Published. From then on little can be changed.", Commands: edit}}
	case v.Reason == v1alpha1.ReasonDraft:
		return []Step{{Text: "Fill in what customers have to do and set state: Published. From then on the clock runs, and little can be changed.", Commands: edit}}
	case v.Reason == v1alpha1.ReasonTooSoon && v.Earliest != nil:
		return []Step{{Text: "Set effectiveTime to " + e.zone.moment(*v.Earliest) + " or later. Forewarn then publishes it by itself.", Commands: edit}}
	case v.Reason == v1alpha1.ReasonIncomplete:
		return []Step{{Text: "Fill in what is missing. Forewarn then publishes it by itself.", Commands: edit}}
	case v.Reason == v1alpha1.ReasonContentRefused:
		return []Step{{Text: "Put it right. Forewarn then publishes it by itself.", Commands: edit}}
	case v.Reason == v1alpha1.ReasonQuietHours && v.NextChange != nil:
		return []Step{{Text: "Wait: forewarn publishes it " + e.zone.moment(*v.NextChange) + ". What cannot wait says why in urgentReason.", Commands: edit}}
	case v.Published && n.Spec.DowntimeMinutes > 0 && v.Matures != nil && v.Lapses != nil:
		return e.windowSteps(n, v)
	case v.MaturedReason == v1alpha1.ReasonRunning && v.Matures != nil:
		return []Step{{Text: "Release what it covers from " + e.zone.moment(*v.Matures) + " on."}}
	case v.MaturedReason == v1alpha1.ReasonRunning && n.Status.Clock.StartsAt == v1alpha1.StartsAtAcknowledged:
		return []Step{{Text: "Ask those who have not answered.", Commands: []string{e.hints.command("notice", "answers", n.Name)}}}
	case v.MaturedReason == v1alpha1.ReasonRunning:
		return []Step{{Text: "Look at its condition Delivered: it says who is missing, and why.",
			Commands: []string{e.hints.kubectl("describe", "changenotice/"+n.Name)}}}
	case v.MaturedReason == v1alpha1.ReasonHeld:
		return []Step{{Text: "Answer the customers who need more time: append an update that says answers: Objections, or set a later effectiveTime.",
			Commands: append([]string{e.hints.command("notice", "answers", n.Name)}, edit...)}}
	case v.MaturedReason == v1alpha1.ReasonKept && n.Status.Removal.Schedule != "":
		return []Step{{Text: "See what the schedule waits for.",
			Commands: []string{e.hints.command("explain", "deprecationschedule/"+string(n.Status.Removal.Schedule))}}}
	case v.MaturedReason == v1alpha1.ReasonMatured && v.Lapses != nil:
		return []Step{{Text: "Release what it covers before " + e.zone.moment(*v.Lapses) + "."}}
	}
	return nil
}

// windowSteps are what to do about a planned downtime.
func (e *explainer) windowSteps(n *v1alpha1.ChangeNotice, v gate.NoticeVerdict) []Step {
	if v.MaturedReason == v1alpha1.ReasonLapsed {
		return nil
	}
	if by := n.Labels[v1alpha1.ScheduleLabel]; by != "" {
		return []Step{{Text: "Nothing: it comes by itself, by the schedule.", Commands: []string{e.hints.command("explain", "deprecationschedule/"+by)}}}
	}
	if v.Partial {
		return []Step{{Text: "Take away no more than what it covers. To take the API down as a whole, publish another notice, " +
			"whose covers names each version: kubectl get customerapis shows them."}}
	}
	return []Step{{Text: "Take it down from " + e.zone.moment(*v.Matures) + " until " + e.zone.moment(*v.Lapses) +
		". In between that passes, and before and afterwards it is refused.", Commands: []string{e.hints.command("calendar")}}}
}

// summarize is a notice among others.
func (e *explainer) summarize(ctx context.Context, n *v1alpha1.ChangeNotice) (NoticeSummary, error) {
	input, err := e.snapshot.Notice(ctx, e.now, n)
	if err != nil {
		return NoticeSummary{}, fmt.Errorf("reading what changenotice/%s depends on: %w", n.Name, err)
	}
	input.NoAnswers = takesNoAnswers(n)
	verdict := gate.EvaluateNotice(input)
	return NoticeSummary{
		Name: n.Name, Title: n.Spec.Title, State: string(n.Spec.State), Published: verdict.Reason, Matured: verdict.MaturedReason,
		PublishedTime: n.Status.PublishedTime, EffectiveTime: n.Spec.EffectiveTime,
		MaturesTime: metaTime(verdict.Matures), LapsesTime: metaTime(verdict.Lapses), SupersededBy: verdict.SupersededBy,
	}, nil
}

// notices lists notices.
func (p *page) notices(notices []NoticeSummary, z zone, covers bool) {
	header := []string{"notice", "title", "state", "matures", "lapses"}
	if covers {
		header = append(header, "covers here")
	}
	day := func(t *metav1.Time) string {
		if t == nil {
			return "-"
		}
		return z.day(t.Time)
	}
	var rows [][]string
	for _, n := range notices {
		state := n.Matured
		if n.PublishedTime == nil {
			state = n.Published
		}
		row := []string{safe(n.Name), safe(n.Title), safe(state), day(n.MaturesTime), day(n.LapsesTime)}
		if covers {
			row = append(row, counted(n.Covers, "change"))
		}
		rows = append(rows, row)
	}
	p.table(2, header, rows, 1) // a name is there to be copied
}
