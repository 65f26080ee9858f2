package vtep

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"landbridge/internal/vtep/datapath"
)

// tunnelSeries is how many tunnels are shown one by one. A gateway of thousands
// of networks has too many: then remotes and networks tell what there is.
const tunnelSeries = 2048

// metrics shows a loop to Prometheus. All is read when it is asked for.
type metrics struct {
	loop *loop

	packets, bytes, remotePackets, remoteBytes    *prometheus.Desc
	networkPackets, networkBytes, flooded, copies *prometheus.Desc
	moves, mismatches, netNotLearned, netDrops    *prometheus.Desc
	drops, notLearned, networks, tunnelCount, fdb *prometheus.Desc
	frozen, limit, nextHops, connected, problem   *prometheus.Desc
	neighbours, answered, held, told, clamped     *prometheus.Desc
	mode                                          *prometheus.Desc
}

func newMetrics(l *loop) *metrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("landbridge_vtepd_"+name, help, labels, nil)
	}
	return &metrics{
		loop:           l,
		packets:        desc("tunnel_packets_total", "Frames that came (rx) or left (tx) by a tunnel; flooded ones count for each copy. Not there with more than 2048 tunnels.", "network", "encapsulation", "remote", "vni", "side", "direction"),
		bytes:          desc("tunnel_bytes_total", "Bytes of these frames, from the inner Ethernet header on.", "network", "encapsulation", "remote", "vni", "side", "direction"),
		remotePackets:  desc("remote_packets_total", "The same by remote address, of all networks.", "remote", "side", "direction"),
		remoteBytes:    desc("remote_bytes_total", "Bytes of these frames.", "remote", "side", "direction"),
		networkPackets: desc("network_packets_total", "The same by network, of all its tunnels.", "network", "side", "direction"),
		networkBytes:   desc("network_bytes_total", "Bytes of these frames.", "network", "side", "direction"),
		flooded:        desc("flooded_frames_total", "Frames to many, or to nobody known.", "network"),
		copies:         desc("flood_copies_total", "Copies of these frames that were sent.", "network"),
		moves:          desc("mac_moves_total", "Moves of learned MACs from tunnel to tunnel.", "network"),
		mismatches:     desc("mac_mismatches_total", "Frames from static or frozen MACs by another tunnel than theirs; they are forwarded.", "network"),
		netNotLearned:  desc("network_not_learned_total", "Frames whose source was not learned: the network's share or the FDB is full.", "network"),
		netDrops:       desc("network_drops_total", "Dropped packets whose network is known, by reason; reasons without any are not there.", "network", "reason"),
		drops:          desc("drops_total", "Packets dropped, by reason.", "reason"),
		notLearned:     desc("not_learned_total", "Frames whose source address found no room in the FDB."),
		networks:       desc("networks", "Networks in the datapath."),
		tunnelCount:    desc("tunnels", "Tunnels in the datapath."),
		fdb:            desc("fdb_entries", "MAC addresses known, by where they come from (static or learned).", "network", "kind"),
		frozen:         desc("frozen_macs", "MACs that moved too often and stay where they are.", "network"),
		limit:          desc("mac_limit", "How many MACs the network may learn; 0: no limit.", "network"),
		nextHops:       desc("next_hops", "Ways between tunnel addresses, by state (resolved, pending or unreachable).", "state"),
		mode:           desc("interface_mode", "1 for the mode in which an interface forwards: none, tc, xdp native or xdp generic.", "interface", "mode"),
		connected:      desc("database_connected", "1 while the database is connected."),
		problem:        desc("problems", "Faults that the database is told of, and 1 more where the datapath is not whole."),
		neighbours:     desc("neighbours", "Addresses that requests are answered for.", "network"),
		answered:       desc("neighbour_answers_total", "Requests for neighbours that the gateway has answered.", "network"),
		held:           desc("flood_limited_total", "Frames that were not flooded, since the network is flooded enough.", "network"),
		told:           desc("too_big_answers_total", "Senders that were told of a smaller MTU."),
		clamped:        desc("mss_clamped_total", "TCP handshakes that were told of a smaller MSS."),
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.packets, m.bytes, m.remotePackets, m.remoteBytes, m.networkPackets, m.networkBytes, m.flooded, m.copies,
		m.moves, m.mismatches, m.netNotLearned, m.netDrops, m.drops, m.notLearned, m.networks, m.tunnelCount, m.fdb,
		m.frozen, m.limit, m.nextHops, m.connected, m.problem, m.neighbours, m.answered, m.held, m.told, m.clamped, m.mode,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector. There may be very many tunnels, so that
// what is shown is summed up as they are gone over.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	s, _ := m.loop.own()
	totals, err := m.loop.dp.Totals()
	if err == nil {
		err = errors.Join(m.traffic(out), m.addresses(out, totals.Networks))
	}
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.packets, fmt.Errorf("read the datapath: %w", err))
		return
	}
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	gauge(m.networks, len(totals.Networks))
	gauge(m.connected, count(s.Database.Connected))
	gauge(m.problem, len(s.Faults)+count(s.Datapath != ""))
	for _, i := range s.Interfaces {
		gauge(m.mode, 1, i.Name, i.Mode)
	}
	for state, n := range hopStates(s.NextHops) {
		gauge(m.nextHops, n, state)
	}
	m.events(out, totals)
	for name, n := range totals.Networks {
		gauge(m.limit, int(n.Limit), name)
		gauge(m.neighbours, n.Neighbours, name)
		m.network(out, name, countersState(n))
	}
}

