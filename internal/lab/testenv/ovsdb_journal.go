package testenv

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Transaction is one record of a database's file.
type Transaction struct {
	At time.Time // to the millisecond
	// Comment is what who has written says of it.
	Comment string
	// Rows are by table and UUID; a row is nil where it was deleted. Columns of a
	// row that was there before have what has changed in them.
	Rows Tables
}

// Journal gives every transaction that has changed the database, in order.
func (o *OVSDB) Journal(t testing.TB) []Transaction {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.Dir, "vtep.db"))
	if err != nil {
		t.Fatal(err)
	}
	var out []Transaction
	in := bufio.NewReader(bytes.NewReader(text))
	for i := 0; ; i++ {
		record, err := readRecord(in)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("record %d of the journal: %v", i, err)
		}
		if i > 0 { // the first one is the schema
			out = append(out, transaction(record))
		}
	}
}

// readRecord reads a line "OVSDB JSON <length> <SHA-1>" and what it announces.
func readRecord(in *bufio.Reader) (map[string]json.RawMessage, error) {
	header, err := in.ReadString('\n')
	if err != nil {
		return nil, io.EOF
	}
	fields := strings.Fields(header)
	if len(fields) != 4 || fields[1] != "JSON" {
		return nil, fmt.Errorf("header %q", header)
	}
	length, err := strconv.Atoi(fields[2])
	if err != nil {
		return nil, err
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(in, body); err != nil {
		return nil, io.EOF // still being written
	}
	var record map[string]json.RawMessage
	return record, json.Unmarshal(body, &record)
}

func transaction(record map[string]json.RawMessage) Transaction {
	out := Transaction{Rows: Tables{}}
	for table, text := range record {
		var rows map[string]Row
		if !strings.HasPrefix(table, "_") && json.Unmarshal(text, &rows) == nil {
			out.Rows[table] = rows
		}
	}
	_ = json.Unmarshal(record["_comment"], &out.Comment) // most have none
	if ms, err := strconv.ParseInt(string(record["_date"]), 10, 64); err == nil {
		out.At = time.UnixMilli(ms)
	}
	return out
}

// PatchMap brings a map up to date with a column of a Transaction: a pair that
// is there goes, another value of its key replaces it, a new key comes.
func PatchMap(m map[string]string, column any) {
	value, _ := column.([]any)
	if len(value) != 2 || value[0] != "map" {
		return
	}
	pairs, _ := value[1].([]any)
	for _, p := range pairs {
		pair, _ := p.([]any)
		if len(pair) != 2 {
			continue
		}
		k, v := fmt.Sprint(pair[0]), fmt.Sprint(pair[1])
		if old, ok := m[k]; ok && old == v {
			delete(m, k)
		} else {
			m[k] = v
		}
	}
}
