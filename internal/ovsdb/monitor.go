package ovsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"landbridge/internal/ovsdb/wire"
)

// askSchema asks the server for its schema.
func (l *link) askSchema() (*dbSchema, error) {
	var text []byte
	err := l.call(methodSchema, []byte(`["`+databaseName+`"]`), func(in *wire.Scanner) { text = in.JSON(mostSchema) })
	var refusal *failure
	if errors.As(err, &refusal) {
		return nil, fmt.Errorf("%w: %w", errNoDatabase, err)
	}
	if err != nil {
		return nil, err
	}
	schema := &dbSchema{}
	if err := json.Unmarshal(text, schema); err != nil {
		return nil, fmt.Errorf("the schema: %w", err)
	}
	return schema, nil
}

var errNoDatabase = errors.New("no database " + databaseName)

// load reads the contents into a mirror, while they come. An old server has the
// monitor of RFC 7047 alone.
func (s *session) load(warn func(ref, string)) error {
	s.intake.patience = loadWithin
	err := s.monitor(methodMonitorCond, warn)
	var unknown *failure
	if errors.As(err, &unknown) {
		err = s.monitor(methodMonitor, warn)
	}
	s.intake.patience = 0
	return errors.Join(err, s.conn.SetReadDeadline(time.Time{}))
}

func (s *session) monitor(method string, warn func(ref, string)) error {
	f := &fold{mirror: newMirror(), dirty: &Dirty{}, warn: warn, fresh: true}
	d := newDecoder(s.in, func(_ int, c change) { c.into(f) })
	d.again = &again{}
	err := s.call(method, s.monitorParams(method), func(in *wire.Scanner) { in.Updates(d.table) })
	f.mirror.sweep()
	s.mirror = f.mirror
	return errors.Join(err, f.err)
}

func (s *session) monitorParams(method string) []byte {
	type request struct {
		Columns []string `json:"columns"`
	}
	tables := map[string]any{}
	for _, table := range order {
		one := request{followed(table, s.schema)}
		tables[table] = either[any](method == methodMonitorCond, []request{one}, one)
	}
	text, err := json.Marshal([]any{databaseName, nil, tables})
	if err != nil {
		panic(err) // of strings alone
	}
	return text
}

func either[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}
