package store

import (
	"strings"

	"github.com/uptrace/bun/schema"
)

// plainText writes text so that every database can keep it: NUL, which
// PostgreSQL cannot, becomes U+FFFD, as bun makes it of bytes that are no UTF-8.
// Looked for, such text is not found.
type plainText struct{ schema.Dialect }

// AppendString implements schema.Dialect.
func (d plainText) AppendString(b []byte, s string) []byte {
	return d.Dialect.AppendString(b, strings.ReplaceAll(s, "\x00", "\uFFFD"))
}
