package endpoint

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
)

// cloud is what is known of the cloud before anybody is asked.
type cloud struct {
	entry
	auth gophercloud.AuthOptions
	opts gophercloud.EndpointOpts
	tls  *tls.Config
}

// entry is what gophercloud does not read of a cloud in clouds.yaml.
type entry struct {
	AuthType        string         `yaml:"auth_type"`
	NetworkEndpoint string         `yaml:"network_endpoint_override"`
	Auth            map[string]any `yaml:"auth"`
}

// load reads the cloud of clouds.yaml, or else makes one of the environment.
func load(o Options) (c cloud, err error) {
	var public, secure []byte
	name := o.Cloud
	if name == "" {
		name = "environment"
		public, err = fromEnvironment(o)
	} else {
		public, secure, err = readFiles(o)
	}
	if err != nil {
		return c, err
	}
	if c.entry, err = readEntry(name, public, secure); err != nil {
		return c, err
	}
	if o.AuthType != "" {
		c.AuthType = o.AuthType
	}
	options := []clouds.ParseOption{
		clouds.WithCloudName(name), clouds.WithCloudsYAML(bytes.NewReader(public)),
		clouds.WithRegion(o.Region), clouds.WithEndpointType(o.Interface),
		clouds.WithCACertPath(o.CACert), clouds.WithClientCertPath(o.Cert), clouds.WithClientKeyPath(o.Key),
	}
	if secure != nil {
		options = append(options, clouds.WithSecureYAML(bytes.NewReader(secure)))
	}
	if o.Insecure {
		options = append(options, clouds.WithInsecure(true))
	}
	if c.auth, c.opts, c.tls, err = clouds.Parse(options...); err != nil {
		return c, fmt.Errorf("cloud %s: %w", name, oneLine(err))
	}
	return c, nil
}

// fromEnvironment writes the OS_* variables as a clouds.yaml of one cloud, so
// that both ways are judged alike. JSON is YAML.
func fromEnvironment(o Options) ([]byte, error) {
	c := clouds.Cloud{AuthType: clouds.AuthType(o.AuthType), AuthInfo: &clouds.AuthInfo{
		AuthURL:                     o.Getenv("OS_AUTH_URL"),
		Token:                       o.Getenv("OS_TOKEN"),
		Username:                    o.Getenv("OS_USERNAME"),
		UserID:                      o.Getenv("OS_USER_ID"),
		Password:                    o.Getenv("OS_PASSWORD"),
		ApplicationCredentialID:     o.Getenv("OS_APPLICATION_CREDENTIAL_ID"),
		ApplicationCredentialName:   o.Getenv("OS_APPLICATION_CREDENTIAL_NAME"),
		ApplicationCredentialSecret: o.Getenv("OS_APPLICATION_CREDENTIAL_SECRET"),
		SystemScope:                 o.Getenv("OS_SYSTEM_SCOPE"),
		ProjectName:                 firstOf(o.Getenv, "OS_PROJECT_NAME", "OS_TENANT_NAME"),
		ProjectID:                   firstOf(o.Getenv, "OS_PROJECT_ID", "OS_TENANT_ID"),
		UserDomainName:              o.Getenv("OS_USER_DOMAIN_NAME"),
		UserDomainID:                o.Getenv("OS_USER_DOMAIN_ID"),
		ProjectDomainName:           o.Getenv("OS_PROJECT_DOMAIN_NAME"),
		ProjectDomainID:             o.Getenv("OS_PROJECT_DOMAIN_ID"),
		DomainName:                  o.Getenv("OS_DOMAIN_NAME"),
		DomainID:                    o.Getenv("OS_DOMAIN_ID"),
		TrustID:                     o.Getenv("OS_TRUST_ID"),
	}}
	if c.AuthInfo.AuthURL == "" && o.AuthType == "" {
		c.AuthType = noAuth
	}
	addDefaultDomain(c.AuthInfo, o.Getenv)
	return json.Marshal(clouds.Clouds{Clouds: map[string]clouds.Cloud{"environment": c}})
}

func firstOf(getenv func(string) string, names ...string) string {
	for _, name := range names {
		if v := getenv(name); v != "" {
			return v
		}
	}
	return ""
}

// addDefaultDomain does as OpenStack's clients: names without a domain are of
// the domain "default".
func addDefaultDomain(a *clouds.AuthInfo, getenv func(string) string) {
	domain := firstOf(getenv, "OS_DEFAULT_DOMAIN", "OS_DEFAULT_DOMAIN_ID")
	if domain == "" {
		domain = "default"
	}
	if a.Username != "" && a.UserDomainName == "" && a.UserDomainID == "" {
		a.UserDomainID = domain
	}
	if a.ProjectName != "" && a.ProjectDomainName == "" && a.ProjectDomainID == "" {
		a.ProjectDomainID = domain
	}
}

// readFiles reads clouds.yaml, and secure.yaml beside it where there is one.
func readFiles(o Options) (public, secure []byte, err error) {
	places := places(o.Getenv)
	for _, place := range places {
		public, err = os.ReadFile(place)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		secure, err = os.ReadFile(filepath.Join(filepath.Dir(place), "secure.yaml"))
		if errors.Is(err, fs.ErrNotExist) {
			return public, nil, nil
		}
		return public, secure, err
	}
	return nil, nil, fmt.Errorf("cloud %s: there is no clouds.yaml; looked for %s", o.Cloud, strings.Join(places, ", "))
}

func places(getenv func(string) string) []string {
	if file := getenv("OS_CLIENT_CONFIG_FILE"); file != "" {
		return []string{file}
	}
	config := getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(getenv("HOME"), ".config")
	}
	return []string{"clouds.yaml", filepath.Join(config, "openstack", "clouds.yaml"), "/etc/openstack/clouds.yaml"}
}

// readEntry reads what gophercloud does not, and makes sure that there is a
// section auth, without which it fails.
func readEntry(name string, public, secure []byte) (entry, error) {
	var files [2]struct {
		Clouds map[string]entry `yaml:"clouds"`
	}
	if err := yaml.Unmarshal(public, &files[0]); err != nil {
		return entry{}, fmt.Errorf("clouds.yaml: %w", oneLine(err))
	}
	if err := yaml.Unmarshal(secure, &files[1]); err != nil {
		return entry{}, fmt.Errorf("secure.yaml: %w", oneLine(err))
	}
	e, ok := files[0].Clouds[name]
	if !ok {
		return entry{}, fmt.Errorf("clouds.yaml has no cloud %q", name)
	}
	if e.Auth == nil && files[1].Clouds[name].Auth == nil {
		return entry{}, fmt.Errorf("cloud %s: clouds.yaml has no section auth; write \"auth: {}\" where there is no Keystone", name)
	}
	return e, nil
}
