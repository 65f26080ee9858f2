package config

import (
	"errors"
	"os"
	"strings"
	"time"

	"landbridge/internal/strictyaml"
)

// Keystone says where Keystone is, and as whom this server asks it.
type Keystone struct {
	URL                                          string
	CA                                           string // PEM file; "": the system's authorities
	Username, UserDomain, Project, ProjectDomain string // domains by name
	Cache                                        time.Duration

	password, passwordFile string // one of them
}

// Password gives the password, from its file where it has one: a new one there
// counts without a restart.
func (k *Keystone) Password() (string, error) {
	if k.passwordFile == "" {
		return k.password, nil
	}
	text, err := os.ReadFile(k.passwordFile)
	return strings.TrimRight(string(text), "\r\n"), err
}

type rawKeystone struct {
	URL           strictyaml.Value `yaml:"url"`
	CA            strictyaml.Value `yaml:"ca"`
	Username      strictyaml.Value `yaml:"username"`
	Password      strictyaml.Value `yaml:"password"`
	PasswordFile  strictyaml.Value `yaml:"password_file"`
	UserDomain    strictyaml.Value `yaml:"user_domain"`
	Project       strictyaml.Value `yaml:"project"`
	ProjectDomain strictyaml.Value `yaml:"project_domain"`
	Cache         strictyaml.Value `yaml:"cache"`
}

// keystone gives nil where no Keystone is named.
func (c checker) keystone(r rawKeystone) (*Keystone, error) {
	if r.URL.Text == "" {
		return nil, nil
	}
	k := &Keystone{
		CA: r.CA.Text, Username: r.Username.Or("landbridge"), UserDomain: r.UserDomain.Or(defaultDomain),
		Project: r.Project.Or("service"), ProjectDomain: r.ProjectDomain.Or(defaultDomain),
		password: r.Password.Text, passwordFile: r.PasswordFile.Text,
	}
	_, err := c.url("keystone.url", r.URL, "http://controller:5000/v3")
	if err != nil {
		return nil, err
	}
	k.URL = r.URL.Text
	if k.CA != "" && !strings.HasPrefix(k.URL, "https:") {
		return nil, c.bad("keystone.ca", r.CA, "is of no use where the URL of Keystone is not https")
	}
	if (k.password == "") == (k.passwordFile == "") {
		return nil, errors.New("the user of this server needs its password: give keystone.password or --keystone-password-file, one of them")
	}
	if _, err := k.Password(); err != nil {
		return nil, c.bad("keystone.password_file", r.PasswordFile, "cannot be read: %v", err)
	}
	k.Cache, err = time.ParseDuration(r.Cache.Or(defaultTokenCache))
	if err != nil || k.Cache < time.Second || k.Cache > time.Hour {
		return nil, c.bad("keystone.cache", r.Cache, "must be a time from 1s to 1h, as 30s or 5m")
	}
	return k, nil
}
