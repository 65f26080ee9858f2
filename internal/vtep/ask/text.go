package ask

import (
	"maps"
	"slices"
)

func texts[K ~string](m map[K]uint64) map[string]uint64 {
	out := make(map[string]uint64, len(m))
	for k, v := range m {
		out[string(k)] = v
	}
	return out
}

func sortedKeys(m map[string]uint64) []string { return slices.Sorted(maps.Keys(m)) }
