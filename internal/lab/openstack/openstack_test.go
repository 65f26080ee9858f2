//go:build openstack

package openstack

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

const networksURL = NeutronURL + "/v2.0/networks"

func TestCloudWithKeystone(t *testing.T) {
	var dir, namespace string
	t.Run("cloud", func(t *testing.T) {
		c := Start(t, Options{Keystone: true, VNIs: "2000:2000"})
		dir, namespace = c.Dir, "/run/netns/"+c.Namespace.Name
		testOpenStack(t, c)
		testTokens(t, c)
		testKilled(t, c)
	})
	for _, path := range []string{dir, namespace} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

// Without Keystone, everybody is let in; a network gets a VNI of the first
// range.
func TestCloudWithout(t *testing.T) {
	c := Start(t, Options{L2Population: true, ARPResponder: true})
	if got := networks(t, c, ""); got != http.StatusOK {
		t.Errorf("a list of networks: %d", got)
	}
	client := c.OpenStack([]string{"OS_AUTH_TYPE=none", "OS_ENDPOINT=" + NeutronURL})
	if errs := client.Fails(t, "network", "show", "red"); !strings.Contains(errs, "red") {
		t.Errorf("it says %q", errs)
	}
	testComputeNodes(t, c)
}

func testOpenStack(t *testing.T, c *Cloud) {
	var made struct {
		VNI int `json:"provider:segmentation_id"`
	}
	c.OpenStack(administrator.Environment()).JSON(t, &made, "network", "create", "blue")
	if made.VNI != 2000 {
		t.Errorf("the VNI is %d", made.VNI)
	}
	listening(t, c)
}

// testTokens: Neutron refuses what is no good token any more.
func testTokens(t *testing.T, c *Cloud) {
	k := c.Keystone
	k.AddProject(t, "tenant")
	user := k.AddUser(t, "member", "tenant", "member")
	good, revoked, ended := k.Token(t, user), k.Token(t, user), k.Token(t, k.AddUser(t, "other", "tenant", "member"))
	k.Revoke(t, revoked)
	k.SetTokenLife(t, time.Second)
	expired := k.Token(t, user)
	k.SetTokenLife(t, TokenLife)
	for token, want := range map[string]int{good: http.StatusOK, revoked: http.StatusUnauthorized} {
		if got := networks(t, c, token); got != want {
			t.Errorf("%d instead of %d", got, want)
		}
	}
	testenv.Eventually(t, 10*time.Second, "the token expires", func() error {
		if got := networks(t, c, expired); got != http.StatusUnauthorized {
			return fmt.Errorf("it gets %d", got)
		}
		return nil
	})
	user = k.SetPassword(t, user, "new secret")
	if token := k.Token(t, user); networks(t, c, token) != http.StatusOK {
		t.Error("the new password is of no use")
	}
	if got := networks(t, c, ended); got != http.StatusOK {
		t.Errorf("another's token after a change of a password: %d", got)
	}
}

// testKilled: the cloud keeps what it has over the end of each of its services.
func testKilled(t *testing.T, c *Cloud) {
	for _, service := range []interface {
		Kill(t testing.TB)
		Start(t testing.TB)
	}{c.MariaDB, c.RabbitMQ, c.Keystone, c.Neutron} {
		service.Kill(t)
		service.Start(t)
	}
	c.Keystone.SetEndpoint(t, "network", NeutronURL)
	listening(t, c)
	testenv.Eventually(t, startWithin, "Neutron serves again", func() error {
		if got := networks(t, c, c.Keystone.Token(t, administrator)); got != http.StatusOK {
			return fmt.Errorf("it gets %d", got)
		}
		return nil
	})
}

// listening waits until Neutron takes what agents send it.
func listening(t *testing.T, c *Cloud) {
	t.Helper()
	testenv.Eventually(t, startWithin, "Neutron listens to agents", func() error {
		if queues := c.RabbitMQ.Ctl(t, "list_consumers", "queue_name"); !strings.Contains(queues, "q-plugin\n") {
			return fmt.Errorf("queues %q", queues)
		}
		return nil
	})
}

// networks gives the status of a list of networks.
func networks(t *testing.T, c *Cloud, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, networksURL, nil)
	must(t, err)
	request.Header.Set("X-Auth-Token", token)
	response, err := c.HTTP().Do(request)
	must(t, err)
	must(t, response.Body.Close())
	return response.StatusCode
}
