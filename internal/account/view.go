package account

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/store"
)

// View says how an account is shown.
type View struct {
	Include Include
	Extra   Extra
	// Signature and SignatureTime are UIDSignature and signatureTimestamp; empty: left out.
	Signature, SignatureTime string
	// Server shows what only server callers see: internal, and that there is a password.
	Server bool
	// Conceal shows no login identifier that was not verified, nor a user name while none is: they would tell which of
	// them the account was given and which were somebody else's.
	Conceal bool
	// Everything shows all profile fields instead of the short form.
	Everything bool
	// Lite shows a lite account: the person's own choices and data alone.
	Lite bool
	// Fields are the rights over fields of the caller that the account is shown to; nil: all of them.
	Fields *acl.Fields
	// Now is for the age and the lock.
	Now time.Time
}

// AppendMembers appends the account's members as an answer has them, without the braces: recorded members in their
// recorded order, those that no recording shows by alphabet among them. It copies stored documents and builds nothing.
func (v *View) AppendMembers(dst []byte, a *store.Account) []byte {
	if v.Limited() {
		whole := *v
		whole.Fields = nil
		return AppendReadable(dst, v.Fields, append(whole.AppendMembers([]byte{'{'}, a), '}'), nil)
	}
	if v.Lite {
		return v.appendLite(dst, a)
	}
	w := writer{dst}
	if a.Registered != 0 {
		w.millis("registeredTimestamp", a.Registered)
	}
	w.text("UID", a.UID)
	if v.Signature != "" {
		w.text("UIDSignature", v.Signature)
		w.text("signatureTimestamp", v.SignatureTime)
	}
	if v.Everything {
		v.more(&w, a, 0, "accountTypes", "")
	}
	w.stamp("created", "createdTimestamp", a.Created)
	v.documents(&w, a)
	w.boolean("isActive", a.IsActive)
	if v.Include.Has(IncludeLockedOut) {
		w.boolean("isLockedOut", Locked(&a.Secrets, clock.FromTime(v.Now)))
	}
	w.boolean("isRegistered", a.Registered != 0)
	w.boolean("isVerified", a.Verified != 0)
	w.iso("lastLogin", a.LastLogin)
	v.more(&w, a, IncludeLocation, "lastLoginLocation", "")
	w.millis("lastLoginTimestamp", a.LastLogin)
	w.stamp("lastUpdated", "lastUpdatedTimestamp", a.LastUpdated)
	if v.Include.Has(IncludeLockedOut) && Locked(&a.Secrets, clock.FromTime(v.Now)) {
		w.iso("lockedUntil", a.Secrets.LockedUntil)
	}
	if v.Include.Has(IncludeLoginIDs) {
		w.raw("loginIDs", v.loginIDs(a), noLoginIDs)
	}
	if a.LoginProvider != "" {
		w.text("loginProvider", a.LoginProvider)
	}
	w.stamp("oldestDataUpdated", "oldestDataUpdatedTimestamp", a.OldestDataUpdated)
	v.person(&w, a)
	if a.SocialProviders != "" {
		w.text("socialProviders", a.SocialProviders)
	}
	v.more(&w, a, 0, "tfaStatus", "")
	if a.Verified != 0 {
		w.stamp("verified", "verifiedTimestamp", a.Verified)
	}
	return w.dst
}

// Limited tells whether the account is shown to a caller who may not read all of it.
func (v *View) Limited() bool { return v.Fields != nil && !v.Fields.All(acl.Read) }

// appendLite appends what the holder of its token sees of a lite account.
func (v *View) appendLite(dst []byte, a *store.Account) []byte {
	w := writer{dst}
	w.text("UID", a.UID)
	if v.Include.Has(IncludeData) {
		w.raw("data", a.Data, emptyObject)
	}
	w.text("email", LiteAddress(a))
	w.boolean(hasFull, has(a, hasFull))
	w.boolean(hasLite, true)
	if v.Include.Has(IncludePreferences) {
		w.raw("preferences", a.Preferences, emptyObject)
	}
	if v.Include.Has(IncludeProfile) {
		w.name("profile")
		w.dst = v.appendProfile(w.dst, a.Profile)
	}
	if v.Include.Has(IncludeSubscriptions) {
		w.raw("subscriptions", a.Subscriptions, emptyObject)
	}
	return w.dst
}

