package oslomsg

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// defaultPort is that of RabbitMQ; with TLS too, as oslo.messaging has it.
const defaultPort = 5672

// ParseURL reads a transport_url of OpenStack:
//
//	rabbit://user:password@host1:5672,user:password@host2:5672/vhost?ssl=1
//
// Passwords are percent-encoded. Without users it is guest. Errors never show
// what stands before the question mark: any of it may be a part of a password
// that lacks its quoting.
func ParseURL(transportURL string) (Config, error) {
	scheme, rest, ok := strings.Cut(transportURL, "://")
	if !ok || (scheme != "rabbit" && scheme != "amqp") {
		return Config{}, errors.New("transport_url: must begin with rabbit://")
	}
	rest, query, _ := strings.Cut(rest, "?")
	location, path, _ := strings.Cut(rest, "/")
	var cfg Config
	var err error
	if cfg.VHost, err = parseVHost(path); err != nil {
		return Config{}, fmt.Errorf("transport_url: %w", err)
	}
	if cfg.Hosts, err = parseHosts(location); err != nil {
		return Config{}, fmt.Errorf("transport_url: %w; in passwords and names all but letters, digits and -._~ is written as %%nn", err)
	}
	if err := cfg.parseQuery(query); err != nil {
		return Config{}, fmt.Errorf("transport_url: %w", err)
	}
	return cfg, nil
}

func parseVHost(path string) (string, error) {
	vhost, err := url.PathUnescape(path)
	if err != nil || strings.ContainsAny(path, "@#") {
		return "", errors.New("virtual host: must be percent-encoded")
	}
	return vhost, nil
}

func parseHosts(location string) ([]Host, error) {
	var hosts []Host
	users := 0
	for i, part := range strings.Split(location, ",") {
		h, err := parseHost(part)
		if err != nil {
			return nil, fmt.Errorf("host %d: %w", i+1, err)
		}
		if h.User != "" {
			users++
		}
		hosts = append(hosts, h)
	}
	switch users {
	case len(hosts):
	case 0:
		for i := range hosts {
			hosts[i].User, hosts[i].Password = "guest", "guest"
		}
	default:
		return nil, errors.New("hosts: all of them need a user and a password, or none")
	}
	return hosts, nil
}

func parseHost(part string) (h Host, err error) {
	place := part
	if at := strings.LastIndex(part, "@"); at >= 0 {
		place = part[at+1:]
		user, password, _ := strings.Cut(part[:at], ":")
		var userErr, passwordErr error
		h.User, userErr = url.PathUnescape(user)
		h.Password, passwordErr = url.PathUnescape(password)
		if userErr != nil || passwordErr != nil || h.User == "" {
			return Host{}, errors.New("user and password: must be there, percent-encoded")
		}
	}
	h.Name, h.Port, err = parsePlace(place)
	return h, err
}

// parsePlace reads host, host:port, [2001:db8::1] or [2001:db8::1]:port.
func parsePlace(place string) (name string, port int, err error) {
	name, text, hasPort := strings.Cut(place, ":")
	if inside, ok := strings.CutPrefix(place, "["); ok {
		name, text, ok = strings.Cut(inside, "]")
		if !ok || (text != "" && text[0] != ':') {
			return "", 0, errors.New("IPv6 address: must be [address] or [address]:port")
		}
		text, hasPort = strings.CutPrefix(text, ":")
	}
	if name == "" {
		return "", 0, errors.New("name: is missing")
	}
	if !hasPort || text == "" {
		return name, defaultPort, nil
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, errors.New("port: must be a number from 1 to 65535")
	}
	return name, port, nil
}

// urlOptions are what may follow the question mark. oslo.messaging takes any
// option of its section there; these change what goes over the wire.
type urlOptions struct {
	ssl       bool
	files     TLS
	queues    Queues
	heartbeat time.Duration
}

func (c *Config) parseQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil || strings.ContainsAny(query, "@#") {
		return errors.New("query: must be percent-encoded")
	}
	var o urlOptions
	for name := range values {
		if err := o.set(name, values.Get(name)); err != nil {
			return fmt.Errorf("query: %s: %w", clip(name), err)
		}
	}
	c.Queues, c.Heartbeat = o.queues, o.heartbeat
	if o.ssl { // else the files mean nothing, as with oslo.messaging
		c.TLS = &o.files
	}
	return nil
}

func (o *urlOptions) set(name, value string) (err error) {
	switch name {
	case "ssl":
		o.ssl, err = parseBool(value)
	case "ssl_ca_file":
		o.files.CA = value
	case "ssl_cert_file":
		o.files.Certificate = value
	case "ssl_key_file":
		o.files.PrivateKey = value
	case "amqp_durable_queues":
		o.queues.Durable, err = parseBool(value)
	case "amqp_auto_delete":
		o.queues.AutoDelete, err = parseBool(value)
	case "rabbit_quorum_queue":
		o.queues.Quorum, err = parseBool(value)
	case "heartbeat_timeout_threshold":
		var seconds uint64
		if seconds, err = strconv.ParseUint(value, 10, 12); err != nil || seconds == 0 || seconds > 3600 {
			return fmt.Errorf("%q: must be a number of seconds from 1 to 3600", clip(value))
		}
		o.heartbeat = time.Duration(seconds) * time.Second
	default:
		return errors.New("is not known; known are ssl, ssl_ca_file, ssl_cert_file, ssl_key_file, " +
			"amqp_durable_queues, amqp_auto_delete, rabbit_quorum_queue and heartbeat_timeout_threshold")
	}
	return err
}

// parseBool takes what oslo.config takes.
func parseBool(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "1", "on", "yes":
		return true, nil
	case "false", "0", "off", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q: must be true or false", clip(value))
}
