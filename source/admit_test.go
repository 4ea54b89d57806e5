package source

import (
	"net/netip"
	"testing"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	cases := map[string]bool{
		"8.8.8.8":                true,
		"1.1.1.1":                true,
		"172.15.255.255":         true,
		"172.32.0.0":             true,
		"2606:4700::1111":        true,
		"64:ff9b::808:808":       true, // 8.8.8.8 by NAT64
		"0.0.0.0":                false,
		"10.1.2.3":               false,
		"100.64.0.1":             false,
		"100.100.100.200":        false, // metadata, Alibaba
		"127.0.0.1":              false,
		"127.255.255.254":        false,
		"168.63.129.16":          false, // metadata, Azure
		"169.254.169.254":        false, // metadata, AWS and others
		"169.254.170.2":          false, // credentials, ECS
		"172.16.0.1":             false,
		"172.31.255.255":         false,
		"192.0.0.192":            false, // metadata, Oracle
		"192.168.0.1":            false,
		"198.19.0.1":             false,
		"224.0.0.1":              false,
		"255.255.255.255":        false,
		"::":                     false,
		"::1":                    false,
		"::ffff:127.0.0.1":       false,
		"::ffff:169.254.169.254": false,
		"::7f00:1":               false, // IPv4-compatible, of old
		"64:ff9b::7f00:1":        false,
		"64:ff9b:1::a9fe:a9fe":   false, // NAT64 of a network's own
		"2001::1":                false, // Teredo
		"2002:7f00:1::":          false, // 6to4 of 127.0.0.1
		"2001:db8::1":            false,
		"fc00::1":                false,
		"fd00:ec2::254":          false, // metadata, AWS
		"fe80::1%eth0":           false,
		"fec0::1":                false,
		"ff02::1":                false,
		"::ffff:8.8.8.8":         true,
	}
	for addr, want := range cases {
		t.Run(addr, func(t *testing.T) {
			t.Parallel()
			if err := Public(netip.AddrPortFrom(netip.MustParseAddr(addr), 80)); (err == nil) != want {
				t.Errorf("%v; want admitted: %v", err, want)
			}
		})
	}
}

func TestOnHosts(t *testing.T) {
	t.Parallel()
	hosts := []string{"example.org", "*.music.example", "192.0.2.1"}
	for host, want := range map[string]bool{
		"example.org": true, "EXAMPLE.org": true, "example.org.": true, "192.0.2.1": true,
		"a.music.example": true, "a.b.music.example": true,
		"a.example.org": false, "badexample.org": false, "example.org.evil": false,
		"music.example": false, "evilmusic.example": false, "": false,
	} {
		if got := onHosts(hosts, host); got != want {
			t.Errorf("onHosts(%q) = %v; want %v", host, got, want)
		}
	}
	if !onHosts(nil, "anything.example") {
		t.Error("without hosts configured, one is refused")
	}
}