func (v *View) loginIDs(a *store.Account) json.RawMessage {
	switch {
	case !v.Conceal:
		return a.LoginIDs
	case a.Verified == 0:
		return nil
	}
	ids := ParseLoginIDs(a.LoginIDs)
	ids.Unverified = nil
	return ids.JSON()
}

// What an absent document is shown as when it is asked for (recorded).
const (
	emptyObject = `{}`
	noEmails    = `{"verified":[],"unverified":[]}`
	noLoginIDs  = `{"emails":[],"unverifiedEmails":[]}`
	// noRisk is the policy of an account that was never given one.
	noRisk = `{"riskPolicy":"_off","riskPolicyLocked":false}`
)

// documents appends the members between createdTimestamp and isActive.
func (v *View) documents(w *writer, a *store.Account) {
	if v.Include.Has(IncludeCustomIdentifiers) {
		w.raw("customIdentifiers", a.CustomIdentifiers, emptyObject)
	}
	if v.Include.Has(IncludeData) {
		w.raw("data", a.Data, emptyObject)
	}
	if v.Everything {
		v.more(w, a, 0, "dataCenter", "")
	}
	if v.Include.Has(IncludeSubscriptions) {
		w.raw("subscriptions", a.Subscriptions, emptyObject)
	}
	if v.Include.Has(IncludePreferences) {
		w.raw("preferences", a.Preferences, emptyObject)
	}
	if v.Include.Has(IncludeEmails) {
		w.raw("emails", a.Emails, noEmails)
	}
	v.more(w, a, IncludeGroups, "groups", "")
	if v.Everything {
		v.more(w, a, 0, "hasLiteAccount", "")
	}
	if v.Include.Has(IncludeIRank) {
		w.raw("iRank", nil, "0")
	}
	if v.Include.Has(IncludeIdentitiesAll | IncludeIdentitiesActive) {
		w.name("identities")
		w.dst = v.appendIdentities(w.dst, a.Identities)
	}
	if v.Server && v.Include.Has(IncludeInternal) {
		w.raw("internal", a.Internal, emptyObject)
	}
}

// person appends the members between oldestDataUpdatedTimestamp and socialProviders.
func (v *View) person(w *writer, a *store.Account) {
	if v.Server && a.Secrets.PasswordHash != "" {
		w.name("password")
		w.dst = append(w.dst, '{')
		if v.Include.Has(IncludePassword) {
			appendHash(w, a.Secrets.PasswordHash)
		}
		w.iso("created", a.Secrets.PasswordCreated)
		w.dst = append(w.dst, '}')
	} else if v.Server && v.Include.Has(IncludePassword) {
		w.raw("password", nil, emptyObject)
	}
	v.more(w, a, IncludePhoneNumber, "phoneNumber", "")
	if v.Include.Has(IncludeProfile) {
		w.name("profile")
		w.dst = v.appendProfile(w.dst, a.Profile)
	}
	if v.Include.Has(IncludeRBA) {
		v.more(w, a, IncludeRBA, "rbaPolicy", noRisk)
	}
	if a.Registered != 0 {
		w.iso("registered", a.Registered)
	}
	if v.Include.Has(IncludeRegSource) && a.HasRegSource {
		w.text("regSource", a.RegSource)
	}
}

// appendHash appends hash and hashSettings of a password that another system can check too: one that was imported and
// has not logged in since. Our own cannot be said in these members.
func appendHash(w *writer, encoded string) {
	hash, how, ok := password.Explain(encoded)
	switch {
	case !ok:
		return
	case how.Algorithm == "":
		w.text("compoundHash", hash)
		return
	}
	w.text("hash", hash)
	w.name("hashSettings")
	w.dst = append(w.dst, '{')
	w.text("algorithm", how.Algorithm)
	if how.Rounds > 0 {
		w.name("rounds")
		w.dst = strconv.AppendInt(w.dst, how.Rounds, 10)
	}
	for _, setting := range [...]struct{ name, value string }{{"salt", how.Salt}, {"format", how.Format}, {"binaryFormat", how.BinaryFormat}, {"URL", how.URL}} {
		if setting.value != "" {
			w.text(setting.name, setting.value)
		}
	}
	w.dst = append(w.dst, '}')
}

