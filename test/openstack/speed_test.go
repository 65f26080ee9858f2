//go:build openstack && speed

package openstack

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/bench/measure"
	"landbridge/bench/memory"
	"landbridge/bench/report"
	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/oslomsg"
)

var (
	results   = flag.String("results", "", "the folder that gets the figures; none: they are only shown")
	newcomers = flag.Int("newcomers", 50, "VMs that are booted, one after the other")
	many      = flag.Int("many", 500, "ports that become ACTIVE at once")
	messages  = flag.Int("messages", 5000, "messages that are sent to the server at once")
)

// speed is what was measured.
type speed struct{ figures []report.Figure }

func (s *speed) add(f report.Figure) { s.figures = append(s.figures, f) }

// milliseconds adds the median and p95 of a sample, which has to stay below two
// seconds, as all that Landbridge does to be where the cloud says.
func (s *speed) milliseconds(name string, sample measure.Sample) {
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	s.add(report.New(name+", p50", ms(sample.Median()), "ms"))
	s.add(report.New(name+", p95", ms(sample.P95()), "ms").Aimed("< 2000 ms", sample.P95() < reachedWithin))
}

func TestSpeed(t *testing.T) {
	w := newClouds(t)
	s := &speed{}
	stretched := w.join(t)
	s.newcomers(t, w)
	s.many(t, w.b, stretched[w.b])
	s.messages(t, w.b)
	s.memory(t, w.b)
	t.Logf("\n%s", report.Table(s.figures))
	if *results != "" {
		must(t, report.Write(filepath.Join(*results, "openstack.json"), s.figures))
	}
}

// newcomers measures from the moment at which Neutron says that a port is ACTIVE.
func (s *speed) newcomers(t *testing.T, w *clouds) {
	t.Helper()
	var reached, placed measure.Sample
	for i := range *newcomers {
		site := []*site{w.a, w.b}[i%2]
		vm := site.Boot(t, fmt.Sprint("speed-", site.name, i), site.computes[i/2%2], site.blue)
		from := site.remote.vms[0]
		must(t, from.Namespace.ForgetNeighbours(openstack.VMLink)) // a former VM may have had the address
		began := time.Now()
		reached = append(reached, w.reaches(t, reachedWithin, from, vm))
		site.placed(t, reachedWithin, vm)
		placed = append(placed, time.Since(began))
		site.gone(t, vm)
	}
	s.milliseconds("port ACTIVE → reached from the other cloud", reached)
	s.milliseconds("port ACTIVE → MAC in the switch", placed)
}

// many measures a network of many ports: all becoming ACTIVE at once, and being
// stretched.
func (s *speed) many(t *testing.T, in *site, through made) {
	t.Helper()
	n := in.CreateNetwork(t, "many", openstack.Subnet{
		Prefix: netip.MustParsePrefix("10.9.0.0/16"), First: netip.MustParseAddr("10.9.1.0"), Last: netip.MustParseAddr("10.9.9.0"),
	})
	if !t.Run("at once", func(t *testing.T) {
		in.stretch(t, n, blueKey+1, through)
		host := in.computes[0].Name
		ids := in.ports(t, n, host)
		began := time.Now()
		in.up(t, ids, host)
		neutron := time.Since(began)
		in.inSwitch(t, *many)
		all := time.Since(began)
		s.add(report.New(fmt.Sprint(*many, " ports at once: Neutron says ACTIVE to all"), neutron.Seconds(), "s"))
		s.add(report.New(fmt.Sprint(*many, " ports at once: all in the switch after the last was ACTIVE"), (all-neutron).Seconds(), "s").
			Aimed("< 2 s", all-neutron < reachedWithin))
	}) {
		return
	}
	in.inSwitch(t, 0)
	t.Run("stretched", func(t *testing.T) {
		began := time.Now()
		in.stretch(t, n, blueKey+1, through)
		in.inSwitch(t, *many)
		s.add(report.New(fmt.Sprint("a network with ", *many, " ports, from POST to all in the switch and ACTIVE"), time.Since(began).Seconds(), "s"))
	})
}

