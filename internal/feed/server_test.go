package feed

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestServerBoundsHeaders(t *testing.T) {
	address, _ := serve(t, shop(t))
	for size, want := range map[int]int{8 << 10: http.StatusOK, 32 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		response, _ := ask(t, http.MethodGet, address+"/", http.Header{"X-Filler": {strings.Repeat("x", size)}})
		if response.StatusCode != want {
			t.Errorf("%d bytes of headers: %s, want %d", size, response.Status, want)
		}
	}
}

// oneConn is a listener that accepts one connection.
type oneConn struct {
	conn chan net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *oneConn) Close() error   { close(l.done); return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// Each client gets so much time, and then its connection is closed.
func TestServerBoundsTime(t *testing.T) {
	for name, tc := range map[string]struct {
		sends  string
		closed time.Duration
	}{
		"sends nothing":             {"", 5 * time.Second},
		"never ends its headers":    {"GET / HTTP/1.1\r\nHost: a\r\n", 5 * time.Second},
		"never sends its content":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", 10 * time.Second},
		"asks for nothing any more": {"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &Handler{}
				if err := h.Swap(Site{}, now); err != nil {
					t.Fatal(err)
				}
				client, server := net.Pipe()
				l := &oneConn{conn: make(chan net.Conn, 1), done: make(chan struct{})}
				l.conn <- server
				s := NewServer("", h)
				served := make(chan error, 1)
				go func() { served <- s.Serve(l) }()
				if _, err := io.WriteString(client, tc.sends); err != nil {
					t.Fatal(err)
				}
				start := time.Now() //nolint:forbidigo // the clock of the bubble, which starts at 2000
				if _, err := io.Copy(io.Discard, bufio.NewReader(client)); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != tc.closed { //nolint:forbidigo // likewise
					t.Errorf("closed after %v, want %v", took, tc.closed)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if err := <-served; !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
			})
		})
	}
}
