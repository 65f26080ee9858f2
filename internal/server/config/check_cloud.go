package config

import (
	"cmp"
	"errors"
	"strings"

	"landbridge/internal/oslomsg"
	"landbridge/internal/strictyaml"
)

// Cloud says what the cloud is, by one of its drivers.
type Cloud struct {
	// File describes the cloud of the driver static; "" with the other one.
	File     string
	Announce string // "": none
	// OpenStack is the cloud of the driver neutron; nil with the other one.
	OpenStack *OpenStack
}

// String names the cloud, for the log.
func (c Cloud) String() string {
	if c.OpenStack != nil {
		return neutron + " " + c.OpenStack.Endpoint
	}
	return c.File
}

// OpenStack is a cloud with a Neutron.
type OpenStack struct {
	Endpoint          string // of Neutron, without /v2.0; "": the catalogue's
	CA                string // PEM file of the authority of an https Endpoint without Keystone; "": the system's
	Region, Interface string // of the catalogue
	Bus               oslomsg.Config
}

type rawCloud struct {
	Driver    strictyaml.Value `yaml:"driver"`
	File      strictyaml.Value `yaml:"file"`
	Announce  strictyaml.Value `yaml:"announce"`
	Endpoint  strictyaml.Value `yaml:"endpoint"`
	Region    strictyaml.Value `yaml:"region"`
	Interface strictyaml.Value `yaml:"interface"`
	Transport strictyaml.Value `yaml:"transport_url"`
}

// The drivers.
const (
	static  = "static"
	neutron = "neutron"
)

func (c checker) cloud(r rawCloud, cfg Config) (Cloud, error) {
	switch r.Driver.Or(static) {
	case static:
		return c.static(r)
	case neutron:
		stack, err := c.openStack(r, cfg)
		return Cloud{OpenStack: stack}, err
	}
	return Cloud{}, c.bad("cloud.driver", r.Driver, "is not a cloud driver; write %s or %s", static, neutron)
}

func (c checker) static(r rawCloud) (Cloud, error) {
	for key, v := range map[string]strictyaml.Value{
		"cloud.endpoint": r.Endpoint, "cloud.region": r.Region, "cloud.interface": r.Interface, "cloud.transport_url": {Text: hidden(r.Transport.Text), Line: r.Transport.Line},
	} {
		if v.Text != "" {
			return Cloud{}, c.bad(key, v, "is of the cloud driver %s; set cloud.driver", neutron)
		}
	}
	if r.File.Text == "" {
		return Cloud{}, errors.New("the cloud is not described: give --cloud-file, or cloud.file in the configuration; or set cloud.driver to neutron")
	}
	if r.Announce.Text != "" && r.Announce.Text == r.File.Text {
		return Cloud{}, c.bad("cloud.announce", r.Announce, "is the file that describes the cloud; it would be overwritten")
	}
	return Cloud{File: r.File.Text, Announce: r.Announce.Text}, nil
}

// hidden stands for a text that may hold a password.
func hidden(text string) string {
	if text == "" {
		return ""
	}
	return "…"
}

func (c checker) openStack(r rawCloud, cfg Config) (*OpenStack, error) {
	for key, v := range map[string]strictyaml.Value{"cloud.file": r.File, "cloud.announce": r.Announce} {
		if v.Text != "" {
			return nil, c.bad(key, v, "is of the cloud driver %s; the driver %s asks Neutron", static, neutron)
		}
	}
	o := &OpenStack{Region: r.Region.Text, Interface: cmp.Or(r.Interface.Text, "internal"), Endpoint: strings.TrimRight(r.Endpoint.Text, "/")}
	if o.Interface != "public" && o.Interface != "internal" && o.Interface != "admin" {
		return nil, c.bad("cloud.interface", r.Interface, "must be public, internal or admin")
	}
	if err := c.endpoint(r.Endpoint, o, cfg); err != nil {
		return nil, err
	}
	var err error
	if o.Bus, err = oslomsg.ParseURL(r.Transport.Text); err != nil {
		r.Transport.Text = hidden(r.Transport.Text)
		return nil, c.bad("cloud.transport_url", r.Transport, "%v; write Neutron's transport_url, as rabbit://USER:PASSWORD@HOST:5672/", err)
	}
	return o, nil
}

// endpoint settles where Neutron is. Where this server stands in front of it,
// the catalogue leads to this server.
func (c checker) endpoint(v strictyaml.Value, o *OpenStack, cfg Config) error {
	switch {
	case v.Text != "":
		if _, err := c.url("cloud.endpoint", v, "http://controller:9696"); err != nil {
			return err
		}
	case cfg.Neutron.URL != nil:
		o.Endpoint = strings.TrimRight(cfg.Neutron.URL.String(), "/")
	case cfg.Keystone == nil:
		return errors.New("the cloud driver neutron needs to know where Neutron is: give keystone.url, or cloud.endpoint where Neutron asks for no token")
	}
	o.CA = cfg.Neutron.CA
	if cfg.Listen != "" && strings.HasSuffix(o.Endpoint, "//"+cfg.Listen) {
		return c.bad("cloud.endpoint", v, "is the address of this server")
	}
	return nil
}
