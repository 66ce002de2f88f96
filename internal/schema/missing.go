package schema

import (
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Missing returns the full paths of the required fields that have no value and of the required consents that are not
// granted, in the order of the schema: profile.firstName, data.x, preferences.terms.tos.isConsentGranted. A value that is
// null, empty or an empty array is none. Without any it is nil.
func (s *Schema) Missing(profile, data, preferences *document.Object) []string {
	paths := s.profile.missing(nil, profile)
	paths = s.data.missing(paths, data)
	for _, id := range s.consents {
		if !flag(preferences, id+".isConsentGranted") {
			paths = append(paths, "preferences."+id+".isConsentGranted")
		}
	}
	return paths
}

// MissingSubscriptions is Missing for required subscriptions: subscriptions.news.email.isSubscribed.
func (s *Schema) MissingSubscriptions(subscriptions *document.Object) []string {
	var paths []string
	for _, id := range s.subscriptions {
		if !flag(subscriptions, id+".isSubscribed") {
			paths = append(paths, "subscriptions."+id+".isSubscribed")
		}
	}
	return paths
}

func (s *section) missing(paths []string, o *document.Object) []string {
	for _, f := range s.order {
		if f.Required && len(values(document.FromObject(o), f.parts)) == 0 {
			paths = append(paths, s.name+"."+f.Path)
		}
	}
	return paths
}

// flag tells whether the value at the dotted path is true. Identifiers of consents may hold dots, and stored documents may
// have such an identifier as one name, so every way to cut the path is tried.
func flag(o *document.Object, path string) bool {
	if v, ok := o.Get(path); ok && v.Bool() {
		return true
	}
	for i := range len(path) {
		if path[i] != '.' {
			continue
		}
		v, ok := o.Get(path[:i])
		if ok && v.Kind() == document.KindObject && flag(v.Object(), path[i+1:]) {
			return true
		}
	}
	return false
}

// values returns the values at the path that are not empty, stepping through arrays on the way.
func values(v document.Value, path []string) []document.Value {
	switch v.Kind() {
	case document.KindNull:
		return nil
	case document.KindArray:
		var found []document.Value
		for _, item := range v.Items() {
			found = append(found, values(item, path)...)
		}
		return found
	case document.KindObject:
		if len(path) > 0 {
			inner, _ := v.Object().Get(path[0])
			return values(inner, path[1:])
		}
		return nil
	}
	if len(path) > 0 || v.Kind() == document.KindString && v.Str() == "" {
		return nil
	}
	return []document.Value{v}
}

// MissingDetails is errorDetails of an account that misses the paths (recorded): profile fields are named without their
// section.
func MissingDetails(paths []string) string {
	short := make([]string, len(paths))
	for i, path := range paths {
		short[i] = strings.TrimPrefix(path, "profile.")
	}
	return "Missing required fields for registration: " + strings.Join(short, ", ")
}
