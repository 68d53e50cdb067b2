package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// mostChanges is how many changes a page lists.
const mostChanges = 30

// verdictStyle says how much of a verdict is shown.
type verdictStyle struct {
	wide bool // the rule and the fingerprint of each change
	all  bool // what needs no notice, too
}

// printVerdict prints the answer to check.
func printVerdict(streams Streams, result Result, z zone, style verdictStyle) error {
	p := newPage(streams)
	p.verdict(*result.Verdict, z, style)
	p.steps(result.Next)
	return p.writeTo(streams.Out)
}

// verdict says the answer first, then what it is about, then why.
func (p *page) verdict(v Verdict, z zone, style verdictStyle) {
	p.line("%s: %s", p.answer(v.Answer), v.Reason)
	p.blank()
	p.paragraph("", "", safe(strings.TrimSuffix(v.Message, seeAlso(v.Message))))
	if v.Assumption != "" {
		p.blank()
		p.paragraph("", "", v.Assumption)
	}
	p.changes(v.Changes, z, style)
	p.findings(v.Findings, z)
	p.downtime("", v.Downtime)
	p.blank()
	p.why("", v.Reason)
	p.dates(v, z)
}

func (p *page) answer(answer string) string {
	switch answer {
	case AnswerAdmissible:
		return p.paint(text.FgGreen, "Admissible")
	case AnswerBlocked:
		return p.paint(text.FgRed, "Blocked")
	}
	return p.paint(text.FgYellow, "Could not decide")
}

// seeAlso is the end of a message that leads to where its reader is already.
func seeAlso(message string) string {
	if i := strings.LastIndex(message, "; see: forewarn explain "); i >= 0 {
		return message[i:]
	}
	return ""
}

// why says which rules a reason follows from.
func (p *page) why(indent, reason string) {
	ruling := rulings[reason]
	if ruling.why == "" {
		return
	}
	mark := "Why: "
	if len(ruling.rules) > 0 {
		mark = "Why (" + strings.Join(ruling.rules, ", ") + "): "
	}
	p.paragraph(indent, "", mark+ruling.why)
}

// changes lists those that customers have to be told of, and counts the rest.
func (p *page) changes(changes []Change, z zone, style verdictStyle) {
	shown := changes
	if !style.all {
		shown = slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return c.State == ChangeFree })
	}
	header := []string{"class", "operation", "what", "owed", "covered by", "may ship from"}
	if style.wide {
		narrow := p.width
		defer func() { p.width = narrow }()
		p.width = max(p.width, wide)
		header = append(header, "rule", "fingerprint")
	}
	var rows [][]string
	for _, c := range shown[:min(len(shown), mostChanges)] {
		row := []string{classOf(c), operationOf(c), whatOf(c), owedOf(c), coveredBy(c), shipsFrom(c, z)}
		if style.wide {
			row[2] = whereOf(c)
			row = append(row, safe(c.Rule), safe(c.Fingerprint))
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		p.blank()
		p.table(0, header, rows, 1, 2, 4)
	}
	if more := len(shown) - len(rows); more > 0 {
		p.line("and %s more; -o json lists all", counted(more, "change"))
	}
	if free := countFree(changes); !style.all && free != "" {
		p.blank()
		p.line("%s (--all lists them)", free)
	}
}

// countFree counts what customers need not be told of, by class.
func countFree(changes []Change) string {
	count := map[v1alpha1.ChangeClass]int{}
	free := 0
	for _, c := range changes {
		if c.State == ChangeFree {
			count[c.Class]++
			free++
		}
	}
	if free == 0 {
		return ""
	}
	var classes []string
	for class, n := range count {
		classes = append(classes, fmt.Sprintf("%s %d", class, n))
	}
	slices.Sort(classes)
	return fmt.Sprintf("%s of which customers need not be told: %s", counted(free, "change"), strings.Join(classes, ", "))
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// classOf shows both classes of a change whose rule a policy moved: why it is owed what it is.
func classOf(c Change) string {
	if c.FoundAs == "" {
		return safe(string(c.Class))
	}
	return safe(fmt.Sprintf("%s (the rule: %s)", c.Class, c.FoundAs))
}

func operationOf(c Change) string {
	return safe(strings.TrimSpace(string(c.Version) + " " + c.Operation))
}

func whatOf(c Change) string { return safe(c.Text) }

// whereOf adds the place within the operation.
func whereOf(c Change) string {
	if c.Location == "" || strings.Contains(c.Text, c.Location) {
		return whatOf(c)
	}
	return safe(c.Text + " (" + c.Location + ")")
}

func owedOf(c Change) string {
	if c.State == ChangeFree || c.OwedDays == nil {
		return "-"
	}
	return daysOwed(int(*c.OwedDays), v1alpha1.DayCount(c.CountedAs))
}

// daysOwed is how much notice is owed.
func daysOwed(days int, count v1alpha1.DayCount) string {
	switch {
	case days == 0:
		return "to be told"
	case count == v1alpha1.CountBusinessDays:
		return counted(days, "business day")
	}
	return counted(days, "day")
}

func coveredBy(c Change) string {
	switch {
	case c.CoveredBy != "":
		return safe(string(c.CoveredBy))
	case c.State == ChangeUncovered:
		return "nobody was told"
	}
	return "-"
}

func shipsFrom(c Change, z zone) string {
	switch c.State {
	case ChangeRunning:
		return z.day(c.MaturesTime.Time)
	case ChangeMatured:
		return "since " + z.day(c.MaturesTime.Time)
	case ChangeUncovered:
		return "-"
	}
	return "now"
}

// findings lists what is not about single changes.
func (p *page) findings(findings []Finding, z zone) {
	first := true
	for _, f := range findings {
		if f.Reason == v1alpha1.ReasonNoticeMissing || f.Reason == v1alpha1.ReasonNoticeRunning || f.Reason == v1alpha1.ReasonHeld && f.Blocks {
			continue
		}
		if first {
			p.heading("Found")
			first = false
		}
		clears := ""
		if f.ClearsTime != nil {
			clears = "; this goes away " + z.moment(f.ClearsTime.Time)
		}
		p.paragraph("  ", "- ", safe(fmt.Sprintf("%s (%s, %s)%s", f.Message, f.Reason, f.Path, clears)))
	}
}

// dates are the moments at which the answer is another, in both clocks.
func (p *page) dates(v Verdict, z zone) {
	var lines [][2]string
	if v.EarliestTime != nil && v.Answer != AnswerAdmissible {
		told := "Earliest"
		if v.Uncovered > 0 {
			told = "Earliest, told now"
		}
		lines = append(lines, [2]string{told, z.moment(v.EarliestTime.Time)})
	}
	if v.AdmissibleUntilTime != nil {
		lines = append(lines, [2]string{"Admissible until", z.moment(v.AdmissibleUntilTime.Time)})
	}
	if len(lines) == 0 {
		return
	}
	p.blank()
	p.fields("", lines)
}

// fields lists names and values.
func (p *page) fields(indent string, fields [][2]string) {
	width := 0
	for _, field := range fields {
		width = max(width, len(field[0]))
	}
	for _, field := range fields {
		p.paragraph(indent, fmt.Sprintf("%-*s  ", width+1, field[0]+":"), field[1])
	}
}

// steps says what to do next. Commands stand in lines of their own.
func (p *page) steps(steps []Step) {
	if len(steps) == 0 {
		return
	}
	p.heading("What to do next")
	for i, step := range steps {
		p.paragraph("  ", fmt.Sprintf("%d. ", i+1), safe(step.Text))
		for _, command := range step.Commands {
			p.line("       %s", command)
		}
	}
}
