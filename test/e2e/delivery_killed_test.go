//go:build unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// managerProcess starts the manager as a process of its own, and returns when it leads.
func (e *env) managerProcess() *exec.Cmd {
	e.t.Helper()
	dir := e.t.TempDir()
	binary, kubeconfig, ready := filepath.Join(dir, "manager"), filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "ready")
	output, err := exec.CommandContext(e.ctx, "go", "build", "-o", binary, "forewarn.dev/forewarn/cmd/manager").CombinedOutput()
	e.Expect(err).NotTo(HaveOccurred(), string(output))
	config := clientcmdapi.NewConfig()
	config.Clusters["it"] = &clientcmdapi.Cluster{Server: cluster.manager.Host, CertificateAuthorityData: cluster.manager.CAData}
	config.AuthInfos["manager"] = &clientcmdapi.AuthInfo{
		ClientCertificateData: cluster.manager.CertData, ClientKeyData: cluster.manager.KeyData,
	}
	config.Contexts["it"] = &clientcmdapi.Context{Cluster: "it", AuthInfo: "manager"}
	config.CurrentContext = "it"
	e.Expect(clientcmd.WriteToFile(*config, kubeconfig)).To(Succeed())
	process := exec.Command(binary, "--kubeconfig", kubeconfig, "--namespace", ownNamespace, "--egress-ranges", loopback[0].String(), "--ready-file", ready,
		"--metrics-bind-address", "0", "--health-probe-bind-address", "0")
	process.Stderr = &e.logs
	e.Expect(process.Start()).To(Succeed())
	e.t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	e.Eventually(func() error { _, err := os.Stat(ready); return err }).Should(Succeed())
	return process
}

// The process is killed while the server takes the second of three mails: the first was answered and nothing says so, of
// the second nobody knows, and the third was not begun. Whoever leads next tells all three, and twice only with the
// same mail.
func TestTheManagerIsKilledWhileItSends(t *testing.T) {
	s := newTelling(t, customersByMail)
	s.stop()
	process := s.managerProcess()
	killed := make(chan struct{})
	s.mail.Before(func(n int) {
		if n == 2 {
			_ = process.Process.Kill()
			_ = process.Wait()
			close(killed)
		}
	})
	s.create(s.mailChannel())
	s.announce("no-delete", time.Now().Add(48*time.Hour))
	s.Eventually(killed).Should(BeClosed())
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Sending": 3}))
	s.Expect(s.mail.Taken()).To(HaveLen(2))

	s.startManager(0) // which leads once the Lease of the other is over
	s.delivered("no-delete", "True Delivered")
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 3}))
	s.Expect(s.mail.Taken()).To(HaveLen(5))
	s.Expect(s.letters("orders: ")).To(HaveLen(3))
	for to, letters := range s.letters("orders: ") {
		for _, again := range letters {
			s.Expect(again).To(Equal(letters[0]), to)
		}
	}
	s.nothingPersonal()
}
