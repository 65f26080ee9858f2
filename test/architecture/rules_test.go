// Package architecture holds the rules of who may import whom. They are the
// picture of docs/design/README.md as data; its test enforces them.
package architecture

// rule is what one package of Landbridge may import.
type rule struct {
	// ours has the packages of Landbridge that may be imported; "x/..." means x
	// and all below it. Packages below the package itself are always allowed.
	ours []string
	// pure forbids all that touches the world: network, database, clock, logs.
	pure bool
}

// ground is what every package may import: types without I/O.
var ground = []string{"internal/ethernet", "internal/l2gw", "internal/hwvtep"}

// rules has each package under internal, cmd and bench, or a folder as "x/...". The
// longest match counts. A package that no rule names fails the test, so that
// whoever adds one decides where it belongs.
var rules = map[string]rule{
	"internal/ethernet":   {pure: true},
	"internal/l2gw":       {pure: true, ours: []string{"internal/ethernet"}},
	"internal/hwvtep":     {pure: true, ours: []string{"internal/ethernet"}},
	"internal/rpc":        {ours: ground},
	"internal/rpc/wire":   {ours: append([]string{"internal/rpc"}, ground...)},
	"internal/rpc/bus":    {ours: append([]string{"internal/oslomsg", "internal/rpc", "internal/rpc/wire"}, ground...)},
	"internal/strictyaml": {},
	"internal/livefile":   {},
	"internal/heap":       {},
	"internal/oslomsg":    {},
	"internal/ovsdb":      {ours: []string{"internal/ethernet", "internal/hwvtep"}},
	"internal/ovsdb/wire": {},
	"internal/agent":      {ours: []string{"internal/ethernet", "internal/hwvtep", "internal/l2gw", "internal/ovsdb", "internal/rpc"}},

	"internal/agent/config":  {ours: []string{"internal/hwvtep", "internal/oslomsg", "internal/ovsdb", "internal/strictyaml"}},
	"internal/agent/metrics": {ours: []string{"internal/oslomsg", "internal/rpc/bus"}},

	"internal/server":               {ours: append([]string{"internal/rpc"}, ground...)},
	"internal/server/config":        {ours: append([]string{"internal/oslomsg", "internal/ovsdb", "internal/strictyaml"}, ground...)},
	"internal/server/neutronapi":    {},
	"internal/server/identity":      {pure: true},
	"internal/server/policy":        {ours: []string{"internal/server/identity", "internal/strictyaml"}},
	"internal/server/keystone":      {ours: []string{"internal/server/identity"}},
	"internal/server/auth":          {ours: []string{"internal/server/identity", "internal/server/keystone", "internal/server/neutronapi", "internal/server/policy"}},
	"internal/server/httpd":         {ours: []string{"internal/livefile"}},
	"internal/server/metrics":       {ours: []string{"internal/server/httpd"}},
	"internal/server/proxy":         {ours: []string{"internal/server/httpd"}},
	"internal/server/api":           {ours: []string{"internal/ethernet", "internal/l2gw", "internal/server/neutronapi"}},
	"internal/server/api/apitest":   {ours: []string{"internal/l2gw"}},
	"internal/server/store":         {ours: ground},
	"internal/server/fleet":         {ours: append([]string{"internal/rpc", "internal/rpc/bus"}, ground...)},
	"internal/server/planner":       {ours: ground, pure: true},
	"internal/server/cloud":         {ours: []string{"internal/l2gw"}},
	"internal/server/cloud/neutron": {ours: []string{"internal/ethernet", "internal/l2gw", "internal/oslomsg", "internal/server/cloud"}},
	"internal/server/cloud/static":  {ours: []string{"internal/ethernet", "internal/l2gw", "internal/server/cloud", "internal/strictyaml"}},

	"internal/vtep":                   {ours: []string{"internal/ethernet", "internal/heap", "internal/hwvtep", "internal/ovsdb", "internal/strictyaml"}},
	"internal/vtep/ask":               {ours: []string{"internal/cli/output", "internal/vtep"}},
	"internal/vtep/control":           {},
	"internal/vtep/database":          {ours: []string{"internal/hwvtep"}},
	"internal/vtep/forwarding":        {ours: []string{"internal/ethernet", "internal/hwvtep"}, pure: true},
	"internal/vtep/forwarding/intern": {},
	"internal/vtep/datapath":          {ours: []string{"internal/ethernet", "internal/hwvtep", "internal/vtep/forwarding"}},
	"internal/vtep/peers":             {},
	"internal/vtep/underlay":          {ours: []string{"internal/ethernet", "internal/vtep/forwarding"}},

	"internal/cli":          {ours: []string{"internal/ethernet"}},
	"internal/cli/device":   {pure: true},
	"internal/cli/endpoint": {ours: []string{"internal/cli/rest"}},
	"internal/cli/macfile":  {ours: []string{"internal/ethernet"}},
	"internal/cli/output":   {},
	"internal/cli/rest":     {},

	"internal/lab/...": {ours: []string{"internal/..."}},

	"bench/measure": {},
	"bench/report":  {ours: []string{"bench/measure"}},
	"bench/load":    {ours: []string{"bench/measure"}},
	"bench/memory":  {},
	"bench/cpu":     {},
	"bench/objects": {ours: []string{"bench/load"}},
	"bench/vtepdb":  {ours: []string{"internal/ethernet", "internal/hwvtep"}},
	"bench/api":     {ours: []string{"bench/...", "internal/lab/..."}},
	// Its server of the full size is the real one with a cloud driver of its own.
	"bench/control": {ours: append([]string{
		"bench/...", "internal/heap", "internal/lab/...", "internal/oslomsg", "internal/rpc/bus",
		"internal/server", "internal/server/api", "internal/server/fleet", "internal/server/neutronapi", "internal/server/store",
	}, ground...)},
	// It drives the datapath itself: what is measured is the program, not vtepd.
	"bench/datapath": {ours: append([]string{"bench/...", "internal/lab/...", "internal/ovsdb", "internal/vtep/datapath", "internal/vtep/forwarding"}, ground...)},

	"cmd/landbridge":        {ours: []string{"internal/cli"}},
	"cmd/landbridge-server": {ours: []string{"internal/..."}},
	"cmd/landbridge-agent":  {ours: []string{"internal/agent/...", "internal/agent", "internal/heap", "internal/ovsdb", "internal/rpc/bus", "internal/server/httpd"}},
	"cmd/landbridge-vtepd":  {ours: []string{"internal/ovsdb", "internal/vtep/..."}},
	"cmd/landbridge-lab":    {ours: []string{"internal/lab/..."}},
}

