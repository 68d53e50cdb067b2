package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// suggestWithin is how many typing errors a name may hold to be recognized.
const suggestWithin = 2

// asGroup makes a command of which only what is below it does something refuse
// everything else: cobra would print a page of help and succeed, and a
// pipeline takes that for a yes.
func asGroup(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("say what to do: %s; %s --help says more", strings.Join(offered(cmd), ", "), cmd.CommandPath())
		}
		return unknownCommand(cmd, args[0])
	}
}

// unknownCommand says what there is instead of the command called name.
func unknownCommand(parent *cobra.Command, name string) error {
	parent.SuggestionsMinimumDistance = suggestWithin
	instead := parent.SuggestionsFor(name)
	if len(instead) == 0 {
		return fmt.Errorf("%q is no command: write one of %s", name, strings.Join(offered(parent), ", "))
	}
	for i := range instead {
		instead[i] = parent.CommandPath() + " " + instead[i]
	}
	return fmt.Errorf("%q is no command: did you mean %s?", name, strings.Join(instead, " or "))
}

// offered are the commands below one, as they are typed.
func offered(parent *cobra.Command) []string {
	var paths []string
	for _, cmd := range parent.Commands() {
		switch {
		case !cmd.IsAvailableCommand():
		case cmd.HasAvailableSubCommands():
			paths = append(paths, offered(cmd)...)
		default:
			paths = append(paths, cmd.CommandPath())
		}
	}
	return paths
}

// arguments holds a command to between least and most arguments. wanted is how
// they are written.
func arguments(least, most int, wanted string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("an argument is missing: write %s %s", cmd.CommandPath(), wanted)
		case most >= 0 && len(args) > most:
			return fmt.Errorf("%q is one argument too many: write %s", args[most], strings.TrimSpace(cmd.CommandPath()+" "+wanted))
		}
		return nil
	}
}

const anyNumber = -1

// newHelp is the help of cobra, but for what there is no help on.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Say how a command is used",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 && about.HasAvailableSubCommands() {
				return unknownCommand(about, rest[0])
			}
			if len(rest) > 0 {
				return fmt.Errorf("%q is no command: write %s --help", strings.Join(args, " "), about.CommandPath())
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// wrongFlag adds where the flags of the command are listed.
func wrongFlag(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath())
}
