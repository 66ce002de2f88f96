package acl

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Right is a set of rights over a field.
type Right uint8

// The rights over a field.
const (
	Read Right = 1 << iota
	Write
)

// String returns the rights as an entry says them: r, w, rw, or nothing.
func (r Right) String() string { return [...]string{"", "r", "w", "rw"}[r&(Read|Write)] }

// fieldNode are the entries of a list about a field and what is below it.
type fieldNode struct {
	// said: there is an entry. What it gives it gives alone; with minus it takes its rights from those that there are.
	said, minus bool
	right       Right
	// below are by folded names (document.FoldName); name is how the list spells this one.
	below map[string]*fieldNode
	name  string
}

// maxFields bounds how many fields a list may name: the rights of a caller are made of several.
const maxFields = 10_000

func (n *fieldNode) read(path []string, raw []byte) error {
	left := maxFields
	return n.readBelow(path, raw, 0, &left)
}

// readBelow reads what is below a field of that many levels; left is how many fields there may still be.
func (n *fieldNode) readBelow(path []string, raw []byte, levels int, left *int) error {
	return members(path, raw, func(path []string, name string, raw []byte) error {
		if name == "_ace" {
			if n.said {
				return wrong(path, "is there twice")
			}
			return n.readACE(path, raw)
		}
		at, levels := n, levels
		for part := range strings.SplitSeq(name, ".") {
			if part == "" {
				return wrong(path, "want the name of a field")
			}
			if *left--; *left < 0 {
				return wrong(path, "at most %d fields", maxFields)
			}
			if levels++; levels > maxFieldDepth {
				return wrong(path, "fields are at most %d levels deep", maxFieldDepth)
			}
			at = at.child(part)
		}
		return at.readBelow(path, raw, levels, left)
	})
}

func (n *fieldNode) child(name string) *fieldNode {
	if n.below == nil {
		n.below = map[string]*fieldNode{}
	}
	folded := document.FoldName(name)
	if n.below[folded] == nil {
		n.below[folded] = &fieldNode{name: name}
	}
	return n.below[folded]
}

func (n *fieldNode) readACE(path []string, raw []byte) error {
	e, err := readACE(path, raw)
	if err != nil {
		return err
	}
	if e.required || len(e.allow)+len(e.deny)+len(e.defaults) > 0 {
		return wrong(path, "values belong to a parameter of a method")
	}
	at := append(slices.Clip(path), "perms")
	if !e.hasPerms {
		return wrong(at, "is missing; want r, w, rw, or one of them with a minus before it")
	}
	letters, minus := strings.CutPrefix(e.perms, "-")
	switch letters {
	case "r":
		n.right = Read
	case "w":
		n.right = Write
	case "rw", "wr":
		n.right = Read | Write
	case "":
		if minus {
			return wrong(at, "want r, w, rw, or one of them with a minus before it")
		}
	default:
		return wrong(at, "want r, w, rw, or one of them with a minus before it")
	}
	n.said, n.minus = true, minus
	return nil
}

// Fields are a caller's rights over fields: a tree in which every place says what holds for it, and for all below it that
// has no place of its own. The nil tree gives nothing. It is safe for concurrent use.
type Fields struct {
	right Right
	// least is what holds everywhere from here down.
	least Right
	// most is what holds anywhere from here down.
	most Right
	// below are by folded names (document.FoldName); name is how a list spells this one.
	below map[string]*Fields
	name  string
}

// FullFields gives every right over every field.
var FullFields = &Fields{right: Read | Write, least: Read | Write, most: Read | Write}

// At returns the rights over what the path names from here on, letter case aside. A path that goes on below what the tree
// says is covered by the deepest place that it reaches.
func (f *Fields) At(path ...string) *Fields {
	for _, name := range path {
		f = f.down(name)
	}
	return f
}

func (f *Fields) down(name string) *Fields {
	if f == nil || len(f.below) == 0 {
		return f
	}
	if next, ok := f.below[name]; ok {
		return next
	}
	if next, ok := f.below[document.FoldName(name)]; ok {
		return next
	}
	return level(f.right)
}

// levels are trees that say one thing for everything.
var levels = [...]Fields{{}, {right: Read, least: Read, most: Read}, {right: Write, least: Write, most: Write}, *FullFields}

func level(r Right) *Fields { return &levels[r&(Read|Write)] }

// All tells whether the rights hold here and for everything below.
func (f *Fields) All(r Right) bool { return f != nil && f.least&r == r }

// Any tells whether the rights hold here or for something below.
func (f *Fields) Any(r Right) bool { return f != nil && f.most&r == r }

// source is what a list says of the fields below one place: its own entries, and how what it inherits goes through
// those above.
type source struct {
	own       *fieldNode
	inherited []*Fields
	// Of what is inherited keep stays; add is there besides.
	keep, add Right
}

// resolve makes the tree of what the source says.
func (s source) resolve() *Fields {
	if s.own != nil && s.own.said {
		if !s.own.minus {
			s.keep, s.add = 0, 0
			s.add = s.own.right
		} else {
			s.keep &^= s.own.right
			s.add &^= s.own.right
		}
	}
	from := s.sources()
	names := make(map[string]bool, len(from.below))
	for name := range from.below {
		names[name] = true
	}
	if s.own != nil {
		for name := range s.own.below {
			names[name] = true
		}
	}
	return settle(from.right()&s.keep|s.add, names, func(name string) (*Fields, string) {
		next := source{keep: s.keep, add: s.add}
		spelling := ""
		if s.own != nil && s.own.below[name] != nil {
			next.own = s.own.below[name]
			spelling = next.own.name
		}
		next.inherited = from.at(name)
		for _, below := range from.below[name].places {
			if spelling == "" || below.name < spelling {
				spelling = below.name
			}
		}
		return next.resolve(), spelling
	})
}

