package config

import "landbridge/internal/strictyaml"

// Flag is a flag of the command line that stands for a key of the file.
type Flag struct {
	Name    string
	Key     string // in the file: "cloud.file"
	Usage   string
	Default string
	Many    bool // may be given several times
	put     func(r *raw, values []string)
}

// Flags gives the flags, in the order of the help text.
func Flags() []Flag { return append([]Flag(nil), flags...) }

// The defaults.
const (
	defaultListen    = "127.0.0.1:9696"
	defaultDatabase  = "sqlite:/var/lib/landbridge/server.db"
	defaultOwner     = "landbridge"
	defaultLogLevel  = "info"
	defaultResync    = "30s"
	defaultMetrics   = "127.0.0.1:9796"
	noMetrics        = "none"
	static           = "static" // the one cloud driver
	defaultBulkLimit = "64"
	// defaultConnections leaves the number to the kind of database.
	defaultConnections = "0"
	auto               = "auto" // of database_upgrade

	defaultNeutronTimeout = "5m"
)

var flags = []Flag{
	one("listen", "listen", "address of the API, host:port; loopback only", defaultListen, func(r *raw) *strictyaml.Value { return &r.Listen }),
	one("metrics-listen", "metrics_listen", "address of metrics and health, host:port; none for none", defaultMetrics, func(r *raw) *strictyaml.Value { return &r.Metrics }),
	one("neutron-url", "neutron.url", "URL of Neutron, to which all passes that is not ours", "", func(r *raw) *strictyaml.Value { return &r.Neutron.URL }),
	one("neutron-ca", "neutron.ca", "PEM file of the authority that signed Neutron's certificate, for https", "", func(r *raw) *strictyaml.Value { return &r.Neutron.CA }),
	one("neutron-timeout", "neutron.timeout", "how long Neutron may be silent", defaultNeutronTimeout, func(r *raw) *strictyaml.Value { return &r.Neutron.Timeout }),
	one("database", "database", "database: sqlite:PATH, postgresql://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME", defaultDatabase, func(r *raw) *strictyaml.Value { return &r.Database }),
	one("database-upgrade", "database_upgrade", "auto: bring the schema up to date at the start; manual: refuse to start on an older one", auto, func(r *raw) *strictyaml.Value { return &r.Upgrade }),
	one("bulk-limit", "bulk_limit", "MiB that a bulk create of remote MACs may have", defaultBulkLimit, func(r *raw) *strictyaml.Value { return &r.BulkLimit }),
	one("database-connections", "database_connections", "connections to the database at a time, at most", defaultConnections, func(r *raw) *strictyaml.Value { return &r.Connections }),
	one("cloud-file", "cloud.file", "YAML file that describes the cloud", "", func(r *raw) *strictyaml.Value { return &r.Cloud.File }),
	one("announce-file", "cloud.announce", "file to write for the compute nodes: which gateways serve which network", "", func(r *raw) *strictyaml.Value { return &r.Cloud.Announce }),
	{
		Name: "switch", Key: "switches", Many: true,
		Usage: "OVSDB address of a switch: tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH (repeatable)",
		put: func(r *raw, values []string) {
			r.Switches = nil
			for _, v := range values {
				r.Switches = append(r.Switches, strictyaml.Value{Text: v, Set: true})
			}
		},
	},
	one("owner", "owner", "word that the names of our logical switches begin with", defaultOwner, func(r *raw) *strictyaml.Value { return &r.Owner }),
	one("log-level", "log_level", "debug, info, warn or error", defaultLogLevel, func(r *raw) *strictyaml.Value { return &r.LogLevel }),
	one("resync", "resync", "time between two full passes", defaultResync, func(r *raw) *strictyaml.Value { return &r.Resync }),
	one("tls-ca", "tls.ca", "PEM file of the authority that signed the switches' certificates, for ssl:", "", func(r *raw) *strictyaml.Value { return &r.TLS.CA }),
	one("tls-certificate", "tls.certificate", "PEM file of our certificate, for ssl:", "", func(r *raw) *strictyaml.Value { return &r.TLS.Certificate }),
	one("tls-private-key", "tls.private_key", "PEM file of its private key, for ssl:", "", func(r *raw) *strictyaml.Value { return &r.TLS.PrivateKey }),
}

// one is a flag that stands for one value.
func one(name, key, usage, def string, at func(r *raw) *strictyaml.Value) Flag {
	return Flag{
		Name: name, Key: key, Usage: usage, Default: def,
		put: func(r *raw, values []string) {
			if len(values) > 0 {
				*at(r) = strictyaml.Value{Text: values[len(values)-1], Set: true}
			}
		},
	}
}
