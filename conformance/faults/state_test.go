package faults_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// database is a connection of the test's own to the server's file: what is stored, whatever the server says.
type database struct {
	t *testing.T
	c *sqlite.Conn
}

func openDatabase(t *testing.T, file string) *database {
	t.Helper()
	c, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &database{t, c}
}

// rows returns the result of the query, a line a row.
func (d *database) rows(query string, args ...any) []string {
	d.t.Helper()
	var list []string
	err := sqlitex.ExecuteTransient(d.c, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *sqlite.Stmt) error {
		var line strings.Builder
		for i := range s.ColumnCount() {
			if s.ColumnType(i) == sqlite.TypeBlob {
				b := make([]byte, s.ColumnLen(i))
				s.ColumnBytes(i, b)
				fmt.Fprintf(&line, "%x|", b)
				continue
			}
			line.WriteString(s.ColumnText(i) + "|")
		}
		list = append(list, line.String())
		return nil
	}})
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

// clear removes what earlier scenarios made: the tables are read after each call.
func (d *database) clear() {
	d.t.Helper()
	for _, table := range []string{"accounts", "identifiers", "sessions", "marks", "audit", "data_objects", "data_uniques", "data_types"} {
		d.rows("DELETE FROM " + table)
	}
	for _, table := range []string{"sites", "keys"} { // The first of each are the house's own.
		d.rows("DELETE FROM " + table + " WHERE id > (SELECT min(id) FROM " + table + ")")
	}
}

// dump is everything that calls change, but the audit log, nonces, and the version of the configuration.
func (d *database) dump() string {
	d.t.Helper()
	var all []string
	for _, table := range []string{"accounts", "identifiers", "sessions", "marks", "partners", "sites", "keys", "config_objects", "signing_keys",
		"data_objects", "data_uniques", "data_types"} {
		all = append(append(all, table), d.rows("SELECT * FROM "+table)...)
	}
	return strings.Join(all, "\n")
}

// checkInvariants fails the test unless the tables agree with one another.
func (d *database) checkInvariants() {
	d.t.Helper()
	for what, query := range map[string]string{
		"identifiers of nobody":    "SELECT i.* FROM identifiers i LEFT JOIN accounts a ON a.grp = i.grp AND a.uid = i.uid WHERE a.id IS NULL",
		"sessions of nobody":       "SELECT s.uid FROM sessions s LEFT JOIN accounts a ON a.grp = s.grp AND a.uid = s.uid WHERE a.id IS NULL",
		"objects of nobody":        "SELECT o.oid FROM data_objects o LEFT JOIN accounts a ON a.grp = o.grp AND a.uid = o.uid WHERE o.uid <> '' AND a.id IS NULL",
		"objects of no type":       "SELECT o.oid FROM data_objects o LEFT JOIN data_types t ON t.grp = o.grp AND t.name = o.type WHERE t.id IS NULL",
		"values of no object":      "SELECT v.oid FROM data_uniques v LEFT JOIN data_objects o ON o.grp = v.grp AND o.type = v.type AND o.oid = v.oid AND o.uid = v.uid WHERE o.id IS NULL OR instr(o.uniques, v.hash) = 0",
		"values that nobody keeps": "SELECT o.oid FROM data_objects o WHERE coalesce(length(o.uniques), 0) <> 32 * (SELECT count(*) FROM data_uniques v WHERE v.grp = o.grp AND v.type = o.type AND v.oid = o.oid AND v.uid = o.uid)",
		"accounts of one address that do not know of each other": `SELECT l.value FROM identifiers l JOIN accounts a ON a.grp = l.grp AND a.uid = l.uid
			LEFT JOIN identifiers f ON f.grp || '/lite' = l.grp AND f.space = 'login' AND f.value = l.value LEFT JOIN accounts b ON b.grp = f.grp AND b.uid = f.uid
			WHERE l.space = 'lite' AND (coalesce(json_extract(a.more, '$.hasFullAccount'), 0)
				AND NOT (f.uid IS NOT NULL AND coalesce(json_extract(b.more, '$.hasLiteAccount'), 0))
			OR NOT coalesce(json_extract(a.more, '$.hasFullAccount'), 0)
				AND EXISTS (SELECT 1 FROM json_each(b.login_ids, '$.emails') e WHERE e.value = l.value))`,
		"counters below zero":       "SELECT uid FROM accounts WHERE failed_logins < 0 OR token_epoch < 0 OR rev < 1",
		"logins before the account": "SELECT uid FROM accounts WHERE last_login <> 0 AND last_login < created",
	} {
		if found := d.rows(query); len(found) > 0 {
			d.t.Errorf("%s: %v", what, found)
		}
	}
	claimed := map[string][]string{}
	for _, line := range d.rows("SELECT grp, uid, value FROM identifiers WHERE space = 'login'") {
		f := strings.Split(line, "|")
		claimed[f[0]+"|"+f[1]] = append(claimed[f[0]+"|"+f[1]], f[2])
	}
	err := sqlitex.ExecuteTransient(d.c, "SELECT grp, uid, login_ids FROM accounts", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		var ids struct {
			Username                 string
			Emails, UnverifiedEmails []string
		}
		if text := s.ColumnText(2); text != "" {
			if err := json.Unmarshal([]byte(text), &ids); err != nil {
				return err
			}
		}
		want := slices.Concat(ids.Emails, ids.UnverifiedEmails)
		if ids.Username != "" {
			want = append(want, ids.Username)
		}
		for i := range want {
			want[i] = strings.ToLower(want[i])
		}
		slices.Sort(want)
		got := claimed[s.ColumnText(0)+"|"+s.ColumnText(1)]
		slices.Sort(got)
		if !slices.Equal(slices.Compact(want), got) {
			return fmt.Errorf("account %s says its identifiers are %q, the table %q", s.ColumnText(1), want, got)
		}
		return nil
	}})
	if err != nil {
		d.t.Error(err)
	}
}

// checkFile fails the test unless the engine finds its file whole.
func (d *database) checkFile() {
	d.t.Helper()
	if got := d.rows("PRAGMA integrity_check"); len(got) != 1 || got[0] != "ok|" {
		d.t.Errorf("integrity_check: %v", got)
	}
}
