package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// What this file exports are the rules of the methods for those who write the same records without a call: configuration as
// code. Errors are those of the methods.

// siteText are the members of a site's configuration with how setSiteConfig takes each: as a text, a flag, or JSON.
var siteText = map[string]func(p *SetSiteConfigParams, v document.Value){
	"logoutURL":             func(p *SetSiteConfigParams, v document.Value) { text := v.Str(); p.LogoutURL = &text },
	memberGlobalConf:        func(p *SetSiteConfigParams, v document.Value) { text := v.Str(); p.GlobalConf = &text },
	"customAPIDomainPrefix": func(p *SetSiteConfigParams, v document.Value) { text := v.Str(); p.CustomAPIDomainPrefix = &text },
	"captchaProvider":       func(p *SetSiteConfigParams, v document.Value) { p.CaptchaProvider = v.Str() },
}

var siteFlag = map[string]func(p *SetSiteConfigParams, on bool){
	"enableDataSharing": func(p *SetSiteConfigParams, on bool) { p.EnableDataSharing = &on },
	"enableHSTS":        func(p *SetSiteConfigParams, on bool) { p.EnableHSTS = &on },
	// What a call only reads is taken from files.
	"isCDP":        func(*SetSiteConfigParams, bool) {},
	"isGlobalSite": func(*SetSiteConfigParams, bool) {},
}

var siteJSON = map[string]func(p *SetSiteConfigParams, text string){
	"trustedSiteURLs":  func(p *SetSiteConfigParams, text string) { p.TrustedSiteURLs = text },
	"trustedShareURLs": func(p *SetSiteConfigParams, text string) { p.TrustedShareURLs = text },
	"tags":             func(p *SetSiteConfigParams, text string) { p.Tags = text },
	memberSettings:     func(p *SetSiteConfigParams, text string) { p.Settings = text },
	"urlShorteners":    func(p *SetSiteConfigParams, text string) { p.URLShorteners = text },
	memberGroup:        func(p *SetSiteConfigParams, text string) { p.SiteGroupConfig = text },
	"abTesting":        func(p *SetSiteConfigParams, text string) { p.ABTesting = text },
	memberServices:     func(p *SetSiteConfigParams, text string) { p.Services = text },
	memberGigya:        func(p *SetSiteConfigParams, text string) { p.GigyaSettings = text },
}

// CheckSiteConfig refuses members of a site's configuration, trustedSiteURLs among them, that setSiteConfig or setRestrictions would
// refuse for the site of the record. It returns the paths of members that are not known; they are kept like those that are.
func CheckSiteConfig(record *store.Site, config *document.Object) (unknown []string, err error) {
	p := &SetSiteConfigParams{}
	for name, value := range config.All() {
		known, err := p.take(name, value)
		if err != nil {
			return nil, err
		}
		if !known {
			unknown = append(unknown, name)
		}
	}
	change := &siteChange{members: &document.Object{}, merged: &document.Object{}, captcha: &document.Object{}}
	for _, step := range []func(*SetSiteConfigParams) error{change.readTexts, change.readLists, change.readObjects} {
		if err := step(p); err != nil {
			return nil, err
		}
	}
	for name, shape := range map[string]*siteconfig.Shape{memberSettings: settingsShape, memberGroup: groupShape, memberGigya: gigyaShape} {
		if value, sent := config.Get(name); sent {
			unknown = append(unknown, shape.Unknown(name, value)...)
		}
	}
	slices.Sort(unknown)
	return unknown, change.checkMember(record)
}

// take puts a member into the parameters of a call.
func (p *SetSiteConfigParams) take(name string, value document.Value) (known bool, err error) {
	if value.IsNull() {
		return true, notNull(name)
	}
	if err := checkLength(name, value); err != nil {
		return true, err
	}
	if set, ok := siteText[name]; ok {
		set(p, value)
		return true, wantKind(name, value, document.KindString)
	}
	if set, ok := siteFlag[name]; ok {
		set(p, value.Bool())
		return true, wantKind(name, value, document.KindBool)
	}
	if set, ok := siteJSON[name]; ok {
		if _, told := value.Object().Get("members"); told && name == memberGroup {
			return true, onlyRead(memberGroup + ".members")
		}
		set(p, string(value.AppendJSON(nil)))
		return true, nil
	}
	for _, pair := range captchaPair {
		if name == pair.name { // What a call takes apart would lie open here, its secret too.
			return true, gigya.InvalidArgumentBecause(name, "is not kept here: its pair of keys is that of type "+pair.kind+" in captcha.json")
		}
	}
	switch name {
	case "siteID":
		return true, onlyRead(name)
	case memberGlobalSite:
		return true, wantKind(name, value, document.KindObject)
	case memberRestrictions:
		return true, checkRestrictions(value)
	}
	return false, nil
}

// notNull is the refusal of a member of a file that says nothing: null takes nothing away there.
func notNull(name string) error {
	return gigya.InvalidArgumentBecause(name, "must not be null: leave it out")
}

// memberSecret is what answers call the secret of a key.
const memberSecret = "secret"

// memberDescription is what people say of a site, a key, a list or a group.
const memberDescription = "description"

