package architecture

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "landbridge/"

type pkg struct {
	ImportPath string
	Imports    []string // of the package itself; its tests are free
}

func TestImportsFollowThePicture(t *testing.T) {
	for _, p := range list(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		r, ok := ruleFor(path)
		if !ok {
			t.Errorf("%s has no rule: say in test/architecture/rules_test.go and docs/design where it belongs", path)
			continue
		}
		for _, imported := range p.Imports {
			if why := forbidden(path, r, imported); why != "" {
				t.Errorf("%s must not import %s: %s", path, imported, why)
			}
		}
	}
}

func TestEveryRuleNamesAPackage(t *testing.T) {
	pkgs := list(t)
	for name := range rules {
		if !slices.ContainsFunc(pkgs, func(p pkg) bool {
			return matches(name, strings.TrimPrefix(p.ImportPath, module))
		}) {
			t.Errorf("the rule of %s has no package: delete it", name)
		}
	}
}

func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		path, imported string
		want           bool
	}{
		{"internal/hwvtep", "landbridge/internal/ethernet", false},
		{"internal/hwvtep", "landbridge/internal/ovsdb", true},
		{"internal/hwvtep", "log/slog", true},
		{"internal/hwvtep", "net/netip", false},
		{"internal/agent", "github.com/rabbitmq/amqp091-go", true},
		{"internal/oslomsg", "github.com/rabbitmq/amqp091-go", false},
		{"internal/ovsdb/wire", "landbridge/internal/hwvtep", true},
		{"internal/server", "landbridge/internal/server/store", false},
		{"internal/server/store", "landbridge/internal/server", true},
		{"internal/server", "github.com/spf13/cobra", true},
		{"internal/cli", "github.com/spf13/cobra", false},
		{"internal/vtep", "landbridge/internal/rpc", true},
	} {
		r, _ := ruleFor(c.path)
		if why := forbidden(c.path, r, c.imported); (why != "") != c.want {
			t.Errorf("%s importing %s: %q, want it forbidden: %v", c.path, c.imported, why, c.want)
		}
	}
}

// forbidden tells why a package may not import another, "" where it may.
func forbidden(path string, r rule, imported string) string {
	for library, at := range homes {
		home := slices.ContainsFunc(at, func(p string) bool { return within(p, path) })
		if within(library, imported) && !home && !within("internal/lab", path) {
			return "only " + strings.Join(at, ", ") + " does"
		}
	}
	ours, isOurs := strings.CutPrefix(imported, module)
	switch {
	case isOurs && !within(path, ours) && !slices.ContainsFunc(r.ours, func(p string) bool { return matches(p, ours) }):
		return "the data flows another way, see docs/design"
	case r.pure && slices.ContainsFunc(impure, func(p string) bool { return matches(p, imported) }):
		return "the package is pure"
	}
	return ""
}

// ruleFor finds the rule with the longest name that covers path.
func ruleFor(path string) (rule, bool) {
	best := ""
	for name := range rules {
		if matches(name, path) && len(name) > len(best) {
			best = name
		}
	}
	return rules[best], best != ""
}

func matches(pattern, path string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(folder, path)
	}
	return pattern == path
}

func within(folder, path string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "landbridge/internal/...", "landbridge/cmd/...", "landbridge/bench/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}
