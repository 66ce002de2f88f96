package siteconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// What was taken out of a document is a tree of the same form: the secret that a member is lies under its name after the one
// mark, what was taken out of the member under its name after the other. Elements of arrays are named by their places.
const (
	markSecret = "="
	markBelow  = "/"
)

// takeSecrets puts null in place of what the patterns find, and returns it; nil: there is none. The document is altered.
func takeSecrets(doc *document.Object, patterns []string) *document.Object {
	taken := &document.Object{}
	take(document.FromObject(doc), parsePaths(patterns), taken)
	if taken.Len() == 0 {
		return nil
	}
	return taken
}

// take puts what the paths find below the value into taken, and returns the value without it. Objects are altered where they
// are.
func take(v document.Value, rest paths, taken *document.Object) document.Value {
	one := func(name string, member document.Value) document.Value {
		next, found := rest.below(name)
		switch {
		case member.IsNull():
		case found:
			taken.Set(markSecret+name, member)
			return document.NullValue()
		case len(next) > 0:
			inner := &document.Object{}
			if member = take(member, next, inner); inner.Len() > 0 {
				taken.Set(markBelow+name, document.FromObject(inner))
			}
		}
		return member
	}
	switch v.Kind() {
	case document.KindObject:
		o := v.Object()
		for _, name := range o.Names() {
			member, _ := o.Get(name)
			o.Set(name, one(name, member))
		}
	case document.KindArray:
		items := slices.Clone(v.Items())
		for i := range items {
			items[i] = one(strconv.Itoa(i), items[i])
		}
		return document.ArrayOf(items...)
	}
	return v
}

// fillSecrets puts back what takeSecrets took. What has no place any more is left out.
func fillSecrets(doc, taken *document.Object) { fill(document.FromObject(doc), taken) }

// fill returns the value with what was taken out of it. Objects are altered where they are.
func fill(v document.Value, taken *document.Object) document.Value {
	var items []document.Value
	if v.Kind() == document.KindArray {
		items = slices.Clone(v.Items())
	}
	for marked, secret := range taken.All() {
		if marked == "" {
			continue
		}
		mark, name := marked[:1], marked[1:]
		put := func(member document.Value) document.Value {
			if mark == markBelow {
				return fill(member, secret.Object())
			}
			return secret
		}
		if member, ok := v.Object().Get(name); ok {
			v.Object().Set(name, put(member))
		} else if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(items) {
			items[i] = put(items[i])
		}
	}
	if items != nil {
		return document.ArrayOf(items...)
	}
	return v
}

// paths are what is left of paths of [Kind.Secrets] on the way down.
type paths [][]string

func parsePaths(patterns []string) paths {
	all := make(paths, len(patterns))
	for i, pattern := range patterns {
		all[i] = strings.Split(pattern, ".")
	}
	return all
}

// below returns what is left of the paths below the member of the name, and whether one of them ends there.
func (p paths) below(name string) (next paths, found bool) {
	for _, path := range p {
		for len(path) > 1 && path[0] == anyDepth {
			next = append(next, path)
			path = path[1:]
		}
		switch {
		case !Matches(path[0], name):
		case len(path) == 1:
			return nil, true
		default:
			next = append(next, path[1:])
		}
	}
	return next, false
}

// removeSecrets removes the members that the paths find; an element of an array becomes null, so that the others keep their places.
// Objects are altered where they are.
func removeSecrets(v document.Value, rest paths) document.Value {
	switch v.Kind() {
	case document.KindObject:
		o := v.Object()
		for _, name := range o.Names() {
			if next, found := rest.below(name); found {
				o.Delete(name)
			} else if member, _ := o.Get(name); len(next) > 0 {
				o.Set(name, removeSecrets(member, next))
			}
		}
	case document.KindArray:
		items := slices.Clone(v.Items())
		for i := range items {
			if next, found := rest.below(strconv.Itoa(i)); found {
				items[i] = document.NullValue()
			} else {
				items[i] = removeSecrets(items[i], next)
			}
		}
		return document.ArrayOf(items...)
	}
	return v
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
