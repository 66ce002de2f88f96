package caller_test

import (
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

const sso = `{"siteGroupConfig":{"enableSSO":true}}`

// configure stores the configuration of a site.
func (h *house) configure(t testing.TB, s *store.Site, config string) {
	t.Helper()
	s.Config = []byte(config)
	h.put(t, s)
}

// openAt opens a session at the site.
func (h *house) openAt(t testing.TB, s *store.Site, o session.Open) session.Opened {
	t.Helper()
	o.Group, o.Site, o.UID = s.Group, s.APIKey, uid
	var opened session.Opened
	must(t, h.store.Change(t.Context(), func(tx store.Tx) (err error) {
		opened, err = h.sessions.Open(tx, o)
		return err
	}))
	return opened
}

// forms are calls at the site with a session, in every form that a session has.
func (h *house) forms(t testing.TB, at *store.Site, web, mobile session.Opened) map[string]*caller.Request {
	t.Helper()
	access := h.tokens.SealAccess(token.Access{
		Session: true, Site: web.Session.Site, Partner: h.partner.ID, UID: uid, Login: web.Session.Hash,
		Issued: clock.FromTime(h.clock.Now()), Expires: clock.FromTime(h.clock.Now().Add(time.Hour)),
	})
	cookie := h.request("apiKey", at.APIKey)
	cookie.Cookie = func(name string) string {
		if name == session.CookieName(at.APIKey) {
			return web.Token
		}
		return ""
	}
	header := h.request("apiKey", at.APIKey)
	header.Authorization = "Bearer " + web.Token
	return map[string]*caller.Request{
		"login_token": h.request("apiKey", at.APIKey, "login_token", web.Token),
		"cookie":      cookie,
		"header":      header,
		"oauth_token": h.request("apiKey", at.APIKey, "oauth_token", web.Token),
		"signature":   sign(t, h.request("apiKey", at.APIKey, "oauth_token", mobile.Token), mobile.Secret),
		"user token":  h.request("apiKey", at.APIKey, "oauth_token", access),
	}
}

// unknown is what a session that is not there is answered, by the form of the credential.
var unknown = map[string]gigya.Code{
	"login_token": 403005, "cookie": 403005, "header": 403025, "oauth_token": 403005, "signature": 403005, "user token": 403025,
}

func TestWhichSitesOfAGroupShareSessions(t *testing.T) {
	const (
		off      = `{"siteGroupConfig":{"enableSSO":false}}`
		plain    = `{}`
		segment  = `{"siteGroupConfig":{"SSOSegment":"inner"}}`
		another  = `{"siteGroupConfig":{"SSOSegment":"outer"}}`
		pretends = `{"siteGroupConfig":{"enableSSO":true}}`
		joined   = `{"siteGroupConfig":{"enableSSO":true,"SSOSegment":"inner"}}`
	)
	for name, test := range map[string]struct {
		parent, child, second           string
		parentAtChild, childAtParent    bool
		childAtSecond, secondAtTheChild bool
	}{
		"no single sign-on":                         {off, plain, plain, false, false, false, false},
		"nothing set":                               {plain, plain, plain, false, false, false, false},
		"a member cannot switch it on":              {off, pretends, pretends, false, false, false, false},
		"one segment is no single sign-on":          {off, segment, segment, false, false, false, false},
		"single sign-on":                            {sso, plain, plain, true, true, true, true},
		"a member in a segment":                     {sso, segment, plain, false, false, false, false},
		"two members in a segment":                  {sso, segment, segment, false, false, true, true},
		"two members in two segments":               {sso, segment, another, false, false, false, false},
		"the parent in the segment of one member":   {joined, segment, plain, true, true, false, false},
		"the parent in the segment of both members": {joined, segment, segment, true, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			second := h.newSite(t, h.partner, h.site.APIKey)
			h.configure(t, h.site, test.parent)
			h.configure(t, h.child, test.child)
			h.configure(t, second, test.second)
			for _, way := range []struct {
				from, to *store.Site
				good     bool
			}{
				{h.site, h.site, true}, {h.child, h.child, true},
				{h.site, h.child, test.parentAtChild}, {h.child, h.site, test.childAtParent},
				{h.child, second, test.childAtSecond}, {second, h.child, test.secondAtTheChild},
				{h.child, h.sibling, false}, {h.site, h.foreign, false},
			} {
				web, mobile := h.openAt(t, way.from, session.Open{}), h.openAt(t, way.from, session.Open{Mobile: true})
				for form, r := range h.forms(t, way.to, web, mobile) {
					c, err := h.call(t, r)
					got, _ := refusal(t, err)
					switch {
					case way.good && (got != 0 || c.Class != caller.Session || c.UID != uid):
						t.Errorf("%s from %s at %s: %v", form, way.from.APIKey, way.to.APIKey, err)
					case !way.good && got != unknown[form]:
						t.Errorf("%s from %s at %s: %d, want %d", form, way.from.APIKey, way.to.APIKey, got, unknown[form])
					}
				}
			}
		})
	}
}

