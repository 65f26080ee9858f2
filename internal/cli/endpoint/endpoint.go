// Package endpoint finds where the API is and how to be let in: from options,
// the OS_* variables and clouds.yaml, as OpenStack's clients do.
package endpoint

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"landbridge/internal/cli/rest"
)

// Default is where the server is looked for when nothing says otherwise.
const Default = "http://127.0.0.1:9696"

// Options are what the command line says. What is empty is taken from the
// environment variable of that name, then from clouds.yaml.
type Options struct {
	Endpoint    string // OS_ENDPOINT: goes before the catalogue's
	Cloud       string // OS_CLOUD
	AuthType    string // OS_AUTH_TYPE
	Region      string // OS_REGION_NAME
	Interface   string // OS_INTERFACE
	ServiceType string // of the catalogue
	CACert      string // OS_CACERT
	Cert        string // OS_CERT
	Key         string // OS_KEY
	Insecure    bool
	Timeout     time.Duration // of one request
	Debug       io.Writer     // nil: requests are not shown
	Getenv      func(string) string
}

// Clients are the users of what has been found.
type Clients struct {
	API      *rest.Client
	Networks *rest.Client // knows the names of networks
}

// Open finds the endpoints. Keystone is asked for a token where its URL or a
// cloud is given, unless the auth type is none.
func Open(ctx context.Context, o Options) (Clients, error) {
	for _, v := range []struct {
		option *string
		name   string
	}{
		{&o.Endpoint, "OS_ENDPOINT"},
		{&o.Cloud, "OS_CLOUD"},
		{&o.AuthType, "OS_AUTH_TYPE"},
		{&o.Region, "OS_REGION_NAME"},
		{&o.Interface, "OS_INTERFACE"},
		{&o.CACert, "OS_CACERT"},
		{&o.Cert, "OS_CERT"},
		{&o.Key, "OS_KEY"},
	} {
		if *v.option == "" {
			*v.option = o.Getenv(v.name)
		}
	}
	c, err := load(o)
	if err != nil {
		return Clients{}, err
	}
	h := c.httpClient(o)
	if c.AuthType == noAuth {
		return open(c.endpoint(o), h)
	}
	return login(ctx, c, o, h)
}

// noAuth is the auth type of servers that ask for no token.
const noAuth = "none"

// httpClient makes what all requests go through. Redirects are not followed:
// they would carry the token to where nobody sent it.
func (c cloud) httpClient(o Options) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = c.tls
	h := &http.Client{
		Transport:     t,
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if o.Debug != nil {
		h.Transport = &rest.Debug{Next: t, Out: o.Debug}
	}
	return h
}

// endpoint is where the API is, where no catalogue is asked.
func (c cloud) endpoint(o Options) string {
	own, _ := c.Auth["endpoint"].(string)
	for _, e := range []string{o.Endpoint, c.NetworkEndpoint, own} {
		if e != "" {
			return e
		}
	}
	return Default
}

func open(endpoint string, h *http.Client) (Clients, error) {
	api, err := rest.New(endpoint, h, nil)
	return Clients{API: api, Networks: api}, err
}

// oneLine keeps messages of others in one line.
func oneLine(err error) error {
	return fmt.Errorf("%s", strings.Join(strings.Fields(err.Error()), " "))
}
