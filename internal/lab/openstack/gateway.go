package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep"
)

const (
	// WANLink is a gateway's, to the WAN.
	WANLink = "wan0"
	// gatewayByte ends the addresses of a cloud's gateway inside the cloud.
	gatewayByte = 20
	// GatewayName is the gateway's node, and its switch.
	GatewayName = "border"
	// landbridgeAPI is where its server listens, inside its namespace.
	landbridgeAPI = "127.0.0.1:9696"
	// LandbridgeURL is where clients on the gateway node find it.
	LandbridgeURL = "http://" + landbridgeAPI
)

// Gateway is a gateway node of Landbridge in a cloud, with a database of
// hardware_vtep, landbridge-vtepd and landbridge-server.
type Gateway struct {
	Namespace *netns.Namespace
	Tunnel    netip.Addr // on the cloud's underlay
	WAN       netip.Addr
	OVSDB     *testenv.OVSDB
	VTEPD     *testenv.Program
	Server    *testenv.Program
	// API is the administrator's way to its server.
	API *rest.Client

	cloud *Cloud
	vtepd *http.Client
}

// AddGateway starts the cloud's gateway, which ends with its test, and returns
// when its programs serve. It takes Landbridge's programs from
// testenv.Programs.
func (c *Cloud) AddGateway(t *testing.T, wan *WAN, port string, at netip.Prefix) *Gateway {
	t.Helper()
	g := &Gateway{Tunnel: tunnelAddress(gatewayByte), WAN: at.Addr(), cloud: c}
	g.Namespace = c.node(t, GatewayName, gatewayByte)
	must(t, errors.Join(
		g.Namespace.AddAddr(UnderlayLink, netip.PrefixFrom(g.Tunnel, 24)),
		wan.Join(g.Namespace, WANLink, port, at),
		os.Mkdir(g.file(""), 0o700),
	))
	g.OVSDB = testenv.StartOVSDB(t)
	g.runVTEPD(t)
	g.runServer(t)
	return g
}

func (g *Gateway) runVTEPD(t *testing.T) {
	t.Helper()
	g.vtepd = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", g.file("vtepd.sock"))
		},
	}}
	g.VTEPD = g.program("landbridge-vtepd", func() error {
		_, err := g.State(context.Background())
		return err
	}, "--database", g.OVSDB.Unix, "--switch", GatewayName, "--fabric-address", g.Tunnel.String(), "--wan-address", g.WAN.String(),
		"--interface", UnderlayLink, "--interface", WANLink, "--bpffs", testenv.BPFFS(t), "--socket", g.file("vtepd.sock"))
	g.VTEPD.Run(t)
}

func (g *Gateway) runServer(t *testing.T) {
	t.Helper()
	g.API = rest.New(LandbridgeURL, g.Namespace.DialContext)
	config := map[string]any{
		"listen": landbridgeAPI, "database": "sqlite:" + g.file("landbridge.db"), "switches": []string{g.OVSDB.Unix}, "log_level": "debug",
		"cloud": map[string]any{"driver": "neutron", "endpoint": NeutronURL, "transport_url": g.cloud.RabbitMQ.URL("")},
	}
	if k := g.cloud.Keystone; k != nil {
		user := k.AddUser(t, "gateway", ServiceProject, "admin")
		config["auth"] = map[string]any{"strategy": "keystone"}
		config["keystone"] = map[string]any{"url": KeystoneURL, "username": user.Name, "password": user.Password, "project": user.Project}
		g.API = g.API.As(k.Token(t, administrator))
	}
	text, err := yaml.Marshal(config)
	must(t, errors.Join(err, os.WriteFile(g.file("server.yaml"), text, 0o600)))
	g.Server = g.program("landbridge-server", func() error { return g.API.Ready(context.Background()) }, "--config", g.file("server.yaml"))
	g.Server.Run(t)
}

// Forget deletes the database of the server, which does not run.
func (g *Gateway) Forget(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(g.file("landbridge.db*"))
	must(t, err)
	for _, f := range files {
		must(t, os.Remove(f))
	}
}

// program is one of Landbridge's programs on the gateway.
func (g *Gateway) program(name string, ready func() error, args ...string) *testenv.Program {
	p := g.cloud.program(name, nil, append([]string{filepath.Join(testenv.Programs(), name)}, args...), ready)
	p.Namespace = g.Namespace
	return p
}

// State is what the gateway's datapath holds.
func (g *Gateway) State(ctx context.Context) (s vtep.State, err error) {
	body, err := g.ask(ctx, "/state")
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	return s, err
}

// ask asks vtepd for a document.
func (g *Gateway) ask(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://vtepd"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := g.vtepd.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("vtepd: GET %s: %s: %s", path, response.Status, body)
	}
	return body, err
}

func (g *Gateway) file(name string) string { return filepath.Join(g.cloud.Dir, GatewayName, name) }
