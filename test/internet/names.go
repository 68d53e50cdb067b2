package internet

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Names is a name server (RFC 1035) for IPv4 addresses by UDP.
type Names struct {
	conn net.PacketConn

	mutex   sync.Mutex
	answers map[string][]netip.Addr
	asked   map[string]int
}

// NewNames starts one. It knows no name yet.
func NewNames(t testing.TB) *Names {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	n := &Names{conn: conn, answers: map[string][]netip.Addr{}, asked: map[string]int{}}
	go n.serve()
	return n
}

// Set says which addresses a name resolves to: the first question gets the first, the next the next, and the
// last stays.
func (n *Names) Set(name string, addresses ...string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.answers[name+"."] = nil
	for _, address := range addresses {
		n.answers[name+"."] = append(n.answers[name+"."], netip.MustParseAddr(address))
	}
}

// Asked is how often the address of a name was asked for.
func (n *Names) Asked(name string) int {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.asked[name+"."]
}

// Resolver asks this name server, and no other.
func (n *Names) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "udp4", n.conn.LocalAddr().String())
	}}
}

func (n *Names) serve() {
	packet := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(packet)
		if err != nil {
			return
		}
		var message dnsmessage.Message
		if message.Unpack(packet[:size]) != nil || len(message.Questions) != 1 {
			continue
		}
		if answer, err := n.answer(message); err == nil {
			_, _ = n.conn.WriteTo(answer, from)
		}
	}
}

func (n *Names) answer(question dnsmessage.Message) ([]byte, error) {
	asked := question.Questions[0]
	name := asked.Name.String()
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: question.ID, Response: true, RecursionAvailable: true},
		Questions: question.Questions,
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	known := n.answers[name]
	switch {
	case len(known) == 0:
		reply.RCode = dnsmessage.RCodeNameError
	case asked.Type == dnsmessage.TypeA:
		n.asked[name]++
		reply.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: asked.Name, Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.AResource{A: known[0].As4()},
		}}
		if len(known) > 1 {
			n.answers[name] = known[1:]
		}
	}
	return reply.Pack()
}
