//go:build unix

package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// The samples are what somebody tries first.
func TestTheSamples(t *testing.T) {
	e := newEnv(t)
	kubectl := exec.CommandContext(e.ctx, filepath.Join(cluster.BinDir(), "kubectl"),
		"--kubeconfig", cluster.Kubeconfig(), "--context", "admin", "apply", "-k", "../../config/samples")
	output, err := kubectl.CombinedOutput()
	e.Expect(err).NotTo(HaveOccurred(), string(output))
	e.namespace = "shop"
	e.serves("orders", "orders-1")
	e.promises("orders", "orders-1")
	e.judged("orders-1", "True Compatible")
	e.Expect(e.judged("orders-2", "False NoticeMissing")).To(ContainSubstring("90 days"))
	e.noticeIs("orders-no-delete", "False Draft", "False NotPublished")
}

// freeAddress is one that nobody listens at.
func (e *env) freeAddress() string {
	e.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(listener.Close()).To(Succeed())
	return listener.Addr().String()
}

// Metrics are served over TLS, and to those who may read them.
func TestMetricsAreForThoseWhoMayReadThem(t *testing.T) {
	e := newEnv(t)
	address := e.freeAddress()
	e.stop()
	e.metricsAddress = address
	e.startManager(0)

	token := func(name string) string {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: name}}
		e.create(account)
		token := &authenticationv1.TokenRequest{}
		e.Expect(e.admin.SubResource("token").Create(e.ctx, account, token)).To(Succeed())
		return token.Status.Token
	}
	e.create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: e.namespace + "-scraper"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "forewarn-metrics-reader"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: e.namespace, Name: "scraper"}},
	})
	scrape := func(bearer string) (status int, body string) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // it signs for itself
		request, err := http.NewRequestWithContext(e.ctx, http.MethodGet, "https://"+address+"/metrics", nil)
		e.Expect(err).NotTo(HaveOccurred())
		if bearer != "" {
			request.Header.Set("Authorization", "Bearer "+bearer)
		}
		response, err := (&http.Client{Transport: transport}).Do(request)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		e.Expect(err).NotTo(HaveOccurred())
		return response.StatusCode, string(text)
	}
	status := func(bearer string) int { code, _ := scrape(bearer); return code }
	e.Eventually(func() int { return status("") }).Should(Equal(http.StatusUnauthorized))
	e.Expect(status(token("anybody"))).To(Equal(http.StatusForbidden))
	code, body := scrape(token("scraper"))
	e.Expect(code).To(Equal(http.StatusOK))
	e.Expect(body).To(ContainSubstring("controller_runtime_reconcile_total"))
}

// Each metric that the documentation names is there, and none has a label with the name of an object.
func TestMetricsSayWhatHappened(t *testing.T) {
	e := adopted(t)
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.judged("orders-2", "False NoticeMissing")
	e.Expect(e.metric("forewarn_verdicts_total", v1alpha1.ReasonNoticeMissing)).To(BeNumerically(">=", 1))
	e.Expect(e.metric("forewarn_time_to_verdict_seconds", "")).To(BeNumerically(">=", 2))
	e.Expect(e.metric("forewarn_gate_writes_total", "Written")).To(BeNumerically(">=", 3))
	e.Expect(e.metric("forewarn_canary", v1alpha1.ReasonCanaryRefused)).To(BeEquivalentTo(1))
	e.Expect(e.metric("forewarn_next_change_seconds", "")).To(BeNumerically(">", 0))
	families, err := e.metrics.Gather()
	e.Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				e.Expect(label.GetValue()).NotTo(ContainSubstring("orders"), fmt.Sprint(metric))
			}
		}
	}
}
