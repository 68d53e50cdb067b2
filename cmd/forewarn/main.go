// Command forewarn says what customers would be owed before anything is
// applied, and why a rollout was refused. As kubectl-forewarn on the PATH it
// is a kubectl plugin.
package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"forewarn.dev/forewarn/internal/cli"
)

func main() {
	streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now, Program: program(os.Args[0])}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		streams.Width, _, _ = term.GetSize(fd) // 0 where the terminal does not say
		_, plain := os.LookupEnv("NO_COLOR")
		streams.Color = !plain && os.Getenv("TERM") != "dumb"
	}
	os.Exit(cli.Run(os.Args[1:], streams))
}

// program is how people call the command: kubectl runs kubectl-forewarn when
// they say kubectl forewarn.
func program(arg0 string) string {
	name := strings.TrimSuffix(filepath.Base(arg0), ".exe")
	if strings.HasPrefix(name, "kubectl-") {
		return "kubectl forewarn"
	}
	return "forewarn"
}
