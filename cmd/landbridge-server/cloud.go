package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"landbridge/internal/l2gw"
	"landbridge/internal/server"
	"landbridge/internal/server/cloud"
	"landbridge/internal/server/cloud/neutron"
	"landbridge/internal/server/cloud/static"
	"landbridge/internal/server/config"
	"landbridge/internal/server/keystone"
	"landbridge/internal/server/store"
)

// newSession makes our login to Keystone; nil where there is none.
func newSession(k *config.Keystone) (*keystone.Session, error) {
	if k == nil {
		return nil, nil
	}
	return keystone.NewSession(keystone.SessionConfig{
		URL: k.URL, CA: k.CA, Credentials: func() (keystone.Credentials, error) { return credentials(k) },
	})
}

func credentials(k *config.Keystone) (c keystone.Credentials, err error) {
	c = keystone.Credentials{Username: k.Username, UserDomain: k.UserDomain, Project: k.Project, ProjectDomain: k.ProjectDomain}
	if c.Password, err = k.Password(); err != nil {
		err = fmt.Errorf("read the password of our own user: %w", err)
	}
	return c, err
}

// term is that of the server which leads, for what its cloud driver does then.
type term struct {
	*store.Store
	core *server.Server // set before it runs
}

var _ neutron.Memory = (*term)(nil)

// Remember implements neutron.Memory.
func (t *term) Remember(ctx context.Context, told l2gw.Told) error {
	return t.Store.Remember(ctx, told, t.core.Lease()...)
}

// Forget implements neutron.Memory.
func (t *term) Forget(ctx context.Context, told l2gw.Told) error {
	return t.Store.Forget(ctx, told, t.core.Lease()...)
}

// openCloud makes the cloud driver, anew each time that this server leads.
func openCloud(cfg config.Config, session *keystone.Session, t *term, log *slog.Logger) (*cloud.Renewed, error) {
	return cloud.Renew(func() (cloud.Cloud, error) { return newCloud(cfg, session, t, log) })
}

func newCloud(cfg config.Config, session *keystone.Session, t *term, log *slog.Logger) (cloud.Cloud, error) {
	o := cfg.Cloud.OpenStack
	if o == nil {
		return static.Open(static.Config{File: cfg.Cloud.File, Announce: cfg.Cloud.Announce, Logger: log})
	}
	client, err := neutronClient(*o, session)
	if err != nil {
		return nil, err
	}
	return neutron.New(neutron.Config{
		Client: client, Bus: o.Bus, Memory: t, May: func() error { return t.core.May() },
		Name: string(cfg.Owner), Resync: cfg.Resync, Logger: log,
	})
}

// neutronClient gives clients of Neutron's REST API: with our login, or without
// any where Neutron asks for none.
func neutronClient(o config.OpenStack, session *keystone.Session) (func(context.Context) (*gophercloud.ServiceClient, error), error) {
	const version = "v2.0/"
	if session == nil {
		open, err := keystone.Open(o.Endpoint, o.CA)
		if err != nil {
			return nil, err
		}
		open.Endpoint += version
		return func(context.Context) (*gophercloud.ServiceClient, error) { return open, nil }, nil
	}
	at := gophercloud.EndpointOpts{Type: "network", Region: o.Region, Availability: gophercloud.Availability(o.Interface)}
	return func(ctx context.Context) (*gophercloud.ServiceClient, error) {
		client, err := session.Service(ctx, o.Endpoint, at)
		if err == nil && !strings.HasSuffix(client.Endpoint, version) {
			client.Endpoint += version
		}
		return client, err
	}, nil
}
