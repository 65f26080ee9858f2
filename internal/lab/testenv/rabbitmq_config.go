package testenv

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// rabbitPrograms is where Debian's package has the programs that run as the one
// who calls them; those in the path insist on an account, and write elsewhere.
const rabbitPrograms = "/usr/lib/rabbitmq/bin/"

// URL names a virtual host as transport_url of OpenStack's services does.
func (r *RabbitMQ) URL(vhost string) string { return ClusterURL(vhost, r) }

// ClusterURL names a virtual host of a cluster by some of its nodes.
func ClusterURL(vhost string, nodes ...*RabbitMQ) string {
	hosts := make([]string, len(nodes))
	for i, r := range nodes {
		hosts[i] = fmt.Sprint(url.UserPassword(RabbitMQUser, RabbitMQPassword), "@", r.Address, ":", r.Port)
	}
	return "rabbit://" + strings.Join(hosts, ",") + "/" + url.PathEscape(vhost)
}

// cookie is the file of the secret that the nodes of a cluster share.
const cookie = ".erlang.cookie"

// join makes the server a node of the cluster of the one beside it.
func (r *RabbitMQ) join(t testing.TB) {
	t.Helper()
	r.Ctl(t, "await_startup")
	r.Ctl(t, "stop_app")
	r.Ctl(t, "join_cluster", r.beside.node)
	r.Ctl(t, "start_app")
}

// prepare writes the configuration and gives the directory to the account that
// Debian's package has made.
func (r *RabbitMQ) prepare(t testing.TB, tls *TLSFiles) {
	t.Helper()
	must(t, os.WriteFile(r.file("advanced.config"), []byte(r.config()), 0o644), "configure RabbitMQ")
	if tls != nil {
		r.configureTLS(t, *tls)
	}
	if r.beside != nil {
		b, err := os.ReadFile(r.beside.file(cookie))
		must(t, err, "read the secret of the cluster")
		must(t, os.WriteFile(r.file(cookie), b, 0o400), "copy the secret of the cluster")
	}
	if os.Getuid() != 0 {
		return
	}
	u, err := user.Lookup("rabbitmq")
	must(t, err, "find the account of Debian's package rabbitmq-server")
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	must(t, errors.Join(uidErr, gidErr), "read the account of RabbitMQ")
	r.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	must(t, filepath.WalkDir(r.Dir, func(file string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chown(file, int(uid), int(gid)))
	}), "give RabbitMQ its files")
}

// config is what the server reads, as Erlang terms: in these, any password can
// be written.
func (r *RabbitMQ) config() string {
	var tls string
	if r.TLSPort != 0 {
		tls = fmt.Sprintf(`,
  {ssl_listeners, [{%q, %d}]},
  {ssl_options, [{cacertfile, %q}, {certfile, %q}, {keyfile, %q}, {verify, verify_peer}, {fail_if_no_peer_cert, true}]}`,
			r.Address, r.TLSPort, r.file("ca.pem"), r.file("cert.pem"), r.file("key.pem"))
	}
	return fmt.Sprintf(`[{rabbit, [
  {tcp_listeners, [{%q, %d}]}, {loopback_users, []},
  {default_user, %s}, {default_pass, %s}, {default_vhost, <<"/">>}%s
]}].
`, r.Address, r.Port, erlangBinary(RabbitMQUser), erlangBinary(RabbitMQPassword), tls)
}

// erlangBinary writes a string by its bytes: <<112,64>>.
func erlangBinary(s string) string {
	numbers := make([]string, len(s))
	for i := range len(s) {
		numbers[i] = strconv.Itoa(int(s[i]))
	}
	return "<<" + strings.Join(numbers, ",") + ">>"
}

// configureTLS copies what root alone can read to where the server's account
// can.
func (r *RabbitMQ) configureTLS(t testing.TB, files TLSFiles) {
	t.Helper()
	for from, to := range map[string]string{files.CA: "ca.pem", files.Cert: "cert.pem", files.Key: "key.pem"} {
		b, err := os.ReadFile(from)
		must(t, err, "read certificates")
		must(t, os.WriteFile(r.file(to), b, 0o600), "copy certificates")
	}
}

// command is one of RabbitMQ's programs. The configuration of a server that the
// machine may have is not read.
func (r *RabbitMQ) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = r.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: r.account}
	cmd.Env = append(os.Environ(), "HOME="+r.Dir, "LANG=C.UTF-8",
		"RABBITMQ_NODENAME="+r.node, "RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_CONFIG_FILE="+r.file("none"), "RABBITMQ_ADVANCED_CONFIG_FILE="+r.file("advanced.config"),
		"RABBITMQ_MNESIA_BASE="+r.file("data"), "RABBITMQ_ENABLED_PLUGINS_FILE="+r.file("plugins"),
		"RABBITMQ_LOG_BASE="+r.Dir, "RABBITMQ_LOGS=-", fmt.Sprint("RABBITMQ_DIST_PORT=", r.dist),
		fmt.Sprint("ERL_EPMD_PORT=", r.epmdPort), "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
		// The server itself, not a shell that waits for it.
		"RUNNING_UNDER_SYSTEMD=true")
	return cmd
}

func (r *RabbitMQ) file(name string) string { return filepath.Join(r.Dir, name) }
