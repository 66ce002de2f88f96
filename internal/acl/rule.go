package acl

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/pattern"
)

// Bounds of the values of an entry.
const (
	// maxValue is the greatest length of a value in an entry, in bytes.
	maxValue = 4096
	// maxValues is how many values one list of them may have.
	maxValues = 1024
	// maxMatched is the longest value of a call, in bytes, that a regular expression is tried on; a longer one is refused.
	maxMatched = 2048
	// maxExpressions is how many regular expressions a list may have, maxInstructions how many instructions they may compile to
	// together: a list of the greatest length would take gigabytes.
	maxExpressions  = 256
	maxInstructions = 64_000
)

// spent is what reading a list has taken of what it may take.
type spent struct{ names, expressions, instructions int }

// name counts a namespace, a method or a parameter.
func (s *spent) name(path []string) error {
	if s.names++; s.names > maxMethods {
		return wrong(path, "at most %d methods and parameters", maxMethods)
	}
	return nil
}

// compile compiles one of the list's expressions.
func (s *spent) compile(path []string, text string, compile func(string) (*pattern.Pattern, error)) (*pattern.Pattern, error) {
	if s.expressions++; s.expressions > maxExpressions {
		return nil, wrong(path, "at most %d regular expressions in a list", maxExpressions)
	}
	p, err := compile(text[len(`regex("`) : len(text)-len(`")`)])
	if err != nil {
		return nil, wrong(path, "%q is no regular expression that this server runs: %v", text, err)
	}
	if s.instructions += p.Instructions(); s.instructions > maxInstructions {
		return nil, wrong(path, "the regular expressions of the list are too large together")
	}
	return p, nil
}

// ace is an entry as it is written.
type ace struct {
	perms    string
	hasPerms bool
	allow    []string
	deny     []string
	defaults []string
	required bool
}

// readACE reads an entry. An unknown member is an error: a misspelt limit would be none.
func readACE(path []string, raw []byte) (ace, error) {
	var e ace
	err := members(path, raw, func(path []string, name string, raw []byte) (err error) {
		switch name {
		case "perms":
			var ok bool
			if e.perms, ok = document.Text(raw); !ok {
				return wrong(path, "want a text")
			}
			e.hasPerms = true
		case "allowValues":
			e.allow, err = values(path, raw)
		case "denyValues":
			e.deny, err = values(path, raw)
		case "defaultValues":
			e.defaults, err = values(path, raw)
		case "required":
			switch string(raw) {
			case "true", `"true"`:
				e.required = true
			case "false", `"false"`:
			default:
				return wrong(path, "want true or false")
			}
		default:
			return wrong(path, "want perms, allowValues, denyValues, defaultValues or required")
		}
		return err
	})
	return e, err
}

func values(path []string, raw []byte) ([]string, error) {
	list, err := texts(path, raw)
	if err == nil && len(list) > maxValues {
		err = wrong(path, "at most %d values", maxValues)
	}
	return list, err
}

// rule is what an entry says of a parameter.
type rule struct {
	// drop: the caller may not send it.
	drop bool
	// allow, unless it is nil, and deny are what values must and must not be.
	allow, deny []matcher
	// fill is the value that stands in for one that is not sent, or may not be; hasFill: there is one.
	fill    string
	hasFill bool
	// required: the rule covers only calls that send the parameter.
	required bool
	// text tells rules apart: two of the same text are the same.
	text string
	// name is the parameter as the list spells it, from the entry as it is written.
	name string
	from ace
}

func readRule(path []string, name string, raw []byte, spent *spent) (*rule, error) {
	e, err := readACE(path, raw)
	if err != nil {
		return nil, err
	}
	r := &rule{name: name, from: e, required: e.required}
	switch {
	case !e.hasPerms || e.perms == "x":
		r.from.perms = "x"
	case e.perms == "-x":
		r.drop = true
	default:
		return nil, wrong(append(slices.Clip(path), "perms"), "want x or -x")
	}
	if len(e.allow) > 0 {
		if r.allow, err = matchers(append(slices.Clip(path), "allowValues"), e.allow, spent, pattern.Whole); err != nil {
			return nil, err
		}
	}
	if r.deny, err = matchers(append(slices.Clip(path), "denyValues"), e.deny, spent, pattern.Search); err != nil {
		return nil, err
	}
	if len(e.defaults) > 0 {
		r.fill, r.hasFill = slices.Max(e.defaults), true
	}
	r.text = string(r.appendACE(nil))
	return r, nil
}

