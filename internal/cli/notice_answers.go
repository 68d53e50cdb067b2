package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/telling"
)

type answersOptions struct {
	output string
}

func newNoticeAnswers(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o answersOptions
	cmd := &cobra.Command{
		Use:   "answers NAME",
		Short: "List what customers answered, and who did not",
		Long: `List what customers answered to a ChangeNotice: how many understood, who needs
more time and until when, and who has not answered. Customers are shown by their
ids. The answer of a partner counts for whom it serves, unless they gave one.

The exit code is 0 whatever they answered.`,
		Example: example(streams, `
forewarn notice answers orders-no-delete -n shop
# The ids of those who did not answer
forewarn notice answers orders-no-delete -n shop -o json | jq -r '.answers.missing[].customer'`),
		Args: arguments(1, 1, "NAME, for example orders-no-delete"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args[0])
		},
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", outputText, "text, json or yaml")
	return cmd
}

func (o *answersOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, name string) error {
	switch o.output {
	case outputText, outputJSON, outputYAML:
	default:
		return fmt.Errorf("unknown output %q: write text, json or yaml", o.output)
	}
	about := target{kind: kindNotice, name: strings.TrimPrefix(name, "changenotice/")}
	c, err := readCluster(ctx, streams, config, "")
	if err != nil {
		return err
	}
	e := &explainer{
		cluster: c, streams: streams, config: config, about: about, zone: utc,
		hints: hints{program: streams.program(), cluster: true, flags: clusterFlags(config, c.namespace)},
	}
	n, err := e.noticeNamed(about.name)
	if err != nil {
		return err
	}
	found, err := e.answers(ctx, n)
	if err != nil {
		return err
	}
	result := Result{
		APIVersion: ResultVersion, Kind: KindAnswers, About: about.String(), Namespace: c.namespace,
		EvaluatedTime: metav1.NewTime(c.now), TimeZone: e.zone.name, Answers: found, Next: e.answerSteps(n, found),
	}
	switch o.output {
	case outputJSON:
		return printJSON(streams.Out, result)
	case outputYAML:
		return printYAML(streams.Out, result)
	}
	p := newPage(streams)
	e.answersPage(p, n, found)
	p.steps(result.Next)
	return p.writeTo(streams.Out)
}

// answers counts by the records, as the status of the notice does.
func (e *explainer) answers(ctx context.Context, n *v1alpha1.ChangeNotice) (*AnswersResult, error) {
	var all v1alpha1.DeliveryRecordList
	if err := e.reader.List(ctx, &all, client.InNamespace(e.namespace)); err != nil {
		return nil, readable(fmt.Errorf("listing DeliveryRecord: %w", err))
	}
	var records []v1alpha1.DeliveryRecord
	for i := range all.Items {
		if ref := all.Items[i].Spec.NoticeRef; string(ref.Name) == n.Name && ref.UID == string(n.UID) {
			records = append(records, all.Items[i])
		}
	}
	input, err := e.snapshot.Notice(ctx, e.now, n)
	if err != nil {
		return nil, fmt.Errorf("reading what %s depends on: %w", e.about, err)
	}
	input.NoAnswers = takesNoAnswers(n)
	verdict := gate.EvaluateNotice(input)
	found := &AnswersResult{
		Title: n.Spec.Title, Affected: ptr.Deref(n.Status.Delivery.Affected, 0),
		Matured:                   ConditionResult{Status: verdict.Matured, Reason: verdict.MaturedReason, Message: verdict.MaturedMessage},
		HoldAboveObjectionPercent: n.Status.Clock.HoldAboveObjectionPercent,
	}
	counts := telling.Answers(n, found.Affected, records)
	found.Understood, found.NeedsTime = ptr.Deref(counts.Understood, 0), ptr.Deref(counts.NeedsTime, 0)
	found.Unanswered, found.LatestTime = ptr.Deref(counts.Unanswered, found.Affected), counts.LatestTime
	for _, a := range telling.Each(n, records) {
		found.add(a)
	}
	return found, nil
}