func onlyRead(name string) error { return gigya.InvalidArgumentBecause(name, "it can only be read") }

// noSecret is the refusal of a secret in a file of a key or a partner: it would lie open, and be of no effect.
func noSecret(name string) error {
	return gigya.InvalidArgumentBecause(name, "secrets of keys and partners are not kept in files")
}

// lengths are the bounds of members in bytes, as the methods have them; what is not here has 64 KiB.
var lengths = map[string]int{
	memberDescription: maxDescription, "logoutURL": 2048, memberGlobalConf: 1 << 20, "trustedSiteURLs": 256 << 10, "trustedShareURLs": 256 << 10, memberTenantID: 128, memberKeyType: 64,
	memberRestrictions: 2 << 20,
}

// checkLength refuses a member that is longer than what the methods take.
func checkLength(name string, value document.Value) error {
	most, ok := lengths[name]
	if !ok {
		most = 64 << 10
	}
	length := len(value.Str())
	if value.Kind() != document.KindString {
		length = len(value.AppendJSON(nil))
	}
	if length > most {
		return gigya.InvalidArgumentBecause(name, fmt.Sprintf("at most %d bytes", most))
	}
	return nil
}

// CheckDescription refuses what no method takes as a description; none is an empty one.
func CheckDescription(value document.Value) error {
	return cmp.Or(wantKind(memberDescription, value, document.KindString), checkLength(memberDescription, value))
}

func checkRestrictions(value document.Value) error {
	if err := wantKind(memberRestrictions, value, document.KindObject); err != nil {
		return err
	}
	words, _ := value.Object().Get("blockedWords")
	if err := wantKind(memberRestrictions+".blockedWords", words, document.KindArray); err != nil {
		return err
	}
	list, sent := value.Object().Get("blockedIPs")
	if !sent {
		return nil
	}
	if _, err := blockedIPs(string(list.AppendJSON(nil))); err != nil {
		return below(memberRestrictions, err)
	}
	_, err := textsOf(memberRestrictions+".blockedIPs", list) // A call takes objects, too, but stores texts.
	return err
}

// below puts the path before that of an error.
func below(path string, err error) error {
	var refused *gigya.Error
	if !errors.As(err, &refused) {
		return err
	}
	const intro = "Invalid argument: "
	return gigya.NewError(refused.Code, intro+path+"."+strings.TrimPrefix(refused.Details, intro))
}

// Regroup makes the site a member of the parent's group, or with an empty parent a site of its own, unless setSiteConfig would refuse.
func Regroup(tx store.Tx, record *store.Site, parent string, now clock.Millis) error {
	return regroup(tx, record, parent, now)
}

// CheckPartnerConfig refuses members of a partner's configuration that updatePartner or setIPRestrictions would refuse. It returns
// the names of members that are not known.
func (d Deps) CheckPartnerConfig(config *document.Object) (unknown []string, err error) {
	p := &UpdatePartnerParams{}
	for name, value := range config.All() {
		if value.IsNull() {
			return nil, notNull(name)
		}
		if err := checkLength(name, value); err != nil {
			return nil, err
		}
		kind := document.KindString
		switch name {
		case memberIsTrial, memberMigrated:
			kind = document.KindBool
		case memberTenantID:
		case memberDefaultDataCenter:
			p.DefaultDataCenter = value.Str()
		case memberAuditRetention:
			if err := retentionShape.Check(name, value); err != nil {
				return nil, err
			}
			continue
		case memberServices:
			kind, p.Services = document.KindObject, string(value.AppendJSON(nil))
		case memberCustomData:
			kind, p.CustomData = document.KindObject, string(value.AppendJSON(nil))
			unknown = append(unknown, customDataShape.Unknown(name, value)...)
		case memberSecret:
			return nil, noSecret(name)
		case site.AllowedIPsMember:
			if _, err := readNetworks(string(value.AppendJSON(nil))); err != nil {
				return nil, err
			}
			continue
		default:
			unknown = append(unknown, name)
			continue
		}
		if err := wantKind(name, value, kind); err != nil {
			return nil, err
		}
	}
	_, err = d.readPartnerChange(p)
	return unknown, err
}

// retentionShape is how long audit records are kept, in months.
var retentionShape = siteconfig.Whole(1, 1200)

