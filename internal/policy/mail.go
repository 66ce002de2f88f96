package policy

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// mails are the groups with the mails of a new site, texts of our own in the recorded shape and order.
//
//go:embed mails.json
var mails []byte

func defaultMails() (*document.Object, error) {
	o, err := document.ParseObject(mails)
	if err != nil {
		return nil, fmt.Errorf("reading the default mails: %w", err)
	}
	return o, nil
}

// addTemplates gives the groups of the policies the templates of the mails.
func addTemplates(full, mails *document.Object) {
	for name, v := range full.All() {
		mail, _ := mails.Get(name)
		into := v.Object()
		for member, value := range mail.Object().All() {
			below, ok := into.Get(member)
			switch {
			case rule{name: member}.holdsTemplates():
				into.Set(member, value.Clone())
			case ok && below.Kind() == document.KindObject && member == "emailProvider":
				templates, _ := value.Object().Get("emailTemplates")
				below.Object().Set("emailTemplates", templates.Clone())
			}
		}
	}
}

// MailGroups returns the names of the groups that hold mail templates, which are the parameters of
// accounts.policies.emailTemplates.setConfig, in the order of the recorded answers.
func MailGroups() []string {
	return []string{"magicLink", "codeVerification", "emailVerification", "emailNotifications", "preferencesCenter", "doubleOptIn",
		"passwordReset", "twoFactorAuth", "impossibleTraveler", "unknownLocationNotification", "passwordResetNotification"}
}

// Mails returns the groups with mail templates as accounts.policies.emailTemplates.getConfig shows them: with the names of
// placeholders and every provider of a second factor, which getPolicies leaves out.
func (p *Policies) Mails() (json.RawMessage, error) {
	full, err := defaultMails()
	if err != nil {
		return nil, err
	}
	known := MailGroups()
	added := providersIn(full)
	if _, err = layOver(full, p.group, p.explicit); err != nil {
		return nil, err
	}
	addProviders(full, added)
	shown := &document.Object{}
	for _, name := range known {
		if v, ok := full.Get(name); ok {
			shown.Set(name, v)
		}
	}
	return shown.JSON(), nil
}

// providersIn are the providers of a second factor that the document lists.
func providersIn(full *document.Object) []document.Value {
	list, _ := full.Lookup([]string{"twoFactorAuth", "providers"})
	return list.Items()
}

// addProviders puts the providers that the document's list does not name at the end of it.
func addProviders(full *document.Object, added []document.Value) {
	of, _ := full.Get("twoFactorAuth")
	list := slices.Clone(providersIn(full))
	for _, provider := range added {
		if !names(list, provider) {
			list = append(list, provider)
		}
	}
	of.Object().Set("providers", document.ArrayOf(list...))
}

// names tells whether the list has a provider of the name.
func names(list []document.Value, provider document.Value) bool {
	name, _ := provider.Object().Get("name")
	return slices.ContainsFunc(list, func(v document.Value) bool {
		own, _ := v.Object().Get("name")
		return own.Equal(name)
	})
}

// WithoutAdded returns the changes, groups of mail templates, without the providers that [Policies.Mails] adds to those of
// the site: whoever sends back what was read does not mean to set them.
func (p *Policies) WithoutAdded(changes *document.Object) (*document.Object, error) {
	sent, ok := changes.Lookup([]string{"twoFactorAuth", "providers"})
	if !ok || sent.Kind() != document.KindArray {
		return changes, nil
	}
	mails, err := defaultMails()
	if err != nil {
		return nil, err
	}
	full, err := document.ParseObject(p.full)
	if err != nil {
		return nil, fmt.Errorf("reading policies: %w", err)
	}
	own, added := providersIn(full), providersIn(mails)
	kept := slices.DeleteFunc(slices.Clone(sent.Items()), func(v document.Value) bool {
		return !names(own, v) && slices.ContainsFunc(added, v.Equal)
	})
	changes = changes.Clone()
	of, _ := changes.Get("twoFactorAuth")
	of.Object().Set("providers", document.ArrayOf(kept...))
	return changes, nil
}

// withoutGroupLevel returns the changes without what only the parent of a site group may set. A value that differs from
// the one in force is 400006, with the recorded text.
func withoutGroupLevel(group json.RawMessage, changes *document.Object) (*document.Object, error) {
	shown, err := defaultPolicies()
	if err != nil {
		return nil, err
	}
	mails, err := defaultMails()
	if err != nil {
		return nil, err
	}
	for _, full := range []*document.Object{shown, mails} {
		if _, err := layOver(full, nil, group); err != nil {
			return nil, err
		}
	}
	m := member{inForce: []document.Value{document.FromObject(shown), document.FromObject(mails)}}
	kept := m.keep(&policies, nil, changes)
	if len(m.refused) == 0 {
		return kept, nil
	}
	return nil, gigya.NewError(gigya.InvalidParameterValue,
		"Member sites may not override group-level policies ("+strings.Join(m.refused, ",")+")")
}

// OfMember returns what counts of the explicit policies of a member of a site group: without what only the parent sets, which the site may
// have set before it joined.
func OfMember(explicit json.RawMessage) (json.RawMessage, error) {
	own, err := parseStored(explicit)
	if err != nil {
		return nil, err
	}
	return (&member{}).keep(&policies, nil, own).JSON(), nil
}

// Dormant is the rest beside [OfMember]: what counts again when the site leaves the group.
func Dormant(explicit json.RawMessage) (json.RawMessage, error) {
	own, err := parseStored(explicit)
	if err != nil {
		return nil, err
	}
	return dormant(&policies, own).JSON(), nil
}

func dormant(of *rule, own *document.Object) *document.Object {
	kept := &document.Object{}
	for name, v := range own.All() {
		switch r := of.find(name); {
		case r == nil:
		case r.groupLevel:
			kept.Set(name, v)
		case v.Kind() == document.KindObject && r.check == nil:
			if below := dormant(r, v.Object()); below.Len() > 0 {
				kept.Set(name, document.FromObject(below))
			}
		}
	}
	return kept
}

// member looks through changes of a member of a site group.
type member struct {
	// inForce are the two views of what is in force: either may be sent back.
	inForce []document.Value
	// refused are the paths of what only the parent may set otherwise.
	refused []string
}

// keep returns the members that the site may set.
func (m *member) keep(of *rule, path []string, changes *document.Object) *document.Object {
	kept := &document.Object{}
	for name, v := range changes.All() {
		r, at := of.find(name), append(slices.Clone(path), name)
		switch {
		case r == nil, v.IsNull():
			kept.Set(name, v)
		case r.groupLevel:
			if !slices.ContainsFunc(m.inForce, func(full document.Value) bool {
				present, _ := full.Object().Lookup(at)
				return says(r, present, v)
			}) {
				m.refused = append(m.refused, strings.Join(at, "."))
			}
		case v.Kind() == document.KindObject && r.check == nil:
			kept.Set(name, document.FromObject(m.keep(r, at, v.Object())))
		default:
			kept.Set(name, v)
		}
	}
	return kept
}

// says tells whether a value that was sent asks for nothing but what is in force: members that are not known ask for
// nothing.
func says(r *rule, present, sent document.Value) bool {
	if r.check != nil || sent.Kind() != document.KindObject || present.Kind() != document.KindObject {
		return present.Equal(sent)
	}
	for name, v := range sent.Object().All() {
		known := r.find(name)
		if known == nil {
			continue
		}
		if below, _ := present.Object().Get(name); !says(known, below, v) {
			return false
		}
	}
	return true
}
