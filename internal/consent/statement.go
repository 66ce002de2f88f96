package consent

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/siteconfig"
)

// Kind is that of consent statements, whose names are the consentIds. A member of a site group has those of its parent and can
// switch them on and off.
var Kind = &siteconfig.Kind{
	Name: "consentStatement", Of: siteconfig.OfSite, Inherit: siteconfig.ParentMerged, OnChild: []string{"isActive"}, Most: 200,
	// Anybody may have all of them read.
	Total: 8 << 20,
	Shape: statementShape, Check: checkStatement,
	Named:   func(name string, _ json.RawMessage) error { return CheckID("consentId", name) },
	Summary: "What users are asked to agree to: its switches, and the versions of its text by language.",
}

// The members of a statement that have a meaning here.
const (
	active      = "isActive"
	mandatory   = "isMandatory"
	languages   = "langs"
	defaultLang = "defaultLang"
	// texts holds the legal statements by language.
	texts = "legalStatements"
)

// Bounds of a statement.
const (
	maxLanguages = 200
	maxVersions  = 1000
	maxIDLength  = 200
	// maxRetention is in months.
	maxRetention = 1200
)

// order is that of the members in recorded answers; others follow in their own.
var order = []string{
	active, mandatory, languages, "customData", "consentVaultRetentionPeriod", defaultLang, "enforceLocaleReconsent", "writeAccess",
	"entitlements",
}

var customData = siteconfig.List(50, siteconfig.Object(
	siteconfig.Member{Name: "key", Shape: characters(1, 20), Required: true},
	siteconfig.Member{Name: "value", Shape: characters(0, 256)},
))

func characters(least, most int) *siteconfig.Shape {
	return siteconfig.TextThat(fmt.Sprintf("a text of %d to %d characters", least, most), func(text string) bool {
		n := utf8.RuneCountInString(text)
		return least <= n && n <= most
	})
}

var language = siteconfig.TextThat("a language such as en or pt-br", isLanguage)

var statementShape = siteconfig.Object(
	siteconfig.Member{Name: active, Shape: siteconfig.Flag()},
	siteconfig.Member{Name: mandatory, Shape: siteconfig.Flag()},
	siteconfig.Member{Name: languages, Shape: siteconfig.List(maxLanguages, language)},
	siteconfig.Member{Name: "customData", Shape: customData},
	siteconfig.Member{Name: "consentVaultRetentionPeriod", Shape: siteconfig.Whole(0, maxRetention)},
	siteconfig.Member{Name: defaultLang, Shape: language},
	siteconfig.Member{Name: "enforceLocaleReconsent", Shape: siteconfig.Flag()},
	siteconfig.Member{Name: "writeAccess", Shape: siteconfig.OneOf("clientModify", "clientCreate", "serverOnly")},
	siteconfig.Member{Name: "entitlements", Shape: siteconfig.List(100, siteconfig.Text(0, 256))},
	siteconfig.Member{Name: texts, Shape: siteconfig.Map(maxLanguages, legalShape)},
)

