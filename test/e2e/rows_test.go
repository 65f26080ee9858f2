package e2e

import (
	"testing"

	"landbridge/internal/lab"
	"landbridge/internal/lab/testenv"
)

// rows reads all of a gateway's database as another client of it.
func rows(t *testing.T, g *lab.GatewayNode) map[string][]string {
	t.Helper()
	return (&testenv.OVSDB{Unix: g.Database()}).Contents(t)
}
