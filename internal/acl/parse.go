package acl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/doorward/doorward/internal/document"
)

// Bounds of a list.
const (
	// MaxSize is the greatest length of the text, in bytes.
	MaxSize = 1 << 20
	// MaxInherited is how many privileges a list may inherit, known or not.
	MaxInherited = 512
	// maxName bounds the names of namespaces, methods, parameters and fields, in bytes.
	maxName = 256
	// maxMethods is how many methods, namespaces and parameters a list may name.
	maxMethods = 10_000
	// maxFieldDepth bounds paths of fields.
	maxFieldDepth = 32
)

// Error says where a list, a scope or a group is wrong, and what was expected there.
type Error struct {
	// Path are the names of the members on the way to the place at fault: _api, accounts, search, _ace, perms.
	Path []string
	// Want is what was expected there.
	Want string
}

// Error returns the path, with dots, and what was expected.
func (e *Error) Error() string {
	if len(e.Path) == 0 {
		return e.Want
	}
	return strings.Join(e.Path, ".") + ": " + e.Want
}

func wrong(path []string, want string, args ...any) error {
	return &Error{Path: slices.Clone(path), Want: fmt.Sprintf(want, args...)}
}

// List is an access control list, read. It is safe for concurrent use.
type List struct {
	// own are the list's entries about methods; inherited the lists that it inherits, those that there are.
	own       apiNode
	inherited []*List
	// data are its entries about fields.
	data *fieldNode
	// names are those of _inherit, unknown ones too.
	names []string
	// read is what reading has taken so far.
	read spent

	once   sync.Once
	rights *Rights
}

// Inherit returns the names of the privileges that the list inherits, in their order, unknown ones too. The caller must
// not alter the slice.
func (l *List) Inherit() []string { return l.names }

// say is what an entry says of the right to call.
type say uint8

const (
	nothing say = iota
	give
	take
)

// apiNode are entries about methods: at the top, of a namespace.
type apiNode struct {
	say say
	// namespaces and methods by their names in lower case; a namespace by everything before the last dot.
	namespaces map[string]say
	// methods by namespace.method.
	methods map[string]*methodEntry
}

type methodEntry struct {
	say say
	// params by their names in lower case.
	params map[string]*rule
}

// Parse reads a list. All three members may be missing. The error is an [*Error] that names the member at fault.
//
// Members whose names begin with an underscore must be those that a list has; others at the top are passed over.
// Unknown privileges are no error.
func Parse(text []byte) (*List, error) { return parse(text, Lookup) }

