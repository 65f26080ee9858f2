package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const aCloud = "cloud: {file: c.yaml}\n"

func TestKeystone(t *testing.T) {
	cfg, err := load(t, aCloud+`
listen: 0.0.0.0:9696
auth: {strategy: keystone, policy_file: p.yaml}
keystone: {url: 'https://k:5000/v3', password: ' s#cret ', ca: ca.pem, cache: 30s, project: p, user_domain: d}
api_tls: {certificate: c.pem, private_key: k.pem}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Keystone{
		URL: "https://k:5000/v3", CA: "ca.pem", Username: "landbridge", UserDomain: "d", Project: "p", ProjectDomain: "Default",
		Cache: 30 * time.Second, password: " s#cret ",
	}
	if *cfg.Keystone != want || !cfg.Auth.Tokens || cfg.Auth.PolicyFile != "p.yaml" || cfg.Listen != "0.0.0.0:9696" || cfg.APITLS != (Pair{"c.pem", "k.pem"}) {
		t.Errorf("%+v, %+v", cfg, cfg.Keystone)
	}
	if password, err := cfg.Keystone.Password(); err != nil || password != " s#cret " {
		t.Errorf("%q, %v", password, err)
	}
}

func TestPasswordFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	cfg, err := load(t, "", map[string][]string{
		"cloud-file": {"c"}, "auth-strategy": {"keystone"}, "keystone-url": {"http://k"}, "keystone-password-file": {file},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first", "sec ond"} {
		write(want + "\r\n")
		if password, err := cfg.Keystone.Password(); err != nil || password != want {
			t.Errorf("%q, %v, want %q", password, err, want)
		}
	}
}

func TestNoauthAnywhere(t *testing.T) {
	cfg, err := load(t, aCloud+"listen: '[::]:1'\nauth: {noauth_anywhere: true}\n", nil)
	if err != nil || cfg.Listen != "[::]:1" || !cfg.Auth.NoauthAnywhere || cfg.Auth.Tokens {
		t.Errorf("%+v, %v", cfg, err)
	}
}

func TestBadAuth(t *testing.T) {
	ks := func(keys string) string { return aCloud + "auth: {strategy: keystone}\nkeystone: {" + keys + "}\n" }
	for text, want := range map[string]string{
		aCloud + "auth: {strategy: none}\n":                               `f.yaml:2: auth.strategy: "none": must be noauth or keystone`,
		aCloud + "auth: {noauth_anywhere: yes}\n":                         `auth.noauth_anywhere: "yes": must be true or false`,
		aCloud + "auth: {strategy: keystone, noauth_anywhere: true}\n":    `contradicts auth.strategy keystone`,
		aCloud + "auth: {policy_file: p}\n":                               `f.yaml:2: auth.policy_file: "p": is of no use without auth.strategy keystone`,
		aCloud + "keystone: {url: 'http://k', password: x}\n":             `f.yaml:2: keystone.url: "http://k": is of no use without auth.strategy keystone`,
		aCloud + "auth: {strategy: keystone}\n":                           `give --keystone-url, or keystone.url`,
		ks("url: k"):                                                      `keystone.url: "k": must begin with http://`,
		ks("url: 'http://u:secret@k'"):                                    `must have nothing but`,
		ks("url: 'http://a b'"):                                           `is not a URL`,
		ks("url: 'http://k', password: a, ca: x"):                         `keystone.ca: "x": is of no use`,
		ks("url: 'http://k'"):                                             `give keystone.password or --keystone-password-file`,
		ks("url: 'http://k', password: a, password_file: b"):              `one of them`,
		ks("url: 'http://k', password_file: /none"):                       `keystone.password_file: "/none": cannot be read`,
		ks("url: 'http://k', password: a, cache: 10ms"):                   `keystone.cache: "10ms": must be a time from 1s to 1h`,
		ks("url: 'http://k', user: a"):                                    `unknown field "user"`,
		aCloud + "api_tls: {certificate: c}\n":                            `give both --api-tls-certificate and --api-tls-private-key`,
		aCloud + "auth: {strategy: noauth}\nlisten: '0.0.0.0:1'\n":        `is not a loopback address`,
		aCloud + "auth: {noauth_anywhere: true}\nlisten: '0.0.0.0:1:2'\n": `is not host:port`,
	} {
		if _, err := load(t, text, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s%v, want %q in one line", text, err, want)
		}
	}
}
