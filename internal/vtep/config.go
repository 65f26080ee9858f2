package vtep

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

// Where vtepd pins what has to outlive it, and where it answers.
const (
	DefaultBPFFS  = "/sys/fs/bpf/landbridge"
	DefaultSocket = "/run/landbridge/vtepd.sock"
)

// Config is a checked configuration. It comes from a file and flags (Options).
type Config struct {
	Database   string // ovsdb address: unix:, tcp: or ssl:
	TLS        ovsdb.TLS
	Switch     string // Physical_Switch.name
	Local      forwarding.Local
	VXLANPort  uint16 // of UDP, as GenevePort
	GenevePort uint16
	// Peers has the fabric addresses of the gateway's other devices, PeerPort the
	// UDP port by which they hear of each other.
	Peers      []netip.Addr
	PeerPort   uint16
	GRO        bool     // the kernel's aggregation of what arrives by tunnels
	Interfaces []string // of the underlay: they get the eBPF program
	// XDP has those of them that forward unicast hits by XDP.
	XDP      map[string]datapath.XDPMode
	Ports    map[string]string // interfaces of physical ports by Physical_Port name
	BPFFS    string            // directory of pinned objects
	Socket   string            // path of the control socket
	Ageing   time.Duration
	MACLimit uint32 // learned MACs of each network; 0: no limit
	Sizes    datapath.Sizes
	Guard    forwarding.Guard
	Clamp    Clamp // TCP handshakes
	LogLevel slog.Level
}

// key is one setting: a flag, and a key of the file.
type key struct {
	name, file string // the flag's and the file's; lists have a plural in the file
	list       bool
	fallback   string
	usage      string
	// set checks one value and takes it in. Its error is the rule that the
	// value breaks.
	set func(c *Config, value string) error
}

// keys lists every setting, in the order of the documentation.
func keys() []key {
	text := func(field func(*Config) *string, check func(string) error) func(*Config, string) error {
		return func(c *Config, v string) error {
			*field(c) = v
			return check(v)
		}
	}
	unchecked := func(string) error { return nil }
	return []key{
		{name: "database", fallback: "unix:/var/run/openvswitch/db.sock", usage: "hardware_vtep database: unix:/PATH, tcp:HOST:PORT or ssl:HOST:PORT", set: text(func(c *Config) *string { return &c.Database }, ovsdb.ParseAddress)},
		{name: "tls-ca", usage: "PEM file of the authority that signed the database server's certificate (ssl:)", set: text(func(c *Config) *string { return &c.TLS.CA }, unchecked)},
		{name: "tls-certificate", usage: "PEM file of the certificate to show to the database server (ssl:)", set: text(func(c *Config) *string { return &c.TLS.Certificate }, unchecked)},
		{name: "tls-private-key", usage: "PEM file of that certificate's key (ssl:)", set: text(func(c *Config) *string { return &c.TLS.PrivateKey }, unchecked)},
		{name: "switch", usage: "name of the Physical_Switch in the database; gateways name it as device", set: text(func(c *Config) *string { return &c.Switch }, plainName)},
		{name: "fabric-address", file: "fabric_addresses", list: true, usage: "address that compute nodes tunnel to: one of IPv4, one of IPv6, or one of each", set: func(c *Config, v string) error { return setAddr(&c.Local.Fabric, &c.Local.Fabric6, v) }},
		{name: "wan-address", file: "wan_addresses", list: true, usage: "address that remote gateways tunnel to, likewise (default: the fabric addresses)", set: func(c *Config, v string) error { return setAddr(&c.Local.WAN, &c.Local.WAN6, v) }},
		{name: "peer", file: "peers", list: true, usage: "fabric address of another device of the same gateway; may be given more than once", set: setPeer},
		{name: "peer-port", fallback: "14789", usage: "UDP port of the fabric address by which devices of a gateway agree who carries the WAN", set: func(c *Config, v string) error { return setUDPPort(&c.PeerPort, v) }},
		{name: "vxlan-port", fallback: "4789", usage: "UDP port of VXLAN tunnels", set: func(c *Config, v string) error { return setUDPPort(&c.VXLANPort, v) }},
		{name: "geneve-port", fallback: "6081", usage: "UDP port of Geneve tunnels", set: func(c *Config, v string) error { return setUDPPort(&c.GenevePort, v) }},
		{name: "gro", fallback: "true", usage: "keep devices that have the kernel aggregate the segments of tunnelled TCP on arrival", set: setGRO},
		{name: "interface", file: "interfaces", list: true, usage: "interface of the underlay, facing the fabric or the WAN; may be given more than once", set: setInterface},
		{name: "xdp", list: true, usage: "one of these interfaces that forwards known unicast by XDP, in its driver; NAME:generic: in any driver, slower; may be given more than once", set: setXDP},
		{name: "port", file: "ports", list: true, usage: "physical port: NAME=INTERFACE, or INTERFACE where the port has its name; may be given more than once", set: setPort},
		{name: "bpffs", fallback: DefaultBPFFS, usage: "directory on a BPF file system for what has to outlive the program", set: text(func(c *Config) *string { return &c.BPFFS }, absolute)},
		{name: "socket", fallback: DefaultSocket, usage: "unix socket that answers /state, /metrics and this program's other commands over HTTP", set: text(func(c *Config) *string { return &c.Socket }, absolute)},
		{name: "ageing", fallback: "300s", usage: "time after which a learned MAC that is not heard of is forgotten; 0: never", set: setAgeing},
		{name: "mac-limit", fallback: "8192", usage: "how many MACs each network may learn, where its Logical_Switch does not say; 0: no limit", set: setNumber(func(c *Config) *uint32 { return &c.MACLimit }, 0, maxMACs)},
		{name: "max-macs", fallback: "262144", usage: "how many MACs the FDB holds, of all networks, static and learned", set: setNumber(func(c *Config) *uint32 { return &c.Sizes.FDB }, 1024, maxMACs)},
		{name: "max-tunnels", fallback: "327680", usage: "how many tunnels all networks may have", set: setNumber(func(c *Config) *uint32 { return &c.Sizes.Tunnels }, 16, 1<<22)},
		{name: "suppress", fallback: "true", usage: "answer requests for neighbours that the database knows, instead of flooding them", set: setSuppress},
		{name: "flood-rate", fallback: "20000", usage: "copies of flooded frames that each network may send in a second; 0: any number", set: setNumber(func(c *Config) *uint32 { return &c.Guard.Limit.Rate }, 0, math.MaxUint32)},
		{name: "flood-burst", fallback: "20000", usage: "copies that a network may send at once after it was quiet", set: setNumber(func(c *Config) *uint32 { return &c.Guard.Limit.Burst }, 0, math.MaxUint32)},
		{name: "mss-clamp", fallback: string(ClampAuto), usage: "tell TCP of the smaller of the two ways: auto (where the WAN is smaller than the fabric), always or never", set: setClamp},
		{name: "log-level", fallback: "info", usage: "debug, info, warn or error", set: setLevel},
	}
}

