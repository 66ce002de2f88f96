package faults_test

// consent makes a consent statement with a published text and a draft, which are the same for every run.
func (h *house) consent() []string {
	h.t.Helper()
	h.must(0, call{method: "accounts.setConsentsStatements", by: partner, params: []string{
		"preferences", `{"terms.faults":{"isActive":true,"langs":["en"]}}`,
	}})
	named := []string{"consentId", "terms.faults", "lang", "en"}
	// Published once, it is refused the next time.
	h.send(call{method: "accounts.setLegalStatements", by: partner, params: append([]string{
		"legalStatements", `{"versions":{"1":{"purpose":"p","LegalStatementStatus":"Published"}}}`,
	}, named...)}, nil)
	h.must(0, call{method: "accounts.setLegalStatements", by: partner, params: append([]string{
		"legalStatements", `{"versions":{"2":{"purpose":"` + newUID() + `"}}}`,
	}, named...)})
	return named
}

// ofConsent is a call about the statement.
func ofConsent(by credential, params ...string) func(*house) call {
	return func(h *house) call { return call{by: by, params: append(h.consent(), params...)} }
}

// dataflow makes a dataflow and returns its id.
func (h *house) dataflow(method string) string {
	h.t.Helper()
	return h.must(0, call{method: method, by: partner, params: []string{
		"data", `{"name":"` + newUID() + `","steps":[{"id":"a","type":"t","params":{"password":"hidden"}}]}`,
	}}).member("id")
}

// scheduling makes a scheduling of a fresh dataflow, and returns it with its id.
func (h *house) scheduling() (id, data string) {
	h.t.Helper()
	fresh := `"name":"s","dataflowId":"` + h.dataflow("idx.createDataflow") + `","frequencyType":"once"`
	id = h.must(0, call{method: "idx.createScheduling", by: partner, params: []string{"data", "{" + fresh + "}"}}).member("id")
	return id, `{"id":"` + id + `",` + fresh + `,"enabled":false}`
}

// withID is a call about a fresh dataflow.
func withID(made string) func(*house) call {
	return func(h *house) call { return call{by: partner, params: []string{"id", h.dataflow(made)}} }
}

// replaced is a call that replaces a fresh dataflow.
func replaced(made string) func(*house) call {
	return func(h *house) call {
		return call{by: userKey, params: []string{"data", `{"id":"` + h.dataflow(made) + `","name":"new","steps":[]}`}}
	}
}

