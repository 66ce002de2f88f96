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

// siteIdentity returns the account's identities after the change: the site identity carries the values that register and
// setAccountInfo wrote, and stands first; those of other providers stay as they are.
func siteIdentity(a *store.Account, ch *Change, now clock.Millis) json.RawMessage {
	var old *document.Object
	var others [][]byte
	err := document.Elements(a.Identities, func(identity []byte) bool {
		raw, _ := document.Member(identity, "provider")
		if provider, _ := document.Text(raw); provider == Site && old == nil {
			old = object(identity)
		} else {
			others = append(others, identity)
		}
		return true
	})
	if err != nil {
		old, others = nil, nil
	}
	const stamps = 400 // About what stands around the fields of the profile.
	list := appendSite(append(make([]byte, 0, len(a.Profile)+len(a.Identities)+stamps), '['), a, old, ch, len(others) == 0, now)
	for _, identity := range others {
		list = append(append(list, ','), identity...)
	}
	return append(list, ']')
}

// ofSite are the members that the site identity has besides fields of the profile.
var ofSite = []string{"provider", "providerUID", "isLoginIdentity", "allowsLogin", "isExpiredSession", "lastUpdated", "lastUpdatedTimestamp",
	"oldestDataUpdated", "oldestDataUpdatedTimestamp"}

// appendSite writes the site identity anew: what it is, the profile fields, the stamps. While there is no other identity
// the fields are the profile's; beside others only what was written through the site.
func appendSite(dst []byte, a *store.Account, old *document.Object, ch *Change, alone bool, now clock.Millis) []byte {
	login, ok := old.Get("isLoginIdentity")
	dst = append(dst, `{"provider":"`+Site+`","providerUID":`...)
	dst = document.AppendString(dst, a.UID)
	dst = append(dst, `,"isLoginIdentity":`...)
	dst = strconv.AppendBool(dst, !ok || login.Bool())
	// The text was written by this package.
	_ = document.Members(a.Profile, func(name string, raw []byte) bool {
		if name == "age" || slices.Contains(ofSite, name) {
			return true
		}
		_, before := old.Get(name)
		if _, written := ch.Profile.Get(name); alone || before || written {
			dst = document.AppendString(append(dst, ','), name)
			dst = append(append(dst, ':'), raw...)
		}
		return true
	})
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
	dst = append(append(append(append(dst, at.ISO()...), `","`...), name...), `Timestamp":`...)
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
