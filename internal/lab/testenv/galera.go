package testenv

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// galeraProvider is the library of Debian's package galera-4.
const galeraProvider = "/usr/lib/galera/libgalera_smm.so"

// StartGalera starts a cluster of MariaDB servers that ends with its test. What
// one of them commits, the others have a moment later.
func StartGalera(t testing.TB, nodes int) []*DatabaseServer {
	t.Helper()
	var members []string
	for range nodes {
		members = append(members, fmt.Sprint("127.0.0.1:", FreePort(t)))
	}
	var cluster []*DatabaseServer
	for i := range nodes {
		kind := galeraKind(t, i, members)
		if i > 0 { // it gets its users from the others
			create := kind.create
			kind.create = func(s *DatabaseServer) *exec.Cmd {
				cmd := create(s)
				s.write(t, "user.sql", "")
				return cmd
			}
		}
		cluster = append(cluster, startDatabase(t, kind).endsWith(t))
	}
	return cluster
}

// galeraKind is the i-th member of a cluster, the first of which founds it.
func galeraKind(t testing.TB, i int, members []string) databaseKind {
	t.Helper()
	settings := append([]string{
		"--wsrep-on=ON", "--wsrep-provider=" + galeraProvider, "--wsrep-cluster-name=landbridge",
		"--wsrep-node-name=" + fmt.Sprint("node", i), "--wsrep-node-address=127.0.0.1", "--binlog-format=ROW",
		"--innodb-autoinc-lock-mode=2", "--wsrep-sst-method=rsync", fmt.Sprint("--wsrep-sst-receive-address=127.0.0.1:", FreePort(t)),
		fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://%s;ist.recv_addr=127.0.0.1:%d;gcache.size=8M", members[i], FreePort(t)),
	}, quickMariaDB...)
	kind := mariadbKind(t, settings...)
	command, founded := kind.command, i > 0
	kind.command = func(s *DatabaseServer) *exec.Cmd {
		cmd := command(s)
		address := "--wsrep-cluster-address=gcomm://"
		if founded {
			address += strings.Join(members, ",")
		}
		founded = true
		cmd.Args = append(cmd.Args, address)
		return cmd
	}
	return kind
}
