package egress_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/test/internet"
)

const host = "hooks.example.test"

// serve is an HTTPS server called hooks.example.test, its URL, and a client that can reach it.
func serve(t *testing.T, handler http.HandlerFunc) (*http.Client, string) {
	t.Helper()
	authority, names := internet.NewAuthority(t), internet.NewNames(t)
	names.Set(host, "127.0.0.1")
	server := httptest.NewUnstartedServer(handler)
	server.TLS = authority.Server(t, host)
	server.StartTLS()
	t.Cleanup(server.Close)
	return egress.Client(egress.Dialer{Allowed: loopback, Resolver: names.Resolver()}, authority.Pool()), named(t, server.URL)
}

// named is the URL with the name of the host instead of its address.
func named(t *testing.T, raw string) string {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Scheme + "://" + host + ":" + parsed.Port()
}

func TestClientAsksNoProxy(t *testing.T) {
	proxied := atomic.Int64{}
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	t.Cleanup(proxy.Close)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	client, target := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	if through, err := http.ProxyFromEnvironment(request); err != nil || through == nil {
		t.Fatalf("the environment does not ask for a proxy, so this test shows nothing: %v", err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNoContent || proxied.Load() != 0 {
		t.Errorf("answered %d, %d requests by the proxy", response.StatusCode, proxied.Load())
	}
}

func TestClientFollowsNoRedirect(t *testing.T) {
	came, port := listen(t)
	client, target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:"+port+"/latest/meta-data", http.StatusTemporaryRedirect)
	})
	response, err := client.Post(target, "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("answered %d", response.StatusCode)
	}
	select {
	case <-came:
		t.Error("the redirect was followed")
	default:
	}
}

func TestClientReadsNoMoreThanItMust(t *testing.T) {
	written := make(chan int64, 1)
	client, target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 1<<20)
		var sum int64
		for range 1 << 10 { // 1 GiB
			n, err := w.Write(chunk)
			if sum += int64(n); err != nil {
				break
			}
		}
		written <- sum
	})
	response, err := client.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	var tooMuch *http.MaxBytesError
	if read != 64<<10 || !errors.As(err, &tooMuch) {
		t.Errorf("read %d bytes: %v", read, err)
	}
	if sum := <-written; sum > 64<<20 {
		t.Errorf("the server could write %d bytes", sum)
	}
}

func TestClientReadsABodyThatFits(t *testing.T) {
	client, target := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 64<<10)) })
	response, err := client.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if read != 64<<10 || err != nil {
		t.Errorf("read %d bytes: %v", read, err)
	}
}

func TestClientBoundsHeaders(t *testing.T) {
	client, target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 65<<10))
	})
	if response, err := client.Get(target); err == nil {
		_ = response.Body.Close()
		t.Error("65 KiB of headers were read")
	}
}

// The body that a server packed is not unpacked: 64 KiB of it could be 64 MiB.
func TestClientAsksForNothingPacked(t *testing.T) {
	client, target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "encodings: "+r.Header.Get("Accept-Encoding"))
	})
	response, err := client.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if string(body) != "encodings: " || err != nil {
		t.Errorf("%q, %v", body, err)
	}
}

func TestClientSpeaksNoOldTLS(t *testing.T) {
	authority, names := internet.NewAuthority(t), internet.NewNames(t)
	names.Set(host, "127.0.0.1")
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.TLS = authority.Server(t, host)
		server.TLS.MinVersion, server.TLS.MaxVersion = tls.VersionTLS10, version
		server.StartTLS()
		t.Cleanup(server.Close)
		client := egress.Client(egress.Dialer{Allowed: loopback, Resolver: names.Resolver()}, authority.Pool())
		response, err := client.Get(named(t, server.URL))
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = response.Body.Close()
		}
	}
}
