//go:build unix

// Command cluster starts and ends a local Kubernetes cluster for trying
// things out: a real control plane with three fake nodes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"forewarn.dev/forewarn/test/controlplane"
)

const usage = `usage: go run ./hack/cluster COMMAND [--state FOLDER] [NAMESPACE]

  up               start the cluster; does nothing when it runs already
  down             end it and remove its files
  env              print the lines that point kubectl at it: eval "$(go run ./hack/cluster env)"
  grant NAMESPACE  let the developer edit one more namespace, made if need be

The kubeconfig has two contexts: admin (system:masters), and developer, who may
edit everything in the namespaces default, shop and shop-staging, and nothing
that belongs to the cluster. A pod with the annotation
forewarn.dev/test-unready: "true" does not become ready.
`

// The namespaces that the developer has from the start.
var ordinary = []string{"default", "shop", "shop-staging"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, progress io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(progress, usage)
		return 2
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.Usage = func() { fmt.Fprint(progress, usage) }
	dir := flags.String("state", ".cluster", "")
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	c := command{dir: *dir, out: out, progress: progress}
	var err error
	switch words := flags.Args(); {
	case args[0] == "up" && len(words) == 0:
		err = c.exclusively(func() error { return c.up(ctx) })
	case args[0] == "down" && len(words) == 0:
		err = c.exclusively(func() error { return c.down(ctx) })
	case args[0] == "env" && len(words) == 0:
		err = c.env()
	case args[0] == "grant" && len(words) == 1:
		err = c.grant(ctx, words[0])
	default:
		flags.Usage()
		return 2
	}
	if err != nil {
		fmt.Fprintf(progress, "cluster: %v\n", err)
		return 1
	}
	return 0
}

type command struct {
	dir           string
	out, progress io.Writer
}

func (c command) say(format string, args ...any) {
	fmt.Fprintf(c.progress, "cluster: "+format+"\n", args...)
}

// exclusively keeps a second up or down waiting: it would take a cluster that
// is just starting for a dead one. The folder of the state folder is locked,
// since the state folder itself comes and goes.
func (c command) exclusively(do func() error) error {
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer func() { _ = parent.Close() }() // unlocks
	if err := syscall.Flock(int(parent.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("locking %s: %w", parent.Name(), err)
	}
	return do()
}

func (c command) up(ctx context.Context) error {
	cluster, err := controlplane.Attach(c.dir)
	if err == nil {
		sick := cluster.Healthy(ctx)
		if sick == nil {
			c.say("runs already: %s", cluster.Kubeconfig())
			return nil
		}
		c.say("starting anew: %v", sick)
		if err := cluster.Stop(ctx); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	cluster, err = controlplane.Start(ctx, controlplane.Options{StateDir: c.dir, Nodes: 3, Detached: true, Out: c.progress})
	if err != nil {
		return err
	}
	if err := controlplane.GrantDeveloper(ctx, cluster.AdminConfig(), ordinary...); err != nil {
		return errors.Join(err, cluster.Stop(context.WithoutCancel(ctx)))
	}
	c.say("kubeconfig: %s (contexts admin, developer)", cluster.Kubeconfig())
	return nil
}

func (c command) down(ctx context.Context) error {
	cluster, err := controlplane.Attach(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		c.say("none in %s", c.dir)
		return nil
	}
	if err != nil {
		return err
	}
	if err := cluster.Stop(ctx); err != nil {
		return err
	}
	c.say("ended")
	return nil
}

func (c command) attach() (*controlplane.Cluster, error) {
	cluster, err := controlplane.Attach(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("none in %s; run: make cluster-up", c.dir)
	}
	return cluster, err
}

func (c command) env() error {
	cluster, err := c.attach()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "export KUBECONFIG=%s\nexport PATH=%s:\"$PATH\"\n",
		quoted(cluster.Kubeconfig()), quoted(cluster.BinDir()))
	return err
}

func (c command) grant(ctx context.Context, namespace string) error {
	cluster, err := c.attach()
	if err != nil {
		return err
	}
	if err := controlplane.GrantDeveloper(ctx, cluster.AdminConfig(), namespace); err != nil {
		return err
	}
	c.say("the developer may edit namespace %s", namespace)
	return nil
}

// quoted is one word of a shell command, whatever is in it.
func quoted(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
