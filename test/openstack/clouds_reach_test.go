//go:build openstack

package openstack

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/ping"
)

// testReach: VMs on every compute node of both clouds reach each other, by all
// that VMs use.
func testReach(t *testing.T, w *clouds) {
	w.join(t)
	for _, from := range w.vms() {
		for _, to := range w.vms() {
			if from == to {
				continue
			}
			must(t, from.Namespace.ForgetNeighbours(openstack.VMLink))
			w.reaches(t, reachedWithin, from, to)
			mac, known, err := from.Namespace.Neighbour(openstack.VMLink, to.V4)
			if err != nil || !known || mac != to.MAC {
				t.Errorf("%s takes %s for %s (%v), which is %s", from.Name, to.V4, mac, err, to.MAC)
			}
			for _, addr := range []netip.Addr{to.V4, to.V6} {
				passes(t, from, addr, 0)
				passes(t, from, addr, to.Network.MTU)
			}
		}
	}
	for _, from := range w.a.vms {
		for _, to := range w.b.vms {
			transfer(t, from, to)
			transfer(t, to, from)
		}
	}
}

// passes wants each of some packets of a size to be answered, once.
func passes(t *testing.T, from *openstack.VM, to netip.Addr, size int) {
	t.Helper()
	r, err := ping.CountSized(t.Context(), from.Namespace, to, size, 5, 10*time.Millisecond)
	must(t, err)
	if r.Lost() != 0 || r.Duplicates != 0 {
		t.Errorf("%d bytes from %s to %s: %s", size, from.Name, to, r)
	}
}

const (
	transferSize   = 100 << 20
	transferWithin = time.Minute
)

// transfer sends 100 MB by TCP, and compares what arrives.
func transfer(t *testing.T, from, to *openstack.VM) {
	t.Helper()
	began := time.Now()
	var listener net.Listener
	must(t, to.Namespace.Do(func() (err error) {
		listener, err = net.Listen("tcp", fmt.Sprint(to.V4, ":0"))
		return err
	}))
	defer func() { _ = listener.Close() }()
	received := make(chan error, 1)
	sum := sha256.New()
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(transferWithin))
			_, err = io.Copy(sum, conn)
			err = errors.Join(err, conn.Close())
		}
		received <- err
	}()
	conn, err := from.Namespace.DialContext(t.Context(), "tcp", listener.Addr().String())
	must(t, err)
	must(t, conn.SetDeadline(time.Now().Add(transferWithin)))
	sent := sha256.New()
	_, err = io.Copy(io.MultiWriter(conn, sent), io.LimitReader(rand.NewChaCha8([32]byte{1}), transferSize))
	must(t, errors.Join(err, conn.Close(), <-received))
	if string(sent.Sum(nil)) != string(sum.Sum(nil)) {
		t.Errorf("%s got other bytes than %s sent", to.Name, from.Name)
	}
	t.Logf("%s to %s: 100 MB in %v", from.Name, to.Name, time.Since(began).Round(time.Millisecond))
}
