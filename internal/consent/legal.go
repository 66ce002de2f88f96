package consent

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/siteconfig"
)

// The states of a version.
const (
	draft     = "Draft"
	published = "Published"
	historic  = "Historic"
	archived  = "Archived"
)

// The members of a version. Answers have them so; other spellings of the documentation are read.
const (
	purpose     = "purpose"
	documentURL = "documentUrl"
	status      = "LegalStatementStatus"
)

var versionShape = siteconfig.Object(
	siteconfig.Member{Name: purpose, Shape: siteconfig.Text(0, 64<<10)},
	siteconfig.Member{Name: documentURL, Shape: siteconfig.Text(0, 2048)},
	siteconfig.Member{Name: status, Shape: siteconfig.OneOf(published, historic, archived, draft)},
)

var legalShape = siteconfig.Object(
	siteconfig.Member{Name: "versions", Shape: siteconfig.Map(maxVersions, versionShape)},
	siteconfig.Member{Name: "dates", Shape: siteconfig.Map(maxVersions, versionShape)},
	siteconfig.Member{Name: "publishedDocVersion", Shape: siteconfig.Decimal(0, maxVersion)},
	siteconfig.Member{Name: "currentDocVersion", Shape: siteconfig.Decimal(0, maxVersion)},
	siteconfig.Member{Name: "minDocVersion", Shape: siteconfig.Decimal(0, maxVersion)},
	siteconfig.Member{Name: "publishedDocDate", Shape: siteconfig.Text(0, 64)},
	siteconfig.Member{Name: "currentDocDate", Shape: siteconfig.Text(0, 64)},
	siteconfig.Member{Name: "minDocDate", Shape: siteconfig.Text(0, 64)},
	siteconfig.Member{Name: "customData", Shape: customData},
)

// maxVersion bounds the numbers of versions.
const maxVersion = 1e9

// numbering is how the versions of a text are told apart.
type numbering struct {
	// entries is the member with the versions by their keys; published, current and min name one of them.
	entries, published, current, min string
	// key returns what a key stands for, in its plain form and as a number that grows; ok is false for what is no key.
	key func(text string) (plain string, at float64, ok bool)
	// want completes "want".
	want string
}

var byNumber = &numbering{"versions", "publishedDocVersion", "currentDocVersion", "minDocVersion", versionKey, "a number such as 2 or 2.1"}
var byDate = &numbering{"dates", "publishedDocDate", "currentDocDate", "minDocDate", dateKey, "a date such as 2024-01-31T00:00:00Z"}

func versionKey(text string) (string, float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n > maxVersion || len(text) > 20 || strings.Trim(text, "0123456789.") != "" {
		return "", 0, false
	}
	return strconv.FormatFloat(n, 'f', -1, 64), n, true
}

func dateKey(text string) (string, float64, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return t.Format(time.RFC3339), float64(t.Unix()), t.Truncate(24 * time.Hour).Equal(t)
		}
	}
	return "", 0, false
}

// numberingOf tells how the text of a language is numbered; nil: nothing in it says. Both at once is 400006.
func numberingOf(path string, legal *document.Object) (*numbering, error) {
	var found *numbering
	for _, n := range []*numbering{byNumber, byDate} {
		for _, member := range []string{n.entries, n.published, n.current, n.min} {
			if v, _ := legal.Get(member); v.IsNull() {
				continue
			}
			if found != nil && found != n {
				return nil, gigya.InvalidArgumentBecause(path+"."+member, "a text has versions or dates, never both")
			}
			found = n
		}
	}
	return found, nil
}

// value returns the pointer's value as a key: a number, or a text.
func (n *numbering) value(v document.Value) string {
	if v.Kind() == document.KindNumber {
		return v.Num()
	}
	return v.Str()
}

// find returns the version of the key, whatever its spelling, and the spelling that it is stored under.
func (n *numbering) find(legal *document.Object, key string) (stored string, version *document.Object) {
	plain, _, ok := n.key(key)
	if !ok {
		return "", nil
	}
	entries, _ := legal.Get(n.entries)
	for name, v := range entries.Object().All() {
		if other, _, _ := n.key(name); other == plain {
			return name, v.Object()
		}
	}
	return "", nil
}

