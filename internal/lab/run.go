package lab

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// followName is the name of the process that stands for the compute nodes.
const followName = "landbridge-lab follow"

// Run starts all programs of the lab: those of each gateway, and the one that
// stands for the compute nodes.
func (l *Lab) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.RunGateways(ctx, Programs()...) })
	group.Go(func() error { return l.startFollower(ctx) })
	return group.Wait()
}

// RunGateways starts some programs of each gateway, in the order given. Further
// devices of a gateway have no server.
func (l *Lab) RunGateways(ctx context.Context, programs ...Program) error {
	if err := l.mountBPF(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, g := range l.Gateways {
		group.Go(func() error { return g.run(ctx, programs) })
	}
	devices := slices.DeleteFunc(slices.Clone(programs), func(p Program) bool { return p == Server })
	for _, g := range l.Others {
		group.Go(func() error { return g.run(ctx, devices) })
	}
	return group.Wait()
}

func (g *GatewayNode) run(ctx context.Context, programs []Program) error {
	if err := g.Prepare(); err != nil {
		return err
	}
	for _, p := range programs {
		if err := g.Start(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) startFollower(ctx context.Context) error {
	return l.start(ctx, program{
		name:  followName,
		argv:  []string{l.options.program("landbridge-lab"), "follow", "--root", l.options.root(), l.Spec.Name},
		dir:   l.Dir,
		log:   filepath.Join(l.Dir, "follow.log"),
		ready: func(context.Context) error { return nil }, // it catches up by itself
	})
}

// Logs gives the log files of all programs that were started, in a fixed
// order.
func (l *Lab) Logs() []string {
	var out []string
	for _, c := range l.Spec.Clouds {
		for _, p := range Programs() {
			out = append(out, l.Gateways[c.Name].Log(p))
			for _, device := range c.Others {
				out = append(out, l.Others[device.Name].Log(p))
			}
		}
	}
	out = append(out, filepath.Join(l.Dir, "follow.log"))
	present := out[:0]
	for _, f := range out {
		if _, err := os.Stat(f); err == nil {
			present = append(present, f)
		}
	}
	return present
}

// VTEPD asks the gateway's vtepd for a document ("/state") and gives its body.
func (g *GatewayNode) VTEPD(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://vtepd"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := g.vtepd.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("vtepd of %s: GET %s: %s: %s", g.Cloud.Gateway.Name, path, response.Status, body)
	}
	return body, err
}

// Counter sums a counter of the gateway's vtepd over its labels, of which the
// given one has to be there (`reason="unknown-sender"`; "": any).
func (g *GatewayNode) Counter(ctx context.Context, name, label string) (float64, error) {
	body, err := g.VTEPD(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	return sumCounter(string(body), name, label)
}

// sumCounter reads Prometheus' text format: NAME{LABELS} VALUE.
func sumCounter(text, name, label string) (sum float64, err error) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 2 || words[0] != name && !strings.HasPrefix(words[0], name+"{") || !strings.Contains(words[0], label) {
			continue
		}
		v, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			return 0, fmt.Errorf("read counter %s: %w", name, err)
		}
		sum += v
	}
	return sum, nil
}
