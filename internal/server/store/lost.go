package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
)

// isLost tells errors of a connection that is gone or cannot be made, whatever
// the database.
func isLost(err error) bool {
	for _, sign := range []error{
		driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, errSilent,
	} {
		if errors.Is(err, sign) {
			return true
		}
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}
