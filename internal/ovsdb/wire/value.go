package wire

// Kind is what an atom is.
type Kind uint8

// The kinds of atoms that a Scanner tells apart.
const (
	Text Kind = iota + 1
	Integer
	Row   // a UUID
	Other // a boolean, of which nothing is kept
)

// String is for messages.
func (k Kind) String() string {
	return [...]string{"nothing", "string", "integer", "UUID", "boolean"}[k]
}

// Atom is one element of a value of a column (RFC 7047 section 5.1).
type Atom struct {
	Kind Kind
	Text []byte
	Int  int64
	UUID UUID
}

// The names of what is written as an array.
const (
	tagUUID  = "uuid"
	tagNamed = "named-uuid"
	tagSet   = "set"
	tagMap   = "map"
)

// Set reads a value, calling each for every element. A single one may stand by
// itself.
func (s *Scanner) Set(each func(a *Atom)) {
	a := &s.value
	switch {
	case s.peek() != '[':
		if s.atom(a); s.err == nil {
			each(a)
		}
	case s.quickUUID(a):
		each(a)
	default:
		s.tagged(func(tag []byte) { s.set(tag, a, each) })
	}
}

// One reads a value that has one element; the last, where it has more. It is good
// until the next call.
func (s *Scanner) One() *Atom {
	a := &s.value
	*a = Atom{}
	switch {
	case s.peek() != '[':
		s.atom(a)
	case s.quickUUID(a):
	default:
		s.tagged(func(tag []byte) { s.set(tag, a, func(*Atom) {}) })
	}
	return a
}

// set reads what stands behind the tag of a value.
func (s *Scanner) set(tag []byte, a *Atom, each func(a *Atom)) {
	switch string(tag) {
	case tagUUID:
		if s.uuid(a); s.err == nil {
			each(a)
		}
	case tagSet:
		s.Array(func() {
			if s.atom(a); s.err == nil {
				each(a)
			}
		})
	default:
		s.Fail("%q is no set", tag)
	}
}

// Map reads a value, calling each for every pair.
func (s *Scanner) Map(each func(key, value *Atom)) {
	var key, value Atom
	var text []byte
	pair := func() {
		n := 0
		s.Array(func() {
			switch n++; n {
			case 1:
				s.atom(&key)
				text = append(text[:0], key.Text...)
				key.Text = text
			case 2:
				if s.atom(&value); s.err == nil {
					each(&key, &value)
				}
			default:
				s.Fail("a pair of more than two")
			}
		})
		if n < 2 {
			s.Fail("a pair of less than two")
		}
	}
	s.tagged(func(tag []byte) {
		if string(tag) != tagMap {
			s.Fail("%q is no map", tag)
		}
		s.Array(pair)
	})
}

// tagged reads an array of a word and one value more, which rest has to read.
func (s *Scanner) tagged(rest func(tag []byte)) {
	n := 0
	s.Array(func() {
		switch n++; n {
		case 1:
			s.key = append(s.key[:0], s.Text()...)
		case 2:
			rest(s.key)
		default:
			s.Fail("a value of more than two")
		}
	})
	if n < 2 {
		s.Fail("a value of less than two")
	}
}

// atom reads one element.
func (s *Scanner) atom(a *Atom) {
	*a = Atom{}
	switch c := s.peek(); {
	case c == '"':
		a.Kind, a.Text = Text, s.Text()
	case c == '-' || c >= '0' && c <= '9':
		a.Kind, a.Int = Integer, s.Int()
	case c == 't' || c == 'f':
		a.Kind = Other
		s.Skip()
	case c == '[':
		if s.quickUUID(a) {
			return
		}
		s.tagged(func(tag []byte) {
			if string(tag) != tagUUID {
				s.Fail("%q is no element", tag)
			}
			s.uuid(a)
		})
	default:
		s.unexpected(c)
	}
}

func (s *Scanner) uuid(a *Atom) {
	text := s.Text()
	if s.err != nil {
		return
	}
	var ok bool
	if a.UUID, ok = ParseUUID(text); !ok {
		s.Fail("%q is no UUID", text)
	}
	a.Kind = Row
}

// quickUUID reads a UUID that is written without spaces, and is in the window; or
// nothing.
func (s *Scanner) quickUUID(a *Atom) bool {
	const head, tail = `["` + tagUUID + `","`, `"]`
	const size = len(head) + textLen + len(tail)
	if s.end-s.at < size {
		return false
	}
	text := s.window[s.at : s.at+size]
	if string(text[:len(head)]) != head || string(text[size-len(tail):]) != tail {
		return false
	}
	u, ok := ParseUUID(text[len(head) : size-len(tail)])
	if ok {
		s.at += size
		*a = Atom{Kind: Row, UUID: u}
	}
	return ok
}
