package vtep

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

// sums are counters of several tunnels, by what they have in common and the side.
type sums map[sum]*datapath.Traffic

type sum struct {
	name string
	side forwarding.Group
}

func (s sums) add(name string, side forwarding.Group, t datapath.Traffic) {
	key := sum{name, side}
	if s[key] == nil {
		s[key] = &datapath.Traffic{}
	}
	s[key].RxPackets += t.RxPackets
	s[key].RxBytes += t.RxBytes
	s[key].TxPackets += t.TxPackets
	s[key].TxBytes += t.TxBytes
}

// counted is a tunnel, with what it has counted.
type counted struct {
	network  string
	endpoint forwarding.Endpoint
	side     forwarding.Group
	traffic  datapath.Traffic
}

// traffic shows what tunnels count: each, where there are not too many, and
// their sums, and how many there are. The sum of a network or a remote
// goes down when a tunnel goes, which Prometheus takes for a restart.
func (m *metrics) traffic(out chan<- prometheus.Metric) error {
	byPlace, byNetwork, tunnels := sums{}, sums{}, 0
	var each []counted // the first ones
	err := m.loop.dp.VisitTunnels(func(network string, e forwarding.Endpoint, t forwarding.Tunnel, traffic datapath.Traffic) {
		byPlace.add(remoteOf(e), t.Group, traffic)
		byNetwork.add(network, t.Group, traffic)
		if tunnels++; tunnels <= tunnelSeries {
			each = append(each, counted{network, e, t.Group, traffic})
		}
	})
	for key, t := range byPlace {
		both(out, m.remotePackets, m.remoteBytes, *t, key.name, key.side.String())
	}
	for key, t := range byNetwork {
		both(out, m.networkPackets, m.networkBytes, *t, key.name, key.side.String())
	}
	out <- prometheus.MustNewConstMetric(m.tunnelCount, prometheus.GaugeValue, float64(tunnels))
	if tunnels > tunnelSeries {
		return err
	}
	for _, c := range each {
		both(out, m.packets, m.bytes, c.traffic, c.network, string(c.endpoint.Encapsulation()), remoteOf(c.endpoint), strconv.FormatUint(uint64(c.endpoint.VNI), 10), c.side.String())
	}
	return err
}

// remoteOf says where a tunnel leads; a port is its own end.
func remoteOf(e forwarding.Endpoint) string {
	if e.IsPort() {
		return e.Port()
	}
	return e.Remote().String()
}

// both shows packets and bytes in both directions.
func both(out chan<- prometheus.Metric, packets, bytes *prometheus.Desc, t datapath.Traffic, labels ...string) {
	counter := func(d *prometheus.Desc, v uint64, direction string) {
		all := append(append([]string{}, labels...), direction)
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), all...)
	}
	counter(packets, t.RxPackets, "rx")
	counter(packets, t.TxPackets, "tx")
	counter(bytes, t.RxBytes, "rx")
	counter(bytes, t.TxBytes, "tx")
}
