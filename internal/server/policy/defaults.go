package policy

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Rule is a rule with what it is for.
type Rule struct {
	Name, Rule, About string
}

// Defaults gives the rules that count where no file has others, in the order in
// which they are shown.
func Defaults() []Rule { return append([]Rule(nil), defaults...) }

const byDefault = "rule:admin_or_service"

var defaults = append([]Rule{
	{"context_is_admin", "role:admin", "who is an administrator"},
	{"admin_or_service", "rule:context_is_admin or role:service", "administrators, and programs that act for them"},
	{"owner", "project_id:%(project_id)s", "whoever acts for the project that owns the object"},
	{"get_network", byDefault + " or rule:owner", "GET of networks, which the server shows where it stands in front of no Neutron"},
	{"stretch_network", byDefault, "connect a network of the cloud; the object is the network"},
}, actions()...)

// actions are the rules of each kind of object, and of quotas.
func actions() []Rule {
	var out []Rule
	for _, kind := range []struct {
		name    string
		changes bool
	}{
		{"l2_gateway", true},
		{"l2_gateway_connection", false},
		{"l2_remote_gateway", true},
		{"l2_remote_gateway_connection", false},
		{"l2_remote_mac", false},
	} {
		out = append(out,
			Rule{"create_" + kind.name, byDefault, "POST"},
			Rule{"get_" + kind.name, byDefault, "GET of one and of the list, and referring to one"})
		if kind.changes {
			out = append(out, Rule{"update_" + kind.name, byDefault, "PUT"})
		}
		out = append(out, Rule{"delete_" + kind.name, byDefault, "DELETE"})
	}
	return append(out,
		Rule{"get_agent", byDefault, "GET of agents of their own, one and the list"},
		Rule{"delete_agent", byDefault, "DELETE of one that is gone"},
		Rule{"get_quota", byDefault + " or rule:owner", "GET of a project's quota; of the list, where it reaches every project"},
		Rule{"update_quota", "rule:context_is_admin", "PUT of a project's quota"},
		Rule{"delete_quota", "rule:context_is_admin", "DELETE of a project's quota"})
}

// Write writes all rules as a file that Load takes.
func (p *Policy) Write(w io.Writer) error {
	for _, r := range p.all() {
		if _, err := fmt.Fprintf(w, "# %s\n%q: %q\n\n", r.About, r.Name, r.Rule); err != nil {
			return err
		}
	}
	return nil
}

// all gives the rules as they count, those that a file has added last.
func (p *Policy) all() []Rule {
	out := Defaults()
	left := maps.Clone(p.texts)
	for i, r := range out {
		out[i].Rule = left[r.Name]
		delete(left, r.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		out = append(out, Rule{name, left[name], "of the policy file"})
	}
	return out
}
