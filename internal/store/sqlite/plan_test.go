package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

func openInside(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{File: filepath.Join(t.TempDir(), "doorward.db"), Busy: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// explainPlan returns the steps of the engine's plan.
func explainPlan(t *testing.T, s *Store, query string) []string {
	t.Helper()
	c, err := s.searchers.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.searchers.give(c)
	var steps []string
	err = list(c.Conn, "EXPLAIN QUERY PLAN "+query, noParameters, func(r *row) error {
		steps = append(steps, r.stmt.ColumnText(3))
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return steps
}

// wantSteps expects the steps, each by its beginning, and no scan of a table.
func wantSteps(t *testing.T, name string, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i, step := range got {
		ok = ok && strings.HasPrefix(step, want[i]) && !strings.HasPrefix(step, "SCAN")
	}
	if !ok {
		t.Errorf("%s: the plan is\n\t%s\nwant\n\t%s", name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestHotStatementsAnswerFromAnIndex(t *testing.T) {
	s := openInside(t)
	const (
		accountKey    = "SEARCH accounts USING INDEX accounts_key (grp=? AND uid=?)"
		identifierKey = "SEARCH identifiers USING PRIMARY KEY (grp=? AND space=? AND value=?)"
		configKey     = "SEARCH config_objects USING INDEX config_objects_key (owner=? AND kind=?"
		sessionKey    = "SEARCH sessions USING PRIMARY KEY (grp=? AND uid=? AND hash=?)"
	)
	for query, want := range map[string][]string{
		sqlGetAccount:      {accountKey},
		sqlUpdateAccount:   {accountKey},
		sqlUpdateCreated:   {accountKey},
		sqlHasAccount:      {"SEARCH accounts USING COVERING INDEX accounts_key (grp=? AND uid=?)"},
		sqlDeleteAccount:   {"SEARCH accounts USING INTEGER PRIMARY KEY (rowid=?)"},
		sqlAccountByID:     {"SEARCH accounts USING INTEGER PRIMARY KEY (rowid=?)"},
		sqlOwner:           {identifierKey},
		sqlRelease:         {identifierKey},
		sqlReleaseAccounts: {"SEARCH identifiers USING INDEX identifiers_account (account=?)"},
		sqlReleaseStrays:   {"SEARCH identifiers USING INDEX identifiers_account (account=? AND grp=?)"},
		sqlOrphan:          {"SEARCH identifiers USING INDEX identifiers_account (account=?)"},
		sqlNextAccount:     {"SEARCH accounts"},
		sqlGetSession:      {sessionKey},
		sqlDeleteSession:   {sessionKey},
		sqlDeleteSessions:  {"SEARCH sessions USING PRIMARY KEY (grp=? AND uid=?)"},
		sqlMarked:          {"SEARCH marks USING PRIMARY KEY (space=? AND hash=?)"},
		sqlSweepMarks: {"SEARCH marks USING PRIMARY KEY (space=? AND hash=?)", "LIST SUBQUERY",
			"SEARCH marks USING COVERING INDEX marks_until (until<?)"},
		sqlSweepSessions: {sessionKey, "LIST SUBQUERY", "SEARCH sessions USING COVERING INDEX sessions_end (expires>? AND expires<?)"},
		sqlSessionBeyond: {"SEARCH sessions USING PRIMARY KEY (grp=? AND uid=?)"},
		sqlConfigVersion: {"SEARCH meta USING PRIMARY KEY (name=?)"},
		sqlPartner:       {"SEARCH partners USING INTEGER PRIMARY KEY (rowid=?)"},
		sqlSite:          {"SEARCH sites USING INDEX sqlite_autoindex_sites_1 (api_key=?)"},
		sqlSites:         {"SEARCH sites USING INDEX sites_partner (partner=?)"},
		sqlKey:           {"SEARCH keys USING INDEX sqlite_autoindex_keys_1 (user_key=?)"},
		sqlKeys:          {"SEARCH keys USING INDEX keys_partner (partner=?)"},
		sqlConfigObject:  {configKey + " AND name=?)"},
		sqlConfigObjects: {configKey + ")"},
		// The rows come in the order of the index: nothing is sorted.
		sqlOwnedConfigObjects: {"SEARCH config_objects USING INDEX config_objects_key (owner=?)"},
		sqlDeleteConfigObject: {configKey + " AND name=?)"},
		sqlSearchVersion:      {"SEARCH meta USING PRIMARY KEY (name=?)"},
		sqlAccountRow:         {"SEARCH accounts USING COVERING INDEX accounts_key (grp=? AND uid=?)"},
		sqlDeleteSearchKey:    {"SEARCH search_keys USING PRIMARY KEY (field=? AND key=? AND owner=?)"},
		sqlDropSearchKeys: {"SEARCH search_keys USING PRIMARY KEY (field=? AND key=? AND owner=?)", "LIST SUBQUERY",
			"SEARCH search_keys USING PRIMARY KEY (field=?)"},

		sqlGroupSize:  {"SEARCH group_sizes USING PRIMARY KEY (grp=?)"},
		sqlFirstPiece: {"SEARCH search_counts USING PRIMARY KEY (field=? AND key>? AND key<?)"},
		sqlLastPiece:  {"SEARCH search_counts USING PRIMARY KEY (field=? AND key>? AND key<?)"},
		sqlPiecesSum:  {"SEARCH search_counts USING PRIMARY KEY (field=? AND key>? AND key<?)"},
		sqlRowsBefore: {"SEARCH search_keys USING PRIMARY KEY (field=? AND key>? AND (key,owner)<(?,?))"},
		sqlRowsFrom:   {"SEARCH search_keys USING PRIMARY KEY (field=? AND (key,owner)>(?,?) AND key<?)"},
		sqlRowBehind:  {"SEARCH search_keys USING PRIMARY KEY (field=? AND (key,owner)>(?,?))"},
		// What the triggers do.
		`UPDATE search_counts SET rows = rows + 1 WHERE field = ?1 AND rows >= 0 AND (key, owner) =
			(SELECT key, owner FROM search_counts WHERE field = ?1 AND (key, owner) <= (?2, ?3) ORDER BY key DESC, owner DESC LIMIT 1)`: {
			"SEARCH search_counts USING PRIMARY KEY (field=? AND key=? AND owner=?)", "SCALAR SUBQUERY",
			"SEARCH search_counts USING PRIMARY KEY (field=? AND (key,owner)<(?,?))"},
	} {
		wantSteps(t, query, explainPlan(t, s, query), want...)
	}
}

// TestAChangeOfAnAccountTouchesOneIndex: that of the time of the change; the others hold what stays.
func TestAChangeOfAnAccountTouchesOneIndex(t *testing.T) {
	s := openInside(t)
	inserts := 0
	err := within(t, s, func(tx *tx) error {
		return list(tx.c, "EXPLAIN "+sqlUpdateAccount, noParameters, func(r *row) error {
			if r.stmt.GetText("opcode") == "IdxInsert" {
				inserts++
			}
			return nil
		})
	})
	if inserts != 1 || err != nil {
		t.Errorf("%d indexes are written, %v", inserts, err)
	}
}

func TestSearchesThatCanAnswerFromAnIndex(t *testing.T) {
	s := openInside(t)
	const inGroup = "SEARCH accounts USING INDEX accounts_key (grp=?)"
	behind := &store.Position{Sort: []query.Value{{Kind: query.Number, Num: "5"}}, UID: "u"}
	tests := []struct {
		text  string
		after *store.Position
		want  []string
	}{
		{text: `SELECT * FROM accounts WHERE UID = "a"`, want: []string{"SEARCH accounts USING COVERING INDEX accounts_key (grp=? AND uid=?)"}},
		{text: `SELECT * FROM accounts WHERE UID = "a" AND data.b = 1`, want: []string{"SEARCH accounts USING INDEX accounts_key (grp=? AND uid=?)"}},
		{text: `SELECT * FROM accounts WHERE UID IN ("a", "b")`, want: []string{"SEARCH accounts USING COVERING INDEX accounts_key (grp=? AND uid=?)"}},
		{text: `SELECT * FROM accounts`, want: []string{"SEARCH accounts USING COVERING INDEX accounts_key (grp=?)"}},
		{text: `SELECT * FROM accounts`, after: &store.Position{UID: "u"}, want: []string{"SEARCH accounts USING COVERING INDEX accounts_key (grp=? AND uid>?)"}},
		{text: `SELECT * FROM accounts WHERE loginIDs.emails = "a@example.com"`, want: []string{
			"SEARCH accounts USING INDEX accounts_key (grp=? AND uid=?)", "LIST SUBQUERY",
			"SEARCH identifiers USING PRIMARY KEY (grp=? AND space=? AND value=?)"}},
		{text: `SELECT * FROM accounts WHERE loginIDs.unverifiedEmails = "a@example.com"`, want: []string{
			"SEARCH accounts USING INDEX accounts_key (grp=? AND uid=?)", "LIST SUBQUERY",
			"SEARCH identifiers USING PRIMARY KEY (grp=? AND space=? AND value=?)"}},
		{text: `SELECT * FROM accounts WHERE lastUpdatedTimestamp > 5 ORDER BY lastUpdatedTimestamp`,
			want: []string{"SEARCH accounts USING COVERING INDEX accounts_updated (grp=? AND last_updated>?)"}},
		{text: `SELECT * FROM accounts ORDER BY lastUpdatedTimestamp`, after: behind,
			want: []string{"SEARCH accounts USING COVERING INDEX accounts_updated (grp=? AND last_updated>?)"}},
		{text: `SELECT * FROM accounts ORDER BY created DESC`, want: []string{
			"SEARCH accounts USING COVERING INDEX accounts_created (grp=?)", "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"}},
		{text: `SELECT * FROM accounts WHERE created < "2020-01-01" ORDER BY created`,
			want: []string{"SEARCH accounts USING COVERING INDEX accounts_created (grp=? AND created<?)"}},
		{text: `SELECT * FROM accounts WHERE data.a = 1`, want: []string{inGroup}},
		{text: `SELECT * FROM accounts WHERE data.a = 1 ORDER BY data.b`, want: []string{inGroup, "USE TEMP B-TREE FOR ORDER BY"}},
	}
	for _, tt := range tests {
		q, err := query.Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlan(store.Search{Where: q.Where, Order: q.Order, After: tt.after}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		wantSteps(t, tt.text, explainPlan(t, s, p.pageText("?", "?")), tt.want...)
	}
}

func TestSearchesOfAnyShapeKeepFewStatements(t *testing.T) {
	s := openInside(t)
	for i := range 4 * keptShapes {
		var parts []query.Expr
		for range i + 1 {
			parts = append(parts, &query.Comparison{Path: query.Path{"data", "a"}, Op: query.IsNull})
		}
		q := store.Search{Group: "g", Where: &query.And{Parts: parts}, Limit: 1, Total: true}
		if _, err := s.SearchAccounts(t.Context(), q, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.searchers.free[0].shapes); n == 0 || n > keptShapes {
		t.Errorf("%d statements are kept", n)
	}
}

func TestValuesNeverReachTheTextOfAStatement(t *testing.T) {
	const hostile = `x'"; DROP TABLE accounts; --`
	for _, path := range []query.Path{{"UID"}, {"regSource"}, {"data", hostile}, {"loginIDs", "emails"}, {"loginIDs", hostile}, {"tfaStatus", hostile}} {
		for _, op := range []query.Op{query.Equal, query.Less, query.In, query.Contains} {
			c := &query.Comparison{Path: path, Op: op, Values: []query.Value{{Kind: query.String, Str: hostile}}}
			p, err := newPlan(store.Search{Group: hostile, Where: c, Order: []query.Order{{Path: path}},
				After: &store.Position{Sort: c.Values, UID: hostile}}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if text := p.pageText("?", "?"); strings.Contains(text, "DROP") {
				t.Errorf("%v %v: %s", path, op, text)
			}
		}
	}
}

func TestLongChainsAreNotTooDeepForTheEngine(t *testing.T) {
	s := openInside(t)
	for name, chain := range map[string]func(parts []query.Expr) query.Expr{
		"and": func(parts []query.Expr) query.Expr { return &query.And{Parts: parts} },
		"or":  func(parts []query.Expr) query.Expr { return &query.Or{Parts: parts} },
	} {
		var parts []query.Expr
		for i := range 2000 {
			parts = append(parts, &query.Comparison{Path: query.Path{"UID"}, Op: query.Equal,
				Values: []query.Value{{Kind: query.String, Str: fmt.Sprint(i)}}})
		}
		q := store.Search{Group: "g", Where: chain(parts), Limit: 1, Total: true}
		if _, err := s.SearchAccounts(t.Context(), q, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
