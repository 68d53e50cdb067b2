package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// Bounds of a Waiver, as the schema and admission have them.
const (
	shortestReason = 10
	longestReason  = 1024
	longestTicket  = 256
	longestWaiver  = 24 * time.Hour
	// shortestWaiver leaves time to create it and to roll out.
	shortestWaiver = 5 * time.Minute
)

func newWaiver(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waiver",
		Short: "Break the glass",
	}
	cmd.AddCommand(newWaiverDraft(streams, config))
	return cmd
}

type waiverOptions struct {
	reason string
	ticket string
	name   string
	lasts  time.Duration
}

func newWaiverDraft(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o waiverOptions
	cmd := &cobra.Command{
		Use:   "draft apirevision/NAME --reason TEXT --ticket TICKET",
		Short: "Print the Waiver that lets one revision pass in an emergency",
		Long: `Print the Waiver that lets one revision pass, although customers were not told
in time, in the name of whoever asks. Creating it takes the verb break-glass
(docs/tasks/break-the-glass.md), and what breaks is recorded as a broken promise.

Nothing is printed where the revision passes without.`,
		Example: example(streams, `
forewarn waiver draft apirevision/orders-3f2a9c1b10 -n shop --ticket INC-4711 \
  --reason "The endpoint leaks other customers' orders" | kubectl create -f -`),
		Args: arguments(1, 1, "apirevision/NAME --reason TEXT --ticket TICKET"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), streams, config, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.reason, "reason", "", "why it cannot wait")
	flags.StringVar(&o.ticket, "ticket", "", "where the exception is recorded, for example INC-4711")
	flags.DurationVar(&o.lasts, "for", 2*time.Hour, "how long it lasts, at most 24h")
	flags.StringVar(&o.name, "name", "", "the name of the waiver; made of the ticket if left out")
	return cmd
}

func (o *waiverOptions) check() error {
	switch reason := utf8.RuneCountInString(o.reason); {
	case reason < shortestReason || reason > longestReason:
		return fmt.Errorf("say why it cannot wait: --reason TEXT, of %d to %d characters", shortestReason, longestReason)
	case o.ticket == "" || utf8.RuneCountInString(o.ticket) > longestTicket:
		return errors.New("say where the exception is recorded: --ticket TICKET, for example INC-4711")
	case safe(o.reason) != o.reason || safe(o.ticket) != o.ticket:
		return errors.New("--reason and --ticket are one line each, without control characters")
	case o.lasts < shortestWaiver || o.lasts > longestWaiver:
		return fmt.Errorf("a waiver cannot last %s: write --for 2h, at least 5m and at most 24h", o.lasts)
	case o.name != "" && !objectName.MatchString(o.name):
		return fmt.Errorf("%q is no name of a Waiver: it is a DNS label, for example inc-4711", o.name)
	}
	return nil
}

func (o *waiverOptions) run(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, arg string) error {
	if err := o.check(); err != nil {
		return err
	}
	about, err := readTarget(arg)
	if err != nil {
		return err
	}
	if about.kind != kindRevision {
		return fmt.Errorf("a waiver is for an APIRevision, and %s is none: write apirevision/NAME", arg)
	}
	c, err := readCluster(ctx, streams, config, "")
	if err != nil {
		return err
	}
	offset := snapshot.RehearsalOffset(c.policies)
	if err := o.checkRehearsal(offset); err != nil {
		return err
	}
	revision, ok := c.revision(about.name)
	if !ok {
		return c.noRevision(about.name)
	}
	answer, err := c.questionOn(streams, config, revision).answer(ctx)
	if err != nil {
		return err
	}
	if v := answer.verdict; v.Admissible && v.Reason != v1alpha1.ReasonWaived {
		streams.note("No waiver is needed: %s is admissible (%s).", about, v.Reason)
		return nil
	}
	user, err := whoAsks(ctx, config)
	if err != nil {
		return err
	}
	waiver := o.waiver(c, revision.Name, c.now.Add(-offset), user)
	return printYAML(streams.Out, waiver)
}

// checkRehearsal refuses what would be over at once: a waiver is created by
// the clock of the API server, and judged by that of forewarn.
func (o *waiverOptions) checkRehearsal(offset time.Duration) error {
	if offset < o.lasts {
		return nil
	}
	return fmt.Errorf("a waiver would be over at once here: it ends %s after it is created, and the clock of this rehearsal is ahead by %s; "+
		"run the manager without --clock-offset", o.lasts, offset)
}

// waiver ends on a full minute and never late: the clock that the API server
// creates it by may be a second behind.
func (o *waiverOptions) waiver(c *cluster, revision string, now time.Time, user string) *v1alpha1.Waiver {
	waiver := &v1alpha1.Waiver{TypeMeta: typeMeta("Waiver")}
	waiver.Name, waiver.Namespace = o.name, c.namespace
	if waiver.Name == "" {
		waiver.Name = freeWaiverName(o.ticket, c.waivers)
	}
	waiver.Spec = v1alpha1.WaiverSpec{
		Revision: v1alpha1.ObjectName(revision), Reason: o.reason, Ticket: o.ticket, RequestedBy: user,
		ExpireTime: &metav1.Time{Time: now.Add(o.lasts - time.Second).Truncate(time.Minute)},
	}
	return waiver
}

// freeWaiverName is a name made of the ticket that no waiver has: they never
// change, and those that ended stay.
func freeWaiverName(ticket string, waivers []v1alpha1.Waiver) string {
	legal := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(ticket))
	legal = strings.Trim(legal[:min(len(legal), 63)], "-")
	if legal == "" {
		legal = "waiver"
	}
	return free(legal, func(name string) bool {
		return slices.ContainsFunc(waivers, func(w v1alpha1.Waiver) bool { return w.Name == name })
	})
}

// whoAsks is the name by which the API server knows whoever asks.
func whoAsks(ctx context.Context, config *genericclioptions.ConfigFlags) (string, error) {
	restConfig, err := config.ToRESTConfig()
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	reviews, err := authenticationclient.NewForConfig(restConfig)
	if err != nil {
		return "", fmt.Errorf("connecting to the cluster: %w", err)
	}
	review, err := reviews.SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("asking the API server who asks: %w", err)
	}
	return review.Status.UserInfo.Username, nil
}
