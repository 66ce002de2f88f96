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
	var names []string
	for i := range groups {
		if !groups[i].mailOnly {
			names = append(names, groups[i].name)
		}
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
func Parse(explicit json.RawMessage) (*Policies, error) { return parse(nil, explicit) }

// ParseMember is [Parse] for a member of a site group whose parent stored the policies of the group: those are in force
// where the member has set nothing, and where only the parent may set something.
func ParseMember(group, explicit json.RawMessage) (*Policies, error) {
	return parse(ofGroup(group), explicit)
}

// ofGroup tells a parent that has stored nothing from none.
func ofGroup(group json.RawMessage) json.RawMessage {
	if len(group) == 0 {
		return json.RawMessage("{}")
	}
	return group
}

func parse(group, explicit json.RawMessage) (*Policies, error) {
	full, err := defaultPolicies()
	if err != nil {
		return nil, err
	}
	own, err := layOver(full, group, explicit)
	if err != nil {
		return nil, err
	}
	p := &Policies{group: group, explicit: own.JSON(), full: full.JSON(), sections: sections(full), own: sections(own)}
	if err := json.Unmarshal(p.full, p); err != nil {
		return nil, fmt.Errorf("reading policies: %w", err)
	}
	// Methods have names of any letter case, and encoding/json takes the last that differs in it alone.
	password, _ := full.Lookup([]string{"authentication", "methods", "password", "enabled"})
	p.Authentication.Methods.Password.Enabled = password.Bool()
	if p.PasswordComplexity.RegExp != "" {
		p.PasswordComplexity.form, err = pattern.Search(p.PasswordComplexity.RegExp)
		if err != nil {
			return nil, fmt.Errorf("reading policies: passwordComplexity.regExp: %w", err)
		}
	}
	return p, nil
}

// defaultPolicies returns the default document with the texts of the default mails.
func defaultPolicies() (*document.Object, error) {
	full, err := document.ParseObject(defaults)
	if err != nil {
		return nil, fmt.Errorf("reading the default policies: %w", err)
	}
	mails, err := defaultMails()
	if err != nil {
		return nil, err
	}
	addTemplates(full, mails)
	return full, nil
}

// layOver lays what a group's parent and the site itself have stored over the document, and returns the latter. Without
// a group the site is its own parent.
func layOver(full *document.Object, group, explicit json.RawMessage) (own *document.Object, err error) {
	of, err := parseStored(group)
	if err != nil {
		return nil, err
	}
	if own, err = parseStored(explicit); err != nil {
		return nil, err
	}
	overlay(full, of, &policies, false)
	overlay(full, own, &policies, len(group) > 0)
	return own, nil
}

func parseStored(explicit json.RawMessage) (*document.Object, error) {
	own, err := document.ParseStored(explicit)
	if err != nil {
		return nil, fmt.Errorf("reading stored policies: %w", err)
	}
	return own, nil
}

// overlay lays the members of over onto base: objects member by member, but for maps such as templates, which come whole.
// What base does not have comes last. member leaves out what only the parent of a site group sets.
func overlay(base, over *document.Object, of *rule, member bool) {
	for name, v := range over.All() {
		r := of.find(name)
		if r == nil {
			r = &rule{}
		}
		if r.mailOnly && !hasMember(base, name) || member && r.groupLevel {
			continue
		}
		below, ok := base.Get(name)
		if ok && below.Kind() == document.KindObject && v.Kind() == document.KindObject && r.check == nil {
			overlay(below.Object(), v.Object(), r, member)
			continue
		}
		base.Set(name, v.Clone())
	}
}

func hasMember(o *document.Object, name string) bool {
	_, ok := o.Get(name)
	return ok
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
// unless all is valid; the error is then a *gigya.Error: 400006 that names the path, 401000 for settings that cannot
// work together, or 413001 for more than 16 MiB of policies in all, if they have grown. explicit is not altered.
func Merge(explicit json.RawMessage, changes *document.Object) (json.RawMessage, error) {
	return mergeInto(nil, explicit, changes)
}

// MergeMember is [Merge] for a member of a site group, with what the group's parent stored. A value that only the parent
// may set is 400006, unless it is the one in force, which is not kept: what was read can be sent back.
func MergeMember(group, explicit json.RawMessage, changes *document.Object) (json.RawMessage, error) {
	changes, err := withoutGroupLevel(group, changes)
	if err != nil {
		return nil, err
	}
	return mergeInto(ofGroup(group), explicit, changes)
}

func mergeInto(group, explicit json.RawMessage, changes *document.Object) (json.RawMessage, error) {
	own, err := parseStored(explicit)
	if err != nil {
		return nil, err
	}
	before, err := hidesInVain(group, own)
	if err != nil {
		return nil, err
	}
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
	if err := checkTogether(group, own, changes); err != nil {
		return nil, err
	}
	after, err := hidesInVain(group, own)
	if err != nil {
		return nil, err
	}
	if after && !before {
		return nil, gigya.NewError(gigya.InvalidPolicyConfiguration,
			"accountOptions.preventLoginIDHarvesting needs accountOptions.verifyEmail or registration.requireCaptcha")
	}
	merged := inOrder(own, groups).JSON()
	if len(merged) > maxSize && len(merged) > len(explicit) {
		return nil, gigya.NewError(gigya.RequestEntityTooLarge, "policies: all of a site together have more than 16 MiB")
	}
	return merged, nil
}

// maxSize bounds what a site stores of policies, mails included, in bytes: they are kept in memory.
const maxSize = 16 << 20

// checkTogether refuses what cannot work together: the mail to the owner of a deleted account has no default template.
// A site that stored the combination before is not kept from other changes.
func checkTogether(group json.RawMessage, own, changes *document.Object) error {
	sent, _ := changes.Lookup([]string{"accountOptions", "sendAccountDeletedEmail"})
	if !sent.Bool() {
		return nil
	}
	set, err := setExplicitly(group, own)
	if err != nil {
		return err
	}
	if _, ok := set.Lookup([]string{"emailNotifications", "accountDeletedEmailTemplates"}); ok {
		return nil
	}
	return gigya.NewError(gigya.InvalidPolicyConfiguration,
		"accountOptions.sendAccountDeletedEmail needs emailNotifications.accountDeletedEmailTemplates")
}

// setExplicitly returns what was set for the group and the site together.
func setExplicitly(group json.RawMessage, own *document.Object) (*document.Object, error) {
	if len(group) == 0 {
		return own, nil
	}
	set, err := parseStored(group)
	if err == nil {
		overlay(set, own, &policies, true)
	}
	return set, err
}

// hidesInVain tells whether the policies hide which login identifiers are taken and yet let everybody find out: without
// the verification of addresses a registration that succeeds tells that the address was free. All three are off by
// default, so that the values that were set decide.
func hidesInVain(group json.RawMessage, own *document.Object) (bool, error) {
	set, err := setExplicitly(group, own)
	on := func(path ...string) bool {
		v, _ := set.Lookup(path)
		return v.Bool()
	}
	return on("accountOptions", "preventLoginIDHarvesting") && !on("accountOptions", "verifyEmail") && !on("registration", "requireCaptcha"), err
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
