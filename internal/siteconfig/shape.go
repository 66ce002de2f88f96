package siteconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
)

// Shape says what a value of a configuration object holds. It is made by the functions of this file and not altered. A
// member that is null is as one that is absent, wherever.
type Shape struct {
	// want completes "must be".
	want string
	// kind is that of the value; check, if it is not nil, says more of a value of the kind.
	kind  document.Kind
	check func(v document.Value) error
	// members are those of an object that are known; each is the shape of all others, nil: they are not looked at.
	members []Member
	each    *Shape
	// most bounds the elements of an array and the members of a map.
	most int
}

// Member is a named member of an object.
type Member struct {
	Name  string
	Shape *Shape
	// Required: the object is nothing without it.
	Required bool
}

// Object has members; others that it may have are kept and not looked at.
func Object(members ...Member) *Shape {
	return &Shape{want: "an object", kind: document.KindObject, members: members}
}

// Map is an object with members of any name, at most that many, all of one shape.
func Map(most int, each *Shape) *Shape {
	return &Shape{want: fmt.Sprintf("an object of at most %d members", most), kind: document.KindObject, each: each, most: most}
}

// List is an array of at most that many elements, all of one shape.
func List(most int, each *Shape) *Shape {
	return &Shape{want: fmt.Sprintf("an array of at most %d elements", most), kind: document.KindArray, each: each, most: most}
}

// Text is a string of at least and at most that many bytes.
func Text(least, most int) *Shape {
	return TextThat(fmt.Sprintf("a string of %d to %d bytes", least, most), func(text string) bool {
		return len(text) >= least && len(text) <= most
	})
}

// TextThat is a string that satisfies the test; want completes "must be".
func TextThat(want string, test func(text string) bool) *Shape {
	return &Shape{want: want, kind: document.KindString, check: func(v document.Value) error {
		if !test(v.Str()) {
			return errors.New("must be " + want)
		}
		return nil
	}}
}

// OneOf is one of the words.
func OneOf(words ...string) *Shape {
	return TextThat("one of "+strings.Join(words, ", "), func(text string) bool { return slices.Contains(words, text) })
}

// Flag is true or false.
func Flag() *Shape { return &Shape{want: "true or false", kind: document.KindBool} }

// Whole is a whole number within the bounds.
func Whole(least, most int64) *Shape {
	want := fmt.Sprintf("a whole number from %d to %d", least, most)
	return &Shape{want: want, kind: document.KindNumber, check: func(v document.Value) error {
		if n, ok := v.Int64(); !ok || n < least || n > most {
			return errors.New("must be " + want)
		}
		return nil
	}}
}

// AnyObject is an object that nothing is known of, of at most that many bytes.
func AnyObject(most int) *Shape {
	want := fmt.Sprintf("an object of at most %d bytes", most)
	return &Shape{want: want, kind: document.KindObject, check: func(v document.Value) error {
		if len(v.AppendJSON(nil)) > most {
			return errors.New("must be " + want)
		}
		return nil
	}}
}

// Check returns nil for a value of the shape, and 400006 that names the path of what is wrong with another. path is that
// of the value itself; empty: none.
func (s *Shape) Check(path string, v document.Value) error {
	if v.Kind() != s.kind {
		return refuse(path, "must be "+s.want)
	}
	if s.check != nil {
		if err := s.check(v); err != nil {
			return refuse(path, err.Error())
		}
	}
	if v.Kind() == document.KindArray {
		return s.checkElements(path, v.Items())
	}
	if v.Kind() == document.KindObject {
		return s.checkMembers(path, v.Object())
	}
	return nil
}

func (s *Shape) checkElements(path string, items []document.Value) error {
	if len(items) > s.most {
		return refuse(path, "must be "+s.want)
	}
	for i, item := range items {
		if err := s.each.Check(elementAt(path, i), item); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shape) checkMembers(path string, o *document.Object) error {
	for _, m := range s.members {
		if v, _ := o.Get(m.Name); m.Required && v.IsNull() {
			return refuse(MemberPath(path, m.Name), "is missing")
		}
	}
	if s.each != nil && o.Len() > s.most {
		return refuse(path, "must be "+s.want)
	}
	for name, v := range o.All() {
		known := s.member(name)
		if known == nil || v.IsNull() {
			continue
		}
		if err := known.Check(MemberPath(path, name), v); err != nil {
			return err
		}
	}
	return nil
}

// member returns the shape of the member; nil: it is not known.
func (s *Shape) member(name string) *Shape {
	for i := range s.members {
		if s.members[i].Name == name {
			return s.members[i].Shape
		}
	}
	return s.each
}

// Unknown returns the paths of the members that the shape does not know.
func (s *Shape) Unknown(path string, v document.Value) []string {
	var list []string
	if v.Kind() != s.kind {
		return nil
	}
	if v.Kind() == document.KindArray {
		for i, item := range v.Items() {
			list = append(list, s.each.Unknown(elementAt(path, i), item)...)
		}
	}
	if len(s.members) == 0 && s.each == nil {
		return list
	}
	for name, member := range v.Object().All() {
		at := MemberPath(path, name)
		if known := s.member(name); known != nil {
			list = append(list, known.Unknown(at, member)...)
		} else {
			list = append(list, at)
		}
	}
	return list
}

// CheckText is Check for a text that is JSON.
func (s *Shape) CheckText(path string, text json.RawMessage) error {
	v, err := document.Parse(text)
	if err != nil {
		return gigya.InvalidFormat(path, "want JSON: "+err.Error())
	}
	return s.Check(path, v)
}

// MemberPath is the path of a member for errors: that of what it is in, which may be empty, and its name, of which a long one is
// cut.
func MemberPath(path, name string) string {
	const longest = 100
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func elementAt(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func refuse(path, reason string) error {
	if path == "" {
		path = "the object"
	}
	return gigya.InvalidArgumentBecause(path, reason)
}
