package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
)

// contents is what ovsdb-server tells of so many MACs.
func contents(rows int) []byte {
	b := []byte(`{"id":1,"result":{"Ucast_Macs_Remote":{`)
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		id := UUID{byte(i >> 16), byte(i >> 8), byte(i), 15: 0xab}
		b = fmt.Appendf(b, `"%s":{"initial":{"MAC":"fa:16:00:%02x:%02x:%02x","ipaddr":"10.%d.%d.%d","locator":["uuid","%s"],"logical_switch":["uuid","%s"]}}`,
			id, i>>16, i>>8&0xff, i&0xff, i>>16, i>>8&0xff, i&0xff, UUID{1}, UUID{byte(i)})
	}
	return append(b, `}},"error":null}`...)
}

func BenchmarkUpdates(b *testing.B) {
	text := contents(100_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s, n := NewScanner(bytes.NewReader(text)), 0
		_, err := s.Message(Handler{Result: func() {
			s.Updates(func([]byte) RowReader {
				return func(UUID, Change) { s.Object(func([]byte) { s.Set(func(*Atom) { n++ }) }) }
			})
		}})
		if err != nil || n != 400_000 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkEncodingJSON is what the standard library takes for the same, into a map.
func BenchmarkEncodingJSON(b *testing.B) {
	text := contents(100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		var out any
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&out); err != nil {
			b.Fatal(err)
		}
	}
}
