package control

import (
	"fmt"
	"testing"
	"time"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/testenv"
)

// nodeGone is how long changes may wait when a node of RabbitMQ dies.
const nodeGone = 5 * time.Second

// Each node of a cluster of RabbitMQ dies once, and with it the queues that are
// there: servers and agents go on by another.
func TestAClusterOfRabbitMQLosesEachNode(t *testing.T) {
	const nodes = 3
	w := &world{t, controlplane.New(t, controlplane.Config{
		Database: testenv.StartPostgres(t).NewDatabase(t).URL(), Dir: t.TempDir(), Servers: 2, Agents: 2, Switches: 1, Nodes: nodes,
	})}
	gateway := w.gateway(w.Servers[0], 0)
	w.is(soon, w.Servers[0], w.connect(w.Servers[0], gateway, 0), "ACTIVE")
	held := []int{0}
	for i, node := range w.Brokers {
		node.Kill(t)
		began := time.Now()
		held = append(held, i+1)
		c := w.connect(w.Servers[i%2], gateway, i+1)
		w.holds(nodeGone, 0, held...)
		w.is(nodeGone, w.Servers[1-i%2], c, "ACTIVE")
		w.took(fmt.Sprintf("node %d of RabbitMQ is got over", i), began, nodeGone)
		node.Start(t)
		node.Ctl(t, "await_startup")
	}
}
