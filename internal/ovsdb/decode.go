package ovsdb

import (
	"landbridge/internal/ovsdb/wire"
)

// mostWords bounds the texts that a decoder keeps because many rows have them.
const mostWords = 1000

// order has the tables such that what is referred to comes first.
var order = [...]string{
	tableGlobal, tableLocator, tableLocatorSet, tableLogical, tableUcast, tableMcast,
	tableUcastLocal, tableMcastLocal, tableSwitch, tablePort,
}

// decoder makes changes of what comes.
type decoder struct {
	in    *wire.Scanner
	out   func(rank int, c change)
	words map[string]string
	// What there are very many of is read into the same place each time where out is
	// done with it at once; nil: each is kept.
	again *again
}

type again struct {
	ucast    ucastRow
	locators []wire.UUID
}

func newDecoder(in *wire.Scanner, out func(rank int, c change)) *decoder {
	return &decoder{in: in, out: out, words: map[string]string{}}
}

// table says who reads the rows of a table.
func (d *decoder) table(name []byte) wire.RowReader {
	for rank, table := range order {
		if string(name) == table {
			return func(id wire.UUID, what wire.Change) {
				if c := d.row(table, row{id, what}); d.in.Err() == nil {
					d.out(rank, c)
				}
			}
		}
	}
	return nil
}

func (d *decoder) row(table string, r row) change {
	switch table {
	case tableGlobal:
		return d.global(r)
	case tableLocator:
		return d.locator(r)
	case tableLocatorSet:
		return d.locatorSet(r)
	case tableLogical:
		return d.logical(r)
	case tableUcast:
		return d.ucast(r)
	case tableMcast:
		return d.mcast(r)
	case tableSwitch:
		return d.physical(r)
	case tablePort:
		return d.port(r)
	}
	return d.local(table, r)
}

// columns reads those of a row.
func (d *decoder) columns(r row, read func(column []byte)) {
	if r.what != wire.Gone {
		d.in.Object(read)
	}
}
