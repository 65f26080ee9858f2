package database_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/database"
)

func TestMain(m *testing.M) { testenv.MainWithPrograms(m) }

func version(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.Command("ovsdb-tool", "db-version", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// old makes a database as ovsdb-tool makes it of a schema.
func old(t *testing.T, schema string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vtep.db")
	if out, err := exec.Command("ovsdb-tool", "create", file, schema).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

// leftovers gives the files beside a database that nobody needs.
func leftovers(t *testing.T, file string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != filepath.Base(file) && !strings.HasSuffix(name, ".~lock~") {
			names = append(names, name)
		}
	}
	return names
}

func TestCreate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vtep.db")
	if err := os.Mkdir(file+".new", 0o700); err != nil { // as one that was killed leaves it
		t.Fatal(err)
	}
	for _, first := range []bool{true, false} {
		got, made, err := database.Create(t.Context(), file, testenv.VTEPSchema)
		if err != nil || made != first || got != version(t, file) || got != "1.7.100" {
			t.Fatalf("%s, made %v, %v; the file has %s", got, made, err, version(t, file))
		}
	}
	if names := leftovers(t, file); len(names) > 0 {
		t.Errorf("left: %q", names)
	}
}

func TestCreateRefuses(t *testing.T) {
	file := old(t, testenv.VTEPSchema)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := database.Create(t.Context(), file, testenv.VTEPSchema); err == nil || !strings.Contains(err.Error(), "landbridge-vtepd db upgrade "+file) {
		t.Errorf("a database that lacks something: %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed (%v)", err)
	}
	if _, _, err := database.Create(t.Context(), filepath.Join(t.TempDir(), "x"), "/does/not/exist"); err == nil || !strings.Contains(err.Error(), "openvswitch-vtep") {
		t.Errorf("no installed schema: %v", err)
	}
	for text, want := range map[string]string{
		"hello\n": "not a database file", "OVSDB JSON 99999999999 x\n": "not a database file", "OVSDB CLUSTER 1 x\n": "give its address",
		"OVSDB JSON 2 x\n{}": "want hardware_vtep", "OVSDB JSON 9 x\n{}": "unexpected EOF",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := database.Upgrade(t.Context(), file, testenv.VTEPSchema, database.TLS{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// filled starts a server with rows, and gives it with its tables.
func filled(t *testing.T, schema string) (*testenv.OVSDB, testenv.Tables) {
	t.Helper()
	db := testenv.StartOVSDB(t, testenv.WithSchema(schema))
	db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0", "--", "add-ls", "ls0", "--", "bind-ls", "sw0", "p0", "7", "ls0")
	db.VTEPCtl(t, "add-ucast-remote", "ls0", "02:00:00:00:00:01", "10.0.0.1", "--", "add-mcast-remote", "ls0", "unknown-dst", "10.0.0.1")
	return db, rows(db.Tables(t))
}

// rows leaves out what a conversion may change: versions of rows, and what is new.
func rows(all testenv.Tables) testenv.Tables {
	for _, table := range all {
		for _, row := range table {
			delete(row, "_version")
		}
	}
	return all
}

func TestUpgradeKeepsAllRows(t *testing.T) {
	for name, upgrade := range map[string]func(t *testing.T, db *testenv.OVSDB) (database.Upgraded, error){
		"a file": func(t *testing.T, db *testenv.OVSDB) (database.Upgraded, error) {
			db.Stop(t)
			defer db.Start(t)
			return database.Upgrade(t.Context(), db.DatabaseFile(), testenv.VTEPSchema, database.TLS{})
		},
		"a file by a link": func(t *testing.T, db *testenv.OVSDB) (database.Upgraded, error) {
			db.Stop(t)
			defer db.Start(t)
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(db.DatabaseFile(), link); err != nil {
				return database.Upgraded{}, err
			}
			return database.Upgrade(t.Context(), link, testenv.VTEPSchema, database.TLS{})
		},
		"a server": func(t *testing.T, db *testenv.OVSDB) (database.Upgraded, error) {
			return database.Upgrade(t.Context(), db.Unix, testenv.VTEPSchema, database.TLS{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, before := filled(t, testenv.VTEPSchema)
			for _, want := range []database.Upgraded{{From: "1.7.0", To: "1.7.100"}, {From: "1.7.100", To: "1.7.100"}} {
				if got, err := upgrade(t, db); err != nil || got != want {
					t.Fatalf("%+v, %v; want %+v", got, err, want)
				}
				if diff := cmp.Diff(before, rows(db.Tables(t))); diff != "" {
					t.Error(diff)
				}
			}
			db.Transact(t,
				testenv.Row{"op": "insert", "table": "Physical_Locator", "uuid-name": "l", "row": testenv.Row{"encapsulation_type": "geneve_over_ipv6", "dst_ip": "fd00::1"}},
				testenv.Row{"op": "insert", "table": "Physical_Locator_Set", "row": testenv.Row{"locators": []any{"named-uuid", "l"}}})
			db.Stop(t)
			db.Start(t) // it stays so
			if got := version(t, db.DatabaseFile()); got != "1.7.100" {
				t.Errorf("after another start the version is %s", got)
			}
		})
	}
}

func TestUpgradeOfAnOldAndOfAnUnknownSchema(t *testing.T) {
	older := testenv.ChangedSchema(t, func(schema map[string]any) { schema["version"] = "1.3.0" })
	unknown := testenv.ChangedSchema(t, func(schema map[string]any) {
		schema["version"] = "9.1.0"
		schema["tables"].(map[string]any)["Mine"] = map[string]any{"isRoot": true, "columns": map[string]any{"name": map[string]any{"type": "string"}}}
	})
	for _, c := range []struct{ schema, want string }{{older, "1.7.100"}, {unknown, "9.1.100"}} {
		db, before := filled(t, c.schema)
		if before["Mine"] != nil {
			db.Transact(t, testenv.Row{"op": "insert", "table": "Mine", "row": testenv.Row{"name": "kept"}})
			before = rows(db.Tables(t))
		}
		if got, err := database.Upgrade(t.Context(), db.Unix, testenv.VTEPSchema, database.TLS{}); err != nil || got.To != c.want {
			t.Errorf("%+v, %v; want %s", got, err, c.want)
		}
		if diff := cmp.Diff(before, rows(db.Tables(t))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestUpgradeWithoutAnInstalledSchema(t *testing.T) {
	file := old(t, testenv.VTEPSchema)
	got, err := database.Upgrade(t.Context(), file, "/does/not/exist", database.TLS{})
	if want := (database.Upgraded{From: "1.7.0", To: "1.7.100"}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestUpgradeOverTLS(t *testing.T) {
	files := testenv.NewAuthority(t).Issue(t, "server")
	db := testenv.StartOVSDB(t, testenv.WithSchema(testenv.VTEPSchema), testenv.WithTLS(files))
	got, err := database.Upgrade(t.Context(), db.SSL, testenv.VTEPSchema, database.TLS{CA: files.CA, Certificate: files.Cert, PrivateKey: files.Key})
	if err != nil || got.To != "1.7.100" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAFileInUseIsLeftAlone(t *testing.T) {
	db := testenv.StartOVSDB(t, testenv.WithSchema(testenv.VTEPSchema))
	if _, err := database.Upgrade(t.Context(), db.DatabaseFile(), testenv.VTEPSchema, database.TLS{}); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("upgrade: %v", err)
	}
	if _, _, err := database.Create(t.Context(), db.DatabaseFile(), testenv.VTEPSchema); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("create: %v", err)
	}
}

func TestTheNewFileIsLikeTheOldOne(t *testing.T) {
	file := old(t, testenv.VTEPSchema)
	if err := os.Chmod(file, 0o604); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 12345, 23456); err != nil {
		t.Fatalf("%v (these tests need root)", err)
	}
	if _, err := database.Upgrade(t.Context(), file, testenv.VTEPSchema, database.TLS{}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if got := fmt.Sprint(info.Mode().Perm(), owner.Uid, owner.Gid); got != "-rw----r-- 12345 23456" {
		t.Errorf("the file is %s", got)
	}
}

// TestKilledAtAnyMoment: whenever the program is killed, the file is the old one
// or the new one, and the next run ends the work.
func TestKilledAtAnyMoment(t *testing.T) {
	bin := filepath.Join(testenv.Programs(), "landbridge-vtepd")
	file := old(t, testenv.VTEPSchema)
	original, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for after := time.Duration(0); ; after += time.Millisecond {
		if err := os.WriteFile(file, original, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), after)
		ended := exec.CommandContext(ctx, bin, "db", "upgrade", file).Run() == nil
		cancel()
		if got := version(t, file); got != "1.7.0" && got != "1.7.100" {
			t.Fatalf("killed after %v the version is %s", after, got)
		}
		testenv.Eventually(t, 10*time.Second, "the next run ends the work", func() error {
			_, err := database.Upgrade(t.Context(), file, testenv.VTEPSchema, database.TLS{}) // a tool of the last one may hold the lock yet
			return err
		})
		if got := version(t, file); got != "1.7.100" {
			t.Fatalf("after the next run the version is %s", got)
		}
		if names := leftovers(t, file); len(names) > 0 {
			t.Fatalf("left: %q", names)
		}
		if ended {
			return
		}
	}
}
