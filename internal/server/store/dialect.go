package store

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
)

// dialect is all that differs between databases.
type dialect struct {
	name  string // the scheme of its DSNs and the folder of its migrations
	goose goose.Dialect
	// open makes the connection pool from what follows the scheme. Write
	// transactions on it exclude each other from their beginning.
	open func(ctx context.Context, rest string) (*bun.DB, error)
	// violated names the unique index that refused a row, "" where err is
	// something else. Indexes have the same names in all dialects.
	violated func(err error) (index string)
	// busy tells errors that pass by themselves.
	busy func(err error) bool
}

func dialectOf(scheme string) (dialect, error) {
	if scheme == "sqlite" {
		return sqliteDialect(), nil
	}
	return dialect{}, fmt.Errorf(
		"database scheme %q is not known: use sqlite:/path/file.db", scheme)
}

// The unique indexes behind the rules of uniqueness.
const (
	oneConnection       = "uq_l2gatewayconnections_network"
	oneRemoteAddr       = "uq_l2remotegateways_ipaddr"
	oneRemoteConnection = "uq_l2remotegatewayconnections_network"
	oneTunnelKey        = "uq_l2remotegatewayconnections_key"
	oneRemoteMAC        = "uq_l2remotemacs_mac"
)
