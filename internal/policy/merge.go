package policy

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/pattern"
)

//go:embed defaults.json
var defaults []byte

// Groups returns the names of the groups, which are also the parameters of setPolicies, in the order of the answer.
func Groups() []string {
	names := make([]string, len(groups))
	for i := range groups {
		names[i] = groups[i].name
	}
	return names
}

// ClientReadable tells whether a call with an apiKey alone may read the group: registration, gigyaPlugins,
// passwordComplexity and security. It is false for what is no group.
func ClientReadable(name string) bool {
	g := findGroup(name)
	return g != nil && g.clientReadable
}

// Parse returns the policies that are in force on a site which stored the explicit ones (what [Merge] returned; empty:
// none). The error says that the text is no policy document.
func Parse(explicit json.RawMessage) (*Policies, error) {
	own, err := parseStored(explicit)
	if err != nil {
		return nil, err
	}
	full, err := document.ParseObject(defaults)
	if err != nil {
		return nil, fmt.Errorf("reading the default policies: %w", err)
	}
	overlay(full, own)
	p := &Policies{full: full.JSON(), explicit: own.JSON(), sections: sections(full), own: sections(own)}
	if err := json.Unmarshal(p.full, p); err != nil {
		return nil, fmt.Errorf("reading policies: %w", err)
	}
	if p.PasswordComplexity.RegExp != "" {
		p.PasswordComplexity.form, err = pattern.Search(p.PasswordComplexity.RegExp)
		if err != nil {
			return nil, fmt.Errorf("reading policies: passwordComplexity.regExp: %w", err)
		}
	}
	return p, nil
}

func parseStored(explicit json.RawMessage) (*document.Object, error) {
	if len(explicit) == 0 {
		return &document.Object{}, nil
	}
	own, err := document.ParseObject(explicit)
	if err != nil {
		return nil, fmt.Errorf("reading stored policies: %w", err)
	}
	return own, nil
}

// overlay lays the members of over onto base: objects member by member, but for maps such as templates, of which the
// defaults have none, so that they come whole. What base does not have comes last.
func overlay(base, over *document.Object) {
	for name, v := range over.All() {
		if below, ok := base.Get(name); ok && below.Kind() == document.KindObject && v.Kind() == document.KindObject {
			overlay(below.Object(), v.Object())
			continue
		}
		base.Set(name, v.Clone())
	}
}

func sections(o *document.Object) map[string]json.RawMessage {
	m := make(map[string]json.RawMessage, o.Len())
	for name, v := range o.All() {
		m[name] = v.AppendJSON(nil)
	}
	return m
}

// Full returns every group with the values in force, in the order of the recorded answers.
func (p *Policies) Full() json.RawMessage { return p.full }

// Explicit returns what was set for the site, an object that may be empty.
func (p *Policies) Explicit() json.RawMessage { return p.explicit }

// Sections returns the names of the groups in the order of the answer, whichever were asked for.
func (p *Policies) Sections() []string { return Groups() }

// Section returns the group with the values in force; false: there is no such group.
func (p *Policies) Section(name string) (json.RawMessage, bool) {
	s, ok := p.sections[name]
	return s, ok
}

// ExplicitSection returns what was set for the site in the group; false: nothing was, or there is no such group.
func (p *Policies) ExplicitSection(name string) (json.RawMessage, bool) {
	s, ok := p.own[name]
	return s, ok
}

// Merge returns what a site stores after setPolicies: its explicit policies with the changes, an object of groups, laid
// over them. Members that are not sent stay; null, for a group or a member, goes back to the default; maps (templates)
// and arrays are replaced whole. What is not known is ignored: other tools send members of other versions. The group rba
// is checked and not kept, as it only sums up rules that another method sets.
//
// The result has its groups and members in the order of the table, whatever the order of the changes. Nothing is merged
// unless all is valid; the error is then a *gigya.Error: 400006 that names the path, or 401000 for settings that cannot
// work together. explicit is not altered.
func Merge(explicit json.RawMessage, changes *document.Object) (json.RawMessage, error) {
	own, err := parseStored(explicit)
	if err != nil {
		return nil, err
	}
	before := hidesInVain(own)
	for name, v := range changes.All() {
		g := findGroup(name)
		if g == nil {
			continue
		}
		target := own
		if g.readOnly {
			target = &document.Object{}
		}
		if err := merge(target, g, name, name, v); err != nil {
			return nil, err
		}
	}
	if err := checkTogether(own, changes); err != nil {
		return nil, err
	}
	if hidesInVain(own) && !before {
		return nil, gigya.NewError(gigya.InvalidPolicyConfiguration,
			"accountOptions.preventLoginIDHarvesting needs accountOptions.verifyEmail or registration.requireCaptcha")
	}
	return inOrder(own, groups).JSON(), nil
}

