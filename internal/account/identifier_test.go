package account_test

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/store"
)

func TestNormalizeGivesSpellingsOfOneIdentifierOneForm(t *testing.T) {
	for _, spellings := range [][]string{
		{"zoe@example.com", "ZOE@Example.COM", " zoe@example.com\t"},
		{"zoë", "zoe\u0308", "ZOE\u0308", "ZOË"},
	} {
		for _, s := range spellings {
			if got := account.Normalize(s); got != spellings[0] {
				t.Errorf("Normalize(%q) = %q, want %q", s, got, spellings[0])
			}
		}
	}
	if account.Normalize("zoe+tag@example.com") == account.Normalize("zoe@example.com") {
		t.Error("a tag is part of an address")
	}
}

func TestValidEmail(t *testing.T) {
	good := []string{"a@example.com", "a.b+c@sub.example.com", "zoë@exämple.de", "o'neil@example.com", "1@2.de", strings.Repeat("a", 64) + "@example.com"}
	bad := []string{
		"", "a", "@example.com", "a@", "a@b", "a@b@example.com", "a b@example.com", "a@exa mple.com", "a@example..com", "a@-example.com",
		"a@example-.com", ".a@example.com", "a.@example.com", "a..b@example.com", "a\r\nBcc: b@example.com", "a@example.com\x00", "a,b@example.com",
		"<a@example.com>", "a@[127.0.0.1", "a\u202e@example.com", "a@example.com,b@example.com", strings.Repeat("a", 65) + "@example.com",
		"a@" + strings.Repeat("a", 64) + ".com", "a@" + strings.Repeat("a.", 128) + "com", "a\xff@example.com",
	}
	for _, text := range good {
		if !account.ValidEmail(text) {
			t.Errorf("%q is refused", text)
		}
	}
	for _, text := range bad {
		if account.ValidEmail(text) {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestValidUsernameAndUID(t *testing.T) {
	for text, want := range map[string]bool{
		"zoe": true, "Zoë X": true, "zoe@example.com": true, "": false, " zoe": false, "a\nb": false, "a@b": false, strings.Repeat("x", 253): false,
	} {
		if account.ValidUsername(text) != want {
			t.Errorf("ValidUsername(%q) = %v", text, !want)
		}
	}
	for text, want := range map[string]bool{"_guid_x==": true, "a b": false, "ä": false, "": false, "a\x7f": false, strings.Repeat("x", 252): true, strings.Repeat("x", 253): false} {
		if account.ValidUID(text) != want {
			t.Errorf("ValidUID(%q) = %v", text, !want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"zoe@example.com", "ZOE\u0308", " \u212b ", "İ@example.com", "\xff", "ǅ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := account.Normalize(text)
		if strings.ToValidUTF8(text, "") == text {
			if again := account.Normalize(once); again != once {
				t.Errorf("Normalize(%q) = %q, then %q", text, once, again)
			}
			if !norm.NFC.IsNormalString(once) {
				t.Errorf("Normalize(%q) = %q is not composed", text, once)
			}
		}
		if account.ValidEmail(text) && !account.ValidEmail(once) {
			t.Errorf("%q is an address, its form %q is not", text, once)
		}
	})
}

func FuzzParseLoginIDs(f *testing.F) {
	f.Add([]byte(`{"username":"x","emails":["a@b.de"],"unverifiedEmails":[]}`))
	f.Add([]byte(`{"emails":{"a":1},"unverifiedEmails":[1,null,"a"]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, written := range []json.RawMessage{account.ParseLoginIDs(raw).JSON(), account.ParseEmails(raw).JSON()} {
			if !json.Valid(written) {
				t.Errorf("%q became %q", raw, written)
			}
		}
	})
}

// TestIdentifiersAndAddressesStayInStep makes random changes and looks at what must always hold.
func TestIdentifiersAndAddressesStayInStep(t *testing.T) {
	s := siteWith(t, `{"accountOptions":{"loginIdentifiers":"email, username"}}`, "")
	rapid.Check(t, func(r *rapid.T) {
		a := zoe(t)
		held := map[string]bool{"zoe@example.com": true}
		address := rapid.SampledFrom([]string{"a@example.com", "B@example.com", "b@example.com", "c@example.com", "zoe@example.com", "taken@example.com", "bad"})
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			ch := account.Change{}
			switch rapid.IntRange(0, 4).Draw(r, "kind") {
			case 0:
				ch.AddLoginEmails = rapid.SliceOfN(address, 1, 3).Draw(r, "add")
			case 1:
				ch.RemoveLoginEmails = rapid.SliceOfN(address, 1, 3).Draw(r, "remove")
			case 2:
				ch.Profile = parsed(t, `{"email":"`+address.Draw(r, "email")+`"}`)
			case 3:
				ch.Username = address.Draw(r, "username")
			case 4:
				ch.Verify = true
			}
			tried := *a
			out, err := account.Apply(&tried, &ch, account.Rules{Site: s, Server: true, Now: made, Owner: taken("taken@example.com")})
			if err != nil || len(out.Items) > 0 {
				continue
			}
			*a = tried
			tx := &claims{held: held}
			if err := out.Store(tx, a); err != nil {
				r.Fatal(err)
			}
			check(r, a, held)
		}
	})
}

func check(r *rapid.T, a *store.Account, held map[string]bool) {
	emails, ids := account.ParseEmails(a.Emails), account.ParseLoginIDs(a.LoginIDs)
	want := map[string]bool{}
	for _, list := range [][]string{ids.Emails, ids.Unverified} {
		for _, e := range list {
			if want[e] {
				r.Fatalf("%s is listed twice: %s", e, a.LoginIDs)
			}
			want[e] = true
			if !emails.Has(e) {
				r.Fatalf("%s logs in and is no address of the account: %s", e, a.Emails)
			}
		}
	}
	if ids.Username != "" {
		want[account.Normalize(ids.Username)] = true
	}
	if len(want) != len(held) {
		r.Fatalf("held %v, account has %v", held, want)
	}
	for e := range want {
		if !held[e] {
			r.Fatalf("%s is not held", e)
		}
	}
	for _, e := range emails.Verified {
		for _, u := range emails.Unverified {
			if e == u {
				r.Fatalf("%s is verified and not: %s", e, a.Emails)
			}
		}
	}
}

// claims is a transaction that knows identifiers only.
type claims struct {
	store.Tx
	held map[string]bool
}

// Owner knows of no lite accounts.
func (c *claims) Owner(string, store.Identifier) (string, error) { return "", store.ErrNotFound }

func (c *claims) ClaimIdentifier(_ string, id store.Identifier, _ string) error {
	c.held[id.Value] = true
	return nil
}

func (c *claims) ReleaseIdentifier(_ string, id store.Identifier, _ string) error {
	delete(c.held, id.Value)
	return nil
}

func (c *claims) PutAccount(*store.Account) error { return nil }
