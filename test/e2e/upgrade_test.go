package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// databaseUpgraded gives the database a newer schema while all run and a ping
// goes on: no packet is lost, and what is asked afterwards is done.
func (w *world) databaseUpgraded(t *testing.T) {
	made := w.join(t)
	w.reach(t, "vm-a1", "vm-b1")
	p := w.pinging(t, "vm-a1", "vm-b1", time.Millisecond)
	newer := testenv.ChangedSchema(t, func(schema map[string]any) { schema["version"] = "1.8.0" })
	for _, want := range []string{"upgraded from schema version 1.7.100 to 1.8.100\n", "up to date, schema version 1.8.100\n"} {
		upgrade := exec.Command(filepath.Join(testenv.Programs(), string(lab.VTEPD)), "db", "upgrade", w.a.Database(), "--schema", newer)
		if out, err := upgrade.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), want) {
			t.Fatalf("%v: %s, want %q", err, out, want)
		}
	}
	w.active(t, made)
	more(t, p, goesOn)
	lossless(t, p)

	if err := w.a.API.Delete(t.Context(), rest.RemoteConnections, made["a"].RemoteConnection); err != nil {
		t.Fatal(err)
	}
	again := made["a"]
	again.RemoteConnection = w.reconnect(t, "a", again)
	w.active(t, map[string]lab.Connected{"a": again})
	w.reach(t, "vm-a1", "vm-b1")
}
