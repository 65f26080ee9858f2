package vtep

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// sums are counters of several tunnels, by what they have in common.
type sums map[[2]string]*TunnelState

func (s sums) add(name string, t TunnelState) {
	key := [2]string{name, t.Side}
	if s[key] == nil {
		s[key] = &TunnelState{}
	}
	s[key].RxPackets += t.RxPackets
	s[key].RxBytes += t.RxBytes
	s[key].TxPackets += t.TxPackets
	s[key].TxBytes += t.TxBytes
}

// traffic shows what tunnels count: each, where there are not too many, and
// their sums. It gives how many there are. The sum of a network or a remote
// goes down when a tunnel goes, which Prometheus takes for a restart.
func (m *metrics) traffic(out chan<- prometheus.Metric, networks []NetworkState) (tunnels int) {
	byRemote, byNetwork := sums{}, sums{}
	for _, n := range networks {
		tunnels += len(n.Tunnels)
		for _, t := range n.Tunnels {
			byRemote.add(remoteOf(t), t)
			byNetwork.add(n.Name, t)
		}
	}
	for key, t := range byRemote {
		both(out, m.remotePackets, m.remoteBytes, *t, key[:]...)
	}
	for key, t := range byNetwork {
		both(out, m.networkPackets, m.networkBytes, *t, key[:]...)
	}
	for _, n := range networks {
		for _, t := range n.Tunnels {
			if tunnels <= tunnelSeries {
				both(out, m.packets, m.bytes, t, n.Name, string(t.Encapsulation), remoteOf(t), strconv.FormatUint(uint64(t.VNI), 10), t.Side)
			}
		}
	}
	return tunnels
}

// remoteOf says where a tunnel leads; a port is its own end.
func remoteOf(t TunnelState) string {
	if t.Port != "" {
		return t.Port
	}
	return t.Remote.String()
}

// both shows packets and bytes in both directions.
func both(out chan<- prometheus.Metric, packets, bytes *prometheus.Desc, t TunnelState, labels ...string) {
	counter := func(d *prometheus.Desc, v uint64, direction string) {
		all := append(append([]string{}, labels...), direction)
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), all...)
	}
	counter(packets, t.RxPackets, "rx")
	counter(packets, t.TxPackets, "tx")
	counter(bytes, t.RxBytes, "rx")
	counter(bytes, t.TxBytes, "tx")
}
