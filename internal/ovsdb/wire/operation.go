package wire

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Operations of a transaction, functions of conditions and mutators (RFC 7047
// section 5).
const (
	Insert = "insert"
	Select = "select"
	Update = "update"
	Mutate = "mutate"
	Delete = "delete"
	Wait   = "wait"
	// Comment goes into the journal of the database.
	Comment = "comment"

	Equal    = "=="
	Includes = "includes"
)

// Value is what can stand in a column: a string, an int, a UUID, a Named, a Set of
// these, a Map or a Texts.
type Value any

// Named is the name of a row that the same transaction makes.
type Named string

// Set is a value of several elements, or of none.
type Set []Value

// Pair is one of a Map.
type Pair struct{ Key, Value Value }

// Map is a value of pairs.
type Map []Pair

// Texts is a map between strings.
type Texts map[string]string

// Columns are those of a row, by name.
type Columns map[string]Value

// Condition is one of a where.
type Condition struct {
	Column, Function string
	Value            Value
}

// Mutation changes one column.
type Mutation struct {
	Column, Mutator string
	Value           Value
}

// Operation is one of a transaction. What it has no use for is left out.
type Operation struct {
	Op, Table string
	Row       Columns // Insert, Update
	UUIDName  Named   // Insert
	Where     []Condition
	Mutations []Mutation
	Columns   []string // Select, Wait
	// Rows are those that Wait wants; it fails at once where they are not there.
	Rows    []Columns
	Comment string // Comment
}

// Append adds an operation as JSON.
func (o *Operation) Append(b []byte) []byte {
	b = AppendText(append(b, `{"op":`...), o.Op)
	if o.Op == Comment {
		return append(AppendText(append(b, `,"comment":`...), o.Comment), '}')
	}
	b = AppendText(append(b, `,"table":`...), o.Table)
	switch o.Op {
	case Insert:
		if o.UUIDName != "" {
			b = AppendText(append(b, `,"uuid-name":`...), string(o.UUIDName))
		}
		return append(o.Row.Append(append(b, `,"row":`...)), '}')
	case Update:
		b = o.Row.Append(append(b, `,"row":`...))
	case Mutate:
		b = list(append(b, `,"mutations":`...), o.Mutations, func(b []byte, m Mutation) []byte { return triple(b, m.Column, m.Mutator, m.Value) })
	case Wait:
		b = list(append(b, `,"timeout":0,"until":"==","rows":`...), o.Rows, func(b []byte, c Columns) []byte { return c.Append(b) })
	}
	if o.Columns != nil {
		b = list(append(b, `,"columns":`...), o.Columns, AppendText[string])
	}
	b = list(append(b, `,"where":`...), o.Where, func(b []byte, c Condition) []byte { return triple(b, c.Column, c.Function, c.Value) })
	return append(b, '}')
}

// list adds an array.
func list[T any](b []byte, values []T, one func(b []byte, v T) []byte) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

func triple(b []byte, column, word string, v Value) []byte {
	b = append(AppendText(append(b, '['), column), ',')
	b = append(AppendText(b, word), ',')
	return append(appendValue(b, v), ']')
}

// Append adds the columns as JSON, sorted.
func (c Columns) Append(b []byte) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(c)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(append(AppendText(b, name), ':'), c[name])
	}
	return append(b, '}')
}

// appendValue panics at what is no Value: the programmer's mistake.
func appendValue(b []byte, v Value) []byte {
	switch v := v.(type) {
	case string:
		return AppendText(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case UUID:
		return append(v.Append(append(b, `["`+tagUUID+`","`...)), `"]`...)
	case Named:
		return append(AppendText(append(b, `["`+tagNamed+`",`...), string(v)), ']')
	case Set:
		return append(list(append(b, `["`+tagSet+`",`...), v, appendValue), ']')
	case Map:
		return append(list(append(b, `["`+tagMap+`",`...), v, appendPair), ']')
	case Texts:
		var pairs Map
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, Pair{key, v[key]})
		}
		return appendValue(b, pairs)
	}
	panic(fmt.Sprintf("%T is no value of a column", v))
}

func appendPair(b []byte, p Pair) []byte {
	return append(appendValue(append(appendValue(append(b, '['), p.Key), ','), p.Value), ']')
}

// Transaction gives the parameters of a transact.
func Transaction(database string, ops []Operation) []byte {
	b := AppendText(append(make([]byte, 0, 256*(1+len(ops))), '['), database)
	for i := range ops {
		b = ops[i].Append(append(b, ','))
	}
	return append(b, ']')
}
