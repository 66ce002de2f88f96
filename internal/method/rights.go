package method

import (
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
)

// Right is the name, in lower case, of the right that a key needs: that of [Method.Privilege].
func (m *Method) Right() string { return m.right }

// Level is what calls of the method are about.
func (m *Method) Level() caller.Level {
	switch {
	case m.Spec.Anywhere:
		return caller.Anywhere
	case m.Spec.NoSite:
		return caller.AtPartner
	}
	return caller.AtSite
}

// partnerNames are the parameters that name the partner that a call is about.
var partnerNames = [...]string{"partnerid", "targetpartnerid", "ownerpartnerid"}

// partnerParams returns the places of the parameters that name a partner.
func (m *Method) partnerParams() []int {
	var places []int
	for _, name := range partnerNames {
		if at, ok := m.index[name]; ok && !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	return places
}

// Partner returns the id of the partner that the call names, as it was written; empty: it names none. Of a call that
// names several, it is one that there is not.
func (m *Method) Partner(params *gigya.Params) string {
	if len(m.partners) == 0 {
		return ""
	}
	named := ""
	for _, p := range params.All() {
		at, known := m.find(p.Name)
		if !known || p.Value == "" || !slices.Contains(m.partners, at) {
			continue
		}
		value := strings.TrimSpace(p.Value)
		if named != "" && named != value {
			return "0"
		}
		named = value
	}
	return named
}

// limit applies the limits that the caller's rights put on parameters: it refuses the call (403007), or takes what may not
// be sent out of the parameters, so that it is unknown, and puts in what is given in its place. It changes nothing, and needs
// no memory, for a caller without limits.
func (m *Method) limit(inv *Invocation) error {
	held := acl.Unlimited
	if inv.Caller.Class == caller.Server {
		held = inv.Caller.Held(m.right)
	}
	if held.Free() && len(m.pinned) == 0 {
		return nil
	}
	args := m.args(inv, held)
	verdict := held.Judge(args)
	if !verdict.Allowed {
		return caller.Denied(m.Spec.Name)
	}
	if len(verdict.Withheld)+len(verdict.Forced) == 0 {
		return nil
	}
	params := gigya.NewParams()
	for _, p := range inv.Raw.All() {
		if !slices.ContainsFunc(verdict.Withheld, func(at int) bool { return m.same(p.Name, args[at].Name) }) {
			params.Set(p.Name, p.Value)
			continue
		}
		if !slices.ContainsFunc(verdict.Forced, func(f acl.Forced) bool { return m.same(p.Name, f.Name) }) {
			inv.Withheld = append(inv.Withheld, p.Name)
		}
	}
	for _, f := range verdict.Forced {
		name := f.Name
		if at, known := m.index[name]; known {
			name = m.params[at].Name
		}
		params.Set(name, f.Value)
	}
	inv.Raw = params
	return nil
}

// Within tells whether other rights let the call be made as it is, after the limits of the caller's rights were applied: the call is held under
// the name of the right, in lower case, and nothing of it would be refused, withheld or replaced. It is for calls that act where
// the caller's rights may be others than those that the call was let in with.
func (m *Method) Within(inv *Invocation, rights *acl.Rights, right string) bool {
	held := rights.Method(right)
	if held.Free() && len(m.pinned) == 0 {
		return true
	}
	args := m.args(inv, held)
	verdict := held.Judge(args)
	return verdict.Allowed && !slices.ContainsFunc(verdict.Withheld, func(at int) bool {
		return !slices.ContainsFunc(verdict.Forced, func(f acl.Forced) bool { return f.Name == args[at].Name })
	}) && !slices.ContainsFunc(verdict.Forced, func(f acl.Forced) bool {
		return !slices.ContainsFunc(args, func(a acl.Arg) bool { return a.Name == f.Name && slices.Equal(a.Values, m.compared(f.Name, f.Value)) })
	})
}

// args are the parameters that the call has to be judged by.
func (m *Method) args(inv *Invocation, held *acl.Grants) []acl.Arg {
	names := held.Limited()
	for _, name := range m.pinned {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	args := make([]acl.Arg, len(names))
	for i, name := range names {
		args[i] = acl.Arg{Name: name, Values: m.sent(inv.Raw, name), Pinned: slices.Contains(m.pinned, name)}
	}
	return args
}

// same tells whether a name that was received means the parameter that an entry names, in lower case: by its own name or
// another.
func (m *Method) same(received, folded string) bool {
	if strings.EqualFold(received, folded) {
		return true
	}
	at, known := m.find(received)
	want, ok := m.index[folded]
	return known && ok && at == want
}

// sent returns what was sent for the parameter that an entry names, in the one form that its values are compared in: a
// number in digits, true or false, the elements of a list.
func (m *Method) sent(params *gigya.Params, folded string) []string {
	var values []string
	for _, p := range params.All() {
		if m.same(p.Name, folded) {
			values = append(values, m.compared(folded, p.Value)...)
		}
	}
	return values
}

func (m *Method) compared(folded, text string) []string {
	kind := "string"
	if at, ok := m.index[folded]; ok {
		kind = m.params[at].Type
	}
	return compared(kind, text)
}

func compared(kind, text string) []string {
	switch kind {
	case "bool":
		if flag, err := gigya.ParseBool("", text); err == nil && text != "" {
			return []string{strconv.FormatBool(flag)}
		}
	case "int":
		if n, err := gigya.ParseInt("", text); err == nil {
			return []string{strconv.FormatInt(n, 10)}
		}
	case "list":
		if list := gigya.SplitList(text); len(list) > 0 {
			return list
		}
		return []string{""}
	case "string":
		if raw := []byte(strings.TrimSpace(text)); document.KindOf(raw) == document.KindArray {
			return elements(raw, text)
		}
	}
	return []string{text}
}

// elements are those of a JSON array, texts as they are; of what is none, the text.
func elements(raw []byte, text string) []string {
	list := []string{}
	err := document.Elements(raw, func(element []byte) bool {
		if s, ok := document.Text(element); ok {
			list = append(list, s)
		} else {
			list = append(list, string(element))
		}
		return true
	})
	switch {
	case err != nil:
		return []string{text}
	case len(list) == 0:
		return []string{""}
	}
	return list
}
