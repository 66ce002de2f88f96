package token_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/token"
)

func TestAnEmailTokenIsReadByWhoMadeItAlone(t *testing.T) {
	tokens := newTokens(t)
	seen := map[string]string{}
	for _, uid := range []string{
		"u", "0f5d1c2b7a994e6d8c3b2a1908f7e6d5", "0F5D1C2B7A994E6D8C3B2A1908F7E6D5", "\x0f\x5d\x1c\x2b\x7a\x99\x4e\x6d\x8c\x3b\x2a\x19\x08\xf7\xe6\xd5",
		"sixteen letters!", "_guid_abcdefghijklmnopqrstuvwxyz==", strings.Repeat("x", 252),
	} {
		text := tokens.EmailToken("4_group", uid)
		if want := max(64, 32+2*len(uid)); uid != "0f5d1c2b7a994e6d8c3b2a1908f7e6d5" && len(text) != want || len(text) < 64 {
			t.Errorf("%q: %d digits", uid, len(text))
		}
		if text != tokens.EmailToken("4_group", uid) || text == tokens.EmailToken("4_group/lite", uid) {
			t.Errorf("%q: the token depends on something else", uid)
		}
		if before, ok := seen[text]; ok {
			t.Errorf("%q and %q have the same token", uid, before)
		}
		seen[text] = uid
		if got, ok := tokens.OpenEmailToken("4_group", text); !ok || got != uid {
			t.Errorf("%q is read as %q", uid, got)
		}
		if got, ok := tokens.OpenEmailToken("4_group/lite", text); ok {
			t.Errorf("%q is read as %q of another group", uid, got)
		}
		if strings.Contains(text, hex.EncodeToString([]byte(uid))) || strings.Contains(text, uid) && len(uid) > 1 {
			t.Errorf("%q is to be read in its token", uid)
		}
		sealed, _ := hex.DecodeString(text)
		for i := range sealed {
			altered := bytes.Clone(sealed)
			altered[i] ^= 1
			if got, ok := tokens.OpenEmailToken("4_group", hex.EncodeToString(altered)); ok {
				t.Errorf("%q, altered at byte %d, is read as %q", uid, i, got)
			}
		}
	}
	other, err := seal.New(bytes.Repeat([]byte{8}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := token.New(other, rand.Reader).OpenEmailToken("4_group", tokens.EmailToken("4_group", "u")); ok {
		t.Error("a server with another key reads it")
	}
}

func FuzzOpenEmailToken(f *testing.F) {
	tokens := newTokens(f)
	for _, text := range []string{"", "00ff", tokens.EmailToken("g", "u"), tokens.EmailToken("g", "0f5d1c2b7a994e6d8c3b2a1908f7e6d5"), strings.Repeat("0", 64)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if uid, ok := tokens.OpenEmailToken("g", text); ok && tokens.EmailToken("g", uid) != strings.ToLower(text) {
			t.Errorf("%q is read as %q, whose token is another", text, uid)
		}
	})
}
