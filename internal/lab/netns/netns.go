// Package netns makes network namespaces, works inside them, and builds what a
// lab needs in them: links, addresses, routes, forwarding entries. It speaks
// netlink; no other program is run.
package netns

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Namespace is a named network namespace: "ip netns exec" finds it by its
// name. Close lets go of it, Delete removes it.
type Namespace struct {
	Name string
	fd   netns.NsHandle
	nl   *netlink.Handle
}

// New makes a namespace with its loopback up.
func New(name string) (*Namespace, error) {
	err := elsewhere(func() error {
		fd, err := netns.NewNamed(name)
		if err != nil {
			return err
		}
		return fd.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("make network namespace %s: %w", name, err)
	}
	n, err := Open(name)
	if err != nil {
		return nil, errors.Join(err, Delete(name))
	}
	if err := n.Up("lo"); err != nil {
		return nil, errors.Join(err, n.Close(), Delete(name))
	}
	return n, nil
}

// Open takes hold of a namespace that exists.
func Open(name string) (*Namespace, error) {
	fd, err := netns.GetFromName(name)
	if err != nil {
		return nil, fmt.Errorf("open network namespace %s: %w", name, err)
	}
	nl, err := netlink.NewHandleAt(fd, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open netlink in network namespace %s: %w", name, err), fd.Close())
	}
	return &Namespace{Name: name, fd: fd, nl: nl}, nil
}

// Delete removes the name of a namespace; with the last process in it, and the
// last handle, the namespace goes. One that is not there is no error.
func Delete(name string) error {
	err := netns.DeleteNamed(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// The file of a namespace that was killed while it was being made is no
	// mount: unmounting it fails, removing it does.
	if rmErr := os.Remove("/run/netns/" + name); rmErr == nil || errors.Is(rmErr, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("delete network namespace %s: %w", name, err)
}

// Close lets go of the namespace without removing it.
func (n *Namespace) Close() error {
	n.nl.Close()
	return n.fd.Close()
}

// Netlink is a handle in the namespace, for what the methods here lack. It is
// closed with the namespace.
func (n *Namespace) Netlink() *netlink.Handle { return n.nl }

// Do runs fn in the namespace, on the calling goroutine with its thread locked,
// and gives its error. Sockets that fn opens and processes that it starts stay
// in the namespace; goroutines that it starts do not run there.
func (n *Namespace) Do(fn func() error) error {
	return elsewhere(func() error {
		if err := netns.Set(n.fd); err != nil {
			return fmt.Errorf("enter network namespace %s: %w", n.Name, err)
		}
		return fn()
	})
}

// Start starts a command in the namespace.
func (n *Namespace) Start(cmd *exec.Cmd) error { return n.Do(cmd.Start) }

// DialContext connects from inside the namespace, for http.Transport.
func (n *Namespace) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := n.Do(func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Sysctl writes a value below /proc/sys, by its path there
// ("net/ipv4/ip_forward").
func (n *Namespace) Sysctl(path, value string) error {
	return n.Do(func() error { return os.WriteFile("/proc/sys/"+path, []byte(value), 0o644) })
}

// NoIPv6 keeps IPv6 off links that are made in the namespace afterwards, so
// that nothing is sent on them that nobody asked for.
func (n *Namespace) NoIPv6() error {
	err := n.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a kernel without IPv6
	}
	return err
}

// elsewhere runs fn, which may change the thread's namespace, and brings the
// thread back, also where fn ends the goroutine.
func elsewhere(fn func() error) (err error) {
	runtime.LockOSThread()
	before, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("look up the current network namespace: %w", err)
	}
	defer func() {
		back := netns.Set(before)
		_ = before.Close() // only a handle
		if back != nil {
			// The thread stays locked, so that nobody else gets it.
			err = errors.Join(err, fmt.Errorf("return to the network namespace of before: %w", back))
			return
		}
		runtime.UnlockOSThread()
	}()
	return fn()
}
