package wire

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// plain has the bytes that stand for themselves in a string.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// Text reads a string. What is not UTF-8 in it becomes U+FFFD.
func (s *Scanner) Text() []byte {
	if !s.take('"') {
		return nil
	}
	n := 0
	for {
		for i := s.at + n; i < s.end; i++ {
			if c := s.window[i]; !plain[c] {
				n = i - s.at
				if c != '"' {
					return s.unplain(n)
				}
				text := s.window[s.at:i]
				s.at = i + 1
				return text
			}
		}
		n = s.end - s.at
		if !s.fill() {
			return nil
		}
	}
}

// unplain reads a string of which only the first n bytes stand for themselves.
func (s *Scanner) unplain(n int) []byte {
	out := append(s.scratch[:0], s.window[s.at:s.at+n]...)
	for s.at += n; s.err == nil; {
		if s.at == s.end && !s.fill() {
			break
		}
		switch c := s.window[s.at]; {
		case c == '"':
			s.at++
			s.scratch = out
			return out
		case c < ' ':
			s.unexpected(c)
		case c == '\\':
			s.at++
			out = s.escape(out)
		case plain[c]:
			out = append(out, c)
			s.at++
		default:
			out = utf8.AppendRune(out, s.rune())
		}
		if len(out) > mostText {
			s.Fail("a text of more than %d bytes", mostText)
		}
	}
	return nil
}

// rune reads a character beyond ASCII.
func (s *Scanner) rune() rune {
	for !utf8.FullRune(s.window[s.at:s.end]) && s.fill() {
	}
	r, n := utf8.DecodeRune(s.window[s.at:s.end])
	s.at += n
	return r
}

// ahead has n bytes that come next in the window, if the stream has them.
func (s *Scanner) ahead(n int) bool {
	for s.end-s.at < n {
		if !s.fill() {
			return false
		}
	}
	return true
}

// escape reads what stands behind a backslash.
func (s *Scanner) escape(out []byte) []byte {
	if !s.ahead(1) {
		return out
	}
	c := s.window[s.at]
	s.at++
	switch c {
	case '"', '\\', '/':
		return append(out, c)
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'u':
		return utf8.AppendRune(out, s.unicode())
	}
	s.unexpected(c)
	return out
}

// unicode reads the digits of \u, and a second half where there is one.
func (s *Scanner) unicode() rune {
	r, ok := s.hex(0)
	if !ok {
		s.Fail("\\u without four hexadecimal digits")
		return utf8.RuneError
	}
	s.at += 4
	if !utf16.IsSurrogate(r) {
		return r
	}
	if s.next(0, '\\') && s.next(1, 'u') {
		if low, ok := s.hex(2); ok {
			if whole := utf16.DecodeRune(r, low); whole != utf8.RuneError {
				s.at += 6
				return whole
			}
		}
	}
	return utf8.RuneError
}

// next tells whether a byte comes that many bytes later. It waits for no more than
// that one.
func (s *Scanner) next(skip int, c byte) bool { return s.ahead(skip+1) && s.window[s.at+skip] == c }

// hex gives the four hexadecimal digits that come some bytes later.
func (s *Scanner) hex(skip int) (rune, bool) {
	if !s.ahead(skip + 4) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.window[s.at+skip:s.at+skip+4]), 16, 16)
	return rune(n), err == nil
}

func isPlain[T string | []byte](text T) bool {
	for i := range len(text) {
		if !plain[text[i]] {
			return false
		}
	}
	return true
}

// AppendText adds a string as JSON.
func AppendText[T string | []byte](b []byte, text T) []byte {
	b = append(b, '"')
	if isPlain(text) {
		return append(append(b, text...), '"')
	}
	for _, r := range string(text) {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			const digits = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', digits[r>>4], digits[r&0xf])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
