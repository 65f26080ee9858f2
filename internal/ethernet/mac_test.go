package ethernet

import "testing"

func TestParseMAC(t *testing.T) {
	want := MAC{0xfa, 0x16, 0x3e, 0, 0xab, 1}
	for _, in := range []string{
		"fa:16:3e:00:ab:01", "FA:16:3E:00:AB:01", "fa-16-3e-00-ab-01", "fa16.3e00.ab01", "fa163e00ab01",
	} {
		got, err := ParseMAC(in)
		if err != nil || got != want {
			t.Errorf("ParseMAC(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "fa", "fa:16:3e:00:ab", "fa:16-3e:00:ab:01", "fa:16:3e:00:ab:0g", "fa16:3e00:ab01",
		"fa.16.3e.00.ab.01", "fa16.3e00.ab0", "f:a16:3e:00:ab:01", "fa:16:3e:00:ab:01:02", "fa163e00ab0", "fa::16:3e:00:ab01",
	} {
		if got, err := ParseMAC(in); err == nil {
			t.Errorf("ParseMAC(%q) = %v, want an error", in, got)
		}
	}
}

func FuzzParseMAC(f *testing.F) {
	f.Add("fa:16:3e:00:ab:01")
	f.Add("fa16.3e00.ab01")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMAC(s)
		if err != nil {
			return
		}
		again, err := ParseMAC(m.String())
		if err != nil || again != m {
			t.Fatalf("%q parsed to %v, which parses to %v, %v", s, m, again, err)
		}
	})
}

func TestMACClasses(t *testing.T) {
	if !MustParseMAC("ff:ff:ff:ff:ff:ff").IsMulticast() || MustParseMAC("fa:16:3e:00:00:01").IsMulticast() {
		t.Error("IsMulticast must follow the group bit")
	}
	if !(MAC{}).IsZero() || MustParseMAC("00:00:00:00:00:01").IsZero() {
		t.Error("IsZero must be true for the zero address alone")
	}
}
