package cli

import (
	"context"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

type explainOptions struct {
	at     string
	output string
	all    bool
}

func newExplain(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain KIND/NAME",
		Short: "Say why something is refused or admitted, by which rule and until when",
		Long: `Say why something is refused or admitted, by which rule, which notice covers
what, until when, and what to do next.

  apirevision/NAME    the verdict on a proposal, change by change
  deployment/NAME     which APIs the pods carry, which revision they name, and
                      whether they could roll out as they are; so statefulset,
                      daemonset, replicaset, rollout and pod
  changenotice/NAME   whether customers were told, and when what may ship
  customerapi/NAME    what is promised, what serves, what is owed
  deprecationschedule/NAME
                      where it is on its way out, what comes next, and why
                      what goes away may not be removed yet
  downtimebudget/NAME when the API was down and why, how much may still be, and
                      what is refused until when

The exit code is 0 where there was something to explain, whatever the verdict.`,
		Example: example(streams, `
forewarn explain apirevision/orders-3f2a9c1b10 -n shop
forewarn explain deployment/orders -n shop -o json
# As it would be on that day, with the notices that stand today
forewarn explain customerapi/orders -n shop --at 2027-07-01T00:00:00Z`),
		Args: arguments(1, 1, "KIND/NAME, for example deployment/orders"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args[0])
		},
	}
	addOutputFlag(cmd, &o.output)
	cmd.Flags().StringVar(&o.at, "at", "", "explain for this moment (RFC 3339) and not for now")
	cmd.Flags().BoolVar(&o.all, "all", false, "list the changes that need no notice, too")
	return cmd
}

func (o *explainOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, arg string) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	about, err := readTarget(arg)
	if err != nil {
		return err
	}
	c, err := readCluster(ctx, streams, config, o.at)
	if err != nil {
		return err
	}
	e := newExplainer(streams, config, c, about)
	e.style = verdictStyle{wide: o.output == outputWide, all: o.all}
	explanation, err := e.explain(ctx)
	if err != nil {
		return err
	}
	result := e.result(explanation, KindExplanation)
	if o.output == outputJSON {
		return printJSON(streams.Out, result)
	}
	p := newPage(streams)
	explanation.text(p)
	p.steps(result.Next)
	p.blank()
	p.line("What the rules (R1 to R16) say: docs/rules.md")
	return p.writeTo(streams.Out)
}

// explainer explains one object.
type explainer struct {
	*cluster
	streams Streams
	config  *genericclioptions.ConfigFlags
	about   target
	style   verdictStyle
	zone    zone
	hints   hints
	// manifest is what a workload is to become; nil where it is explained as it is.
	manifest *unstructured.Unstructured
}

func newExplainer(streams Streams, config *genericclioptions.ConfigFlags, c *cluster, about target) *explainer {
	return &explainer{
		cluster: c, streams: streams, config: config, about: about, zone: zoneOf(c.policies, ""),
		hints: hints{program: streams.program(), cluster: true, flags: clusterFlags(config, c.namespace)},
	}
}

// result is what was found, with what was asked.
func (e *explainer) result(found *explanation, kind string) Result {
	result := found.result
	result.APIVersion, result.Kind, result.About = ResultVersion, kind, e.about.String()
	result.Namespace, result.EvaluatedTime, result.TimeZone = e.namespace, metav1.NewTime(e.now), e.zone.name
	return result
}

// explanation is a result, and how people read it.
type explanation struct {
	result Result
	text   func(*page)
}

func (e *explainer) explain(ctx context.Context) (*explanation, error) {
	switch e.about.kind {
	case kindRevision:
		return e.explainRevision(ctx)
	case kindNotice:
		return e.explainNotice(ctx)
	case kindCustomerAPI:
		return e.explainAPI(ctx)
	case kindSchedule:
		return e.explainSchedule()
	case kindBudget:
		return e.explainBudget(ctx)
	}
	return e.explainWorkload(ctx)
}

// judge is the answer on a revision that is there.
func (e *explainer) judge(ctx context.Context, revision *v1alpha1.APIRevision) (*answer, error) {
	return e.questionOn(e.streams, e.config, revision).answer(ctx)
}

// title is the first line of a page.
func (e *explainer) title() string {
	return safe(e.about.String() + " in namespace " + e.namespace)
}