// copiedScenarios has the methods that SAP's tools copy the configuration of a site with.
var copiedScenarios = []scenario{
	{method: "accounts.migrateConsentFlow", prepare: plain(partner, "MigrateSite", "true")},
	{method: "accounts.getConsentsStatements", prepare: plain(userKey), cold: true},
	{method: "accounts.setConsentsStatements", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"preferences", `{"terms.other":{"isActive":true,"customData":[{"key":"k","value":"` + newUID() + `"}]}}`}}
	}},
	{method: "accounts.setConsentDefaultLang", changes: true, prepare: ofConsent(partner)},
	{method: "accounts.getLegalStatements", prepare: ofConsent(anybody), cold: true},
	{method: "accounts.setLegalStatements", changes: true, prepare: func(h *house) call {
		return ofConsent(partner, "legalStatements", `{"versions":{"3":{"purpose":"`+newUID()+`"}}}`)(h)
	}},
	{method: "accounts.duplicateLegalStatement", prepare: ofConsent(userKey)},
	{method: "accounts.deleteLegalStatements", changes: true, prepare: ofConsent(partner, "docVersion", "2")},
	{method: "accounts.getSiteConsentDetails", prepare: plain(anybody), cold: true},
	{method: "accounts.deleteConsentStatement", changes: true, prepare: func(h *house) call {
		h.consent()
		return call{by: partner, params: []string{"consentId", "terms.faults"}}
	}},

	{method: "accounts.communication.getChannels", prepare: plain(partner), cold: true},
	{method: "accounts.communication.setChannels", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"Channels", `{"SMS":{"description":"` + newUID() + `"}}`}}
	}},
	{method: "accounts.communications.settings.search", prepare: plain(userKey, "query", "select topic from topicChannels limit 2000"), cold: true},
	{method: "accounts.communications.settings.set", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"topicChannel", `{"topicChannelId":"C_SMS","channel":"SMS","topic":"t","description":"` + newUID() + `"}`}}
	}},
	{method: "accounts.communication.getTopicSettings", prepare: plain(partner), cold: true},
	{method: "accounts.communication.setTopicSettings", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"CommunicationSettings", `{"C_SMS":{"channel":"SMS","topic":"t","description":"` + newUID() + `"}}`}}
	}},

	{method: "accounts.rba.getPolicy", prepare: plain(partner), cold: true},
	{method: "accounts.rba.setPolicy", changes: true, prepare: func(*house) call {
		return call{by: partner, params: []string{"policy", `{"commonRules":[],"rulesSets":[{"id":"` + newUID() + `","rules":[]}]}`}}
	}},
	{method: "accounts.rba.riskAssessment.getConfig", prepare: plain(userKey), cold: true},
	{method: "accounts.rba.riskAssessment.setConfig", changes: true, prepare: plain(partner, "Config", `{"Enabled":true}`)},
	{method: "accounts.rba.sdkConfiguration.get", prepare: plain(partner)},

	{method: "socialize.getProvidersConfig", prepare: plain(userKey, "includeSettings", "true", "includeCapabilities", "true", "includeSecretKeys", "true"), cold: true},
	{method: "socialize.setProvidersConfig", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"settings", "x", "providers", `{"facebook":{"app":{"appID":"1","secertKey":"` + newUID() + `"}}}`}}
	}},
	{method: "socialize.getAvailableProviders", prepare: plain(anybody), cold: true},

	{method: "idx.createDataflow", changes: true, prepare: func(*house) call {
		return call{by: userKey, params: []string{"data", `{"name":"n","steps":[{"id":"a","type":"t","params":{"secret":"hidden"}}]}`}}
	}, cold: true},
	{method: "idx.createDataflowDraft", changes: true, prepare: plain(partner, "data", `{"name":"n","steps":[]}`)},
	{method: "idx.getDataflow", prepare: withID("idx.createDataflow"), cold: true},
	{method: "idx.setDataflow", changes: true, prepare: replaced("idx.createDataflow")},
	{method: "idx.setDataflow", variant: "unchanged", code: 403200, prepare: func(h *house) call {
		read := h.must(0, call{method: "idx.getDataflow", by: partner, params: []string{"id", h.dataflow("idx.createDataflow")}})
		return call{by: partner, params: []string{"data", read.member("dataflow")}}
	}},
	{method: "idx.setDataflowDraft", changes: true, prepare: replaced("idx.createDataflowDraft")},
	{method: "idx.deleteDataflow", changes: true, prepare: func(h *house) call {
		id := h.dataflow("idx.createDataflow")
		h.must(0, call{method: "idx.createScheduling", by: partner, params: []string{"data", `{"name":"s","dataflowId":"` + id + `","frequencyType":"once"}`}})
		return call{by: partner, params: []string{"id", id}}
	}},
	{method: "idx.createScheduling", changes: true, prepare: func(h *house) call {
		data := `{"name":"s","dataflowId":"` + h.dataflow("idx.createDataflow") + `","frequencyType":"once","fullExtract":true}`
		return call{by: userKey, params: []string{"data", data}}
	}},
	{method: "idx.getScheduling", prepare: func(h *house) call {
		id, _ := h.scheduling()
		return call{by: partner, params: []string{"id", id}}
	}},
	{method: "idx.setScheduling", changes: true, prepare: func(h *house) call {
		_, data := h.scheduling()
		return call{by: partner, params: []string{"data", data}}
	}},
	{method: "idx.deleteScheduling", changes: true, prepare: func(h *house) call {
		id, _ := h.scheduling()
		return call{by: partner, params: []string{"id", id}}
	}},
	{method: "idx.search", prepare: plain(userKey, "query", "SELECT * FROM dataflow LIMIT 2"), cold: true},
}
