// Package e2e tests Landbridge from end to end: two clouds of network
// namespaces, the real programs, real packets. It needs root.
package e2e

import (
	"testing"

	"landbridge/internal/lab/testenv"
)

func TestMain(m *testing.M) { testenv.MainWithPrograms(m) }
