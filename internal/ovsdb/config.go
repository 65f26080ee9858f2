package ovsdb

import (
	"fmt"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// putConfig sets entries of other_config of a logical switch. Where the same
// transaction makes it, they are in the row already.
func (b *builder) putConfig(name string, put map[string]string) error {
	if !b.schema.LogicalConfig {
		return b.noLogicalConfig()
	}
	if has(b.logical, name) {
		return nil
	}
	e := b.mirror.byName[name]
	if e == nil {
		return fmt.Errorf("logical switch %q is not in the database", name)
	}
	b.setConfig(ref{tableLogical, e.id}, e.config, put)
	return nil
}

// dropConfig removes entries of other_config of a logical switch, whatever they
// say.
func (b *builder) dropConfig(name string, keys []string) {
	e := b.mirror.byName[name]
	if e == nil {
		return
	}
	var there wire.Set
	for _, key := range keys {
		if has(e.config, key) {
			there = append(there, key)
		}
	}
	if len(there) > 0 {
		b.mutate(ref{tableLogical, e.id}, wire.Mutation{
			Column: "other_config", Mutator: wire.Delete, Value: there,
		})
	}
}

// configToDrop gives the keys that a delta removes from other_config, and the
// strays that it does not set anew.
func (m *mirror) configToDrop(d hwvtep.Delta) []string {
	drop, put := d.DropConfig(), d.Config()
	if e := m.byName[d.Name]; e != nil && !d.Delete {
		drop = append(drop, slices.DeleteFunc(slices.Clone(e.stray), func(key string) bool { return has(put, key) })...)
	}
	slices.Sort(drop)
	return slices.Compact(drop)
}

func (b *builder) noLogicalConfig() error {
	return fmt.Errorf("filters and gateways: the database's schema %s has no Logical_Switch.other_config", b.schema.Version)
}

func encapsulationList(s hwvtep.Schema) string {
	var words []string
	for _, e := range s.Encapsulations {
		words = append(words, string(e))
	}
	return strings.Join(words, ", ")
}
