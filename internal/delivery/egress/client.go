package egress

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// Bounds of an answer over HTTP.
const (
	maxResponseBytes = 64 << 10         // of the headers, and of the body where nothing else is said
	answerTimeout    = 30 * time.Second // from the request to the headers of the answer
	requestTimeout   = 60 * time.Second // all of it, reading the body included
)

// Client is BoundedClient for answers of at most 64 KiB.
func Client(d Dialer, roots *x509.CertPool) *http.Client {
	return BoundedClient(d, roots, maxResponseBytes)
}

// BoundedClient speaks HTTP through the dialer. It asks no proxy, whatever the environment says, follows no redirect
// (the 3xx is the answer, and where it points is not told), keeps no cookies, opens a connection per request and
// reads at most 64 KiB of headers and so many bytes of a body: reading on is an *http.MaxBytesError. Roots are the authorities
// that it trusts; nil: the system's.
func BoundedClient(d Dialer, roots *x509.CertPool, bytes int64) *http.Client {
	return &http.Client{
		Transport: bounded{limit: bytes, next: &http.Transport{
			DialContext: d.DialContext,
			DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return d.dialTLS(ctx, network, address, roots)
			},
			ResponseHeaderTimeout:  answerTimeout,
			MaxResponseHeaderBytes: maxResponseBytes,
			DisableKeepAlives:      true,
			DisableCompression:     true, // 64 KiB can be gigabytes
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       requestTimeout,
	}
}

type bounded struct {
	next  http.RoundTripper
	limit int64
}

func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request)
	if err == nil {
		response.Header.Del("Location") // one that cannot be read would pass for a broken connection
		response.Body = http.MaxBytesReader(nil, response.Body, b.limit)
	}
	return response, err
}

func (d Dialer) dialTLS(ctx context.Context, network, address string, roots *x509.CertPool) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	plain, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	safe, err := Handshake(ctx, plain, host, roots)
	if err != nil {
		return nil, err // and no nil in an interface
	}
	return safe, nil
}