// withStatus returns the key of the version of the status; of several the highest. Empty: there is none.
func (n *numbering) withStatus(legal *document.Object, wanted string) string {
	found, highest := "", math.Inf(-1)
	entries, _ := legal.Get(n.entries)
	for name, v := range entries.Object().All() {
		if _, at, _ := n.key(name); statusOf(v.Object()) == wanted && at > highest {
			found, highest = name, at
		}
	}
	return found
}

func statusOf(version *document.Object) string {
	v, _ := version.Get(status)
	return v.Str()
}

// checkLegal refuses the texts of a language that cannot be so, however they came about.
func checkLegal(path string, legal *document.Object) error {
	n, err := numberingOf(path, legal)
	if err != nil || n == nil {
		return err
	}
	entries, _ := legal.Get(n.entries)
	seen, public := map[string]bool{}, 0
	for name, v := range entries.Object().All() {
		at := siteconfig.MemberPath(path+"."+n.entries, name)
		plain, _, ok := n.key(name)
		switch {
		case !ok:
			return gigya.InvalidArgumentBecause(at, "want "+n.want)
		case seen[plain]:
			return gigya.InvalidArgumentBecause(at, "is there twice")
		case v.Kind() != document.KindObject:
			return gigya.InvalidArgumentBecause(at, "want an object")
		}
		seen[plain] = true
		if statusOf(v.Object()) == published {
			if public++; public > 1 {
				return gigya.InvalidArgumentBecause(at+"."+status, "one version only can be Published")
			}
		}
	}
	return n.checkPointers(path, legal)
}

func (n *numbering) checkPointers(path string, legal *document.Object) error {
	for _, name := range []string{n.published, n.current, n.min} {
		v, _ := legal.Get(name)
		if v.IsNull() {
			continue
		}
		if _, _, ok := n.key(n.value(v)); !ok {
			return gigya.InvalidArgumentBecause(path+"."+name, "want "+n.want)
		}
		if _, version := n.find(legal, n.value(v)); version == nil && name != n.min {
			return gigya.InvalidArgumentBecause(path+"."+name, "there is no such version")
		}
	}
	least, hasLeast := n.pointer(legal, n.min)
	current, hasCurrent := n.pointer(legal, n.current)
	if hasLeast && hasCurrent && least > current {
		return gigya.InvalidArgumentBecause(path+"."+n.min, "is above "+n.current)
	}
	return nil
}

// pointer returns what the member points at, as a number that grows.
func (n *numbering) pointer(legal *document.Object, name string) (at float64, ok bool) {
	v, _ := legal.Get(name)
	if v.IsNull() {
		return 0, false
	}
	_, at, ok = n.key(n.value(v))
	return at, ok
}

// Legal returns the texts of a statement in a language as answers show them; drafts only if asked for. It is 404000 if there are none.
func Legal(doc json.RawMessage, lang string, drafts bool) (*document.Object, error) {
	n, legal, err := numbered(doc, lang)
	if err != nil {
		return nil, err
	}
	if drafts {
		return legal, nil
	}
	n.hideDraft(legal)
	entries, _ := legal.Get(n.entries)
	for _, name := range entries.Object().Names() {
		if v, _ := entries.Object().Get(name); statusOf(v.Object()) == draft {
			entries.Object().Delete(name)
		}
	}
	if entries.Object().Len() == 0 {
		return nil, noText(lang)
	}
	return legal, nil
}

// numbered returns the texts of a statement in a language, with how their versions are told apart. It is 404000 if there are none.
func numbered(doc json.RawMessage, lang string) (*numbering, *document.Object, error) {
	s, err := parse(doc)
	if err != nil {
		return nil, nil, err
	}
	legal := legalOf(s, lang)
	n, err := numberingOf(lang, legal)
	if err != nil || n == nil {
		return nil, nil, noText(lang)
	}
	return n, legal, nil
}

func noText(lang string) error {
	return gigya.NewError(gigya.NotFound, "There is no legal statement in "+lang)
}

// legalOf returns the texts of the language; nil: there are none.
func legalOf(s *document.Object, lang string) *document.Object {
	v, _ := s.Lookup([]string{texts, lang})
	return v.Object()
}