// free tells whether the rule limits nothing.
func (r *rule) free() bool {
	return !r.drop && r.allow == nil && len(r.deny) == 0 && !r.hasFill && !r.required
}

// appendACE appends the entry as JSON.
func (r *rule) appendACE(dst []byte) []byte {
	dst = append(dst, `{"perms":`...)
	dst = document.AppendString(dst, r.from.perms)
	for _, list := range [...]struct {
		name   string
		values []string
	}{{"allowValues", r.from.allow}, {"denyValues", r.from.deny}, {"defaultValues", r.from.defaults}} {
		if len(list.values) > 0 {
			text, _ := json.Marshal(list.values) // Texts can always be written.
			dst = append(append(append(dst, `,"`...), list.name...), `":`...)
			dst = append(dst, text...)
		}
	}
	if r.required {
		dst = append(dst, `,"required":true`...)
	}
	return append(dst, '}')
}

// matcher is one of the values of allowValues or denyValues.
type matcher struct {
	// all: *. Otherwise the expression, if there is one, or the text: the whole of a value, or with prefix its beginning.
	all, none  bool
	expression *pattern.Pattern
	text       string
	prefix     bool
}

// matchers reads values: *, none, regex("…"), a prefix with a star at its end, or a value itself.
func matchers(path []string, list []string, spent *spent, compile func(string) (*pattern.Pattern, error)) ([]matcher, error) {
	read := make([]matcher, 0, len(list))
	for _, text := range list {
		m := matcher{text: text}
		switch {
		case text == "*":
			m.all = true
		case text == "none":
			m.none = true
		case strings.HasPrefix(text, `regex("`) && strings.HasSuffix(text, `")`) && len(text) >= len(`regex("")`):
			expression, err := spent.compile(path, text, compile)
			if err != nil {
				return nil, err
			}
			m.expression = expression
		case strings.HasPrefix(text, "regex("):
			return nil, wrong(path, `%q: want regex("…")`, text)
		case strings.HasSuffix(text, "*"):
			m.text, m.prefix = strings.TrimSuffix(text, "*"), true
		}
		read = append(read, m)
	}
	return read, nil
}

// allows tells whether the value is among allowValues: exactly as written there.
func (m *matcher) allows(value string) bool {
	switch {
	case m.all:
		return true
	case m.none:
		return value == ""
	case m.expression != nil:
		return len(value) <= maxMatched && m.expression.Match(value)
	case m.prefix:
		return strings.HasPrefix(value, m.text)
	}
	return value == m.text
}

// denies tells whether the value is among denyValues. In doubt it is: letter case does not matter, and what is too long for
// an expression is as if it matched.
func (m *matcher) denies(value string) bool {
	switch {
	case m.all:
		return true
	case m.none:
		return false
	case m.expression != nil:
		return len(value) > maxMatched || m.expression.Match(value)
	case m.prefix:
		return strings.HasPrefix(strings.ToLower(value), strings.ToLower(m.text))
	}
	return strings.EqualFold(value, m.text)
}

// accepts tells whether the rule lets the parameter be sent with the value. A value that is a list is judged element by
// element: each must be allowed, none denied.
func (r *rule) accepts(a *Arg) bool {
	if r.allow != nil && !every(a.Values, func(v string) bool {
		return slices.ContainsFunc(r.allow, func(m matcher) bool { return m.allows(v) })
	}) {
		return false
	}
	return every(a.Values, func(v string) bool {
		return !slices.ContainsFunc(r.deny, func(m matcher) bool { return m.denies(v) })
	})
}

func every(list []string, fn func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !fn(s) })
}
