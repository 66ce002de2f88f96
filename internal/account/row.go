package account

import (
	"time"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// Row returns the account as accounts.search sees it: every member that a server may read, profile and identities in
// full, no hash. The object is compact JSON; a SELECT picks from it.
func Row(a *store.Account, now time.Time) []byte {
	return AppendRow(make([]byte, 0, 2048), a, now)
}

// AppendRow appends what [Row] returns.
func AppendRow(dst []byte, a *store.Account, now time.Time) []byte {
	v := View{
		Include: IncludeData | IncludePreferences | IncludeEmails | IncludeGroups | IncludeIRank | IncludeIdentitiesAll |
			IncludeLockedOut | IncludeLocation | IncludeLoginIDs | IncludePhoneNumber | IncludeProfile | IncludeRBA | IncludeRegSource,
		Server:     true,
		Everything: true,
		Now:        now,
	}
	if len(a.CustomIdentifiers) > 0 {
		v.Include |= IncludeCustomIdentifiers
	}
	if len(a.Internal) > 0 {
		v.Include |= IncludeInternal
	}
	shown := *a
	if _, ok := document.Member(a.More, "tfaStatus"); !ok {
		shown.More = withDefault(a.More, `"tfaStatus":"default"`)
	}
	return append(v.AppendMembers(append(dst, '{'), &shown), '}')
}

// withDefault returns the object with one member more.
func withDefault(object []byte, member string) []byte {
	if len(object) <= len("{}") {
		return []byte("{" + member + "}")
	}
	dst := append([]byte(nil), object[:len(object)-1]...)
	dst = append(append(dst, ','), member...)
	return append(dst, '}')
}

// AppendUserInfo appends the userInfo object that includeUserInfo asks for: a small form of socialize.getUserInfo's
// answer. Its members are those that clients read; no recording shows the whole of it.
func AppendUserInfo(dst []byte, a *store.Account, v *View) []byte {
	if v.Limited() {
		whole := *v
		whole.Fields = nil
		return append(dst, ReadableUserInfo(v.Fields, AppendUserInfo(nil, a, &whole))...)
	}
	w := writer{append(dst, '{')}
	w.text("UID", a.UID)
	if v.Signature != "" {
		w.text("UIDSignature", v.Signature)
		w.text("signatureTimestamp", v.SignatureTime)
	}
	w.boolean("isSiteUID", !generated(a.UID))
	w.boolean("isTempUser", false)
	w.boolean("isConnected", true)
	w.boolean("isLoggedIn", true)
	w.text("loginProvider", a.LoginProvider)
	w.text("loginProviderUID", a.UID)
	w.boolean("isSiteUser", true)
	w.text("providers", a.SocialProviders)
	short := View{Now: v.Now}
	profile := short.appendProfile(nil, a.Profile)
	if inner := profile[1 : len(profile)-1]; len(inner) > 0 {
		w.dst = append(append(w.dst, ','), inner...)
	}
	return append(w.dst, '}')
}

// generated tells whether the UID has the form of those that we make: 32 lower-case hex digits.
func generated(uid string) bool {
	if len(uid) != 32 {
		return false
	}
	for i := range len(uid) {
		if c := uid[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
