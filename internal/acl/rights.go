package acl

import (
	"maps"
	"slices"
	"strings"
)

// grant is one way in which a list gives a method: the limits that it puts on parameters, by their names in lower case.
// Rules that limit nothing are left out.
type grant struct {
	params map[string]*rule
	// text tells grants apart: two of the same text are the same.
	text string
}

func newGrant(params map[string]*rule) *grant {
	g := &grant{}
	var text strings.Builder
	for _, name := range sortedKeys(params) {
		if r := params[name]; !r.free() {
			if g.params == nil {
				g.params = map[string]*rule{}
			}
			g.params[name] = r
			text.WriteString(name + "\x00" + r.text + "\x00")
		}
	}
	g.text = text.String()
	return g
}

// Grants are the ways in which a caller holds a method: a call is allowed if one of them allows it. They are safe for
// concurrent use.
type Grants struct {
	// ways are in the order of their texts, each once. One without limits stands alone: nil, free.
	ways []*grant
	free bool
}

// The grants that most callers hold of most methods. Unlimited is a method that may be called with any parameters.
var (
	noGrants  = &Grants{}
	Unlimited = &Grants{free: true}
)

// Held tells whether the method may be called at all, with some parameters.
func (g *Grants) Held() bool { return g.free || len(g.ways) > 0 }

// Free tells whether the method may be called with any parameters.
func (g *Grants) Free() bool { return g.free }

// together makes grants of all the ways in which one of the lists gives the method.
func together(lists []*List, namespace, method string) *Grants {
	if len(lists) == 1 {
		return lists[0].alone().grants(namespace, method)
	}
	var ways []*grant
	for _, l := range lists {
		g := l.alone().grants(namespace, method)
		if g.free {
			return Unlimited
		}
		ways = append(ways, g.ways...)
	}
	return settled(ways)
}

func settled(ways []*grant) *Grants {
	if len(ways) == 0 {
		return noGrants
	}
	slices.SortFunc(ways, func(a, b *grant) int { return strings.Compare(a.text, b.text) })
	ways = slices.CompactFunc(ways, func(a, b *grant) bool { return a.text == b.text })
	if ways[0].text == "" {
		return Unlimited
	}
	return &Grants{ways: slices.Clip(ways)}
}

// grants returns what the list gives of the method, or of all others of a namespace: of what it inherits, unless it says
// more itself.
func (l *List) grants(namespace, method string) *Grants {
	said := l.own.say
	if s := l.own.namespaces[namespace]; s != nothing {
		said = s
	}
	entry := l.own.methods[method]
	if entry != nil && entry.say != nothing {
		said = entry.say
	}
	var base *Grants
	switch said {
	case take:
		return noGrants
	case give:
		base = Unlimited
	default:
		base = together(l.inherited, namespace, method)
	}
	if entry == nil || len(entry.params) == 0 || !base.Held() {
		return base
	}
	if base.free {
		return settled([]*grant{newGrant(entry.params)})
	}
	ways := make([]*grant, 0, len(base.ways))
	for _, way := range base.ways {
		params := maps.Clone(way.params)
		maps.Copy(params, entry.params)
		ways = append(ways, newGrant(params))
	}
	return settled(ways)
}

// Rights are what a caller may do at one place: the union of the lists that it holds there. They are safe for concurrent
// use, and never altered.
type Rights struct {
	// methods are those that a list names, namespaces those of which a list says something as a whole, rest is for all others.
	methods    map[string]*Grants
	namespaces map[string]*Grants
	rest       *Grants
	// tree are all fields, fields those of accounts.
	tree, fields *Fields
	// inherited are the names of the privileges that the lists inherit.
	inherited []string
	// empty: no method may be called.
	empty bool
}

// None are the rights of nobody, All every right there is.
var (
	None = Compile()
	All  = Compile(&List{own: apiNode{say: give}, data: &fieldNode{said: true, right: Read | Write}})
)

// Compile makes the rights of a caller who holds the lists. Neither their order matters nor how often one is there.
func Compile(lists ...*List) *Rights {
	trees := make([]*Fields, 0, len(lists))
	for _, l := range lists {
		trees = append(trees, l.alone().tree)
	}
	return compile(lists, &List{}, union(trees), added(lists))
}

// added returns what together would return, but looks at those lists alone that name the method: of all others it matters how
// many give all methods of the namespace, or of all. Limits belong to methods: what is given as a whole is given without.
func added(lists []*List) func(namespace, method string) *Grants {
	rest, whole, naming := 0, map[string]int{}, map[string][]*Rights{}
	for _, l := range lists {
		of := l.alone()
		rest += of.rest.count()
		for namespace, g := range of.namespaces {
			whole[namespace] += g.count() - of.rest.count()
		}
		for method := range of.methods {
			naming[method] = append(naming[method], of)
		}
	}
	return func(namespace, method string) *Grants {
		free := rest + whole[namespace]
		var ways []*grant
		for _, of := range naming[method] {
			if of.methods[method].free {
				return Unlimited
			}
			ways = append(ways, of.methods[method].ways...)
			free -= of.wholly(namespace).count()
		}
		if free > 0 {
			return Unlimited
		}
		return settled(ways)
	}
}

