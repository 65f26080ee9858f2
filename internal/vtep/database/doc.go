// Package database makes the hardware_vtep databases that vtepd serves, and
// upgrades older ones: from the schema that Open vSwitch installs, with the
// encapsulations that Landbridge has beside it. What it changes is done whole or
// not at all, and doing it again changes nothing.
//
// The work is that of Open vSwitch's own ovsdb-tool and ovsdb-client (Debian's
// openvswitch-common).
package database

// InstalledSchema is where Debian's openvswitch-vtep puts the schema.
const InstalledSchema = "/usr/share/openvswitch/vtep.ovsschema"
