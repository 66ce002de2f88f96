package blueprint

import (
	"bytes"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/plain"
)

// Verb is what happens to an object.
type Verb byte

// The verbs, as a plan shows them.
const (
	Add    Verb = '+'
	Modify Verb = '~'
	Remove Verb = '-'
)

// Change is what is done to one object.
type Change struct {
	Verb Verb
	// Object is its name among the owner's: webhook/crm.
	Object string
	// Lines say what is different, for people. Secrets are not among them.
	Lines []string
}

// OwnerPlan is what is done to a partner or a site.
type OwnerPlan struct {
	// Title is the folder of its files; Name what it is called in the store.
	Title, Name string
	// New tells that there is none yet.
	New     bool
	Changes []Change
	// Kept are the objects that no file has and that stay.
	Kept []string
}

// Plan is the difference between files and a store.
type Plan struct {
	Owners []OwnerPlan
	// Unknown are files and folders that mean nothing here, and members that the checks do not know, as file: path. Such members are stored
	// where the methods store them: not in policies and the schema.
	Unknown []string
	// Notes are what people should know.
	Notes []string
	// before is a digest of all that is changed, as it was: what a plan shows of it is shortened, and hides secrets.
	before hash.Hash
}

// sees takes note of an object of the plan as it was.
func (p *Plan) sees(owner, object string, before *document.Object) {
	var text []byte
	if before != nil {
		text = before.JSON()
	}
	fmt.Fprintf(p.before, "%q %q %d %s", owner, object, len(text), text)
}

// same tells whether the plans do the same to the same.
func (p *Plan) same(q *Plan) bool {
	var one, two bytes.Buffer
	_ = p.Print(&one) // A buffer takes everything.
	_ = q.Print(&two)
	return bytes.Equal(one.Bytes(), two.Bytes()) && bytes.Equal(p.before.Sum(nil), q.before.Sum(nil))
}

// Empty tells whether there is nothing to do.
func (p *Plan) Empty() bool {
	return !slices.ContainsFunc(p.Owners, func(o OwnerPlan) bool { return o.New || len(o.Changes) > 0 })
}

// Count returns how many objects are added, changed and removed.
func (p *Plan) Count() (added, changed, removed int) {
	for _, o := range p.Owners {
		for _, c := range o.Changes {
			switch c.Verb {
			case Add:
				added++
			case Modify:
				changed++
			case Remove:
				removed++
			}
		}
	}
	return added, changed, removed
}

