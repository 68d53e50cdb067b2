package cli

import (
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/notice/content"
)

// notAsAsked stands for the message of a verdict where all that is found is listed below it.
const notAsAsked = "it is not what the policies ask of a notice"

func contentResult(found []content.Finding) []ContentResult {
	var results []ContentResult
	for _, f := range found {
		results = append(results, ContentResult{
			Rule: string(f.Rule), Policy: f.Policy, Field: f.Field, Sentence: f.Sentence, Text: f.Text,
		})
	}
	return results
}

func publishedText(found *NoticeResult) string {
	if found.Published.Reason == v1alpha1.ReasonContentRefused {
		return notAsAsked
	}
	return found.Published.Message
}

// content lists the rules that a notice does not keep.
func (p *page) content(found []ContentResult) {
	for _, f := range found {
		finding := content.Finding{
			Rule: v1alpha1.ContentRule(f.Rule), Policy: f.Policy, Field: f.Field, Sentence: f.Sentence, Text: f.Text,
		}
		p.paragraph("  ", "- ", safe(finding.String()))
	}
}

// draftContent says what a draft lacks of what the policies ask of a notice.
func draftContent(draft *v1alpha1.ChangeNotice, a *answer) []string {
	found := gate.EvaluateNotice(gate.NoticeInput{
		Now: a.input.Now, API: a.input.API, Policies: a.input.Policies, Audience: a.input.Audience, Notice: draft,
	}).Content
	if len(found) == 0 {
		return nil
	}
	lines := []string{"The policies ask more of it than stands here yet:"}
	for _, f := range found {
		lines = append(lines, fmt.Sprintf("- %s", f))
	}
	return lines
}
