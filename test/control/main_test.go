// Package control tests several servers and agents of their own: the real
// programs, RabbitMQ, databases and switches, which are killed, stopped and
// started again. It needs root.
package control

import (
	"testing"

	"landbridge/internal/lab/testenv"
)

func TestMain(m *testing.M) { testenv.MainWithPrograms(m) }