// CheckKeyConfig refuses members of a key's configuration that setUserKeyInfo would refuse. It returns the names of members that are
// not known.
func CheckKeyConfig(config *document.Object) (unknown []string, err error) {
	for name, value := range config.All() {
		if err := checkLength(name, value); err != nil {
			return nil, err
		}
		switch name {
		case memberEmail:
			err = checkEmail(name, value.Str())
		case memberKeyType:
			err = wantKind(name, value, document.KindString)
		case memberSecret:
			err = noSecret(name)
		case site.AllowedIPsMember:
			_, err = readNetworks(string(value.AppendJSON(nil)))
		default:
			unknown = append(unknown, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return unknown, nil
}

// CheckList refuses what setACL would refuse. doc is an [acl.Stored]; what is stored of it is returned.
func CheckList(aclID string, doc json.RawMessage) (json.RawMessage, error) {
	if err := checkID("aclID", aclID); err != nil {
		return nil, err
	}
	said, err := document.ParseStored(doc)
	if err != nil {
		return nil, err
	}
	description, _ := said.Get(memberDescription)
	if err := CheckDescription(description); err != nil {
		return nil, err
	}
	// encoding/json would take a member that is spelt ACL for the list, too.
	text, ok := document.Member(doc, "acl")
	if !ok {
		return nil, gigya.InvalidArgumentBecause("acl", "want an object")
	}
	_, whole, err := readList(string(text))
	if err != nil {
		return nil, err
	}
	return gigya.Marshal(acl.Stored{ACL: whole, Description: description.Str()})
}

// CheckGroup refuses what createGroup and updateGroup would refuse, but for what the caller must hold himself. doc is an [acl.Group]; what is
// stored of it is returned. What the group names is looked for in the transaction.
func CheckGroup(tx store.Tx, partner int64, groupID string, doc json.RawMessage) (json.RawMessage, error) {
	said, err := document.ParseStored(doc)
	if err != nil {
		return nil, err
	}
	for name, kind := range map[string]document.Kind{"aclID": document.KindString, "scope": document.KindObject} {
		value, _ := said.Get(name)
		if err := wantKind(name, value, kind); err != nil {
			return nil, err
		}
	}
	description, _ := said.Get(memberDescription)
	if err := CheckDescription(description); err != nil {
		return nil, err
	}
	g := acl.Group{ACLID: member(document.FromObject(said), "aclID"), Description: description.Str()}
	if users, ok := said.Get("users"); ok && !users.IsNull() {
		if g.Users, err = textsOf("users", users); err != nil {
			return nil, err
		}
	}
	if len(g.Users) > maxUsers {
		return nil, gigya.InvalidArgumentBecause("users", "at most 5000 user keys")
	}
	g.Users = unique(g.Users)
	if err := checkUsers(tx, partner, "users", g.Users); err != nil {
		return nil, err
	}
	if fixed, ok := acl.BuiltInGroups()[groupID]; ok {
		if g.ACLID != "" && g.ACLID != fixed.ACLID {
			return nil, gigya.InvalidArgumentBecause("aclID", "of a built-in group only the members can change")
		}
		fixed.Users = g.Users
		return gigya.Marshal(fixed)
	}
	if err := checkID("groupID", groupID); err != nil {
		return nil, err
	}
	scope, _ := document.Member(doc, "scope")
	if g.Scope, err = readScope(string(scope)); err != nil {
		return nil, err
	}
	h := &holder{partner: partner, everything: true}
	if err := h.checkGroup(tx, g); err != nil {
		return nil, err
	}
	return gigya.Marshal(g)
}

// CheckEmpty refuses a site with accounts or objects of its own, which it would leave behind as a member of a group.
func (d Deps) CheckEmpty(ctx context.Context, s *site.Site) error { return d.checkEmpty(ctx, s) }

// Administrators are what is known of who administers a partner before a change.
type Administrators struct {
	partner int64
	// had tells whether one of the members of _admins could call.
	had bool
	// lists is the size of all ACLs, in bytes.
	lists int
}

// AdministratorsOf reads the administrators of the partner before a change.
func AdministratorsOf(tx store.Tx, partner int64) (*Administrators, error) {
	has, err := hasAdministrator(tx, partner)
	if err != nil {
		return nil, err
	}
	lists, err := tx.ConfigObjects(store.OwnerOfPartner(partner), acl.KindList)
	return &Administrators{partner, has, sizeOfLists(lists)}, err
}

// Check refuses, after a change, rights that it left broken: an ACL that a group names and that is gone, one group or list too many, lists
// that have grown too large together, and _admins without a key that can call.
func (a *Administrators) Check(tx store.Tx) error {
	has, err := hasAdministrator(tx, a.partner)
	if err != nil {
		return err
	}
	if a.had && !has {
		return noAdministrator(acl.Admins)
	}
	groups, err := groupsIn(tx, a.partner)
	if err != nil {
		return err
	}
	for _, groupID := range slices.Sorted(maps.Keys(groups)) {
		if _, err := listIn(tx, a.partner, groups[groupID].ACLID); err != nil {
			return below(groupID, err)
		}
	}
	lists, err := tx.ConfigObjects(store.OwnerOfPartner(a.partner), acl.KindList)
	if err != nil {
		return err
	}
	if len(groups) > maxGroups || len(lists) > maxLists {
		return gigya.InvalidArgumentBecause("partner", "at most 1000 groups and 1000 ACLs")
	}
	if size := sizeOfLists(lists); size > maxListsSize && size > a.lists {
		return listsTooLarge()
	}
	return nil
}

func hasAdministrator(tx store.Tx, partner int64) (bool, error) {
	g, err := readGroup(tx, partner, acl.Admins, "groupID")
	if err != nil {
		return false, err
	}
	return anyLive(tx, g.Users)
}

// KnownDataCenter tells whether a site may have the label, in any letter case.
func (d Deps) KnownDataCenter(label string) bool { return d.knownDataCenter(label) }
