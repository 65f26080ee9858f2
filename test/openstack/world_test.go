//go:build openstack

package openstack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"landbridge/internal/lab/logfile"
	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/testenv"
)

const (
	// serverAddress is Neutron's own, in the cloud's namespace.
	serverAddress = "127.0.0.1:9696"
	serverURL     = "http://" + serverAddress
	serverWithin  = 20 * time.Second
)

// world is a cloud with one network, and the people who use it. What tests make
// in it has names of their own.
type world struct {
	*openstack.Cloud
	blue           string // the id of a network of Neutron
	tenant, others string // ids of the projects of member and reader, and of stranger
	admin, service openstack.User
	member, reader openstack.User
	stranger       openstack.User // a member of another project
}

// TestOpenStack shares one cloud: it takes half a minute to start.
func TestOpenStack(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"gateways without Keystone", testGateways},
		{"connections without Keystone", testConnections},
		{"one URL for all", testProxy},
		{"gophercloud", testGophercloud},
		{"landbridge", testOwnClient},
		{"answers as Neutron's", testAsNeutron},
		{"roles", testRoles},
		{"policy", testPolicy},
		{"tokens", testTokens},
		{"Keystone away", testKeystoneAway},
		{"our own login", testOwnLogin},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, w) })
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cloud: openstack.Start(t, openstack.Options{Keystone: true})}
	k := w.Keystone
	k.SetEndpoint(t, "network", serverURL)
	w.admin = k.Administrator()
	w.tenant, w.others = k.AddProject(t, "tenant"), k.AddProject(t, "others")
	w.service = k.AddUser(t, "landbridge", openstack.ServiceProject, "service")
	w.member = k.AddUser(t, "member", "tenant", "member")
	w.reader = k.AddUser(t, "reader", "tenant", "reader")
	w.stranger = k.AddUser(t, "stranger", "others", "member")
	w.blue = w.network(t, w.member, "blue")
	return w
}

// server is a landbridge-server in the cloud. It has a database of its own and
// ends with its test.
type server struct {
	*testenv.Program
	dir string
}

// serve starts a server. There is one at a time.
func (w *world) serve(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{dir: t.TempDir()}
	s.write(t, "cloud.yaml", fmt.Sprintf("networks:\n  - {id: %s, name: blue, project_id: %s, segmentation_id: 123}\n", w.blue, w.tenant))
	args = append([]string{
		"--listen", serverAddress, "--metrics-listen", "none", "--database", "sqlite:" + s.file("landbridge.db"), "--cloud-file", s.file("cloud.yaml"),
	}, args...)
	s.Program = &testenv.Program{
		Name: "landbridge-server", Log: s.file("log"), Namespace: w.Namespace, Within: serverWithin,
		Command: func() *exec.Cmd { return exec.Command(program("landbridge-server"), args...) },
		Ready:   func() error { return w.Answers(serverURL) },
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", logfile.Tail(s.Log))
		}
	})
	s.Run(t)
	return s
}

// serveKeystone starts a server that asks for tokens and stands in front of
// Neutron.
func (w *world) serveKeystone(t *testing.T, args ...string) *server {
	t.Helper()
	w.writePassword(t)
	return w.serve(t, append([]string{
		"--auth-strategy", "keystone", "--keystone-url", openstack.KeystoneURL, "--keystone-password-file", w.passwordFile(),
		"--neutron-url", openstack.NeutronURL,
	}, args...)...)
}

func (w *world) passwordFile() string { return filepath.Join(w.Dir, "landbridge-password") }

// writePassword tells the server the password of its user.
func (w *world) writePassword(t *testing.T) {
	t.Helper()
	must(t, os.WriteFile(w.passwordFile(), []byte(w.service.Password), 0o600))
}

func (s *server) file(name string) string { return filepath.Join(s.dir, name) }

// write replaces a file of the server, whole.
func (s *server) write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(s.file("next"), []byte(text), 0o600))
	must(t, os.Rename(s.file("next"), s.file(name)))
}

func program(name string) string { return filepath.Join(testenv.Programs(), name) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
