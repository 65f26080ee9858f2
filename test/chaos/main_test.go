// Package chaos has everything die while clients ask for things: servers,
// agents, RabbitMQ, the database, switches and the connections between them. It
// needs root.
package chaos

import "flag"

var (
	faults   = flag.Int("chaos", 15, "how many faults the walk has")
	seed     = flag.Uint64("seed", 1, "decides the walk")
	database = flag.String("database", "", "postgresql or mariadb; by default the seed decides")
)
