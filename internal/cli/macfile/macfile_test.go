package macfile_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/cli/macfile"
)

// text writes entries one by one.
func text(all []macfile.Entry) string {
	var out []string
	for _, e := range all {
		ip := ""
		if e.IP.IsValid() {
			ip = e.IP.String()
		}
		out = append(out, fmt.Sprintf("%d %s %s", e.Line, e.MAC, ip))
	}
	return strings.Join(out, "\n")
}

func TestParseEntry(t *testing.T) {
	for in, want := range map[string]string{
		"FA:16:3E:00:00:01":             "0 fa:16:3e:00:00:01 ",
		"fa16.3e00.0001;10.0.0.1":       "0 fa:16:3e:00:00:01 10.0.0.1",
		"fa-16-3e-00-00-01; 2001:db8::": "0 fa:16:3e:00:00:01 2001:db8::",
		"fa163e000001;":                 "0 fa:16:3e:00:00:01 ",
		"fa163e000001;::ffff:10.0.0.1":  "0 fa:16:3e:00:00:01 10.0.0.1",
	} {
		e, err := macfile.ParseEntry(in)
		if got := text([]macfile.Entry{e}); err != nil || got != want {
			t.Errorf("%s gave %q, %v; wanted %q", in, got, err, want)
		}
	}
	for in, part := range map[string]string{
		"":                             `"" is not a MAC address such as fa:16:3e:00:00:01`,
		"10.0.0.1":                     "is not a MAC address",
		"01:00:5e:00:00:01":            "is not the address of one host: it is multicast or zero",
		"00:00:00:00:00:00":            "multicast or zero",
		"fa163e000001;10.0.0":          `"10.0.0" is not an IPv4 or IPv6 address`,
		"fa163e000001;10.0.0.1;x":      "is not an IPv4",
		"fa163e000001;fe80::1%eth0":    "is not an IPv4",
		"fa163e000001;0.0.0.0":         "is not the address of one host",
		"fa163e000001;224.0.0.1":       "is not the address of one host",
		"fa163e000001;255.255.255.255": "is not the address of one host",
	} {
		if e, err := macfile.ParseEntry(in); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q gave %v, %v; wanted an error with %q", in, e, err, part)
		}
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"lines", "fa163e000001\nfa163e000002;10.0.0.2\n", "1 fa:16:3e:00:00:01 \n2 fa:16:3e:00:00:02 10.0.0.2"},
		{"no newline at the end", "fa163e000001", "1 fa:16:3e:00:00:01 "},
		{"comments, empty lines, CRLF", "# hosts\r\n\r\n  fa163e000001 ; 10.0.0.1\r\n", "3 fa:16:3e:00:00:01 10.0.0.1"},
		{"CSV", "fa163e000001,10.0.0.1\nfa163e000002,\nfa163e000003\n", "1 fa:16:3e:00:00:01 10.0.0.1\n2 fa:16:3e:00:00:02 \n3 fa:16:3e:00:00:03 "},
		{"CSV with quotes", `"fa163e000001","10.0.0.1"`, "1 fa:16:3e:00:00:01 10.0.0.1"},
		{"named columns", "ipaddr,mac\n10.0.0.1,fa163e000001\n", "2 fa:16:3e:00:00:01 10.0.0.1"},
		{"MACs alone, named", "MAC\nfa163e000001\n", "2 fa:16:3e:00:00:01 "},
		{"named, by semicolons", "\ufeffMAC;IP\nfa163e000001;10.0.0.1\n", "2 fa:16:3e:00:00:01 10.0.0.1"},
		{
			"a list that the client wrote",
			"\"ID\",\"MAC\",\"IP Address\",\"Remote Connection ID\"\n\"x\",\"fa:16:3e:00:00:01\",\"2001:db8::1\",\"y\"\n",
			"2 fa:16:3e:00:00:01 2001:db8::1",
		},
	} {
		got, err := macfile.Read(strings.NewReader(c.in))
		if diff := cmp.Diff(c.want, text(got)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.name, err, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	const good = "fa163e000001;10.0.0.1\n"
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "there is no MAC in it"},
		{"comments alone", "# a\n\n", "there is no MAC in it"},
		{"a name alone", "MAC,IP\n", "there is no MAC in it"},
		{"no MAC", good + "\nhello\n", `line 3: "hello" is not a MAC address such as fa:16:3e:00:00:01`},
		{"no address", good + "fa163e000002;x\n", `line 2: "x" is not an IPv4 or IPv6 address`},
		{"multicast", "ff:ff:ff:ff:ff:ff\n", `line 1: ff:ff:ff:ff:ff:ff is not the address of one host: it is multicast or zero`},
		{"twice", good + "# again\nFA:16:3E:00:00:01\n", "line 3: fa:16:3e:00:00:01 stands on line 1 already"},
		{"too many columns", "fa163e000001,10.0.0.1,x\n", "line 1: it has 3 columns; wanted MAC and perhaps IP, or a first line that names the columns"},
		{"other columns than named", "mac,ip\nfa163e000001\n", "line 2: it has 1 columns, the first line has 2"},
		{"unknown column", "mac,address 2\n", `line 1: the column "address 2" is unknown or stands there twice; there are MAC and IP`},
		{"a column twice", "mac,mac\n", `line 1: the column "mac" is unknown or stands there twice; there are MAC and IP`},
		{"names in the middle", good + "mac,ip\n", `line 2: "mac" is not a MAC address such as fa:16:3e:00:00:01`},
		{"open quote", "\"fa163e000001\n", `line 1: column 14: extraneous or missing " in quoted-field`},
		{"long line", good + strings.Repeat("x", 70_000), "line 2: it is longer than 65536 bytes"},
	} {
		got, err := macfile.Read(strings.NewReader(c.in))
		if err == nil || err.Error() != c.want || got != nil {
			t.Errorf("%s: gave %v, %v\nwanted %s", c.name, got, err, c.want)
		}
	}
	broken := io.MultiReader(strings.NewReader(good), iotest.ErrReader(errors.New("disk gone")))
	if got, err := macfile.Read(broken); err == nil || got != nil {
		t.Errorf("a broken file gave %v, %v", got, err)
	}
}

// FuzzRead checks that what is taken is written back as it was meant.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"fa163e000001;10.0.0.1\n", "mac,ip\nfa163e000001,::1\n", "\"fa163e000001\",\"\"", "#\n;\n,", "\ufeffMAC"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		all, err := macfile.Read(strings.NewReader(in))
		if err != nil {
			return
		}
		var lines strings.Builder
		for _, e := range all {
			fmt.Fprintf(&lines, "%s;", e.MAC)
			if e.IP.IsValid() {
				lines.WriteString(e.IP.String())
			}
			lines.WriteByte('\n')
		}
		again, err := macfile.Read(strings.NewReader(lines.String()))
		if err != nil || len(again) != len(all) {
			t.Fatalf("%q became %q: %v, %v", in, lines.String(), again, err)
		}
		for i := range all {
			if all[i].MAC != again[i].MAC || all[i].IP != again[i].IP {
				t.Errorf("line %d of %q became %v", all[i].Line, in, again[i])
			}
		}
	})
}
