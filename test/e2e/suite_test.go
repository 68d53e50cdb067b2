//go:build unix

// Package e2e tries forewarn on a real control plane: real rollouts by the real controllers, judged by a manager that
// runs under its own account with no more than its own rights.
package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"forewarn.dev/forewarn/controllers"
	"forewarn.dev/forewarn/test/controlplane"
)

const ownNamespace = "forewarn-system"

// cluster is shared by all tests of the package, each of which has a namespace of its own.
var cluster struct {
	*controlplane.Cluster
	admin   client.Client
	manager *rest.Config
	// scratch is a folder for what is made once for all tests.
	scratch string
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	ctx := context.Background()
	started, err := controlplane.Start(ctx, controlplane.Options{Nodes: 3})
	if err != nil {
		return 1, fmt.Errorf("starting a control plane: %w", err)
	}
	defer func() {
		if stopErr := started.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stopErr
		}
	}()
	cluster.Cluster = started
	if cluster.scratch, err = os.MkdirTemp("", "forewarn-e2e-"); err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(cluster.scratch) }()
	if err := install(ctx); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// install applies what `kubectl apply -k` applies on a cluster, in one go.
func install(ctx context.Context) error {
	kubectl := exec.CommandContext(ctx, filepath.Join(cluster.BinDir(), "kubectl"),
		"--kubeconfig", cluster.Kubeconfig(), "--context", "admin", "apply", "--server-side", "-k", "../../config/local")
	if output, err := kubectl.CombinedOutput(); err != nil {
		return fmt.Errorf("installing forewarn: %w\n%s", err, bytes.TrimSpace(output))
	}
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if cluster.admin, err = client.New(cluster.AdminConfig(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	cluster.manager, err = cluster.ConfigFor("system:serviceaccount:"+ownNamespace+":forewarn-manager",
		"system:serviceaccounts", "system:serviceaccounts:"+ownNamespace, "system:authenticated")
	return err
}
