package siteconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// Places of secrets are written as JSON pointers: names may hold any character.
var (
	escapePointer   = strings.NewReplacer("~", "~0", "/", "~1")
	unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")
)

// takeSecrets puts null in place of what the patterns find, and returns it by its places; nil: there is none. The
// document is altered.
func takeSecrets(doc *document.Object, patterns []string) *document.Object {
	taken := &document.Object{}
	for _, pattern := range patterns {
		asPatterns.rewrite(document.FromObject(doc), strings.Split(pattern, "."), "", func(at string, v document.Value) document.Value {
			if !v.IsNull() {
				taken.Set(at, v)
			}
			return document.NullValue()
		})
	}
	if taken.Len() == 0 {
		return nil
	}
	return taken
}

// fillSecrets puts back what takeSecrets took. What has no place any more is left out.
func fillSecrets(doc, secrets *document.Object) {
	for at, v := range secrets.All() {
		parts := strings.Split(strings.TrimPrefix(at, "/"), "/")
		for i := range parts {
			parts[i] = unescapePointer.Replace(parts[i])
		}
		asNames.rewrite(document.FromObject(doc), slices.Clone(parts), "", func(string, document.Value) document.Value { return v })
	}
}

// matching tells how the elements of a path are compared with names.
type matching bool

const (
	// asPatterns: as [Kind.Secrets] has them.
	asPatterns matching = true
	// asNames: letter by letter.
	asNames matching = false
)

// rewrite returns the value with what the path finds below it replaced by what fn makes of it. Objects are altered where they
// are.
func (f matching) rewrite(v document.Value, path []string, at string, fn func(at string, v document.Value) document.Value) document.Value {
	if len(path) == 0 {
		return fn(at, v)
	}
	below, wanted := path[1:], func(name string) bool { return path[0] == name || f == asPatterns && Matches(path[0], name) }
	if f == asPatterns && path[0] == anyDepth {
		v = f.rewrite(v, path[1:], at, fn)
		below = path
	}
	switch v.Kind() {
	case document.KindObject:
		o := v.Object()
		for _, name := range o.Names() {
			if wanted(name) {
				member, _ := o.Get(name)
				o.Set(name, f.rewrite(member, below, at+"/"+escapePointer.Replace(name), fn))
			}
		}
	case document.KindArray:
		items := slices.Clone(v.Items())
		for i := range items {
			if n := strconv.Itoa(i); wanted(n) {
				items[i] = f.rewrite(items[i], below, at+"/"+n, fn)
			}
		}
		return document.ArrayOf(items...)
	}
	return v
}

// removeAt removes the members that the path finds; an element of an array becomes null, so that the others keep their
// places.
func removeAt(v document.Value, path []string) {
	last := len(path) - 1
	asPatterns.rewrite(v, path[:last], "", func(_ string, holder document.Value) document.Value {
		o := holder.Object()
		if o == nil {
			return asPatterns.rewrite(holder, path[last:], "", func(string, document.Value) document.Value { return document.NullValue() })
		}
		for _, name := range o.Names() {
			if Matches(path[last], name) {
				o.Delete(name)
			}
		}
		return holder
	})
}

// overlay lays the members of over onto base, objects member by member; null takes the member away. base is altered and
// shares nothing with over afterwards.
func overlay(base, over *document.Object) {
	for name, v := range over.All() {
		below, ok := base.Get(name)
		switch {
		case v.IsNull():
			base.Delete(name)
		case ok && below.Kind() == document.KindObject && v.Kind() == document.KindObject:
			overlay(below.Object(), v.Object())
		default:
			base.Set(name, v.Clone())
		}
	}
}