// inForce returns what a page shows of the texts of a language; nil: nothing is published.
func inForce(legal *document.Object) *document.Object {
	n, err := numberingOf("", legal)
	if err != nil || n == nil {
		return nil
	}
	public := n.withStatus(legal, published)
	if public == "" {
		return nil
	}
	n.hideDraft(legal)
	_, version := n.find(legal, public)
	current, _ := legal.Get(n.current)
	if _, chosen := n.find(legal, n.value(current)); chosen != nil {
		version = chosen
	}
	shown := &document.Object{}
	for _, part := range []struct {
		from *document.Object
		name string
	}{{version, purpose}, {version, documentURL}, {legal, n.current}, {legal, n.min}} {
		if v, ok := part.from.Get(part.name); ok {
			shown.Set(part.name, v)
		}
	}
	return shown
}

// hideDraft lets a current version that is a draft be the published one: who agrees to the text that is shown must not be told the
// number of another, nor asked for a later one. The texts are altered.
func (n *numbering) hideDraft(legal *document.Object) {
	current, _ := legal.Get(n.current)
	if _, chosen := n.find(legal, n.value(current)); chosen == nil || statusOf(chosen) != draft {
		return
	}
	public := n.withStatus(legal, published)
	if public == "" {
		legal.Delete(n.current)
		legal.Delete(n.min)
		return
	}
	legal.Set(n.current, n.pointerTo(public))
	at, _ := n.pointer(legal, n.current)
	if least, ok := n.pointer(legal, n.min); ok && least > at {
		legal.Set(n.min, n.pointerTo(public))
	}
}

// pointerTo is the value of a pointer to the version of the key.
func (n *numbering) pointerTo(name string) document.Value {
	if plain, _, ok := n.key(name); ok && n == byNumber {
		return document.Number(plain)
	}
	return document.String(name)
}

// DeleteDraft returns the statement without the draft of the language, known by a number or a date. What is not there is 404000,
// what is no draft 400030.
func DeleteDraft(doc json.RawMessage, lang, key string, dated bool) (json.RawMessage, error) {
	s, err := parse(doc)
	if err != nil {
		return nil, err
	}
	n := byNumber
	if dated {
		n = byDate
	}
	legal := legalOf(s, lang)
	name, version := n.find(legal, key)
	if version == nil {
		return nil, gigya.NewError(gigya.NotFound, "There is no such legal statement")
	}
	if statusOf(version) != draft {
		return nil, gigya.NewError(gigya.OperationNotAllowed, "Only a draft can be deleted")
	}
	entries, _ := legal.Get(n.entries)
	entries.Object().Delete(name)
	for _, pointer := range []string{n.current, n.min} {
		if v, _ := legal.Get(pointer); n.same(n.value(v), name) {
			legal.Delete(pointer)
		}
	}
	if entries.Object().Len() == 0 {
		all, _ := s.Get(texts)
		all.Object().Delete(lang)
	}
	return ordered(s).JSON(), nil
}

func (n *numbering) same(a, b string) bool {
	x, _, ok := n.key(a)
	y, _, both := n.key(b)
	return ok && both && x == y
}

// Duplicate returns the start of a new version of the texts of the language: the latest version as a draft, under the next number
// or, with dates, under today's or the first free day after it. 404000: there is none.
func Duplicate(doc json.RawMessage, lang string, today time.Time) (*document.Object, error) {
	n, legal, err := numbered(doc, lang)
	if err != nil {
		return nil, err
	}
	entries, _ := legal.Get(n.entries)
	names := entries.Object().Names()
	if len(names) == 0 {
		return nil, noText(lang)
	}
	latest := slices.MaxFunc(names, func(a, b string) int {
		_, x, _ := n.key(a)
		_, y, _ := n.key(b)
		return int(math.Copysign(1, x-y))
	})
	_, version := n.find(legal, latest)
	version.Set(status, document.String(draft))
	_, at, _ := n.key(latest)
	next := strconv.FormatFloat(math.Floor(at)+1, 'f', -1, 64)
	if n == byDate {
		day := today.UTC().Truncate(24 * time.Hour)
		if after := time.Unix(int64(at), 0).UTC().AddDate(0, 0, 1); after.After(day) {
			day = after
		}
		next = day.Format(time.RFC3339)
	}
	copied, started := &document.Object{}, &document.Object{}
	if v, ok := legal.Get("customData"); ok {
		copied.Set("customData", v)
	}
	started.Set(next, document.FromObject(version))
	copied.Set(n.entries, document.FromObject(started))
	return copied, nil
}
