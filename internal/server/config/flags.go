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
	defaultBulkLimit = "64"
	// defaultConnections leaves the number to the kind of database.
	defaultConnections = "0"
	auto               = "auto" // of database_upgrade

	defaultNeutronTimeout = "5m"

	defaultDomain     = "Default"
	defaultTokenCache = "5m"
)

var flags = []Flag{
	one("listen", "listen", "address of the API, host:port; with noauth a loopback one", defaultListen, func(r *raw) *strictyaml.Value { return &r.Listen }),
	one("auth-strategy", "auth.strategy", "noauth: nobody is asked who they are; keystone: everybody needs a token", noauth, func(r *raw) *strictyaml.Value { return &r.Auth.Strategy }),
	one("auth-noauth-anywhere", "auth.noauth_anywhere", "true: with noauth, listen on any address all the same", "false", func(r *raw) *strictyaml.Value { return &r.Auth.Anywhere }),
	one("policy-file", "auth.policy_file", "YAML file with rules in place of the default policy's", "", func(r *raw) *strictyaml.Value { return &r.Auth.Policy }),
	one("keystone-url", "keystone.url", "URL of Keystone, as http://controller:5000/v3", "", func(r *raw) *strictyaml.Value { return &r.Keystone.URL }),
	one("keystone-ca", "keystone.ca", "PEM file of the authority that signed Keystone's certificate, for https", "", func(r *raw) *strictyaml.Value { return &r.Keystone.CA }),
	one("keystone-username", "keystone.username", "user of this server, by which it asks Keystone", "landbridge", func(r *raw) *strictyaml.Value { return &r.Keystone.Username }),
	one("keystone-password-file", "keystone.password_file", "file with its password", "", func(r *raw) *strictyaml.Value { return &r.Keystone.PasswordFile }),
	one("keystone-user-domain", "keystone.user_domain", "domain of the user, by name", defaultDomain, func(r *raw) *strictyaml.Value { return &r.Keystone.UserDomain }),
	one("keystone-project", "keystone.project", "project in which the user has the role service or admin", "service", func(r *raw) *strictyaml.Value { return &r.Keystone.Project }),
	one("keystone-project-domain", "keystone.project_domain", "domain of the project, by name", defaultDomain, func(r *raw) *strictyaml.Value { return &r.Keystone.ProjectDomain }),
	one("keystone-cache", "keystone.cache", "time for which a token that Keystone has confirmed is not asked for again", defaultTokenCache, func(r *raw) *strictyaml.Value { return &r.Keystone.Cache }),
	one("api-tls-certificate", "api_tls.certificate", "PEM file of the API's certificate: the API speaks TLS with it", "", func(r *raw) *strictyaml.Value { return &r.APITLS.Certificate }),
	one("api-tls-private-key", "api_tls.private_key", "PEM file of its private key", "", func(r *raw) *strictyaml.Value { return &r.APITLS.PrivateKey }),
	one("metrics-listen", "metrics_listen", "address of metrics and health, host:port; none for none", defaultMetrics, func(r *raw) *strictyaml.Value { return &r.Metrics }),
	one("neutron-url", "neutron.url", "URL of Neutron, to which all passes that is not ours", "", func(r *raw) *strictyaml.Value { return &r.Neutron.URL }),
	one("neutron-ca", "neutron.ca", "PEM file of the authority that signed Neutron's certificate, for https", "", func(r *raw) *strictyaml.Value { return &r.Neutron.CA }),
	one("neutron-timeout", "neutron.timeout", "how long Neutron may be silent", defaultNeutronTimeout, func(r *raw) *strictyaml.Value { return &r.Neutron.Timeout }),
	one("database", "database", "database: sqlite:PATH, postgresql://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME", defaultDatabase, func(r *raw) *strictyaml.Value { return &r.Database }),
	one("database-upgrade", "database_upgrade", "auto: bring the schema up to date at the start; manual: refuse to start on an older one", auto, func(r *raw) *strictyaml.Value { return &r.Upgrade }),
	one("bulk-limit", "bulk_limit", "MiB that a bulk create of remote MACs may have", defaultBulkLimit, func(r *raw) *strictyaml.Value { return &r.BulkLimit }),
	one("database-connections", "database_connections", "connections to the database at a time, at most", defaultConnections, func(r *raw) *strictyaml.Value { return &r.Connections }),
	one("cloud-driver", "cloud.driver", "static: a file describes the cloud; neutron: OpenStack", static, func(r *raw) *strictyaml.Value { return &r.Cloud.Driver }),
	one("cloud-endpoint", "cloud.endpoint", "URL of Neutron for the driver neutron, in place of neutron.url or the catalogue's", "", func(r *raw) *strictyaml.Value { return &r.Cloud.Endpoint }),
	one("cloud-region", "cloud.region", "region of the catalogue", "", func(r *raw) *strictyaml.Value { return &r.Cloud.Region }),
	one("cloud-interface", "cloud.interface", "endpoint of the catalogue: public, internal or admin", "internal", func(r *raw) *strictyaml.Value { return &r.Cloud.Interface }),
	one("cloud-file", "cloud.file", "YAML file that describes the cloud", "", func(r *raw) *strictyaml.Value { return &r.Cloud.File }),
	one("announce-file", "cloud.announce", "file to write for the compute nodes: which gateways serve which network", "", func(r *raw) *strictyaml.Value { return &r.Cloud.Announce }),
	{
		Name: "switch", Key: "switches", Many: true,
		Usage: "OVSDB address of a switch: tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH; or where switches dial in: pssl:PORT:IP or ptcp:PORT:IP (repeatable)",
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
	one("tls-ca", "tls.ca", "PEM file of the authority that signed the switches' certificates, for ssl: and pssl:", "", func(r *raw) *strictyaml.Value { return &r.TLS.CA }),
	one("tls-certificate", "tls.certificate", "PEM file of our certificate, for ssl: and pssl:", "", func(r *raw) *strictyaml.Value { return &r.TLS.Certificate }),
	one("tls-private-key", "tls.private_key", "PEM file of its private key, for ssl: and pssl:", "", func(r *raw) *strictyaml.Value { return &r.TLS.PrivateKey }),
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
