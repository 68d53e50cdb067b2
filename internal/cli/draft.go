package cli

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice"
)

// draftOrder is the order in which people read a notice.
var draftOrder = []string{
	"apiVersion", "kind", "metadata", "spec",
	"name", "namespace",
	"apiRef", "state", "effectiveTime", "title", "whatChanges", "whatToDo", "help", "covers",
	"version", "operation", "class", "rule", "fingerprint",
}

// printDraft prints a notice with comments that say what is to be filled in.
func printDraft(out io.Writer, draft *v1alpha1.ChangeNotice, a *answer) error {
	dropUnprintable(draft)
	plain, err := yaml.Marshal(draft)
	if err != nil {
		return fmt.Errorf("encoding the notice: %w", err)
	}
	var document yamlv3.Node
	if err := yamlv3.Unmarshal(plain, &document); err != nil {
		return fmt.Errorf("encoding the notice: %w", err)
	}
	order(&document)
	root := document.Content[0]
	root.HeadComment = draftHead(draft, a)
	annotateSpec(field(root, "spec"), draft, a)
	var b bytes.Buffer
	encoder := yamlv3.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return fmt.Errorf("encoding the notice: %w", err)
	}
	_, err = out.Write(b.Bytes())
	return err
}

// dropUnprintable leaves out operations that YAML cannot hold: the fingerprint
// beside each says as much.
func dropUnprintable(draft *v1alpha1.ChangeNotice) {
	for i := range draft.Spec.Covers {
		entry := &draft.Spec.Covers[i]
		if entry.Fingerprint != "" && safe(entry.Operation) != entry.Operation {
			entry.Operation = ""
		}
	}
}

// order sorts the keys of all mappings as draftOrder has them.
func order(node *yamlv3.Node) {
	for _, child := range node.Content {
		order(child)
	}
	if node.Kind != yamlv3.MappingNode {
		return
	}
	type pair struct{ key, value *yamlv3.Node }
	var pairs []pair
	for i := 0; i+1 < len(node.Content); i += 2 {
		pairs = append(pairs, pair{node.Content[i], node.Content[i+1]})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return slices.Index(draftOrder, a.key.Value) - slices.Index(draftOrder, b.key.Value)
	})
	node.Content = node.Content[:0]
	for _, p := range pairs {
		node.Content = append(node.Content, p.key, p.value)
	}
}

// key is the node that a comment on a field hangs on.
func key(mapping *yamlv3.Node, name string) *yamlv3.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i]
		}
	}
	return &yamlv3.Node{}
}

func field(mapping *yamlv3.Node, name string) *yamlv3.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return &yamlv3.Node{}
}

// commentWidth is how wide long comments are set.
const commentWidth = 90

func draftHead(draft *v1alpha1.ChangeNotice, a *answer) string {
	purpose := fmt.Sprintf("What customers of %s have to be told before %s may serve.", draft.Spec.APIRef.Name, a.input.Revision.Name)
	if a.verdict.Admissible {
		purpose = fmt.Sprintf("What customers of %s were not told of %s, which may serve all the same (%s).",
			draft.Spec.APIRef.Name, a.input.Revision.Name, a.verdict.Reason)
	}
	lines := []string{purpose}
	if a.assumption != "" {
		lines = append(lines, strings.Split(text.WrapSoft(a.assumption, commentWidth), "\n")...)
	}
	for _, line := range draftContent(draft, a) {
		lines = append(lines, strings.Split(text.WrapSoft(safe(line), commentWidth), "\n")...)
	}
	lines = append(lines,
		"Read what is here, fill in what is missing, set state: Published and apply it:",
		"  "+a.hints.kubectl("apply", "-f", noticeFile))
	return comment(lines...)
}

func annotateSpec(spec *yamlv3.Node, draft *v1alpha1.ChangeNotice, a *answer) {
	key(spec, "state").HeadComment = comment("Draft is shown to nobody. Published starts the clock, and is final.")
	key(spec, "effectiveTime").HeadComment = comment(
		"From when the change holds: "+a.zone.moment(draft.Spec.EffectiveTime.Time)+".",
		"This is the earliest date that will do if the notice is published within the hour;",
		"later is always possible, and kinder.")
	key(spec, "title").HeadComment = comment("What changes and from when, in the words of your customers. Keep the date in step.")
	key(spec, "whatChanges").HeadComment = comment("What customers will notice.")
	key(spec, "covers").HeadComment = comment(
		"What customers have to do, and by when. Fill it in:",
		"whatToDo:",
		"Where customers find help, for example a URL. Fill it in:",
		"help:",
		"What may change, and nothing besides.")
	for i, entry := range field(spec, "covers").Content {
		entry.HeadComment = comment(coveredTexts(draft.Spec.Covers[i], draft.Spec.EffectiveTime.Time, a)...)
	}
}

// mostCovered is how many changes the comment on one entry lists.
const mostCovered = 5

// coveredTexts say which changes an entry covers and, of those that customers
// were told of before, why they are there again.
func coveredTexts(entry v1alpha1.CoveredChange, effective time.Time, a *answer) []string {
	var texts []string
	more := 0
	for _, c := range a.verdict.Changes {
		switch {
		case !notice.Lists(entry, subjectOf(c)):
		case len(texts) == mostCovered:
			more++
		default:
			texts = append(texts, whereOf(Change{JudgedChange: c})+toldBeforeBy(c, entry, effective, a))
		}
	}
	if more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return texts
}

// toldBeforeBy says why a change that a notice covers is in the draft, too:
// the entry is a wide one, or what covers it does not hold on the date.
func toldBeforeBy(c v1alpha1.JudgedChange, entry v1alpha1.CoveredChange, effective time.Time, a *answer) string {
	if c.CoveredBy == "" {
		return ""
	}
	told := fmt.Sprintf(" - told before by notice %s, ", c.CoveredBy)
	lapses := a.lapseOf(string(c.CoveredBy))
	switch {
	case entry.Fingerprint == "":
		return told + "which this entry takes in"
	case lapses != nil && !effective.Before(*lapses):
		return told + "which covers it until " + a.zone.day(*lapses) + " and no longer on the date above"
	}
	return told + "which does not hold at the same time as the others"
}

// lapseOf is the moment from which a notice covers nothing any more.
func (a *answer) lapseOf(name string) *time.Time {
	input := gate.NoticeInput{Now: a.input.Now, API: a.input.API, Policies: a.input.Policies}
	for i := range a.input.Notices {
		if n := &a.input.Notices[i]; n.Name == name {
			input.Notice = n
		} else {
			input.Others = append(input.Others, *n)
		}
	}
	if input.Notice == nil {
		return nil
	}
	return gate.EvaluateNotice(input).Lapses
}

// comment makes lines of a comment. What people wrote cannot end it.
func comment(lines ...string) string {
	for i, line := range lines {
		lines[i] = strings.TrimRight("# "+safe(line), " ")
	}
	return strings.Join(lines, "\n")
}
