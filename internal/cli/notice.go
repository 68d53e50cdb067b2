package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func newNotice(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notice",
		Short: "Work on what customers are told",
	}
	cmd.AddCommand(newNoticeAnswers(streams, config), newNoticeDraft(streams, config))
	return cmd
}

type draftOptions struct {
	sourceOptions
	name string
}

func newNoticeDraft(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o draftOptions
	cmd := &cobra.Command{
		Use:   "draft (apirevision/NAME | --head [VERSION=]FILE... (--base [VERSION=]FILE... | --api NAME))",
		Short: "Print the ChangeNotice that covers what no notice covers",
		Long: `Print the ChangeNotice that covers exactly what no notice covers, with the
earliest date that will do if it is published within the hour. It is a draft:
fill in what customers have to do, set state: Published, apply it.

Nothing is printed where nothing has to be told.`,
		Example: example(streams, `
forewarn notice draft apirevision/orders-3f2a9c1b10 -n shop > notice.yaml
forewarn notice draft --base released.yaml --head openapi.yaml --policy policy.yaml --api orders
forewarn notice draft -n shop --api orders --head v1=openapi.yaml --name orders-no-delete`),
		Args: arguments(0, 1, "apirevision/NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args)
		},
	}
	o.addSourceFlags(cmd)
	cmd.Flags().StringVar(&o.name, "name", "", "the name of the notice; that of the revision if left out")
	return cmd
}

func (o *draftOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, args []string) error {
	if o.name != "" && !objectName.MatchString(o.name) {
		return fmt.Errorf("%q is no name of a ChangeNotice: it is a DNS label, for example orders-no-delete", o.name)
	}
	question, err := o.subject(ctx, streams, config, args)
	if err != nil {
		return err
	}
	answer, err := question.answer(ctx)
	if err != nil {
		return err
	}
	if !answer.verdict.Decided {
		return fmt.Errorf("%s: what customers would have to be told is not known: %s",
			answer.verdict.Reason, strings.TrimSuffix(answer.verdict.Merits, seeAlso(answer.verdict.Merits)))
	}
	draft := gate.Draft(answer.input, answer.verdict)
	if draft == nil {
		streams.note("Nothing has to be told: %s.", answer.verdict.Merits)
		return nil
	}
	draft.Name = cmp.Or(o.name, freeName(draft.Name, answer.input.Notices))
	return printDraft(streams.Out, draft, answer)
}

// freeName is a name that no published notice has: what it says is frozen.
func freeName(name string, notices []v1alpha1.ChangeNotice) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(notices, func(n v1alpha1.ChangeNotice) bool {
			return n.Name == name && n.Status.PublishedTime != nil
		})
	}
	return free(name, taken)
}

// free is the name or, where it is taken, the name with a number.
func free(name string, taken func(string) bool) string {
	free := name
	for i := 2; taken(free); i++ {
		suffix := fmt.Sprintf("-%d", i)
		free = name[:min(len(name), 63-len(suffix))] + suffix
	}
	return free
}

// subject is what the notice is to be drafted for: a revision that there is,
// or what the flags say.
func (o *draftOptions) subject(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, args []string) (*question, error) {
	if len(args) == 0 {
		return o.question(ctx, streams, config)
	}
	if len(o.head)+len(o.base) > 0 || o.api != "" {
		return nil, errors.New("a revision is named: leave --base, --head and --api out")
	}
	about, err := readTarget(args[0])
	if err != nil {
		return nil, err
	}
	if about.kind != kindRevision {
		return nil, fmt.Errorf("a notice is drafted for an APIRevision, and %s is none: write apirevision/NAME", args[0])
	}
	c, err := readCluster(ctx, streams, config, o.at)
	if err != nil {
		return nil, err
	}
	revision, ok := c.revision(about.name)
	if !ok {
		return nil, c.noRevision(about.name)
	}
	return c.questionOn(streams, config, revision), nil
}

// questionOn asks about a revision that is there.
func (c *cluster) questionOn(streams Streams, config *genericclioptions.ConfigFlags, revision *v1alpha1.APIRevision) *question {
	h := hints{program: streams.program(), cluster: true, flags: clusterFlags(config, c.namespace), proposed: true}
	h.draft = h.command("notice", "draft", "apirevision/"+revision.Name) + " > " + noticeFile
	return &question{now: c.now, snapshot: c.snapshot, revision: revision, hints: h}
}

func (c *cluster) noRevision(name string) error {
	var known []string
	for i := range c.revisions {
		known = append(known, c.revisions[i].Name)
	}
	return c.missing("APIRevision", name, known)
}

// instead offers what there is.
func instead(known []string) string {
	const most = 5
	switch {
	case len(known) == 0:
		return ": there is none at all"
	case len(known) > most:
		return fmt.Sprintf("; there are %s and %d more", strings.Join(known[:most], ", "), len(known)-most)
	}
	return "; there are " + strings.Join(known, ", ")
}
