package door

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// errNoAddress does not repeat the address, which may hold a password.
var errNoAddress = errors.New("it must be https://HOST/PATH: whoever reads a link on its way may answer by it")

// Base is the address that links begin with: as it was given, with a slash at its end. Without TLS it may lead to this
// very machine alone.
func Base(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" {
		return "", errNoAddress
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", errNoAddress
	}
	return strings.TrimRight(u.String(), "/") + "/", nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Link is the address of the page of a token.
func Link(base, token string) string { return base + "a/" + token }
