package server

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"landbridge/internal/l2gw"
)

// packedSite is an l2gw.Site at rest: of a large cloud there are very many ports.
type packedSite struct {
	rest  l2gw.Site // but for Ports and Endpoints
	hosts string    // names with tunnel addresses, in the order in which ports name them
	ports string
	count int // of ports
}

// packSite keeps what unpack gives.
func packSite(s l2gw.Site) *packedSite {
	p := &packedSite{rest: s, count: len(s.Ports)}
	p.rest.Ports, p.rest.Endpoints = nil, nil
	var hosts, ports siteWriter
	at := map[string]int{}
	for _, port := range s.Ports {
		place, known := at[port.Host]
		if !known {
			place = len(at)
			at[port.Host] = place
			hosts.text(port.Host)
			addr, found := s.Endpoints[port.Host]
			hosts.flag(found)
			hosts.addr(addr)
		}
		ports.id(port.ID)
		ports.text(string(port.MAC[:]))
		ports.number(place)
		ports.number(len(port.Addrs))
		for _, a := range port.Addrs {
			ports.addr(a)
		}
	}
	p.hosts, p.ports = string(hosts), string(ports)
	return p
}

// unpack gives the site, whose ports are all of its network; nil for nil.
func (p *packedSite) unpack() *l2gw.Site {
	if p == nil {
		return nil
	}
	s := p.rest
	s.Endpoints = map[string]netip.Addr{}
	var names []string
	for hosts := siteReader(p.hosts); hosts != ""; {
		name, found, addr := hosts.text(), hosts.flag(), hosts.addr()
		names = append(names, name)
		if found {
			s.Endpoints[name] = addr
		}
	}
	ports := siteReader(p.ports)
	for range p.count {
		port := l2gw.Port{ID: ports.id(), NetworkID: s.Network.ID, MAC: l2gw.MAC([]byte(ports.text())), Host: names[ports.number()]}
		for range ports.number() {
			port.Addrs = append(port.Addrs, ports.addr())
		}
		s.Ports = append(s.Ports, port)
	}
	return &s
}

// siteWriter writes what siteReader reads.
type siteWriter []byte

func (w *siteWriter) number(n int) { *w = binary.AppendUvarint(*w, uint64(n)) }

func (w *siteWriter) text(s string) {
	w.number(len(s))
	*w = append(*w, s...)
}

// id writes an ID, in less than half of the bytes where it is a UUID as usual.
func (w *siteWriter) id(s string) {
	u, err := uuid.Parse(s)
	short := err == nil && u.String() == s
	w.flag(short)
	if short {
		s = string(u[:])
	}
	w.text(s)
}

func (w *siteWriter) flag(on bool) {
	n := 0
	if on {
		n = 1
	}
	w.number(n)
}

func (w *siteWriter) addr(a netip.Addr) {
	text, _ := a.MarshalBinary() // never fails
	w.text(string(text))
}

type siteReader string

func (r *siteReader) number() int {
	n, size := binary.Uvarint([]byte((*r)[:min(len(*r), binary.MaxVarintLen64)]))
	*r = (*r)[size:]
	return int(n)
}

func (r *siteReader) text() string {
	n := r.number()
	s := (*r)[:n]
	*r = (*r)[n:]
	return strings.Clone(string(s))
}

func (r *siteReader) id() string {
	short, s := r.flag(), r.text()
	if short {
		return uuid.UUID([]byte(s)).String()
	}
	return s
}

func (r *siteReader) flag() bool { return r.number() > 0 }

func (r *siteReader) addr() (a netip.Addr) {
	_ = a.UnmarshalBinary([]byte(r.text())) // it was written by MarshalBinary
	return a
}
