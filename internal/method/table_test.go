package method_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

func named(name string, aliases ...string) *method.Method {
	return method.New(method.Spec{Name: name, Aliases: aliases, Callers: caller.Public}, echo)
}

func TestATableTellsServedUnservedWithdrawnAndUnknownApart(t *testing.T) {
	table := method.NewTable(named("accounts.getJWT"), named("accounts.exchangeUIDSignature", "socialize.exchangeUIDSignature"))
	tests := map[string]struct {
		want   method.Status
		served string
	}{
		"accounts.getJWT":                {method.Served, "accounts.getJWT"},
		"ACCOUNTS.getjwt":                {method.Served, "accounts.getJWT"},
		"socialize.exchangeuidsignature": {method.Served, "accounts.exchangeUIDSignature"},
		"accounts.tfa.initTFA":           {method.Unserved, ""},
		"socialize.getcontacts":          {method.Withdrawn, ""},
		"comments.anything.at.all":       {method.Withdrawn, ""},
		"comments":                       {method.Unknown, ""},
		"accounts.getJWTx":               {method.Unknown, ""},
		"":                               {method.Unknown, ""},
		strings.Repeat("a", 5000):        {method.Unknown, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, status := table.Lookup(name)
			if status != test.want {
				t.Errorf("got %v, want %v", status, test.want)
			}
			if (m == nil) != (test.served == "") || (m != nil && m.Spec.Name != test.served) {
				t.Errorf("got method %v", m)
			}
		})
	}
}

func TestATableRefusesANameTwice(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("did not panic")
		}
	}()
	method.NewTable(named("accounts.getJWT"), named("accounts.x", "ACCOUNTS.GETJWT"))
}

func TestCoverageListsEveryNameOnce(t *testing.T) {
	entries := method.NewTable(named("accounts.getJWT"), named("own.method")).Coverage()
	seen := map[string]method.Status{}
	for _, e := range entries {
		if _, twice := seen[e.Name]; twice {
			t.Errorf("%s is there twice", e.Name)
		}
		seen[e.Name] = e.Status
	}
	if len(entries) < 350 {
		t.Errorf("only %d names", len(entries))
	}
	if seen["accounts.getJWT"] != method.Served || seen["own.method"] != method.Served || seen["accounts.login"] != method.Unserved {
		t.Error("a status is wrong")
	}
}

func TestAdministrationAnswersForEveryDataCenter(t *testing.T) {
	for name, want := range map[string]bool{
		"admin.getSiteConfig": true, "ADMIN.x": true, "accounts.rba.riskassessment.x": true,
		"accounts.login": false, "administration.x": false, "adm": false,
	} {
		if got := method.AnyDataCenter(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
