// Package neutron is the cloud driver for OpenStack with ML2 and agents that
// build tunnels (Open vSwitch, Linux bridge).
//
// Each gateway address is to Neutron one more host: it registers as an L2 agent
// with its tunnel address and has one port in each network that it serves. So
// Neutron itself has every compute node of the network tunnel and flood to it,
// also after restarts. Hosts in other clouds that are known are told to the
// compute nodes as Neutron's l2population would.
//
// What Neutron's REST API says is the truth. Messages of RabbitMQ only say where
// it is worth asking again; without them everything is found out by the
// comparison from time to time.
package neutron
