package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// ErrFenced is what Err and writes say while an agent of a higher epoch has the
// database.
var ErrFenced = errors.New("served by another agent")

// SetEpoch changes Config.Epoch. With a higher one a client that was fenced off
// may write again.
func (c *Client) SetEpoch(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch == n {
		return
	}
	c.epoch = n
	c.dirty.Resync = true
	c.notify()
}

// Claim makes the database the client's, for its epoch; where it is already,
// nothing is written. Every write does the same beside its own rows: Claim is
// for keeping others out before there is anything to write.
func (c *Client) Claim(ctx context.Context) error {
	c.mu.Lock()
	needless := c.session == nil || c.epoch == 0 || c.mirror.global == nil || !c.schema.OtherConfig || c.fence().holds(c.mirror.global)
	c.mu.Unlock()
	if needless {
		return nil
	}
	return c.change(ctx, func(b *builder) error { b.claim = true; return nil })
}

// fence is an epoch at a database; the zero fence keeps nobody out.
type fence struct {
	epoch uint64
	agent string
}

// fence gives the client's; c.mu is held.
func (c *Client) fence() fence { return fence{c.epoch, c.agent} }

// keys are the fence as it stands in Global.other_config.
func (f fence) keys() map[string]string {
	out := map[string]string{hwvtep.Epoch: strconv.FormatUint(f.epoch, 10)}
	if f.agent != "" {
		out[hwvtep.Agent] = f.agent
	}
	return out
}

// holds tells whether the database is this fence's.
func (f fence) holds(g *globalEntry) bool {
	for k, v := range f.keys() {
		if g.config[k] != v {
			return false
		}
	}
	return true
}

// check tells why nothing may be written. An epoch that is no number is below
// all others. Of two agents with the same one, the first has the database.
func (f fence) check(m *mirror, s hwvtep.Schema) error {
	if f.epoch == 0 || m.global == nil || !s.OtherConfig {
		return nil
	}
	theirs, _ := strconv.ParseUint(m.global.config[hwvtep.Epoch], 10, 64)
	relation := ">"
	switch {
	case theirs < f.epoch, theirs == f.epoch && f.holds(m.global):
		return nil
	case theirs == f.epoch:
		relation = "="
	}
	who := ""
	if name := m.global.config[hwvtep.Agent]; name != "" {
		who = fmt.Sprintf(" (%q)", name)
	}
	return fmt.Errorf("%w%s, epoch %d %s %d", ErrFenced, who, theirs, relation, f.epoch)
}

// guard puts before the operations of a transaction what makes the database
// refuse it once another epoch has come, and claims the database where it is not
// the fence's yet. The journal of the database shows whose it was.
func (f fence) guard(b *builder) error {
	if f.epoch == 0 || !b.schema.OtherConfig || len(b.ops) == 0 && !b.claim {
		return nil
	}
	g := b.mirror.global
	if g == nil {
		return errors.New("the database has no Global row, thus no switch")
	}
	var guards []wire.Operation
	if !f.holds(g) {
		guards = append(guards, f.claim(g))
	}
	b.ops = append(append(guards, f.wait(g), f.sign()), b.ops...)
	return nil
}

// sign leaves in the database's file who has written, and by which epoch:
// "ovsdb-tool show-log" tells it.
func (f fence) sign() wire.Operation {
	return wire.Operation{Op: wire.Comment, Comment: hwvtep.Signature(f.agent, f.epoch)}
}

// claim replaces the epoch that the mirror shows. What has come in its place
// since stays: an insertion does not replace a key, a deletion with a value
// removes only that (RFC 7047 section 5.1). The wait behind it then fails.
func (f fence) claim(g *globalEntry) wire.Operation {
	old := map[string]string{}
	for _, k := range []string{hwvtep.Epoch, hwvtep.Agent} {
		if v, ok := g.config[k]; ok {
			old[k] = v
		}
	}
	return wire.Operation{
		Op: wire.Mutate, Table: tableGlobal, Where: where(g.id),
		Mutations: []wire.Mutation{
			{Column: "other_config", Mutator: wire.Delete, Value: wire.Texts(old)},
			{Column: "other_config", Mutator: wire.Insert, Value: wire.Texts(f.keys())},
		},
	}
}

// wait fails at once where Global does not have the fence's epoch.
func (f fence) wait(g *globalEntry) wire.Operation {
	return wire.Operation{
		Op: wire.Wait, Table: tableGlobal,
		Where:   []wire.Condition{{Column: "other_config", Function: wire.Includes, Value: wire.Texts(f.keys())}},
		Columns: []string{"_uuid"}, Rows: []wire.Columns{{"_uuid": g.id}},
	}
}
