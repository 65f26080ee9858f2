package l2gw

// Served is a connection together with its gateway.
type Served struct {
	Connection Connection
	Gateway    Gateway
}

// portVLAN is one VLAN of one port of a switch.
type portVLAN struct {
	device, port string
	vlan         uint16
}

// bindings gives the VLANs of ports that the connection puts its network on.
func (s Served) bindings() []portVLAN {
	var out []portVLAN
	for _, d := range s.Gateway.Devices {
		for _, i := range d.Interfaces {
			vlans := i.VLANs
			if len(vlans) == 0 && s.Connection.VLAN != nil {
				vlans = []uint16{*s.Connection.VLAN}
			}
			for _, v := range vlans {
				out = append(out, portVLAN{d.Name, i.Name, v})
			}
		}
	}
	return out
}

// checkBindings judges that one VLAN of one port carries one network: among
// mine, and between mine and others.
func checkBindings(mine, others []Served) error {
	taken := map[portVLAN]Connection{}
	for _, o := range others {
		for _, b := range o.bindings() {
			taken[b] = o.Connection
		}
	}
	for _, m := range mine {
		for _, b := range m.bindings() {
			if c, ok := taken[b]; ok && c.NetworkID != m.Connection.NetworkID {
				return errBindingTaken(b, c)
			}
			taken[b] = m.Connection
		}
	}
	return nil
}
