package consent_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
)

// object parses a text of a test.
func object(t testing.TB, text string) *document.Object {
	t.Helper()
	o, err := document.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// told returns the code and the details of an error.
func told(err error) string {
	var e *gigya.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %s", e.Code, e.Details)
	}
	return fmt.Sprint(err)
}

const fresh = `{"isActive":false,"isMandatory":false,"consentVaultRetentionPeriod":36,"enforceLocaleReconsent":false}`

func TestMerge(t *testing.T) {
	for _, c := range []struct{ name, stored, sent, want string }{
		{"a new statement has every switch", ``, `{}`, fresh},
		{"members come in the recorded order, unknown ones stay", ``,
			`{"x":{"y":1.50},"defaultLang":"en","langs":["en","pt"],"isMandatory":true,"isActive":true,"customData":[]}`,
			`{"isActive":true,"isMandatory":true,"langs":["en","pt"],"customData":[],"consentVaultRetentionPeriod":36,"defaultLang":"en","enforceLocaleReconsent":false,"x":{"y":1.50}}`},
		{"what is not sent stays, null takes away", `{"isActive":true,"customData":[],"x":1}`, `{"x":null,"isMandatory":true}`,
			`{"isActive":true,"isMandatory":true,"customData":[]}`},
		{"texts stay", `{"isActive":true,"legalStatements":{"en":{"versions":{}}}}`, `{"isActive":false,"defaultLang":"en"}`,
			`{"isActive":false,"defaultLang":"en","legalStatements":{"en":{"versions":{}}}}`},
		{"a switch is no text", ``, `{"isActive":"true"}`, "400006 Invalid argument: preferences.terms.x.isActive: must be true or false"},
		{"customData has keys", ``, `{"customData":[{"key":"a"},{"value":"b"}]}`,
			"400006 Invalid argument: preferences.terms.x.customData[1].key: is missing"},
		{"keys are short", ``, `{"customData":[{"key":"` + strings.Repeat("ä", 21) + `"}]}`,
			"400006 Invalid argument: preferences.terms.x.customData[0].key: must be a text of 1 to 20 characters"},
		{"languages are languages", ``, `{"langs":["en","not a language"]}`,
			"400006 Invalid argument: preferences.terms.x.langs[1]: must be a language such as en or pt-br"},
		{"the default is one of them", ``, `{"langs":["en"],"defaultLang":"pt"}`,
			"400006 Invalid argument: preferences.terms.x.defaultLang: is none of the languages of the statement"},
		{"who may write is one of three", ``, `{"writeAccess":"anybody"}`,
			"400006 Invalid argument: preferences.terms.x.writeAccess: must be one of clientModify, clientCreate, serverOnly"},
		{"months are counted", ``, `{"consentVaultRetentionPeriod":-1}`,
			"400006 Invalid argument: preferences.terms.x.consentVaultRetentionPeriod: must be a whole number from 0 to 1200"},
		{"texts are set elsewhere", ``, `{"legalStatements":{}}`,
			"400006 Invalid argument: preferences.terms.x.legalStatements: is set by accounts.setLegalStatements"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := consent.Merge(json.RawMessage(c.stored), "preferences.terms.x", object(t, c.sent))
			if err != nil {
				got = json.RawMessage(told(err))
			}
			if string(got) != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if err == nil && consent.Kind.Shape.CheckText("", got) != nil {
				t.Error("the kind refuses what came out")
			}
		})
	}
}

func TestAMemberOfAGroupSwitchesAndNoMore(t *testing.T) {
	const parent = `{"isActive":true,"isMandatory":true,"langs":["de"],"legalStatements":{"en":{"versions":{"1":{"LegalStatementStatus":"Published"}}}}}`
	const refused = "400009 terms.x : Only IsActive can modified in child site."
	for _, c := range []struct{ sent, want string }{
		{`{"isActive":false}`, `{"isActive":false}`},
		{`{"isActive":true,"isMandatory":true,"langs":["en"]}`, `{"isActive":true}`}, // As it is shown.
		{`{"isActive":null}`, `{}`},
		{`{"isMandatory":false}`, refused},
		{`{"isActive":false,"customData":[]}`, refused},
		{`{"legalStatements":{}}`, refused},
		{`{"isActive":1}`, "400006 Invalid argument: p.isActive: must be true or false"},
	} {
		got, err := consent.Switch(json.RawMessage(parent), "terms.x", "p", object(t, c.sent))
		if err != nil {
			got = json.RawMessage(told(err))
		}
		if string(got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.sent, got, c.want)
		}
	}
}

