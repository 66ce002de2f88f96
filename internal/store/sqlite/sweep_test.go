package sqlite

import (
	"errors"
	"fmt"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

func TestTheBoundOfSessionsReadsThoseOfTheAccountAlone(t *testing.T) {
	s := openInside(t)
	wantSteps(t, "limit", explainPlan(t, s, sqlLimitSessions), "SEARCH sessions USING PRIMARY KEY (grp=? AND uid=? AND hash=?)",
		"LIST SUBQUERY", "SEARCH sessions USING PRIMARY KEY (grp=? AND uid=?)", "USE TEMP B-TREE FOR ORDER BY")
}

// TestASweepOfNoAuditRecordWaitsForNoWriter: what is over is looked for before the writer is asked, because the look may be long.
func TestASweepOfNoAuditRecordWaitsForNoWriter(t *testing.T) {
	s := openInside(t)
	// One of a chain, which is young, and one of before there were chains, which is neither's.
	const now = 1_000_000
	err := s.Change(t.Context(), func(tx store.Tx) error { return tx.AppendAudit(&store.Audit{Time: now, APIKey: "a", Partner: 7}) })
	if err != nil {
		t.Fatal(err)
	}
	c, err := connect(s.file, s.busy, readerCache)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := fmt.Sprintf(`INSERT INTO audit (time, call_id, api_key, method, error_code, user_key, uid) VALUES (%d, '', '', '', 0, '', '')`, now)
	for _, sql := range []string{before, "BEGIN IMMEDIATE"} {
		if err := script(c.Conn, sql); err != nil {
			t.Fatal(err)
		}
	}
	for partner, overdue := range map[int64]bool{0: true, 3: false, 7: true} {
		sweep := store.Sweep{Kind: store.SweptAudits, Partner: partner, Before: now, Limit: 10}
		if n, err := s.Sweep(t.Context(), sweep); n != 0 || err != nil {
			t.Errorf("partner %d: %d, %v", partner, n, err)
		}
		sweep.Before++
		if n, err := s.Sweep(t.Context(), sweep); n != 0 || overdue != errors.Is(err, store.ErrBusy) {
			t.Errorf("partner %d, with what is over: %d, %v", partner, n, err)
		}
	}
	if err := script(c.Conn, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	for partner, want := range map[int64]int{3: 0, 0: 1, 7: 1} {
		if n, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: partner, Before: now + 1, Limit: 10}); n != want || err != nil {
			t.Errorf("partner %d: %d, %v", partner, n, err)
		}
	}
}
