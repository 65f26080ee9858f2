package api

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/bench/daemon"
	"landbridge/internal/lab/testenv"
)

// startNeutron starts a neutron-server with one API worker on a database of a
// MariaDB server, and gives its URL.
func startNeutron(b *testing.B, server *testenv.DatabaseServer) string {
	b.Helper()
	dir, port := b.TempDir(), freePort(b)
	db := server.Connect(b, "")
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		"CREATE DATABASE neutron CHARACTER SET utf8mb4", "GRANT ALL ON neutron.* TO 'neutron'@'%' IDENTIFIED BY 'neutron'",
	} {
		if _, err := db.Exec(statement); err != nil {
			b.Fatal(err)
		}
	}
	files := map[string]string{
		"neutron.conf": neutronConf(fmt.Sprintf("mysql+pymysql://neutron:neutron@127.0.0.1:%d/neutron?charset=utf8mb4", server.Port), dir, port),
		"ml2.ini":      ml2,
		"policy.yaml":  "",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "policy.d"), 0o700); err != nil {
		b.Fatal(err)
	}
	configs := []string{"--config-file", filepath.Join(dir, "neutron.conf"), "--config-file", filepath.Join(dir, "ml2.ini")}
	ctx, cancel := context.WithTimeout(b.Context(), startWithin)
	defer cancel()
	migrate := exec.CommandContext(ctx, "neutron-db-manage", append(configs, "upgrade", "head")...)
	if out, err := migrate.CombinedOutput(); err != nil {
		b.Fatalf("neutron-db-manage: %v\n%s", err, out)
	}
	url := fmt.Sprint("http://127.0.0.1:", port)
	start(b, daemon.Program{
		Name: "neutron-server", Argv: append([]string{"neutron-server"}, configs...), Dir: dir, Log: filepath.Join(dir, "log"),
		Core: &serverCore, Ready: answers(url + "/v2.0/networks"),
	})
	return url
}

func neutronConf(database, dir string, port int) string {
	return strings.NewReplacer("DIR", dir, "PORT", fmt.Sprint(port), "DATABASE", database).Replace(`[DEFAULT]
auth_strategy = noauth
bind_host = 127.0.0.1
bind_port = PORT
core_plugin = ml2
service_plugins =
transport_url = fake:///
state_path = DIR
api_paste_config = /etc/neutron/api-paste.ini
api_workers = 1
rpc_workers = 1
rpc_state_report_workers = 0
notify_nova_on_port_status_changes = False
notify_nova_on_port_data_changes = False
dhcp_agent_notification = False
[database]
connection = DATABASE
[oslo_concurrency]
lock_path = DIR/lock
[oslo_policy]
policy_file = DIR/policy.yaml
policy_dirs = DIR/policy.d
[quotas]
quota_network = -1
`)
}

const ml2 = `[ml2]
type_drivers = vxlan
tenant_network_types = vxlan
mechanism_drivers = openvswitch,l2population
[ml2_type_vxlan]
vni_ranges = 1:100000
`
