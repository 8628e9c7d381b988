// Package privatenet knows the networks whose addresses may stand for many clients.
package privatenet

import (
	"net/netip"
	"slices"
)

// Networks are where pods, nodes and whatever translates addresses have theirs. No client comes from there over the
// Internet.
func Networks() []netip.Prefix { return slices.Clone(networks) }

var networks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fe80::/10"),
}

// Contains reports whether an address is in one of them.
func Contains(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) })
}
