//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"forewarn.dev/forewarn/test/controlplane"
)

// playsCommand makes this test binary the command, so that the cluster has to
// outlive a process that really ends.
const playsCommand = "FOREWARN_TEST_PLAYS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(playsCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestUpAndDown(t *testing.T) {
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), "cluster")
	call := func(args ...string) (out, progress string) {
		t.Helper()
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), playsCommand+"=1")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		g.Expect(cmd.Run()).To(Succeed(), "%s: %s", args, &stderr)
		return stdout.String(), stderr.String()
	}
	t.Cleanup(func() { call("down", "--state", dir) })

	_, progress := call("up", "--state", dir)
	g.Expect(progress).To(ContainSubstring("3 nodes ready"))
	cluster, err := controlplane.Attach(dir)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cluster.Healthy(t.Context())).To(Succeed())
	before := stateOf(g, dir)

	_, progress = call("up", "--state", dir)
	g.Expect(progress).To(ContainSubstring("runs already"))
	g.Expect(stateOf(g, dir)).To(Equal(before))

	out, _ := call("env", "--state", dir)
	g.Expect(out).To(ContainSubstring("export KUBECONFIG='" + cluster.Kubeconfig() + "'\n"))

	call("grant", "--state", dir, "billing")
	for _, namespace := range append(ordinary, "billing") {
		g.Eventually(func() error { return listPods(t, cluster.Kubeconfig(), namespace) }, 10*time.Second).Should(Succeed())
	}
	g.Expect(listPods(t, cluster.Kubeconfig(), "kube-system")).To(MatchError(ContainSubstring("forbidden")))

	// Half dead: one component is gone.
	g.Expect(cluster.StopAPIServer(t.Context())).To(Succeed())
	_, progress = call("up", "--state", dir)
	g.Expect(progress).To(ContainSubstring("starting anew: kube-apiserver does not run"))
	g.Expect(stateOf(g, dir)).NotTo(Equal(before))

	_, progress = call("down", "--state", dir)
	g.Expect(progress).To(Equal("cluster: ended\n"))
	g.Expect(dir).NotTo(BeADirectory())
	_, progress = call("down", "--state", dir)
	g.Expect(progress).To(HavePrefix("cluster: none in "))
}

func TestUnknownWordsAreRefused(t *testing.T) {
	for _, args := range [][]string{{}, {"sideways"}, {"up", "twice"}, {"grant"}, {"down", "--force"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			g := NewWithT(t)
			var out, progress bytes.Buffer
			g.Expect(run(t.Context(), args, &out, &progress)).To(Equal(2))
			g.Expect(progress.String()).To(ContainSubstring("usage: "))
			g.Expect(out.String()).To(BeEmpty())
		})
	}
}

func TestWithoutACluster(t *testing.T) {
	g := NewWithT(t)
	var out, progress bytes.Buffer
	dir := t.TempDir()
	g.Expect(run(t.Context(), []string{"env", "--state", dir}, &out, &progress)).To(Equal(1))
	g.Expect(progress.String()).To(HaveSuffix("run: make cluster-up\n"))
}

func TestQuoted(t *testing.T) {
	out, err := exec.Command("/bin/sh", "-c", "printf %s "+quoted(`it's $HOME and "more"`)).Output()
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(out)).To(Equal(`it's $HOME and "more"`))
}

func stateOf(g *WithT, dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "state.json"))
	g.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// listPods lists as the developer, by the context of that name.
func listPods(t *testing.T, kubeconfig, namespace string) error {
	t.Helper()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: controlplane.DeveloperUser}).ClientConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	return err
}
