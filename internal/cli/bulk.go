package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/macfile"
	"landbridge/internal/cli/rest"
)

// bulkSize is how many MACs one request has: 300 KiB at most, so that it passes
// any server's and proxy's limit.
const bulkSize = 2000

func (a *app) createMACCommand(k *kind) *cobra.Command {
	const mac, behind = "<MAC>[;<IP>]", "<RGW-CONNECTION>"
	c := &cobra.Command{
		Use:   "create " + mac + " " + behind + " | --from FILE " + behind,
		Short: "Create a " + k.words + ", or those of a file",
	}
	from := c.Flags().String("from", "", "`FILE` of lines MAC[;IP], or CSV; - is standard input. A bad line: nothing is sent")
	c.Args = func(c *cobra.Command, args []string) error {
		if *from != "" {
			return exactly(behind)(c, args)
		}
		return exactly(mac, behind)(c, args)
	}
	c.ValidArgsFunction = a.completeBehind(from)
	a.define(c, k.options)
	o := outputFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := o.check(c, nil); err != nil {
			return err
		}
		all, err := gather(c, nil, nil, k.options)
		if err != nil {
			return err
		}
		common, err := a.attributes(c, all)
		if err != nil {
			return err
		}
		if *from != "" {
			return a.createFrom(c.Context(), k, *from, args[0], common)
		}
		return a.createMAC(c, k, args, common, o)
	}
	return c
}

func (a *app) createMAC(c *cobra.Command, k *kind, args []string, common map[string]any, o *outputs) error {
	e, err := macfile.ParseEntry(args[0])
	if err != nil {
		return misuse(c, "%v", err)
	}
	if common["rgw_connection"], err = a.find(c.Context(), remoteConnections(), args[1]); err != nil {
		return err
	}
	client, err := a.client(c.Context(), k)
	if err != nil {
		return err
	}
	made, err := client.Create(c.Context(), k.Resource, macBody(e, common))
	if err != nil {
		return err
	}
	return a.show(made, o)
}

// macBody is what is sent of an entry.
func macBody(e macfile.Entry, common map[string]any) map[string]any {
	body := map[string]any{"mac": e.MAC.String()}
	if e.IP.IsValid() {
		body["ipaddr"] = e.IP.String()
	}
	for name, v := range common {
		body[name] = v
	}
	return body
}

// createFrom makes all remote MACs of a file.
func (a *app) createFrom(ctx context.Context, k *kind, file, connection string, common map[string]any) error {
	entries, err := a.readMACs(file)
	if err != nil {
		return fmt.Errorf("%s: %w; nothing was sent", file, err)
	}
	if common["rgw_connection"], err = a.find(ctx, remoteConnections(), connection); err != nil {
		return err
	}
	client, err := a.client(ctx, k)
	if err != nil {
		return err
	}
	l := load{client: client, kind: k, entries: entries, common: common, size: bulkSize, line: newProgress(a.Streams)}
	if err := l.run(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Out, "%d %ss have been created\n", len(entries), k.words)
	return err
}

func (a *app) readMACs(file string) ([]macfile.Entry, error) {
	if file == "-" {
		return macfile.Read(a.In)
	}
	f, err := os.Open(file)
	if err != nil {
		if bad, ok := errors.AsType[*os.PathError](err); ok {
			err = bad.Err // the caller names the file
		}
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return macfile.Read(f)
}

// load is a file on its way to the server.
type load struct {
	client  *rest.Client
	kind    *kind
	entries []macfile.Entry
	common  map[string]any // attributes that all of them have
	size    int            // of one request; 1 once the server has refused more
	line    *progress
}

// run sends all entries. What was made before a failure stays, and the error
// says how much that is and where the rest begins.
func (l *load) run(ctx context.Context) error {
	defer l.line.end()
	for done := 0; done < len(l.entries); {
		l.line.count(done, len(l.entries), l.kind.words+"s")
		next := l.entries[done:min(done+l.size, len(l.entries))]
		err := l.send(ctx, next)
		if errors.Is(err, rest.ErrNoBulk) && l.size > 1 {
			l.size = 1
			continue
		}
		if err != nil {
			return l.failure(done, next, err)
		}
		done += len(next)
	}
	l.line.count(len(l.entries), len(l.entries), l.kind.words+"s")
	return nil
}

func (l *load) send(ctx context.Context, entries []macfile.Entry) error {
	if l.size == 1 {
		_, err := l.client.Create(ctx, l.kind.Resource, macBody(entries[0], l.common))
		return err
	}
	bodies := make([]any, 0, len(entries))
	for _, e := range entries {
		bodies = append(bodies, macBody(e, l.common))
	}
	return l.client.CreateAll(ctx, l.kind.Resource, bodies)
}

func (l *load) failure(done int, refused []macfile.Entry, err error) error {
	first, last := refused[0].Line, refused[len(refused)-1].Line
	lines := fmt.Sprintf("line %d", first)
	if last > first {
		lines = fmt.Sprintf("lines %d–%d", first, last)
	}
	if _, answered := errors.AsType[*rest.Error](err); !answered {
		return fmt.Errorf("%d of %d were created; whether %s were is not known: %w", done, len(l.entries), lines, err)
	}
	return fmt.Errorf("%d of %d were created, nothing from line %d on; %s: %w", done, len(l.entries), first, lines, err)
}
