package consent

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/siteconfig"
)

// SetLegal returns the statement of the id with the versions that were sent for the language. path is the parameter, for errors.
//
// A version that is not there is added, a draft replaced. One that was published once stays as it is: sent otherwise than it is, or
// in a call that brings nothing else, it is 400009 with the recorded text, which copying tools take for a warning. Publishing makes
// what was published before historic, and moves current to what is published now; the lowest version that counts is the first one
// that was published until it is set.
func SetLegal(doc json.RawMessage, id, lang, path string, sent *document.Object) (json.RawMessage, error) {
	s, err := parse(doc)
	if err != nil {
		return nil, err
	}
	sent = normal(sent)
	if err := legalShape.Check(path, document.FromObject(sent)); err != nil {
		return nil, err
	}
	legal := legalOf(s, lang)
	if legal == nil {
		legal = &document.Object{}
	}
	c := change{id: id, lang: lang, path: path, sent: sent, legal: legal}
	if err := c.number(); err != nil {
		return nil, err
	}
	if err := c.versions(); err != nil {
		return nil, err
	}
	if err := c.publish(); err != nil {
		return nil, err
	}
	c.pointers()
	if c.repeated != "" && !c.changed {
		return nil, c.already(c.repeated)
	}
	c.sort()
	if err := checkLegal(path, c.legal); err != nil {
		return nil, err
	}
	s.SetPath([]string{texts, lang}, document.FromObject(c.legal))
	return ordered(s).JSON(), nil
}

// change is what becomes of the texts of one language.
type change struct {
	id, lang, path string
	n              *numbering
	sent, legal    *document.Object
	// now are the versions that the call publishes, by their stored keys.
	now []string
	// repeated is a version that was sent as it was already, and is no draft; changed tells that something else was not.
	repeated string
	changed  bool
}

// number finds out how the versions are told apart; what is stored decides.
func (c *change) number() error {
	n, err := numberingOf(c.path, c.sent)
	if err != nil {
		return err
	}
	c.n, err = numberingOf(c.path, c.legal)
	switch {
	case err != nil:
		return err
	case n == nil:
		return gigya.InvalidArgumentBecause(c.path, "want versions or dates")
	case c.n == nil:
		c.n = n
	case c.n != n:
		return gigya.InvalidArgumentBecause(c.path, "the statement has "+c.n.entries+" in "+c.lang+", and cannot have "+n.entries)
	}
	return nil
}

func (c *change) versions() error {
	sent, _ := c.sent.Get(c.n.entries)
	entries, ok := c.legal.Get(c.n.entries)
	if !ok {
		entries = document.FromObject(&document.Object{})
		c.legal.Set(c.n.entries, entries)
	}
	stored := map[string]string{}
	for name := range entries.Object().All() {
		plain, _, _ := c.n.key(name)
		stored[plain] = name
	}
	for key, v := range sent.Object().All() {
		at := siteconfig.MemberPath(c.path+"."+c.n.entries, key)
		plain, _, ok := c.n.key(key)
		if !ok {
			return gigya.InvalidArgumentBecause(at, "want "+c.n.want)
		}
		if v.IsNull() {
			return gigya.InvalidArgumentBecause(at, "want an object; accounts.deleteLegalStatements deletes")
		}
		version, name := v.Object().Clone(), stored[plain]
		held, _ := entries.Object().Get(name)
		old := held.Object()
		if old != nil && statusOf(old) != draft {
			if statusOf(version) == "" {
				version.Set(status, document.String(statusOf(old)))
			}
			if !old.Equal(version) {
				return c.already(key)
			}
			c.repeated = key
			continue
		}
		if statusOf(version) == "" {
			version.Set(status, document.String(draft))
		}
		if name == "" {
			name, stored[plain] = key, key
		}
		if statusOf(version) == published {
			c.now = append(c.now, name)
		}
		entries.Object().Set(name, document.FromObject(version))
		c.changed = true
	}
	return nil
}

// publish makes what was published before historic. The member that names the published version publishes one that came without a
// status.
func (c *change) publish() error {
	sent, _ := c.sent.Get(c.n.published)
	if name, version := c.n.find(c.legal, c.n.value(sent)); version != nil && len(c.now) == 0 && statusOf(version) == draft && c.bare(name) {
		version.Set(status, document.String(published))
		c.now = append(c.now, name)
	}
	if len(c.now) > 1 {
		at := c.path + "." + c.n.entries + "." + c.now[1] + "." + status
		return gigya.InvalidArgumentBecause(at, "one version only can be Published")
	}
	entries, _ := c.legal.Get(c.n.entries)
	public := ""
	for name, v := range entries.Object().All() {
		if statusOf(v.Object()) != published {
			continue
		}
		if len(c.now) > 0 && name != c.now[0] {
			v.Object().Set(status, document.String(historic))
			continue
		}
		public = name
	}
	if !sent.IsNull() && (public == "" || !c.n.same(c.n.value(sent), public)) {
		return gigya.InvalidArgumentBecause(c.path+"."+c.n.published, "is not the version that is Published")
	}
	if stored, _ := c.legal.Get(c.n.published); public != "" && !c.n.same(c.n.value(stored), public) {
		c.legal.Set(c.n.published, c.pointerTo(public, sent))
	}
	return nil
}

