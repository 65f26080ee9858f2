package database

import "landbridge/internal/hwvtep"

// UpgradedTo gives the schema that a database should have: what it has, what a
// newer installed schema has, and what Landbridge adds; the schema itself where
// that is nothing more. No table, column or encapsulation is ever dropped, so
// that no row is.
func (s Schema) UpgradedTo(installed Schema) Schema {
	if !newer(installed.Version, s.Version) {
		return s.Extended()
	}
	out := Schema{installed.Version, clone(installed.doc).(map[string]any)}
	if out.keep(s.doc) {
		out.Version = raised(out.Version)
	}
	return out.Extended()
}

// keep puts tables, columns and encapsulations into the schema that another has
// beyond it, and tells whether there were some.
func (s Schema) keep(other map[string]any) (kept bool) {
	tables := member(s.doc, "tables")
	for name, theirs := range member(other, "tables") {
		if tables[name] == nil {
			tables[name], kept = clone(theirs), true
			continue
		}
		columns := member(tables, name, "columns")
		for column, of := range member(other, "tables", name, "columns") {
			if columns[column] == nil {
				columns[column], kept = clone(of), true
			}
		}
	}
	return s.keepEncapsulations(other) || kept
}

func (s Schema) keepEncapsulations(other map[string]any) (kept bool) {
	key, plain := encapsulationKey(s.doc).(map[string]any)
	theirs, otherPlain := encapsulationKey(other).(map[string]any)
	if !plain || key["enum"] == nil || !otherPlain || theirs["enum"] == nil {
		return false
	}
	values := enum(key)
	have := hwvtep.SetOf(values...)
	for _, value := range enum(theirs) {
		if !have.Has(value) {
			values, kept = append(values, value), true
		}
	}
	key["enum"] = set(values)
	return kept
}
