package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"landbridge/internal/server/config"
	"landbridge/internal/server/httpd"
)

// doors are the listeners. They are opened before anything else is touched.
type doors struct {
	api     *httpd.Listener
	metrics net.Listener // nil: none
}

func open(ctx context.Context, cfg config.Config, log *slog.Logger) (*doors, error) {
	listen := httpd.ListenLoopback
	if cfg.Auth.Tokens || cfg.Auth.NoauthAnywhere {
		listen = httpd.Listen
	}
	api, err := listen(ctx, cfg.Listen)
	if err != nil {
		return nil, err
	}
	if cfg.APITLS.Certificate != "" {
		certificate, err := httpd.OpenCertificate(log, cfg.APITLS.Certificate, cfg.APITLS.PrivateKey)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("api_tls: %w", err), api.Close())
		}
		api = certificate.Listener(api)
	}
	d := &doors{api: httpd.Watched(api)}
	if cfg.MetricsListen == "" {
		return d, nil
	}
	if d.metrics, err = httpd.Listen(ctx, cfg.MetricsListen); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return d, nil
}

// close is for what has not served, which closes them itself.
func (d *doors) close() {
	_ = d.api.Close()
	if d.metrics != nil {
		_ = d.metrics.Close()
	}
}

func (d *doors) metricsAddr() string {
	if d.metrics == nil {
		return "none"
	}
	return d.metrics.Addr().String()
}

func (d *doors) serveAPI(h http.Handler, log *slog.Logger) part {
	return func(ctx context.Context) error { return httpd.Serve(ctx, d.api, h, httpd.DefaultLimits(), log) }
}

// mostWatchers bounds the connections of those who read metrics.
const mostWatchers = 64

func (d *doors) serveMetrics(h http.Handler, log *slog.Logger) part {
	return func(ctx context.Context) error {
		if d.metrics == nil {
			<-ctx.Done()
			return nil
		}
		limits := httpd.DefaultLimits()
		limits.Connections = mostWatchers
		return httpd.Serve(ctx, d.metrics, h, limits, log)
	}
}
