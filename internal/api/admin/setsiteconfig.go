package admin

import (
	"context"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// SetSiteConfigParams are the parameters of admin.setSiteConfig. Those that are not sent change nothing.
type SetSiteConfigParams struct {
	BaseDomain *string `param:"baseDomain"`
	// OverrideBaseDomain is known from exported ACLs alone; it is taken and of no effect.
	OverrideBaseDomain bool    `param:"overrideBaseDomain"`
	Description        *string `param:"description"`
	// DataCenter must be the one that the site has.
	DataCenter string `param:"dataCenter"`
	// TrustedSiteURLs and TrustedShareURLs are JSON arrays of patterns host/path with stars.
	TrustedSiteURLs  string  `param:"trustedSiteURLs,len=262144"`
	TrustedShareURLs string  `param:"trustedShareURLs,len=262144"`
	Tags             string  `param:"tags,len=65536"`
	LogoutURL        *string `param:"logoutURL,len=2048"`
	// CaptchaProvider is Google or FunCaptcha; the pairs are {SiteKey, Secret}.
	CaptchaProvider    string `param:"captchaProvider"`
	RecaptchaV2        string `param:"recaptchaV2,len=8192"`
	InvisibleRecaptcha string `param:"invisibleRecaptcha,len=8192"`
	FunCaptcha         string `param:"funCaptcha,len=8192"`
	// Settings is merged member by member; null takes a member away.
	Settings      string `param:"settings,len=65536"`
	URLShorteners string `param:"urlShorteners,len=65536"`
	// SiteGroupOwner is the API key of the parent whose group the site joins; empty or null: it leaves its group.
	SiteGroupOwner *string `param:"siteGroupOwner"`
	// SiteGroupConfig is {enableSSO, SSOSegment}: the first of a parent, the second of each member.
	SiteGroupConfig   string `param:"siteGroupConfig,len=65536"`
	EnableDataSharing *bool  `param:"enableDataSharing"`
	// GlobalConf is the configuration of the web SDK: JavaScript, kept as it is.
	GlobalConf            *string `param:"globalConf,len=1048576"`
	CustomAPIDomainPrefix *string `param:"customAPIDomainPrefix"`
	EnableHSTS            *bool   `param:"enableHSTS"`
	ABTesting             string  `param:"abTesting,len=65536"`
	Services              string  `param:"services,len=65536"`
	GigyaSettings         string  `param:"gigyaSettings,len=65536"`
}

// setSiteConfig serves admin.setSiteConfig: it changes the configuration of a site, and joins or leaves a site group.
//
// Servers may call. Only what is sent changes, and all of it or none. A value that cannot be stored is 400006 with the path of the
// member at fault, text that is not the JSON that was asked for 400004. Another data center than the site's is 400006; so is a parent that is a
// child itself, the site itself, of another data center or of nobody that the caller knows, a parent with members that would become
// a child, and a child that has accounts of its own, which would be out of reach. A key that holds less at the parent than at the
// site is 403007: the accounts of the one would be those of the other.
//
// Sources: the toolkit's services that copy configurations; exported ACLs, which name the parameters; the guide to site groups.
//
// Differs: parents of another data center are 400006 and not 500028; accounts of a child are not given up silently.
func setSiteConfig(d Deps) *method.Method {
	spec := changing(aboutSite("admin.setSiteConfig", "Changes the configuration of a site."))
	spec.Partial = "CAPTCHA keys, custom domains, HSTS, logoutURL and URL shorteners are stored; what they do comes later"
	return method.New(spec, func(ctx context.Context, c *method.Call[SetSiteConfigParams]) (method.None, error) {
		change, err := readSiteChange(c)
		if err != nil {
			return method.None{}, err
		}
		if change.parent != nil && *change.parent != "" && *change.parent != c.Site.Group {
			if err := d.checkJoins(ctx, c.Invocation, *change.parent); err != nil {
				return method.None{}, err
			}
			if err := d.checkEmpty(ctx, c.Site); err != nil {
				return method.None{}, err
			}
		}
		return method.None{}, d.change(ctx, c.Invocation, func(tx store.Tx) error { return d.changeSite(tx, c.Site, change) })
	})
}

// siteChange is what a call of setSiteConfig changes, read and checked as far as that goes without the site's record.
type siteChange struct {
	baseDomain, description *string
	trusted                 []string
	setTrusted              bool
	// parent is nil for a site that stays where it is; an empty text: it leaves.
	parent *string
	now    clock.Millis
	// members replace those of the stored configuration; merged are laid over them.
	members, merged *document.Object
	// captcha are key pairs by their types.
	captcha *document.Object
}

func readSiteChange(c *method.Call[SetSiteConfigParams]) (*siteChange, error) {
	p := &c.Params
	change := &siteChange{members: &document.Object{}, merged: &document.Object{}, captcha: &document.Object{}, description: p.Description, now: clock.FromTime(c.Now)}
	if p.BaseDomain != nil {
		if err := site.CheckBaseDomain(*p.BaseDomain); err != nil {
			return nil, gigya.InvalidArgumentBecause("baseDomain", err.Error())
		}
		change.baseDomain = p.BaseDomain
	}
	if p.DataCenter != "" && !strings.EqualFold(p.DataCenter, c.Site.DataCenter) {
		return nil, gigya.InvalidArgumentBecause("dataCenter", "the data center of a site cannot change")
	}
	if p.SiteGroupOwner != nil {
		parent := strings.TrimSpace(*p.SiteGroupOwner)
		if strings.EqualFold(parent, "null") {
			parent = ""
		}
		change.parent = &parent
	}
	for _, step := range []func(*SetSiteConfigParams) error{
		change.readTexts, change.readLists, change.readCaptcha, change.readObjects,
	} {
		if err := step(p); err != nil {
			return nil, err
		}
	}
	return change, nil
}

func (s *siteChange) readTexts(p *SetSiteConfigParams) error {
	for _, text := range []struct {
		name  string
		value *string
		check func(string) error
	}{
		{"logoutURL", p.LogoutURL, checkWebAddress}, {"globalConf", p.GlobalConf, nil},
		{"customAPIDomainPrefix", p.CustomAPIDomainPrefix, checkDomainLabel},
	} {
		if text.value == nil {
			continue
		}
		if text.check != nil && *text.value != "" {
			if err := text.check(*text.value); err != nil {
				return gigya.InvalidArgumentBecause(text.name, err.Error())
			}
		}
		s.members.Set(text.name, document.String(*text.value))
	}
	for _, flag := range []struct {
		name  string
		value *bool
	}{{"enableDataSharing", p.EnableDataSharing}, {"enableHSTS", p.EnableHSTS}} {
		if flag.value != nil {
			s.members.Set(flag.name, document.Boolean(*flag.value))
		}
	}
	if p.CaptchaProvider != "" {
		if err := captchaProviders.Check("captchaProvider", document.String(p.CaptchaProvider)); err != nil {
			return err
		}
		s.members.Set("captchaProvider", document.String(p.CaptchaProvider))
	}
	return nil
}

func (s *siteChange) readLists(p *SetSiteConfigParams) error {
	if p.TrustedSiteURLs != "" {
		list, err := patterns("trustedSiteURLs", p.TrustedSiteURLs)
		if err != nil {
			return err
		}
		s.trusted, s.setTrusted = list, true
	}
	if p.TrustedShareURLs != "" {
		list, err := patterns("trustedShareURLs", p.TrustedShareURLs)
		if err != nil {
			return err
		}
		s.members.Set("trustedShareURLs", document.Texts(list))
	}
	if p.Tags != "" {
		list, err := textList("tags", p.Tags)
		if err != nil {
			return err
		}
		s.members.Set("tags", document.Texts(list))
	}
	return nil
}

// readObjects reads what is laid over the stored members, null taking one of them away.
func (s *siteChange) readObjects(p *SetSiteConfigParams) error {
	for _, o := range []struct {
		name, text string
		shape      *siteconfig.Shape
	}{
		{memberSettings, p.Settings, settingsShape}, {"urlShorteners", p.URLShorteners, anyObject}, {memberGroup, p.SiteGroupConfig, groupShape},
		{"abTesting", p.ABTesting, anyObject}, {memberServices, p.Services, servicesShape}, {memberGigya, p.GigyaSettings, gigyaShape},
	} {
		if o.text == "" {
			continue
		}
		value, err := parsed(o.name, o.text)
		if err != nil {
			return err
		}
		if err := o.shape.Check(o.name, value); err != nil {
			return err
		}
		s.merged.Set(o.name, value)
	}
	if _, sent := s.merged.Lookup([]string{memberGigya, "enableRequestLoggingUntil"}); sent {
		return gigya.InvalidArgumentBecause(memberGigya+".enableRequestLoggingUntil", "it can only be read")
	}
	if group, sent := s.merged.Get(memberGroup); sent {
		group.Object().Delete("members") // They are told by their siteGroupOwner; copies of configurations send them back.
	}
	return nil
}

// changeSite changes the record of the site and what belongs to it.
func (d Deps) changeSite(tx store.Tx, s *site.Site, change *siteChange) error {
	record, err := tx.Site(s.APIKey)
	if err != nil {
		return err
	}
	if record.Status == store.SiteDeleted {
		return deletedSite()
	}
	if change.baseDomain != nil {
		record.BaseDomain = *change.baseDomain
	}
	if change.description != nil {
		record.Description = *change.description
	}
	if change.setTrusted {
		record.TrustedSiteURLs = change.trusted
	}
	if change.parent != nil {
		if err := regroup(tx, record, *change.parent, change.now); err != nil {
			return err
		}
	}
	if err := change.checkMember(record); err != nil {
		return err
	}
	if err := change.apply(record); err != nil {
		return err
	}
	if change.captcha.Len() > 0 {
		if err := d.putCaptcha(tx, s, change.captcha); err != nil {
			return err
		}
	}
	return tx.PutSite(record)
}

// checkMember refuses what only the parent of a group decides.
func (s *siteChange) checkMember(record *store.Site) error {
	if record.Group == record.APIKey {
		return nil
	}
	if sso, sent := s.merged.Lookup([]string{memberGroup, "enableSSO"}); sent && !sso.IsNull() {
		return gigya.InvalidArgumentBecause(memberGroup+".enableSSO", "it is set on the parent of the group")
	}
	if _, sent := s.merged.Lookup([]string{memberGigya, "dsSize"}); sent {
		return gigya.InvalidArgumentBecause(memberGigya+".dsSize", "it is set on the parent of the group")
	}
	return nil
}

// apply writes the members into the stored configuration. Those that the call does not name stay as they are.
func (s *siteChange) apply(record *store.Site) error {
	own, err := document.ParseStored(record.Config)
	if err != nil {
		return err
	}
	for name, value := range s.members.All() {
		own.Set(name, value)
	}
	for name, value := range s.merged.All() {
		own.Set(name, laidOver(own, name, value))
	}
	record.Config = jsonOf(own)
	return nil
}
