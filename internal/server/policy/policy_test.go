package policy

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/server/identity"
)

func admin() identity.Identity { return identity.Identity{ProjectID: "p", Roles: []string{"admin"}} }

func member(roles ...string) identity.Identity {
	return identity.Identity{UserID: "u", ProjectID: "p", Roles: append(roles, "member")}
}

// load writes a policy file and loads it.
func load(t *testing.T, text string) (*Policy, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file)
}

func TestDefaults(t *testing.T) {
	p := Default()
	for _, r := range Defaults()[3:] {
		if strings.HasSuffix(r.Name, "_quota") || r.Name == "get_network" {
			continue
		}
		for name, c := range map[string]struct {
			who     identity.Identity
			reaches bool
		}{
			"an administrator":            {admin(), true},
			"one of the whole deployment": {identity.Identity{System: true, Roles: []string{"Admin"}}, true},
			"a service":                   {identity.Identity{Roles: []string{"reader", "service"}}, true},
			"a member":                    {member("reader"), false},
			"somebody without roles":      {identity.Identity{ProjectID: "p"}, false},
			"nobody":                      {identity.Identity{}, false},
		} {
			if own, every := p.Reach(c.who, r.Name); own != c.reaches || every != c.reaches {
				t.Errorf("%s: %s reaches own %v, every %v", r.Name, name, own, every)
			}
		}
	}
	if own, every := p.Reach(admin(), "fly"); own || every {
		t.Error("an action without a rule is allowed")
	}
}

// TestDefaultsOfWhatMembersSee: as in Neutron, members see their networks, and
// what they may own, which administrators alone change.
func TestDefaultsOfWhatMembersSee(t *testing.T) {
	p := Default()
	service := identity.Identity{ProjectID: "p", Roles: []string{"service"}}
	for action, want := range map[string][3][2]bool{ // of an administrator, a service, a member
		"get_network":  {{true, true}, {true, true}, {true, false}},
		"get_quota":    {{true, true}, {true, true}, {true, false}},
		"update_quota": {{true, true}, {}, {}},
		"delete_quota": {{true, true}, {}, {}},
	} {
		for i, who := range []identity.Identity{admin(), service, member("reader")} {
			if own, every := p.Reach(who, action); [2]bool{own, every} != want[i] {
				t.Errorf("%s of %v: own %v, every %v", action, who.Roles, own, every)
			}
		}
	}
}

func TestRules(t *testing.T) {
	own, every, nothing := [2]bool{true, false}, [2]bool{true, true}, [2]bool{}
	for _, c := range []struct {
		rule string
		who  identity.Identity
		want [2]bool
	}{
		{"", member(), every},
		{"@", member(), every},
		{"!", admin(), nothing},
		{"role:MEMBER", member(), every},
		{"role:reader", member(), nothing},
		{"rule:owner", member(), own},
		{"rule:owner", identity.Identity{Roles: []string{"member"}}, nothing},
		{"tenant_id:%(project_id)s", member(), own},
		{"project_id:%(tenant_id)s and role:member", member(), own},
		{"project_id:%(project_id)s and role:reader", member(), nothing},
		{"rule:owner or rule:context_is_admin", admin(), every},
		{"rule:owner or rule:context_is_admin", member(), own},
		{"(rule:owner)", member(), own},
		{"((role:x or (project_id:%(project_id)s)) and role:member)", member(), own},
		{"role:x and role:y or role:member", member(), every},
		{"role:member or role:x and role:y", member(), every},
		{"(role:member or role:x) and role:y", member(), nothing},
		{"not role:member", member(), nothing},
		{"NOT role:x AND NOT not role:member", member(), every},
		{"not (role:x or role:y) and rule:owner", member(), own},
		{"user_id:u", member(), every},
		{"user_id:v", member(), nothing},
		{"project_id:p", member(), every},
		{"tenant_id:q", member(), nothing},
		{"system_scope:all", member(), nothing},
		{"system_scope:all", identity.Identity{System: true}, every},
		{"domain_id:d", identity.Identity{DomainID: "d"}, every},
		{"user_domain_id:d and project_domain_id:e", identity.Identity{UserDomainID: "d", ProjectDomainID: "e"}, every},
	} {
		p, err := load(t, `"get_l2_gateway": "`+c.rule+`"`)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		if o, e := p.Reach(c.who, "get_l2_gateway"); [2]bool{o, e} != c.want {
			t.Errorf("%s: %+v reaches own %v, every %v, wanted %v", c.rule, c.who, o, e, c.want)
		}
	}
}

