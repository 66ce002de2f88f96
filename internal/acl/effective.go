package acl

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Document returns the rights as a list that says everything itself: of the methods, given in their own spelling, those
// that may be called, with the limits of parameters that hold in every way of calling them; the fields; and, for
// information, the privileges that the caller's lists inherit. Methods that are not given are left out.
func (r *Rights) Document(methods []string) json.RawMessage {
	sorted := slices.Clone(methods)
	slices.SortFunc(sorted, func(a, b string) int {
		return cmp.Or(strings.Compare(namespaceOf(a), namespaceOf(b)), strings.Compare(a, b))
	})
	dst := []byte(`{"_api":{`)
	open := ""
	for _, name := range slices.Compact(sorted) {
		namespace := namespaceOf(name)
		g := r.Method(strings.ToLower(name))
		if !g.Held() || namespace == "" {
			continue
		}
		switch {
		case open == "":
			dst = append(document.AppendString(dst, namespace), `:{`...)
		case namespace != open:
			dst = append(dst, "},"...)
			dst = append(document.AppendString(dst, namespace), `:{`...)
		default:
			dst = append(dst, ',')
		}
		open = namespace
		dst = append(document.AppendString(dst, name[len(namespace)+1:]), `:{"_ace":{"perms":"x"}`...)
		dst = g.appendLimits(dst)
		dst = append(dst, '}')
	}
	if open != "" {
		dst = append(dst, '}')
	}
	dst = append(dst, `},"_data":{"accounts":{"account":`...)
	dst = r.fields.appendJSON(dst, 0)
	dst = append(dst, `}},"_inherit":`...)
	inherited := r.inherited
	if inherited == nil {
		inherited = []string{}
	}
	names, _ := json.Marshal(inherited) // Texts can always be written.
	return append(append(dst, names...), '}')
}

// appendLimits appends the entries of the parameters that every way of holding the method limits.
func (g *Grants) appendLimits(dst []byte) []byte {
	for _, name := range g.Limited() {
		var rules []*rule
		for _, way := range g.ways {
			if r := way.params[name]; r != nil {
				rules = append(rules, r)
			}
		}
		if len(rules) < len(g.ways) {
			continue
		}
		shown := merged(rules)
		dst = append(document.AppendString(append(dst, ','), rules[0].name), `:{"_ace":`...)
		dst = append(shown.appendACE(dst), '}')
	}
	return dst
}

// merged is what a parameter's rules have in common, to be shown.
func merged(rules []*rule) *rule {
	m := &rule{required: true, from: ace{perms: "-x", deny: slices.Clone(rules[0].from.deny)}}
	unlimited := false
	for _, r := range rules {
		if !r.drop {
			m.from.perms = "x"
			unlimited = unlimited || r.allow == nil
			m.from.allow = append(m.from.allow, r.from.allow...)
		}
		m.required = m.required && r.required
		m.from.deny = slices.DeleteFunc(m.from.deny, func(v string) bool { return !slices.Contains(r.from.deny, v) })
		m.from.defaults = append(m.from.defaults, r.from.defaults...)
	}
	if unlimited {
		m.from.allow = nil
	}
	return m
}
