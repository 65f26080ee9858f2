package wire

import "math"

// Int reads an integer.
func (s *Scanner) Int() int64 {
	text := s.number()
	digits, negative := text, false
	if len(digits) > 0 && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' || n > math.MaxInt64/10 {
			s.Fail("%q is no integer of 64 bits", text)
			return 0
		}
		n = 10*n + uint64(c-'0')
	}
	switch {
	case n <= math.MaxInt64 && negative:
		return -int64(n)
	case n <= math.MaxInt64:
		return int64(n)
	case negative && n == -math.MinInt64:
		return math.MinInt64
	}
	s.Fail("%q is no integer of 64 bits", text)
	return 0
}

// number gives the text of a number.
func (s *Scanner) number() []byte {
	s.peek()
	n := 0
	for {
		if s.at+n == s.end {
			if !s.fill() {
				break
			}
			continue
		}
		c := s.window[s.at+n]
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		n++
	}
	text := s.window[s.at : s.at+n]
	if s.err == nil && !isNumber(text) {
		s.Fail("%q is no number", text)
	}
	s.at += n
	return text
}

// isNumber tells whether a text is a number of RFC 8259 section 6.
func isNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole, b := digits(b)
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		var part []byte
		if part, b = digits(b[1:]); len(part) == 0 {
			return false
		}
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		var exponent []byte
		if exponent, b = digits(b); len(exponent) == 0 {
			return false
		}
	}
	return len(b) == 0
}

// digits parts the leading digits from the rest.
func digits(b []byte) (head, rest []byte) {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return b[:n], b[n:]
}
