package source

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Public admits addresses on the Internet and refuses all that is nearer:
// this machine, private networks, link-local ones and with them the metadata
// services of clouds, and whatever else IANA's registries of special-purpose
// addresses (RFC 6890) keep from being an ordinary host.
func Public(to netip.AddrPort) error {
	addr := to.Addr().Unmap().WithZone("")
	if nat64.Contains(addr) { // an IPv4 address behind a translator
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	if addr.Is6() && !global6.Contains(addr) {
		return errors.New("it is not on the Internet")
	}
	for _, special := range specials {
		if special.prefix.Contains(addr) {
			return fmt.Errorf("it is %s", special.what)
		}
	}
	return nil
}

// Anywhere admits every address.
func Anywhere(netip.AddrPort) error { return nil }

var (
	global6 = netip.MustParsePrefix("2000::/3") // all of IPv6 that is given out to hosts
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
)

var specials = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "of this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared among a provider's customers"}, // 100.100.100.200 is a metadata service
	{netip.MustParsePrefix("127.0.0.0/8"), "this machine"},
	{netip.MustParsePrefix("168.63.129.16/32"), "a metadata service"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, where metadata services are"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "for protocols, and a metadata service"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "a relay"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/3"), "multicast, reserved or broadcast"},
	{netip.MustParsePrefix("2001::/23"), "for protocols"}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("2002::/16"), "a tunnel"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
}

// onHosts tells whether a host is among those configured: by its whole name,
// or below a domain written *.example.org.
func onHosts(hosts []string, host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, allowed := range hosts {
		if domain, wild := strings.CutPrefix(allowed, "*"); host == allowed || wild && strings.HasSuffix(host, domain) {
			return true
		}
	}
	return len(hosts) == 0
}

// validHost tells whether a host can be configured.
func validHost(host string) bool {
	name := strings.TrimPrefix(host, "*.")
	return name != "" && name == strings.ToLower(name) && !strings.ContainsAny(name, "*/@ ") &&
		(!strings.Contains(name, ":") || strings.Count(name, ":") > 1) // no port; IPv6 is as it is
}
