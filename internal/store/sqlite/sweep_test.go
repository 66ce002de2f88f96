package sqlite

import (
	"strings"
	"testing"
)

// TestASweepOfTheAuditLogReadsNoTable: the one thing that is scanned is the list of the API keys, which is short.
func TestASweepOfTheAuditLogReadsNoTable(t *testing.T) {
	s := openInside(t)
	steps := explainPlan(t, s, sqlSweepAudits)
	searched := 0
	for _, step := range steps {
		if strings.HasPrefix(step, "SCAN") && step != "SCAN logged" {
			t.Errorf("step %q reads a table", step)
		}
		if step == "SEARCH a USING COVERING INDEX audit_site (api_key=? AND time<?)" {
			searched++
		}
	}
	if searched != 1 {
		t.Errorf("the plan is\n\t%s", strings.Join(steps, "\n\t"))
	}
}

func TestTheBoundOfSessionsReadsThoseOfTheAccountAlone(t *testing.T) {
	s := openInside(t)
	wantSteps(t, "limit", explainPlan(t, s, sqlLimitSessions), "SEARCH sessions USING PRIMARY KEY (grp=? AND uid=? AND hash=?)",
		"LIST SUBQUERY", "SEARCH sessions USING PRIMARY KEY (grp=? AND uid=?)", "USE TEMP B-TREE FOR ORDER BY")
}
