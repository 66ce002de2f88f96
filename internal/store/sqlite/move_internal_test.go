package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

// TestADumpSortsNothing looks at the plans of all statements of a dump: what were sorted would be in memory whole.
func TestADumpSortsNothing(t *testing.T) {
	s, err := Open(t.Context(), Options{File: filepath.Join(t.TempDir(), "doorward.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.readers.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.readers.give(c)
	for _, d := range dumps {
		var plan []string
		err := list(c.Conn, "EXPLAIN QUERY PLAN "+d.sql, func(b *binder) { d.bind(b, store.Place{}) }, func(r *row) error {
			plan = append(plan, r.stmt.ColumnText(3))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(plan, "; ")
		if !strings.Contains(all, "SEARCH") || strings.Contains(all, "TEMP B-TREE") {
			t.Errorf("%s: %s", d.kind, all)
		}
	}
}
