//go:build openstack

package openstack

import (
	"os"
	"strings"
	"testing"

	"landbridge/internal/lab/openstack"
)

// testDocumentation runs the commands of docs/openstack.md, to the letter but
// for what is another here: names that are taken, addresses, and a password
// that somebody would have to type. These clouds have no security groups.
func testDocumentation(t *testing.T, w *clouds) {
	text, err := os.ReadFile("../../docs/openstack.md")
	must(t, err)
	page := string(text)
	w.a.runs(t, section(t, page, "## 1. Keystone and Neutron"))
	networks, stretch, _ := strings.Cut(section(t, page, "## 4. Stretch a network"), "landbridge gateway")
	inA, inB, _ := strings.Cut(networks, "# cloud B")
	for s, commands := range map[*site]string{w.a: inA, w.b: inB} {
		s.runs(t, commands)
	}
	for _, s := range []*site{w.a, w.b} {
		s.runs(t, "landbridge gateway"+stretch)
	}
	docs := map[*site]*openstack.Network{}
	var vms []*openstack.VM
	for _, s := range []*site{w.a, w.b} {
		docs[s] = s.NetworkNamed(t, "docs")
		vms = append(vms, s.Boot(t, "docs-"+s.name, s.computes[0], docs[s]))
	}
	w.reaches(t, reachedWithin, vms[0], vms[1])
	w.a.runs(t, section(t, page, "## MTU"))
	for i, s := range []*site{w.a, w.b} {
		vms[i].Delete(t)
		for _, line := range []string{
			"landbridge remote-gateway-connection delete documented/docs/other", "landbridge connection delete documented/docs",
			"landbridge remote-gateway delete other", "landbridge gateway delete documented",
		} {
			s.command(t, strings.Fields(line))
		}
		s.DeleteNetwork(t, docs[s])
	}
}

// section gives the indented blocks of a section of a page, joined.
func section(t *testing.T, page, title string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, title+"\n")
	if !found {
		t.Fatalf("the page has no section %q", title)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	var out []string
	for line := range strings.Lines(rest) {
		if command, indented := strings.CutPrefix(line, "    "); indented {
			out = append(out, strings.TrimSuffix(command, "\n"))
		}
	}
	if len(out) == 0 {
		t.Fatalf("section %q has no commands", title)
	}
	return strings.ReplaceAll(strings.Join(out, "\n"), "\\\n", " ")
}

// runs runs commands, one in each line.
func (s *site) runs(t *testing.T, commands string) {
	t.Helper()
	here := strings.NewReplacer(
		"name=gw-a", "name="+openstack.GatewayName, "203.0.113.2", s.remote.border.WAN.String(), "--password-prompt", "--password secret",
		"456", "4560", "blue4", "docs4", "blue", "docs", "border", "documented", "cloud-b", "other",
	)
	ran := 0
	for line := range strings.Lines(commands) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s.command(t, strings.Fields(here.Replace(line)))
		ran++
	}
	if ran == 0 {
		t.Fatalf("no command in %q", commands)
	}
}

// command runs a command of OpenStack's client, or of ours.
func (s *site) command(t *testing.T, words []string) {
	t.Helper()
	var environment []string
	if s.Keystone != nil {
		environment = s.Keystone.Administrator().Environment()
	}
	switch {
	case words[0] == "landbridge": // the page has it as the network service of the catalogue
		environment = append(environment, "OS_ENDPOINT="+openstack.LandbridgeURL)
		s.border.Client(environment, program("landbridge")).Run(t, words[1:]...)
	case s.Keystone != nil:
		s.OpenStack(environment).Run(t, words[1:]...)
	default:
		s.Client(nil, "openstack", "--os-auth-type", "none", "--os-endpoint", openstack.NeutronURL).Run(t, words[1:]...)
	}
}
