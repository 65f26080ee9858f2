package ovsdb

import "landbridge/internal/ovsdb/wire"

// A row of the tables of MACs leaves its logical switch, is changed, and joins the one
// that it then refers to.

func (c *ucastRow) into(f *fold) {
	m := f.mirror
	n, there := m.ucast[c.id]
	if !f.follows(tableUcast, c.row, there) {
		return
	}
	var u *ucastEntry
	if there {
		u = m.rows.of(n)
		m.leave(u)
		f.touch(m.switches.of(u.ls))
	}
	switch {
	case c.what != wire.Gone:
		u = c.columns(f, u)
		m.ucast[c.id] = u.n
		m.join(u)
		f.touch(m.switches.of(u.ls))
	case there:
		delete(m.ucast, c.id)
		m.rows.remove(u)
	}
}

// columns writes them into a row, nil for a new one.
func (c *ucastRow) columns(f *fold, u *ucastEntry) *ucastEntry {
	fresh := u == nil
	if fresh {
		u = f.mirror.rows.add(c.id)
	}
	all := fresh || c.what == wire.Whole
	if all || c.ls.told {
		u.ls = f.mirror.switchOf(c.ls.value).n
	}
	if all || c.locator.told {
		u.at = f.mirror.locator(c.locator.value).n
	}
	if all || c.mac.told {
		u.mac, u.badMAC = c.mac.value, c.badMAC != ""
	}
	if all || c.addr.told {
		u.setAddr(c.addr.value)
		u.badAddr = c.badAddr != ""
	}
	for _, bad := range []string{c.badMAC, c.badAddr} {
		if bad != "" {
			f.warn(ref{tableUcast, c.id}, bad)
		}
	}
	return u
}

func (c *mcastRow) into(f *fold) {
	r := f.mirror.mcast[c.id]
	if !f.follows(tableMcast, c.row, r != nil) {
		return
	}
	if r != nil {
		r.leave(f.mirror)
		f.touch(r.ls)
	}
	switch {
	case c.what == wire.Gone:
		delete(f.mirror.mcast, c.id)
		return
	case r == nil:
		r = &mcastEntry{id: c.id}
		f.mirror.mcast[c.id] = r
	case c.what == wire.Whole:
		*r = mcastEntry{id: c.id}
	}
	if c.ls.told || r.ls == nil {
		r.ls = f.mirror.switchOf(c.ls.value)
	}
	if c.set.told || r.set == nil {
		r.set = f.mirror.set(c.set.value)
	}
	r.mac = newValue(r.mac, c.mac)
	r.join()
	f.touch(r.ls)
}

// into of a local MAC touches no logical switch: it is no part of what is shown of one.
func (c *localRow) into(f *fold) {
	key := ref{c.table, c.id}
	l := f.mirror.local[key]
	if !f.follows(c.table, c.row, l != nil) {
		return
	}
	if l != nil {
		f.touchLocal(l.ls)
		l.leave(f.mirror)
	}
	switch {
	case c.what == wire.Gone:
		delete(f.mirror.local, key)
		return
	case l == nil:
		l = &localEntry{ref: key}
		f.mirror.local[key] = l
	case c.what == wire.Whole:
		*l = localEntry{ref: key}
	}
	if c.ls.told || l.ls == nil {
		l.ls = f.mirror.switchOf(c.ls.value)
	}
	switch {
	case l.ref.table == tableUcastLocal && (c.at.told || l.at == nil):
		l.at = f.mirror.locator(c.at.value)
	case l.ref.table == tableMcastLocal && (c.at.told || l.set == nil):
		l.set = f.mirror.set(c.at.value)
	}
	l.mac = newValue(l.mac, c.mac)
	l.join()
	f.touchLocal(l.ls)
}
