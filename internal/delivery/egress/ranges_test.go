package egress

import (
	"net/netip"
	"testing"
)

// Of each range the first and the last address, and those just outside.
func TestPermits(t *testing.T) {
	cases := map[string]struct {
		refused, permitted []string
	}{
		"this host":         {[]string{"0.0.0.0", "0.255.255.255"}, []string{"1.0.0.0"}},
		"private 10":        {[]string{"10.0.0.0", "10.255.255.255"}, []string{"9.255.255.255", "11.0.0.0"}},
		"carrier's NAT":     {[]string{"100.64.0.0", "100.100.100.200", "100.127.255.255"}, []string{"100.63.255.255", "100.128.0.0"}},
		"loopback":          {[]string{"127.0.0.0", "127.0.0.1", "127.255.255.255"}, []string{"126.255.255.255", "128.0.0.0"}},
		"Azure's metadata":  {[]string{"168.63.129.16"}, []string{"168.63.129.15", "168.63.129.17"}},
		"link-local":        {[]string{"169.254.0.0", "169.254.169.254", "169.254.255.255"}, []string{"169.253.255.255", "169.255.0.0"}},
		"private 172.16":    {[]string{"172.16.0.0", "172.31.255.255"}, []string{"172.15.255.255", "172.32.0.0"}},
		"assignments":       {[]string{"192.0.0.0", "192.0.0.192", "192.0.0.255"}, []string{"191.255.255.255", "192.0.1.0"}},
		"documentation 1":   {[]string{"192.0.2.0", "192.0.2.255"}, []string{"192.0.1.255", "192.0.3.0"}},
		"relays of 6to4":    {[]string{"192.88.99.0", "192.88.99.255"}, []string{"192.88.98.255", "192.88.100.0"}},
		"private 192.168":   {[]string{"192.168.0.0", "192.168.255.255"}, []string{"192.167.255.255", "192.169.0.0"}},
		"benchmarking":      {[]string{"198.18.0.0", "198.19.255.255"}, []string{"198.17.255.255", "198.20.0.0"}},
		"documentation 2":   {[]string{"198.51.100.0", "198.51.100.255"}, []string{"198.51.99.255", "198.51.101.0"}},
		"documentation 3":   {[]string{"203.0.113.0", "203.0.113.255"}, []string{"203.0.112.255", "203.0.114.0"}},
		"multicast":         {[]string{"224.0.0.0", "239.255.255.255"}, []string{"223.255.255.255"}},
		"reserved":          {[]string{"240.0.0.0", "255.255.255.254"}, nil},
		"broadcast":         {[]string{"255.255.255.255"}, nil},
		"public":            {nil, []string{"8.8.8.8", "2001:4860:4860::8888", "2606:4700::1111"}},
		"unspecified":       {[]string{"::"}, nil},
		"loopback 6":        {[]string{"::1"}, nil},
		"IPv4-compatible":   {[]string{"::10.0.0.1", "::8.8.8.8"}, nil},
		"mapped":            {[]string{"::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"}, []string{"::ffff:8.8.8.8", "::ffff:11.0.0.0"}},
		"translated":        {[]string{"::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8"}, nil},
		"NAT64":             {[]string{"64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254"}, []string{"64:ff9b::8.8.8.8", "64:ff9b::11.0.0.0"}},
		"outside NAT64":     {[]string{"64:ff9a:ffff::8.8.8.8", "64:ff9b::1:808:808"}, nil},
		"local NAT64":       {[]string{"64:ff9b:1::", "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"}, nil},
		"discard":           {[]string{"100::", "100::1"}, nil},
		"below global":      {[]string{"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, []string{"2000::"}},
		"above global":      {[]string{"4000::", "5f00::1"}, []string{"3ffe:ffff::"}},
		"Teredo":            {[]string{"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001::7f00:1"}, nil},
		"assignments 6":     {[]string{"2001:2::1", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"}, []string{"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"}},
		"documentation 6":   {[]string{"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"}, []string{"2001:db7:ffff::", "2001:db9::"}},
		"documentation 6 b": {[]string{"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"}, []string{"3ffe:ffff:ffff::", "3fff:1000::"}},
		"6to4":              {[]string{"2002::", "2002:7f00:1::", "2002:808:808::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, []string{"2001:ffff::", "2003::"}},
		"unique-local":      {[]string{"fc00::", "fd00:ec2::254", "fd20:ce::254", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, nil},
		"link-local 6":      {[]string{"fe80::", "fe80::1%eth0", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, nil},
		"site-local":        {[]string{"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, nil},
		"multicast 6":       {[]string{"ff00::", "ff02::1%eth0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, address := range c.refused {
				if (Dialer{}).permits(netip.MustParseAddr(address)) {
					t.Errorf("%s is permitted", address)
				}
			}
			for _, address := range c.permitted {
				if !(Dialer{}).permits(netip.MustParseAddr(address)) {
					t.Errorf("%s is refused", address)
				}
			}
		})
	}
	if (Dialer{}).permits(netip.Addr{}) {
		t.Error("no address is permitted")
	}
}

func TestAllowed(t *testing.T) {
	cases := map[string]struct {
		allowed, address string
		want             bool
	}{
		"inside":                         {"10.1.0.0/16", "10.1.255.255", true},
		"just before":                    {"10.1.0.0/16", "10.0.255.255", false},
		"just behind":                    {"10.1.0.0/16", "10.2.0.0", false},
		"mapped inside":                  {"10.1.0.0/16", "::ffff:10.1.0.0", true},
		"mapped behind":                  {"10.1.0.0/16", "::ffff:10.2.0.0", false},
		"by NAT64":                       {"10.1.0.0/16", "64:ff9b::10.1.0.1", true},
		"by NAT64 behind":                {"10.1.0.0/16", "64:ff9b::10.2.0.0", false},
		"compatible is not the same":     {"10.1.0.0/16", "::10.1.0.1", false},
		"all of IPv4 is none of IPv6":    {"0.0.0.0/0", "fd00::1", false},
		"all of IPv6 is none of IPv4":    {"::/0", "10.0.0.1", false},
		"nor of what is mapped":          {"::/0", "::ffff:10.0.0.1", false},
		"unique-local":                   {"fd00:1::/32", "fd00:1:ffff::", true},
		"unique-local behind":            {"fd00:1::/32", "fd00:2::", false},
		"a zone does not hide":           {"fe80::/10", "fe80::1%eth0", true},
		"local NAT64 for who knows it":   {"64:ff9b:1::/48", "64:ff9b:1::10.0.0.1", true},
		"all of NAT64 allows what is in": {"64:ff9b::/96", "64:ff9b::10.0.0.1", true},
		"one address":                    {"169.254.169.254/32", "169.254.169.254", true},
		"one address and not the next":   {"169.254.169.254/32", "169.254.169.253", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := Dialer{Allowed: []netip.Prefix{netip.MustParsePrefix(c.allowed)}}
			if got := d.permits(netip.MustParseAddr(c.address)); got != c.want {
				t.Errorf("permits %s is %v, want %v", c.address, got, c.want)
			}
		})
	}
}
