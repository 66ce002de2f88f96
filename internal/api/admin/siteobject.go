package admin

import (
	"context"
	"slices"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Members of a site's stored configuration that getSiteConfig shows on demand, or not at all.
const (
	memberGroup        = "siteGroupConfig"
	memberGlobalConf   = "globalConf"
	memberServices     = "services"
	memberGigya        = "gigyaSettings"
	memberGlobalSite   = "globalSiteSettings"
	memberSettings     = "settings"
	memberRestrictions = site.RestrictionsMember
)

// siteMembers are the members of a site's configuration that a call always shows, in the order in which they are shown, with what
// a new site has. A member in which child is set comes from the parent of the group as long as the site has none of its own.
var siteMembers = []struct {
	name    string
	initial document.Value
	child   bool
}{
	{"trustedShareURLs", document.Texts([]string{"bit.ly/*", "fw.to/*", "shr.gs/*", "vst.to/*", "socli.ru/*", "s.gigya-api.cn/*"}), true},
	{"tags", document.ArrayOf(), false},
	{"captchaProvider", document.String("Google"), true},
	{memberSettings, object("CNAME", document.String(""), "shortURLDomain", document.String(""),
		"shortURLRedirMethod", document.String("js"), "encryptPII", document.Boolean(true)), true},
	{"enableDataSharing", document.Boolean(true), false},
	{"isCDP", document.Boolean(false), false},
	{"isGlobalSite", document.Boolean(false), false},
	{"customAPIDomainPrefix", document.String(""), false},
	{"enableHSTS", document.Boolean(false), false},
	{"logoutURL", document.String(""), false},
	{"urlShorteners", object(), false},
}

// object makes an object of names and values by turns.
func object(members ...any) document.Value {
	o := &document.Object{}
	for i := 0; i < len(members); i += 2 {
		o.Set(members[i].(string), members[i+1].(document.Value))
	}
	return document.FromObject(o)
}

// siteScope says how much of a site's configuration is shown.
type siteScope struct {
	group, globalConf, services, id, gigya, globalSite bool
	// explicit leaves out what the site did not set itself; explicitGroup does so for the part about the group.
	explicit, explicitGroup bool
}

// siteConfig is the configuration of the site as getSiteConfig shows it.
func (d Deps) siteConfig(ctx context.Context, s *site.Site, scope siteScope) (*document.Object, error) {
	own, err := document.ParseStored(s.Config)
	if err != nil {
		return nil, err
	}
	parent, err := d.parentConfig(ctx, s)
	if err != nil {
		return nil, err
	}
	captcha, err := d.captchaPairs(ctx, s, scope.explicit)
	if err != nil {
		return nil, err
	}
	out := &document.Object{}
	out.Set("baseDomain", document.String(s.BaseDomain))
	out.Set("dataCenter", document.String(s.DataCenter))
	out.Set("trustedSiteURLs", document.Texts(s.TrustedSiteURLs))
	out.Set("description", document.String(s.Description))
	shown := []string{memberGroup, memberGlobalConf, memberServices, memberGigya, memberGlobalSite, memberRestrictions}
	for _, m := range siteMembers {
		shown = append(shown, m.name)
		initial := m.initial
		if m.child {
			initial = overlaid(initial, parent, m.name)
		}
		if v, set := own.Get(m.name); set && scope.explicit {
			out.Set(m.name, v)
		} else if !scope.explicit {
			out.Set(m.name, overlaid(initial, own, m.name))
		}
	}
	for name, pair := range captcha.All() {
		out.Set(name, pair)
	}
	d.addOnDemand(out, s, own, parent, scope)
	if scope.group {
		if err := d.addGroup(ctx, out, s, own, parent, scope.explicitGroup); err != nil {
			return nil, err
		}
	}
	for name, value := range own.All() {
		if !slices.Contains(shown, name) {
			out.Set(name, value)
		}
	}
	return out, nil
}

// overlaid is what the configuration says of the member, else the value beneath. Objects are laid over each other member by
// member.
func overlaid(beneath document.Value, over *document.Object, name string) document.Value {
	v, set := over.Get(name)
	if !set || v.IsNull() {
		return beneath
	}
	if beneath.Kind() != document.KindObject || v.Kind() != document.KindObject {
		return v
	}
	merged := beneath.Object().Clone()
	document.MergeFlat(merged, v.Object())
	return document.FromObject(merged)
}

// addOnDemand adds what is shown only to those who ask for it.
func (d Deps) addOnDemand(out *document.Object, s *site.Site, own, parent *document.Object, scope siteScope) {
	for _, m := range []struct {
		wanted  bool
		name    string
		initial document.Value
		child   bool
	}{
		{scope.globalSite, memberGlobalSite, object(), false},
		{scope.globalConf, memberGlobalConf, document.String(""), true},
		{scope.services, memberServices, services(), false},
		{scope.gigya, memberGigya, object(), false},
	} {
		switch v, set := own.Get(m.name); {
		case !m.wanted:
		case scope.explicit:
			if set {
				out.Set(m.name, v)
			}
		default:
			initial := m.initial
			if m.child {
				initial = overlaid(initial, parent, m.name)
			}
			out.Set(m.name, overlaid(initial, own, m.name))
		}
	}
	if scope.id {
		out.Set("siteID", document.Int(s.SiteID))
	}
}

// addGroup adds the site's place in its group. siteGroupConfig is always an object: clients read its members without a check.
func (d Deps) addGroup(ctx context.Context, out *document.Object, s *site.Site, own, parent *document.Object, explicit bool) error {
	shown := &document.Object{}
	if s.Group == s.APIKey {
		members, err := d.members(ctx, s)
		if err != nil {
			return err
		}
		if len(members) > 0 {
			shown.Set("members", document.Texts(members))
		}
	}
	if !explicit {
		shown.Set("enableSSO", document.Boolean(false))
		if v, set := parent.Lookup([]string{memberGroup, "enableSSO"}); set {
			shown.Set("enableSSO", v)
		}
	}
	if v, set := own.Get(memberGroup); set {
		document.MergeFlat(shown, v.Object())
	}
	out.Set(memberGroup, document.FromObject(shown))
	if s.Group != s.APIKey {
		out.Set("siteGroupOwner", document.String(s.Group))
	}
	return nil
}

// parentConfig is the stored configuration of the parent of the site's group; empty for a site that has none.
func (d Deps) parentConfig(ctx context.Context, s *site.Site) (*document.Object, error) {
	if s.Group == s.APIKey {
		return &document.Object{}, nil
	}
	parent, err := d.Sites.Site(ctx, s.Group)
	if err != nil {
		return nil, err
	}
	return document.ParseStored(parent.Config)
}

// members are the API keys of the sites that hang on the site, oldest first, without deleted ones.
func (d Deps) members(ctx context.Context, s *site.Site) ([]string, error) {
	all, err := d.Store.Sites(ctx, s.Site.Partner)
	if err != nil {
		return nil, err
	}
	return hangingOn(all, s.APIKey), nil
}

// membersOf is members in a transaction.
func membersOf(tx store.Tx, partner int64, apiKey string) ([]string, error) {
	all, err := tx.Sites(partner)
	if err != nil {
		return nil, err
	}
	return hangingOn(all, apiKey), nil
}

func hangingOn(all []*store.Site, apiKey string) []string {
	var members []string
	for _, s := range all {
		if s.Group == apiKey && s.APIKey != apiKey && s.Status != store.SiteDeleted {
			members = append(members, s.APIKey)
		}
	}
	return members
}

// services are the features of a site or partner that never set any: what this server has.
func services() document.Value {
	o := &document.Object{}
	for _, name := range []string{"accounts", "audit", "ds", "ids", "liteAccount", "subscriptions"} {
		o.Set(name, object("enabled", document.Boolean(true)))
	}
	for _, name := range []string{"samlIdp", "gm", "comments", "nexus"} {
		o.Set(name, object("enabled", document.Boolean(false)))
	}
	return document.FromObject(o)
}
