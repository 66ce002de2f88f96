package accounts_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/store"
)

// ask is one call of a scenario about the configuration, with its whole answer: the members, or the code and details of an error.
type ask struct {
	// at is the site; empty: the test's, the parent of the group.
	at     string
	by     who
	method string
	params []string
	want   string
}

// reply returns the members of the answer, or the code and the details of the error.
func (h *house) reply(a ask) string {
	h.t.Helper()
	if a.at == "" {
		a.at = testKey
	}
	if a.by == nil {
		a.by = server
	}
	answer, _, err := h.Call(apitest.Call{APIKey: a.at, By: a.by(h), Method: a.method, Params: a.params})
	switch {
	case err != nil:
		h.t.Fatalf("%s: %v", a.method, err)
	case answer.Err != nil:
		return strings.TrimSpace(fmt.Sprintf("%d %s", answer.Err.Code, answer.Err.Details))
	}
	return string(answer.Members)
}

// follow makes the calls, one after the other.
func (h *house) follow(asks []ask) {
	h.t.Helper()
	for i, a := range asks {
		if got := h.reply(a); got != a.want {
			h.t.Errorf("call %d, %s %v:\n got %s\nwant %s", i, a.method, a.params, got, a.want)
		}
	}
}

func p(params ...string) []string { return params }

// Recorded statements and texts, as SAP's toolkit reads them on one site and writes them to another.
const (
	consents = `{"terms.termsConsentId1":{"isActive":true,"isMandatory":true,"langs":["en"],"customData":[],"consentVaultRetentionPeriod":36,"defaultLang":"en","enforceLocaleReconsent":false},` +
		`"terms.consentId2":{"isActive":false,"isMandatory":true,"langs":["en","pt"],"consentVaultRetentionPeriod":36,"enforceLocaleReconsent":true}}`
	legal = `{"publishedDocVersion":2.0,"currentDocVersion":2.0,"minDocVersion":2.0,"versions":{"2":{"purpose":"english2","documentUrl":"https://example.com/tos","LegalStatementStatus":"Published"}}}`
)

func TestConsentIsCopiedAsTheToolkitDoes(t *testing.T) {
	h := newHouse(t)
	const first = `{"terms.termsConsentId1":{"isActive":true,"isMandatory":true,"langs":["en"],"customData":[],"consentVaultRetentionPeriod":36,"defaultLang":"en","enforceLocaleReconsent":false}}`
	const without = `{"preferences":{"terms.termsConsentId1":{"isActive":true,"isMandatory":true,"langs":[],"customData":[],"consentVaultRetentionPeriod":36,"defaultLang":"en","enforceLocaleReconsent":false}}}`
	one := p("consentId", "terms.termsConsentId1", "lang", "en")
	h.follow([]ask{
		{method: "accounts.migrateConsentFlow", params: p("MigrateSite", "true"), want: `{}`},
		{method: "accounts.getConsentsStatements", want: `{"preferences":{}}`},
		{method: "accounts.setConsentsStatements", params: p("preferences", first), want: `{}`},
		// There is no text yet: languages are those of texts, and the default is chosen before them.
		{method: "accounts.getConsentsStatements", want: without},
		{method: "accounts.setConsentDefaultLang", params: one, want: `{}`},
		{method: "accounts.getLegalStatements", params: one, want: "404000 There is no legal statement in en"},
		{method: "accounts.setLegalStatements", params: append(p("legalStatements", legal), one...), want: `{}`},
		{method: "accounts.getLegalStatements", params: one, want: `{"legalStatements":` + legal + `}`},
		{method: "accounts.setLegalStatements", params: append(p("legalStatements", legal), one...), want: "400009 There is already legal statement for terms.termsConsentId1 en 2"},
		{method: "accounts.setConsentStatements", params: p("preferences", consents), want: `{}`},
		{method: "accounts.getConsentStatements", want: `{"preferences":{"terms.consentId2":{"isActive":false,"isMandatory":true,"langs":[],"consentVaultRetentionPeriod":36,"enforceLocaleReconsent":true},` + first[1:len(first)-1] + `}}`},
		{by: public, method: "accounts.getSiteConsentDetails", want: `{"siteConsentDetails":{"terms.termsConsentId1":{"defaultLang":"en","isActive":true,"isMandatory":true,"langs":["en"],"customData":[],` +
			`"consentVaultRetentionPeriod":36,"enforceLocaleReconsent":false,"legalStatements":{"en":{"purpose":"english2","documentUrl":"https://example.com/tos","currentDocVersion":2.0,"minDocVersion":2.0}}}}}`},
	})
}

