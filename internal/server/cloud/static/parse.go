package static

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
	"landbridge/internal/strictyaml"
)

// The file as it is written.
type (
	rawFile struct {
		Networks []rawNetwork `yaml:"networks"`
		Hosts    []rawHost    `yaml:"hosts"`
		Ports    []rawPort    `yaml:"ports"`
	}
	rawNetwork struct {
		ID             strictyaml.Value   `yaml:"id"`
		Name           strictyaml.Value   `yaml:"name"`
		ProjectID      strictyaml.Value   `yaml:"project_id"`
		Type           strictyaml.Value   `yaml:"type"`
		SegmentationID strictyaml.Value   `yaml:"segmentation_id"`
		MTU            strictyaml.Value   `yaml:"mtu"`
		Gateways       []strictyaml.Value `yaml:"gateways"`
	}
	rawHost struct {
		Host          strictyaml.Value `yaml:"host"`
		TunnelAddress strictyaml.Value `yaml:"tunnel_address"`
	}
	rawPort struct {
		ID        strictyaml.Value   `yaml:"id"`
		MAC       strictyaml.Value   `yaml:"mac"`
		Addresses []strictyaml.Value `yaml:"addresses"`
		Host      strictyaml.Value   `yaml:"host"`
		Network   strictyaml.Value   `yaml:"network"`
	}
)

// parser turns a raw file into content. It stops at the first broken rule.
type parser struct {
	file string
	out  *content
	// used has what must be unique, as "kind of thing" + value, with its place.
	used map[string]string
}

func parse(file string, data []byte) (*content, error) {
	var raw rawFile
	if err := strictyaml.Decode(file, data, &raw); err != nil {
		return nil, err
	}
	if raw.Networks == nil && raw.Hosts == nil && raw.Ports == nil {
		// More likely a file that is being written than a cloud without networks.
		return nil, &strictyaml.Error{File: file, Rule: `is empty; for a cloud without networks write "networks: []"`}
	}
	p := &parser{
		file: file, used: map[string]string{},
		out: &content{networks: map[string]network{}, hosts: map[string]netip.Addr{}, ports: map[string][]l2gw.Port{}, gateways: map[string][]netip.Addr{}},
	}
	for i, n := range raw.Networks {
		if err := p.network(fmt.Sprintf("networks[%d]", i), n); err != nil {
			return nil, err
		}
	}
	for i, h := range raw.Hosts {
		if err := p.host(fmt.Sprintf("hosts[%d]", i), h); err != nil {
			return nil, err
		}
	}
	for i, port := range raw.Ports {
		if err := p.port(fmt.Sprintf("ports[%d]", i), port); err != nil {
			return nil, err
		}
	}
	return p.out, nil
}

func (p *parser) network(at string, raw rawNetwork) error {
	id, err := p.word(at, at+".id", raw.ID)
	if err != nil {
		return err
	}
	if err := p.unique("network "+id, at+".id", raw.ID); err != nil {
		return err
	}
	segment, err := p.segment(at, raw)
	if err != nil {
		return err
	}
	mtu, err := p.number(at+".mtu", raw.MTU, 68, 65535) // RFC 791: 68 is the least
	if err != nil {
		return err
	}
	if err := p.gateways(at, id, raw.Gateways); err != nil {
		return err
	}
	p.out.networks[id] = network{id: id, project: raw.ProjectID.Text, name: raw.Name.Text, mtu: int(mtu), segment: segment}
	return nil
}

// gateways reads the addresses of a network's routers.
func (p *parser) gateways(at, network string, raw []strictyaml.Value) error {
	var all []netip.Addr
	for i, v := range raw {
		field := fmt.Sprintf("%s.gateways[%d]", at, i)
		addr, err := p.address(field, v)
		if err != nil {
			return err
		}
		if addr.IsUnspecified() || addr.IsMulticast() || addr.IsLoopback() {
			return v.Bad(p.file, field, "is not an address that a router has; write the one that machines have as their gateway")
		}
		if err := p.unique(fmt.Sprintf("gateway %s of network %s", addr, network), field, v); err != nil {
			return err
		}
		all = append(all, addr)
	}
	slices.SortFunc(all, netip.Addr.Compare)
	p.out.gateways[network] = all
	return nil
}

// types has the network types of the file.
var types = []l2gw.NetworkType{l2gw.TypeVXLAN, l2gw.TypeGRE, l2gw.TypeGeneve, l2gw.TypeVLAN, l2gw.TypeFlat, l2gw.TypeLocal}

