package store

import (
	"errors"
	"net/url"
	"strings"
	"time"
)

// connectTimeout is how long a connection may take to be made, where the URL
// does not say.
const connectTimeout = 10 * time.Second

// parseURL reads a DSN that is a URL. Its error does not quote it, since it has
// a password in it.
func parseURL(dsn string) (*url.URL, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Opaque != "" {
		return nil, errors.New("the name is no URL as scheme://user:password@host:port/database; " +
			"in user and password, write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23")
	}
	return u, nil
}

// redactURL gives a URL for logs: without password and parameters, some of
// which are secrets too.
func redactURL(dsn string) string {
	scheme, _, _ := strings.Cut(dsn, ":")
	u, err := parseURL(dsn)
	if err != nil {
		return scheme + ":(unreadable)"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if name := u.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}
