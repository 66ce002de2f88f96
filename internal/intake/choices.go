package intake

import (
	"encoding/json"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// What a call may bring of a consent and of a subscription, beside the choice itself. The server's own stamps
// (lastConsentModified, lastUpdatedSubscriptionState) are in an export alone; that of subscriptions the import of a lite
// account may bring too.
var (
	preferenceMembers = []string{
		"isConsentGranted", "actionTimestamp", "lang", "docVersion", "docDate", "customData", "tags", "entitlements", "locales",
	}
	subscriptionMembers     = []string{"isSubscribed", "tags", "doubleOptIn"}
	liteSubscriptionMembers = append(slices.Clone(subscriptionMembers), "lastUpdatedSubscriptionState")
)

// choices merges consents and subscriptions with what the import tells of them. [account.Apply] has checked the choices
// themselves, and kept of the rest nothing.
func (in *Account) choices(a, before *store.Account) (err error) {
	members := subscriptionMembers
	if in.stamped {
		members = liteSubscriptionMembers
	}
	if a.Preferences, err = in.merged(before.Preferences, in.preferences, "isConsentGranted", preferenceMembers); err != nil {
		return err
	}
	a.Subscriptions, err = in.merged(before.Subscriptions, in.subscriptions, "isSubscribed", members)
	return err
}

// merged returns the stored document with the patch merged into it: from a file the whole patch, from a call the named
// members of what has the flag.
func (in *Account) merged(stored json.RawMessage, patch *document.Object, flag string, members []string) (json.RawMessage, error) {
	if patch.Len() == 0 {
		return stored, nil
	}
	present, err := document.ParseStored(stored)
	if err != nil {
		return nil, err
	}
	if in.source == Call {
		flat, err := document.MergedDeep(&document.Object{}, patch)
		if err != nil {
			return nil, tooDeep()
		}
		patch = kept(flat, flag, members)
		if flag == "isConsentGranted" && in.lang != "" {
			inLanguage(patch, in.lang)
		}
	}
	merged, err := document.MergedDeep(present, patch)
	if err != nil {
		return nil, tooDeep()
	}
	if merged.Len() == 0 {
		return nil, nil
	}
	text := merged.JSON()
	if len(text) > account.MaxDocument {
		return nil, tooLarge("")
	}
	return text, nil
}

// kept returns of the object what a call may bring: the named members of every object that has the flag, and the objects
// on the way to them.
func kept(o *document.Object, flag string, members []string) *document.Object {
	rest := &document.Object{}
	if _, ok := o.Get(flag); ok {
		for name, v := range o.All() {
			switch {
			case !slices.Contains(members, name):
			case name == "doubleOptIn":
				rest.Set(name, optIn(v))
			default:
				rest.Set(name, v)
			}
		}
		return rest
	}
	for name, v := range o.All() {
		if v.Kind() != document.KindObject {
			continue
		}
		if below := kept(v.Object(), flag, members); below.Len() > 0 {
			rest.Set(name, document.FromObject(below))
		}
	}
	return rest
}

// optIn leaves out what only asks for a mail that is not sent.
func optIn(v document.Value) document.Value {
	if v.Kind() != document.KindObject {
		return v
	}
	o := v.Object().Clone()
	o.Delete("isExternallyVerified")
	return document.FromObject(o)
}

// inLanguage notes the language of the consents that do not say theirs.
func inLanguage(o *document.Object, lang string) {
	if _, ok := o.Get("isConsentGranted"); ok {
		if _, told := o.Get("lang"); !told {
			o.Set("lang", document.String(lang))
		}
		return
	}
	for _, v := range o.All() {
		if v.Kind() == document.KindObject {
			inLanguage(v.Object(), lang)
		}
	}
}

// further merges what is kept by its name, and custom identifiers.
func (in *Account) further(a, before *store.Account) (err error) {
	if in.custom != nil {
		if a.CustomIdentifiers = nil; in.custom.Len() > 0 {
			a.CustomIdentifiers = in.custom.JSON()
		}
	}
	if in.more.Len() > 0 {
		more := &document.Object{}
		if len(before.More) > 0 {
			if more, err = document.ParseObject(before.More); err != nil {
				return err
			}
		}
		for name, v := range in.more.All() {
			present, _ := more.Get(name)
			if name == "communications" && present.Kind() == document.KindObject {
				if err := document.MergeDeep(present.Object(), v.Object()); err != nil {
					return tooDeep()
				}
				continue
			}
			if name == "hasLiteAccount" && present.Bool() {
				continue // That there is one is known here: a row cannot part the two.
			}
			more.Set(name, v)
		}
		a.More = more.JSON()
	}
	if len(a.More) > account.MaxDocument || len(a.CustomIdentifiers) > account.MaxDocument {
		return gigya.NewError(gigya.ObjectTooLarge, "")
	}
	return nil
}

// logins are the login identifiers as the store has them.
func logins(l account.LoginIDs) []store.Identifier {
	ids := make([]store.Identifier, 0, len(l.Emails)+len(l.Unverified)+1)
	for _, list := range [...][]string{l.Emails, l.Unverified} {
		for _, text := range list {
			ids = append(ids, store.Identifier{Space: store.LoginSpace, Value: text})
		}
	}
	if l.Username != "" {
		ids = append(ids, account.LoginIdentifier(l.Username))
	}
	return ids
}

// phoneOf returns the account's phone number.
func phoneOf(a *store.Account) string {
	raw, _ := document.Member(a.More, "phoneNumber")
	number, _ := document.Text(raw)
	return number
}
