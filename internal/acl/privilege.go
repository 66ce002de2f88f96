package acl

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// AllAPIs is the privilege of a key's own grant that holds every method.
const AllAPIs = "_allApis"

// The groups that every partner has.
const (
	// Admins is the group of those who may do everything, and the privilege that gives everything.
	Admins = "_admins"
	// NoPermissions is where applications wait that are to be given rights yet, and the privilege that gives none.
	NoPermissions = "_no_permissions"
)

// Privilege is a list that is built in: one that other lists inherit, or groups have.
type Privilege struct {
	// Name begins with an underscore; Area is the heading that it stands under, Summary a sentence.
	Name, Area, Summary string
	// Methods are those that it gives, as the table writes them: a name, accounts.* for a whole namespace, * for all; in
	// brackets behind it the limits of parameters.
	Methods []string
	// AllFields: it gives every right over every field of accounts. Without it, it gives none.
	AllFields bool

	list     *List
	document json.RawMessage
}

// List returns the privilege as a list.
func (p *Privilege) List() *List { return p.list }

// Document returns the text of the list.
func (p *Privilege) Document() json.RawMessage { return slices.Clone(p.document) }

//go:embed privileges.txt
var privilegesText string

// table is the table of privileges, read once. That it can be read is tested.
var table = sync.OnceValue(func() *privileges {
	t, err := readTable(privilegesText)
	if err != nil {
		panic(err)
	}
	return t
})

type privileges struct {
	list   []*Privilege
	byName map[string]*Privilege
}

func (t *privileges) lookup(name string) (*Privilege, bool) {
	p, ok := t.byName[name]
	return p, ok
}

// Privileges returns all privileges, in the order of the table. The caller must not alter the slice.
func Privileges() []*Privilege { return table().list }

// Lookup returns the privilege of the name.
func Lookup(name string) (*Privilege, bool) {
	return table().lookup(name)
}

// Grant returns the list that names of privileges make, as a key's own grant has them: privileges, names of methods, and
// [AllAPIs]. Other names are of no effect. A key's own grant gives every right over fields.
func Grant(names []string) *List {
	l := &List{data: &fieldNode{said: true, right: Read | Write}}
	l.own.methods = map[string]*methodEntry{}
	for _, name := range names {
		if name == AllAPIs {
			l.own.say = give
		} else if p, ok := Lookup(name); ok {
			l.inherited = append(l.inherited, p.list)
		} else if namespaceOf(name) != "" {
			l.own.methods[strings.ToLower(name)] = &methodEntry{say: give}
		}
	}
	return l
}

// readTable reads the text of the table: areas in brackets, privileges at the beginning of a line with a colon and a
// sentence, and below each, indented, the methods that it gives, or "fields rw". After # the rest of a line is a remark.
func readTable(text string) (*privileges, error) {
	t := &privileges{byName: map[string]*Privilege{}}
	area, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimRight(line, " \r\n")
		switch {
		case line == "":
		case line[0] == '[':
			area = strings.Trim(line, "[]")
		case line[0] == ' ' && len(t.list) > 0:
			p := t.list[len(t.list)-1]
			if strings.TrimSpace(line) == "fields rw" {
				p.AllFields = true
				continue
			}
			p.Methods = append(p.Methods, strings.Fields(line)...)
		default:
			name, summary, ok := strings.Cut(line, ": ")
			if !ok || name[0] != '_' || t.byName[name] != nil {
				return nil, fmt.Errorf("privileges, line %d: want a new name with an underscore, a colon and a sentence", n)
			}
			p := &Privilege{Name: name, Area: area, Summary: summary}
			t.list = append(t.list, p)
			t.byName[name] = p
		}
	}
	for _, p := range t.list {
		var err error
		if p.document, err = p.text(); err != nil {
			return nil, fmt.Errorf("privilege %s: %w", p.Name, err)
		}
		if p.list, err = parse(p.document, t.lookup); err != nil {
			return nil, fmt.Errorf("privilege %s: %w", p.Name, err)
		}
	}
	return t, nil
}

// text writes the list of what the table says.
func (p *Privilege) text() (json.RawMessage, error) {
	api := map[string]any{}
	inner := func(in map[string]any, name string) map[string]any {
		if in[name] == nil {
			in[name] = map[string]any{}
		}
		return in[name].(map[string]any)
	}
	give := map[string]any{"perms": "x"}
	for _, written := range p.Methods {
		name, limits, limited := strings.Cut(written, "(")
		if name == "*" {
			api["_ace"] = give
			continue
		}
		namespace := inner(api, namespaceOf(name))
		if strings.HasSuffix(name, ".*") {
			namespace["_ace"] = give
			continue
		}
		method := inner(namespace, name[strings.LastIndexByte(name, '.')+1:])
		method["_ace"] = give
		if !limited {
			continue
		}
		for limit := range strings.SplitSeq(strings.TrimSuffix(limits, ")"), ",") {
			param, forced, hasForced := strings.Cut(limit, "=")
			withheld, minus := strings.CutPrefix(param, "-")
			if minus == hasForced {
				return nil, fmt.Errorf("%q: want -name or name=value", limit)
			}
			entry := map[string]any{"perms": "-x"}
			if hasForced {
				entry["defaultValues"] = []string{forced}
			}
			method[withheld] = map[string]any{"_ace": entry}
		}
	}
	data := map[string]any{}
	if p.AllFields {
		data["_ace"] = map[string]any{"perms": "rw"}
	}
	return json.Marshal(map[string]any{"_api": api, "_data": data, "_inherit": []string{}})
}