func TestAPageSeesWhatIsPublishedAndSwitchedOn(t *testing.T) {
	h := newHouse(t)
	draft := `{"versions":{"3":{"purpose":"not yet"}}}`
	in := func(lang string, more ...string) []string {
		return append(p("consentId", "privacy.news", "lang", lang), more...)
	}
	h.follow([]ask{
		{method: "accounts.setConsentsStatements", params: p("preferences", `{"privacy.news":{"isActive":true}}`), want: `{}`},
		{method: "accounts.setLegalStatements", params: in("en", "legalStatements", legal), want: `{}`},
		{method: "accounts.setLegalStatements", params: in("en", "legalStatements", draft), want: `{}`},
		{method: "accounts.setLegalStatements", params: in("pt", "legalStatements", draft), want: `{}`},
		{by: public, method: "accounts.getLegalStatements", params: in("en"), want: `{"legalStatements":` + legal + `}`},
		{by: public, method: "accounts.getLegalStatements", params: in("pt"), want: "404000 There is no legal statement in pt"},
		{method: "accounts.getLegalStatements", params: in("pt"), want: `{"legalStatements":{"versions":{"3":{"purpose":"not yet","LegalStatementStatus":"Draft"}}}}`},
		{method: "accounts.duplicateLegalStatement", params: in("en"), want: `{"legalStatements":{"versions":{"4":{"purpose":"not yet","LegalStatementStatus":"Draft"}}}}`},
		{method: "accounts.deleteLegalStatements", params: in("en", "docVersion", "2"), want: "400030 Only a draft can be deleted"},
		{method: "accounts.deleteLegalStatements", params: in("en", "docVersion", "3.0"), want: `{}`},
		{method: "accounts.deleteLegalStatements", params: in("en", "docVersion", "3.0"), want: "404000 There is no such legal statement"},
		{method: "accounts.deleteLegalStatements", params: in("en"), want: "400002 Missing required parameter : docVersion"},
		{method: "accounts.deleteLegalStatements", params: in("en", "docVersion", "3", "docDate", "2024-01-01"), want: "400006 Invalid argument: docDate: must not be sent together with docVersion"},
		{method: "accounts.duplicateLegalStatement", params: in("en"), want: `{"legalStatements":{"versions":{"3":{"purpose":"english2","documentUrl":"https://example.com/tos","LegalStatementStatus":"Draft"}}}}`},
		{method: "accounts.setConsentDefaultLang", params: in("de"), want: "400006 Invalid argument: lang: is none of the languages of the statement"},
		{method: "accounts.setConsentsStatements", params: p("preferences", `{"privacy.news":{"isActive":false}}`), want: `{}`},
		{by: public, method: "accounts.getLegalStatements", params: in("en"), want: "404000 There is no consent statement privacy.news"},
		{by: public, method: "accounts.getSiteConsentDetails", want: `{"siteConsentDetails":{}}`},
		{method: "accounts.deleteConsentStatement", params: p("consentId", "privacy.news"), want: `{}`},
		{method: "accounts.getConsentsStatements", want: `{"preferences":{}}`},
		{method: "accounts.deleteConsentStatement", params: p("consentId", "privacy.news"), want: "404000 There is no consent statement privacy.news"},
		{method: "accounts.setLegalStatements", params: in("en", "legalStatements", legal), want: "404000 There is no consent statement privacy.news"},
	})
}

func TestAStatementThatIsRefusedChangesNothing(t *testing.T) {
	h := newHouse(t)
	for sent, want := range map[string]string{
		``:                                   "400002 Missing required parameter : preferences",
		`[]`:                                 "400004 Invalid argument: preferences: want a JSON object: offset 0: an object was expected",
		`{"terms tos":{}}`:                   "400006 Invalid argument: preferences.terms tos: want a path of letters, digits, _ and - such as terms.tos",
		`{"terms.ok":{},"terms.tos":true}`:   "400006 Invalid argument: preferences.terms.tos: must be an object",
		`{"terms.ok":{},"a":{"isActive":5}}`: "400006 Invalid argument: preferences.a.isActive: must be true or false",
		`{"terms.ok":{"isMandatory":null,"langs":"en"}}`: "400006 Invalid argument: preferences.terms.ok.langs: must be an array of at most 200 elements",
	} {
		if got := h.reply(ask{method: "accounts.setConsentsStatements", params: p("preferences", sent)}); got != want {
			t.Errorf("%s\n got %s\nwant %s", sent, got, want)
		}
	}
	h.follow([]ask{
		{method: "accounts.getConsentsStatements", want: `{"preferences":{}}`},
		{method: "accounts.getLegalStatements", params: p("consentId", "a b", "lang", "en"), want: "400006 Invalid argument: consentId: want a path of letters, digits, _ and - such as terms.tos"},
		{method: "accounts.getLegalStatements", params: p("consentId", "a", "lang", "e n"), want: "400006 Invalid argument: lang: want a language such as en or pt-br"},
		{method: "accounts.setLegalStatements", params: p("consentId", "a", "lang", "en"), want: "400002 Missing required parameter : legalStatements"},
	})
}

