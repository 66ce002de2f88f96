package method

import (
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/caller"
)

// Reference returns the reference page of the table, Markdown: what is served, in part or whole, with every parameter,
// and what is not. It is generated, so that it cannot say what the code does not.
func (t *Table) Reference() string {
	var served, unserved, withdrawn []string
	part := 0
	for _, e := range t.Coverage() {
		switch e.Status {
		case Served:
			served = append(served, e.Name)
			if e.Method.Spec.Partial != "" {
				part++
			}
		case Unserved:
			unserved = append(unserved, e.Name)
		case Withdrawn:
			withdrawn = append(withdrawn, e.Name)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Methods

This page is generated from the declarations of the methods; a test fails when it is out of date.

%d names are served, %d of them in part; %d methods of the original are not served yet (400096); %d belong to products that are gone (400096).
Any other name answers 403007.

Who may call: *public* needs an API key alone, *regToken* a registration token, *session* a logged-in user, *server* a partner secret or a key with
the privilege. A parameter marked *server* is an unknown parameter to everybody else; one marked *refused* fails their call with 403007.

`, len(served), part, len(unserved), len(withdrawn))
	for _, m := range t.methods {
		m.describe(&b)
	}
	b.WriteString("## Not served yet\n\n")
	writeNames(&b, unserved)
	b.WriteString("\n## Withdrawn\n\nThe original answers 400096 for these, and so does this server.\n\n")
	writeNames(&b, withdrawn)
	return b.String()
}

func (m *Method) describe(b *strings.Builder) {
	s := m.Spec
	fmt.Fprintf(b, "## %s\n\n%s\n\n", s.Name, s.Summary)
	if len(s.Aliases) > 0 {
		fmt.Fprintf(b, "- Also called: %s\n", strings.Join(s.Aliases, ", "))
	}
	fmt.Fprintf(b, "- Who may call: %s\n", classes(s))
	if s.Callers.Has(caller.Server) && !s.Anonymous {
		fmt.Fprintf(b, "- Privilege: `%s`\n", m.Privilege())
	}
	if s.Extension {
		b.WriteString("- An extension of this server\n")
	}
	if s.HTTPS {
		b.WriteString("- TLS only\n")
	}
	if s.Partial != "" {
		fmt.Fprintf(b, "- Not served yet: %s\n", s.Partial)
	}
	if len(m.params) == 0 {
		b.WriteString("- No parameters of its own\n\n")
		return
	}
	b.WriteString("\n| parameter | type | |\n|---|---|---|\n")
	for i := range m.params {
		fmt.Fprintf(b, "| %s | %s | %s |\n", strings.Join(append([]string{m.params[i].Name}, m.params[i].Aliases...), ", "), m.params[i].Type, m.params[i].notes())
	}
	b.WriteString("\n")
}

func classes(s Spec) string {
	if s.Anonymous {
		return "anybody; no credential is looked at"
	}
	var names []string
	for _, c := range []struct {
		class caller.Class
		name  string
	}{{caller.Public, "public"}, {caller.RegToken, "regToken"}, {caller.Session, "session"}, {caller.Server, "server"}} {
		if s.Callers.Has(c.class) {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, ", ")
}

func (p *Param) notes() string {
	var notes []string
	if p.Required {
		notes = append(notes, "required")
	}
	if p.Server {
		notes = append(notes, "server")
	}
	if p.Deny {
		notes = append(notes, "refused")
	}
	switch {
	case p.HasMin && p.HasMax:
		notes = append(notes, fmt.Sprintf("%d to %d", p.Min, p.Max))
	case p.HasMin:
		notes = append(notes, fmt.Sprintf("from %d", p.Min))
	case p.HasMax:
		notes = append(notes, fmt.Sprintf("up to %d", p.Max))
	}
	return strings.Join(notes, ", ")
}

func writeNames(b *strings.Builder, names []string) {
	for _, name := range names {
		fmt.Fprintf(b, "- %s\n", name)
	}
}