// more appends a member that is stored among the further ones, if it was asked for. An include of 0 always asks.
func (v *View) more(w *writer, a *store.Account, include Include, name, absent string) {
	if include != 0 && !v.Include.Has(include) {
		return
	}
	raw, ok := document.Member(a.More, name)
	if !ok && absent == "" {
		return
	}
	w.raw(name, raw, absent)
}

// appendProfile appends the profile, in its short form unless everything was asked for, with the age of today.
func (v *View) appendProfile(dst []byte, raw json.RawMessage) []byte {
	w := writer{append(dst, '{')}
	var birth birthday
	var stored []byte
	// The stored text was written by package document: it cannot fail to be read.
	_ = document.Members(raw, func(name string, value []byte) bool {
		birth.note(name, value)
		switch {
		case name == "age":
			stored = value
		case v.Everything || shortProfile(name) || v.Extra.has(name):
			w.member(name, value)
		}
		return true
	})
	// A stored age was true on the day it was stored: it is the last resort.
	if age, ok := birth.age(v.Now); ok {
		w.name("age")
		w.dst = strconv.AppendInt(w.dst, int64(age), 10)
	} else if stored != nil {
		w.raw("age", stored, "")
	}
	return append(w.dst, '}')
}

// appendIdentities appends the identities, without the profile fields that were not asked for.
func (v *View) appendIdentities(dst []byte, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return append(dst, "[]"...)
	}
	if v.Everything {
		return append(dst, raw...)
	}
	dst = append(dst, '[')
	// The stored text was written by package document: it cannot fail to be read.
	_ = document.Elements(raw, func(identity []byte) bool {
		if dst[len(dst)-1] == '}' {
			dst = append(dst, ',')
		}
		w := writer{append(dst, '{')}
		_ = document.Members(identity, func(name string, value []byte) bool {
			if !longField(name) || v.Extra.has(name) {
				w.member(name, value)
			}
			return true
		})
		dst = append(w.dst, '}')
		return true
	})
	return append(dst, ']')
}

// writer appends members to an object that is being written: dst ends with its opening brace or with a member.
type writer struct{ dst []byte }

// name begins a member whose name is one of ours: nothing in it needs escaping.
func (w *writer) name(name string) {
	w.comma()
	w.dst = append(append(append(w.dst, '"'), name...), `":`...)
}

func (w *writer) comma() {
	if last := len(w.dst) - 1; last >= 0 && w.dst[last] != '{' {
		w.dst = append(w.dst, ',')
	}
}

// member splices a member of a stored document.
func (w *writer) member(name string, value []byte) {
	w.comma()
	w.dst = append(document.AppendString(w.dst, name), ':')
	w.dst = append(w.dst, value...)
}

func (w *writer) text(name, value string) {
	w.name(name)
	w.dst = document.AppendString(w.dst, value)
}

func (w *writer) boolean(name string, value bool) {
	w.name(name)
	w.dst = strconv.AppendBool(w.dst, value)
}

func (w *writer) millis(name string, value clock.Millis) {
	w.name(name)
	w.dst = strconv.AppendInt(w.dst, int64(value), 10)
}

func (w *writer) iso(name string, value clock.Millis) {
	w.name(name)
	w.dst = append(w.dst, '"')
	w.dst = append(value.AppendISO(w.dst), '"')
}

func (w *writer) stamp(name, millis string, value clock.Millis) {
	w.iso(name, value)
	w.millis(millis, value)
}

// raw splices a JSON text, or the other one if it is empty.
func (w *writer) raw(name string, value []byte, absent string) {
	w.name(name)
	if len(value) == 0 {
		w.dst = append(w.dst, absent...)
		return
	}
	w.dst = append(w.dst, value...)
}