// network shows what a network counts beside its tunnels.
func (m *metrics) network(out chan<- prometheus.Metric, name string, c CountersState) {
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), append([]string{name}, labels...)...)
	}
	counter(m.flooded, c.Flooded)
	counter(m.copies, c.Copies)
	counter(m.moves, c.Moves)
	counter(m.mismatches, c.Mismatches)
	counter(m.netNotLearned, c.NotLearned)
	counter(m.answered, c.Answered)
	counter(m.held, c.Held)
	for reason, v := range c.Drops {
		counter(m.netDrops, v, string(reason))
	}
}

// addresses counts the FDB without keeping it.
func (m *metrics) addresses(out chan<- prometheus.Metric, networks map[string]datapath.NetworkCounters) error {
	static, learned, frozen := map[string]int{}, map[string]int{}, map[string]int{}
	err := m.loop.dp.VisitFDB(func(network string, e datapath.Entry) {
		if e.Static {
			static[network]++
		} else {
			learned[network]++
		}
		frozen[network] += count(e.Frozen)
	})
	for name := range networks {
		out <- prometheus.MustNewConstMetric(m.fdb, prometheus.GaugeValue, float64(static[name]), name, "static")
		out <- prometheus.MustNewConstMetric(m.fdb, prometheus.GaugeValue, float64(learned[name]), name, "learned")
		out <- prometheus.MustNewConstMetric(m.frozen, prometheus.GaugeValue, float64(frozen[name]), name)
	}
	return err
}

// events shows the counters that are of no tunnel.
func (m *metrics) events(out chan<- prometheus.Metric, c datapath.Counters) {
	for reason, n := range c.Drops {
		out <- prometheus.MustNewConstMetric(m.drops, prometheus.CounterValue, float64(n), string(reason))
	}
	out <- prometheus.MustNewConstMetric(m.notLearned, prometheus.CounterValue, float64(c.NotLearned))
	out <- prometheus.MustNewConstMetric(m.told, prometheus.CounterValue, float64(c.TooBigTold))
	out <- prometheus.MustNewConstMetric(m.clamped, prometheus.CounterValue, float64(c.Clamped))
}

func hopStates(hops []NextHopState) map[string]int {
	n := map[string]int{"resolved": 0, "pending": 0, "unreachable": 0}
	for _, h := range hops {
		switch {
		case h.Resolved:
			n["resolved"]++
		case h.Pending:
			n["pending"]++
		default:
			n["unreachable"]++
		}
	}
	return n
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
