package idx

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/siteconfig"
)

// paramName is the member with the name of what the member value beside it is passed on as.
const paramName = "paramName"

// masked stands for a secret in answers, as recorded.
const masked = "********"

// secretNames are the parameters of steps that are secrets, * standing for any text.
var secretNames = []string{
	"*password*", "*passphrase*", "*secret*", "*privatekey*", "*accountkey*", "*token*", "*credential*", "sas*", "*apikey*",
}

// secretPaths are where secrets are in a dataflow. What a step passes on is named beside and not above, so that every value is kept
// sealed.
func secretPaths() []string {
	paths := []string{"steps.*.params.**.value"}
	for _, name := range secretNames {
		paths = append(paths, "steps.*.params.**."+name)
	}
	return paths
}

// isSecret tells whether answers mask the parameter of a step of the type. The API key of a step that works on a site of this kind of
// server names the site, and no more.
func isSecret(kind, name string) bool {
	if strings.EqualFold(name, "apiKey") && strings.Contains(kind, ".gigya.") {
		return false
	}
	return slices.ContainsFunc(secretNames, func(pattern string) bool { return siteconfig.Matches(pattern, name) })
}

// mask puts ******** in the place of the secrets of a dataflow, which is altered.
func mask(flow *document.Object) {
	eachStep(flow, func(_, kind string, params document.Value) document.Value {
		return secrets(kind, params, document.Value{}, func(v, _ document.Value) document.Value {
			if v.IsNull() || v.Kind() == document.KindBool || v.Kind() == document.KindString && v.Str() == "" {
				return v // Nothing, and switches such as usePassword.
			}
			return document.String(masked)
		})
	})
}

// unmask puts what is stored in the place of ********, where the step of the same id has something there. The flow is altered.
func unmask(flow, stored *document.Object) {
	eachStep(flow, func(id, kind string, params document.Value) document.Value {
		old := document.Value{}
		eachStep(stored, func(other, _ string, params document.Value) document.Value {
			if other == id {
				old = params
			}
			return params
		})
		return secrets(kind, params, old, func(v, old document.Value) document.Value {
			if v.Str() == masked && !old.IsNull() {
				return old
			}
			return v
		})
	})
}

// eachStep replaces the parameters of every step by what fn makes of them.
func eachStep(flow *document.Object, fn func(id, kind string, params document.Value) document.Value) {
	steps, _ := flow.Get(stepsMember)
	for _, step := range steps.Items() {
		id, _ := step.Object().Get("id")
		kind, _ := step.Object().Get("type")
		if params, _ := step.Object().Get("params"); params.Kind() == document.KindObject {
			step.Object().Set("params", fn(id.Str(), kind.Str(), params))
		}
	}
}

// secrets returns the value with its secrets replaced by what fn makes of them and of what old has in the same place. Objects are
// altered where they are.
func secrets(kind string, v, old document.Value, fn func(v, old document.Value) document.Value) document.Value {
	switch v.Kind() {
	case document.KindObject:
		o := v.Object()
		named, _ := o.Get(paramName)
		for _, name := range o.Names() {
			member, _ := o.Get(name)
			before, _ := old.Object().Get(name)
			if isSecret(kind, name) || name == "value" && isSecret(kind, named.Str()) {
				o.Set(name, fn(member, before))
			} else {
				o.Set(name, secrets(kind, member, before, fn))
			}
		}
	case document.KindArray:
		items := make([]document.Value, len(v.Items()))
		before := formerly(v.Items(), old.Items())
		for i, item := range v.Items() {
			items[i] = secrets(kind, item, before[i], fn)
		}
		return document.ArrayOf(items...)
	}
	return v
}

// formerly returns what each element of an array was before: the one that passed on the same parameter, wherever it stood, so that no
// secret is sent under the name of another; of elements that name none the one in the same place.
func formerly(items, old []document.Value) []document.Value {
	named := map[string][]document.Value{}
	for _, before := range old {
		if name, ok := before.Object().Get(paramName); ok {
			named[name.Str()] = append(named[name.Str()], before)
		}
	}
	list := make([]document.Value, len(items))
	for i, item := range items {
		name, ok := item.Object().Get(paramName)
		switch same := named[name.Str()]; {
		case !ok && i < len(old):
			list[i] = old[i]
		case ok && len(same) > 0:
			list[i], named[name.Str()] = same[0], same[1:]
		}
	}
	return list
}
