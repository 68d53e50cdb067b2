package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// sourceOptions say what is compared with what.
type sourceOptions struct {
	proposalOptions
	base        []string
	head        []string
	policies    []string
	notices     []string
	stability   string
	at          string
	publishedAt string
}

func (o *sourceOptions) addSourceFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&o.base, "base", nil, "a contract that customers rely on, as [VERSION=]FILE; repeatable")
	flags.StringArrayVar(&o.head, "head", nil, "a contract to be released, as [VERSION=]FILE; - is standard input; repeatable")
	flags.StringArrayVar(&o.policies, "policy", nil, "a file or folder with NoticePolicies; repeatable")
	flags.StringArrayVar(&o.notices, "notices", nil, "a file or folder with ChangeNotices; repeatable")
	flags.StringVar(&o.api, "api", "", "the CustomerAPI; without --base it is read from the cluster")
	flags.StringVar(&o.stability, "stability", "", "what customers of --base were told to expect: Stable (if left out), Beta or Alpha")
	flags.StringVar(&o.at, "at", "", "judge for this moment (RFC 3339) and not for now")
	flags.StringVar(&o.publishedAt, "published-at", "", "when --notices without a status are published (RFC 3339), and not at the moment judged for")
	o.addFlags(flags)
}

type checkOptions struct {
	sourceOptions
	files  []string
	output string
	all    bool
}

func newCheck(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check --head [VERSION=]FILE... (--base [VERSION=]FILE... | --api NAME) | check KIND/NAME -f FILE...",
		Short: "Say whether contracts could be released, and from when, or a workload rolled out",
		Long: `Say whether contracts could be released, and from when, or a workload be
rolled out.

With --base no cluster is asked: the contracts of --base are what customers
rely on, --policy and --notices are manifests. Without a policy every breaking
change needs a notice, at any time before. A notice that holds no stamp of a
cluster counts as published at the moment judged for, if it could be.

Without --base the cluster that kubectl points to is asked what customers of
--api rely on. Nothing is written: the verdict is the one that its admission
would give on an APIRevision with these contents. Where a downtime budget of the
API is spent, that is said, too: it refuses rollouts of whichever revision.

With KIND/NAME the cluster is asked what it would say of that deployment,
statefulset, daemonset or rollout if it were applied as the manifests of -f have
it: of the revision that its pods name, and of what stops pods that customers
need while no downtime is planned. What a manifest leaves out counts as it is in
the cluster, but for the labels and annotations of the pods.

Exit codes: 0 admissible, 1 blocked, 2 could not decide.`,
		Example: example(streams, `
forewarn check --base released.yaml --head openapi.yaml --policy policy.yaml --notices notices/
forewarn check --context production -n shop --api orders --head v1=v1.yaml --head v2=v2.yaml -o json
# Could it ship on 1 July, if the notice were published on 2 January?
forewarn check --base released.yaml --head openapi.yaml --policy policy.yaml --notices notice.yaml \
  --published-at 2027-01-02T09:00:00Z --at 2027-07-01T00:00:00Z
# Would this be refused?
kustomize build overlays/production | forewarn check deployment/orders -n shop -f -`),
		Args: arguments(0, 1, "--base FILE --head FILE, or KIND/NAME -f FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args)
		},
	}
	o.addSourceFlags(cmd)
	addOutputFlag(cmd, &o.output)
	cmd.Flags().BoolVar(&o.all, "all", false, "list the changes that need no notice, too")
	cmd.Flags().StringArrayVarP(&o.files, "filename", "f", nil,
		"a file or folder with the manifest of KIND/NAME; - is standard input; repeatable")
	return cmd
}

func (o *checkOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, args []string) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	if err := o.checkWorkload(args); err != nil {
		return err
	}
	if len(args) > 0 {
		return o.runWorkload(ctx, streams, config, args[0])
	}
	question, err := o.question(ctx, streams, config)
	if err != nil {
		return err
	}
	answer, err := question.answer(ctx)
	if err != nil {
		return err
	}
	result := answer.result()
	if o.output == outputJSON {
		err = printJSON(streams.Out, result)
	} else {
		err = printVerdict(streams, result, answer.zone, verdictStyle{wide: o.output == outputWide, all: o.all})
	}
	if err != nil {
		return err
	}
	return answer.exit()
}

// question gathers what is compared with what, from manifests or a cluster.
func (o *sourceOptions) question(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags) (*question, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	head, err := readContracts(streams.In, o.head)
	if err != nil {
		return nil, err
	}
	ask := o.offline
	if len(o.base) == 0 {
		ask = func(streams Streams, head []document) (*question, error) { return o.online(ctx, streams, config, head) }
	}
	q, err := ask(streams, head)
	if err != nil {
		return nil, err
	}
	q.hints.program = streams.program()
	q.hints.draft = o.draftCommand(q.hints)
	return q, nil
}

// check refuses flags that do not go together.
func (o *sourceOptions) check() error {
	switch {
	case len(o.head) == 0:
		return errors.New("say what is to be released: --head [VERSION=]FILE")
	case len(o.base) == 0 && o.api == "":
		return errors.New("say what customers rely on: --base FILE, or --api NAME to ask the cluster")
	case len(o.base) == 0 && (len(o.policies) > 0 || len(o.notices) > 0 || o.publishedAt != "" || o.stability != ""):
		return errors.New("--policy, --notices, --published-at and --stability go with --base: a cluster has its own")
	}
	return nil
}

// online is the question with what the cluster knows.
func (o *sourceOptions) online(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, head []document) (*question, error) {
	c, err := readCluster(ctx, streams, config, o.at)
	if err != nil {
		return nil, err
	}
	api, err := c.api(o.api)
	if err != nil {
		return nil, err
	}
	revision, err := o.inlined(c.namespace, head)
	if err != nil {
		return nil, err
	}
	var downtime *DowntimeResult
	if governedResult(api).Status {
		c.readBudgets(ctx, streams)
		if downtime, err = c.downtimeOf(ctx, api, v1alpha1.WorkloadRef{}); err != nil {
			return nil, err
		}
	}
	known := c.sameContents(api, revision)
	return &question{
		now: c.now, snapshot: c.snapshot, revision: known, downtime: downtime,
		hints: hints{cluster: true, flags: clusterFlags(config, c.namespace), propose: o.proposeArguments(), proposed: known != revision},
	}, nil
}
