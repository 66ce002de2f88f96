package store

import (
	"bytes"
	"slices"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
)

// IndexKind says what the keys of an index are made of.
type IndexKind int

// The kinds of indexes.
const (
	// IndexValues answers =, <, <=, >, >=, IN, IS NULL and orders: its keys are the values.
	IndexValues IndexKind = iota + 1
	// IndexTimes is the same with texts that are dates as milliseconds.
	IndexTimes
	// IndexWords answers CONTAINS: its keys are words and whole texts, whatever their case.
	IndexWords
)

// Bounds of the keys of one account in one index.
const (
	maxIndexKey  = 512
	maxIndexKeys = 128
)

// First bytes of keys beside those of [query.AppendSortKey], and beyond them.
const (
	indexWhole    = 0x10
	indexWord     = 0x11
	indexOverflow = 0xff
)

// Index is an index over a field of the accounts of a group: rows of a key and an account. A driver keeps the rows of an
// account up in the transaction that changes it. What keys mean is here, for all drivers:
//
//   - Every account has a first key, by which the index orders as ORDER BY does; without a value that of Null, which is
//     behind all others. Further keys are those of further elements of arrays.
//   - A key range of a [Lookup] leads to every account that satisfies the comparison, and perhaps to others: the condition
//     itself decides, unless the lookup is Exact.
//
// The rows are stored: whoever changes what keys mean adds a migration that empties the indexes.
type Index struct {
	// Path is the field as the query wrote it: members whose names differ in case are different fields.
	Path query.Path
	Kind IndexKind

	field Field
}

// NewIndex returns the index of the field; ok is false for a field that has none, because no account has it or its values
// change by themselves.
func NewIndex(path query.Path, kind IndexKind) (ix Index, ok bool) {
	f, err := FieldOf(path)
	if err != nil {
		return Index{}, false
	}
	switch f.Part {
	case PartUID, PartCreated, PartLastUpdated, PartLockedUntil, PartIsLockedOut, PartIRank, PartAge:
		return Index{}, false
	}
	if f.missing != nil {
		// What stands for an absent value is this version's choice; rows of an index outlive it.
		return Index{}, false
	}
	if kind == IndexTimes {
		f.As = query.AsTime
	}
	return Index{Path: path, Kind: kind, field: f}, f.Part.Kind() == KindDocument || kind == IndexValues
}

// Same tells whether both are the same index.
func (ix Index) Same(other Index) bool {
	return ix.Kind == other.Kind && slices.Equal(ix.Path, other.Path)
}

// IndexFlags tell what rows an index has ever had: what a search may conclude from it.
type IndexFlags int

// The flags.
const (
	// IndexMulti: an account has several keys.
	IndexMulti IndexFlags = 1 << iota
	// IndexCut: a key was cut, so that the index orders no more.
	IndexCut
	// IndexOverflow: an account has more keys than are kept; it is found by [OverflowKey].
	IndexOverflow
)

// OverflowKey is the key of accounts with too many keys: those that every lookup has to look at, once the index has the flag.
var OverflowKey = KeyRange{From: []byte{indexOverflow}, To: []byte{indexOverflow, 0}}

// Keys returns the keys of the account, without doubles, the first one first, and the flags that they give the index.
func (ix Index) Keys(a *Account) (keys [][]byte, flags IndexFlags) {
	add := func(key []byte) bool {
		if len(key) > maxIndexKey {
			key, flags = key[:maxIndexKey], flags|IndexCut
		}
		if slices.ContainsFunc(keys, func(k []byte) bool { return bytes.Equal(k, key) }) {
			return true
		}
		if len(keys) == maxIndexKeys {
			keys[maxIndexKeys-1] = []byte{indexOverflow}
			flags |= IndexOverflow
			return false
		}
		keys = append(keys, key)
		return true
	}
	if ix.field.Part.Kind() != KindDocument {
		// Nothing that depends on the time is indexed.
		v := textOrOther(ix.field.Part, a)
		add(query.AppendSortKey(nil, v))
		return keys, flags
	}
	ix.field.scalars(ix.field.Document(a), func(v query.Value, element bool) bool {
		if ix.Kind != IndexWords {
			return add(query.AppendSortKey(nil, ix.field.As.Take(v)))
		}
		if v.Kind != query.String {
			return add(query.AppendSortKey(nil, v))
		}
		more := add(wholeKey(v.Str))
		if !element {
			query.Words(v.Str, func(word string) bool {
				more = more && add(wordKey(word))
				return more
			})
		}
		return more
	})
	if len(keys) == 0 {
		add(query.AppendSortKey(nil, query.Value{}))
	}
	if len(keys) > 1 {
		flags |= IndexMulti
	}
	return keys, flags
}

func textOrOther(p Part, a *Account) query.Value {
	switch p.Kind() {
	case KindText:
		return textOf(p, a)
	case KindTime:
		return timeOf(p, a, 0)
	}
	return flagOf(p, a, 0)
}

// scalars walks over the values of the field in the document.
func (f Field) scalars(doc []byte, fn func(v query.Value, element bool) bool) {
	rest := f.Rest
	if f.Fold {
		doc, rest = f.folded(doc)
	} else {
		doc = f.present(doc)
	}
	query.Scalars(doc, rest, fn)
}

func wholeKey(text string) []byte { return append([]byte{indexWhole}, document.FoldCase(text)...) }
func wordKey(word string) []byte  { return append([]byte{indexWord}, document.FoldCase(word)...) }

// KeyRange are the keys from From on and before To, by their bytes.
type KeyRange struct{ From, To []byte }

