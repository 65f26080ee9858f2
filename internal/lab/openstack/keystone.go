package openstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"golang.org/x/sync/errgroup"

	"landbridge/internal/lab/testenv"
)

// keystoneConf hashes passwords as cheaply as it can: there are many logins in
// tests.
const keystoneConf = `[DEFAULT]
use_stderr = True
[database]
connection = DATABASE
[token]
expiration = EXPIRATION
[fernet_tokens]
key_repository = DIR/keystone/fernet
[credential]
key_repository = DIR/keystone/credential
[cache]
enabled = False
[identity]
password_hash_rounds = 4
`

// TokenLife is how long tokens are good, where a test does not change it.
const TokenLife = time.Hour

// Keystone is the identity service. Users, projects and roles stay when it is
// stopped and started again.
type Keystone struct {
	*testenv.Program
	cloud    *Cloud
	database string                     // URL for SQLAlchemy
	admin    *gophercloud.ServiceClient // nil: not logged in yet
}

func newKeystone(t testing.TB, c *Cloud) *Keystone {
	t.Helper()
	k := &Keystone{cloud: c, database: c.database(t, "keystone")}
	must(t, errors.Join(os.MkdirAll(c.file("keystone/fernet"), 0o700), os.Mkdir(c.file("keystone/credential"), 0o700)))
	k.configure(t, TokenLife)
	environment := []string{"OS_KEYSTONE_CONFIG_DIR=" + c.file("keystone")}
	k.Program = c.program("keystone", environment, []string{
		"uwsgi", "--plugin", "python3", "--wsgi-file", "/usr/bin/keystone-wsgi-public", "--need-app", "--lazy-apps",
		"--http-socket", Address + ":5000", "--master", "--die-on-term", "--processes", "2", "--threads", "1",
		"--buffer-size", "65535", "--post-buffering", "65535",
		// It does not keep connections but does not say so.
		"--add-header", "Connection: close",
	}, func() error { return c.Answers(KeystoneURL) })
	return k
}

func (k *Keystone) configure(t testing.TB, life time.Duration) {
	t.Helper()
	k.cloud.write(t, "keystone/keystone.conf", keystoneConf, "DATABASE", k.database, "EXPIRATION", fmt.Sprint(int(life.Seconds())))
}

// prepare makes the database, the keys, and the administrator.
func (k *Keystone) prepare(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return k.manage(ctx, "db_sync") })
	group.Go(func() error {
		return k.manage(ctx, "fernet_setup", "--keystone-user", "root", "--keystone-group", "root")
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return k.manage(ctx, "bootstrap", "--bootstrap-username", administrator.Name, "--bootstrap-password", administrator.Password,
		"--bootstrap-project-name", administrator.Project, "--bootstrap-region-id", Region, "--bootstrap-admin-url", KeystoneURL,
		"--bootstrap-internal-url", KeystoneURL, "--bootstrap-public-url", KeystoneURL)
}

func (k *Keystone) manage(ctx context.Context, command string, args ...string) error {
	return tool(ctx, "keystone-manage", append([]string{"--config-file", k.cloud.file("keystone/keystone.conf"), command}, args...)...)
}

// run starts the service and makes what Neutron needs of it.
func (k *Keystone) run(t testing.TB) {
	t.Helper()
	k.Run(t)
	k.seed(t)
}

// SetTokenLife has tokens that are given from now on be good for some time, in
// whole seconds. Keystone is restarted for it.
func (k *Keystone) SetTokenLife(t testing.TB, life time.Duration) {
	t.Helper()
	k.Stop(t)
	k.configure(t, life)
	k.Start(t)
}
