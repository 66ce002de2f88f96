package method

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/caller"
)

// Bounds of parameters whose declaration says none, in bytes.
const (
	defaultTextLength   = 1024
	defaultListLength   = 8 << 10
	defaultObjectLength = 1 << 20
)

// maxParams bounds the names of one method, aliases included, so that binding needs no memory of its own.
const maxParams = 96

// Method is a declared method, ready to be called. It is safe for concurrent use.
type Method struct {
	Spec Spec

	params []Param
	// index finds a parameter by its folded name, aliases included.
	index map[string]int
	// right is the name of [Method.Privilege] in lower case; partners are the places of the parameters that name a partner.
	right    string
	partners []int
	// pinned are the names, in lower case, of the parameters that are.
	pinned []string
	// prepare makes an empty *Call for the invocation, and points at its parameters.
	prepare func(inv *Invocation) (call, params any)
	// run calls the handler with a *Call that prepare made.
	run func(ctx context.Context, call any) (any, error)
}

// Param is the declaration of one parameter: for binding, and for the reference.
type Param struct {
	Name    string
	Aliases []string
	// Type is "string", "bool", "int", "list" or "object".
	Type string
	// Required: absent or empty is 400002.
	Required bool
	// Server: for other callers it is an unknown parameter.
	Server bool
	// Deny: from other callers it fails the call.
	Deny bool
	// Pinned: a key may send it only where its rights say which values are allowed; nobody else may.
	Pinned bool
	// Min and Max bound an integer; HasMin and HasMax tell whether they are set.
	Min, Max       int64
	HasMin, HasMax bool
	// Length bounds the received text, in bytes.
	Length int

	// field is where it is found in the parameters struct, through embedded structs; set is of its type.
	field []int
	set   setter
}

// New declares a method. A wrong declaration is a mistake of the programmer and panics.
func New[P, R any](spec Spec, h Handler[P, R]) *Method {
	if h == nil {
		panic(fmt.Sprintf("method %s has no handler", spec.Name))
	}
	m := declared(spec, reflect.TypeFor[P]())
	m.prepare = func(inv *Invocation) (any, any) {
		call := &Call[P]{Invocation: inv}
		return call, &call.Params
	}
	m.run = func(ctx context.Context, call any) (any, error) { return h(ctx, call.(*Call[P])) }
	return m
}

// declared is what New does that is the same for all types: the compiler makes New anew for each.
func declared(spec Spec, params reflect.Type) *Method {
	m := &Method{Spec: spec}
	m.checkSpec()
	if params.Kind() != reflect.Struct {
		panic(fmt.Sprintf("method %s: parameters are %s, want a struct", spec.Name, params))
	}
	m.declare(params, nil)
	m.indexNames()
	m.right, m.partners = strings.ToLower(m.Privilege()), m.partnerParams()
	for _, p := range m.params {
		if p.Pinned {
			m.pinned = append(m.pinned, strings.ToLower(p.Name))
		}
	}
	return m
}

// Namespace is the part of the name before the first dot.
func (m *Method) Namespace() string {
	namespace, _ := SplitName(m.Spec.Name)
	return namespace
}

// Params returns the declared parameters in their order. The caller must not alter the slice.
func (m *Method) Params() []Param { return m.params }

// Privilege is the privilege that a user key needs for the method.
func (m *Method) Privilege() string {
	if m.Spec.Privilege != "" {
		return m.Spec.Privilege
	}
	return m.Spec.Name
}

// SplitName cuts a method's name at the first dot. A name without a dot has no namespace.
func SplitName(name string) (namespace, rest string) {
	if namespace, rest, ok := strings.Cut(name, "."); ok {
		return namespace, rest
	}
	return "", name
}

func (m *Method) checkSpec() {
	for _, name := range append([]string{m.Spec.Name}, m.Spec.Aliases...) {
		namespace, rest := SplitName(name)
		if namespace == "" || rest == "" || len(name) > maxName {
			panic(fmt.Sprintf("method %q: want namespace.name", name))
		}
	}
	const all = caller.Public | caller.RegToken | caller.Session | caller.Server
	if m.Spec.Callers == 0 || m.Spec.Callers&^all != 0 {
		panic(fmt.Sprintf("method %s: callers are not declared", m.Spec.Name))
	}
}

// declare reads the fields of a parameters struct; at is where the struct is embedded.
func (m *Method) declare(t reflect.Type, at []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag, tagged := field.Tag.Lookup("param")
		switch {
		case field.Anonymous && field.Type.Kind() == reflect.Struct && !tagged:
			m.declare(field.Type, append(slices.Clone(at), i))
		case !tagged || !field.IsExported():
			panic(fmt.Sprintf("method %s: field %s is not exported or has no param tag", m.Spec.Name, field.Name))
		default:
			m.params = append(m.params, m.parameter(field, tag, append(slices.Clone(at), i)))
		}
	}
}

func (m *Method) parameter(field reflect.StructField, tag string, at []int) Param {
	parts := strings.Split(tag, ",")
	p := Param{Name: parts[0], field: at}
	p.Type, p.Length, p.set = fieldType(field.Type)
	if p.set == nil {
		panic(fmt.Sprintf("method %s: parameter %s has type %s", m.Spec.Name, p.Name, field.Type))
	}
	for _, option := range parts[1:] {
		if err := p.option(option); err != nil {
			panic(fmt.Sprintf("method %s: parameter %s: %v", m.Spec.Name, p.Name, err))
		}
	}
	if p.HasMin && p.HasMax && p.Min > p.Max {
		panic(fmt.Sprintf("method %s: parameter %s: min is above max", m.Spec.Name, p.Name))
	}
	return p
}

func (p *Param) option(option string) error {
	name, value, valued := strings.Cut(option, "=")
	if valued != slices.Contains([]string{"min", "max", "len", "alias"}, name) {
		return fmt.Errorf("option %q is not known", option)
	}
	switch name {
	case "required":
		p.Required = true
	case "server":
		p.Server = true
	case "deny":
		p.Deny = true
	case "pinned":
		p.Pinned = true
	case "alias":
		p.Aliases = append(p.Aliases, value)
	case "min", "max", "len":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("option %q: %w", option, err)
		}
		return p.bound(name, n)
	default:
		return fmt.Errorf("option %q is not known", option)
	}
	return nil
}

func (p *Param) bound(name string, n int64) error {
	if (name == "len") == (p.Type == "int") || (name == "len" && (n < 1 || p.Type == "bool")) ||
		(name != "len" && p.Type != "int") {
		return fmt.Errorf("option %s does not fit the type %s", name, p.Type)
	}
	switch name {
	case "min":
		p.Min, p.HasMin = n, true
	case "max":
		p.Max, p.HasMax = n, true
	case "len":
		p.Length = int(n)
	}
	return nil
}

func (m *Method) indexNames() {
	m.index = make(map[string]int, len(m.params))
	for i, p := range m.params {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			folded := strings.ToLower(name)
			if _, twice := m.index[folded]; twice {
				panic(fmt.Sprintf("method %s: parameter %s is declared twice", m.Spec.Name, name))
			}
			if name == "" || len(name) > maxName {
				panic(fmt.Sprintf("method %s: %q is no name of a parameter", m.Spec.Name, name))
			}
			m.index[folded] = i
		}
	}
	if len(m.index) > maxParams {
		panic(fmt.Sprintf("method %s has %d names of parameters, at most %d", m.Spec.Name, len(m.index), maxParams))
	}
}
