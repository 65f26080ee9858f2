// Package keystone asks Keystone who has a token, as a user of its own. It is
// the only package of the server that speaks with Keystone.
package keystone

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
)

// Config says where Keystone is, and who asks it.
type Config struct {
	URL string // "http://controller:5000/v3"; "/v3" may be missing
	// Credentials are those of our own user. They are asked for at each login,
	// so that a new password counts without a restart.
	Credentials func() (Credentials, error)
	CA          string        // PEM file of the authority of an https URL; "": the system's
	Timeout     time.Duration // for one answer of Keystone; 0: DefaultTimeout
	Cache       time.Duration // for which an answer counts at most; 0: DefaultCache
	Logger      *slog.Logger  // nil: nothing is logged
}

// The times where none are set. Keystone's middleware has the same for its
// cache.
const (
	DefaultTimeout = 10 * time.Second
	DefaultCache   = 5 * time.Minute
)

// Credentials are those of a user in a project. Domains are names.
type Credentials struct {
	Username, UserDomain   string
	Password               string
	Project, ProjectDomain string
}

// afterFailure is the time for which a failed login is not tried again: many
// wrong ones may lock the user out.
const afterFailure = 2 * time.Second

// session is our own login. It is made when it is needed, renewed when it ends,
// and made anew where it cannot be renewed.
type session struct {
	cfg  Config
	http http.Client
	turn chan struct{} // holds one token; whoever has it may touch what follows

	client *gophercloud.ServiceClient // nil: not logged in
	failed time.Time                  // when the last login has failed
	fault  error                      // why
}

func newSession(cfg Config) (*session, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CA != "" {
		pem, err := os.ReadFile(cfg.CA)
		if err != nil {
			return nil, fmt.Errorf("read the authority of Keystone's certificate: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("authority of Keystone's certificate: %s has no certificate in PEM form", cfg.CA)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return &session{cfg: cfg, http: http.Client{Transport: transport, Timeout: cfg.Timeout}, turn: make(chan struct{}, 1)}, nil
}

// get gives a client that is logged in.
func (s *session) get(ctx context.Context) (*gophercloud.ServiceClient, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.client != nil {
		return s.client, nil
	}
	if s.fault != nil && time.Since(s.failed) < afterFailure {
		return nil, s.fault
	}
	s.client, s.fault = s.login(ctx)
	s.failed = time.Now()
	return s.client, s.fault
}

// drop ends a login that Keystone does not take any more.
func (s *session) drop(client *gophercloud.ServiceClient) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.client == client {
		s.client = nil
	}
}

func (s *session) login(ctx context.Context) (*gophercloud.ServiceClient, error) {
	given, err := s.cfg.Credentials()
	if err != nil {
		return nil, err
	}
	endpoint := endpoint(s.cfg.URL)
	provider, err := openstack.NewClient(endpoint)
	if err != nil {
		return nil, err
	}
	provider.HTTPClient = s.http
	err = openstack.AuthenticateV3(ctx, provider, &gophercloud.AuthOptions{
		IdentityEndpoint: endpoint, AllowReauth: true,
		Username: given.Username, DomainName: given.UserDomain, Password: given.Password,
		Scope: &gophercloud.AuthScope{ProjectName: given.Project, DomainName: given.ProjectDomain},
	}, gophercloud.EndpointOpts{})
	if err != nil {
		return nil, fmt.Errorf("log in as %s: %w", given.Username, reason(err))
	}
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: endpoint}, nil
}

// endpoint is the URL of version 3, with a slash at its end.
func endpoint(url string) string {
	url = strings.TrimRight(url, "/")
	if !strings.HasSuffix(url, "/v3") {
		url += "/v3"
	}
	return url + "/"
}

// reason says what Keystone has answered. Its bodies are left out: what it
// repeats of a request may be secret.
func reason(err error) error {
	if again, ok := errors.AsType[*gophercloud.ErrUnableToReauthenticate](err); ok {
		return fmt.Errorf("our own token has ended, and a new one is refused: %w", reason(again.ErrReauth))
	}
	if bad, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return fmt.Errorf("%s answers %d %s", bad.URL, bad.Actual, http.StatusText(bad.Actual))
	}
	return err
}
