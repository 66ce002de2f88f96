package sqlite

import "testing"

func TestTheBoundOfSessionsReadsThoseOfTheAccountAlone(t *testing.T) {
	s := openInside(t)
	wantSteps(t, "limit", explainPlan(t, s, sqlLimitSessions), "SEARCH sessions USING PRIMARY KEY (grp=? AND uid=? AND hash=?)",
		"LIST SUBQUERY", "SEARCH sessions USING PRIMARY KEY (grp=? AND uid=?)", "USE TEMP B-TREE FOR ORDER BY")
}
