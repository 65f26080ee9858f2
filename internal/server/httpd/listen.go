// Package httpd is what a server of Landbridge needs of HTTP below the API:
// listeners that cannot be reached by strangers, and time limits that slow
// clients run into.
package httpd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// ListenLoopback listens on a TCP address "host:port" that only programs of
// this machine can reach; port 0 takes a free one. Any other address, also the
// empty host, which means all of them, is an error: it is for servers that ask
// nobody who they are.
func ListenLoopback(ctx context.Context, addr string) (net.Listener, error) {
	host, port, err := split(addr)
	if err != nil {
		return nil, err
	}
	ip, err := loopback(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %q: %w", addr, err)
	}
	return listen(ctx, netip.AddrPortFrom(ip, port).String())
}

// Listen listens on any TCP address "host:port"; port 0 takes a free one. It is
// for what asks who they are, or strangers may read.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	if _, _, err := split(addr); err != nil {
		return nil, err
	}
	return listen(ctx, addr)
}

func split(addr string) (host string, port uint16, err error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q is not host:port, as 127.0.0.1:9696: %w", addr, err)
	}
	n, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: port %q is not a number from 0 to 65535", addr, service)
	}
	return host, uint16(n), nil
}

// errReachable says why an address is refused.
var errReachable = errors.New("there is no authentication, so whoever reaches the API could change everything; " +
	"use a loopback address: 127.0.0.1, [::1] or localhost")

// loopback gives the address of a host, all of whose addresses have to be
// loopback ones.
func loopback(ctx context.Context, host string) (netip.Addr, error) {
	if host == "" {
		return netip.Addr{}, fmt.Errorf("without a host it means every address: %w", errReachable)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("host %q: %w", host, err)
	}
	for _, ip := range ips {
		if !ip.Unmap().IsLoopback() {
			return netip.Addr{}, fmt.Errorf("%s is not loopback: %w", ip.Unmap(), errReachable)
		}
	}
	return preferred(ips), nil
}

// preferred is the first IPv4 address, which every machine has for localhost,
// or else the first one.
func preferred(ips []netip.Addr) netip.Addr {
	for _, ip := range ips {
		if ip.Unmap().Is4() {
			return ip.Unmap()
		}
	}
	return ips[0]
}

func listen(ctx context.Context, at string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", at)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s: another program has the port; stop it or choose another port: %w", at, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("cannot listen on %s: ports below 1024 need CAP_NET_BIND_SERVICE; choose another port: %w", at, err)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", at, err)
	}
	return l, nil
}
