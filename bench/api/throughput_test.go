package api

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/objects"
	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/testenv"
)

// listed is how many objects of a kind there are while it is measured.
const listed = 1000

// times is how much faster than Neutron each operation is to be at so many
// clients.
const (
	times      = 20
	manyClient = 16
)

// operations in the order in which they are measured.
var operations = []string{"list of 1,000", "show", "create", "delete"}

// rival is a server with a kind of objects.
type rival struct {
	name string
	at   load.Server
	kind objects.Kind
	// aimed says that the aim is meant for it.
	aimed bool

	standing []string // the IDs of the objects that stay
	number   int      // of the next object
	rounds   []round
}

// round has what was measured in one round.
type round map[point]load.Result

// point is what is measured in each round.
type point struct {
	operation string
	clients   int
}

func (p point) String() string {
	if p.clients == 1 {
		return p.operation + ", 1 client"
	}
	return fmt.Sprintf("%s, %d clients", p.operation, p.clients)
}

// prepare makes the objects that are listed and shown.
func (r *rival) prepare(b *testing.B) {
	b.Helper()
	client := load.NewClient(r.at)
	defer client.Close()
	for len(r.standing) < listed {
		_, err := client.Do(b.Context(), r.kind.Bulk(r.number, listed/10, func(body []byte) error {
			ids, err := r.kind.IDs(body)
			r.standing = append(r.standing, ids...)
			return err
		}))
		if err != nil {
			b.Fatal(err)
		}
		r.number += listed / 10
	}
}

// measure repeats each operation for a while; what it creates it deletes.
func (r *rival) measure(b *testing.B, each time.Duration) round {
	b.Helper()
	out := round{}
	for _, clients := range []int{1, manyClient} {
		var created []string
		sources := map[string]load.Source{
			"list of 1,000": load.For(each, r.list),
			"show":          load.For(each, r.show),
			"create":        load.For(each, r.create(&created)),
			"delete":        r.deleteAll(&created),
		}
		for _, operation := range operations {
			p := point{operation, clients}
			got := load.Run(b.Context(), r.at, clients, sources[operation])
			if out[p] = got; got.First != nil {
				b.Errorf("%s: %s: %d failed: %v", r.name, p, got.Failed, got.First)
			}
			say("  %s: %s: %.1f/s, median %v, p95 %v", r.name, p, got.Rate(), got.Sample.Median(), got.Sample.P95())
		}
	}
	return out
}

func (r *rival) list() (load.Request, bool) {
	return load.Request{Method: http.MethodGet, Path: r.kind.Path}, true
}

func (r *rival) show() (load.Request, bool) {
	return r.kind.At(http.MethodGet, r.standing[rand.IntN(len(r.standing))]), true
}

func (r *rival) create(created *[]string) load.Source {
	var mu sync.Mutex
	return func() (load.Request, bool) {
		r.number++
		return r.kind.Post(r.number, func(body []byte) error {
			id, err := r.kind.ID(body)
			mu.Lock()
			defer mu.Unlock()
			*created = append(*created, id)
			return err
		}), true
	}
}

// deleteAll deletes what has been created by then; the numbers are free again.
func (r *rival) deleteAll(created *[]string) load.Source {
	return func() (load.Request, bool) {
		if len(*created) == 0 {
			r.number = listed
			return load.Request{}, false
		}
		id := (*created)[0]
		*created = (*created)[1:]
		return r.kind.At(http.MethodDelete, id), true
	}
}

// beside makes a database in Neutron's server, reached by the same socket.
func beside(b *testing.B, cloud *openstack.Cloud) string {
	b.Helper()
	return cloud.MariaDB.NewDatabase(b).URL() + "?unix_socket=" + cloud.MariaDB.Socket()
}

func BenchmarkThroughput(b *testing.B) {
	cloud := openstack.Start(b, openstack.Options{L2Population: true, VNIs: "1:100000", MariaDB: testenv.StartDurableMariaDB, Under: onOneCore})
	neutron := &rival{
		name: "neutron-server, networks", kind: objects.Networks(),
		at: load.Server{URL: openstack.NeutronURL, Dial: cloud.Namespace.DialContext},
	}
	one := startLandbridge(b, options{database: beside(b, cloud), networks: 20_000})
	all := startLandbridge(b, options{database: beside(b, cloud), networks: 1, free: true})
	ours := []*rival{
		{name: "remote gateways", at: one.Server, kind: objects.RemoteGateways(), aimed: true},
		{name: "connections", at: one.Server, kind: objects.Connections(made(b, load.NewClient(one.Server), objects.Gateways("sw"))), aimed: true},
		{name: "remote gateways, server on all cores", at: all.Server, kind: objects.RemoteGateways()},
	}
	rivals := append([]*rival{neutron}, ours...)
	for _, r := range rivals {
		r.prepare(b)
		r.measure(b, time.Second) // to warm up
	}
	for n := range *rounds {
		say("round %d of %d", n+1, *rounds)
		for _, r := range rivals {
			r.rounds = append(r.rounds, r.measure(b, *phase))
		}
	}
	compare(ours, neutron)
}
