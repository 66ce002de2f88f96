package account

import (
	"encoding/json"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// Site is the provider of identities that are made of the site's own login identifier and password.
const Site = "site"

// siteIdentity returns the account's identities after the change: the site identity carries the values that register and
// setAccountInfo wrote, and stands first; those of other providers stay as they are.
func siteIdentity(a *store.Account, ch *Change, now clock.Millis) json.RawMessage {
	list, err := document.Parse(a.Identities)
	if err != nil || list.Kind() != document.KindArray {
		list = document.ArrayOf()
	}
	var old *document.Object
	var others []document.Value
	for _, item := range list.Items() {
		provider, _ := item.Object().Get("provider")
		if provider.Str() == Site && old == nil {
			old = item.Object()
			continue
		}
		others = append(others, item)
	}
	items := append([]document.Value{document.FromObject(madeSite(a, old, ch, len(others) == 0, now))}, others...)
	return document.ArrayOf(items...).AppendJSON(nil)
}

// madeSite builds the site identity anew: what it is, the profile fields, the stamps. While there is no other identity
// the fields are the profile's; beside others only what was written through the site.
func madeSite(a *store.Account, old *document.Object, ch *Change, alone bool, now clock.Millis) *document.Object {
	o := &document.Object{}
	o.Set("provider", document.String(Site))
	o.Set("providerUID", document.String(a.UID))
	login, ok := old.Get("isLoginIdentity")
	o.Set("isLoginIdentity", document.Boolean(!ok || login.Bool()))
	profile := object(a.Profile)
	for name, v := range profile.All() {
		_, before := old.Get(name)
		_, written := ch.Profile.Get(name)
		if _, structural := o.Get(name); structural || name == "age" || !alone && !before && !written {
			continue
		}
		o.Set(name, v)
	}
	o.Set("allowsLogin", document.Boolean(true))
	o.Set("isExpiredSession", document.Boolean(false))
	oldest := now
	if v, ok := old.Get("oldestDataUpdatedTimestamp"); ok {
		if ms, ok := v.Int64(); ok {
			oldest = clock.Millis(ms)
		}
	}
	stamp(o, "lastUpdated", now)
	stamp(o, "oldestDataUpdated", oldest)
	return o
}

func stamp(o *document.Object, name string, at clock.Millis) {
	o.Set(name, document.String(at.ISO()))
	o.Set(name+"Timestamp", document.Int(int64(at)))
}

// providers returns the comma list of the identities' providers.
func providers(identities json.RawMessage) string {
	list := ""
	// The text was written by this package.
	_ = document.Elements(identities, func(identity []byte) bool {
		raw, _ := document.Member(identity, "provider")
		if name, ok := document.Text(raw); ok {
			if list != "" {
				list += ","
			}
			list += name
		}
		return true
	})
	return list
}

// New returns an account that does not exist yet: active, pending, without anything of its own. [Apply] fills it.
func New(group, uid string, now clock.Millis) *store.Account {
	return &store.Account{
		Group: group, UID: uid,
		Created: now, LastUpdated: now, OldestDataUpdated: now,
		IsActive: true, LoginProvider: Site, SocialProviders: Site,
		// An account that had the UID before it was deleted counted from another time: its regTokens do not open this one.
		Secrets: store.Secrets{TokenEpoch: int64(now)},
	}
}

// Finalize makes a pending account a registered one. Its regTokens live on: whoever opens a session for it ends them.
func Finalize(a *store.Account, now clock.Millis) {
	if a.Registered == 0 {
		a.Registered = now
	}
}

// LoggedIn notes a good login: its time, and that the failures before it are forgotten.
func LoggedIn(a *store.Account, now clock.Millis) {
	a.LastLogin = now
	a.LoginProvider = Site
	Unlock(&a.Secrets)
}

// SetLocale gives the profile the language of the registration, unless it has a locale or the text is not the form of a
// language (en, pt-br, zh_CN). It is part of making the account: the site identity gets it too.
func SetLocale(a *store.Account, lang string) error {
	profile := object(a.Profile)
	if _, ok := profile.Get("locale"); ok || !validLanguage(lang) {
		return nil
	}
	profile.Set("locale", document.String(lang))
	if err := put(&a.Profile, profile); err != nil {
		return err
	}
	a.Identities = siteIdentity(a, &Change{Profile: profile}, a.LastUpdated)
	return nil
}

// validLanguage tells whether the text has the form of a language tag: letters, digits, - and _, no longer than BCP 47
// makes programs keep.
func validLanguage(lang string) bool {
	const longest = 35
	for _, r := range lang {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return lang != "" && len(lang) <= longest
}
