package datapath

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

const (
	tcpPort = ":5001"
	// tcpFor is how long a transfer is measured, after tcpWarm.
	tcpFor, tcpWarm = time.Second, 300 * time.Millisecond
)

// What the first compute node puts on its link.
const (
	wireSize     = "wire-size packets"
	superPackets = "super-packets"
)

// BenchmarkTCP finds how much one TCP connection carries from host to host.
func BenchmarkTCP(b *testing.B) {
	all := atTC(b)
	got := map[string]series{wireSize: {}, superPackets: {}}
	for n := range *rounds {
		say("round %d of %d", n+1, *rounds)
		for _, how := range []string{wireSize, superPackets} {
			for _, r := range all {
				if len(r.processes) > 0 && how == superPackets {
					continue // it reads whole packets only
				}
				r.wireSize(b, how == wireSize)
				rate := r.transfer(b)
				say("  %s, %s: %.2f Gbit/s", r.name, how, rate)
				got[how].add(r.name, rate)
			}
		}
	}
	const unit = "Gbit/s"
	for how, aims := range map[string][2]float64{wireSize: {1.15, 0}, superPackets: {1, 0.95}} {
		s := section{title: "TCP, " + how}
		for _, r := range all {
			if len(got[how][r.name]) > 0 {
				s.figures = append(s.figures, got[how].alone(r.name, unit))
			}
		}
		s.figures = append(s.figures, got[how].more(oursTC, bridge, unit).atLeast(aims[0], fmt.Sprintf("≥ %.2f times", aims[0])))
		beside := got[how].more(oursTC, plain, unit)
		if aims[1] > 0 {
			beside.Figure = beside.atLeast(aims[1], fmt.Sprintf("≥ %.2f times", aims[1]))
		}
		found = append(found, s.append(beside.Figure))
	}
}

// transfer gives what one connection carries, in Gbit/s.
func (r *rival) transfer(b *testing.B) float64 {
	b.Helper()
	var server net.Listener
	must(b, r.compute2.Do(func() (err error) {
		server, err = net.Listen("tcp", host2IP+tcpPort)
		return err
	}))
	defer func() { _ = server.Close() }()
	var received atomic.Int64
	ended := make(chan error, 1)
	go func() { ended <- receive(server, &received) }()
	client, err := r.compute1.DialContext(b.Context(), "tcp", host2IP+tcpPort)
	must(b, err)
	must(b, client.SetDeadline(time.Now().Add(tcpWarm+tcpFor)))
	var rate float64
	time.AfterFunc(tcpWarm, func() { received.Store(0) })
	began := time.Now()
	if err := fill(client); err != nil {
		b.Fatalf("%s: %v", r.name, err)
	}
	rate = float64(received.Load()) * 8 / (time.Since(began) - tcpWarm).Seconds() / 1e9
	_ = client.Close() // what it has not sent by now, nobody waits for
	must(b, <-ended)
	return rate
}

// fill writes until the deadline.
func fill(c net.Conn) error {
	buffer := make([]byte, 256<<10)
	for {
		if _, err := c.Write(buffer); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				return nil
			}
			return err
		}
	}
}

// receive counts what one connection brings.
func receive(server net.Listener, received *atomic.Int64) error {
	c, err := server.Accept()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	for buffer := make([]byte, 256<<10); ; {
		n, err := c.Read(buffer)
		received.Add(int64(n))
		if err != nil {
			return nil // the end; or reset by a sender who had more
		}
	}
}
