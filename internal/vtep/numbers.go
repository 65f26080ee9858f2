package vtep

// numbers gives networks numbers, each its own as long as it has it: what is
// there for each of very many tunnels is small that way.
type numbers struct {
	of    map[string]uint32
	names []string // by number
	free  []uint32
}

// give gives a network's number, a new one where it has none.
func (n *numbers) give(name string) uint32 {
	number, has := n.of[name]
	switch {
	case has:
		return number
	case len(n.free) > 0:
		number = n.free[len(n.free)-1]
		n.free = n.free[:len(n.free)-1]
		n.names[number] = name
	default:
		number = uint32(len(n.names))
		n.names = append(n.names, name)
	}
	n.of[name] = number
	return number
}

// take takes a network's number back.
func (n *numbers) take(name string) {
	number, has := n.of[name]
	if !has {
		return
	}
	delete(n.of, name)
	n.names[number] = ""
	n.free = append(n.free, number)
}
