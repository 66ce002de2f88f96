package schema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/pattern"
)

// sectionRule is what is known of a section.
type sectionRule struct {
	name string
	// attributes are those of a field, in the order in which they are returned.
	attributes []attribute
	// nested: fields are grouped, {group: {field: attributes}}; channels, if any, are the only names within a group.
	nested   bool
	channels []string
	// dynamic: there is a switch dynamicSchema.
	dynamic bool
	// fixed: fields are neither added nor removed, and of their attributes only a few can be set.
	fixed bool
	// serverOnly: clients do not see the section.
	serverOnly bool
	// custom: its fields count for the limit.
	custom bool
}

// attribute is one of a field's attributes.
type attribute struct {
	name  string
	check func(document.Value) error
	// initial is the value in force when none was set; null: the attribute is absent.
	initial document.Value
}

func (r *sectionRule) attribute(name string) *attribute {
	for i := range r.attributes {
		if r.attributes[i].name == name {
			return &r.attributes[i]
		}
	}
	return nil
}

// fieldAttributes are those of profile, data, internal and address fields.
var fieldAttributes = []attribute{
	{"required", boolean, document.Boolean(false)},
	{"format", format, document.Value{}},
	{"type", oneOf("string", "basic-string", "text", "integer", "long", "float", "boolean", "date", "encrypted-string"), document.String("string")},
	{"allowNull", boolean, document.Boolean(true)},
	{"writeAccess", writeAccess, document.String(ServerOnly)},
	{"encrypt", oneOf("AES", ""), document.Value{}},
	{"encryptedNonSearchable", boolean, document.Value{}},
	{"languages", words, document.Value{}},
	{"tags", words, document.Value{}},
	// An instruction of requests rather than of schemas; clients that send it here get it back.
	{"arrayOp", text, document.Value{}},
}

// sections is everything that is known of the schema, in the order of the recorded answers.
var sections = []sectionRule{
	{name: "profileSchema", attributes: fieldAttributes, fixed: true},
	{name: "dataSchema", attributes: fieldAttributes, dynamic: true, custom: true},
	{name: "subscriptionsSchema", nested: true, channels: []string{"email"}, attributes: []attribute{
		{"type", oneOf("subscription"), document.String("subscription")},
		{"required", boolean, document.Boolean(false)},
		{"doubleOptIn", boolean, document.Boolean(false)},
		{"description", text, document.Value{}},
		{"enableConditionalDoubleOptIn", boolean, document.Value{}},
		{"writeAccess", writeAccess, document.String(ClientModify)},
		{"relatedConsentIds", words, document.Value{}},
	}},
	{name: "preferencesSchema", attributes: []attribute{
		{"type", oneOf("consent"), document.String("consent")},
		{"format", consentFormat, document.String("true")},
		{"required", boolean, document.Boolean(false)},
		{"writeAccess", oneOf(ClientCreate, ClientModify), document.String(ClientModify)},
		{"customData", customData, document.Value{}},
		{"consentVaultRetentionPeriod", number, document.Value{}},
		{"currentDocVersion", number, document.Value{}},
		{"currentDocDate", text, document.Value{}},
		{"minDocVersion", number, document.Value{}},
		{"minDocDate", text, document.Value{}},
	}},
	{name: "internalSchema", attributes: fieldAttributes, dynamic: true, serverOnly: true, custom: true},
	{name: "addressesSchema", nested: true, attributes: fieldAttributes},
}

func findSection(name string) *sectionRule {
	for i := range sections {
		if sections[i].name == name {
			return &sections[i]
		}
	}
	return nil
}

// fieldKey is where a field stands among the fields of its section; group is empty where they are flat.
type fieldKey struct{ group, name string }

func (k fieldKey) path() string {
	if k.group == "" {
		return k.name
	}
	return k.group + "." + k.name
}

func (k fieldKey) parts() []string {
	if k.group == "" {
		return []string{k.name}
	}
	return []string{k.group, k.name}
}

func (k fieldKey) get(fields *document.Object) *document.Object {
	v, _ := fields.Lookup(k.parts())
	return v.Object()
}

func (k fieldKey) set(fields, attributes *document.Object) {
	fields.SetPath(k.parts(), document.FromObject(attributes))
}