// impure is what a pure package must not import: "x/..." as above. net/netip is
// values only and stays allowed.
var impure = []string{
	"net", "net/http", "net/url", "os", "os/...", "io", "io/...", "syscall", "log", "log/...", "database/...",
	"sync", "sync/...", "time", "math/rand", "math/rand/...",
}

// homes has the libraries that only these packages may import, so that the rest
// does not depend on them.
var homes = map[string][]string{
	"github.com/rabbitmq/amqp091-go":     {"internal/oslomsg"},
	"github.com/cilium/ebpf":             {"bench/datapath", "internal/vtep/datapath"},
	"github.com/uptrace/bun":             {"internal/server/store"},
	"github.com/pressly/goose":           {"internal/server/store"},
	"github.com/jackc/pgx":               {"internal/server/store"},
	"github.com/go-sql-driver/mysql":     {"internal/server/store"},
	"github.com/fsnotify/fsnotify":       {"internal/server/cloud/static"},
	"github.com/gophercloud/gophercloud": {"cmd/landbridge-server", "internal/cli/endpoint", "internal/server/cloud/neutron", "internal/server/keystone"},
	"github.com/spf13/cobra":             {"cmd", "internal/cli"},
	"github.com/jedib0t/go-pretty":       {"internal/cli/output"},
	"net/http/httputil":                  {"internal/server/proxy"},
}
