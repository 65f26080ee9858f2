package store

import (
	"time"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// standardRow are the columns that the rows of all kinds of objects have.
type standardRow struct {
	Description string `bun:"description"`
	CreatedAt   int64  `bun:"created_at"`
	UpdatedAt   int64  `bun:"updated_at"`
	Revision    int64  `bun:"revision_number"`
}

func newStandardRow(s l2gw.Standard) standardRow {
	return standardRow{
		Description: s.Description, CreatedAt: int64(s.CreatedAt), UpdatedAt: int64(s.UpdatedAt), Revision: int64(s.Revision),
	}
}

func (r standardRow) standard() l2gw.Standard {
	return l2gw.Standard{
		Description: r.Description, CreatedAt: l2gw.Instant(r.CreatedAt), UpdatedAt: l2gw.Instant(r.UpdatedAt),
		Revision: l2gw.Revision(r.Revision),
	}
}

// born gives the attributes of an object that is made now.
func born(s l2gw.Standard, stamp int64) l2gw.Standard {
	return l2gw.Standard{Description: s.Description, CreatedAt: l2gw.Instant(stamp), UpdatedAt: l2gw.Instant(stamp)}
}

// changed gives the attributes of an object that is changed now.
func changed(s l2gw.Standard) l2gw.Standard { return s.Changed(l2gw.Instant(time.Now().UnixMicro())) }

// setStandard writes what of the attributes can change.
func setStandard(q *bun.UpdateQuery, s l2gw.Standard) *bun.UpdateQuery {
	return q.Set("description = ?", s.Description).
		Set("updated_at = ?", int64(s.UpdatedAt)).Set("revision_number = ?", int64(s.Revision))
}