// bare tells whether the version came without a status.
func (c *change) bare(name string) bool {
	_, version := c.n.find(c.sent, name)
	return version != nil && statusOf(version) == ""
}

// pointerTo is the value of a pointer to the version: as it was sent, if it was.
func (c *change) pointerTo(name string, sent document.Value) document.Value {
	if !sent.IsNull() && c.n.same(c.n.value(sent), name) {
		return sent
	}
	return c.n.pointerTo(name)
}

func (c *change) pointers() {
	for _, name := range []string{c.n.current, c.n.min} {
		sent, _ := c.sent.Get(name)
		stored, had := c.legal.Get(name)
		switch {
		case !sent.IsNull():
			if !c.n.same(c.n.value(sent), c.n.value(stored)) {
				c.legal.Set(name, c.pointerTo(c.n.value(sent), sent))
				c.changed = true
			}
		case len(c.now) > 0 && (name == c.n.current || !had):
			c.legal.Set(name, c.pointerTo(c.now[0], document.NullValue()))
		}
	}
	for name, v := range c.sent.All() {
		if slices.Contains([]string{c.n.entries, c.n.published, c.n.current, c.n.min}, name) || v.IsNull() {
			continue
		}
		if old, ok := c.legal.Get(name); !ok || !old.Equal(v) {
			c.legal.Set(name, v.Clone())
			c.changed = true
		}
	}
}

// sort puts the members into the recorded order, the latest version first.
func (c *change) sort() {
	sorted := &document.Object{}
	for _, name := range []string{c.n.published, c.n.current, c.n.min} {
		if v, ok := c.legal.Get(name); ok {
			sorted.Set(name, v)
		}
	}
	entries, _ := c.legal.Get(c.n.entries)
	names := entries.Object().Names()
	slices.SortFunc(names, func(a, b string) int {
		_, x, _ := c.n.key(a)
		_, y, _ := c.n.key(b)
		if x > y {
			return -1
		}
		return 1
	})
	latest := &document.Object{}
	for _, name := range names {
		v, _ := entries.Object().Get(name)
		latest.Set(name, v)
	}
	sorted.Set(c.n.entries, document.FromObject(latest))
	for name, v := range c.legal.All() {
		if _, ok := sorted.Get(name); !ok {
			sorted.Set(name, v)
		}
	}
	c.legal = sorted
}

// already is the recorded refusal, with the version or the day.
func (c *change) already(key string) error {
	shown, _, _ := c.n.key(key)
	if t, err := time.Parse(time.RFC3339, shown); err == nil {
		shown = t.Format("1/2/2006 3:04:05 PM")
	}
	return gigya.NewError(gigya.ValidationFailed, strings.Join([]string{"There is already legal statement for", c.id, c.lang, shown}, " "))
}

// normal returns what was sent with the spellings that are stored. A text beside the number of the current version, as the
// documentation has it, is that version.
func normal(sent *document.Object) *document.Object {
	legal := &document.Object{}
	top := &document.Object{}
	for name, v := range sent.All() {
		switch plain := spelling(name); {
		case plain == purpose || plain == documentURL || plain == status:
			setMember(top, plain, v)
		case name == byNumber.entries || name == byDate.entries:
			entries := &document.Object{}
			for key, version := range v.Object().All() {
				entries.Set(key, normalVersion(version))
			}
			if v.Kind() == document.KindObject {
				v = document.FromObject(entries)
			}
			legal.Set(name, v)
		default:
			legal.Set(name, v)
		}
	}
	for _, name := range []string{byNumber.published, byNumber.current, byNumber.min} {
		v, _ := legal.Get(name)
		if plain, _, ok := versionKey(v.Str()); ok {
			legal.Set(name, document.Number(plain))
		}
	}
	for _, n := range []*numbering{byNumber, byDate} {
		current, _ := legal.Get(n.current)
		if _, has := legal.Get(n.entries); has || top.Len() == 0 || current.IsNull() {
			continue
		}
		entries := &document.Object{}
		entries.Set(n.value(current), document.FromObject(top))
		legal.Set(n.entries, document.FromObject(entries))
	}
	return legal
}

func normalVersion(v document.Value) document.Value {
	if v.Kind() != document.KindObject {
		return v
	}
	version := &document.Object{}
	for name, member := range v.Object().All() {
		if !member.IsNull() {
			setMember(version, spelling(name), member)
		}
	}
	return document.FromObject(version)
}

func setMember(o *document.Object, name string, v document.Value) {
	if name == status && v.Str() == "Historical" {
		v = document.String(historic)
	}
	o.Set(name, v)
}

// spelling returns the name that is stored for a member of a version.
func spelling(name string) string {
	for _, known := range []string{documentURL, status} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}
