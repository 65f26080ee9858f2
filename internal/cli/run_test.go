package cli_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/cli"
)

// run carries out one command line in this process.
func run(ctx context.Context, url string, args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = cli.Run(ctx, args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &err}, func(name string) string {
		return map[string]string{"OS_ENDPOINT": url, "HOME": "/nowhere"}[name]
	})
	return code, out.String(), err.String()
}

// TestExitCodes checks that what is wrong with a command line is told before
// anything is sent, in one line, with exit code 2; all else with 1.
func TestExitCodes(t *testing.T) {
	w := newWorld(t)
	asked := 0
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer silent.Close()
	for _, c := range []struct {
		line string
		want string
	}{
		{"gatway", `there is no command "gatway"; is it gateway?; see landbridge --help`},
		{"yacht list", `there is no command "yacht"; see landbridge --help`},
		{"gateway", "what to do with gateways is missing; see landbridge gateway --help"},
		{"gateway lst", `there is no command "lst"; is it list?; see landbridge gateway --help`},
		{"gateway list x", `"x" is one argument too many; see landbridge gateway list --help`},
		{"gateway list --nam x", "unknown flag: --nam; see landbridge gateway list --help"},
		{"gateway list --limit x", `invalid argument "x" for "--limit" flag`},
		{"gateway list --limit -1", "--limit -1 is negative"},
		{"gateway list -f xml", `the format "xml" is unknown: there are table, json, yaml, csv, value;`},
		{"gateway list -c Nam", `there is no column "Nam": there are ID, Name, Devices, Project ID;`},
		{"gateway list --sort-column Nam", `there is no column "Nam"`},
		{"gateway list --sort-ascending --sort-descending", "--sort-ascending and --sort-descending exclude each other"},
		{"gateway list --quote some", `--quote "some" is unknown`},
		{"connection list --gateway=", "--gateway is empty"},
		{"gateway create", "<NAME> is missing; see landbridge gateway create --help"},
		{"gateway create gw", "--device is missing"},
		{"gateway create gw --device sw", `device "sw": "sw" is not key=value`},
		{"gateway create gw --device name=a --device name=a", `the device "a" is there twice: give all its interfaces at once`},
		{"gateway create gw --device name=a -f xml", `the format "xml" is unknown: there are table, json, yaml, csv, value, shell;`},
		{"gateway update gw", "there is nothing to change"},
		{"gateway show", "<GATEWAY> is missing"},
		{"gateway delete", "<GATEWAY>... is missing"},
		{"connection create gw", "<NETWORK> is missing"},
		{"connection create gw net --seg-id 4095", `seg-id: "4095" is not a number within 0–4094`},
		{"connection create gw net --timeout 5s", "--timeout is for --wait; --http-timeout is for single requests"},
		{"connection create gw net --wait --timeout 0s", "--timeout 0s is not positive"},
		{"remote-gateway create far", "<IP> is missing"},
		{"remote-gateway create far here", `<IP>: "here" is not an IPv4 or IPv6 address`},
		{"remote-gateway update far --ipaddr 1.2.3", `ipaddr: "1.2.3" is not an IPv4 or IPv6 address`},
		{"remote-gateway-connection create gw net", "<REMOTE-GATEWAY> is missing"},
		{"remote-gateway-connection create gw net far --seg-id 0", `seg-id: "0" is not a number within 1–16777215`},
		{"remote-gateway-connection create gw net far --seg-id 16777216", `seg-id: "16777216" is not a number within`},
		{"remote-gateway-connection create gw net far --flood maybe", `flood: "maybe" is neither True nor False`},
		{"remote-mac create fa:16:3e:00:00:01", "<RGW-CONNECTION> is missing"},
		{"remote-mac create fa:16:3e:00:00 conn", `"fa:16:3e:00:00" is not a MAC address such as fa:16:3e:00:00:01`},
		{"remote-mac create --from hosts", "<RGW-CONNECTION> is missing"},
		{"remote-mac create --from hosts mac conn", `"conn" is one argument too many`},
		{"l2-gateway-create", "<NAME> is missing; see landbridge l2-gateway-create --help"},
		{"quota", "what to do with quotas is missing; see landbridge quota --help"},
		{"quota show a b", `"b" is one argument too many; see landbridge quota show --help`},
		{"quota show --usage --default", "--default and --usage exclude each other"},
		{"quota show --usage -f shell", `the format "shell" is unknown: there are table, json, yaml, csv, value;`},
		{"quota show --usage -c Limits", `there is no column "Limits": there are Resource, Limit, Used, Reserved;`},
		{"quota set", "<PROJECT-ID> is missing"},
		{"quota set p", "there is no limit to set"},
		{"quota set p --check-limit", "there is no limit to set"},
		{"quota set p --gateway -2", `gateway: "-2" is not a number within -1–2147483647`},
		{"quota set p --remote-mac many", `remote-mac: "many" is not a number within`},
		{"quota delete", "<PROJECT-ID>... is missing"},
		{"quota list p", `"p" is one argument too many`},
		{"quota list -c Network", `there is no column "Network": there are Project ID, Gateway, Connection, Remote Gateway,`},
	} {
		code, stdout, stderr := run(t.Context(), silent.URL, strings.Fields(c.line)...)
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "landbridge: "+c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s gave %d, %q\n%swanted 2, %s", c.line, code, stdout, stderr, c.want)
		}
	}
	if asked > 0 {
		t.Errorf("%d requests were sent", asked)
	}
	for line, want := range map[string]string{
		"gateway show nobody":                               `no gateway is called "nobody"`,
		"gateway show 00000000-0000-4000-8000-00000000ffff": "(404)",
		"gateway list --marker x":                           "",
		"--endpoint here gateway list":                      `the endpoint "here" is not a URL`,
		"remote-gateway create far 0.0.0.0":                 "(400)",
		"remote-mac create --from /nowhere conn":            "/nowhere: no such file or directory; nothing was sent",
	} {
		code, stdout, stderr := run(t.Context(), w.URL, strings.Fields(line)...)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "landbridge: ") || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s gave %d, %q\n%swanted 1, %s", line, code, stdout, stderr, want)
		}
	}
	if code, stdout, stderr := run(t.Context(), w.URL); code != 0 || stderr != "" || !strings.Contains(stdout, "Commands:") {
		t.Errorf("nothing gave %d %s %s", code, stdout, stderr)
	}
}

