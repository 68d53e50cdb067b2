package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"
)

// handshakeTimeout bounds the TLS handshake.
const handshakeTimeout = 15 * time.Second

// TLSError is the error of a connection that came about, but not safely.
type TLSError struct{ Err error }

// Error is that of the error.
func (e *TLSError) Error() string { return e.Err.Error() }

// Unwrap is the error.
func (e *TLSError) Unwrap() error { return e.Err }

// TLSConfig is how a host proves who it is: TLS 1.2 at least, and a certificate for its name that one of the
// roots vouches for; nil: the system's.
func TLSConfig(host string, roots *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: roots}
}

// Handshake puts TLS on a connection to the host. The error is a *TLSError; the connection is of no use then.
func Handshake(ctx context.Context, plain net.Conn, host string, roots *x509.CertPool) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	safe := tls.Client(plain, TLSConfig(host, roots))
	if err := safe.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, &TLSError{Err: err}
	}
	return safe, nil
}
