package egress

import "net/netip"

// The ranges are those of the IANA special-purpose registries (RFC 6890 and what was added since), and what
// clouds answer from inside under a public address.
var (
	inside4 = prefixes(
		"0.0.0.0/8",        // this host (RFC 791): Linux takes it for the loopback
		"10.0.0.0/8",       // private (RFC 1918)
		"100.64.0.0/10",    // behind a carrier's NAT (RFC 6598); Alibaba's metadata
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // Azure's metadata and agent
		"169.254.0.0/16",   // link-local (RFC 3927); the metadata of most clouds
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments (RFC 6890); Oracle's metadata
		"192.0.2.0/24",     // documentation (RFC 5737)
		"192.88.99.0/24",   // relays of 6to4 (RFC 7526)
		"192.168.0.0/16",   // private
		"198.18.0.0/15",    // benchmarking (RFC 2544)
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast (RFC 5771)
		"240.0.0.0/4",      // reserved (RFC 1112), and the broadcast at its end
	)
	// Of IPv6 only this is public at all: loopback, unspecified, unique-local (RFC 4193), link-local, site-local
	// (RFC 3879), multicast, discard (RFC 6666), IPv4-compatible (RFC 4291), IPv4-translated (RFC 2765) and
	// NAT64 for local use (RFC 8215, where nobody can tell how an IPv4 address is embedded) are all outside.
	public6 = netip.MustParsePrefix("2000::/3")
	inside6 = prefixes(
		"2001::/23",     // protocol assignments (RFC 2928): Teredo, ORCHID, benchmarking
		"2001:db8::/32", // documentation (RFC 3849)
		"2002::/16",     // 6to4 (RFC 7526): it embeds an IPv4 address
		"3fff::/20",     // documentation (RFC 9637)
	)
	// nat64 embeds an IPv4 address in its last 4 bytes (RFC 6052).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// permits says whether an address may be dialled. What is embedded counts as if it were dialled itself.
func (d Dialer) permits(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if within(addr, d.Allowed) {
		return true
	}
	switch {
	case !addr.IsValid():
		return false
	case addr.Is4():
		return !within(addr, inside4)
	case nat64.Contains(addr):
		embedded := addr.As16()
		return d.permits(netip.AddrFrom4([4]byte(embedded[12:])))
	}
	return public6.Contains(addr) && !within(addr, inside6)
}

func within(addr netip.Addr, ranges []netip.Prefix) bool {
	for _, r := range ranges {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

func prefixes(all ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, 0, len(all))
	for _, one := range all {
		parsed = append(parsed, netip.MustParsePrefix(one))
	}
	return parsed
}