func TestSessionsFollowTheSitesOfAGroup(t *testing.T) {
	h := newHouse(t)
	second := h.newSite(t, h.partner, h.site.APIKey)
	web, mobile := h.openAt(t, h.child, session.Open{}), h.openAt(t, h.child, session.Open{Mobile: true})
	want := func(what string, at *store.Site, good bool) {
		t.Helper()
		for form, r := range h.forms(t, at, web, mobile) {
			_, err := h.call(t, r)
			if got, _ := refusal(t, err); good && got != 0 || !good && got != unknown[form] {
				t.Errorf("%s: %s: %d", what, form, got)
			}
		}
	}
	want("at first", second, true)
	h.configure(t, h.site, `{}`)
	want("single sign-on was switched off", second, false)
	want("where it was opened", h.child, true)
	h.configure(t, h.site, sso)
	want("and on again", second, true)
	h.configure(t, second, `{"siteGroupConfig":{"SSOSegment":"inner"}}`)
	want("the site got a segment", second, false)
	h.configure(t, second, `{}`)
	h.child.Status = store.SiteDeleted
	h.put(t, h.child)
	want("where it was opened was deleted", second, true)
	h.child.Status, h.child.Group = store.SiteActive, h.child.APIKey
	h.put(t, h.child)
	want("where it was opened left the group", second, false)
	want("the site that left", h.child, false)
}

// What is over, and was opened where this site does not look, never was.
func TestAForeignSessionIsNotToldToBeOver(t *testing.T) {
	h := newHouse(t)
	web, dynamic := h.openAt(t, h.child, session.Open{Expiration: 60}), h.openAt(t, h.child, session.Open{Expiration: session.Dynamic})
	h.clock.Advance(2 * time.Minute)
	for _, config := range []struct {
		text string
		code gigya.Code
	}{{sso, 403011}, {`{}`, 403005}} {
		h.configure(t, h.site, config.text)
		for _, opened := range []session.Opened{web, dynamic} {
			h.want(t, config.text, h.request("apiKey", h.site.APIKey, "login_token", opened.Token), config.code)
		}
	}
}

func TestASessionOfAnotherSiteIsHeldAgainstWhatThisOneDemands(t *testing.T) {
	h := newHouse(t)
	h.child.Schema = []byte(`{"profileSchema":{"fields":{"zip":{"required":true}}}}`)
	h.put(t, h.child)
	web, mobile := h.openAt(t, h.site, session.Open{}), h.openAt(t, h.site, session.Open{Mobile: true})
	want := func(what string, at *store.Site, code gigya.Code) {
		t.Helper()
		for form, r := range h.forms(t, at, web, mobile) {
			h.want(t, what+": "+form, r, code)
		}
	}
	want("where it was opened", h.site, 0)
	want("a field is missing", h.child, 403013)
	if _, details := refusal(t, gigya.NewError(gigya.UnverifiedUser, "")); details != "Unverified user" {
		t.Errorf("details %q", details)
	}
	for form, r := range h.forms(t, h.child, web, mobile) {
		r.Unverified = true
		h.want(t, "a method that verifies: "+form, r, 0)
	}
	h.want(t, "a wrong signature tells nothing", sign(t, h.request("apiKey", h.child.APIKey, "oauth_token", mobile.Token), h.secret), 403003)

	t.Run("where everybody may call it is nobody's", func(t *testing.T) {
		r := h.forms(t, h.child, web, mobile)["cookie"]
		r.Accepts = caller.Public | caller.Session
		if c, err := h.call(t, r); err != nil || c.Class != caller.Public || c.UID != "" {
			t.Errorf("%v, %v", c, err)
		}
	})
	t.Run("the regToken that was given for it is the credential", func(t *testing.T) {
		regToken := h.tokens.SealRegToken(token.RegToken{
			Kind: token.KindAccount, Group: h.child.Group, Site: h.child.APIKey, UID: uid,
			Issued: clock.FromTime(start), Expires: clock.FromTime(start.Add(time.Hour)),
		})
		for form, r := range h.forms(t, h.child, web, mobile) {
			r.Params.Set("regToken", regToken)
			if form == "signature" {
				h.want(t, "beside a signature that does not cover it", r, 403003)
				sign(t, r, mobile.Secret)
			}
			if c, err := h.call(t, r); err != nil || c.Class != caller.RegToken || c.UID != uid {
				t.Errorf("%s: %v, %v", form, c, err)
			}
			r.Accepts = caller.Session
			if c, err := h.call(t, r); err == nil {
				t.Errorf("%s, where it is no credential: %v", form, c)
			}
		}
	})

	a, err := h.store.Account(t.Context(), h.site.APIKey, uid)
	must(t, err)
	a.Profile = []byte(`{"zip":"50667"}`)
	h.put(t, a)
	want("with the field", h.child, 0)
	a.Secrets.LockedUntil = clock.FromTime(h.clock.Now().Add(time.Hour))
	h.put(t, a)
	want("a lock against guesses", h.child, 0)
	a.IsActive = false
	h.put(t, a)
	want("disabled", h.child, 403013)
	want("disabled, where it was opened", h.site, 0)
}
