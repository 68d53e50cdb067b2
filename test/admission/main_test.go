//go:build unix

// Package admission holds the policies of config/admission against a real API
// server, with the real controllers and nodes that only seem to be there.
package admission

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	// kubectl reads the policies, which go test does not see: what it found out before would stand when one changes.
	_ "forewarn.dev/forewarn/config/admission"
	"forewarn.dev/forewarn/test/controlplane"
)

// managerUser is who the policies take for forewarn.
const managerUser = "system:serviceaccount:forewarn-system:forewarn-manager"

const ownNamespace = "forewarn-system"

// suite is what all tests share. Each has a namespace of its own.
var suite struct {
	cluster  *controlplane.Cluster
	dir      string
	auditLog string
}

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	code, err := runSuite(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runSuite(m *testing.M) (code int, err error) {
	ctx := context.Background()
	if suite.dir, err = os.MkdirTemp("", "forewarn-admission-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(suite.dir)) }()
	suite.auditLog = filepath.Join(suite.dir, "audit.log")
	policy := filepath.Join(suite.dir, "audit.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return 1, err
	}
	options := controlplane.Options{
		Nodes: 2,
		Out:   os.Stderr,
		APIServerArgs: []string{
			"--audit-policy-file=" + policy, "--audit-log-path=" + suite.auditLog, "--audit-log-mode=blocking",
		},
	}
	if flag.Lookup("test.run").Value.String() == "^$" {
		options = controlplane.Options{Out: os.Stderr} // a benchmark compares it with one that is as bare
	}
	if suite.cluster, err = controlplane.Start(ctx, options); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, suite.cluster.Stop(ctx)) }()
	if err := install(ctx); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// auditPolicy records what the tests of the audit gate read.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch]
  resources:
  - {group: apps, resources: [deployments, replicasets]}
- level: None
`

// install brings kinds, policies and the rights of the manager. Argo Rollouts
// come after the policies that name them, as on a cluster that has none yet.
func install(ctx context.Context) error {
	root := filepath.Join("..", "..")
	crds := filepath.Join(root, "config", "crd", "bases")
	httpRoutes, gateways, err := gatewayCRDs(ctx)
	if err != nil {
		return err
	}
	rendered, err := kubectl(ctx, nil, "kustomize", filepath.Join(root, "config", "admission"))
	if err != nil {
		return err
	}
	steps := []struct {
		in   []byte
		args []string
	}{
		{nil, []string{"create", "namespace", ownNamespace}},
		{rendered, []string{"apply", "-f", "-"}},
		{nil, []string{"apply", "--server-side", "-f", crds, "-f", "testdata/argo.yaml", "-f", httpRoutes, "-f", gateways}},
		{nil, []string{"wait", "--for=condition=Established", "--timeout=60s", "-f", crds, "-f", "testdata/argo.yaml", "-f", httpRoutes, "-f", gateways}},
		{rights(), []string{"apply", "-f", "-"}},
	}
	for _, step := range steps {
		if _, err := kubectl(ctx, step.in, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// rights are what the manager needs here, verb by verb: "*" would hold approve.
func rights() []byte {
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	objects := []any{
		&rbacv1.ClusterRole{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole"},
			ObjectMeta: metav1.ObjectMeta{Name: "manager"},
			Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{""}, Resources: []string{"configmaps", "namespaces"}, Verbs: all},
				{APIGroups: []string{"forewarn.dev"}, Resources: []string{"*"}, Verbs: all},
				{APIGroups: []string{"apps"}, Resources: []string{"deployments", "replicasets"}, Verbs: all},
				{APIGroups: []string{"gateway.networking.k8s.io"}, Resources: []string{"httproutes"}, Verbs: all},
			},
		},
		&rbacv1.ClusterRoleBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRoleBinding"},
			ObjectMeta: metav1.ObjectMeta{Name: "manager"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "manager"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: managerUser}},
		},
	}
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		panic(err)
	}
	return data
}

// kubectl runs the one that belongs to the control plane, as its admin.
func kubectl(ctx context.Context, in []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(suite.cluster.BinDir(), "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+suite.cluster.Kubeconfig())
	var out, diagnostics bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &diagnostics
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("running kubectl %v: %w: %s", args, err, diagnostics.Bytes())
	}
	return out.Bytes(), nil
}

func managerConfig() (*rest.Config, error) {
	return suite.cluster.ConfigFor(managerUser, "system:serviceaccounts", "system:serviceaccounts:"+ownNamespace)
}