// inFile is the name of a setting in the file.
func (k key) inFile() string { return cmp.Or(k.file, strings.ReplaceAll(k.name, "-", "_")) }

// check sees to what concerns several settings, and to those that must be there.
func (c *Config) check() error {
	switch {
	case c.Switch == "":
		return errors.New("switch is not set: give the name of the Physical_Switch")
	case !c.Local.Fabric.IsValid() && !c.Local.Fabric6.IsValid():
		return errors.New("fabric-address is not set: give the addresses that compute nodes tunnel to")
	case c.VXLANPort == c.GenevePort:
		return fmt.Errorf("vxlan-port and geneve-port are both %d: they tell the tunnels apart, give two", c.VXLANPort)
	case len(c.Interfaces) == 0:
		return errors.New("interface is not set: give the interfaces that face the fabric and the WAN")
	}
	if !c.Local.WAN.IsValid() && !c.Local.WAN6.IsValid() {
		c.Local.WAN, c.Local.WAN6 = c.Local.Fabric, c.Local.Fabric6
	}
	return cmp.Or(c.checkXDP(), c.checkPeers(), c.checkPorts(), c.checkTLS())
}

// checkPeers sees to it that peers can be reached from the address that they know
// this device by.
func (c *Config) checkPeers() error {
	own := mainAddr(c.Local.Fabric, c.Local.Fabric6)
	for _, p := range c.Peers {
		switch {
		case p == own:
			return fmt.Errorf("peer %s is this device's own fabric address: name the others", p)
		case p.Is4() != own.Is4():
			return fmt.Errorf("peer %s is of another family than %s, by which other devices know this one", p, own)
		}
	}
	if len(c.Peers) > 0 && (c.PeerPort == c.VXLANPort || c.PeerPort == c.GenevePort) {
		return fmt.Errorf("peer-port is %d, which tunnels use: give another", c.PeerPort)
	}
	return nil
}

// checkPorts sees to it that no interface is on both sides: a port takes every
// frame, whomever it is for.
func (c *Config) checkPorts() error {
	for _, name := range slices.Sorted(maps.Keys(c.Ports)) {
		if link := c.Ports[name]; slices.Contains(c.Interfaces, link) {
			return fmt.Errorf("port %q is interface %s, which is one of the underlay: take it out of one of them", name, link)
		}
	}
	return nil
}

func (c *Config) checkTLS() error {
	ssl := strings.HasPrefix(c.Database, "ssl:")
	switch {
	case ssl && c.TLS.CA == "":
		return errors.New("tls-ca is not set: a database behind ssl: needs it")
	case (c.TLS.Certificate == "") != (c.TLS.PrivateKey == ""):
		return errors.New("tls-certificate and tls-private-key belong together: give both or none")
	case !ssl && c.TLS != ovsdb.TLS{}:
		return fmt.Errorf("tls-… is set, but database %s does not use it: write ssl:HOST:PORT", c.Database)
	}
	return nil
}