func TestAFileReplacesRules(t *testing.T) {
	p, err := load(t, `
# Members look at what is theirs; network engineers do all.
"engineer": "role:network_engineer"
"admin_or_service": "rule:context_is_admin or role:service or rule:engineer"
get_l2_gateway: "rule:admin_or_service or (role:reader and rule:owner)"
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		role, action string
		own, every   bool
	}{
		{"network_engineer", "delete_l2_remote_mac", true, true},
		{"reader", "get_l2_gateway", true, false},
		{"reader", "update_l2_gateway", false, false},
		{"admin", "get_l2_gateway", true, true},
	} {
		if own, every := p.Reach(identity.Identity{ProjectID: "p", Roles: []string{c.role}}, c.action); own != c.own || every != c.every {
			t.Errorf("%s of %s: own %v, every %v", c.action, c.role, own, every)
		}
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	again, err := load(t, out.String())
	if err != nil {
		t.Fatal(err)
	}
	var twice bytes.Buffer
	if err := again.Write(&twice); err != nil || twice.String() != out.String() {
		t.Errorf("%v: wrote\n%s\nthen\n%s", err, &out, &twice)
	}
}

func TestTheExample(t *testing.T) {
	p, err := Load("../../../docs/examples/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string][2]bool{
		"create_l2_gateway": {}, "get_l2_gateway": {true, true}, "stretch_network": {true, false},
		"create_l2_remote_gateway_connection": {true, false}, "get_l2_remote_mac": {},
	} {
		if own, every := p.Reach(member(), action); [2]bool{own, every} != want {
			t.Errorf("%s: own %v, every %v", action, own, every)
		}
	}
	if own, every := p.Reach(identity.Identity{Roles: []string{"network_engineer"}}, "delete_l2_gateway"); !own || !every {
		t.Error("an engineer is no administrator")
	}
}

func TestBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		`get_l2_gateway: "role"`:                                       `policy.yaml:1: get_l2_gateway: "role": "role" is no check; write KIND:VALUE`,
		"\n" + `get_l2_gateway: "role:"`:                               `policy.yaml:2: get_l2_gateway`,
		`get_l2_gateway: "roles:a"`:                                    `"roles" is no kind of check; there are domain_id, project_domain_id, project_id, role, rule,`,
		`get_l2_gateway: "role:a role:b"`:                              `"role:b" is not expected; write and, or, or nothing`,
		`get_l2_gateway: "role:a and"`:                                 `it ends where a check should stand`,
		`get_l2_gateway: "(role:a"`:                                    `a parenthesis is not closed`,
		`get_l2_gateway: "role:a)"`:                                    `")" is not expected`,
		`get_l2_gateway: "not"`:                                        `it ends where a check`,
		`get_l2_gateway: "rule:nobody"`:                                `there is no rule "nobody"`,
		`get_l2_gateway: "user_id:%(user_id)s"`:                        `of an object only its project counts`,
		`get_l2_gateway: "role:%(name)s"`:                              `of an object only its project counts`,
		`get_l2_gateway: "project_id:%(project_id)"`:                   `of an object only its project counts`,
		`get_l2_gateway: "not rule:owner"`:                             `get_l2_gateway: "not rule:owner": not of whose an object is`,
		`owner: "role:x or not (role:y and project_id:%(tenant_id)s)"`: `not of whose an object is`,
		`get_l2_gatway: "@"`:                                           `policy.yaml:1: get_l2_gatway: "@": is no action`,
		"a: 'rule:b'\nb: 'rule:a'\nget_l2_gateway: 'rule:a'":           `policy.yaml:1: a: "rule:b": it refers to itself: a → b → a`,
		`owner: "rule:owner"`:                                          `owner → owner`,
		`get_l2_gateway: [["role:a"]]`:                                 `write one plain value`,
		"get_l2_gateway: '@'\nget_l2_gateway: '!'":                     `already defined`,
		`- a`: `policy.yaml:1`,
		`get_l2_gateway: "` + strings.Repeat("(", 1000) + `"`: `nested more than 100 deep`,
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: %v, wanted %q in one line", text, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there")
	}
	if _, err := load(t, ""); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

// FuzzParse: whatever a rule is, it is refused, or gives own where it gives
// every.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"role:a or not (rule:owner and @)", "project_id:%(project_id)s)", "((", "not not !", "a:b:c and or"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse(text)
		if err != nil {
			return
		}
		_ = walk(c, func(c check) error {
			if r, ok := c.(*reference); ok {
				r.to = owner{}
			}
			return nil
		})
		who := member()
		if c.passes(who, false) && !c.passes(who, true) && !strings.Contains(strings.ToLower(text), "not") {
			t.Errorf("%q passes for foreign objects, but not for own ones", text)
		}
	})
}
