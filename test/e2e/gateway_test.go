//go:build unix

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Addresses of pods that only seem to be there. The gateway finds them in EndpointSlices, as it does anywhere, and what
// takes the place of the network between pods leads to the servers of the test.
const (
	ordersAddress   = "192.0.2.10"
	brownoutAddress = "192.0.2.20"
	podPort         = 8080
)

// gateway runs Traefik, which serves the Gateway API, on a port of its own, where `make gateway` built it.
func (e *env) gateway() (address string) {
	e.t.Helper()
	built, err := filepath.Glob("../../bin/gateway/*/traefik")
	e.Expect(err).NotTo(HaveOccurred())
	if len(built) == 0 {
		e.t.Skip("no real requests are sent: there is no gateway in bin/gateway, build it with `make gateway`")
	}
	binary, err := filepath.Abs(built[0])
	e.Expect(err).NotTo(HaveOccurred())
	folder := e.t.TempDir()
	kubeconfig := filepath.Join(folder, "kubeconfig")
	view := exec.CommandContext(e.ctx, filepath.Join(cluster.BinDir(), "kubectl"), "config", "view", "--raw", "--minify", "--flatten",
		"--kubeconfig", cluster.Kubeconfig(), "--context", "admin")
	text, err := view.Output()
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(os.WriteFile(kubeconfig, text, 0o600)).To(Succeed())

	address = e.freeAddress()
	var output bytes.Buffer
	process := exec.CommandContext(context.WithoutCancel(e.ctx), binary,
		"--entrypoints.web.address="+address, "--providers.kubernetesgateway=true", "--providers.kubernetesgateway.throttleduration=0",
		"--global.checknewversion=false", "--global.sendanonymoususage=false", "--log.level=INFO")
	process.Dir = folder
	process.Env = []string{"KUBECONFIG=" + kubeconfig, "HTTP_PROXY=" + e.podNetwork(), "HOME=" + folder}
	process.Stdout, process.Stderr = &output, &output
	e.Expect(process.Start()).To(Succeed())
	e.t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
		if e.t.Failed() {
			e.t.Logf("the gateway said:\n%s", output.String())
		}
	})
	return address
}

// podNetwork takes requests for the addresses of pods to the servers of the test.
func (e *env) podNetwork() string {
	e.t.Helper()
	orders := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `</v1/orders?page=2>; rel="next"`)
		_, _ = fmt.Fprintf(w, "orders at %s", r.URL.Path)
	}))
	e.t.Cleanup(orders.Close)
	listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", "127.0.0.1:0")
	e.Expect(err).NotTo(HaveOccurred())
	e.t.Cleanup(func() { _ = listener.Close() })
	pods := map[string]string{ordersAddress: orders.Listener.Addr().String(), brownoutAddress: e.brownoutAddress}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go connect(client, pods)
		}
	}()
	return "socks5://" + listener.Addr().String()
}

// connect is a SOCKS 5 server (RFC 1928) for one connection, which leads to the server that stands for the address.
func connect(client net.Conn, pods map[string]string) {
	defer func() { _ = client.Close() }()
	greeting := make([]byte, 2)
	if _, err := io.ReadFull(client, greeting); err != nil {
		return
	}
	if _, err := io.CopyN(io.Discard, client, int64(greeting[1])); err != nil {
		return
	}
	if _, err := client.Write([]byte{5, 0}); err != nil { // no password
		return
	}
	asked := make([]byte, 10) // version, command, 0, type, IPv4 address, port
	if _, err := io.ReadFull(client, asked); err != nil {
		return
	}
	server, err := net.Dial("tcp", pods[net.IP(asked[4:8]).String()])
	if err != nil {
		_, _ = client.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0}) // no such host
		return
	}
	defer func() { _ = server.Close() }()
	if _, err := client.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// endpoints makes a Service with one pod.
func (e *env) endpoints(namespace, service, address string) {
	e.t.Helper()
	named := metav1.ObjectMeta{Namespace: namespace, Name: service}
	object := &corev1.Service{ObjectMeta: named}
	object.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(podPort)}}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: named, AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)}}},
		Ports:     []discoveryv1.EndpointPort{{Name: ptr.To("http"), Port: ptr.To[int32](podPort), Protocol: ptr.To(corev1.ProtocolTCP)}},
	}
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: service}
	e.create(object, slice)
	e.t.Cleanup(func() {
		for _, made := range []client.Object{object, slice} {
			_ = e.admin.Delete(context.WithoutCancel(e.ctx), made)
		}
	})
}