func setAddr(v4, v6 *netip.Addr, v string) error {
	a, err := netip.ParseAddr(v)
	if err != nil || a.Is4In6() || a.Zone() != "" {
		return errors.New("is not an IP address, like 192.0.2.1 or 2001:db8::1")
	}
	if !a.IsGlobalUnicast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return errors.New("is not an address that other hosts can send to")
	}
	into := v4
	if a.Is6() {
		into = v6
	}
	if into.IsValid() {
		return fmt.Errorf("is a second one beside %s: each side has one address of a family", into)
	}
	*into = a
	return nil
}

func setPeer(c *Config, v string) error {
	var a, none netip.Addr
	if err := setAddr(&a, &none, v); err != nil {
		return err
	}
	if none.IsValid() {
		a = none
	}
	if slices.Contains(c.Peers, a) {
		return errors.New("is given twice")
	}
	c.Peers = append(c.Peers, a)
	return nil
}

func setUDPPort(into *uint16, v string) error {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil || n == 0 {
		return errors.New("is not a UDP port, 1 to 65535")
	}
	*into = uint16(n)
	return nil
}

func setGRO(c *Config, v string) (err error) {
	if c.GRO, err = strconv.ParseBool(v); err != nil {
		return errors.New("is not true or false")
	}
	return nil
}

func setInterface(c *Config, v string) error {
	if err := interfaceName(v); err != nil {
		return err
	}
	return add(&c.Interfaces, v)
}

func interfaceName(v string) error {
	if v == "" || len(v) >= unix.IFNAMSIZ || strings.ContainsFunc(v, func(r rune) bool { return r == '/' || unicode.IsSpace(r) }) {
		return fmt.Errorf("is not an interface name: 1 to %d characters without space or slash", unix.IFNAMSIZ-1)
	}
	return nil
}

// setPort takes NAME=INTERFACE, or a name for both.
func setPort(c *Config, v string) error {
	name, link, both := strings.Cut(v, "=")
	if !both {
		link = name
	}
	if err := plainName(name); err != nil {
		return err
	}
	if err := interfaceName(link); err != nil {
		return err
	}
	if c.Ports == nil {
		c.Ports = map[string]string{}
	}
	if _, twice := c.Ports[name]; twice {
		return fmt.Errorf("names port %q a second time", name)
	}
	for other, taken := range c.Ports {
		if taken == link {
			return fmt.Errorf("is interface %s, which is port %q already", link, other)
		}
	}
	c.Ports[name] = link
	return nil
}

func add(list *[]string, v string) error {
	if slices.Contains(*list, v) {
		return errors.New("is given twice")
	}
	*list = append(*list, v)
	return nil
}

func setAgeing(c *Config, v string) (err error) {
	if c.Ageing, err = time.ParseDuration(v); err != nil || c.Ageing < 0 || c.Ageing > 0 && c.Ageing < time.Second {
		return errors.New("is not a duration of at least 1s (like 300s or 5m), or 0 for never")
	}
	return nil
}

// maxMACs is more than any machine forwards for.
const maxMACs = 1 << 24

func setNumber(field func(*Config) *uint32, least, most uint32) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil || uint32(n) < least || uint32(n) > most {
			return fmt.Errorf("is not a number from %d to %d", least, most)
		}
		*field(c) = uint32(n)
		return nil
	}
}

// Clamp says when TCP handshakes are told of the smaller of two ways.
type Clamp string

// The values of Clamp. ClampAuto is where a way to a remote gateway takes
// smaller frames than one of the fabric.
const (
	ClampAuto   Clamp = "auto"
	ClampAlways Clamp = "always"
	ClampNever  Clamp = "never"
)

func setClamp(c *Config, v string) error {
	c.Clamp = Clamp(v)
	if c.Clamp != ClampAuto && c.Clamp != ClampAlways && c.Clamp != ClampNever {
		return errors.New("is not auto, always or never")
	}
	return nil
}

func setSuppress(c *Config, v string) (err error) {
	if c.Guard.Suppress, err = strconv.ParseBool(v); err != nil {
		return errors.New("is not true or false")
	}
	return nil
}

func setLevel(c *Config, v string) error {
	if c.LogLevel.UnmarshalText([]byte(v)) != nil {
		return errors.New("is not debug, info, warn or error")
	}
	return nil
}

func plainName(v string) error {
	if v == "" || strings.ContainsFunc(v, unicode.IsControl) {
		return errors.New("is not a name: at least one character, none of them control characters")
	}
	return nil
}

func absolute(v string) error {
	if !filepath.IsAbs(v) {
		return errors.New("is not an absolute path")
	}
	return nil
}
