package sqlite

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

// TestNoQueryOfTheAuditLogReadsTheWholeLog: what is asked often is a walk along an index that ends at the limit, newest or
// oldest first, and nothing is sorted.
func TestNoQueryOfTheAuditLogReadsTheWholeLog(t *testing.T) {
	s := openInside(t)
	at := store.AuditPlace{Time: 5, Serial: serialOf(7)}
	for name, tt := range map[string]struct {
		q    store.AuditQuery
		want string
	}{
		"newest":             {store.AuditQuery{}, "SEARCH audit USING INDEX audit_site (api_key=?)"},
		"a page behind":      {store.AuditQuery{Start: at}, "SEARCH audit USING INDEX audit_site (api_key=? AND time"},
		"a range of time":    {store.AuditQuery{From: 1, Until: 9}, "SEARCH audit USING INDEX audit_site (api_key=? AND time>? AND time<?)"},
		"of a key":           {store.AuditQuery{UserKey: "k"}, "SEARCH audit USING INDEX audit_user_key (api_key=? AND user_key=?)"},
		"of a method":        {store.AuditQuery{Method: "m"}, "SEARCH audit USING INDEX audit_method (api_key=? AND method=?)"},
		"of a method, times": {store.AuditQuery{Method: "m", From: 1}, "SEARCH audit USING INDEX audit_method (api_key=? AND method=? AND time>?)"},
	} {
		for _, newest := range []bool{true, false} {
			q := tt.q
			q.Log, q.Newest, q.Limit = "a", newest, 10
			steps, err := s.ExplainAudits(t.Context(), q)
			if err != nil || len(steps) != 1 || !strings.HasPrefix(steps[0], tt.want) {
				t.Errorf("%s: %v, the plan is\n\t%s", name, err, strings.Join(steps, "\n\t"))
			}
		}
	}
	for _, q := range []store.AuditQuery{{UID: "u"}, {UID: "u", Start: at, Newest: true}, {UID: "u", From: 1, UserKey: "k"}} {
		q.Log, q.Limit = "a", 10
		steps, err := s.ExplainAudits(t.Context(), q)
		if err != nil || !slices.Contains(steps, "SEARCH audit USING INDEX audit_uid (<expr>=? AND uid=?)") || slices.Contains(steps, "SCAN audit") {
			t.Errorf("of an account: %v, the plan is\n\t%s", err, strings.Join(steps, "\n\t"))
		}
	}
	for query, want := range map[string]string{
		sqlChainAudits:   "SEARCH audit USING INDEX audit_chain (chain=? AND number>?)",
		sqlSweepChain:    "SEARCH audit USING INDEX audit_chain (chain=? AND number>? AND number<?)",
		sqlAuditChain:    "SEARCH audit_chains USING PRIMARY KEY (name=?)",
		sqlOverdueChains: "SEARCH audit_chains USING COVERING INDEX audit_chains_open (partner=? AND opened<?)",
	} {
		wantSteps(t, query, explainPlan(t, s, query), want)
	}
	for _, query := range []string{sqlAuditLogs, sqlChainNames} {
		for _, step := range explainPlan(t, s, query) {
			if strings.HasPrefix(step, "SCAN") && step != "SCAN logged" && step != "SCAN named" {
				t.Errorf("step %q of %s reads a table", step, query)
			}
		}
	}
}
