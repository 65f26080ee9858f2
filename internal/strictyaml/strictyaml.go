// Package strictyaml reads configuration that people write: unknown keys, keys
// given twice and wrong shapes are errors, and every error names the file, the
// line, the field, the value and the rule.
//
// A reader decodes into a struct of Values, then checks each of them and so
// comes to a checked struct.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Error is one broken rule of a file.
type Error struct {
	File  string
	Line  int    // from 1; 0: unknown
	Field string // "ports[3].mac"; "": the file as a whole
	Value string // as written
	Rule  string // what is wrong and what to write instead
}

// Error gives `FILE:LINE: FIELD: "VALUE": RULE`, without what is unknown.
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += ":" + strconv.Itoa(e.Line)
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	if e.Value != "" {
		s += fmt.Sprintf(": %q", e.Value)
	}
	return s + ": " + e.Rule
}

// Decode reads one YAML document into the struct that v points to. Empty data
// leaves it as it is.
func Decode(file string, data []byte, v any) error {
	d := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	switch err := d.Decode(v); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return explain(file, err)
	}
	if err := d.Decode(reflect.New(reflect.TypeOf(v).Elem()).Interface()); !errors.Is(err, io.EOF) {
		return &Error{File: file, Rule: "has more than one YAML document; write one"}
	}
	return nil
}

// explain puts a decoder's error into our form.
func explain(file string, err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		own.File = file
		return own
	}
	out := &Error{File: file, Rule: err.Error()}
	if e, ok := errors.AsType[yaml.Error](err); ok {
		out.Rule = e.GetMessage()
		out.Line = line(e.GetToken())
	}
	return out
}

func line(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 0
	}
	return t.Position.Line
}

// Value is a scalar as it stands in the file. It keeps the text, so that
// nothing is lost to YAML's ideas of numbers (a bare MAC of digits, say).
type Value struct {
	Text string
	Line int
	Set  bool // the key is there and not null
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (v *Value) UnmarshalYAML(node ast.Node) error {
	v.Line = line(node.GetToken())
	switch n := node.(type) {
	case *ast.NullNode:
	case *ast.StringNode:
		v.Text, v.Set = n.Value, true
	case *ast.LiteralNode:
		v.Text, v.Set = n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		v.Text, v.Set = node.GetToken().Value, true
	default:
		return &Error{Line: v.Line, Field: key(node), Rule: fmt.Sprintf("is a %s; write one plain value", node.Type())}
	}
	return nil
}

// key is the place of a node in its file.
func key(node ast.Node) string {
	path := node.GetPath()
	if len(path) > 2 && path[:2] == "$." {
		return path[2:]
	}
	return ""
}

// Bad makes the Error of a value.
func (v Value) Bad(file, field, rule string, args ...any) error {
	return &Error{File: file, Line: v.Line, Field: field, Value: v.Text, Rule: fmt.Sprintf(rule, args...)}
}

// Or gives the text, or another one where the key is not set.
func (v Value) Or(other string) string {
	if !v.Set {
		return other
	}
	return v.Text
}
