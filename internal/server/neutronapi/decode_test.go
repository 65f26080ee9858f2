package neutronapi

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"
)

func TestHalfSurrogate(t *testing.T) {
	for body, want := range map[string]int{
		`""`:                          -1,
		`"\ud83d\ude00"`:              -1,
		`"\uD83D\uDE00\ud83d"`:        13,
		`"\ud83d"`:                    1,
		`"a\ude00"`:                   2,
		`"\ud83dx\ude00"`:             1,
		`"\ud83d\n"`:                  1,
		`"\\ud83d"`:                   -1,
		`"\\\ud83d"`:                  3,
		`"\ud83d\\ude00"`:             1,
		`["\u0041", "\ud83d"]`:        12,
		`"\ud83d\ud83d\ude00"`:        1,
		`"\u00e4 \/ \" \ud83d\ude00"`: -1,
	} {
		if got := halfSurrogate([]byte(body)); got != want {
			t.Errorf("%s: half a pair at %d, wanted %d", body, got, want)
		}
	}
}

// decode reads a body that is one JSON value.
func decode(body []byte) (any, error) {
	dec, err := newDecoder(body)
	if err != nil {
		return nil, err
	}
	return value(dec, 0)
}

// FuzzDecode checks that decode takes nothing that encoding/json refuses, and
// reads the rest as encoding/json does.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[1,-2.5e3,"x",true,null]`, `{"a":{"b":[{}]}}`, `{"a":1,"a":2}`, `"\ud83d\ude00"`, `"\ud83d"`,
		`[1 2]`, `[1,]`, `{"a":1]`, "\"\xff\"", `1 2`, `{"\u0061":1,"a":1}`, `"\\ud83d"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decode(body)
		if err != nil {
			bad, ok := errors.AsType[*Error](err)
			if !ok || bad.Status != 400 || !utf8.ValidString(bad.Message) {
				t.Fatalf("%q gave %v, which is no proper 400", body, err)
			}
			return
		}
		var want any
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("decode took %q, encoding/json says %v", body, err)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var same any
		if err := json.Unmarshal(text, &same); err != nil || !reflect.DeepEqual(want, same) {
			t.Fatalf("%q was read as %s (%v)", body, text, err)
		}
	})
}

// FuzzBody checks that whatever is sent is an object made or the user's fault.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"boat":{"rig":"sloop","masts":"3","crew":[{"name":"a","tasks":[1]}],"tenant_id":"x"}}`))
	f.Add([]byte(`{"ships":[{"rig":"sloop"}]}`))
	f.Add([]byte(`{"boat":{"rig":null,"uuid":{}}}`))
	toy := newToy()
	f.Fuzz(func(t *testing.T, body []byte) {
		res, text := toy.ask("POST", "/v2.0/boats", string(body))
		toy.log.Reset()
		if res.StatusCode != 201 && res.StatusCode != 400 && res.StatusCode != 413 {
			t.Fatalf("%q gave %d %s", body, res.StatusCode, text)
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q was answered by %q, which is no JSON", body, text)
		}
	})
}
