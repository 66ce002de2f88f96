package query

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Project returns the result object of SELECT, compact JSON, from a row, the JSON text of a full row.
//
//   - A path gives its field within the objects around it, and a field that is an object everything below it. Several
//     paths give one object; arrays on the way are cut down to the chosen fields of their elements.
//   - An alias renames the last segment. A field that is selected under two names is there twice.
//   - A field without a value is left out at every level: one that is absent or null, and an object or an element of an
//     array of which nothing was chosen.
//   - Segments find their member as in [Comparison.MatchRaw]; the result has the name of the row.
//
// With `*` the members come in the order of the row, otherwise in that of the query. Aggregates are left out: they are not
// made from one row. The result may be the row itself. Rows are written by us: one that is not a JSON object is an error where it has
// to be taken apart, and is not looked for elsewhere.
func Project(row []byte, items []Item) ([]byte, error) {
	return NewProjection(items).Apply(row)
}

// MaxRow bounds the bytes of what the aliases of a SELECT make of one row: a large field may be selected under many names.
const MaxRow = 64 << 20

// Projection is a SELECT made ready for many rows. It is safe for concurrent use.
type Projection struct{ root node }

// node is a segment in the tree of selected paths.
type node struct {
	name string
	// whole tells that the field is selected under its own name.
	whole   bool
	aliases []string
	below   []*node
	index   map[string]*node
}

// NewProjection prepares the items.
func NewProjection(items []Item) *Projection {
	p := &Projection{}
	for _, item := range items {
		at := &p.root
		switch {
		case item.Func != 0:
			continue
		case item.Star:
			p.root.whole = true
			continue
		}
		for _, segment := range item.Path {
			at = at.child(segment)
		}
		if item.Alias == "" {
			at.whole = true
		} else {
			at.aliases = append(at.aliases, item.Alias)
		}
	}
	p.root.spread(false)
	return p
}

// spread makes whole what lies within something whole, so that renaming a field in it takes nothing away.
func (n *node) spread(whole bool) {
	n.whole = n.whole || whole
	for _, c := range n.below {
		c.spread(n.whole)
	}
}

func (n *node) child(name string) *node {
	if c := n.index[name]; c != nil {
		return c
	}
	c := &node{name: name}
	if n.index == nil {
		n.index = map[string]*node{}
	}
	n.index[name] = c
	n.below = append(n.below, c)
	return c
}

// Apply makes the result from one row: see [Project]. One that would be beyond [MaxRow] is a *[SyntaxError].
func (p *Projection) Apply(row []byte) ([]byte, error) {
	if p.root.whole && len(p.root.below) == 0 && !bytes.Contains(row, []byte("null")) {
		return row, nil
	}
	result, left := &document.Object{}, MaxRow
	if p.root.whole {
		if err := addAll(result, row); err != nil {
			return nil, fmt.Errorf("projecting a row: %w", err)
		}
	}
	for _, n := range p.root.below {
		stored, raw, ok := document.MemberFold(row, n.name)
		if !ok || p.root.whole && n.redundant() {
			continue
		}
		v, err := document.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("projecting a row: %w", err)
		}
		if n.add(result, stored, v, &left); left < 0 {
			return nil, &SyntaxError{Reason: fmt.Sprintf("a row would be larger than %d MiB; select large fields under fewer names", MaxRow>>20)}
		}
	}
	return result.JSON(), nil
}

// addAll puts every field of the row that has a value. They are parsed one by one: a row around a document that is nested as
// deep as allowed is deeper.
func addAll(dst *document.Object, row []byte) error {
	all, failed := &node{whole: true}, error(nil)
	err := document.Members(row, func(name string, raw []byte) bool {
		var v document.Value
		if v, failed = document.Parse(raw); failed == nil {
			all.add(dst, name, v, new(int))
		}
		return failed == nil
	})
	return errors.Join(failed, err)
}

// add puts what the node selects of its field into the object around it. It takes from left what aliases need, and stops where
// that is less than nothing.
func (n *node) add(dst *document.Object, stored string, v document.Value, left *int) {
	if v.IsNull() {
		return
	}
	if n.whole || len(n.below) > 0 {
		if cut, ok := n.cut(v, left); ok {
			put(dst, stored, cut)
		}
	}
	if len(n.aliases) == 0 {
		return
	}
	all := &node{whole: true}
	cut, ok := all.cut(v, left)
	if !ok {
		return
	}
	if *left -= len(n.aliases) * len(cut.AppendJSON(nil)); *left < 0 {
		return
	}
	for _, alias := range n.aliases {
		dst.Set(alias, cut)
	}
}

// cut returns what is selected below the node; ok is false if that is nothing.
func (n *node) cut(v document.Value, left *int) (cut document.Value, ok bool) {
	switch v.Kind() {
	case document.KindNull:
		return v, false
	case document.KindObject:
		o := n.cutObject(v.Object(), left)
		return document.FromObject(o), n.whole || o.Len() > 0
	case document.KindArray:
		var items []document.Value
		for _, item := range v.Items() {
			if *left < 0 {
				break
			}
			if item.IsNull() && n.whole {
				items = append(items, item) // the places of the others say something
			} else if item, ok := n.cut(item, left); ok {
				items = append(items, item)
			}
		}
		return document.ArrayOf(items...), n.whole || len(items) > 0
	}
	return v, n.whole
}

func (n *node) cutObject(o *document.Object, left *int) *document.Object {
	result := &document.Object{}
	if n.whole {
		all := &node{whole: true}
		for name, item := range o.All() {
			if cut, ok := all.cut(item, left); ok {
				result.Set(name, cut)
			}
		}
	}
	for _, c := range n.below {
		if stored, v, ok := memberFold(o, c.name); ok && *left >= 0 && !(n.whole && c.redundant()) {
			c.add(result, stored, v, left)
		}
	}
	return result
}

// redundant tells that the node adds nothing to a field that is selected whole: nothing in it is renamed.
func (n *node) redundant() bool {
	for _, c := range n.below {
		if !c.redundant() {
			return false
		}
	}
	return len(n.aliases) == 0
}

// put sets the member, or adds to it: two spellings of one name may have chosen different fields of it. What is there is not
// changed, for it may stand under another name too.
func put(dst *document.Object, name string, v document.Value) {
	old, _ := dst.Get(name)
	if old.Object() == nil || v.Object() == nil {
		dst.Set(name, v)
		return
	}
	both := &document.Object{}
	for name, item := range old.Object().All() {
		both.Set(name, item)
	}
	for name, item := range v.Object().All() {
		put(both, name, item)
	}
	dst.Set(name, document.FromObject(both))
}

// memberFold is document.MemberFold on a tree.
func memberFold(o *document.Object, name string) (stored string, v document.Value, ok bool) {
	if v, ok = o.Get(name); ok {
		return name, v, true
	}
	for stored, v := range o.All() {
		if strings.EqualFold(stored, name) {
			return stored, v, true
		}
	}
	return "", document.Value{}, false
}
