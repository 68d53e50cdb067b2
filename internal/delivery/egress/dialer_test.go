package egress_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"forewarn.dev/forewarn/internal/delivery/egress"
	"forewarn.dev/forewarn/test/internet"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// listen is a server that counts who comes, and its port.
func listen(t *testing.T) (came <-chan struct{}, port string) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	visits := make(chan struct{}, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			visits <- struct{}{}
			_ = conn.Close()
		}
	}()
	_, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return visits, port
}

// Every way to write an address of the machine itself.
func TestDialerRefusesTheInside(t *testing.T) {
	came, port := listen(t)
	names := internet.NewNames(t)
	names.Set("inside.example.test", "127.0.0.1")
	d := egress.Dialer{Resolver: names.Resolver()}
	for _, host := range []string{
		"127.0.0.1", "127.1.2.3", "localhost", "0.0.0.0", "", "::1", "::", "::ffff:127.0.0.1", "inside.example.test",
		"10.0.0.1", "169.254.169.254", "fe80::1%lo", "fd00:ec2::254", "64:ff9b::7f00:1",
	} {
		conn, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if conn != nil || !errors.Is(err, egress.ErrRefused) {
			t.Errorf("%q: %v, %v, want %v", host, conn, err, egress.ErrRefused)
		}
	}
	select {
	case <-came:
		t.Error("somebody came through")
	default:
	}
}

func TestDialerSpeaksTCPAlone(t *testing.T) {
	d := egress.Dialer{Allowed: loopback}
	for _, network := range []string{"udp", "unix", "ip:icmp", ""} {
		if _, err := d.DialContext(t.Context(), network, "127.0.0.1:1"); !errors.Is(err, egress.ErrRefused) {
			t.Errorf("%q: %v, want %v", network, err, egress.ErrRefused)
		}
	}
}

func TestDialerGoesWhereItIsAllowed(t *testing.T) {
	came, port := listen(t)
	names := internet.NewNames(t)
	names.Set("mail.example.test", "127.0.0.1")
	d := egress.Dialer{Resolver: names.Resolver(), Allowed: loopback}
	for _, host := range []string{"127.0.0.1", "::ffff:127.0.0.1", "mail.example.test"} {
		conn, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		_ = conn.Close()
		<-came
	}
}

// A name that is harmless when it is asked for the first time and points inside the second time.
func TestDialerLooksAtWhatItDials(t *testing.T) {
	came, port := listen(t)
	names := internet.NewNames(t)
	names.Set("rebound.example.test", "127.0.0.2", "127.0.0.1")
	d := egress.Dialer{Resolver: names.Resolver(), Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}
	address := net.JoinHostPort("rebound.example.test", port)
	if _, err := d.DialContext(t.Context(), "tcp", address); err == nil || errors.Is(err, egress.ErrRefused) {
		t.Fatalf("the first address is allowed, and nobody listens there: %v", err)
	}
	if asked := names.Asked("rebound.example.test"); asked != 1 {
		t.Fatalf("asked %d times for one dial", asked)
	}
	if _, err := d.DialContext(t.Context(), "tcp", address); !errors.Is(err, egress.ErrRefused) {
		t.Fatalf("the second address: %v, want %v", err, egress.ErrRefused)
	}
	select {
	case <-came:
		t.Error("somebody came through")
	default:
	}
}
