//go:build unix

// Package cel tries the schemas and the validation rules of the kinds on a real
// API server: what they accept, what they refuse and with which words, and what
// a table of them shows.
package cel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"forewarn.dev/forewarn/test/controlplane"
)

// crds is the folder of what is tried.
var crds = filepath.Join("..", "..", "config", "crd", "bases")

// cluster and client serve every test; each makes objects of its own.
var (
	cluster *controlplane.Cluster
	client  dynamic.Interface
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctx := context.Background()
	var err error
	if cluster, err = controlplane.Start(ctx, controlplane.Options{}); err != nil {
		return failed("starting the control plane", err)
	}
	defer func() {
		if err := cluster.Stop(ctx); err != nil {
			code = failed("ending the control plane", err)
		}
	}()
	config := cluster.AdminConfig()
	config.QPS = -1 // no limit
	config.WarningHandler = rest.NoWarnings{}
	log.SetLogger(logr.Discard())
	if client, err = dynamic.NewForConfig(config); err != nil {
		return failed("making a client", err)
	}
	if _, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{Paths: []string{crds}, ErrorIfPathMissing: true}); err != nil {
		return failed("installing the CRDs", err)
	}
	return m.Run()
}

func failed(doing string, err error) int {
	fmt.Fprintf(os.Stderr, "%s: %v\n", doing, err)
	return 1
}
