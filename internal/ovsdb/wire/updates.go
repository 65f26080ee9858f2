package wire

// Change is what has become of a row.
type Change uint8

// What may become of a row.
const (
	// Whole: it is there, and this is all of it. A column that is not named has
	// its type's default.
	Whole Change = iota + 1
	// Diff: the named columns have changed. Of a column that may have several
	// elements, those are told that only one of old and new value has; of a map
	// also the new ones of keys that both have.
	Diff
	// Gone: it is not there any more.
	Gone
)

// RowReader takes in a row. Unless it is Gone, the Scanner stands before the
// columns, which have to be read, by Object.
type RowReader func(id UUID, c Change)

// Updates reads <table-updates> (RFC 7047 section 4.1.6) or <table-updates2>
// (ovsdb-server(7) section 4.1.14). table says who reads the rows of one, nil for
// nobody.
func (s *Scanner) Updates(table func(name []byte) RowReader) {
	s.Object(func(name []byte) {
		read := table(name)
		if read == nil {
			s.Skip()
			return
		}
		s.Object(func(text []byte) {
			id, ok := ParseUUID(text)
			if !ok {
				s.Fail("%q is no UUID", text)
				return
			}
			s.row(id, read)
		})
	})
}

// row reads <row-update> or <row-update2>.
func (s *Scanner) row(id UUID, read RowReader) {
	old, present := false, false
	s.Object(func(what []byte) {
		switch string(what) {
		case "new", "insert", "initial":
			present = true
			read(id, Whole)
		case "modify":
			present = true
			read(id, Diff)
		case "old", "delete":
			old = true
			s.Skip()
		default:
			s.Skip()
		}
	})
	if old && !present && s.err == nil {
		read(id, Gone)
	}
}
