package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// standardRanges are loopback and the lab's Internet: a load that nobody thought about meets no stranger.
var standardRanges = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("::1/128"),
	netip.MustParsePrefix("198.51.100.0/24"),
}

func (o *options) addRange(text string) error {
	block, err := netip.ParsePrefix(text)
	if err != nil || block != block.Masked() {
		return fmt.Errorf("%q must be a block of addresses, for example 198.51.100.0/24 or 10.20.2.254/32", text)
	}
	o.within = append(o.within, block)
	return nil
}

// outside says that an address is in none of the ranges, and how to allow it.
func (o *options) outside(address netip.Addr) error {
	address = address.Unmap()
	allowed := make([]string, 0, len(o.within))
	for _, block := range o.within {
		if block.Contains(address) {
			return nil
		}
		allowed = append(allowed, block.String())
	}
	return fmt.Errorf("%s is not within %s: nothing is sent there (--within allows more)", address, strings.Join(allowed, ", "))
}

// outsideText is outside for an address as text, such as a resolver's answer.
func (o *options) outsideText(text string) error {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return err
	}
	return o.outside(address)
}

// control refuses a connection before its first packet: the kernel's own view of where it goes, each time.
func (o *options) control(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	return o.outsideText(host)
}
