// Package cli is the command line: it reads manifests or a cluster, has them
// judged as admission would, and prints the verdict. It writes nothing to a
// cluster, but where it is told to erase a customer.
package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// Exit codes. They are stable.
const (
	// ExitAdmissible: the answer is yes, or what was asked for was printed.
	ExitAdmissible = 0
	// ExitBlocked: the answer is no.
	ExitBlocked = 1
	// ExitUndecided: there was no answer to be had, or the command was wrong.
	ExitUndecided = 2
	// ExitTryLater is that of `bounce` where the mail is to be kept and handed in
	// again: EX_TEMPFAIL of sysexits.h, which mail servers know.
	ExitTryLater = 75
)

// Streams is all that a command touches of the process it runs in, but for the
// files it is told to read and the cluster it is told to ask.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// Now tells the time where --at does not.
	Now func() time.Time
	// Program is how the command was called, for example "kubectl forewarn".
	// Empty means "forewarn".
	Program string
	// Width is the width of the terminal. 0 means that Out is none.
	Width int
	// Color says that Out shows colours.
	Color bool
}

func (s Streams) program() string { return cmp.Or(s.Program, "forewarn") }

// note tells the person in front of the terminal something that is not the
// result.
func (s Streams) note(format string, args ...any) {
	fmt.Fprintln(s.Err, safeLines(fmt.Sprintf(format, args...)))
}

var (
	// errBlocked ends a command whose answer is no, after it has said so.
	errBlocked = errors.New("blocked")
	// errUndecided ends a command that found no answer, after it has said so.
	errUndecided = errors.New("could not decide")
)

// Run carries out one command and returns its exit code.
func Run(args []string, streams Streams) int {
	root := newRoot(streams)
	root.SetArgs(append([]string{}, args...)) // with nil, cobra would take those of the process
	cmd, err := root.ExecuteC()
	switch {
	case err == nil:
		return ExitAdmissible
	case errors.Is(err, errBlocked):
		return ExitBlocked
	case errors.Is(err, errUndecided):
		return ExitUndecided
	default:
		streams.note("%s: %s", streams.program(), oneLine(err.Error()))
		if cmd.Name() == bounceCommand { // also where a flag is misspelt: the mail is not to be lost for it
			return ExitTryLater
		}
		return ExitUndecided
	}
}

// oneLine is an error for logs that are read by the line.
func oneLine(text string) string { return strings.Join(strings.FieldsFunc(text, isBreak), " ") }

func isBreak(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }

func newRoot(streams Streams) *cobra.Command {
	config := genericclioptions.NewConfigFlags(true)
	root := &cobra.Command{
		Use:         "forewarn",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: streams.program()},
		Short:       "Keep your promises to customers: no change without the notice they are owed",
		Long: `Says what customers would be owed before anything is applied, and why a
rollout was refused. Every verdict is the one that admission gives. Nothing is
written to a cluster, but by customer erase.

Exit codes: 0 admissible, or printed; 1 blocked; 2 could not decide, or wrong
usage.`,
		Example: example(streams, `
# Before the merge, without a cluster
forewarn check --base released.yaml --head openapi.yaml --policy policy.yaml
# Before the merge, as the cluster would judge
forewarn check --context production -n shop --api orders --head openapi.yaml
# After a rollout was refused
forewarn explain apirevision/orders-3f2a9c1b10 -n shop`),
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetFlagErrorFunc(wrongFlag)
	config.AddFlags(root.PersistentFlags())
	hideClientFlags(root)
	root.AddCommand(
		newCheck(streams, config),
		newRevision(streams, config),
		newNotice(streams, config),
		newExplain(streams, config),
		newCalendar(streams, config),
		newHeaders(streams, config),
		newWaiver(streams, config),
		newCustomer(streams, config),
		newBounce(streams, config),
		newVersion(streams),
	)
	root.SetHelpCommand(newHelp())
	root.InitDefaultCompletionCmd() // it is there to be made a group
	makeGroups(root)
	return root
}

// makeGroups does so with each command that has some below it. In their help
// they are not what is to be typed.
func makeGroups(cmd *cobra.Command) {
	if !cmd.HasSubCommands() {
		return
	}
	asGroup(cmd)
	if !cmd.HasParent() {
		cmd.SetUsageTemplate(strings.Replace(cmd.UsageTemplate(), "{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}", 1))
	}
	for _, below := range cmd.Commands() {
		makeGroups(below)
	}
}

// example indents the lines and calls the program what its user calls it.
func example(streams Streams, lines string) string {
	var shown []string
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		if rest, ok := strings.CutPrefix(line, "forewarn "); ok {
			line = streams.program() + " " + rest
		}
		shown = append(shown, "  "+strings.TrimRight(line, "\n"))
	}
	return strings.Join(shown, "\n")
}

// hideClientFlags leaves the flags that people use in the help, as kubectl
// does; the others work all the same.
func hideClientFlags(root *cobra.Command) {
	for _, name := range []string{
		"as", "as-group", "as-uid", "as-user-extra", "cache-dir", "certificate-authority", "client-certificate", "client-key",
		"cluster", "disable-compression", "insecure-skip-tls-verify", "request-timeout", "server", "tls-server-name",
		"token", "user",
	} {
		if flag := root.PersistentFlags().Lookup(name); flag != nil {
			flag.Hidden = true
		}
	}
}

// Ways to print an answer.
const (
	outputText = "text"
	outputWide = "wide"
	outputJSON = "json"
)

// addOutputFlag adds the flag by which an answer is printed another way.
func addOutputFlag(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", outputText,
		"text, wide for the rule and the fingerprint of each change, or json")
}

func checkOutput(output string) error {
	switch output {
	case outputText, outputWide, outputJSON:
		return nil
	}
	return fmt.Errorf("unknown output %q: write text, wide or json", output)
}
