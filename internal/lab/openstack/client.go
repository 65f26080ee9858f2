package openstack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/netns"
)

// callWithin is how long a call, and commandWithin how long a client's command
// may take.
const (
	callWithin    = 30 * time.Second
	commandWithin = 60 * time.Second
)

// HTTP gives a client inside the cloud.
func (c *Cloud) HTTP() *http.Client {
	return &http.Client{
		Timeout: callWithin,
		// Without connections that stay, a server that was killed and started
		// again costs no call.
		Transport: &http.Transport{DialContext: c.Namespace.DialContext, DisableKeepAlives: true},
	}
}

// Answers is an error where a URL does not answer with 200.
func (c *Cloud) Answers(url string) error {
	response, err := c.HTTP().Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s: %s: %s", url, response.Status, body)
	}
	return nil
}

// Client is a command line client on a node of the cloud: its first words, and
// what it sees in its environment beside the system's.
type Client struct {
	cloud       *Cloud
	node        *netns.Namespace
	argv        []string
	environment []string
}

// Client makes a client of a program that is installed, or of a path, beside
// the cloud's services.
func (c *Cloud) Client(environment []string, argv ...string) Client {
	return Client{c, c.Namespace, argv, environment}
}

// Client makes a client on the gateway node.
func (g *Gateway) Client(environment []string, argv ...string) Client {
	return Client{g.cloud, g.Namespace, argv, environment}
}

// OpenStack is the client "openstack".
func (c *Cloud) OpenStack(environment []string) Client { return c.Client(environment, "openstack") }

// Run runs a command, which must not fail, and gives what it prints.
func (c Client) Run(t testing.TB, args ...string) string {
	t.Helper()
	out, errs, err := c.run(t.Context(), args)
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c.line(args), err, out, errs)
	}
	return out
}

// JSON runs a command with the output JSON, and reads it.
func (c Client) JSON(t testing.TB, into any, args ...string) {
	t.Helper()
	out := c.Run(t, append(args, "-f", "json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("%s: %v in %s", c.line(args), err, out)
	}
}

// Fails runs a command that has to fail, and gives what it says.
func (c Client) Fails(t testing.TB, args ...string) string {
	t.Helper()
	out, errs, err := c.run(t.Context(), args)
	if err == nil {
		t.Fatalf("%s does not fail but prints:\n%s", c.line(args), out)
	}
	return errs
}

func (c Client) run(ctx context.Context, args []string) (out, errs string, err error) {
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	argv := append(c.argv[1:len(c.argv):len(c.argv)], args...)
	cmd := exec.CommandContext(ctx, c.argv[0], argv...)
	cmd.Dir, cmd.Env = c.cloud.Dir, c.cloud.environ(c.environment...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err = c.node.Start(cmd); err == nil {
		err = cmd.Wait()
	}
	return stdout.String(), stderr.String(), err
}

func (c Client) line(args []string) string { return strings.Join(append(c.argv, args...), " ") }