// Point tells whether the range has room for one key only.
func (r KeyRange) Point() bool {
	return len(r.To) == len(r.From)+1 && r.To[len(r.From)] == 0 && bytes.HasPrefix(r.To, r.From)
}

// NullKey is the range of the accounts without a value.
var NullKey = point(query.AppendSortKey(nil, query.Value{}))

func point(key []byte) KeyRange { return KeyRange{key, behind(key)} }

// behind is the least key beyond the key.
func behind(key []byte) []byte { return append(slices.Clip(key), 0) }

// Lookup is what an index is asked for a comparison.
type Lookup struct {
	Index Index
	// Ranges do not overlap.
	Ranges []KeyRange
	// Exact: what is found satisfies the comparison, but for accounts with [OverflowKey].
	Exact bool
}

// LookupOf tells how an index would answer the comparison; ok is false if none can.
func LookupOf(c *query.Comparison) (l Lookup, ok bool) {
	f, c, err := Resolve(c)
	if err != nil {
		return Lookup{}, false
	}
	kind := IndexValues
	switch {
	case c.Op == query.Contains && c.As == query.AsTime:
		return Lookup{}, false
	case c.Op == query.Contains:
		kind = IndexWords
	case c.As == query.AsTime && f.Part.Kind() == KindDocument:
		kind = IndexTimes
	}
	if l.Index, ok = NewIndex(c.Path, kind); !ok {
		return Lookup{}, false
	}
	switch c.Op {
	case query.IsNull:
		l.Ranges = []KeyRange{NullKey}
		// An object is neither a value nor nothing.
		l.Exact = f.Part.Kind() != KindDocument
	case query.Equal, query.In:
		l.Exact = true
		for _, v := range c.Values {
			for _, key := range equalKeys(v) {
				l.point(key)
			}
		}
	case query.Contains:
		// Where nothing but one word is looked for, its key is there if and only if it is.
		l.Exact = len(c.Values) == 1 && (c.As == query.AsWhole || isWord(c.Values[0].Text()))
		for _, v := range c.Values {
			for _, key := range containedKeys(v, c.As) {
				l.point(key)
			}
		}
	case query.Less, query.LessEqual, query.Greater, query.GreaterEqual:
		if len(c.Values) != 1 || f.Part.Kind() == KindFlag {
			return Lookup{}, false
		}
		l.Exact = true
		for _, v := range orderedAs(c.Values[0]) {
			l.half(c.Op, v)
		}
	default:
		return Lookup{}, false
	}
	return l, true
}

func (l *Lookup) point(key []byte) {
	if len(key) > maxIndexKey {
		key, l.Exact = key[:maxIndexKey], false
	} else if len(key) == maxIndexKey {
		// It may be a longer one that was cut.
		l.Exact = false
	}
	r := point(key)
	if !slices.ContainsFunc(l.Ranges, func(other KeyRange) bool { return bytes.Equal(other.From, r.From) }) {
		l.Ranges = append(l.Ranges, r)
	}
}

// half adds the keys of the value's kind on one side of it.
func (l *Lookup) half(op query.Op, v query.Value) {
	key := query.AppendSortKey(nil, v)
	from, to := []byte{key[0]}, []byte{key[0] + 1}
	inclusive := op == query.LessEqual || op == query.GreaterEqual
	if len(key) >= maxIndexKey {
		key, inclusive, l.Exact = key[:maxIndexKey], true, false
	}
	switch {
	case op == query.Less || op == query.LessEqual:
		if to = key; inclusive {
			to = behind(key)
		}
	case inclusive:
		from = key
	default:
		from = behind(key)
	}
	l.Ranges = append(l.Ranges, KeyRange{from, to})
}

// orderedAs are the values that a constant is compared as: a number, a text.
func orderedAs(v query.Value) (as []query.Value) {
	if n, ok := v.AsNumber(); ok {
		as = append(as, query.Value{Kind: query.Number, Num: n.Num})
	}
	if v.Kind == query.String || v.Kind == query.Number {
		as = append(as, query.Value{Kind: query.String, Str: v.Text()})
	}
	return as
}

// equalKeys are the keys of the values that equal the constant.
func equalKeys(v query.Value) (keys [][]byte) {
	for _, as := range orderedAs(v) {
		keys = append(keys, query.AppendSortKey(nil, as))
	}
	if v.Kind == query.Bool || v.Kind == query.String && (v.Str == "true" || v.Str == "false") {
		keys = append(keys, query.AppendSortKey(nil, query.Value{Kind: query.Bool, Bool: v.Bool || v.Str == "true"}))
	}
	return keys
}

// containedKeys are the keys of which one is there if the value contains the constant: the whole, or its longest word.
func containedKeys(v query.Value, as query.As) (keys [][]byte) {
	if v.Kind == query.String {
		keys = append(keys, wholeKey(v.Str))
	} else {
		keys = append(keys, query.AppendSortKey(nil, v))
	}
	if as == query.AsWhole {
		return keys
	}
	longest := ""
	query.Words(v.Text(), func(word string) bool {
		if len(word) > len(longest) {
			longest = word
		}
		return true
	})
	if longest != "" {
		keys = append(keys, wordKey(longest))
	}
	return keys
}

// isWord tells whether the text is one word and nothing else.
func isWord(text string) bool {
	first := ""
	query.Words(text, func(word string) bool { first = word; return false })
	return first != "" && first == text
}

// OrderIndex returns the index that has accounts in the order.
func OrderIndex(o query.Order) (Index, bool) {
	f, err := FieldOf(o.Path)
	if err != nil {
		return Index{}, false
	}
	if o.As == query.AsTime && f.Part.Kind() == KindDocument {
		return NewIndex(o.Path, IndexTimes)
	}
	return NewIndex(o.Path, IndexValues)
}
