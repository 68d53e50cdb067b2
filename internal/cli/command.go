package cli

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// hints are how to go on from an answer.
type hints struct {
	program string
	// flags lead a command to the cluster and the namespace that were asked.
	// Empty where none was.
	flags   []string
	cluster bool
	// draft drafts the notice for what is uncovered.
	draft string
	// propose are the arguments of the command that proposes what was judged.
	// proposed says that somebody did so already, and named that the workload
	// asked about names it.
	propose  []string
	proposed bool
	named    bool
}

// command is a command of ours as it is typed.
func (h hints) command(args ...string) string {
	return h.program + " " + typed(append(args, h.flags...)...)
}

// kubectl is a command of kubectl as it is typed.
func (h hints) kubectl(args ...string) string {
	return "kubectl " + typed(append(args, h.flags...)...)
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// typed quotes arguments for a shell.
func typed(args ...string) string {
	quoted := make([]string, 0, len(args))
	for _, arg := range args {
		if !plain.MatchString(arg) {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		quoted = append(quoted, safe(arg))
	}
	return strings.Join(quoted, " ")
}

// clusterFlags are the flags that were given to find the cluster, and the
// namespace that was found.
func clusterFlags(config *genericclioptions.ConfigFlags, namespace string) []string {
	var flags []string
	for _, given := range []struct {
		flag  string
		value *string
	}{{"--kubeconfig", config.KubeConfig}, {"--context", config.Context}, {"--cluster", config.ClusterName}, {"--as", config.Impersonate}} {
		if given.value != nil && *given.value != "" {
			flags = append(flags, given.flag, *given.value)
		}
	}
	if config.ImpersonateGroup != nil {
		for _, group := range *config.ImpersonateGroup {
			flags = append(flags, "--as-group", group)
		}
	}
	return append(flags, "-n", namespace)
}

// draftCommand drafts the notice for the same question.
func (o *sourceOptions) draftCommand(h hints) string {
	args := []string{"notice", "draft"}
	add := func(flag string, values ...string) {
		for _, value := range values {
			if value != "" {
				args = append(args, flag, value)
			}
		}
	}
	add("--base", o.base...)
	add("--head", o.head...)
	add("--policy", o.policies...)
	add("--notices", o.notices...)
	add("--api", o.api)
	add("--stability", o.stability)
	add("--published-at", o.publishedAt)
	add("--at", o.at)
	add("--image", o.images...)
	add("--declared-changes", o.declared)
	return h.command(args...) + " > " + o.draftFile()
}

// draftFile is where the draft goes: not over a notice that it is drafted with.
func (o *sourceOptions) draftFile() string {
	file := noticeFile
	for i := 2; slices.ContainsFunc(o.notices, func(path string) bool { return filepath.Clean(path) == file }); i++ {
		file = fmt.Sprintf("notice-%d.yaml", i)
	}
	return file
}

// proposeArguments are those of the command that proposes what was judged.
func (o *sourceOptions) proposeArguments() []string {
	args := []string{"revision", "--api", o.api}
	for _, image := range o.images {
		args = append(args, "--image", image)
	}
	if o.declared != "" {
		args = append(args, "--declared-changes", o.declared)
	}
	return append(args, o.head...)
}
