package method

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed names.txt
var namesText string

// Status is what the server knows of a method's name.
type Status int

// The states of a name.
const (
	// Unknown names never existed, or are misspelt: 403007.
	Unknown Status = iota
	// Served methods are in the table.
	Served
	// Unserved methods exist in the original and not here yet: 400096.
	Unserved
	// Withdrawn methods belong to products that are gone: 400096.
	Withdrawn
)

func (s Status) String() string {
	return [...]string{"unknown", "served", "unserved", "withdrawn"}[s]
}

// Table finds methods by their names, in any letter case.
type Table struct {
	methods []*Method
	served  map[string]*Method
	// names holds the names of the original: folded to the documented spelling.
	names map[string]listed
	// families are the folded namespaces, with their dot, that are withdrawn as a whole.
	families []string
}

type listed struct {
	name   string
	status Status
}

// NewTable returns the table of the methods. A name that is there twice is a mistake of the programmer and panics.
func NewTable(methods ...*Method) *Table {
	t := &Table{methods: slices.Clone(methods), served: map[string]*Method{}, names: map[string]listed{}}
	for _, m := range methods {
		for _, name := range append([]string{m.Spec.Name}, m.Spec.Aliases...) {
			folded := strings.ToLower(name)
			if _, twice := t.served[folded]; twice {
				panic(fmt.Sprintf("method %s is declared twice", name))
			}
			t.served[folded] = m
		}
	}
	for line := range strings.Lines(namesText) {
		name, mark, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		status := Unserved
		if mark == "withdrawn" {
			status = Withdrawn
		}
		if family, whole := strings.CutSuffix(strings.ToLower(name), "*"); whole {
			t.families = append(t.families, family)
			continue
		}
		t.names[strings.ToLower(name)] = listed{name, status}
	}
	slices.SortFunc(t.methods, func(a, b *Method) int { return strings.Compare(a.Spec.Name, b.Spec.Name) })
	return t
}

// Methods returns the served methods, sorted by name. The caller must not alter the slice.
func (t *Table) Methods() []*Method { return t.methods }

// Names returns the names of the served methods, aliases included, sorted.
func (t *Table) Names() []string {
	names := make([]string, 0, len(t.served))
	for _, m := range t.methods {
		names = append(append(names, m.Spec.Name), m.Spec.Aliases...)
	}
	slices.Sort(names)
	return names
}

// Lookup returns the method of the name and [Served], or what else is known of the name.
func (t *Table) Lookup(name string) (*Method, Status) {
	var buffer [maxName]byte
	folded, ok := fold(&buffer, name)
	if !ok {
		return nil, Unknown
	}
	if m := t.served[string(folded)]; m != nil {
		return m, Served
	}
	if known, ok := t.names[string(folded)]; ok {
		return nil, known.status
	}
	for _, family := range t.families {
		if strings.HasPrefix(string(folded), family) {
			return nil, Withdrawn
		}
	}
	return nil, Unknown
}

// Canonical returns the documented spelling of a known name, else the name as it is.
func (t *Table) Canonical(name string) string {
	folded := strings.ToLower(name)
	if m := t.served[folded]; m != nil {
		return m.Spec.Name
	}
	if known, ok := t.names[folded]; ok {
		return known.name
	}
	return name
}

// Entry is a line of the coverage page.
type Entry struct {
	Name   string
	Status Status
	// Method is nil for methods that are not served.
	Method *Method
}

// Coverage lists every name of the original and every served method, sorted by name: what is served, in part or whole,
// and what is not.
func (t *Table) Coverage() []Entry {
	entries := make([]Entry, 0, len(t.names))
	for folded, known := range t.names {
		if m := t.served[folded]; m != nil {
			entries = append(entries, Entry{known.name, Served, m})
		} else {
			entries = append(entries, Entry{known.name, known.status, nil})
		}
	}
	for folded, m := range t.served {
		if _, ok := t.names[folded]; !ok {
			entries = append(entries, Entry{m.Spec.Name, Served, m})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries
}
