// Package egress is the door to the outside for what customers are told: whoever may name a mail server or the
// URL of a webhook must not reach what only the cluster reaches (server-side request forgery).
package egress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// DefaultTimeout bounds the look-up of a name and the dial together.
const DefaultTimeout = 30 * time.Second

// ErrRefused is the error for an address that must not be dialled.
var ErrRefused = errors.New("the address is not a public one")

// Dialer connects to public addresses, and to no others but those that are allowed.
//
// The address is checked where the socket is made, when all looking up is over: a name that resolves to another
// address the second time it is asked (DNS rebinding) gains nothing. A proxy, which would dial where nobody
// checks, is never asked. What it cannot know: public addresses that are the cluster's own, and a NAT64 prefix
// that the network chose itself.
type Dialer struct {
	// Allowed are ranges that may be dialled although they are inside. An IPv4 address, an IPv4-mapped one too,
	// is compared with IPv4 ranges.
	Allowed []netip.Prefix
	// Resolver looks names up. Nil: net.DefaultResolver.
	Resolver *net.Resolver
	// Timeout bounds the dial. Zero: DefaultTimeout.
	Timeout time.Duration
}

// DialContext connects by TCP to "host:port". The error is ErrRefused when no address of the host was reached
// and the first one is inside.
func (d Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, fmt.Errorf("dialling by %s: %w", network, ErrRefused)
	}
	dialer := net.Dialer{
		Timeout:        cmp.Or(d.Timeout, DefaultTimeout),
		Resolver:       d.Resolver,
		ControlContext: d.control,
	}
	return dialer.DialContext(ctx, network, address)
}

// control is called with each address that is about to be dialled.
func (d Dialer) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || !d.permits(target.Addr()) {
		return ErrRefused
	}
	return nil
}
