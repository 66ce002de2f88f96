package account

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/schema"
)

// documents checks and merges profile, data, internal, preferences and subscriptions.
func (e *edit) documents(ch *Change) error {
	s := e.rules.Site.Schema
	if e.rules.Lite {
		s = s.OfLite()
	}
	if err := e.mergeProfile(ch, s); err != nil {
		return err
	}
	if ch.Data.Len() > 0 {
		stored := object(e.a.Data)
		items, extends := s.CheckData(ch.Data, stored, e.rules.Server)
		e.out.Extends = extends
		e.report(items...)
		if err := mergeDeep(&e.a.Data, stored, ch.Data); err != nil {
			return err
		}
	}
	if ch.Internal.Len() > 0 {
		if err := mergeDeep(&e.a.Internal, object(e.a.Internal), ch.Internal); err != nil {
			return err
		}
	}
	return e.choices(ch)
}

// mergeProfile checks and merges the profile, and gives it the address of register unless the call's profile has one.
func (e *edit) mergeProfile(ch *Change, s *schema.Schema) error {
	if ch.Profile.Len() == 0 && ch.Email == "" {
		return nil
	}
	profile := object(e.a.Profile)
	if ch.Profile.Len() > 0 {
		patch := renamed(ch.Profile)
		e.report(e.withoutOwnAddress(ch, s.CheckProfile(patch, profile, e.rules.Server))...)
		profile = document.MergedFlat(profile, patch)
	}
	switch _, ok := profile.Get("email"); {
	case !ok && ch.Email != "":
		profile = profile.Clone() // It may be the call's.
		profile.Set("email", document.String(ch.Email))
	case ch.Profile.Len() == 0:
		return nil
	}
	e.profile = profile
	return put(&e.a.Profile, profile)
}

// withoutOwnAddress drops what the format of profile.email has against an address that the account has: one that it registered
// with can be written as it was read, and imported as it was exported.
func (e *edit) withoutOwnAddress(ch *Change, items []gigya.ValidationError) []gigya.ValidationError {
	return slices.DeleteFunc(items, func(item gigya.ValidationError) bool {
		if item.ErrorCode != gigya.InvalidFormatValidationError || item.FieldName != "profile.email" {
			return false
		}
		v, _ := ch.Profile.Get("email")
		address := Normalize(v.Str())
		has := ch.Email != "" && Normalize(ch.Email) == address || slices.Contains(ch.Addresses, address) ||
			ParseEmails(e.a.Emails).Has(address) || ParseLoginIDs(e.a.LoginIDs).HasEmail(address)
		return has && ValidEmail(address)
	})
}

// choices merges what the user decides of consents and subscriptions. Stamps, versions and the double opt-in are the
// server's and cannot be written.
func (e *edit) choices(ch *Change) error {
	if ch.Preferences.Len() > 0 {
		patch := e.choice("preferences", ch.Preferences, "isConsentGranted")
		if err := mergeDeep(&e.a.Preferences, object(e.a.Preferences), patch); err != nil {
			return err
		}
	}
	if ch.Subscriptions.Len() > 0 {
		patch := e.choice("subscriptions", ch.Subscriptions, "isSubscribed")
		return mergeDeep(&e.a.Subscriptions, object(e.a.Subscriptions), patch)
	}
	return nil
}

// choice keeps of the patch the named booleans and the tags beside them. A boolean of another type is a fault.
func (e *edit) choice(section string, patch *document.Object, flag string) *document.Object {
	nested, err := document.MergedDeep(&document.Object{}, patch)
	if err != nil {
		e.fault(gigya.InvalidTypeValidationError, "invalid type for field: "+section, section)
		return &document.Object{}
	}
	return e.pick(section, "", nested, flag)
}

// maxChoicePath bounds the path of a consent or subscription: more than the schema lets any be.
const maxChoicePath = 512

// pick does the work of choice for the object at the path, which is empty or ends with a dot.
func (e *edit) pick(section, path string, o *document.Object, flag string) *document.Object {
	return o.Filtered(func(name string, v document.Value) (document.Value, bool) {
		return e.picked(section, path, name, v, flag)
	})
}

// picked returns what is kept of a member, if anything is.
func (e *edit) picked(section, path, name string, v document.Value, flag string) (kept document.Value, ok bool) {
	switch {
	case name == flag && !e.chosenFrom(section, strings.TrimSuffix(path, ".")):
		e.fault(gigya.DynamicFieldsValidationError, "unknown field: "+path+name, section+"."+path+name)
	case name == flag && v.Kind() == document.KindBool:
		return v, true
	case name == flag:
		e.fault(gigya.InvalidTypeValidationError, "invalid type for field: "+path+name, section+"."+path+name)
	case name == "tags" && v.Kind() == document.KindArray && e.chosenFrom(section, strings.TrimSuffix(path, ".")):
		return v, true
	case name == "__proto__" || name == "constructor" || name == "prototype":
		// Scripts that merge what they read must not find these, as in the fields of the schema.
		e.fault(gigya.DynamicFieldsValidationError, "unknown field: "+name, section)
	case v.Kind() == document.KindObject && len(path)+len(name) > maxChoicePath:
		// Every path below would be as long again: a text of one megabyte could make gigabytes of them.
		e.fault(gigya.DynamicFieldsValidationError, "unknown field: a name is too long", section)
	case v.Kind() == document.KindObject:
		below := e.pick(section, path+name+".", v.Object(), flag)
		return document.FromObject(below), below.Len() > 0
	}
	return document.Value{}, false
}

// chosenFrom tells whether there is anything at the path to choose.
func (e *edit) chosenFrom(section, path string) bool {
	switch {
	case !e.rules.KnownChoices:
		return true
	case section == "preferences":
		return e.rules.Site.Schema.HasConsent(path)
	}
	return e.rules.Site.Schema.HasSubscription(path)
}

// renamed returns the patch with the documents' spelling of a field changed to the schema's.
func renamed(patch *document.Object) *document.Object {
	v, ok := patch.Get("specialties")
	if !ok {
		return patch
	}
	patch = patch.Clone()
	patch.Delete("specialties")
	patch.Set("specialities", v)
	return patch
}

func mergeDeep(dst *json.RawMessage, stored, patch *document.Object) error {
	merged, err := document.MergedDeep(stored, patch)
	if err != nil {
		return gigya.NewError(gigya.ObjectTooLarge, "the object would be nested too deeply")
	}
	return put(dst, merged)
}

// put writes the document back; an empty one is an absent one.
func put(dst *json.RawMessage, o *document.Object) error {
	if o.Len() == 0 {
		*dst = nil
		return nil
	}
	text := o.JSON()
	if len(text) > MaxDocument {
		return gigya.NewError(gigya.ObjectTooLarge, "")
	}
	*dst = text
	return nil
}
