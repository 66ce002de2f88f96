package admin

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
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
		return true, gigya.InvalidArgumentBecause(name, "must not be null: leave it out")
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
		set(p, string(value.AppendJSON(nil)))
		return true, nil
	}
	switch name {
	case memberGlobalSite:
		return true, wantKind(name, value, document.KindObject)
	case memberRestrictions:
		return true, checkRestrictions(value)
	}
	return false, nil
}

func checkRestrictions(value document.Value) error {
	if err := wantKind(memberRestrictions, value, document.KindObject); err != nil {
		return err
	}
	words, _ := value.Object().Get("blockedWords")
	if err := wantKind(memberRestrictions+".blockedWords", words, document.KindArray); err != nil {
		return err
	}
	if list, sent := value.Object().Get("blockedIPs"); sent {
		_, err := blockedIPs(string(list.AppendJSON(nil)))
		return below(memberRestrictions, err)
	}
	return nil
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
func Regroup(tx store.Tx, record *store.Site, parent string) error {
	return regroup(tx, record, parent)
}

// CheckPartnerConfig refuses members of a partner's configuration that updatePartner or setIPRestrictions would refuse. It returns
// the names of members that are not known.
func (d Deps) CheckPartnerConfig(config *document.Object) (unknown []string, err error) {
	p := &UpdatePartnerParams{}
	for name, value := range config.All() {
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
		switch name {
		case memberEmail:
			err = checkEmail(name, value.Str())
		case memberKeyType:
			err = wantKind(name, value, document.KindString)
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
	var kept acl.Stored
	if err := json.Unmarshal(doc, &kept); err != nil || len(kept.ACL) == 0 {
		return nil, gigya.InvalidArgumentBecause("acl", "want an object")
	}
	_, whole, err := readList(string(kept.ACL))
	if err != nil {
		return nil, err
	}
	kept.ACL = whole
	return gigya.Marshal(kept)
}

// CheckGroup refuses what createGroup and updateGroup would refuse, but for what the caller must hold himself. doc is an [acl.Group]; what is
// stored of it is returned. What the group names is looked for in the transaction.
func CheckGroup(tx store.Tx, partner int64, groupID string, doc json.RawMessage) (json.RawMessage, error) {
	var g acl.Group
	if err := json.Unmarshal(doc, &g); err != nil {
		return nil, gigya.InvalidArgumentBecause("group", err.Error())
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
	var err error
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
}

// AdministratorsOf reads the administrators of the partner before a change.
func AdministratorsOf(tx store.Tx, partner int64) (*Administrators, error) {
	has, err := hasAdministrator(tx, partner)
	return &Administrators{partner, has}, err
}

// Check refuses, after a change, rights that it left broken: an ACL that a group names and that is gone, one group or list too many, and
// _admins without a key that can call.
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
