package vtep

import (
	"log/slog"

	"landbridge/internal/hwvtep"
)

// schemaTeller gives what tells the log of a database whose schema has no place
// for all that vtepd can do.
func schemaTeller(address string, log *slog.Logger) func(hwvtep.Schema) {
	return func(s hwvtep.Schema) {
		var lacks []string
		for _, e := range hwvtep.Encapsulations() {
			if !s.Offers(e) {
				lacks = append(lacks, string(e))
			}
		}
		if !s.LogicalConfig {
			lacks = append(lacks, "Logical_Switch.other_config")
		}
		if len(lacks) > 0 {
			log.Warn("the database's schema lacks some of what this switch can do; to have it: landbridge-vtepd db upgrade "+address,
				"schema", s.Version, "lacks", lacks)
		}
	}
}
