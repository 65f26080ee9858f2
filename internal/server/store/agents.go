package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// agentRow is an agent.
type agentRow struct {
	bun.BaseModel  `bun:"table:agents"`
	ID             string `bun:"id,pk"`
	Host           string `bun:"host"`
	Run            string `bun:"run"`
	Alive          bool   `bun:"alive"`
	Created        int64  `bun:"created_at"`
	Started        int64  `bun:"started_at"`
	Heartbeat      int64  `bun:"heartbeat_at"`
	Configurations string `bun:"configurations"` // JSON
}

// configurations is what an agent says of itself.
type configurations struct {
	Version   string   `json:"version"`
	Databases []string `json:"databases"`
	Serves    []string `json:"serves"`
	Switches  []string `json:"switches"`
}

// Agents gives the agents.
func (s *Store) Agents() l2gw.Agents { return agents{s} }

type agents struct{ s *Store }

// List implements l2gw.Agents.
func (a agents) List(ctx context.Context) (all []l2gw.Agent, err error) {
	err = a.s.look(ctx, "list agents", func(ctx context.Context, db bun.IDB) (err error) {
		all, err = loadAgents(ctx, db)
		return err
	})
	return all, err
}

// Get implements l2gw.Agents.
func (a agents) Get(ctx context.Context, id string) (v l2gw.Agent, err error) {
	err = a.s.look(ctx, "find an agent", func(ctx context.Context, db bun.IDB) (err error) {
		v, err = agentByID(ctx, db, id)
		return err
	})
	return v, err
}

// Delete implements l2gw.Agents. The databases that it served are nobody's then.
func (a agents) Delete(ctx context.Context, id string) error {
	return a.s.write(ctx, "delete an agent", func(ctx context.Context, db bun.IDB) error {
		v, err := agentByID(ctx, db, id)
		if err != nil {
			return err
		}
		if v.Alive {
			return l2gw.ErrAgentAlive(v)
		}
		if err := deleteRow[agentRow](ctx, db, id); err != nil {
			return err
		}
		_, err = db.NewUpdate().Table("assignments").Set("host = ''").Set("run = ''").Where("host = ?", v.Host).Exec(ctx)
		return err
	})
}

func agentByID(ctx context.Context, db bun.IDB, id string) (l2gw.Agent, error) {
	found, err := loadAgents(ctx, db, is("id", id))
	if err == nil && len(found) == 0 {
		err = l2gw.ErrAgentNotFound(id)
	}
	if err != nil {
		return l2gw.Agent{}, err
	}
	return found[0], nil
}

func loadAgents(ctx context.Context, db bun.IDB, narrow ...where) ([]l2gw.Agent, error) {
	rows, err := selectRows[agentRow](ctx, db, "host", narrow...)
	if err != nil {
		return nil, err
	}
	var j jsonColumns
	all := make([]l2gw.Agent, 0, len(rows))
	for _, r := range rows {
		var c configurations
		j.read(r.Configurations, &c)
		all = append(all, l2gw.Agent{
			ID: r.ID, Host: r.Host, Run: r.Run, Alive: r.Alive, Created: l2gw.Instant(r.Created), Started: l2gw.Instant(r.Started),
			Heartbeat: l2gw.Instant(r.Heartbeat), Version: c.Version, Databases: c.Databases, Serves: c.Serves, Switches: c.Switches,
		})
	}
	return all, j.err
}

// SaveAgents keeps what is known of some agents, by their hosts; those that are
// new get an ID. It is done under a lease only.
func (s *Store) SaveAgents(ctx context.Context, list []l2gw.Agent, under l2gw.Lease) error {
	return s.writeUnder(ctx, []l2gw.Lease{under}, "keep what is known of agents", func(ctx context.Context, db bun.IDB) error {
		for _, a := range list {
			if err := saveAgent(ctx, db, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveAgent(ctx context.Context, db bun.IDB, a l2gw.Agent) error {
	var j jsonColumns
	row := agentRow{
		Host: a.Host, Run: a.Run, Alive: a.Alive, Started: int64(a.Started), Heartbeat: int64(a.Heartbeat),
		Configurations: j.write(configurations{a.Version, a.Databases, a.Serves, a.Switches}),
	}
	if j.err != nil {
		return fmt.Errorf("agent of host %q: %w", a.Host, j.err)
	}
	have, err := selectRows[agentRow](ctx, db, "host", is("host", a.Host))
	if err != nil {
		return err
	}
	if len(have) > 0 {
		row.ID, row.Created = have[0].ID, have[0].Created
		_, err = db.NewUpdate().Model(&row).WherePK().Exec(ctx)
		return err
	}
	row.ID = uuid.NewString()
	if row.Created, err = nextStamp(ctx, db, "agents"); err == nil {
		_, err = db.NewInsert().Model(&row).Exec(ctx)
	}
	return err
}

// assignmentRow is the assignment of a database.
type assignmentRow struct {
	bun.BaseModel `bun:"table:assignments"`
	Database      string `bun:"ovsdb_identifier,pk"`
	Host          string `bun:"host"`
	Run           string `bun:"run"`
	Epoch         uint64 `bun:"epoch"`
}

// Assignments gives every assignment, by database.
func (s *Store) Assignments(ctx context.Context) (all []l2gw.Assignment, err error) {
	err = s.look(ctx, "list assignments", func(ctx context.Context, db bun.IDB) error {
		rows, err := selectRows[assignmentRow](ctx, db, "ovsdb_identifier")
		all = nil
		for _, r := range rows {
			all = append(all, l2gw.Assignment{Database: r.Database, Host: r.Host, Run: r.Run, Epoch: r.Epoch})
		}
		return err
	})
	return all, err
}

// SaveAssignments replaces assignments, by their databases. It is done under a
// lease only.
func (s *Store) SaveAssignments(ctx context.Context, list []l2gw.Assignment, under l2gw.Lease) error {
	return s.writeUnder(ctx, []l2gw.Lease{under}, "assign databases to agents", func(ctx context.Context, db bun.IDB) error {
		for _, a := range list {
			if _, err := db.NewDelete().Model((*assignmentRow)(nil)).Where("ovsdb_identifier = ?", a.Database).Exec(ctx); err != nil {
				return err
			}
			row := assignmentRow{Database: a.Database, Host: a.Host, Run: a.Run, Epoch: a.Epoch}
			if _, err := db.NewInsert().Model(&row).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
