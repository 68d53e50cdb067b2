//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// managerBinary builds the manager, once for all tests.
var managerBinary = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(cluster.scratch, "manager")
	if output, err := exec.Command("go", "build", "-o", binary, "forewarn.dev/forewarn/cmd/manager").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the manager: %w\n%s", err, output)
	}
	return binary, nil
})

// managerProcess is a manager in a process of its own, that hears the API server through the test.
type managerProcess struct {
	*exec.Cmd
	ready string
	ended sync.Once
	dead  atomic.Bool
}

// asked is a request of a manager to the API server that may change something.
type asked struct {
	method, path string
	body         []byte
}

// listener hears what a manager asks before the API server does, and once more when that was done, before the manager
// knows. Where it says no, nobody hears anything.
type listener func(p *managerProcess, question asked, done bool) (goOn bool)

// process starts a manager. It leads when the Lease is free, and its ready file says so. Without a listener it is
// connected to the API server directly.
func (e *env) process(hear listener) *managerProcess {
	e.t.Helper()
	binary, err := managerBinary()
	e.Expect(err).NotTo(HaveOccurred())
	dir := e.t.TempDir()
	p := &managerProcess{ready: filepath.Join(dir, "ready")}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	it := cluster.manager
	server := &clientcmdapi.Cluster{Server: it.Host, CertificateAuthorityData: it.CAData}
	account := &clientcmdapi.AuthInfo{ClientCertificateData: it.CertData, ClientKeyData: it.KeyData}
	if hear != nil {
		server, account = &clientcmdapi.Cluster{Server: e.proxy(p, hear)}, &clientcmdapi.AuthInfo{}
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["it"], config.AuthInfos["manager"] = server, account
	config.Contexts["it"] = &clientcmdapi.Context{Cluster: "it", AuthInfo: "manager"}
	config.CurrentContext = "it"
	e.Expect(clientcmd.WriteToFile(*config, kubeconfig)).To(Succeed())
	p.Cmd = exec.Command(binary, "--kubeconfig", kubeconfig, "--namespace", ownNamespace, "--egress-ranges", loopback[0].String(),
		"--ready-file", p.ready, "--metrics-bind-address", "0", "--health-probe-bind-address", "0")
	p.Stderr = &e.logs
	e.Expect(p.Start()).To(Succeed())
	e.t.Cleanup(p.kill)
	return p
}

// kill gives it no time for anything.
func (p *managerProcess) kill() {
	p.ended.Do(func() {
		p.dead.Store(true)
		_ = p.Process.Kill()
		_ = p.Wait()
	})
}

// leads waits until it does.
func (e *env) leads(p *managerProcess) {
	e.t.Helper()
	e.Eventually(func() error { _, err := os.Stat(p.ready); return err }).Should(Succeed())
}

// proxy lets a process act under the account of the manager, and the listener hear what it does.
func (e *env) proxy(p *managerProcess, hear listener) string {
	e.t.Helper()
	transport, err := rest.TransportFor(cluster.manager)
	e.Expect(err).NotTo(HaveOccurred())
	target, err := url.Parse(cluster.manager.Host)
	e.Expect(err).NotTo(HaveOccurred())
	abort := func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reverse := &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport: transport, ErrorHandler: abort, FlushInterval: -1, // watches
		}
		if r.Method != http.MethodGet {
			body, err := io.ReadAll(r.Body)
			question := asked{method: r.Method, path: r.URL.Path, body: body}
			if err != nil || !hear(p, question, false) {
				panic(http.ErrAbortHandler)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			reverse.ModifyResponse = func(response *http.Response) error {
				if response.StatusCode < http.StatusMultipleChoices && !hear(p, question, true) {
					return http.ErrAbortHandler
				}
				return nil
			}
		}
		reverse.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	e.t.Cleanup(server.Close)
	return server.URL
}
