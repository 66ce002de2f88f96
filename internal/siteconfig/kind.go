package siteconfig

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Owner says whose the objects of a kind are.
type Owner int

// The owners.
const (
	// OfSite: a site has them.
	OfSite Owner = iota + 1
	// OfPartner: a partner has them, for all of its sites.
	OfPartner
)

// Inherit says what a member of a site group has of its parent's objects.
type Inherit int

// The ways to inherit.
const (
	// OwnOnly: nothing.
	OwnOnly Inherit = iota
	// ParentIfAbsent: those of names that it has not stored itself.
	ParentIfAbsent
	// ParentMerged: all of them, with what it has stored itself laid over them, member by member.
	ParentMerged
)

// Kind declares one kind of configuration objects. A Kind is made once and not altered.
type Kind struct {
	// Name is that of the kind in the store and in files: webhook, screenSet. Letters and digits.
	Name string
	Of   Owner
	// Single: there is one object, and its name is empty.
	Single  bool
	Inherit Inherit
	// OnChild are the members that a member of a site group may store; nil: all.
	OnChild []string
	// Large: objects are read from the store when they are asked for, and not kept in memory.
	Large bool
	// Most bounds how many objects an owner stores, Size the bytes of one, Total those of all, which are read together; 0:
	// [MaxObjects], [MaxSize], [MaxTotal].
	Most, Size, Total int
	// Secrets are the paths of what never lies open: names joined by dots, * for each member or element
	// ("providers.*.app.secret"), a word with * in it for names of that form in any letter case ("*secret*"), ** for any number
	// of levels.
	Secrets []string
	// Shape says what an object holds; nil: anything.
	Shape *Shape
	// Check, if it is not nil, says what else is wrong with a whole object that has the shape, secrets included.
	Check func(doc json.RawMessage) error
	// Together, if it is not nil, says why the object cannot be beside the others of its owner and, where the kind is
	// inherited, of the parent.
	Together func(name string, doc json.RawMessage, others []Entry) error
	// Named, if it is not nil, says why a whole object cannot have the name.
	Named func(name string, doc json.RawMessage) error
	// Refers, if it is not nil, says what is wrong with what a whole object of the site names elsewhere in the store.
	Refers func(tx store.Tx, s *site.Site, doc json.RawMessage) error
	// Needed, if it is not nil, says what of the site still needs an object of the name, whether it is there or not: why it cannot
	// be removed.
	Needed func(tx store.Tx, s *site.Site, name string) error
	// Default, if it is not nil, returns what a site has that stored nothing, by name. For kinds of partners s is nil.
	Default func(s *site.Site) map[string]json.RawMessage
	// Summary is one sentence for people.
	Summary string
}

// Bounds of kinds that declare none.
const (
	MaxObjects = 1000
	MaxSize    = 1 << 20
	MaxTotal   = 64 << 20
	maxName    = 256
)

func (k *Kind) most() int {
	if k.Most > 0 {
		return k.Most
	}
	return MaxObjects
}

func (k *Kind) size() int {
	if k.Size > 0 {
		return k.Size
	}
	return MaxSize
}

func (k *Kind) total() int {
	if k.Total > 0 {
		return k.Total
	}
	return MaxTotal
}

func (k *Kind) defaults(s *site.Site) map[string]json.RawMessage {
	if k.Default == nil {
		return nil
	}
	return k.Default(s)
}

// CheckName is 400006 for what cannot be the name of an object of the kind.
func (k *Kind) CheckName(name string) error {
	switch {
	case k.Single && name == "":
		return nil
	case k.Single:
		return gigya.InvalidArgumentBecause(k.Name, "there is one only, and it has no name")
	case name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return gigya.InvalidArgumentBecause(k.Name, "a name has 1 to 256 bytes of UTF-8 and no control characters")
	}
	return nil
}

// check refuses a whole object that is not as the kind says. s is nil for one of a partner.
func (k *Kind) check(tx store.Tx, s *site.Site, name string, doc *document.Object) error {
	text := doc.JSON()
	if len(text) > k.size() {
		return gigya.NewError(gigya.RequestEntityTooLarge, k.Name+" is too large")
	}
	if k.Shape != nil {
		if err := k.Shape.Check("", document.FromObject(doc)); err != nil {
			return err
		}
	}
	if k.Check != nil {
		if err := k.Check(text); err != nil {
			return err
		}
	}
	if k.Named != nil {
		if err := k.Named(name, text); err != nil {
			return err
		}
	}
	if k.Refers != nil && s != nil {
		return k.Refers(tx, s, text)
	}
	return nil
}

// whole tells whether the stored object has what one of the kind is nothing without.
func (k *Kind) whole(doc json.RawMessage) bool {
	if k.Shape == nil {
		return true
	}
	for _, m := range k.Shape.members {
		if raw, _ := document.Member(doc, m.Name); m.Required && document.KindOf(raw) == document.KindNull {
			return false
		}
	}
	return true
}

// Unknown returns the paths of members that the kind does not know, in the order of the object. They are kept all the
// same; who writes an object by hand may want to hear of them.
func (k *Kind) Unknown(doc json.RawMessage) []string {
	parsed, err := document.ParseObject(doc)
	if err != nil || k.Shape == nil {
		return nil
	}
	return k.Shape.Unknown("", document.FromObject(parsed))
}

// WithoutSecrets returns the object without the members that are secret: for callers who may not see them. The rest stays
// byte for byte. It returns nil for what is no object.
func (k *Kind) WithoutSecrets(doc json.RawMessage) json.RawMessage {
	parsed, err := document.ParseObject(doc)
	if err != nil {
		return nil
	}
	removeSecrets(document.FromObject(parsed), parsePaths(k.Secrets))
	return parsed.JSON()
}