func (r *AnswersResult) add(a telling.Answer) {
	if a.Delivered {
		r.Delivered++
	}
	switch a.What {
	case "":
		r.Missing = append(r.Missing, MissingAnswer{Customer: string(a.Customer), ServedBy: string(a.ServedBy), Delivered: a.Delivered})
	case v1alpha1.AnswerNeedsTime:
		r.Objections = append(r.Objections, Objection{
			Customer: string(a.Customer), ServedBy: string(a.ServedBy), AnsweredTime: metav1.NewTime(a.Time), NeededUntilTime: knownTime(a.Until), Open: a.Open,
		})
	}
}

func knownTime(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t}
}

func (e *explainer) answersPage(p *page, n *v1alpha1.ChangeNotice, found *AnswersResult) {
	p.line("%s, about customerapi/%s", e.title(), safe(string(n.Spec.APIRef.Name)))
	p.line("%s", safe(found.Title))
	p.heading("Answers")
	if n.Status.Delivery.Affected == nil {
		p.line("  forewarn told nobody of it, so nobody answers")
		return
	}
	p.fields("  ", [][2]string{
		{"Customers", fmt.Sprint(found.Affected)}, {"Delivered to", fmt.Sprint(found.Delivered)},
		{"Understood", fmt.Sprint(found.Understood)}, {"Need more time", fmt.Sprint(found.NeedsTime)},
		{"Did not answer", fmt.Sprint(found.Unanswered)},
	})
	p.heading("Matured: " + found.Matured.Reason)
	p.paragraph("  ", "", safe(found.Matured.Message))
	if len(found.Objections) > 0 {
		p.heading("Need more time")
		var rows [][]string
		for _, o := range found.Objections {
			state, until := "answered", "-"
			if o.Open {
				state = "open"
			}
			if o.NeededUntilTime != nil {
				until = e.zone.day(o.NeededUntilTime.Add(-time.Second).Truncate(24 * time.Hour)) // the last day of it
			}
			rows = append(rows, []string{safe(o.Customer), until, e.zone.day(o.AnsweredTime.Time), state, servedBy(o.ServedBy)})
		}
		p.table(2, []string{"customer", "until", "said", "objection", "served by"}, rows)
	}
	if len(found.Missing) > 0 {
		p.heading("Did not answer")
		var rows [][]string
		for _, m := range found.Missing {
			delivered := "no"
			if m.Delivered {
				delivered = "yes"
			}
			rows = append(rows, []string{safe(m.Customer), delivered, servedBy(m.ServedBy)})
		}
		p.table(2, []string{"customer", "delivered", "served by"}, rows)
	}
	if nobody := found.unplanned(); nobody > 0 {
		p.blank()
		p.line("Nothing leads to %s: no record holds them.", counted(nobody, "customer"))
	}
}

func servedBy(partner string) string {
	if partner == "" {
		return "-"
	}
	return safe(partner)
}

// unplanned are those affected whom no record holds.
func (r *AnswersResult) unplanned() int { return max(int(r.Unanswered)-len(r.Missing), 0) }

// answerSteps are what to do about objections that are open.
func (e *explainer) answerSteps(n *v1alpha1.ChangeNotice, found *AnswersResult) []Step {
	if found.NeedsTime == 0 || !found.Matured.Status && found.Matured.Reason != v1alpha1.ReasonHeld && found.Matured.Reason != v1alpha1.ReasonRunning {
		return nil
	}
	text := "Answer those who need more time: append an update that says answers: Objections, or set effectiveTime"
	if found.LatestTime != nil {
		text += " to " + found.LatestTime.UTC().Format(time.RFC3339) + " or later"
	}
	return []Step{{Text: text + ".", Commands: []string{e.hints.kubectl("edit", "changenotice/"+n.Name)}}}
}