func parse(text []byte, lookup func(string) (*Privilege, bool)) (*List, error) {
	if len(text) > MaxSize {
		return nil, wrong(nil, "at most %d bytes", MaxSize)
	}
	if err := document.Check(text, document.MaxDepth); err != nil {
		return nil, wrong(nil, "want a JSON object: %v", err)
	}
	l := &List{}
	err := members(nil, text, func(path []string, name string, raw []byte) error {
		switch name {
		case "_api":
			return l.readAPI(path, raw)
		case "_data":
			l.data = &fieldNode{}
			return l.data.read(path, raw)
		case "_inherit":
			return l.readInherit(path, raw, lookup)
		}
		if strings.HasPrefix(name, "_") {
			return wrong(path, "want _api, _data or _inherit")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Complete returns the text of a list, which [Parse] has read, as compact JSON that has all of _api, _data and _inherit:
// those that are missing are added, empty, at the end. Everything else stays byte for byte but for white space.
func Complete(text []byte) (json.RawMessage, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("compacting a list: %w", err)
	}
	whole := compact.Bytes()
	for _, missing := range [...]struct{ name, empty string }{{"_api", "{}"}, {"_data", "{}"}, {"_inherit", "[]"}} {
		if _, there := document.Member(whole, missing.name); there {
			continue
		}
		whole = whole[:len(whole)-1]
		if len(whole) > 1 {
			whole = append(whole, ',')
		}
		whole = fmt.Appendf(whole, "%q:%s}", missing.name, missing.empty)
	}
	return whole, nil
}

// members calls fn for every member of an object with its path. A name that is there twice is an error: readers differ
// in which of the two counts.
func members(path []string, raw []byte, fn func(path []string, name string, raw []byte) error) error {
	if document.KindOf(raw) != document.KindObject {
		return wrong(path, "want an object")
	}
	seen := map[string]bool{}
	var failed error
	err := document.Members(raw, func(name string, value []byte) bool {
		at := append(slices.Clip(path), name)
		folded := strings.ToLower(name)
		switch {
		case len(name) > maxName:
			failed = wrong(path, "names have at most %d bytes", maxName)
		case seen[folded]:
			failed = wrong(at, "is there twice")
		default:
			seen[folded] = true
			failed = fn(at, name, value)
		}
		return failed == nil
	})
	if failed == nil && err != nil {
		failed = wrong(path, "want an object: %v", err)
	}
	return failed
}

func (l *List) readAPI(path []string, raw []byte) error {
	l.own.namespaces, l.own.methods = map[string]say{}, map[string]*methodEntry{}
	return members(path, raw, func(path []string, name string, raw []byte) (err error) {
		if name == "_ace" {
			l.own.say, err = readMethodACE(path, raw)
			return err
		}
		if err := l.read.name(path); err != nil {
			return err
		}
		return l.readNamespace(path, strings.ToLower(name), raw)
	})
}

func (l *List) readNamespace(path []string, namespace string, raw []byte) error {
	return members(path, raw, func(path []string, name string, raw []byte) (err error) {
		if name == "_ace" {
			l.own.namespaces[namespace], err = readMethodACE(path, raw)
			return err
		}
		if err := l.read.name(path); err != nil {
			return err
		}
		method := namespace + "." + strings.ToLower(name)
		if l.own.methods[method] != nil { // "accounts.tfa": {"x": …} beside "accounts": {"tfa.x": …}.
			return wrong(path, "is there twice")
		}
		entry := &methodEntry{}
		l.own.methods[method] = entry
		return entry.read(path, raw, &l.read)
	})
}

func (m *methodEntry) read(path []string, raw []byte, spent *spent) error {
	return members(path, raw, func(path []string, name string, raw []byte) (err error) {
		if name == "_ace" {
			m.say, err = readMethodACE(path, raw)
			return err
		}
		if err := spent.name(path); err != nil {
			return err
		}
		found := (*rule)(nil)
		err = members(path, raw, func(path []string, inner string, raw []byte) (err error) {
			if inner != "_ace" {
				return wrong(path, "want _ace: rights go down to parameters, not into them")
			}
			found, err = readRule(path, name, raw, spent)
			return err
		})
		if err == nil && found != nil {
			if m.params == nil {
				m.params = map[string]*rule{}
			}
			m.params[strings.ToLower(name)] = found
		}
		return err
	})
}

// readMethodACE reads the entry of a method, a namespace or all of them.
func readMethodACE(path []string, raw []byte) (say, error) {
	e, err := readACE(path, raw)
	if err != nil {
		return nothing, err
	}
	if e.required || len(e.allow)+len(e.deny)+len(e.defaults) > 0 {
		return nothing, wrong(path, "values belong to a parameter of the method")
	}
	at := append(slices.Clip(path), "perms")
	switch {
	case !e.hasPerms:
		return nothing, wrong(at, "is missing; want x or -x")
	case e.perms == "x":
		return give, nil
	case e.perms == "-x":
		return take, nil
	}
	return nothing, wrong(at, "want x or -x")
}

func (l *List) readInherit(path []string, raw []byte, lookup func(string) (*Privilege, bool)) error {
	names, err := texts(path, raw)
	if err != nil {
		return err
	}
	if len(names) > MaxInherited {
		return wrong(path, "at most %d privileges", MaxInherited)
	}
	l.names = names
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		if p, ok := lookup(name); ok {
			l.inherited = append(l.inherited, p.list)
		}
	}
	return nil
}

// texts reads an array of texts, numbers and truth values.
func texts(path []string, raw []byte) ([]string, error) {
	if document.KindOf(raw) != document.KindArray {
		return nil, wrong(path, "want an array")
	}
	list := []string{}
	var failed error
	err := document.Elements(raw, func(element []byte) bool {
		text, ok := scalar(element)
		if !ok || len(text) > maxValue {
			failed = wrong(append(slices.Clip(path), fmt.Sprint(len(list))), "want a text of at most %d bytes", maxValue)
			return false
		}
		list = append(list, text)
		return true
	})
	if failed == nil && err != nil {
		failed = wrong(path, "want an array: %v", err)
	}
	return list, failed
}

// scalar returns the text of a JSON string, number or truth value.
func scalar(raw []byte) (string, bool) {
	switch document.KindOf(raw) {
	case document.KindString:
		return document.Text(raw)
	case document.KindNumber, document.KindBool:
		return string(raw), true
	}
	return "", false
}
