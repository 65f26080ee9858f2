package wire

// Skip passes over a value of any kind.
func (s *Scanner) Skip() {
	switch c := s.peek(); {
	case s.err != nil:
	case c == '{':
		s.Object(func([]byte) { s.Skip() })
	case c == '[':
		s.Array(s.Skip)
	case c == '"':
		s.Text()
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	default:
		s.unexpected(c)
	}
}

// JSON gives a value of any kind as JSON text, of no more than that many bytes.
func (s *Scanner) JSON(most int) []byte {
	c := &copier{s, nil, most}
	c.value()
	return c.out
}

// copier writes down a value that is read.
type copier struct {
	*Scanner
	out  []byte
	most int
}

func (c *copier) value() {
	switch b := c.peek(); b {
	case '{':
		c.list('{', '}', func(each func()) {
			c.Object(func(name []byte) {
				each()
				c.out = append(AppendText(c.out, name), ':')
				c.value()
			})
		})
	case '[':
		c.list('[', ']', func(each func()) { c.Array(func() { each(); c.value() }) })
	case '"':
		c.out = AppendText(c.out, c.Text())
	case 't', 'f', 'n':
		c.word()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		c.out = append(c.out, c.number()...)
	default:
		c.unexpected(b)
	}
	if len(c.out) > c.most {
		c.Fail("a value of more than %d bytes", c.most)
	}
}

// list writes brackets around elements, and commas between them.
func (c *copier) list(opening, closing byte, elements func(each func())) {
	c.out = append(c.out, opening)
	first := true
	elements(func() {
		if !first {
			c.out = append(c.out, ',')
		}
		first = false
	})
	c.out = append(c.out, closing)
}

func (c *copier) word() {
	for _, word := range []string{"true", "false", "null"} {
		if c.peek() == word[0] {
			c.literal(word)
			c.out = append(c.out, word...)
			return
		}
	}
}
