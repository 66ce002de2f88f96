package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
)

// TestNoQueryOfTheAuditLogReadsTheWholeLog: what is asked often is found by an index once the server knows its tables.
func TestNoQueryOfTheAuditLogReadsTheWholeLog(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url})
	err := s.Change(t.Context(), func(tx store.Tx) error {
		for i := range 3000 {
			a := &store.Audit{Time: 1000 + clock.Millis(i), APIKey: fmt.Sprint("4_", i%2), UID: fmt.Sprint("u", i%500), UserKey: fmt.Sprint("k", i%50),
				Method: fmt.Sprint("ns.method", i%40), Record: []byte(`{"x":"` + strings.Repeat("y", 200) + `"}`)}
			if err := tx.AppendAudit(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), "ANALYZE audit"); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		q    store.AuditQuery
		want string
	}{
		"newest":          {store.AuditQuery{}, "audit_pkey"},
		"a range of time": {store.AuditQuery{From: 1100, Until: 1200}, "audit_pkey"},
		"of an account":   {store.AuditQuery{UID: "u4"}, "audit_uid"},
		"of a key":        {store.AuditQuery{UserKey: "k4"}, "audit_user_key"},
		"of a method":     {store.AuditQuery{Method: "NS.method4"}, "audit_method"},
	} {
		for _, newest := range []bool{true, false} {
			q := tt.q
			q.Log, q.Newest, q.Limit = "4_0", newest, 10
			steps, err := s.ExplainAudits(t.Context(), q)
			plan := strings.Join(steps, "\n\t")
			if err != nil || !strings.Contains(plan, tt.want) || strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s: %v, the plan is\n\t%s", name, err, plan)
			}
		}
	}
}
