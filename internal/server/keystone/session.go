// Package keystone asks Keystone who has a token, as a user of its own. It is
// the only package of the server that speaks with Keystone.
package keystone

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
)

// SessionConfig says where Keystone is, and who logs in.
type SessionConfig struct {
	URL string // "http://controller:5000/v3"; "/v3" may be missing
	// Credentials are those of our own user. They are asked for at each login,
	// so that a new password counts without a restart.
	Credentials func() (Credentials, error)
	CA          string        // PEM file of the authority of https URLs; "": the system's
	Timeout     time.Duration // for one answer of Keystone; 0: DefaultTimeout
}

// serviceTimeout is for one answer of another service than Keystone, whose lists
// may be long.
const serviceTimeout = time.Minute

// DefaultTimeout is SessionConfig.Timeout where none is set.
const DefaultTimeout = 10 * time.Second

// Credentials are those of a user in a project. Domains are names.
type Credentials struct {
	Username, UserDomain   string
	Password               string
	Project, ProjectDomain string
}

// afterFailure is the time for which a failed login is not tried again: many
// wrong ones may lock the user out.
const afterFailure = 2 * time.Second

// Session is our own login. It is made when it is needed, renewed when it ends,
// and made anew where it cannot be renewed. Its methods may be called from
// several goroutines.
type Session struct {
	cfg  SessionConfig
	http http.Client
	turn chan struct{} // holds one token; whoever has it may touch what follows

	provider *gophercloud.ProviderClient // nil: not logged in
	failed   time.Time                   // when the last login has failed
	fault    error                       // why
}

// NewSession makes a session. Keystone need not be there yet.
func NewSession(cfg SessionConfig) (*Session, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	transport, err := transport(cfg.CA)
	if err != nil {
		return nil, err
	}
	return &Session{cfg: cfg, http: http.Client{Transport: transport, Timeout: serviceTimeout}, turn: make(chan struct{}, 1)}, nil
}

func transport(ca string) (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if ca == "" {
		return t, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read the authority of Keystone's certificate: %w", err)
	}
	t.TLSClientConfig.RootCAs = x509.NewCertPool()
	if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("authority of Keystone's certificate: %s has no certificate in PEM form", ca)
	}
	return t, nil
}

// Service gives a client of a service, logged in: at an endpoint, or where that
// is "", at the catalogue's for a type ("network").
func (s *Session) Service(ctx context.Context, endpoint string, at gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error) {
	provider, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	if endpoint == "" {
		if endpoint, err = provider.EndpointLocator(at); err != nil {
			return nil, fmt.Errorf("the catalogue has no %s endpoint of type %q in region %q", at.Availability, at.Type, at.Region)
		}
	}
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: strings.TrimRight(endpoint, "/") + "/", Type: at.Type}, nil
}

// Open gives a client of a service that asks for no token.
func Open(endpoint, ca string) (*gophercloud.ServiceClient, error) {
	transport, err := transport(ca)
	if err != nil {
		return nil, err
	}
	provider := &gophercloud.ProviderClient{HTTPClient: http.Client{Transport: transport, Timeout: serviceTimeout}}
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: strings.TrimRight(endpoint, "/") + "/"}, nil
}

// keystone gives a client of Keystone itself, logged in.
func (s *Session) keystone(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return s.Service(ctx, endpoint(s.cfg.URL), gophercloud.EndpointOpts{Type: "identity"})
}

func (s *Session) get(ctx context.Context) (*gophercloud.ProviderClient, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.provider != nil {
		return s.provider, nil
	}
	if s.fault != nil && time.Since(s.failed) < afterFailure {
		return nil, s.fault
	}
	s.provider, s.fault = s.login(ctx)
	s.failed = time.Now()
	return s.provider, s.fault
}

// drop ends a login that cannot be renewed.
func (s *Session) drop(provider *gophercloud.ProviderClient) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.provider == provider {
		s.provider = nil
	}
}

func (s *Session) login(ctx context.Context) (*gophercloud.ProviderClient, error) {
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
	renew := provider.ReauthFunc
	provider.ReauthFunc = func(ctx context.Context) error {
		err := renew(ctx)
		if err != nil {
			s.drop(provider)
		}
		return err
	}
	return provider, nil
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