// count is 1 for what is given without limits.
func (g *Grants) count() int {
	if g.free {
		return 1
	}
	return 0
}

// alone returns the rights of who holds the list alone. They are made once.
func (l *List) alone() *Rights {
	l.once.Do(func() {
		s := source{own: l.data, keep: Read | Write}
		for _, i := range l.inherited {
			s.inherited = append(s.inherited, i.alone().tree)
		}
		l.rights = compile(l.inherited, l, s.resolve(), l.grants)
	})
	return l.rights
}

// compile makes rights of everything of which own or one of the lists says something.
func compile(lists []*List, own *List, tree *Fields, grants func(namespace, method string) *Grants) *Rights {
	r := &Rights{
		methods: map[string]*Grants{}, namespaces: map[string]*Grants{}, rest: grants("", ""),
		tree: tree, fields: tree.At("accounts", "account"), inherited: slices.Clone(own.names),
	}
	for namespace := range own.own.namespaces {
		r.namespaces[namespace] = grants(namespace, "")
	}
	for method := range own.own.methods {
		r.methods[method] = grants(namespaceOf(method), method)
	}
	for _, l := range lists {
		of := l.alone()
		for namespace := range of.namespaces {
			if r.namespaces[namespace] == nil {
				r.namespaces[namespace] = grants(namespace, "")
			}
		}
		for method := range of.methods {
			if r.methods[method] == nil {
				r.methods[method] = grants(namespaceOf(method), method)
			}
		}
		r.inherited = append(r.inherited, l.names...) // Privileges inherit none.
	}
	slices.Sort(r.inherited)
	r.inherited = slices.Compact(r.inherited)
	r.empty = r.every(func(_, _ string, g *Grants) bool { return !g.Held() }, r)
	return r
}

// grants are those of the method, or, without one, of all others of the namespace.
func (r *Rights) grants(namespace, method string) *Grants {
	if g, ok := r.methods[method]; ok {
		return g
	}
	return r.wholly(namespace)
}

// wholly are the grants of all methods of the namespace that have none of their own.
func (r *Rights) wholly(namespace string) *Grants {
	if g, ok := r.namespaces[namespace]; ok {
		return g
	}
	return r.rest
}

// namespaceOf is everything before the last dot.
func namespaceOf(method string) string {
	return method[:max(strings.LastIndexByte(method, '.'), 0)]
}

// Method returns how the caller holds the method, whose name is in lower case. It allocates nothing.
func (r *Rights) Method(folded string) *Grants {
	if g, ok := r.methods[folded]; ok {
		return g
	}
	if len(r.namespaces) > 0 {
		if g, ok := r.namespaces[namespaceOf(folded)]; ok {
			return g
		}
	}
	return r.rest
}

// May tells whether the caller may call the method, with some parameters. The letter case of the name does not matter.
func (r *Rights) May(method string) bool { return r.Method(strings.ToLower(method)).Held() }

// Empty tells whether no method may be called.
func (r *Rights) Empty() bool { return r.empty }

// Fields are the rights over the fields of accounts, from the account itself down.
func (r *Rights) Fields() *Fields { return r.fields }

// Covers tells whether these rights give everything that the others give: whoever holds them can give the others away.
// In doubt they do not.
func (r *Rights) Covers(others *Rights) bool {
	return others.every(func(namespace, method string, g *Grants) bool {
		mine := r.grants(namespace, method)
		return mine.free || !slices.ContainsFunc(g.ways, func(w *grant) bool {
			return !slices.ContainsFunc(mine.ways, func(m *grant) bool { return m.text == w.text })
		}) && !g.free
	}, r) && r.fields.covers(others.fields)
}

// every calls fn for everything of which these rights or the others say something of their own, until it is false.
func (r *Rights) every(fn func(namespace, method string, g *Grants) bool, others *Rights) bool {
	if !fn("", "", r.rest) {
		return false
	}
	for _, from := range [...]*Rights{r, others} {
		for namespace := range from.namespaces {
			g, ok := r.namespaces[namespace]
			if !ok {
				g = r.rest
			}
			if !fn(namespace, "", g) {
				return false
			}
		}
		for method := range from.methods {
			if !fn(namespaceOf(method), method, r.Method(method)) {
				return false
			}
		}
	}
	return true
}

func (f *Fields) covers(g *Fields) bool {
	if f.right&g.right != g.right {
		return false
	}
	for name := range f.below {
		if !f.down(name).covers(g.down(name)) {
			return false
		}
	}
	for name := range g.below {
		// Each place is looked at once: twice at every level would be two to the power of the levels.
		if _, seen := f.below[name]; !seen && !f.down(name).covers(g.down(name)) {
			return false
		}
	}
	return true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
