package mail

import (
	"errors"
	"net"
	"sync/atomic"
)

// maxReply bounds what a server says before it is our turn again, in bytes; a TLS handshake fits in.
const maxReply = 64 << 10

var errTalkative = errors.New("the server says too much")

// bounded is a connection whose other side cannot fill our memory with a line that does not end.
type bounded struct {
	net.Conn
	heard atomic.Int64
}

// Write gives the turn to the other side.
func (b *bounded) Write(p []byte) (int, error) {
	b.heard.Store(0)
	return b.Conn.Write(p)
}

// Read reads at most maxReply since the last Write.
func (b *bounded) Read(p []byte) (int, error) {
	if b.heard.Load() > maxReply {
		return 0, errTalkative
	}
	n, err := b.Conn.Read(p)
	b.heard.Add(int64(n))
	return n, err
}
