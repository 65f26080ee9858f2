// Package l2gw is the domain of Landbridge: what an administrator asks for
// (gateways, connections, remote gateways, remote connections, remote MACs),
// what a cloud has (networks, endpoints, ports), the rules between them, and
// the errors that break one of the rules. It has no I/O.
//
// The rules are those of the REST contract of the L2 gateway and border
// gateway APIs of OpenStack's networking-l2gw.
package l2gw
