// Package api is the REST API of the L2 gateway and border gateway: the five
// resources of l2gw as tables for neutronapi. It judges bodies by themselves;
// the rules between objects are behind l2gw.Collections.
package api

import (
	"errors"
	"log/slog"
	"net/http"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// Options say how the API is served.
type Options struct {
	Logger  *slog.Logger     // nil: nothing is logged
	Guard   neutronapi.Guard // nil: everybody may do everything
	MaxBody int64            // bytes that a body may have; 0: neutronapi.DefaultMaxBody
	MaxBulk int64            // bytes that a bulk create of remote MACs may have; 0: DefaultMaxBulk
	// Networks has the cloud's networks shown too, where no Neutron does.
	Networks bool
	// Agents has agents of their own shown.
	Agents bool
}

// DefaultMaxBulk is Options.MaxBulk where none is set.
const DefaultMaxBulk = 64 << 20

// New serves c under /v2.0/.
func New(c l2gw.Collections, o Options) *neutronapi.API {
	if o.MaxBulk == 0 {
		o.MaxBulk = DefaultMaxBulk
	}
	kinds := []neutronapi.Kind{gateways(c), connections(c), remoteGateways(c), remoteConnections(c), remoteMACs(c, o)}
	if o.Networks {
		kinds = append(kinds, networks(c))
	}
	if o.Agents {
		kinds = append(kinds, agents(c.Agents()))
	}
	return neutronapi.New(neutronapi.Options{
		Logger:     o.Logger,
		Title:      "Landbridge, L2 gateways and border gateways",
		Guard:      o.Guard,
		MaxBody:    o.MaxBody,
		Extensions: extensions(),
		Quotas:     quotas(c.Quotas()),
		Explain:    explain,
	}, kinds...)
}

// explain makes answers of the errors of Collections.
func explain(err error) *neutronapi.Error {
	broken, ok := errors.AsType[*l2gw.Error](err)
	if !ok {
		return nil
	}
	status, ok := map[l2gw.Code]int{
		l2gw.Invalid:     http.StatusBadRequest,
		l2gw.NotFound:    http.StatusNotFound,
		l2gw.Conflict:    http.StatusConflict,
		l2gw.Stale:       http.StatusPreconditionFailed,
		l2gw.Unavailable: http.StatusServiceUnavailable,
	}[broken.Code]
	if !ok {
		return nil
	}
	return &neutronapi.Error{Status: status, Type: broken.Kind, Message: broken.Message}
}