var (
	consentID   = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$`)
)

// CheckID is 400006 for what can be no consentId, naming the parameter. An id is a path: the user's preferences have the agreement
// under it.
func CheckID(parameter, id string) error {
	if len(id) > maxIDLength || !consentID.MatchString(id) {
		return gigya.InvalidArgumentBecause(parameter, "want a path of letters, digits, _ and - such as terms.tos")
	}
	return nil
}

// CheckLanguage is 400006 for what can be no language, naming the parameter.
func CheckLanguage(parameter, lang string) error {
	if !isLanguage(lang) {
		return gigya.InvalidArgumentBecause(parameter, "want a language such as en or pt-br")
	}
	return nil
}

func isLanguage(lang string) bool { return len(lang) <= 35 && languageTag.MatchString(lang) }

// checkStatement is what the shape does not say of a whole statement.
func checkStatement(doc json.RawMessage) error {
	s, err := document.ParseObject(doc)
	if err != nil {
		return err
	}
	stored, _ := s.Get(texts)
	for lang, v := range stored.Object().All() {
		at := siteconfig.MemberPath(texts, lang)
		if !isLanguage(lang) {
			return gigya.InvalidArgumentBecause(at, "want a language such as en or pt-br")
		}
		if err := checkLegal(at, v.Object()); err != nil {
			return err
		}
	}
	return checkDefault("", s)
}

// checkDefault refuses a default language that the statement does not have. path is that of the statement, with a dot at its end.
func checkDefault(path string, s *document.Object) error {
	v, _ := s.Get(defaultLang)
	if v.IsNull() || slices.Contains(declared(s), v.Str()) {
		return nil
	}
	return gigya.InvalidArgumentBecause(path+defaultLang, "is none of the languages of the statement")
}

// Merge returns the statement with the changes made: members that they do not name stay, null takes one away. A stored statement
// that is empty makes a new one. path is where the changes were sent, for errors, which are 400006.
func Merge(stored json.RawMessage, path string, changes *document.Object) (json.RawMessage, error) {
	if err := statementShape.Check(path, document.FromObject(changes)); err != nil {
		return nil, err
	}
	if _, ok := changes.Get(texts); ok {
		return nil, gigya.InvalidArgumentBecause(path+"."+texts, "is set by accounts.setLegalStatements")
	}
	s := &document.Object{}
	if len(stored) == 0 {
		s.Set(active, document.Boolean(false))
		s.Set(mandatory, document.Boolean(false))
		s.Set("consentVaultRetentionPeriod", document.Int(36))
		s.Set("enforceLocaleReconsent", document.Boolean(false))
	} else {
		var err error
		if s, err = parse(stored); err != nil {
			return nil, err
		}
	}
	for name, v := range changes.All() {
		if v.IsNull() {
			s.Delete(name)
			continue
		}
		s.Set(name, v.Clone())
	}
	if err := checkDefault(path+".", s); err != nil {
		return nil, err
	}
	return ordered(s).JSON(), nil
}

// Switch returns what a member of a site group stores when it sets the statement, which the parent has as it is given: isActive,
// and nothing else may be another than it is. id is for the recorded text of the refusal.
func Switch(effective json.RawMessage, id, path string, changes *document.Object) (json.RawMessage, error) {
	if err := statementShape.Check(path, document.FromObject(changes)); err != nil {
		return nil, err
	}
	shown, err := View(effective)
	if err != nil {
		return nil, err
	}
	own := &document.Object{}
	for name, v := range changes.All() {
		if v.IsNull() {
			continue
		}
		if name == active {
			own.Set(active, v)
		} else if present, _ := shown.Get(name); !present.Equal(v) {
			return nil, gigya.NewError(gigya.ValidationFailed, id+" : Only IsActive can modified in child site.")
		}
	}
	return own.JSON(), nil
}

// View returns the statement as answers show it: without its texts, and with the languages that there are texts in.
func View(doc json.RawMessage) (*document.Object, error) {
	s, err := parse(doc)
	if err != nil {
		return nil, err
	}
	stored, _ := s.Get(texts)
	s.Set(languages, document.Texts(stored.Object().Names()))
	s.Delete(texts)
	return ordered(s), nil
}

// SetDefaultLanguage returns the statement with the default language. One that the statement neither has a text in nor named when
// it was set is 400006: copying tools choose the language before they send the texts.
func SetDefaultLanguage(doc json.RawMessage, lang string) (json.RawMessage, error) {
	s, err := parse(doc)
	if err != nil {
		return nil, err
	}
	s.Set(defaultLang, document.String(lang))
	if err := checkDefault("", s); err != nil {
		return nil, gigya.InvalidArgumentBecause("lang", "is none of the languages of the statement")
	}
	return ordered(s).JSON(), nil
}

// Active tells whether users are asked for the statement.
func Active(doc json.RawMessage) bool {
	raw, _ := document.Member(doc, active)
	return string(raw) == "true"
}

// Details returns what a page is told of a statement that is in force: its switches, and of each language the text that is shown.
// It is nil for one that is switched off or has no published text.
func Details(doc json.RawMessage) (*document.Object, error) {
	s, err := parse(doc)
	if err != nil || !Active(doc) {
		return nil, err
	}
	shown := &document.Object{}
	stored, _ := s.Get(texts)
	for lang, v := range stored.Object().All() {
		if text := inForce(v.Object()); text != nil {
			shown.Set(lang, document.FromObject(text))
		}
	}
	if shown.Len() == 0 {
		return nil, nil
	}
	view, err := View(doc)
	if err != nil {
		return nil, err
	}
	details := &document.Object{}
	chosen, ok := view.Get(defaultLang)
	if !ok {
		chosen = document.String(shown.Names()[0])
	}
	details.Set(defaultLang, chosen)
	for name, v := range view.All() {
		if name != defaultLang {
			details.Set(name, v)
		}
	}
	details.Set(texts, document.FromObject(shown))
	return details, nil
}

// declared returns the languages of a statement: those that there are texts in, and those that were named when it was set.
func declared(s *document.Object) []string {
	var langs []string
	stored, _ := s.Get(texts)
	for lang := range stored.Object().All() {
		langs = append(langs, lang)
	}
	named, _ := s.Get(languages)
	for _, lang := range named.Items() {
		langs = append(langs, lang.Str())
	}
	return langs
}

func ordered(s *document.Object) *document.Object {
	sorted := &document.Object{}
	for _, name := range order {
		if v, ok := s.Get(name); ok {
			sorted.Set(name, v)
		}
	}
	for name, v := range s.All() {
		if _, ok := sorted.Get(name); !ok && name != texts {
			sorted.Set(name, v)
		}
	}
	if v, ok := s.Get(texts); ok {
		sorted.Set(texts, v)
	}
	return sorted
}

func parse(doc json.RawMessage) (*document.Object, error) {
	s, err := document.ParseObject(doc)
	if err != nil {
		return nil, fmt.Errorf("reading a consent statement: %w", err)
	}
	return s, nil
}
