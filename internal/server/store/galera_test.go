package store

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
)

// Servers on different nodes of a Galera cluster: where two collide, one is
// begun anew, and the rules between objects hold. What one answers another sees at
// once. A node that is lost does not stop the others.
func TestServersOnSeveralNodesOfGalera(t *testing.T) {
	nodes := testenv.StartGalera(t, 3)
	dsn := func(i int) string {
		return (&url.URL{
			Scheme: "mysql", User: url.UserPassword(testenv.DatabaseUser, testenv.DatabasePassword),
			Host: fmt.Sprint("127.0.0.1:", nodes[i].Port), Path: "/landbridge", RawQuery: "wsrep_sync_wait=1",
		}).String()
	}
	db := nodes[0].Connect(t, "")
	if _, err := db.Exec("CREATE DATABASE landbridge"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	stores := []*Store{openOn(t, Place{DSN: dsn(0)}), openOn(t, Place{DSN: dsn(1)})}
	const each, writers = 400, 3 // a node loses one of thousands in silence
	var wg sync.WaitGroup
	for i := range 2 * writers {
		wg.Go(func() {
			for j := range each {
				_, err := stores[i%2].RemoteGateways().Create(t.Context(), l2gw.RemoteGateway{Addr: addrOf(i*each + j)})
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("begun anew: %d and %d of %d", stores[0].retries.Load(), stores[1].retries.Load(), 2*writers*each)
	everywhere(t, stores, 2*writers*each)

	// Of the same address one is made, whoever of them asks.
	made := make([]error, 2)
	for i, s := range stores {
		wg.Go(func() { _, made[i] = s.RemoteGateways().Create(t.Context(), l2gw.RemoteGateway{Addr: addrOf(5000)}) })
	}
	wg.Wait()
	if (made[0] == nil) == (made[1] == nil) {
		t.Errorf("of two with one address: %v, %v", made[0], made[1])
	}

	for i := range 30 {
		v, err := stores[i%2].RemoteGateways().Create(t.Context(), l2gw.RemoteGateway{Addr: addrOf(7000 + i)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stores[1-i%2].RemoteGateways().Get(t.Context(), v.ID); err != nil {
			t.Errorf("the other node: %v", err)
		}
		if err := stores[1-i%2].RemoteGateways().Delete(t.Context(), v.ID); err != nil {
			t.Errorf("the other node: %v", err)
		}
	}

	nodes[2].Kill(t)
	began := time.Now()
	if _, err := stores[1].RemoteGateways().Create(t.Context(), l2gw.RemoteGateway{Addr: addrOf(6000)}); err != nil {
		t.Errorf("after a node was lost: %v", err)
	}
	t.Logf("a node was lost: written after %v", time.Since(began).Round(time.Millisecond))
	everywhere(t, stores, 2*writers*each+2)
}

// addrOf gives the n-th address.
func addrOf(n int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}) }

// everywhere waits until all servers show so many remote gateways.
func everywhere(t *testing.T, stores []*Store, want int) {
	t.Helper()
	testenv.Eventually(t, 20*time.Second, "every node has all", func() error {
		for i, s := range stores {
			all, err := s.RemoteGateways().List(context.WithoutCancel(t.Context()), l2gw.Query{})
			if err == nil && len(all) != want {
				err = fmt.Errorf("node %d has %d, want %d", i, len(all), want)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
