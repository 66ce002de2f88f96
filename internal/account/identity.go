package account

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// Site is the provider of identities that are made of the site's own login identifier and password.
const Site = "site"

// siteIdentity returns the account's identities after the change, and the comma list of their providers: the site identity
// carries the values of the profile that register and setAccountInfo wrote, and stands first; those of other providers stay as
// they are. profile is what the account's is now, written what was written of it.
func siteIdentity(a *store.Account, profile, written *document.Object, now clock.Millis) (identities json.RawMessage, list string) {
	old, others, list := bySite(a.Identities)
	const stamps = 400 // About what stands around the fields of the profile.
	text := append(make([]byte, 0, len(a.Profile)+len(a.Identities)+stamps), '[')
	if len(others) == 0 {
		written = profile
	}
	text = appendSite(text, a.UID, profile, old, written, now)
	for _, identity := range others {
		text = append(append(text, ','), identity...)
	}
	return append(text, ']'), list
}

// bySite takes the identities apart: the site's, the others, and the comma list of all providers, the site first.
func bySite(identities json.RawMessage) (site *document.Object, others [][]byte, list string) {
	if len(identities) == 0 {
		return nil, nil, Site
	}
	list = Site
	err := document.Elements(identities, func(identity []byte) bool {
		raw, _ := document.Member(identity, "provider")
		provider, named := document.Text(raw)
		if provider == Site && site == nil {
			site = object(identity)
			return true
		}
		others = append(others, identity)
		if named {
			list += "," + provider
		}
		return true
	})
	if err != nil {
		return nil, nil, Site
	}
	return site, others, list
}

// ofSite are the members that the site identity has besides fields of the profile.
var ofSite = []string{"provider", "providerUID", "isLoginIdentity", "allowsLogin", "isExpiredSession", "lastUpdated", "lastUpdatedTimestamp",
	"oldestDataUpdated", "oldestDataUpdatedTimestamp"}

// appendSite writes the site identity anew: what it is, the profile fields, the stamps. Of the fields it has those that it had,
// and what was written through the site: without other identities that is the whole profile.
func appendSite(dst []byte, uid string, profile, old, written *document.Object, now clock.Millis) []byte {
	login, ok := old.Get("isLoginIdentity")
	dst = append(dst, `{"provider":"`+Site+`","providerUID":`...)
	dst = document.AppendString(dst, uid)
	dst = append(dst, `,"isLoginIdentity":`...)
	dst = strconv.AppendBool(dst, !ok || login.Bool())
	for name, v := range profile.All() {
		if name == "age" || slices.Contains(ofSite, name) {
			continue
		}
		_, had := old.Get(name)
		if _, given := written.Get(name); given || had {
			dst = document.AppendString(append(dst, ','), name)
			dst = v.AppendJSON(append(dst, ':'))
		}
	}
	oldest := now
	if v, ok := old.Get("oldestDataUpdatedTimestamp"); ok {
		if ms, ok := v.Int64(); ok {
			oldest = clock.Millis(ms)
		}
	}
	dst = append(dst, `,"allowsLogin":true,"isExpiredSession":false`...)
	dst = appendStamp(dst, "lastUpdated", now)
	return append(appendStamp(dst, "oldestDataUpdated", oldest), '}')
}

func appendStamp(dst []byte, name string, at clock.Millis) []byte {
	dst = append(append(append(dst, `,"`...), name...), `":"`...)
	dst = append(append(append(at.AppendISO(dst), `","`...), name...), `Timestamp":`...)
	return strconv.AppendInt(dst, int64(at), 10)
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
	a.Identities, _ = siteIdentity(a, profile, profile, a.LastUpdated)
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