func (p *parser) segment(at string, raw rawNetwork) (l2gw.Segment, error) {
	t := l2gw.NetworkType(raw.Type.Or(string(l2gw.TypeVXLAN)))
	if !slices.Contains(types, t) {
		return l2gw.Segment{}, raw.Type.Bad(p.file, at+".type", "is not a network type; write one of %v", types)
	}
	field, most := at+".segmentation_id", uint64(1<<24-1)
	switch t {
	case l2gw.TypeFlat, l2gw.TypeLocal:
		if raw.SegmentationID.Set {
			return l2gw.Segment{}, raw.SegmentationID.Bad(p.file, field, "a network of type %s has none; leave it out", t)
		}
		return l2gw.Segment{Type: t}, nil
	case l2gw.TypeVLAN:
		most = 4094
	}
	if !raw.SegmentationID.Set {
		return l2gw.Segment{}, p.missing(at, field, raw.ID)
	}
	id, err := p.number(field, raw.SegmentationID, 1, most)
	if err != nil {
		return l2gw.Segment{}, err
	}
	return l2gw.Segment{Type: t, ID: uint32(id)}, p.unique(fmt.Sprintf("%s segment %d", t, id), field, raw.SegmentationID)
}

func (p *parser) host(at string, raw rawHost) error {
	name, err := p.word(at, at+".host", raw.Host)
	if err != nil {
		return err
	}
	if err := p.unique("host "+name, at+".host", raw.Host); err != nil {
		return err
	}
	field := at + ".tunnel_address"
	if !raw.TunnelAddress.Set {
		return p.missing(at, field, raw.Host)
	}
	addr, err := p.address(field, raw.TunnelAddress)
	if err != nil {
		return err
	}
	if addr.IsUnspecified() || addr.IsMulticast() || addr.IsLoopback() {
		return raw.TunnelAddress.Bad(p.file, field, "is not an address that other hosts reach; write the one that tunnels end at")
	}
	p.out.hosts[name] = addr
	return p.unique("tunnel address "+addr.String(), field, raw.TunnelAddress)
}

func (p *parser) port(at string, raw rawPort) error {
	port := l2gw.Port{NetworkID: raw.Network.Text, Host: raw.Host.Text}
	if !raw.MAC.Set {
		return p.missing(at, at+".mac", raw.Network)
	}
	mac, err := ethernet.ParseMAC(raw.MAC.Text)
	if err != nil || mac.IsZero() || mac.IsMulticast() {
		return raw.MAC.Bad(p.file, at+".mac", "is not the MAC address of a host; write six bytes as fa:16:3e:00:00:01")
	}
	port.MAC, port.ID = mac, raw.ID.Or(mac.String())
	if err := p.references(at, raw); err != nil {
		return err
	}
	for i, a := range raw.Addresses {
		addr, err := p.address(fmt.Sprintf("%s.addresses[%d]", at, i), a)
		if err != nil {
			return err
		}
		port.Addrs = append(port.Addrs, addr)
	}
	if raw.ID.Set {
		if err := p.unique("port "+port.ID, at+".id", raw.ID); err != nil {
			return err
		}
	}
	p.out.ports[port.NetworkID] = append(p.out.ports[port.NetworkID], port)
	return p.unique(fmt.Sprintf("MAC %s of network %s", mac, port.NetworkID), at+".mac", raw.MAC)
}

// references checks that a port's network and host are in the file.
func (p *parser) references(at string, raw rawPort) error {
	if !raw.Network.Set {
		return p.missing(at, at+".network", raw.MAC)
	}
	if _, ok := p.out.networks[raw.Network.Text]; !ok {
		return raw.Network.Bad(p.file, at+".network", "is not the id of one of networks")
	}
	if _, ok := p.out.hosts[raw.Host.Text]; raw.Host.Text != "" && !ok {
		return raw.Host.Bad(p.file, at+".host", "is not one of hosts; leave it out where the port is on none")
	}
	return nil
}

// word checks a name that others refer to.
func (p *parser) word(at, field string, v strictyaml.Value) (string, error) {
	if v.Text == "" {
		return "", p.missing(at, field, v)
	}
	bad := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if len(v.Text) > 255 || strings.ContainsFunc(v.Text, bad) {
		return "", v.Bad(p.file, field, "must be at most 255 printable characters without spaces")
	}
	return v.Text, nil
}

// number checks an optional integer; 0 where it is not set.
func (p *parser) number(field string, v strictyaml.Value, least, most uint64) (uint64, error) {
	if !v.Set {
		return 0, nil
	}
	n, err := strconv.ParseUint(v.Text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, v.Bad(p.file, field, "must be a whole number from %d to %d", least, most)
	}
	return n, nil
}

func (p *parser) address(field string, v strictyaml.Value) (netip.Addr, error) {
	addr, err := netip.ParseAddr(v.Text)
	if err != nil || addr.Zone() != "" {
		return addr, v.Bad(p.file, field, "is not an IPv4 or IPv6 address; write it as 10.0.0.11, without prefix length")
	}
	return addr.Unmap(), nil
}

// missing is the error of a key that has to be there; near is a value of the
// same entry, for the line.
func (p *parser) missing(at, field string, near strictyaml.Value) error {
	return strictyaml.Value{Line: near.Line}.Bad(p.file, field, "is missing; every entry as %s needs it", at)
}

// unique checks that nothing else in the file has the value.
func (p *parser) unique(what, field string, v strictyaml.Value) error {
	if first, taken := p.used[what]; taken {
		return v.Bad(p.file, field, "is in the file already, as %s; it has to be unique", first)
	}
	p.used[what] = field
	return nil
}
