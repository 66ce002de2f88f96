package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/doorward/doorward/internal/store"
	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// strays are the identifiers that have not the number of their account's row, with what they have instead.
func strays(t *testing.T, file string) (all []string) {
	t.Helper()
	c, err := engine.OpenConn(file, engine.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer closeRaw(t, c)
	const query = `SELECT value, i.account, ifnull(a.id, 0) FROM identifiers i LEFT JOIN accounts a USING (grp, uid) WHERE i.account <> ifnull(a.id, 0)`
	err = sqlitex.Execute(c, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *engine.Stmt) error {
		all = append(all, fmt.Sprintf("%s: %d, not %d", stmt.ColumnText(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestIdentifiersHaveTheNumberOfTheirAccountsRow, also if it was inserted after them, was there already, or is another one than was to be
// expected. Otherwise a deletion looks at all that have none.
func TestIdentifiersHaveTheNumberOfTheirAccountsRow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	s := open(t, file)
	account := func(uid string) *store.Account { return &store.Account{Group: "g", UID: uid} }
	id := func(value string) store.Identifier { return store.Identifier{Space: store.LoginSpace, Value: value} }
	for name, fn := range map[string]func(tx store.Tx) error{
		"before": func(tx store.Tx) error {
			return errors.Join(tx.ClaimIdentifier("g", id("1"), "a"), tx.PutAccount(account("a")))
		},
		"after": func(tx store.Tx) error {
			return errors.Join(tx.PutAccount(account("b")), tx.ClaimIdentifier("g", id("2"), "b"))
		},
		"behind another": func(tx store.Tx) error {
			return errors.Join(tx.ClaimIdentifier("g", id("3"), "c"), tx.PutAccount(account("d")), tx.PutAccount(account("c")))
		},
		"there": func(tx store.Tx) error {
			return errors.Join(tx.PutAccount(account("e")), tx.PutAccount(account("f")), tx.ClaimIdentifier("g", id("4"), "e"),
				tx.ClaimIdentifier("g", id("5"), "f"), tx.ClaimIdentifier("g", id("6"), "e"))
		},
		"of nobody": func(tx store.Tx) error { return tx.ClaimIdentifier("g", id("7"), "nobody") },
	} {
		if err := s.Change(t.Context(), fn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := strays(t, file); got != nil {
		t.Error(got)
	}
}
