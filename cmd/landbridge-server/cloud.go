package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"landbridge/internal/server/cloud"
	"landbridge/internal/server/cloud/neutron"
	"landbridge/internal/server/cloud/static"
	"landbridge/internal/server/config"
	"landbridge/internal/server/keystone"
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

// openCloud makes the cloud driver, anew each time that this server leads.
func openCloud(cfg config.Config, session *keystone.Session, memory neutron.Memory, log *slog.Logger) (*cloud.Renewed, error) {
	return cloud.Renew(func() (cloud.Cloud, error) { return newCloud(cfg, session, memory, log) })
}

func newCloud(cfg config.Config, session *keystone.Session, memory neutron.Memory, log *slog.Logger) (cloud.Cloud, error) {
	o := cfg.Cloud.OpenStack
	if o == nil {
		return static.Open(static.Config{File: cfg.Cloud.File, Announce: cfg.Cloud.Announce, Logger: log})
	}
	client, err := neutronClient(*o, session)
	if err != nil {
		return nil, err
	}
	return neutron.New(neutron.Config{
		Client: client, Bus: o.Bus, Memory: memory, Name: string(cfg.Owner), Resync: cfg.Resync, Logger: log,
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
