package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// scan is a Scanner for a text that comes in pieces of every size.
func scan(text string) *Scanner { return NewScanner(iotest.HalfReader(strings.NewReader(text))) }

// tiny is a Scanner that has one byte more at a time, and nearly no room at first.
func tiny(text string) *Scanner {
	s := NewScanner(iotest.OneByteReader(strings.NewReader(text)))
	s.window = s.window[:2]
	return s
}

// A Scanner takes what encoding/json takes, and understands the same by it.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-2.5e+3,"x",null,true,false,{}],"\u00e4\ud83d\ude00\n":"\ud800"}`, "[\"a\xffb\"]", `[01]`, `[1.]`, `[-]`,
		`{"a":1,}`, `[,]`, `["\x"]`, `["\ud800\u0041"]`, `"` + strings.Repeat("long ", 30) + `"`, `[1 2]`, "[\"\t\"]", ` [ ] `,
		`["\ud83d\u`, `["\ud83d\`, `nul`, `[tru]`, `{"a" 1}`, `{1:2}`, `[1e5,1E-5]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, inner []byte) {
		text := "[" + string(inner) + "]"
		if strings.Count(text, "[")+strings.Count(text, "{") > mostDepth {
			return
		}
		want := json.Valid([]byte(text))
		for name, s := range map[string]*Scanner{"halves": scan(text), "bytes": tiny(text)} {
			got := s.JSON(1 << 20)
			if got := s.Err() == nil && errors.Is(s.Wait(), io.EOF); got != want {
				t.Fatalf("%s: %q is JSON: %v (%v), want %v", name, text, got, s.Err(), want)
			}
			if want && !reflect.DeepEqual(understood(t, []byte(text)), understood(t, got)) {
				t.Fatalf("%s: %q became %q", name, text, got)
			}
			skipping := scan(text)
			if skipping.Skip(); (skipping.Err() == nil && errors.Is(skipping.Wait(), io.EOF)) != want {
				t.Fatalf("%q is skipped: %v, want %v", text, skipping.Err(), want)
			}
		}
	})
}

func understood(t *testing.T, text []byte) (out any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return out
}

func TestTextsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.String()).Draw(t, "texts")
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Scanner{scan(string(text)), tiny(string(text)), scan(string(list(nil, want, AppendText)))} {
			got := []string{}
			if s.Array(func() { got = append(got, string(s.Text())) }); s.Err() != nil || !reflect.DeepEqual(append([]string{}, want...), got) {
				t.Fatalf("%q was read as %q: %v", want, got, s.Err())
			}
		}
	})
}

func TestIntegers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-0": 0, "42": 42, "-7": -7, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63} {
		if s := scan(text + " "); s.Int() != want || s.Err() != nil {
			t.Errorf("%s: %v", text, s.Err())
		}
	}
	for _, text := range []string{"9223372036854775808", "-9223372036854775809", "99999999999999999999", "1.5", "1e3", "x", "-", ""} {
		if s := scan(text + " "); s.Int() != 0 || s.Err() == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestBoundsOfAScanner(t *testing.T) {
	long, deep := strings.Repeat("x", mostText), strings.Repeat("[", mostDepth+1)
	for _, c := range []struct {
		what, want string
		read       func() *Scanner
	}{
		{"a text", "a text of more than", func() *Scanner { s := scan(`"` + long + `"`); s.Text(); return s }},
		{"a text with escapes", "a text of more than", func() *Scanner { s := scan(`"\n` + long + `"`); s.Text(); return s }},
		{"a number", "a text of more than", func() *Scanner { s := scan(strings.Repeat("1", mostText+1)); s.Skip(); return s }},
		{"depth", "nested", func() *Scanner { s := scan(deep); s.Skip(); return s }},
		{"a value", "a value of more than 10 bytes", func() *Scanner { s := scan(`[1,2,3,4,5,6,7]`); s.JSON(10); return s }},
	} {
		if s := c.read(); s.Err() == nil || !strings.Contains(s.Err().Error(), c.want) {
			t.Errorf("%s: %v", c.what, s.Err())
		}
	}
}

// What has come is told at once, whatever may follow.
func TestAScannerWaitsForNothingItDoesNotNeed(t *testing.T) {
	for _, text := range []string{`{"a":1}`, `[1]`, `"x"`, `"\ud800"`, `["\ud83d\ude00"]`, `null`, `true`} {
		in, out := io.Pipe()
		go func() { _, _ = out.Write([]byte(text)) }()
		if s := NewScanner(in); len(s.JSON(100)) == 0 || s.Err() != nil {
			t.Errorf("%s: %v", text, s.Err())
		}
		_ = out.Close()
	}
}

// noise never ends.
type noise struct{ read int }

func (n *noise) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = `["noise",-1.5,null],`[(n.read+i)%20]
	}
	n.read += len(b)
	return len(b), nil
}

func TestNoiseTakesNoMemory(t *testing.T) {
	const much = 16 << 20
	in := &noise{}
	s := NewScanner(io.MultiReader(strings.NewReader(`{"id":null,"noise":[`), io.LimitReader(in, much)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := s.Message(Handler{})
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, io.ErrUnexpectedEOF) || in.read < much || taken > 1<<20 {
		t.Errorf("%d bytes of memory for %d of noise, %v", taken, in.read, err)
	}
}

func TestErrorsOfTheStreamAreTold(t *testing.T) {
	broken := errors.New("broken")
	s := NewScanner(io.MultiReader(strings.NewReader(`[1,`), iotest.ErrReader(broken)))
	if s.Skip(); !errors.Is(s.Err(), broken) {
		t.Error(s.Err())
	}
	if s = scan(`[1`); s.Wait() != nil {
		t.Error(s.Err())
	}
	if s.Skip(); !errors.Is(s.Err(), io.ErrUnexpectedEOF) {
		t.Error(s.Err())
	}
	if err := scan(" \n").Wait(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