// TestManyMACs loads more than one request holds into the real API.
func TestManyMACs(t *testing.T) {
	w := newWorld(t)
	for _, line := range []string{
		"gateway create border --device name=sw1",
		"connection create border blue",
		"remote-gateway create far 192.0.2.1",
		"remote-gateway-connection create border blue far",
	} {
		if code, _, stderr := run(t.Context(), w.URL, strings.Fields(line)...); code != 0 {
			t.Fatal(line, stderr)
		}
	}
	var lines strings.Builder
	for i := range 4500 {
		fmt.Fprintf(&lines, "02:00:00:00:%02x:%02x;2001:db8::%x\n", i>>8, i&255, i+1)
	}
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	before := w.posts()
	code, stdout, stderr := run(t.Context(), w.URL, "remote-mac", "create", "--from", file, "border/blue/far")
	if code != 0 || stdout != "4500 remote MACs have been created\n" || stderr != "" || w.posts()-before != 3 {
		t.Errorf("gave %d, %q, %q by %d requests, wanted 3", code, stdout, stderr, w.posts()-before)
	}
	_, stdout, _ = run(t.Context(), w.URL, "remote-mac", "list", "-f", "value", "-c", "MAC", "-c", "IP Address")
	if got := strings.Count(stdout, "\n"); got != 4500 || !strings.Contains(stdout, "02:00:00:00:11:93 2001:db8::1194\n") {
		t.Errorf("the list has %d lines", got)
	}
}

func TestInterruption(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel(errors.New("somebody pressed a key"))
		<-r.Context().Done()
	}))
	defer server.Close()
	if code, _, stderr := run(ctx, server.URL, "gateway", "list"); code != 1 || stderr != "landbridge: interrupted\n" {
		t.Errorf("gave %d %q", code, stderr)
	}
}
