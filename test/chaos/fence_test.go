package chaos

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// ours are the tables that agents alone write to.
var ours = []string{"Logical_Switch", "Ucast_Macs_Remote", "Mcast_Macs_Remote", "Physical_Locator", "Physical_Locator_Set"}

// checkFence finds in a database's journal what was written without a signature,
// or by an agent while another had the database, and epochs that went back. It
// gives the epochs that have written.
func checkFence(journal []testenv.Transaction) (epochs map[uint64]bool, err error) {
	var all []error
	config, before := map[string]string{}, uint64(0)
	epochs = map[uint64]bool{}
	for i, transaction := range journal {
		for _, row := range transaction.Rows["Global"] {
			testenv.PatchMap(config, row["other_config"])
		}
		epoch, _ := strconv.ParseUint(config[hwvtep.Epoch], 10, 64)
		if epoch < before {
			all = append(all, fmt.Errorf("transaction %d: the epoch goes back from %d to %d", i, before, epoch))
		}
		before = epoch
		agent, by, signed := hwvtep.ParseSignature(transaction.Comment)
		switch {
		case signed && (by != epoch || agent != config[hwvtep.Agent]):
			all = append(all, fmt.Errorf("transaction %d, %s: %s has written by epoch %d, while the database was that of %s by epoch %d",
				i, transaction.At, agent, by, config[hwvtep.Agent], epoch))
		case signed:
			epochs[epoch] = true
		case touches(transaction):
			all = append(all, fmt.Errorf("transaction %d, %s: nobody has signed it", i, transaction.At))
		}
	}
	return epochs, errors.Join(all...)
}

func touches(transaction testenv.Transaction) bool {
	for _, table := range ours {
		if len(transaction.Rows[table]) > 0 {
			return true
		}
	}
	return false
}

// A write by an old epoch is found, and one that nobody has signed.
func TestWritesByAnOldEpochAreFound(t *testing.T) {
	for _, c := range []struct {
		name, signature string
		epoch           string // that the transaction gives the database
		wrong           bool
	}{
		{"the owner's", hwvtep.Signature("h1", 7), "7", false},
		{"a new owner's", hwvtep.Signature("h2", 8), "", false},
		{"a former owner's", hwvtep.Signature("h0", 5), "", true},
		{"another's with the owner's number", hwvtep.Signature("h0", 7), "", true},
		{"nobody's", "", "", true},
		{"one that takes the epoch back", hwvtep.Signature("h1", 6), "6", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := testenv.StartOVSDB(t)
			own(t, db, "h1", "7")
			if c.name == "a new owner's" {
				own(t, db, "h2", "8")
			}
			if c.epoch != "" {
				own(t, db, "h1", c.epoch)
			}
			db.Transact(t, testenv.Row{"op": "comment", "comment": c.signature},
				testenv.Row{"op": "insert", "table": "Logical_Switch", "row": testenv.Row{"name": "landbridge/a"}})
			if epochs, err := checkFence(db.Journal(t)); (err != nil) != c.wrong || !c.wrong && len(epochs) != 1 {
				t.Errorf("epochs %v, %v", epochs, err)
			}
		})
	}
}

// own gives a database to an agent.
func own(t *testing.T, db *testenv.OVSDB, agent, epoch string) {
	t.Helper()
	db.VTEPCtl(t, "set", "Global", ".", "other_config:"+hwvtep.Agent+"="+agent, "other_config:"+hwvtep.Epoch+"="+epoch)
}