// remove takes the field away, and its group when nothing is left in it.
func (k fieldKey) remove(fields *document.Object) {
	fields.DeletePath(k.parts())
	if v, ok := fields.Get(k.group); k.group != "" && ok && v.Object().Len() == 0 {
		fields.Delete(k.group)
	}
}

// each calls fn for every field of a section's document, in order.
func (r *sectionRule) each(section *document.Object, fn func(fieldKey, *document.Object)) {
	fields, _ := section.Get("fields")
	for name, v := range fields.Object().All() {
		if !r.nested {
			fn(fieldKey{name: name}, v.Object())
			continue
		}
		for inner, attributes := range v.Object().All() {
			fn(fieldKey{name, inner}, attributes.Object())
		}
	}
}

// Bounds that no source gives.
const (
	maxPath  = 256
	maxText  = 4096
	maxWords = 200
)

// checkPath tells whether a dotted path may name a field. Names are of letters, digits, _, - and $, which the search
// language can name. Those with a meaning of their own in JavaScript are refused, as answers are read by web pages.
func checkPath(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("a path has at most %d bytes", maxPath)
	}
	depth := 0
	for name := range strings.SplitSeq(path, ".") {
		if !validName(name) {
			return errors.New("names of fields are made of letters, digits, _, - and $")
		}
		depth++
	}
	if depth > maxFieldDepth {
		return fmt.Errorf("a path has at most %d parts", maxFieldDepth)
	}
	return nil
}

// maxFieldDepth leaves room below [document.MaxDepth] for what stands around the data.
const maxFieldDepth = 32

func validName(name string) bool {
	switch name {
	case "", "__proto__", "constructor", "prototype":
		return false
	}
	return utf8.ValidString(name) && strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '$'
	}) < 0
}

func boolean(v document.Value) error {
	if v.Kind() != document.KindBool {
		return errors.New("must be true or false")
	}
	return nil
}

func number(v document.Value) error {
	if v.Kind() == document.KindNumber {
		if n, err := strconv.ParseFloat(v.Num(), 64); err == nil && n >= 0 {
			return nil
		}
	}
	return errors.New("must be a number that is not negative")
}

func text(v document.Value) error {
	if v.Kind() != document.KindString || len(v.Str()) > maxText {
		return fmt.Errorf("must be a string of at most %d bytes", maxText)
	}
	return nil
}

func oneOf(allowed ...string) func(document.Value) error {
	return func(v document.Value) error {
		if v.Kind() != document.KindString || !slices.Contains(allowed, v.Str()) {
			return errors.New("must be one of " + strings.TrimSuffix(strings.Join(allowed, ", "), ", "))
		}
		return nil
	}
}

func writeAccess(v document.Value) error { return oneOf(ServerOnly, ClientCreate, ClientModify)(v) }

func words(v document.Value) error {
	ok := v.Kind() == document.KindArray && len(v.Items()) <= maxWords
	for _, item := range v.Items() {
		ok = ok && text(item) == nil
	}
	if !ok {
		return fmt.Errorf("must be an array of at most %d strings", maxWords)
	}
	return nil
}

func customData(v document.Value) error {
	if v.Kind() != document.KindArray || len(v.Items()) > maxWords {
		return errors.New("must be an array of objects with key and value")
	}
	for _, item := range v.Items() {
		key, _ := item.Object().Get("key")
		if item.Kind() != document.KindObject || text(key) != nil {
			return errors.New("must be an array of objects with key and value")
		}
	}
	return nil
}

// holds tells whether a format is the one of flags that must be true, which is sent as a literal or a string.
func holds(v document.Value) bool { return v.Bool() || v.Str() == "true" }

func consentFormat(v document.Value) error {
	if !holds(v) {
		return errors.New("must be 'true'")
	}
	return nil
}

func format(v document.Value) error {
	if holds(v) {
		return nil
	}
	if err := text(v); err != nil {
		return err
	}
	_, err := parseFormat(v.Str())
	return err
}

// parseFormat reads regex('…').
func parseFormat(text string) (*pattern.Pattern, error) {
	expr, opened := strings.CutPrefix(text, "regex('")
	expr, closed := strings.CutSuffix(expr, "')")
	if !opened || !closed {
		return nil, errors.New("must be regex('…') or true")
	}
	p, err := pattern.Whole(expr)
	if err != nil {
		return nil, fmt.Errorf("must have a regular expression that this server can run: %w", err)
	}
	return p, nil
}