// Print writes the plan for people.
func (p *Plan) Print(w io.Writer) error {
	var b strings.Builder
	for _, o := range p.Owners {
		o.print(&b)
	}
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "%s\n\n", plain.Text(note))
	}
	if p.Empty() {
		b.WriteString("No changes: everything is as the files say.\n")
	} else {
		added, changed, removed := p.Count()
		fmt.Fprintf(&b, "%d to add, %d to change, %d to remove.\n", added, changed, removed)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// print writes one owner; one of whom there is nothing to say is left out.
func (o *OwnerPlan) print(b *strings.Builder) {
	if !o.New && len(o.Changes) == 0 && len(o.Kept) == 0 {
		return
	}
	fmt.Fprintf(b, "%s  (%s", plain.Text(o.Title), plain.Text(o.Name))
	if o.New {
		b.WriteString(", new")
	}
	b.WriteString(")\n")
	for _, c := range o.Changes {
		fmt.Fprintf(b, "  %c %s\n", c.Verb, plain.Text(c.Object))
		for _, line := range c.Lines {
			fmt.Fprintf(b, "      %s\n", line)
		}
	}
	if len(o.Kept) > 0 {
		const most = 10
		shown, more := o.Kept, ""
		if len(shown) > most {
			shown, more = shown[:most], ", …"
		}
		fmt.Fprintf(b, "    no file and stays: %s%s  (%d; --prune removes what has no file)\n", plain.Text(strings.Join(shown, ", ")), more, len(o.Kept))
	}
	b.WriteByte('\n')
}

// titles are the changes in short, for the audit log; what is longer than that many bytes is cut off.
func (o *OwnerPlan) titles(most int) string {
	list := make([]string, len(o.Changes))
	for i, c := range o.Changes {
		list[i] = string(rune(c.Verb)) + c.Object
	}
	text := strings.Join(list, " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " …"
	}
	return text
}

// differ writes down what is different between two documents.
type differ struct {
	secret func(path []string) bool
	lines  []string
}

// longest is how much of a value a line shows, in bytes.
const longest = 100

func (d *differ) compare(before, after document.Value, at place) {
	switch {
	case before.Equal(after):
	case before.Kind() == document.KindObject && after.Kind() == document.KindObject:
		for name, old := range before.Object().All() {
			now, there := after.Object().Get(name)
			if !there {
				d.gone(old, at.member(name))
				continue
			}
			d.compare(old, now, at.member(name))
		}
		for name, now := range after.Object().All() {
			if _, there := before.Object().Get(name); !there {
				d.add("+ %s: %s", at.member(name), d.shown(now, at.member(name)))
			}
		}
	case before.Kind() == document.KindArray && after.Kind() == document.KindArray && !flat(before, after):
		d.elements(before.Items(), after.Items(), at)
	case !d.secret(at.names) && strings.Contains(before.Str()+after.Str(), "\n"):
		d.add("~ %s:", at)
		d.text(before.Str(), after.Str())
	default:
		d.add("~ %s: %s → %s", at, d.shown(before, at), d.shown(after, at))
	}
}

func (d *differ) elements(before, after []document.Value, at place) {
	for i := range max(len(before), len(after)) {
		switch {
		case i >= len(after):
			d.gone(before[i], at.element(i))
		case i >= len(before):
			d.add("+ %s: %s", at.element(i), d.shown(after[i], at.element(i)))
		default:
			d.compare(before[i], after[i], at.element(i))
		}
	}
}

func (d *differ) gone(v document.Value, at place) { d.add("- %s: %s", at, d.shown(v, at)) }

func (d *differ) add(form string, at place, rest ...any) {
	d.lines = append(d.lines, fmt.Sprintf(form, append([]any{plain.Text(at.text)}, rest...)...))
}

// flat tells whether both arrays hold only what a line shows well.
func flat(lists ...document.Value) bool {
	for _, list := range lists {
		for _, item := range list.Items() {
			if item.Kind() == document.KindObject || item.Kind() == document.KindArray {
				return false
			}
		}
	}
	return true
}

// shown is the value on a line.
func (d *differ) shown(v document.Value, at place) string {
	open := rewrite(v, at, func(at place, v document.Value) document.Value {
		if !v.IsNull() && d.secret(at.names) {
			return document.String("(secret)")
		}
		return v
	})
	text := plain.Text(string(open.AppendJSON(nil)))
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}

// text shows the lines that changed between two texts: what is the same at the beginning and at the end is left out.
func (d *differ) text(before, after string) {
	const most = 10
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	first := 0
	for len(old) > 0 && len(now) > 0 && old[0] == now[0] {
		old, now, first = old[1:], now[1:], first+1
	}
	for len(old) > 0 && len(now) > 0 && old[len(old)-1] == now[len(now)-1] {
		old, now = old[:len(old)-1], now[:len(now)-1]
	}
	d.lines = append(d.lines, fmt.Sprintf("  @ line %d", first+1))
	for _, part := range []struct {
		sign  string
		lines []string
	}{{"-", old}, {"+", now}} {
		for i, line := range part.lines {
			if i == most {
				d.lines = append(d.lines, fmt.Sprintf("  %s … %d more lines", part.sign, len(part.lines)-most))
				break
			}
			if line = plain.Line(line); len(line) > longest {
				line = strings.ToValidUTF8(line[:longest], "") + "…"
			}
			d.lines = append(d.lines, "  "+part.sign+" "+line)
		}
	}
}

// lost returns the paths of what the first document says and the second has not: members that a check did not know. A member that is
// null or empty says nothing.
func lost(said, kept document.Value, at place) []string {
	if said.Kind() != document.KindObject || kept.Kind() != document.KindObject {
		return nil
	}
	var list []string
	for name, v := range said.Object().All() {
		if v.IsNull() || v.Kind() == document.KindObject && v.Object().Len() == 0 {
			continue
		}
		now, there := kept.Object().Get(name)
		if !there {
			list = append(list, at.member(name).text)
			continue
		}
		list = append(list, lost(v, now, at.member(name))...)
	}
	return list
}
