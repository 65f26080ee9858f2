package wire

import (
	"errors"
	"fmt"
	"io"
)

const (
	// windowLen is how much of the stream is in memory at first. It grows where one
	// string is longer, up to mostText.
	windowLen = 64 << 10
	mostText  = 4 << 20
	// mostDepth bounds what is nested.
	mostDepth = 64
)

// Scanner reads JSON texts, one behind the other, from a stream. The first error
// stays: whoever reads a whole value looks at Err once, behind it. Bytes that a
// method gives are good until the next call.
type Scanner struct {
	in      io.Reader
	window  []byte
	at, end int // what has been read and not used is window[at:end]
	before  int64
	depth   int
	scratch []byte
	key     []byte
	value   Atom // that is being read
	err     error
}

// NewScanner makes one for a stream.
func NewScanner(in io.Reader) *Scanner { return &Scanner{in: in, window: make([]byte, windowLen)} }

// Err is the first error, io.ErrUnexpectedEOF for an end within a value.
func (s *Scanner) Err() error { return s.err }

// Wait returns when another value has begun, with io.EOF where the stream ends
// before.
func (s *Scanner) Wait() error {
	if s.peek(); errors.Is(s.err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return s.err
}

// Fail notes what is wrong where the scanner stands: no JSON, or nothing that who reads
// it can use.
func (s *Scanner) Fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%s (byte %d)", fmt.Sprintf(format, args...), s.before+int64(s.at))
	}
}

// fill reads more; false at the end, or once there was an error.
func (s *Scanner) fill() bool {
	if s.err != nil {
		return false
	}
	if s.at > 0 {
		copy(s.window, s.window[s.at:s.end])
		s.before += int64(s.at)
		s.at, s.end = 0, s.end-s.at
	}
	if s.end == len(s.window) && !s.grow() {
		return false
	}
	for range 100 {
		n, err := s.in.Read(s.window[s.end:])
		if s.end += n; n > 0 {
			return true
		}
		if err != nil {
			s.err = err
			if errors.Is(err, io.EOF) {
				s.err = io.ErrUnexpectedEOF
			}
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

func (s *Scanner) grow() bool {
	if len(s.window) >= mostText {
		s.Fail("a text of more than %d bytes", mostText)
		return false
	}
	s.window = append(make([]byte, 0, 2*len(s.window)), s.window...)
	s.window = s.window[:cap(s.window)]
	return true
}

// peek gives the first byte of what comes next, 0 for nothing.
func (s *Scanner) peek() byte {
	for s.err == nil {
		for ; s.at < s.end; s.at++ {
			switch c := s.window[s.at]; c {
			case ' ', '\n', '\r', '\t':
			default:
				return c
			}
		}
		s.fill()
	}
	return 0
}

// take uses up a byte that has to come next.
func (s *Scanner) take(want byte) bool {
	c := s.peek()
	if c == want && s.err == nil {
		s.at++
		return true
	}
	s.unexpected(c)
	return false
}

func (s *Scanner) unexpected(c byte) { s.Fail("invalid character %q", c) }

// Object calls member for each member, which has to read its value.
func (s *Scanner) Object(member func(name []byte)) {
	for first := s.open('{'); s.more('}', first); first = false {
		s.key = append(s.key[:0], s.Text()...)
		if s.take(':') {
			member(s.key)
		}
	}
	s.depth--
}

// Array calls element for each element, which has to read it.
func (s *Scanner) Array(element func()) {
	for first := s.open('['); s.more(']', first); first = false {
		element()
	}
	s.depth--
}

func (s *Scanner) open(c byte) bool {
	if s.depth++; s.depth > mostDepth {
		s.Fail("values are nested in more than %d", mostDepth)
	}
	return s.take(c)
}

// more uses up what stands between elements, or behind the last.
func (s *Scanner) more(closing byte, first bool) bool {
	c := s.peek()
	switch {
	case s.err != nil:
		return false
	case c == closing:
		s.at++
		return false
	case first:
		return true
	}
	return s.take(',')
}

// Null uses up a null, if one comes next.
func (s *Scanner) Null() bool {
	if s.peek() != 'n' {
		return false
	}
	s.literal("null")
	return s.err == nil
}

func (s *Scanner) literal(word string) {
	for i := range len(word) {
		if s.at == s.end && !s.fill() {
			return
		}
		if s.window[s.at] != word[i] {
			s.unexpected(s.window[s.at])
			return
		}
		s.at++
	}
}
