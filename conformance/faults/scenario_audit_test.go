package faults_test

// auditScenarios are those of the audit log.
var auditScenarios = []scenario{
	{method: "audit.search", prepare: plain(userKey, "query", `SELECT * FROM auditLog WHERE endpoint = "accounts.register" ORDER BY @timestamp DESC LIMIT 3`, "openCursor", "true")},
	{method: "audit.search", variant: "a scan", prepare: plain(partner, "query", `SELECT * FROM auditLog WHERE params.x IS NULL ORDER BY callID LIMIT 3`)},
}
