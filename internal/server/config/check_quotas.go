package config

import (
	"strconv"

	"landbridge/internal/l2gw"
	"landbridge/internal/strictyaml"
)

// rawQuotas has no defaults but any number: administrators make these objects,
// or whom they trust to, and what a project needs differs from one cloud to the
// next by orders of magnitude. A number of ours would stop somebody at night.
type rawQuotas struct {
	Gateway          strictyaml.Value `yaml:"l2_gateway"`
	Connection       strictyaml.Value `yaml:"l2_gateway_connection"`
	RemoteGateway    strictyaml.Value `yaml:"l2_remote_gateway"`
	RemoteConnection strictyaml.Value `yaml:"l2_remote_gateway_connection"`
	RemoteMAC        strictyaml.Value `yaml:"l2_remote_mac"`
}

func (c checker) quotas(r rawQuotas) (l2gw.Quota, error) {
	given := map[l2gw.Kind]strictyaml.Value{
		l2gw.KindGateway: r.Gateway, l2gw.KindConnection: r.Connection, l2gw.KindRemoteGateway: r.RemoteGateway,
		l2gw.KindRemoteConnection: r.RemoteConnection, l2gw.KindRemoteMAC: r.RemoteMAC,
	}
	out := l2gw.Quota{}
	for _, kind := range l2gw.Kinds() {
		v := given[kind]
		n, err := strconv.ParseInt(v.Or(strconv.Itoa(l2gw.Unlimited)), 10, 64)
		if err != nil || n < l2gw.Unlimited || n > l2gw.MaxLimit {
			return nil, c.bad("quotas."+string(kind), v, "must be a number of objects from 0 to %d, or %d for any number", l2gw.MaxLimit, l2gw.Unlimited)
		}
		out[kind] = int(n)
	}
	return out, nil
}