// sources are the trees that a source inherits, by the names of the places below them. Those that have no place of a name
// are one there: work goes with what lists say, not with how many they are.
type sources struct {
	// held is how many trees give Read, and Write, here.
	held  [2]int
	below map[string]heirs
}

// heirs are the places of one name, and how many of the trees that have them give Read, and Write, above.
type heirs struct {
	places []*Fields
	held   [2]int
}

func (s source) sources() sources {
	from := sources{below: map[string]heirs{}}
	for _, f := range s.inherited {
		if f == nil {
			continue
		}
		counted(&from.held, f.right)
		for name, below := range f.below {
			h := from.below[name]
			h.places = append(h.places, below)
			counted(&h.held, f.right)
			from.below[name] = h
		}
	}
	return from
}

func counted(held *[2]int, r Right) {
	if r&Read != 0 {
		held[0]++
	}
	if r&Write != 0 {
		held[1]++
	}
}

// right is what one of the trees gives.
func (s *sources) right() Right { return least(s.held) }

func least(held [2]int) (r Right) {
	if held[0] > 0 {
		r |= Read
	}
	if held[1] > 0 {
		r |= Write
	}
	return r
}

// at are the trees below the name.
func (s *sources) at(name string) []*Fields {
	h := s.below[name]
	return append(slices.Clip(h.places), level(least([2]int{s.held[0] - h.held[0], s.held[1] - h.held[1]})))
}

// union makes the tree that gives what one of the trees gives.
func union(trees []*Fields) *Fields {
	return source{inherited: trees, keep: Read | Write}.resolve()
}

// settle makes a place of its right and the places below it, without those that say nothing new.
func settle(right Right, names map[string]bool, below func(name string) (next *Fields, spelling string)) *Fields {
	f := &Fields{right: right, least: right, most: right}
	for name := range names {
		next, spelling := below(name)
		next.name = spelling
		if len(next.below) == 0 && next.right == right {
			continue
		}
		if f.below == nil {
			f.below = map[string]*Fields{}
		}
		f.below[name] = next
		f.least &= next.least
		f.most |= next.most
	}
	return f
}

// appendJSON appends the tree in the form of a list's _data, from where above holds.
func (f *Fields) appendJSON(dst []byte, above Right) []byte {
	dst = append(dst, '{')
	first := true
	if f.right != above {
		dst = append(append(append(dst, `"_ace":{"perms":"`...), f.right.String()...), `"}`...)
		first = false
	}
	for _, name := range sortedKeys(f.below) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(document.AppendString(dst, f.below[name].name), ':')
		dst = f.below[name].appendJSON(dst, f.right)
	}
	return append(dst, '}')
}

// Filter returns what may be read of the value, whose own rights these are: a value as it is, or an object without what
// is hidden in it. Of an array every element is filtered alike. ok is false if nothing of it may be read.
func (f *Fields) Filter(raw json.RawMessage) (shown json.RawMessage, ok bool) {
	switch {
	case f.All(Read):
		return raw, true
	case !f.Any(Read):
		return nil, false
	}
	return f.AppendFiltered(nil, raw)
}

// AppendFiltered is [Fields.Filter] that appends.
func (f *Fields) AppendFiltered(dst, raw []byte) (shown []byte, ok bool) {
	switch {
	case f.All(Read):
		return append(dst, raw...), true
	case !f.Any(Read):
		return dst, false
	}
	first := true
	switch document.KindOf(raw) {
	case document.KindObject:
		dst = append(dst, '{')
		err := document.Members(raw, func(name string, value []byte) bool {
			from := len(dst)
			if !first {
				dst = append(dst, ',')
			}
			dst = append(document.AppendString(dst, name), ':')
			var shown bool
			if dst, shown = f.down(name).AppendFiltered(dst, value); !shown {
				dst = dst[:from]
				return true
			}
			first = false
			return true
		})
		return append(dst, '}'), err == nil
	case document.KindArray:
		dst = append(dst, '[')
		err := document.Elements(raw, func(value []byte) bool {
			from := len(dst)
			if !first {
				dst = append(dst, ',')
			}
			var shown bool
			if dst, shown = f.AppendFiltered(dst, value); !shown {
				dst = dst[:from]
				return true
			}
			first = false
			return true
		})
		return append(dst, ']'), err == nil
	}
	if f.right&Read == 0 {
		return dst, false
	}
	return append(dst, raw...), true
}

// Unwritable returns the path, below the value whose rights these are, of the first field that the patch writes and that
// may not be written; ok: there is none. Objects of the patch are merged into what is there; a dotted name is a path; any
// other value replaces all that is below.
func (f *Fields) Unwritable(patch json.RawMessage) (path []string, ok bool) {
	return f.unwritable(patch, (*Fields).Unwritable)
}

// UnwritableFlat is [Fields.Unwritable] for a patch whose members replace fields whole, as those of a profile do.
func (f *Fields) UnwritableFlat(patch json.RawMessage) (path []string, ok bool) {
	return f.unwritable(patch, func(below *Fields, _ json.RawMessage) ([]string, bool) { return nil, below.All(Write) })
}

func (f *Fields) unwritable(patch json.RawMessage, member func(*Fields, json.RawMessage) ([]string, bool)) (path []string, ok bool) {
	switch {
	case f.All(Write):
		return nil, true
	case !f.Any(Write) || document.KindOf(patch) != document.KindObject:
		return nil, false
	}
	ok = true
	err := document.Members(patch, func(name string, value []byte) bool {
		below := strings.Split(name, ".")
		var inner []string
		if inner, ok = member(f.At(below...), value); !ok {
			path = append(below, inner...)
		}
		return ok
	})
	return path, ok && err == nil
}
