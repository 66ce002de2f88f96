package token_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

var start = time.Unix(1700000000, 0).UTC()

func newSealer(t testing.TB) *seal.Sealer {
	t.Helper()
	s, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newTokens(t testing.TB) *token.Tokens { return token.New(newSealer(t), rand.Reader) }

func regToken() token.RegToken {
	return token.RegToken{
		Kind: token.KindAccount, Group: "4_group", Site: "4_site", UID: "zoë|;, uid", Epoch: 3, ID: "id-1",
		Issued: clock.FromTime(start), Expires: clock.FromTime(start.Add(time.Hour)),
	}
}

func access() token.Access {
	return token.Access{
		Site: "4_site", Partner: 7, UserKey: "AKey", ID: "id-2", Session: true, UID: "u", Login: store.Hash{1, 2, 3},
		Issued: clock.FromTime(start), Expires: clock.FromTime(start.Add(time.Hour)),
	}
}

func TestSealedTokensComeBackWhole(t *testing.T) {
	tokens := newTokens(t)
	gotReg, err := tokens.OpenRegToken(tokens.SealRegToken(regToken()), start)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(regToken(), gotReg); diff != "" {
		t.Error(diff)
	}
	gotAccess, err := tokens.OpenAccess(tokens.SealAccess(access()), start)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(access(), gotAccess); diff != "" {
		t.Error(diff)
	}
	var gotCursor map[string]int
	if err := tokens.OpenJSON("cursor", tokens.SealJSON("cursor", map[string]int{"a": 1}), &gotCursor); err != nil || gotCursor["a"] != 1 {
		t.Errorf("cursor %v, %v", gotCursor, err)
	}
}

func TestTokensTravelAnywhereAndSayNothing(t *testing.T) {
	tokens := newTokens(t)
	for name, text := range map[string]string{
		"regToken": tokens.SealRegToken(regToken()),
		"access":   tokens.SealAccess(access()),
		"cursor":   tokens.SealJSON("cursor", regToken()),
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []byte(text) {
				if c <= ' ' || c > '~' || strings.IndexByte(`|;,"\%&+=/ `, c) >= 0 {
					t.Errorf("%q contains %q", text, c)
				}
			}
			if strings.Contains(text, "4_site") || strings.Contains(text, "NF9zaXRl") {
				t.Errorf("%q can be read", text)
			}
			if name != "cursor" && (!strings.HasPrefix(text, "st2.") || !strings.HasSuffix(text, ".sc3") || strings.Count(text, ".") != 4) {
				t.Errorf("%q has not the look st2.x.<…>.<…>.sc3", text)
			}
			if len(text) > 512 {
				t.Errorf("%d bytes long", len(text))
			}
		})
	}
}

func TestTokensWithoutAnIDGetOne(t *testing.T) {
	tokens := newTokens(t)
	r := regToken()
	r.ID = ""
	seen := map[string]bool{}
	for range 10 {
		got, err := tokens.OpenRegToken(tokens.SealRegToken(r), start)
		if err != nil || got.ID == "" || seen[got.ID] {
			t.Fatalf("id %q, %v", got.ID, err)
		}
		seen[got.ID] = true
	}
}

func TestTokensDieInTime(t *testing.T) {
	tokens := newTokens(t)
	text := tokens.SealRegToken(regToken())
	for after, want := range map[time.Duration]error{
		time.Hour - time.Millisecond: nil, time.Hour: token.ErrInvalid, 48 * time.Hour: token.ErrInvalid,
	} {
		if _, err := tokens.OpenRegToken(text, start.Add(after)); !errors.Is(err, want) {
			t.Errorf("regToken after %v: %v, want %v", after, err, want)
		}
	}
	text = tokens.SealAccess(access())
	for after, want := range map[time.Duration]error{time.Hour - time.Millisecond: nil, time.Hour: token.ErrExpired} {
		if got, err := tokens.OpenAccess(text, start.Add(after)); !errors.Is(err, want) || got.Site != "4_site" {
			t.Errorf("access token after %v: %v, %v, want %v", after, got, err, want)
		}
	}
}

