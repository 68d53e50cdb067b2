//go:build unix

package controlplane

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	patience = 90 * time.Second
	often    = 25 * time.Millisecond
)

func start(t *testing.T, o Options) *Cluster {
	t.Helper()
	began := time.Now()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	t.Logf("ready after %.1f s with %d nodes", time.Since(began).Seconds(), o.Nodes)
	return c
}

func clientFor(t *testing.T, config *rest.Config) *kubernetes.Clientset {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestAPIServerAlone(t *testing.T) {
	c := start(t, Options{})
	client := clientFor(t, c.AdminConfig())

	t.Run("users are who their certificate says", func(t *testing.T) {
		g := NewWithT(t)
		config, err := c.ConfigFor("jane", "team-orders", "team-shop")
		g.Expect(err).NotTo(HaveOccurred())
		review, err := clientFor(t, config).AuthenticationV1().SelfSubjectReviews().
			Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(review.Status.UserInfo.Username).To(Equal("jane"))
		g.Expect(review.Status.UserInfo.Groups).To(ContainElements("team-orders", "team-shop"))
	})

	t.Run("a user without a role may nothing", func(t *testing.T) {
		_, err := clientFor(t, c.DeveloperConfig()).CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
		NewWithT(t).Expect(apierrors.IsForbidden(err)).To(BeTrue(), "got %v", err)
	})

	t.Run("the identity Lease is renewed", func(t *testing.T) {
		g := NewWithT(t)
		g.Eventually(func(g Gomega) {
			leases, err := client.CoordinationV1().Leases("kube-system").
				List(t.Context(), metav1.ListOptions{LabelSelector: "apiserver.kubernetes.io/identity=kube-apiserver"})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(leases.Items).To(HaveLen(1))
			g.Expect(time.Since(leases.Items[0].Spec.RenewTime.Time)).To(BeNumerically("<", time.Minute))
		}, patience, often).Should(Succeed())
	})

	t.Run("a ValidatingAdmissionPolicy refuses", func(t *testing.T) {
		g := NewWithT(t)
		createRefusingPolicy(t, client)
		refused := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "refused"}}
		g.Eventually(func() error {
			_, err := client.CoreV1().ConfigMaps("default").
				Create(t.Context(), refused, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			return err
		}, patience, often).Should(MatchError(ContainSubstring("no such name")))
	})

	t.Run("the API server comes back with what it held", func(t *testing.T) {
		g := NewWithT(t)
		kept := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}
		_, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), kept, metav1.CreateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(c.StopAPIServer(t.Context())).To(Succeed())
		_, err = client.CoreV1().ConfigMaps("default").Get(t.Context(), "kept", metav1.GetOptions{})
		g.Expect(err).To(MatchError(ContainSubstring("connection refused")))
		g.Expect(c.Healthy(t.Context())).To(MatchError("kube-apiserver does not run"))

		g.Expect(c.StartAPIServer(t.Context())).To(Succeed())
		g.Expect(c.StartAPIServer(t.Context())).To(MatchError(ContainSubstring("runs already")))
		_, err = client.CoreV1().ConfigMaps("default").Get(t.Context(), "kept", metav1.GetOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(c.Healthy(t.Context())).To(Succeed())
	})

	t.Run("the kubeconfig has both contexts", func(t *testing.T) {
		g := NewWithT(t)
		file, err := clientcmd.LoadFromFile(c.Kubeconfig())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(file.CurrentContext).To(Equal("admin"))
		g.Expect(file.Contexts).To(And(HaveLen(2), HaveKey("admin"), HaveKey("developer")))
	})
}

func createRefusingPolicy(t *testing.T, client *kubernetes.Clientset) {
	t.Helper()
	forbidden := metav1.StatusReasonForbidden
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "refuses.example.com"},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
					RuleWithOperations: admissionregistrationv1.RuleWithOperations{
						Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
						Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
					},
				}},
			},
			Validations: []admissionregistrationv1.Validation{
				{Expression: "object.metadata.name != 'refused'", Message: "no such name", Reason: &forbidden},
			},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: policy.Name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName:        policy.Name,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}
	api := client.AdmissionregistrationV1()
	if _, err := api.ValidatingAdmissionPolicies().Create(t.Context(), policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.ValidatingAdmissionPolicyBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	g := NewWithT(t)
	c := start(t, Options{Nodes: 1})
	var names []string
	if runtime.GOOS == "linux" {
		g.Expect(processesNaming(t, c.dir)).To(HaveLen(5))
	}
	for _, r := range c.state.Processes {
		g.Expect(alive(r)).To(BeTrue(), r.Name)
		names = append(names, r.Name)
	}
	slices.Sort(names)
	g.Expect(names).To(Equal([]string{etcd, apiServer, controllerManager, scheduler, kwok}))

	began := time.Now()
	g.Expect(c.Stop(t.Context())).To(Succeed())
	t.Logf("stopped in %.1f s", time.Since(began).Seconds())
	for _, r := range c.state.Processes {
		g.Expect(alive(r)).To(BeFalse(), r.Name)
	}
	g.Expect(processesNaming(t, c.dir)).To(BeEmpty())
	g.Expect(c.dir).NotTo(BeADirectory())
	g.Expect(c.Stop(t.Context())).To(Succeed(), "stopping twice")
}

func TestStartThatFailsLeavesNothing(t *testing.T) {
	g := NewWithT(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	_, err := Start(t.Context(), Options{APIServerArgs: []string{"--no-such-flag"}})
	g.Expect(err).To(MatchError(And(ContainSubstring("kube-apiserver ended"), ContainSubstring("unknown flag: --no-such-flag"))))
	left, err := os.ReadDir(tmp)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left).To(BeEmpty())
	g.Expect(processesNaming(t, tmp)).To(BeEmpty())
}

func TestStartThatIsInterruptedLeavesNothing(t *testing.T) {
	g := NewWithT(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Start(ctx, Options{Nodes: 1, Out: writerFunc(func(line string) {
		if strings.Contains(line, "kube-apiserver ready") {
			cancel()
		}
	})})
	g.Expect(err).To(MatchError(context.Canceled))
	left, err := os.ReadDir(tmp)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left).To(BeEmpty())
	g.Expect(processesNaming(t, tmp)).To(BeEmpty())
}

type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

func TestStateFolder(t *testing.T) {
	for name, tt := range map[string]struct {
		holds   string
		wantErr string
	}{
		"something else is left alone":                  {holds: "letter.txt", wantErr: "is in use: it holds letter.txt"},
		"another control plane is left alone":           {holds: stateFile, wantErr: "is in use: it holds state.json"},
		"leftovers of a start that was killed are gone": {holds: kubeconfigFile},
		"what a manager ran with is gone":               {holds: managerKubeconfigFile},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), tt.holds)
			g.Expect(os.WriteFile(path, nil, 0o600)).To(Succeed())
			err := new(Cluster).makeDir(filepath.Dir(path))
			if tt.wantErr == "" {
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(path).NotTo(BeAnExistingFile())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(tt.wantErr)))
			g.Expect(path).To(BeAnExistingFile())
		})
	}
}

// processesNaming lists the command lines that hold a path: whatever the
// records say, this is what runs. Only where there is a /proc.
func processesNaming(t *testing.T, path string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), path) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
