//go:build unix

package controlplane

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

// UnreadyAnnotation with the value "true" keeps a pod from becoming ready, and
// makes a ready one unready; without it (or with another value) the pod
// becomes ready.
const UnreadyAnnotation = "forewarn.dev/test-unready"

// kwok has the name and the rights of a kubelet: policies see the same
// deletions of pods as on a real cluster.
const (
	kubeletUser = "system:node:kwok"
	nodesGroup  = "system:nodes"

	// nodeLabel marks the nodes that kwok plays.
	nodeLabel = "kwok.x-k8s.io/node"
)

// unreadyStages add to those of kwok what UnreadyAnnotation promises.
//
//go:embed stages/unready.yaml
var unreadyStages []byte

func (c *Cluster) kwokArguments() []string {
	return []string{
		"--kubeconfig=" + c.componentKubeconfig(kwok),
		"--config=" + c.stagesFile(),
		"--manage-nodes-with-label-selector=" + nodeLabel + "=fake",
		"--node-lease-duration-seconds=40",
		"--node-ip=10.244.255.1",
		"--cidr=10.244.0.1/17",
	}
}

func (c *Cluster) stagesFile() string { return filepath.Join(c.dir, configDir, "stages.yaml") }

// writeStages gathers the stages that ship with kwok and ours into one file.
// pod-ready learns to leave alone what UnreadyAnnotation holds back.
func (c *Cluster) writeStages() error {
	shipped, err := filepath.Glob(filepath.Join(c.state.BinDir, stagesDir, "*.yaml"))
	if err != nil {
		return err
	}
	parts := [][]byte{unreadyStages}
	for _, path := range shipped {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading kwok's stages: %w", err)
		}
		if filepath.Base(path) == "pod-ready.yaml" {
			if text, err = exceptUnready(text); err != nil {
				return fmt.Errorf("changing the stage %s: %w", path, err)
			}
		}
		parts = append(parts, text)
	}
	return os.WriteFile(c.stagesFile(), bytes.Join(parts, []byte("\n---\n")), 0o600)
}

func exceptUnready(text []byte) ([]byte, error) {
	stage := map[string]any{}
	if err := yaml.Unmarshal(text, &stage); err != nil {
		return nil, err
	}
	path := []string{"spec", "selector", "matchExpressions"}
	expressions, _, err := unstructured.NestedSlice(stage, path...)
	if err != nil {
		return nil, err
	}
	expressions = append(expressions, map[string]any{
		"key":      fmt.Sprintf(".metadata.annotations[%q]", UnreadyAnnotation),
		"operator": "NotIn",
		"values":   []any{"true"},
	})
	if err := unstructured.SetNestedSlice(stage, expressions, path...); err != nil {
		return nil, err
	}
	return yaml.Marshal(stage)
}

func (c *Cluster) createNodes(ctx context.Context, n int) error {
	if err := grantKubelets(ctx, c.adminClient); err != nil {
		return fmt.Errorf("granting the kubelets their rights: %w", err)
	}
	for i := range n {
		if _, err := c.adminClient.CoreV1().Nodes().Create(ctx, node(i), metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating a node: %w", err)
		}
	}
	return nil
}

func grantKubelets(ctx context.Context, client kubernetes.Interface) error {
	const name = "forewarn-local-kubelets"
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "watch", "patch", "update", "delete"}},
			{APIGroups: []string{""}, Resources: []string{"nodes/status", "pods/status"}, Verbs: []string{"patch", "update"}},
			{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch", "update"}},
			{APIGroups: []string{coordinationv1.GroupName}, Resources: []string{"leases"}, Verbs: []string{"get", "list", "watch", "create", "patch", "update"}},
		},
	}
	if _, err := client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return err
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: kubeletUser}},
	}
	_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
	return err
}

func node(i int) *corev1.Node {
	name := fmt.Sprintf("node-%d", i)
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("64"),
		corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods:   resource.MustParse("1000"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				nodeLabel:                  "fake",
				corev1.LabelHostname:       name,
				corev1.LabelOSStable:       "linux",
				corev1.LabelArchStable:     "amd64",
				corev1.LabelTopologyZone:   fmt.Sprintf("zone-%d", i),
				corev1.LabelTopologyRegion: "local",
			},
			Annotations: map[string]string{nodeLabel: "fake"},
		},
		Status: corev1.NodeStatus{Allocatable: room, Capacity: room},
	}
}

func (c *Cluster) hasServiceAccount(ctx context.Context) error {
	_, err := c.adminClient.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	return err
}

// nodesReady holds when pods would be scheduled: ready, and no taint left.
func (c *Cluster) nodesReady(ctx context.Context) error {
	nodes, err := c.adminClient.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: nodeLabel + "=fake"})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		if !ready(n) || len(n.Spec.Taints) > 0 {
			return fmt.Errorf("node %s has the taints %v", n.Name, n.Spec.Taints)
		}
	}
	return nil
}

func ready(n corev1.Node) bool {
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
