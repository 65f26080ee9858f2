package config

import (
	"net/url"

	"landbridge/internal/strictyaml"
)

// url reads the URL of another service. No error quotes a password in it.
func (c checker) url(key string, v strictyaml.Value, example string) (*url.URL, error) {
	u, err := url.Parse(v.Text)
	if err != nil {
		return nil, c.bad(key, v, "is not a URL; write for example %s", example)
	}
	v.Text = u.Redacted()
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, c.bad(key, v, "must begin with http:// or https:// and have a host; write for example %s", example)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, c.bad(key, v, "must have nothing but a host, a port and a path; write for example %s", example)
	case u.Port() != "" && !isPort(u.Port()):
		return nil, c.bad(key, v, "has a port outside 0-65535")
	}
	return u, nil
}
