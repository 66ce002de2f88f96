package blueprint

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// A text that is ${FILE:name} stands for the text of a file beside; ${ENV:NAME} for a variable of the environment, or what is stored if
// there is none; ${ENV_JSON:NAME} for one that is JSON. A text that only looks so gets one more $ at its beginning.
const (
	fromFile = "${FILE:"
	fromEnv  = "${ENV:"
	fromJSON = "${ENV_JSON:"
	suffix   = "}"
)

// ofServer begins the names of variables that are settings of the server, its key among them.
const ofServer = "DOORWARD_"

// looksLike tells whether the text, but for more $ at its beginning, is a placeholder.
func looksLike(text string) bool {
	text = strings.TrimLeft(text, "$")
	return strings.HasSuffix(text, suffix) &&
		(strings.HasPrefix(text, fromFile[1:]) || strings.HasPrefix(text, fromEnv[1:]) || strings.HasPrefix(text, fromJSON[1:]))
}

// hole is a place in a document that takes what is stored there: the variable was not set.
type hole struct {
	path     []string
	variable string
}

// place is a path in the form of error messages: headers[0].value. indexes tells which elements are places in arrays.
type place struct {
	names []string
	text  string
}

func (p place) member(name string) place {
	text := name
	if p.text != "" {
		text = p.text + "." + name
	}
	return place{append(slices.Clone(p.names), name), text}
}

func (p place) element(i int) place {
	n := strconv.Itoa(i)
	return place{append(slices.Clone(p.names), n), p.text + "[" + n + "]"}
}

// rewrite returns a copy of the value in which every text, number and truth is what fn makes of it.
func rewrite(v document.Value, at place, fn func(at place, v document.Value) document.Value) document.Value {
	switch v.Kind() {
	case document.KindObject:
		o := &document.Object{}
		for name, member := range v.Object().All() {
			o.Set(name, rewrite(member, at.member(name), fn))
		}
		return document.FromObject(o)
	case document.KindArray:
		items := make([]document.Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = rewrite(item, at.element(i), fn)
		}
		return document.ArrayOf(items...)
	}
	return fn(at, v)
}

// fill returns the document with what the stored one, which may be nil, has in the places of the holes. A hole for which it has nothing is
// returned. Elements of arrays are found again by what else they hold, so that a secret never comes to stand beside another name.
func (o *object) fill(stored *document.Object) (filled *document.Object, open []hole) {
	filled = o.doc.Clone()
	for _, h := range o.holes {
		var old document.Value
		if stored != nil {
			old = document.FromObject(stored)
		}
		if !o.fillOne(document.FromObject(filled), old, h.path, nil) {
			open = append(open, h)
		}
	}
	return filled, open
}

// fillOne puts what old has at the path into v. done is the path to v.
func (o *object) fillOne(v, old document.Value, rest, done []string) bool {
	name := rest[0]
	done = append(slices.Clone(done), name)
	switch v.Kind() {
	case document.KindObject:
		before, _ := old.Object().Get(name)
		if len(rest) == 1 {
			if before.IsNull() {
				return false
			}
			v.Object().Set(name, before.Clone())
			return true
		}
		below, _ := v.Object().Get(name)
		return o.fillOne(below, before, rest[1:], done)
	case document.KindArray:
		i, _ := strconv.Atoi(name)
		before, ok := o.sameElement(old.Items(), i, done)
		if !ok {
			return false
		}
		if len(rest) == 1 {
			v.Items()[i] = before.Clone()
			return true
		}
		return o.fillOne(v.Items()[i], before, rest[1:], done)
	}
	return false
}

// sameElement returns the stored element that is the one at the path, but for what the holes hide.
func (o *object) sameElement(stored []document.Value, i int, at []string) (document.Value, bool) {
	var holes [][]string
	for _, h := range o.holes {
		if len(h.path) >= len(at) && slices.Equal(h.path[:len(at)], at) {
			holes = append(holes, h.path[len(at):])
		}
	}
	want := lookup(document.FromObject(o.doc), at)
	matches := func(v document.Value) bool {
		seen := v.Clone()
		for _, hole := range holes {
			seen = blank(seen, hole)
		}
		return seen.Equal(want)
	}
	if i < len(stored) && matches(stored[i]) {
		return stored[i], true
	}
	if n := slices.IndexFunc(stored, matches); n >= 0 {
		return stored[n], true
	}
	return document.Value{}, false
}

func lookup(v document.Value, at []string) document.Value {
	for _, name := range at {
		if v.Kind() == document.KindArray {
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v.Items()) {
				return document.Value{}
			}
			v = v.Items()[i]
			continue
		}
		v, _ = v.Object().Get(name)
	}
	return v
}

