package acl_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/acl"
)

var update = flag.Bool("update", false, "write the table of privileges into docs/permissions.md")

// page is the document whose end is the table of privileges.
const (
	page  = "../../docs/permissions.md"
	begin = "## Privileges\n"
)

// privilegesPage is the table as the document has it.
func privilegesPage() string {
	var b strings.Builder
	b.WriteString(begin + "\nWhat each privilege gives, from `internal/acl/privileges.txt`. `accounts.tfa.*` is every method of the namespace `accounts.tfa`, `*` every\n" +
		"method. In brackets: `-name`, a parameter that may not be sent; `name=value`, one that always has this value.\n")
	area := ""
	for _, p := range acl.Privileges() {
		if p.Area != area {
			area = p.Area
			fmt.Fprintf(&b, "\n### %s\n\n| privilege | what for | methods |\n|---|---|---|\n", area)
		}
		methods := strings.Join(p.Methods, ", ")
		if p.AllFields {
			methods += "; every field of accounts"
		}
		if methods == "" {
			methods = "none"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.Summary, methods)
	}
	return b.String()
}

// The table is made from the code: go test ./internal/acl -run Document -update
func TestTheDocumentShowsThePrivileges(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	above, table, found := strings.Cut(string(text), begin)
	if !found {
		t.Fatalf("%s has no %q", page, begin)
	}
	if *update {
		if err := os.WriteFile(page, []byte(above+privilegesPage()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if begin+table != privilegesPage() {
		t.Error("the table of privileges is another one: go test ./internal/acl -run Document -update")
	}
}