func TestAMemberOfAGroupSwitchesTheStatementsOfItsParent(t *testing.T) {
	h := newGroup(t)
	const refused = "400009 terms.termsConsentId1 : Only IsActive can modified in child site."
	one := p("consentId", "terms.termsConsentId1", "lang", "en")
	shown := func(active string) string {
		return `{"preferences":{"terms.termsConsentId1":{"isActive":` + active + `,"isMandatory":true,"langs":["en"],"customData":[],"consentVaultRetentionPeriod":36,"defaultLang":"en","enforceLocaleReconsent":false}}}`
	}
	h.follow([]ask{
		{at: childKey, method: "accounts.setConsentsStatements", params: p("preferences", `{"terms.termsConsentId1":{"isActive":true}}`), want: "400009 terms.termsConsentId1 : The parent site has no such consent statement."},
		{method: "accounts.setConsentsStatements", params: p("preferences", `{"terms.termsConsentId1":{"isActive":true,"isMandatory":true,"langs":["en"],"customData":[],"defaultLang":"en"}}`), want: `{}`},
		{method: "accounts.setLegalStatements", params: append(p("legalStatements", legal), one...), want: `{}`},
		{at: childKey, method: "accounts.getConsentsStatements", want: shown("true")},
		{at: childKey, by: public, method: "accounts.getLegalStatements", params: one, want: `{"legalStatements":` + legal + `}`},
		{at: childKey, method: "accounts.setConsentsStatements", params: p("preferences", `{"terms.termsConsentId1":{"isActive":false,"isMandatory":false}}`), want: refused},
		{at: childKey, method: "accounts.setConsentsStatements", params: p("preferences", `{"terms.termsConsentId1":{"isActive":false}}`), want: `{}`},
		{at: childKey, method: "accounts.getConsentsStatements", want: shown("false")},
		{at: childKey, by: public, method: "accounts.getSiteConsentDetails", want: `{"siteConsentDetails":{}}`},
		{method: "accounts.getConsentsStatements", want: shown("true")},
		{at: childKey, method: "accounts.setLegalStatements", params: append(p("legalStatements", legal), one...), want: refused},
		{at: childKey, method: "accounts.setConsentDefaultLang", params: one, want: refused},
		{at: childKey, method: "accounts.deleteLegalStatements", params: append(p("docVersion", "2"), one...), want: refused},
		{at: childKey, method: "accounts.deleteConsentStatement", params: p("consentId", "terms.termsConsentId1"), want: refused},
		{method: "accounts.deleteConsentStatement", params: p("consentId", "terms.termsConsentId1"), want: `{}`},
		// What the member stored of it is none any more.
		{at: childKey, method: "accounts.getConsentsStatements", want: `{"preferences":{}}`},
		{at: childKey, by: public, method: "accounts.getLegalStatements", params: one, want: "404000 There is no consent statement terms.termsConsentId1"},
	})
}

func TestLanguagesOfOneStatementAreSetAtTheSameTime(t *testing.T) {
	h := newHouse(t)
	h.follow([]ask{{method: "accounts.setConsentsStatements", params: p("preferences", `{"terms.tos":{"isActive":true}}`), want: `{}`}})
	langs := []string{"de", "en", "es", "fr", "it", "pt"}
	var wait sync.WaitGroup
	for _, lang := range langs {
		wait.Go(func() {
			answer, err := h.try(server, "accounts.setLegalStatements", "consentId", "terms.tos", "lang", lang, "legalStatements", legal)
			if err != nil || code(answer) != "0" {
				t.Errorf("%s: %v\n%s", lang, err, answer)
			}
		})
	}
	wait.Wait()
	got := field(h.call(server, "accounts.getConsentsStatements"), "preferences", "terms.tos", "langs")
	for _, lang := range langs {
		if !strings.Contains(got, `"`+lang+`"`) {
			t.Errorf("%s is lost: %s", lang, got)
		}
	}
}

func TestStatementsAreOfOneSite(t *testing.T) {
	h := newHouse(t)
	const otherKey = "3_OtherSite-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFG"
	h.change(func(tx store.Tx) error {
		return tx.PutSite(&store.Site{APIKey: otherKey, SiteID: 3, Partner: 1, Group: otherKey, BaseDomain: "o.example.com", DataCenter: "us1", Status: store.SiteActive})
	})
	h.follow([]ask{
		{method: "accounts.setConsentsStatements", params: p("preferences", consents), want: `{}`},
		{at: otherKey, method: "accounts.getConsentsStatements", want: `{"preferences":{}}`},
		{at: otherKey, method: "accounts.deleteConsentStatement", params: p("consentId", "terms.consentId2"), want: "404000 There is no consent statement terms.consentId2"},
	})
}