// blank returns the value with null at the path, if that is there. The value is altered.
func blank(v document.Value, at []string) document.Value {
	if len(at) == 0 {
		return document.NullValue()
	}
	switch v.Kind() {
	case document.KindObject:
		if below, ok := v.Object().Get(at[0]); ok {
			v.Object().Set(at[0], blank(below, at[1:]))
		}
	case document.KindArray:
		// The path is one of the file's, where an object may stand in the place of the array, with members of any names.
		if i, err := strconv.Atoi(at[0]); err == nil && i >= 0 && i < len(v.Items()) {
			v.Items()[i] = blank(v.Items()[i], at[1:])
		}
	}
	return v
}

// hide returns the object's document as its file has it: secrets and long texts taken out. Texts are handed to file, which returns their
// name; variables are named by variable.
func (o *object) hide(file func(at place, text string) string, variable func(at place) string) *document.Object {
	secret := o.isSecret()
	return rewrite(document.FromObject(o.doc), place{}, func(at place, v document.Value) document.Value {
		switch {
		case v.IsNull():
		case secret(at.names) && v.Kind() != document.KindString:
			return document.String(fromJSON + variable(at) + suffix)
		case secret(at.names) && v.Str() != "":
			return document.String(fromEnv + variable(at) + suffix)
		case v.Kind() != document.KindString:
		case isLong(v.Str()):
			return document.String(fromFile + file(at, v.Str()) + suffix)
		case looksLike(v.Str()):
			return document.String("$" + v.Str())
		}
		return v
	}).Object()
}

func (o *object) isSecret() func(path []string) bool {
	return func(path []string) bool { return o.section.kind != nil && o.section.kind.IsSecret(path...) }
}

// isHidden tells which places a plan does not show: secrets, and what the file, which may be nil, takes from variables.
func (o *object) isHidden(file *object) func(path []string) bool {
	secret := o.isSecret()
	return func(path []string) bool {
		return secret(path) || file != nil && slices.ContainsFunc(file.taken, func(taken []string) bool {
			return len(path) >= len(taken) && slices.Equal(path[:len(taken)], taken)
		})
	}
}

// isLong tells whether a text is better read in a file of its own.
func isLong(text string) bool {
	const line = 200
	return strings.Contains(text, "\n") || len(text) > line && strings.Contains(text, "<")
}

// show is the reverse of hide: it fills in texts of files and variables that are set, and notes the others as holes.
func (o *object) show(file func(name string) (string, error), variable func(name string) (string, bool)) []error {
	var faults []error
	o.doc = rewrite(document.FromObject(o.doc), place{}, func(at place, v document.Value) document.Value {
		filled, err := o.showOne(at, v, file, variable)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %s: %w", o.file, at.text, err))
		}
		return filled
	}).Object()
	return faults
}

func (o *object) showOne(at place, v document.Value, file func(string) (string, error), variable func(string) (string, bool)) (document.Value, error) {
	text := v.Str()
	if v.Kind() != document.KindString || !looksLike(text) {
		return v, nil
	}
	if strings.HasPrefix(text, "$$") {
		return document.String(text[1:]), nil
	}
	if name, ok := strings.CutPrefix(strings.TrimSuffix(text, suffix), fromFile); ok {
		read, err := file(name)
		return document.String(read), err
	}
	name, isJSON := strings.CutPrefix(strings.TrimSuffix(text, suffix), fromJSON)
	if !isJSON {
		name = strings.TrimPrefix(strings.TrimSuffix(text, suffix), fromEnv)
	}
	if name == "" || strings.ContainsAny(name, "= \t\n\x00") {
		return v, fmt.Errorf("%q is not the name of a variable of the environment", name)
	}
	if strings.HasPrefix(name, ofServer) {
		return v, fmt.Errorf("%s is a setting of the server, not a variable for files", name)
	}
	value, set := variable(name)
	switch {
	case !set || value == "":
		// Places that run programs set a variable that they have no value for to nothing: that must not empty a secret.
		o.holes = append(o.holes, hole{at.names, name})
		return document.NullValue(), nil
	}
	o.taken = append(o.taken, at.names)
	switch {
	case isJSON:
		read, err := document.Parse([]byte(value))
		if err != nil {
			return v, fmt.Errorf("the variable %s of the environment is not JSON", name) // Its text is a secret.
		}
		return read, nil
	}
	return document.String(value), nil
}

// ending is that of the file of a text, by its member and by what it looks like.
func ending(name, text string) string {
	switch {
	case name == "html" || name == "css":
		return "." + name
	case name == "javascript" || name == "globalConf":
		return ".js"
	case strings.HasPrefix(text, "-----BEGIN "):
		return ".pem"
	case strings.HasPrefix(strings.TrimSpace(text), "<"):
		return ".html"
	}
	return ".txt"
}

// textFile names the file of a text of an object, and its ending: the object's own name and the path of the text.
func textFile(base string, at place, text string) (name, end string) {
	last := at.names[len(at.names)-1]
	end = ending(last, text)
	names := at.names
	if len(names) == 1 && (end == ".css" || end == ".js" || last == "html") {
		names = nil
	}
	folder, file := path.Split(base)
	for _, name := range names {
		file += "." + escape(name)
	}
	return folder + shortened(file), end
}
