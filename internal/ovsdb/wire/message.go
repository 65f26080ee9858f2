package wire

import "fmt"

const (
	// mostExtra bounds what is kept of a message that is no part of the database:
	// identifiers, errors, parameters of echo.
	mostExtra = 64 << 10
	// mostResults bounds the results of a transaction, mostWords the words of one.
	mostResults = 1 << 16
	mostWords   = 4 << 10
)

// The methods of JSON-RPC by which a server tells of changes.
const (
	MethodUpdate  = "update"
	MethodUpdate2 = "update2"
)

// Message is a message of JSON-RPC 1.0 without what Handler has read of it. Its
// members are JSON.
type Message struct {
	Method string
	ID     []byte // nil for none
	Params []byte // but the second one of updates
	Error  []byte // nil for none
}

// IsUpdate tells whether it is one of changes.
func (m *Message) IsUpdate() bool { return m.Method == MethodUpdate || m.Method == MethodUpdate2 }

// Handler reads what may be large, while it comes. Members may come in any order,
// so that Message says only afterwards what it was about.
type Handler struct {
	Result  func() // "result" of an answer, unless it is null
	Updates func() // what an update tells
}

// Message reads the next message; io.EOF where there is none.
func (s *Scanner) Message(h Handler) (Message, error) {
	var m Message
	if err := s.Wait(); err != nil {
		return m, err
	}
	s.depth = 0
	s.Object(func(name []byte) {
		switch string(name) {
		case "id":
			m.ID = s.extra()
		case "method":
			m.Method = string(s.Text())
		case "error":
			m.Error = s.extra()
		case "result":
			if h.Result == nil {
				s.Skip()
			} else if !s.Null() {
				h.Result()
			}
		case "params":
			s.params(&m, h)
		default:
			s.Skip()
		}
	})
	return m, s.err
}

// extra gives a small value, nil for null.
func (s *Scanner) extra() []byte {
	if s.Null() {
		return nil
	}
	return s.JSON(mostExtra)
}

// params reads parameters. Those of updates are known by their form too: the method
// may come behind them.
func (s *Scanner) params(m *Message, h Handler) {
	c := &copier{s, nil, mostExtra}
	if s.peek() != '[' {
		c.value()
		m.Params = c.out
		return
	}
	n := 0
	c.list('[', ']', func(each func()) {
		s.Array(func() {
			n++
			if h.Updates != nil && n == 2 && s.peek() == '{' && (m.Method == "" || m.IsUpdate()) {
				h.Updates()
				return
			}
			each()
			c.value()
		})
	})
	m.Params = c.out
}

// Result is that of one operation of a transaction (RFC 7047 section 5.2), or of the
// whole.
type Result struct {
	Count          int64
	UUID           UUID
	Error, Details string
}

// Results reads those of a transaction; null stands for an operation that has not
// been tried.
func (s *Scanner) Results() []Result {
	var out []Result
	s.Array(func() {
		if len(out) == mostResults {
			s.Fail("more than %d results", mostResults)
		}
		var r Result
		if s.peek() == '{' {
			s.Object(func(name []byte) { s.result(&r, name) })
		} else {
			s.Skip()
		}
		out = append(out, r)
	})
	return out
}

func (s *Scanner) result(r *Result, name []byte) {
	switch string(name) {
	case "count":
		r.Count = s.Int()
	case "uuid":
		s.Set(func(a *Atom) { r.UUID = a.UUID })
	case "error":
		r.Error = s.words()
	case "details":
		r.Details = s.words()
	default:
		s.Skip()
	}
}

// words reads a string for a message, "" for null.
func (s *Scanner) words() string {
	if s.Null() {
		return ""
	}
	text := s.Text()
	return string(text[:min(len(text), mostWords)])
}

// AppendRequest adds a request; id and params are JSON.
func AppendRequest(b []byte, id, method string, params []byte) []byte {
	return fmt.Appendf(b, `{"id":%s,"method":"%s","params":%s}`, id, method, params)
}

// AppendAnswer adds the answer to a request; id, result and failure are JSON.
func AppendAnswer(b, id []byte, result, failure string) []byte {
	return fmt.Appendf(b, `{"id":%s,"result":%s,"error":%s}`, id, result, failure)
}