func TestOneKindOfTokenIsNeverAnother(t *testing.T) {
	tokens := newTokens(t)
	reg, acc, cursor := tokens.SealRegToken(regToken()), tokens.SealAccess(access()), tokens.SealJSON("cursor", access())
	swap := func(text, prefix string) string { return prefix + text[len(prefix):] }
	for _, text := range []string{acc, swap(acc, "st2.r."), cursor} {
		if _, err := tokens.OpenRegToken(text, start); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%.12s… opens as a regToken: %v", text, err)
		}
	}
	for _, text := range []string{reg, swap(reg, "st2.a."), cursor} {
		if _, err := tokens.OpenAccess(text, start); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%.12s… opens as an access token: %v", text, err)
		}
	}
	var v any
	for _, text := range []string{reg, acc} {
		if err := tokens.OpenJSON("cursor", text, &v); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%.12s… opens as a cursor: %v", text, err)
		}
	}
	if err := tokens.OpenJSON("other", cursor, &v); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a cursor opens as another kind: %v", err)
	}
}

func TestTamperedTokensAreInvalid(t *testing.T) {
	tokens := newTokens(t)
	text := tokens.SealRegToken(regToken())
	for i := range len(text) {
		for _, c := range []byte{'A', 'z', '.', '=', ' '} {
			if text[i] == c {
				continue
			}
			bad := text[:i] + string(c) + text[i+1:]
			if _, err := tokens.OpenRegToken(bad, start); !errors.Is(err, token.ErrInvalid) {
				t.Fatalf("byte %d as %q: %v", i, c, err)
			}
		}
	}
	other, err := seal.New(bytes.Repeat([]byte{8}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty": "", "half": text[:len(text)/2], "twice": text + text, "a blank behind": text + " ",
		"of another installation": token.New(other, rand.Reader).SealRegToken(regToken()),
		"very long":               "st2.r." + strings.Repeat("A", 1<<20) + ".sc3",
	} {
		if _, err := tokens.OpenRegToken(bad, start); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is used once is known by its text, or by what stands in it: a second text of the same token would be a second use.
func TestATokenHasOneTextAlone(t *testing.T) {
	tokens := newTokens(t)
	sealed := tokens.SealJSON("invitation", regToken())
	for name, c := range map[string]struct {
		text string
		open func(text string) error
	}{
		"regToken": {tokens.SealRegToken(regToken()), func(text string) error { _, err := tokens.OpenRegToken(text, start); return err }},
		"access":   {tokens.SealAccess(access()), func(text string) error { _, err := tokens.OpenAccess(text, start); return err }},
		"sealed":   {sealed, func(text string) error { return tokens.OpenJSON("invitation", text, new(token.RegToken)) }},
	} {
		if err := c.open(c.text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for at := range len(c.text) + 1 {
			for _, inserted := range []string{"\n", "\r", "\r\n", "=", " "} {
				if err := c.open(c.text[:at] + inserted + c.text[at:]); !errors.Is(err, token.ErrInvalid) {
					t.Fatalf("%s with %q at %d: %v", name, inserted, at, err)
				}
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	tokens := newTokens(f)
	f.Add(tokens.SealRegToken(regToken()))
	f.Add(tokens.SealAccess(access()))
	f.Add("st2.r..sc3")
	f.Add("st2.r.AAAA.AAAA.sc3")
	f.Fuzz(func(t *testing.T, text string) {
		// The master key of this test is fixed, so a seed may be a true token; what is made up never opens.
		r, err := tokens.OpenRegToken(text, start)
		if err == nil && r.Site != "4_site" {
			t.Errorf("%q opens: %+v", text, r)
		}
		a, err := tokens.OpenAccess(text, start)
		if err == nil && a.Site != "4_site" {
			t.Errorf("%q opens: %+v", text, a)
		}
		if kid, ok := token.KidOf(text); ok && kid == "" {
			t.Errorf("%q has an empty kid", text)
		}
	})
}