// ports makes ports without VMs, bound to a host.
func (s *site) ports(t *testing.T, n *openstack.Network, host string) []string {
	t.Helper()
	const atOnce = 4
	client := s.NeutronClient(t)
	ids := make([]string, *many)
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i := range ids {
		g.Go(func() error {
			var made struct{ Port struct{ ID string } }
			_, err := client.Post(t.Context(), client.ServiceURL("ports"), map[string]any{"port": map[string]any{
				"network_id": n.ID, "device_owner": "compute:nova", "device_id": fmt.Sprint("many-", i), "binding:host_id": host,
			}}, &made, nil)
			ids[i] = made.Port.ID
			return err
		})
	}
	must(t, g.Wait())
	return ids
}

// bus is a client of the cloud's RabbitMQ.
func (s *site) bus(t *testing.T) *oslomsg.Client {
	t.Helper()
	cfg, err := oslomsg.ParseURL(s.RabbitMQ.URL(""))
	must(t, err)
	cfg.Exchange, cfg.Dial = "neutron", s.Namespace.DialContext
	client, err := oslomsg.New(cfg)
	must(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-ended)
	})
	return client
}

// up says of ports what an agent says when it has plugged them in.
func (s *site) up(t *testing.T, ids []string, host string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	must(t, s.bus(t).Call(ctx, oslomsg.Message{
		Topic: "q-plugin", Version: "1.5", Method: "update_device_list", Context: oslomsg.AdminContext(),
		Args: map[string]any{"devices_up": ids, "devices_down": []string{}, "agent_id": "ovs-agent-" + host, "host": host, "refresh_tunnels": false},
	}, nil))
}

// inSwitch waits until the switch has so many MACs beside those of network blue.
func (s *site) inSwitch(t *testing.T, n int) {
	t.Helper()
	n += len(s.vms)
	testenv.Eventually(t, time.Minute, "MACs in the switch", func() error {
		if have := len(s.border.OVSDB.Rows(t, "Ucast_Macs_Remote")); have != n {
			return fmt.Errorf("%d of %d", have, n)
		}
		return nil
	})
}

// messages measures how many pushes of ports the server reads in a second.
func (s *speed) messages(t *testing.T, in *site) {
	t.Helper()
	client, before := in.bus(t), in.read(t)
	m := oslomsg.Message{
		Topic: "neutron-vo-Port-1.7", Version: "1.1", Method: "push", Context: oslomsg.AdminContext(),
		Args: json.RawMessage(`{"event_type":"updated","resource_list":[{"versioned_object.name":"Port","versioned_object.data":{"id":"x","network_id":"y"}}]}`),
	}
	began := time.Now()
	for range *messages {
		must(t, client.Fanout(t.Context(), m))
	}
	testenv.Eventually(t, time.Minute, "all messages to be read", func() error {
		if n := in.read(t) - before; n < float64(*messages) {
			return fmt.Errorf("%v", n)
		}
		return nil
	})
	s.add(report.New("messages of Neutron read, as fast as one client sends them", measure.PerSecond(*messages, time.Since(began)), "1/s"))
}

// read is how many messages the server has read.
func (s *site) read(t *testing.T) (n float64) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: s.border.Namespace.DialContext, DisableKeepAlives: true}}
	response, err := client.Get("http://127.0.0.1:9796/metrics")
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	_, rest, found := bytes.Cut(text, []byte("\nlandbridge_server_rabbitmq_messages_total "))
	if !found {
		t.Fatalf("the metrics do not tell:\n%s", text)
	}
	_, err = fmt.Sscan(string(rest), &n)
	must(t, err)
	return n
}

func (s *speed) memory(t *testing.T, in *site) {
	t.Helper()
	used, err := memory.Of(in.border.Server.PID())
	must(t, err)
	s.add(report.New("landbridge-server at the end: VmRSS", float64(used.Now)/(1<<20), "MiB"))
	s.add(report.New("landbridge-server at the end: VmHWM", float64(used.Peak)/(1<<20), "MiB"))
}
