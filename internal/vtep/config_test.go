package vtep

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

const example = "../../docs/examples/landbridge-vtepd.yaml"

// configOf reads a configuration from a file's text, if any, and flags.
func configOf(t *testing.T, text string, args ...string) (Config, error) {
	t.Helper()
	if text != "" {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	options := NewOptions(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return options.Config()
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

var equalAddrs = cmpopts.EquateComparable(netip.Addr{})

var someGuard = forwarding.Guard{Suppress: true, Limit: forwarding.Limit{Rate: 20000, Burst: 20000}}

func TestExampleSaysEverything(t *testing.T) {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	got, err := configOf(t, string(text))
	want := Config{
		Database: "ssl:192.0.2.10:6640",
		TLS:      ovsdb.TLS{CA: "/etc/landbridge/ca.pem", Certificate: "/etc/landbridge/vtepd.pem", PrivateKey: "/etc/landbridge/vtepd.key"},
		Switch:   "border-1",
		Local: forwarding.Local{
			Fabric: addr("10.0.0.1"), WAN: addr("203.0.113.1"), WAN6: addr("2001:db8:f::1"),
		},
		Peers: []netip.Addr{addr("10.0.0.2")}, PeerPort: 14789, VXLANPort: 4789, GenevePort: 6081, GRO: true,
		Interfaces: []string{"fabric0", "wan0"}, XDP: map[string]datapath.XDPMode{"fabric0": datapath.XDPNative},
		Ports: map[string]string{"rack1": "ens5f0", "ens5f1": "ens5f1"},
		BPFFS: DefaultBPFFS, Socket: "/run/landbridge/vtepd.sock",
		Ageing: 5 * time.Minute, Guard: someGuard, Clamp: ClampAuto, LogLevel: slog.LevelInfo,
		MACLimit: 8192, Sizes: datapath.Sizes{FDB: 262144, Tunnels: 327680},
	}
	if diff := cmp.Diff(want, got, equalAddrs); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, k := range keys() {
		if !strings.Contains(string(text), "\n"+k.inFile()+":") {
			t.Errorf("the example lacks %s", k.inFile())
		}
		if k.fallback != "" && !strings.Contains(string(text), "Default: "+k.fallback) {
			t.Errorf("the example does not say that the default of %s is %s", k.inFile(), k.fallback)
		}
	}
}

func TestFileAndKeysNameTheSame(t *testing.T) {
	values := (&file{}).values()
	fields := reflect.TypeFor[file]()
	if len(values) != len(keys()) || fields.NumField() != len(keys()) {
		t.Errorf("%d keys, %d fields, %d values", len(keys()), fields.NumField(), len(values))
	}
	for i := range fields.NumField() {
		if _, ok := values[fields.Field(i).Tag.Get("yaml")]; !ok {
			t.Errorf("the value of field %s is not taken", fields.Field(i).Name)
		}
	}
	for _, k := range keys() {
		if _, ok := values[k.inFile()]; !ok {
			t.Errorf("the file cannot say %s", k.inFile())
		}
	}
}

func TestFlagsSayEverything(t *testing.T) {
	got, err := configOf(t, "", "--database", "tcp:192.0.2.10:6640", "--switch", "s", "--fabric-address", "10.0.0.1",
		"--fabric-address", "2001:db8::1", "--peer", "10.0.0.2", "--peer-port", "1234", "--vxlan-port", "8472", "--geneve-port", "6082", "--gro", "false", "--interface", "a", "--interface", "b", "--xdp", "a:generic", "--xdp", "b", "--port", "p", "--port", "q=eth1", "--bpffs", "/b", "--socket", "/s", "--ageing", "0",
		"--mac-limit", "7", "--max-macs", "4096", "--max-tunnels", "99", "--suppress", "false", "--flood-rate", "0", "--flood-burst", "7",
		"--mss-clamp", "never", "--log-level", "debug")
	want := Config{
		Database: "tcp:192.0.2.10:6640", Switch: "s",
		Local: forwarding.Local{
			Fabric: addr("10.0.0.1"), WAN: addr("10.0.0.1"), Fabric6: addr("2001:db8::1"), WAN6: addr("2001:db8::1"),
		},
		Peers: []netip.Addr{addr("10.0.0.2")}, PeerPort: 1234, VXLANPort: 8472, GenevePort: 6082,
		Interfaces: []string{"a", "b"}, XDP: map[string]datapath.XDPMode{"a": datapath.XDPGeneric, "b": datapath.XDPNative},
		Ports: map[string]string{"p": "p", "q": "eth1"}, BPFFS: "/b", Socket: "/s",
		Guard: forwarding.Guard{Limit: forwarding.Limit{Burst: 7}}, Clamp: ClampNever, LogLevel: slog.LevelDebug,
		MACLimit: 7, Sizes: datapath.Sizes{FDB: 4096, Tunnels: 99},
	}
	if diff := cmp.Diff(want, got, equalAddrs); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestFlagsStandInPlaceOfTheFile(t *testing.T) {
	const text = "switch: s\nfabric_addresses: [10.0.0.1]\ninterfaces: [a, b]\nageing: 10s\nlog_level: warn\n"
	got, err := configOf(t, text, "--interface", "c", "--ageing", "300s")
	if err != nil || !reflect.DeepEqual(got.Interfaces, []string{"c"}) || got.Ageing != 300*time.Second ||
		got.LogLevel != slog.LevelWarn || got.Switch != "s" || got.Database != "unix:/var/run/openvswitch/db.sock" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBadConfiguration(t *testing.T) {
	good := "switch: s\nfabric_addresses: [10.0.0.1]\ninterfaces: [a]\n"
	for _, c := range []struct {
		name, text string
		args       []string
		want       string
	}{
		{"nothing", "", nil, "switch is not set"},
		{"no address", "switch: s\n", nil, "fabric-address is not set"},
		{"no interface", "switch: s\nfabric_addresses: [10.0.0.1]\n", nil, "interface is not set"},
		{"empty interfaces", "switch: s\nfabric_addresses: [10.0.0.1]\ninterfaces: []\n", nil, "interface is not set"},
		{"unknown key", good + "swich: s\n", nil, `c.yaml:4: unknown field "swich"`},
		{"wrong shape", good + "ports: {a: b}\n", nil, "c.yaml:4: "},
		{"bad address in the file", "fabric_addresses: [x]\n", nil, `c.yaml:1: fabric_addresses[0]: "x": is not an IP address`},
		{"bad address in a flag", good, []string{"--wan-address", "::ffff:192.0.2.1"}, `--wan-address: "::ffff:192.0.2.1": is not an IP address`},
		{"link-local", good, []string{"--wan-address", "fe80::1"}, "is not an address that other hosts can send to"},
		{"two of a family", good, []string{"--wan-address", "192.0.2.1", "--wan-address", "2001:db8::1", "--wan-address", "192.0.2.2"}, `"192.0.2.2": is a second one beside 192.0.2.1`},
		{"UDP port", good + "geneve_port: 0\n", nil, "is not a UDP port"},
		{"UDP port too large", good, []string{"--vxlan-port", "65536"}, "is not a UDP port"},
		{"peer", good, []string{"--peer", "ff02::1"}, "is not an address that other hosts can send to"},
		{"peer twice", good, []string{"--peer", "10.0.0.2", "--peer", "10.0.0.2"}, "is given twice"},
		{"peer is itself", good, []string{"--fabric-address", "10.0.0.9", "--peer", "10.0.0.9"}, "own fabric address"},
		{"peer of another family", good, []string{"--fabric-address", "10.0.0.9", "--peer", "2001:db8::9"}, "another family"},
		{"peer port of tunnels", good, []string{"--fabric-address", "10.0.0.9", "--peer", "10.0.0.2", "--peer-port", "4789"}, "peer-port is 4789, which tunnels use"},
		{"one port for two", good, []string{"--vxlan-port", "6081"}, "both 6081"},
		{"GRO", good + "gro: perhaps\n", nil, "is not true or false"},
		{"loopback", good, []string{"--wan-address", "127.0.0.1"}, "is not an address that other hosts can send to"},
		{"multicast", good, []string{"--wan-address", "224.0.0.1"}, "is not an address that other hosts can send to"},
		{"broadcast", good, []string{"--wan-address", "255.255.255.255"}, "is not an address that other hosts can send to"},
		{"interface name too long", "interfaces: [ok, abcdefghijklmnop]\n", nil, `c.yaml:1: interfaces[1]: "abcdefghijklmnop": is not an interface name`},
		{"interface with a slash", good, []string{"--interface", "a/b"}, "is not an interface name"},
		{"interface twice", good, []string{"--interface", "a", "--interface", "a"}, `--interface: "a": is given twice`},
		{"XDP elsewhere", good + "xdp: [b]\n", nil, `xdp: "b": is none of the interfaces`},
		{"XDP in another mode", good + "xdp: ['a:fast']\n", nil, `xdp[0]: "a:fast": is not an interface name, alone or with :native or :generic`},
		{"XDP without an interface", good, []string{"--xdp", ":generic"}, "is not an interface name"},
		{"XDP twice", good, []string{"--xdp", "a", "--xdp", "a:generic"}, `--xdp: "a:generic": is given twice`},
		{"port twice", good + "ports: [p, p]\n", nil, `ports[1]: "p": names port "p" a second time`},
		{"port interface twice", good + "ports: [p, q=p]\n", nil, `ports[1]: "q=p": is interface p, which is port "p" already`},
		{"port without interface", good + "ports: [p=]\n", nil, "is not an interface name"},
		{"port of the underlay", good + "ports: [p=a]\n", nil, `port "p" is interface a, which is one of the underlay`},
		{"empty port", good + "ports: ['']\n", nil, "is not a name"},
		{"empty switch", good, []string{"--switch", ""}, "is not a name"},
		{"switch with a line break", good, []string{"--switch", "a\nb"}, "is not a name"},
		{"relative directory", good + "bpffs: x\n", nil, "is not an absolute path"},
		{"relative socket", good + "socket: x\n", nil, "is not an absolute path"},
		{"ageing without unit", good + "ageing: 300\n", nil, "is not a duration"},
		{"ageing too short", good + "ageing: 5ms\n", nil, "is not a duration of at least 1s"},
		{"negative ageing", good + "ageing: -5s\n", nil, "is not a duration"},
		{"suppress", good + "suppress: perhaps\n", nil, `suppress: "perhaps": is not true or false`},
		{"flood rate", good + "flood_rate: -1\n", nil, "is not a number from 0 to 4294967295"},
		{"flood burst", good + "flood_burst: many\n", nil, "is not a number from 0 to 4294967295"},
		{"clamp", good + "mss_clamp: often\n", nil, `mss_clamp: "often": is not auto, always or never`},
		{"level", good + "log_level: loud\n", nil, "is not debug, info, warn or error"},
		{"database", good + "database: x\n", nil, "c.yaml:4: database"},
		{"ssl without CA", good + "database: ssl:192.0.2.1:6640\n", nil, "tls-ca is not set"},
		{"certificate without key", good + "database: ssl:192.0.2.1:6640\ntls_ca: /a\ntls_certificate: /c\n", nil, "belong together"},
		{"TLS without ssl", good + "tls_ca: /a\n", nil, "write ssl:HOST:PORT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := configOf(t, c.text, c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q (%+v)", err, c.want, got)
			}
		})
	}
	if _, err := configOf(t, "", "--config", "/does/not/exist"); err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("a file that is not there: %v", err)
	}
}