// listener is the Gateway "public" that routes name, served at the address.
func (e *env) listener(address string) {
	e.t.Helper()
	_, port, err := net.SplitHostPort(address)
	e.Expect(err).NotTo(HaveOccurred())
	number, err := strconv.ParseInt(port, 10, 32)
	e.Expect(err).NotTo(HaveOccurred())
	class := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"controllerName": "traefik.io/gateway-controller"}}}
	class.SetAPIVersion("gateway.networking.k8s.io/v1")
	class.SetKind("GatewayClass")
	class.SetName("traefik-" + e.namespace)
	gateway := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"gatewayClassName": class.GetName(), "listeners": []any{map[string]any{"name": "web", "port": number, "protocol": "HTTP"}},
	}}}
	gateway.SetAPIVersion("gateway.networking.k8s.io/v1")
	gateway.SetKind("Gateway")
	gateway.SetNamespace(e.namespace)
	gateway.SetName("public")
	e.create(class, gateway)
	e.t.Cleanup(func() { _ = e.admin.Delete(context.WithoutCancel(e.ctx), class) })
}

// customer asks for a path until the answer is as wanted, and returns it.
func (e *env) customer(address, path string, wanted func(*http.Response) bool) (answer *http.Response, body string) {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		request, err := http.NewRequestWithContext(e.ctx, http.MethodGet, "http://"+address+path, http.NoBody)
		g.Expect(err).NotTo(HaveOccurred())
		request.Host = "orders.shop.example"
		request.Header.Set("Forewarn-Brownout", "made/up/by/customer")
		answer, body, err = do(request)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(wanted(answer)).To(BeTrue(), "%s %v %s", answer.Status, answer.Header, body)
	}).Should(Succeed())
	return answer, body
}

// What customers see, by real requests through a gateway that reads the very routes.
func TestCustomersSeeThatAVersionGoesAway(t *testing.T) {
	e := newEnv(t)
	e.gatewayAPI()
	e.t.Cleanup(e.noGatewayAPI)
	e.rehearse()
	e.stop()
	e.brownoutAddress = e.freeAddress()
	address := e.gateway()
	e.startManager(0)
	e.policy(soonGone)
	e.api("orders")
	e.Expect(e.admin.Delete(e.ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}})).To(Succeed())
	e.endpoints(e.namespace, "orders", ordersAddress)
	e.endpoints(ownNamespace, "forewarn-brownout", brownoutAddress)
	e.listener(address)
	e.route()
	plain := func(r *http.Response) bool { return r.StatusCode == http.StatusOK && r.Header.Get("Sunset") == "" }
	says := func(r *http.Response) bool { return r.StatusCode == http.StatusOK && r.Header.Get("Sunset") != "" }
	_, body := e.customer(address, "/v1/orders", plain)
	e.Expect(body).To(Equal("orders at /v1/orders"))

	begins := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	s := e.goingAway(v1alpha1.RouteWrittenByForewarn, begins)
	e.published(s)
	answer, _ := e.customer(address, "/v1/orders", says)
	e.Expect(answer.Header.Get("Deprecation")).To(Equal(fmt.Sprintf("@%d", begins.Add(-10*time.Minute).Unix())))
	e.Expect(answer.Header.Get("Sunset")).To(Equal(begins.Add(1000 * time.Hour).Format(http.TimeFormat)))
	e.Expect(answer.Header.Values("Link")).To(ConsistOf(`</v1/orders?page=2>; rel="next"`,
		`<https://docs.shop.example/v2>; rel="deprecation", <https://docs.shop.example/v2>; rel="sunset"`))
	e.Expect(answer.Header.Get("X-Team")).To(Equal("orders"))
	e.customer(address, "/v2/orders", plain)

	e.restartManager(time.Until(begins) - 5*time.Second)
	answer, body = e.customer(address, "/v1/orders", func(r *http.Response) bool { return r.StatusCode == http.StatusGone })
	e.Expect(answer.Header.Get("Content-Type")).To(Equal("application/problem+json"))
	e.Expect(answer.Header.Get("Retry-After")).To(Equal(begins.Add(5 * time.Minute).Format(http.TimeFormat)))
	e.Expect(answer.Header.Get("Sunset")).NotTo(BeEmpty())
	e.Expect(body).To(And(ContainSubstring(`"status":410`), ContainSubstring(`"instance":"/v1/orders"`), ContainSubstring("Move to v2")))
	e.customer(address, "/v2/orders", plain)

	e.restartManager(time.Until(begins.Add(5*time.Minute)) - 5*time.Second)
	_, body = e.customer(address, "/v1/orders", says)
	e.Expect(body).To(Equal("orders at /v1/orders"))

	e.withdraw()
	answer, _ = e.customer(address, "/v1/orders", plain)
	e.Expect(answer.Header.Values("Link")).To(ConsistOf(`</v1/orders?page=2>; rel="next"`))
	e.Expect(answer.Header).NotTo(HaveKey("Deprecation"))
}