// checkTogether refuses what cannot work together: the mail to the owner of a deleted account has no default template.
// A site that stored the combination before is not kept from other changes.
func checkTogether(own, changes *document.Object) error {
	sent, _ := changes.Lookup([]string{"accountOptions", "sendAccountDeletedEmail"})
	if !sent.Bool() {
		return nil
	}
	if _, ok := own.Lookup([]string{"emailNotifications", "accountDeletedEmailTemplates"}); ok {
		return nil
	}
	return gigya.NewError(gigya.InvalidPolicyConfiguration,
		"accountOptions.sendAccountDeletedEmail needs emailNotifications.accountDeletedEmailTemplates")
}

// hidesInVain tells whether the policies hide which login identifiers are taken and yet let everybody find out: without
// the verification of addresses a registration that succeeds tells that the address was free. All three are off by
// default, so that the site's own values decide.
func hidesInVain(own *document.Object) bool {
	on := func(path ...string) bool {
		v, _ := own.Lookup(path)
		return v.Bool()
	}
	return on("accountOptions", "preventLoginIDHarvesting") && !on("accountOptions", "verifyEmail") && !on("registration", "requireCaptcha")
}

// merge sets the member of target to the value, as far as the rule knows it.
func merge(target *document.Object, r *rule, name, path string, v document.Value) error {
	if v.Kind() == document.KindNull {
		target.Delete(name)
		return nil
	}
	if r.check != nil {
		if err := r.check(v); err != nil {
			return gigya.InvalidArgumentBecause(path, err.Error())
		}
		target.Set(name, withoutNulls(v))
		return nil
	}
	if v.Kind() != document.KindObject {
		return gigya.InvalidArgumentBecause(path, "must be an object")
	}
	inner := &document.Object{}
	if old, ok := target.Get(name); ok && old.Kind() == document.KindObject {
		inner = old.Object()
	}
	for member, value := range v.Object().All() {
		known := r.find(member)
		if known == nil {
			continue
		}
		if len(member) > maxMemberName {
			return gigya.InvalidArgumentBecause(path, fmt.Sprintf("names have at most %d bytes", maxMemberName))
		}
		if err := merge(inner, known, member, path+"."+member, value); err != nil {
			return err
		}
	}
	if inner.Len() == 0 {
		target.Delete(name)
		return nil
	}
	if inner.Len() > maxList {
		return gigya.InvalidArgumentBecause(path, fmt.Sprintf("at most %d members", maxList))
	}
	target.Set(name, document.FromObject(inner))
	return nil
}

// maxMemberName bounds the names that a site chooses itself.
const maxMemberName = 100

// withoutNulls returns a copy of a map without the languages that are null; anything else as it is.
func withoutNulls(v document.Value) document.Value {
	if v.Kind() != document.KindObject {
		return v.Clone()
	}
	kept := &document.Object{}
	for name, member := range v.Object().All() {
		if member.Kind() != document.KindNull {
			kept.Set(name, member.Clone())
		}
	}
	return document.FromObject(kept)
}

// inOrder returns the object with the members in the order of the rules, the others after them.
func inOrder(o *document.Object, rules []rule) *document.Object {
	sorted := &document.Object{}
	for _, r := range rules {
		v, ok := o.Get(r.name)
		if !ok {
			continue
		}
		if len(r.members) > 0 && v.Kind() == document.KindObject {
			v = document.FromObject(inOrder(v.Object(), r.members))
		}
		sorted.Set(r.name, v)
	}
	for name, v := range o.All() {
		if _, ok := sorted.Get(name); !ok {
			sorted.Set(name, v)
		}
	}
	return sorted
}