// at is a call of setLegalStatements: its language, what was sent, and what the language has afterwards, or the error.
type at struct{ lang, sent, want string }

func TestSetLegal(t *testing.T) {
	const v1 = `{"publishedDocVersion":1,"currentDocVersion":1,"minDocVersion":1,"versions":{"1":{"purpose":"one","LegalStatementStatus":"Published"}}}`
	for _, c := range []struct {
		name  string
		steps []at
	}{
		{"what was read on another site comes back as it was", []at{
			{"en", `{"publishedDocVersion":2.0,"currentDocVersion":2.0,"minDocVersion":1.0,"versions":{"2":{"purpose":"english2","LegalStatementStatus":"Published"},"1":{"purpose":"english","LegalStatementStatus":"Historic"}}}`,
				`{"publishedDocVersion":2.0,"currentDocVersion":2.0,"minDocVersion":1.0,"versions":{"2":{"purpose":"english2","LegalStatementStatus":"Published"},"1":{"purpose":"english","LegalStatementStatus":"Historic"}}}`},
			// A copying tool leaves historic versions away, and points at the published one.
			{"pt", `{"publishedDocVersion":2,"currentDocVersion":2,"minDocVersion":2,"versions":{"2":{"purpose":"p","LegalStatementStatus":"Published"}}}`,
				`{"publishedDocVersion":2,"currentDocVersion":2,"minDocVersion":2,"versions":{"2":{"purpose":"p","LegalStatementStatus":"Published"}}}`},
			{"pt", `{"publishedDocVersion":2,"currentDocVersion":2,"minDocVersion":2,"versions":{"2":{"purpose":"p","LegalStatementStatus":"Published"}}}`,
				"400009 There is already legal statement for terms.x pt 2"},
		}},
		{"what people agreed to stays, whatever comes with another text of it", []at{
			{"en", v1, v1},
			{"en", `{"versions":{"1":{"purpose":"another","LegalStatementStatus":"Published"},"2":{"purpose":"two"}}}`, "400009 There is already legal statement for terms.x en 1"},
			{"en", `{"versions":{"1":{"purpose":"one","LegalStatementStatus":"Draft"},"2":{"purpose":"two"}}}`, "400009 There is already legal statement for terms.x en 1"},
			{"en", `{"versions":{"1":{"purpose":"one"},"2":{"purpose":"two"}}}`,
				`{"publishedDocVersion":1,"currentDocVersion":1,"minDocVersion":1,"versions":{"2":{"purpose":"two","LegalStatementStatus":"Draft"},"1":{"purpose":"one","LegalStatementStatus":"Published"}}}`},
		}},
		{"dates are told as recorded", []at{
			{"en", `{"publishedDocDate":"2023-03-22T00:00:00Z","currentDocDate":"2023-03-22T00:00:00Z","minDocDate":"2022-01-01","dates":{"2023-03-22T00:00:00Z":{"purpose":"p","LegalStatementStatus":"Published"}}}`,
				`{"publishedDocDate":"2023-03-22T00:00:00Z","currentDocDate":"2023-03-22T00:00:00Z","minDocDate":"2022-01-01","dates":{"2023-03-22T00:00:00Z":{"purpose":"p","LegalStatementStatus":"Published"}}}`},
			{"en", `{"dates":{"2023-03-22":{"purpose":"p","LegalStatementStatus":"Published"}}}`,
				"400009 There is already legal statement for terms.x en 3/22/2023 12:00:00 AM"},
			{"en", `{"dates":{"2023-03-22T12:00:00Z":{"purpose":"p"}}}`,
				"400006 Invalid argument: legalStatements.dates.2023-03-22T12:00:00Z: want a date such as 2024-01-31T00:00:00Z"},
			{"en", `{"versions":{"1":{}}}`, "400006 Invalid argument: legalStatements: the statement has dates in en, and cannot have versions"},
		}},
		{"drafts are changed until they are published", []at{
			{"en", `{"versions":{"1":{"purpose":"first"}}}`, `{"versions":{"1":{"purpose":"first","LegalStatementStatus":"Draft"}}}`},
			{"en", `{"versions":{"1.0":{"purpose":"one"}}}`, `{"versions":{"1":{"purpose":"one","LegalStatementStatus":"Draft"}}}`},
			{"en", `{"versions":{"1":{"purpose":"one","LegalStatementStatus":"Published"}}}`, v1},
			{"en", `{"versions":{"1":{"purpose":"other","LegalStatementStatus":"Published"}}}`, "400009 There is already legal statement for terms.x en 1"},
			{"en", `{"versions":{"1":{"purpose":"one","LegalStatementStatus":"Draft"}}}`, "400009 There is already legal statement for terms.x en 1"},
		}},
		{"publishing makes the last one historic, and what counts stays", []at{
			{"en", v1, v1},
			{"en", `{"versions":{"2.5":{"purpose":"two","documentURL":"https://example.com/2","legalStatementStatus":"Published"}}}`,
				`{"publishedDocVersion":2.5,"currentDocVersion":2.5,"minDocVersion":1,"versions":{"2.5":{"purpose":"two","documentUrl":"https://example.com/2","LegalStatementStatus":"Published"},"1":{"purpose":"one","LegalStatementStatus":"Historic"}}}`},
			{"en", `{"minDocVersion":2.5}`,
				`{"publishedDocVersion":2.5,"currentDocVersion":2.5,"minDocVersion":2.5,"versions":{"2.5":{"purpose":"two","documentUrl":"https://example.com/2","LegalStatementStatus":"Published"},"1":{"purpose":"one","LegalStatementStatus":"Historic"}}}`},
			// What is as it was may come along.
			{"en", `{"versions":{"1":{"LegalStatementStatus":"Historical","purpose":"one"},"3":{"purpose":"three"}},"customData":[{"key":"k","value":"v"}]}`,
				`{"publishedDocVersion":2.5,"currentDocVersion":2.5,"minDocVersion":2.5,"versions":{"3":{"purpose":"three","LegalStatementStatus":"Draft"},"2.5":{"purpose":"two","documentUrl":"https://example.com/2","LegalStatementStatus":"Published"},"1":{"purpose":"one","LegalStatementStatus":"Historic"}},"customData":[{"key":"k","value":"v"}]}`},
		}},
		{"the member that names the published version publishes it", []at{
			{"en", `{"publishedDocVersion":1,"versions":{"1":{"purpose":"one"}}}`, v1},
		}},
		{"a text at the top is that of the current version", []at{
			{"en", `{"currentDocVersion":"1.0","purpose":"one","legalStatementStatus":"Published"}`, v1},
		}},
		{"nothing else is a text", []at{
			{"en", `{}`, "400006 Invalid argument: legalStatements: want versions or dates"},
			{"en", `{"versions":{},"minDocDate":"2024-01-01"}`, "400006 Invalid argument: legalStatements.minDocDate: a text has versions or dates, never both"},
			{"en", `{"versions":[]}`, "400006 Invalid argument: legalStatements.versions: must be an object of at most 1000 members"},
			{"en", `{"versions":{"one":{}}}`, "400006 Invalid argument: legalStatements.versions.one: want a number such as 2 or 2.1"},
			{"en", `{"versions":{"NaN":{}}}`, "400006 Invalid argument: legalStatements.versions.NaN: want a number such as 2 or 2.1"},
			{"en", `{"versions":{"1":"text"}}`, "400006 Invalid argument: legalStatements.versions.1: must be an object"},
			{"en", `{"versions":{"1":null}}`, "400006 Invalid argument: legalStatements.versions.1: want an object; accounts.deleteLegalStatements deletes"},
			{"en", `{"versions":{"1":{"purpose":5}}}`, "400006 Invalid argument: legalStatements.versions.1.purpose: must be a string of 0 to 65536 bytes"},
			{"en", `{"versions":{"1":{"LegalStatementStatus":"Public"}}}`, "400006 Invalid argument: legalStatements.versions.1.LegalStatementStatus: must be one of Published, Historic, Archived, Draft"},
			{"en", `{"versions":{"1":{"LegalStatementStatus":"Published"},"2":{"LegalStatementStatus":"Published"}}}`, "400006 Invalid argument: legalStatements.versions.2.LegalStatementStatus: one version only can be Published"},
			{"en", `{"publishedDocVersion":2,"versions":{"1":{}}}`, "400006 Invalid argument: legalStatements.publishedDocVersion: is not the version that is Published"},
			{"en", `{"currentDocVersion":2,"versions":{"1":{}}}`, "400006 Invalid argument: legalStatements.currentDocVersion: there is no such version"},
			{"en", `{"currentDocVersion":true,"versions":{"1":{}}}`, "400006 Invalid argument: legalStatements.currentDocVersion: must be a number from 0 to 1e+09"},
			{"en", `{"currentDocVersion":"one","versions":{"1":{}}}`, "400006 Invalid argument: legalStatements.currentDocVersion: must be a number from 0 to 1e+09"},
			{"en", `{"currentDocVersion":1,"minDocVersion":2,"versions":{"1":{}}}`, "400006 Invalid argument: legalStatements.minDocVersion: is above currentDocVersion"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := json.RawMessage(fresh)
			for i, step := range c.steps {
				next, err := consent.SetLegal(doc, "terms.x", step.lang, "legalStatements", object(t, step.sent))
				got := told(err)
				if err == nil {
					doc = next
					legal, err := consent.Legal(doc, step.lang, true)
					if err != nil {
						t.Fatal(err)
					}
					got = string(legal.JSON())
					if err := consent.Kind.Check(doc); err != nil {
						t.Errorf("step %d: the kind refuses what came out: %v", i, err)
					}
				}
				if got != step.want {
					t.Errorf("step %d, %s:\n got %s\nwant %s", i, step.sent, got, step.want)
				}
			}
		})
	}
}

// statement has two languages: one with a published version and a draft, one with a draft alone.
const statement = `{"isActive":true,"isMandatory":true,"langs":["fr"],"legalStatements":{` +
	`"pt":{"versions":{"1":{"purpose":"p","LegalStatementStatus":"Draft"}}},` +
	`"en":{"publishedDocVersion":1,"currentDocVersion":1,"minDocVersion":1,"versions":{` +
	`"2":{"purpose":"two","LegalStatementStatus":"Draft"},"1":{"purpose":"one","documentUrl":"u","LegalStatementStatus":"Published"}}}}}`

func TestWhatIsShown(t *testing.T) {
	doc := json.RawMessage(statement)
	view, err := consent.View(doc)
	if got := string(view.JSON()); err != nil || got != `{"isActive":true,"isMandatory":true,"langs":["pt","en"]}` {
		t.Errorf("view %s, %v", got, err)
	}
	details, err := consent.Details(doc)
	const want = `{"defaultLang":"en","isActive":true,"isMandatory":true,"langs":["pt","en"],` +
		`"legalStatements":{"en":{"purpose":"one","documentUrl":"u","currentDocVersion":1,"minDocVersion":1}}}`
	if err != nil || string(details.JSON()) != want {
		t.Errorf("details\n got %s, %v\nwant %s", details.JSON(), err, want)
	}
	for _, hidden := range []string{fresh, strings.Replace(statement, `"isActive":true`, `"isActive":false`, 1)} {
		if details, err := consent.Details(json.RawMessage(hidden)); details != nil || err != nil {
			t.Errorf("details of a statement that is not in force: %s, %v", details.JSON(), err)
		}
	}
	for _, c := range []struct {
		lang   string
		drafts bool
		want   string
	}{
		{"en", false, `{"publishedDocVersion":1,"currentDocVersion":1,"minDocVersion":1,"versions":{"1":{"purpose":"one","documentUrl":"u","LegalStatementStatus":"Published"}}}`},
		{"pt", true, `{"versions":{"1":{"purpose":"p","LegalStatementStatus":"Draft"}}}`},
		{"pt", false, "404000 There is no legal statement in pt"},
		{"de", true, "404000 There is no legal statement in de"},
	} {
		legal, err := consent.Legal(doc, c.lang, c.drafts)
		got := told(err)
		if err == nil {
			got = string(legal.JSON())
		}
		if got != c.want {
			t.Errorf("%s, drafts %v:\n got %s\nwant %s", c.lang, c.drafts, got, c.want)
		}
	}
}

func TestADraftIsNotTheCurrentVersionOfAPage(t *testing.T) {
	doc := json.RawMessage(strings.Replace(statement, `"currentDocVersion":1`, `"currentDocVersion":2`, 1))
	details, err := consent.Details(doc)
	if got := string(details.JSON()); err != nil || !strings.Contains(got, `"en":{"purpose":"one","documentUrl":"u","currentDocVersion":1,`) {
		t.Errorf("details %s, %v", got, err)
	}
	for drafts, want := range map[bool]string{true: `"currentDocVersion":2,`, false: `"currentDocVersion":1,`} {
		legal, err := consent.Legal(doc, "en", drafts)
		if err != nil || !strings.Contains(string(legal.JSON()), want) {
			t.Errorf("drafts %v: %s, %v", drafts, legal.JSON(), err)
		}
	}
}

func TestNobodyIsAskedForAVersionThatIsADraft(t *testing.T) {
	const texts = `{"isActive":true,"legalStatements":{"en":{"currentDocVersion":2,"minDocVersion":2,"versions":{"2":{"purpose":"two"},"1":{"purpose":"one"}}}}}`
	doc := json.RawMessage(strings.NewReplacer(`"two"`, `"two","LegalStatementStatus":"Draft"`, `"one"`, `"one","LegalStatementStatus":"Published"`).Replace(texts))
	details, err := consent.Details(doc)
	if got := string(details.JSON()); err != nil || !strings.Contains(got, `"currentDocVersion":1,"minDocVersion":1}`) {
		t.Errorf("details %s, %v", got, err)
	}
	legal, err := consent.Legal(doc, "en", false)
	if err != nil || !strings.HasPrefix(string(legal.JSON()), `{"currentDocVersion":1,"minDocVersion":1,"versions":{"1":`) {
		t.Errorf("%s, %v", legal.JSON(), err)
	}
	doc = json.RawMessage(strings.NewReplacer(`"two"`, `"two","LegalStatementStatus":"Draft"`, `"one"`, `"one","LegalStatementStatus":"Historic"`).Replace(texts))
	if legal, err = consent.Legal(doc, "en", false); err != nil || string(legal.JSON()) != `{"versions":{"1":{"purpose":"one","LegalStatementStatus":"Historic"}}}` {
		t.Errorf("%s, %v", legal.JSON(), err)
	}
}

func TestTheDefaultLanguageIsOneOfTheStatement(t *testing.T) {
	for lang, want := range map[string]string{
		"en": `"defaultLang":"en"`,
		"fr": `"defaultLang":"fr"`, // Named when the statement was set: its text may follow.
		"de": "400006 Invalid argument: lang: is none of the languages of the statement",
	} {
		doc, err := consent.SetDefaultLanguage(json.RawMessage(statement), lang)
		if err != nil {
			doc = json.RawMessage(told(err))
		}
		if !strings.Contains(string(doc), want) {
			t.Errorf("%s: %s", lang, doc)
		}
	}
}

func TestOnlyDraftsAreDeleted(t *testing.T) {
	for _, c := range []struct {
		lang, key string
		dated     bool
		want      string
	}{
		{"en", "2.0", false, `"en":{"publishedDocVersion":1,"currentDocVersion":1,"minDocVersion":1,"versions":{"1":{"purpose":"one","documentUrl":"u","LegalStatementStatus":"Published"}}}`},
		{"pt", "1", false, `"legalStatements":{"en":`},
		{"en", "1", false, "400030 Only a draft can be deleted"},
		{"en", "3", false, "404000 There is no such legal statement"},
		{"de", "1", false, "404000 There is no such legal statement"},
		{"en", "2024-01-01", true, "404000 There is no such legal statement"},
	} {
		doc, err := consent.DeleteDraft(json.RawMessage(statement), c.lang, c.key, c.dated)
		if err != nil {
			doc = json.RawMessage(told(err))
		}
		if !strings.Contains(string(doc), c.want) {
			t.Errorf("%s %s: %s", c.lang, c.key, doc)
		}
	}
	for _, status := range []string{"Historic", "Archived"} {
		of := strings.Replace(statement, `"LegalStatementStatus":"Draft"},"1"`, `"LegalStatementStatus":"`+status+`"},"1"`, 1)
		if _, err := consent.DeleteDraft(json.RawMessage(of), "en", "2", false); told(err) != "400030 Only a draft can be deleted" {
			t.Errorf("%s: %v", status, err)
		}
	}
}

func TestDuplicate(t *testing.T) {
	dated := `{"legalStatements":{"en":{"dates":{"2024-05-01T00:00:00Z":{"purpose":"later","LegalStatementStatus":"Published"}}}}}`
	for _, c := range []struct{ doc, lang, today, want string }{
		{statement, "en", "2024-01-01", `{"versions":{"3":{"purpose":"two","LegalStatementStatus":"Draft"}}}`},
		{dated, "en", "2024-06-07", `{"dates":{"2024-06-07T00:00:00Z":{"purpose":"later","LegalStatementStatus":"Draft"}}}`},
		{dated, "en", "2024-01-01", `{"dates":{"2024-05-02T00:00:00Z":{"purpose":"later","LegalStatementStatus":"Draft"}}}`},
		{statement, "de", "2024-01-01", "404000 There is no legal statement in de"},
	} {
		today, _ := time.Parse(time.DateOnly, c.today)
		legal, err := consent.Duplicate(json.RawMessage(c.doc), c.lang, today)
		got := told(err)
		if err == nil {
			got = string(legal.JSON())
		}
		if got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestIDs(t *testing.T) {
	for id, ok := range map[string]bool{
		"terms.tos": true, "terms.of.use": true, "a": true, "a_b-1.2": true,
		"": false, ".": false, "a.": false, "a..b": false, "a b": false, "é": false, strings.Repeat("a", 201): false,
	} {
		if err := consent.CheckID("consentId", id); (err == nil) != ok {
			t.Errorf("%q: %v", id, err)
		}
	}
	if got := told(consent.CheckLanguage("lang", "")); got != "400006 Invalid argument: lang: want a language such as en or pt-br" {
		t.Error(got)
	}
}

func FuzzSetLegal(f *testing.F) {
	f.Add(statement, `{"versions":{"2":{"LegalStatementStatus":"Published"}}}`)
	f.Add(fresh, `{"dates":{"2024-01-01":{"purpose":"p"}},"publishedDocDate":"2024-01-01"}`)
	f.Add(fresh, `{"currentDocVersion":"1e3","purpose":"p","minDocVersion":null}`)
	f.Fuzz(func(t *testing.T, doc, sent string) {
		o, err := document.ParseObject([]byte(sent))
		if err != nil || consent.Kind.Shape.CheckText("", json.RawMessage(doc)) != nil || consent.Kind.Check(json.RawMessage(doc)) != nil {
			return
		}
		next, err := consent.SetLegal(json.RawMessage(doc), "id", "en", "legalStatements", o)
		if err != nil {
			var e *gigya.Error
			if !errors.As(err, &e) {
				t.Fatalf("the error is no answer: %v", err)
			}
			return
		}
		if err := errors.Join(consent.Kind.Shape.CheckText("", next), consent.Kind.Check(next)); err != nil {
			t.Fatalf("%s\nbecame %s\nwhich is refused: %v", doc, next, err)
		}
	})
}
