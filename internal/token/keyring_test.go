package token_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

func newStore(t testing.TB, file string, c clock.Clock) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: file, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newKeyring(t testing.TB) (*token.Keyring, *clock.Fake, store.Store) {
	t.Helper()
	c := clock.NewFake(start)
	s := newStore(t, filepath.Join(t.TempDir(), "test.db"), c)
	return token.NewKeyring(s, newSealer(t), c, rand.Reader), c, s
}

func ensured(t testing.TB) (*token.Keyring, *clock.Fake, store.Store) {
	t.Helper()
	k, c, s := newKeyring(t)
	if err := k.EnsureKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k, c, s
}

func current(t testing.TB, k *token.Keyring) token.Signer {
	t.Helper()
	signer, err := k.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func published(t testing.TB, k *token.Keyring) []string {
	t.Helper()
	keys, err := k.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var kids []string
	for _, key := range keys {
		kids = append(kids, key.Kid)
	}
	return kids
}

// vectors are the parts of the published vectors that are about signing.
type vectors struct {
	RSA struct {
		Private string `json:"private_key_pkcs8_pem"`
		Public  string `json:"public_key_pem"`
	} `json:"rsa_bearer"`
	IDToken map[string]json.RawMessage `json:"id_token"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("../../gigya/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// vectorPrivate is the published test key.
func vectorPrivate(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(readVectors(t).RSA.Private))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// vectorKey stores the published test key as the signing key.
func vectorKey(t *testing.T) (*token.Keyring, map[string]json.RawMessage) {
	t.Helper()
	v := readVectors(t)
	private, _ := pem.Decode([]byte(v.RSA.Private))
	public, _ := pem.Decode([]byte(v.RSA.Public))
	k, _, s := newKeyring(t)
	kid := token.KeyID(public.Bytes)
	err := s.Change(t.Context(), func(tx store.Tx) error {
		return tx.PutSigningKey(&store.SigningKey{
			ID: kid, Private: newSealer(t).Seal(private.Bytes, "signing:"+kid), Public: public.Bytes, Created: 1, Activates: 1,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return k, v.IDToken
}

func TestPublishedVectorsOfIDTokens(t *testing.T) {
	k, vectors := vectorKey(t)
	var kid string
	if err := json.Unmarshal(vectors["kid"], &kid); err != nil {
		t.Fatal(err)
	}
	if got := current(t, k).KeyID(); got != kid {
		t.Fatalf("kid %s, want %s", got, kid)
	}
	for _, name := range []string{"minimal", "with_fields"} {
		t.Run(name+"_is_signed_byte_for_byte", func(t *testing.T) {
			var v struct {
				Payload string `json:"payload"`
				IDToken string `json:"id_token"`
			}
			if err := json.Unmarshal(vectors[name], &v); err != nil {
				t.Fatal(err)
			}
			got, err := token.JWT(current(t, k), []byte(v.Payload))
			if err != nil || got != v.IDToken {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
	t.Run("public_key_has_the_recorded_members_in_order", func(t *testing.T) {
		keys, err := k.Published(t.Context())
		if err != nil || len(keys) != 1 {
			t.Fatalf("%v, %v", keys, err)
		}
		got, err := json.Marshal(keys[0])
		if err != nil {
			t.Fatal(err)
		}
		var v2 struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if err := json.Unmarshal(vectors["getJWTPublicKey_v2"], &v2); err != nil {
			t.Fatal(err)
		}
		want := strings.NewReplacer("\n", "", "  ", "", ": ", ":").Replace(string(v2.Keys[0]))
		if diff := cmp.Diff(strings.ReplaceAll(want, " ", ""), string(got)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnEmptyStoreGetsExactlyOneKeyFromManyStarters(t *testing.T) {
	file, c := filepath.Join(t.TempDir(), "test.db"), clock.NewFake(start)
	var wg sync.WaitGroup
	rings := make([]*token.Keyring, 4)
	for i := range rings {
		// Each has its own connections, as processes have.
		rings[i] = token.NewKeyring(newStore(t, file, c), newSealer(t), c, rand.Reader)
		wg.Go(func() {
			if err := rings[i].EnsureKey(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want := current(t, rings[0]).KeyID()
	for i, k := range rings {
		if got := current(t, k).KeyID(); got != want {
			t.Errorf("starter %d signs with %s, the first with %s", i, got, want)
		}
		if got := published(t, k); len(got) != 1 {
			t.Errorf("starter %d publishes %v", i, got)
		}
	}
}

func TestWithoutAKeyNothingIsSigned(t *testing.T) {
	k, _, _ := newKeyring(t)
	if _, err := k.Current(t.Context()); !errors.Is(err, token.ErrNoKey) {
		t.Errorf("error %v, want ErrNoKey", err)
	}
	if got := published(t, k); len(got) != 0 {
		t.Errorf("published %v", got)
	}
}

func TestRotationLeavesNoGap(t *testing.T) {
	k, c, _ := ensured(t)
	old := current(t, k).KeyID()
	next, err := k.Rotate(t.Context(), token.Rotation{Delay: time.Hour, Life: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if next.Private != nil {
		t.Error("the private half was handed out")
	}
	for _, step := range []struct {
		name  string
		after time.Duration
		want  []string // The signing one first.
	}{
		{"published at once, the old one signs", 0, []string{old, next.ID}},
		{"just before the activation", time.Hour - time.Millisecond, []string{old, next.ID}},
		{"at the activation", time.Hour, []string{next.ID, old}},
		{"until the last token of the old one has died", 25*time.Hour - time.Millisecond, []string{next.ID, old}},
		{"then the old one is gone", 25 * time.Hour, []string{next.ID}},
	} {
		c.Set(start.Add(step.after))
		if diff := cmp.Diff(step.want, published(t, k)); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
		if got := current(t, k).KeyID(); got != step.want[0] {
			t.Errorf("%s: %s signs", step.name, got)
		}
		for _, kid := range []string{old, next.ID} {
			_, err := k.PublicKey(t.Context(), kid)
			if found := err == nil; found != slices.Contains(step.want, kid) {
				t.Errorf("%s: key %s: %v", step.name, kid, err)
			}
		}
	}
}

func TestARotationReplacesOneThatHasNotHappened(t *testing.T) {
	k, c, _ := ensured(t)
	old := current(t, k).KeyID()
	pending, err := k.Rotate(t.Context(), token.Rotation{Delay: time.Hour, Life: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	next, err := k.Rotate(t.Context(), token.Rotation{Delay: 48 * time.Hour, Life: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if got := published(t, k); slices.Contains(got, pending.ID) {
		t.Errorf("the replaced key is published: %v", got)
	}
	// The first rotation would have ended the old key at 1 h 1 min; it signs on.
	c.Set(start.Add(47 * time.Hour))
	if got := current(t, k).KeyID(); got != old {
		t.Errorf("%s signs, want the old key", got)
	}
	c.Set(start.Add(48*time.Hour + time.Minute))
	if diff := cmp.Diff([]string{next.ID}, published(t, k)); diff != "" {
		t.Error(diff)
	}
}

func TestRotationWithoutTimesActivatesAtOnceAndKeepsTheOldKeyForTheLongestLife(t *testing.T) {
	k, c, _ := ensured(t)
	old := current(t, k).KeyID()
	next, err := k.Rotate(t.Context(), token.Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	if got := current(t, k).KeyID(); got != next.ID {
		t.Errorf("%s signs", got)
	}
	c.Set(start.Add(31536000*time.Second - time.Millisecond))
	if got := published(t, k); !slices.Contains(got, old) {
		t.Error("the old key left too early")
	}
	if _, err := k.Rotate(t.Context(), token.Rotation{Delay: -1}); err == nil {
		t.Error("a negative delay is taken")
	}
}

func TestAKeySignsOnWhenTheClockIsSetBack(t *testing.T) {
	k, c, _ := ensured(t)
	want := current(t, k).KeyID()
	c.Set(start.Add(-time.Hour))
	if got := current(t, k).KeyID(); got != want {
		t.Errorf("%s signs", got)
	}
	if err := k.EnsureKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := published(t, k); len(got) != 1 {
		t.Errorf("published %v", got)
	}
}

func signedClaims(t testing.TB, signer token.Signer, claims string) string {
	t.Helper()
	text, err := token.JWT(signer, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const goodClaims = `{"iss":"https://oauth2.gigya.com","sub":"AKey","client_id":"AKey","iat":1700000000,"exp":1700000300,"jti":"jti-1"}`

func TestOnlyOurAccessTokensAreAccepted(t *testing.T) {
	k, _, _ := ensured(t)
	signer := current(t, k)
	other, _, _ := ensured(t)
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	with := func(old, new string) string { return signedClaims(t, signer, strings.Replace(goodClaims, old, new, 1)) }
	good, kid := with("", ""), signer.KeyID()
	parts := strings.Split(good, ".")
	for _, c := range []struct {
		name, text string
		after      time.Duration
		want       error
	}{
		{name: "good", text: good},
		{name: "within_the_leeway_of_its_end", text: good, after: 304 * time.Second},
		{name: "over", text: good, after: 305 * time.Second, want: token.ErrExpired},
		{name: "of_a_clock_two_minutes_ahead", text: good, after: -120 * time.Second},
		{name: "of_the_future", text: good, after: -121 * time.Second, want: token.ErrInvalid},
		{name: "of_another_installation", text: signedClaims(t, current(t, other), goodClaims), want: token.ErrInvalid},
		{name: "without_exp", text: with(`"exp":1700000300,`, ""), want: token.ErrInvalid},
		{name: "with_exp_as_text", text: with(`1700000300`, `"1700000300"`), want: token.ErrInvalid},
		{name: "with_exp_beyond_all_bounds", text: with(`1700000300`, `1e300`), want: token.ErrInvalid},
		{name: "without_sub", text: with(`"sub":"AKey"`, `"SUB":"AKey"`), want: token.ErrInvalid},
		{name: "without_jti", text: with(`,"jti":"jti-1"`, ``), want: token.ErrInvalid},
		{name: "of_a_client_that_is_not_the_subject", text: with(`"sub":"AKey"`, `"sub":"BKey"`), want: token.ErrInvalid},
		{name: "that_is_an_id_token", text: signedClaims(t, signer, idTokenClaims), want: token.ErrInvalid},
		{name: "that_is_an_id_token_with_a_client_id", text: with(`{`, `{"apiKey":"4_site",`), want: token.ErrInvalid},
		{name: "whose_claims_are_no_object", text: signedClaims(t, signer, `["AKey"]`), want: token.ErrInvalid},
		{name: "that_is_opaque", text: newTokens(t).SealAccess(access()), want: token.ErrInvalid},
		{name: "with_alg_none", text: header(`{"typ":"JWT","alg":"none","kid":"`+kid+`"}`) + "." + parts[1] + ".", want: token.ErrInvalid},
		{name: "with_alg_HS256", text: header(`{"typ":"JWT","alg":"HS256","kid":"`+kid+`"}`) + "." + parts[1] + "." + parts[2], want: token.ErrInvalid},
		{name: "with_another_alg_that_our_key_signed", text: signedWith(t, signer, `{"typ":"JWT","alg":"RS384","kid":"`+kid+`"}`), want: token.ErrInvalid},
		{name: "with_an_unknown_kid", text: header(`{"typ":"JWT","alg":"RS256","kid":"nobody"}`) + "." + parts[1] + "." + parts[2], want: token.ErrInvalid},
		{name: "with_other_claims", text: parts[0] + "." + header(strings.ReplaceAll(goodClaims, "AKey", "BKey")) + "." + parts[2], want: token.ErrInvalid},
		{name: "with_a_padded_signature", text: good + "==", want: token.ErrInvalid},
		{name: "with_a_line_break_in_its_signature", text: good[:len(good)-4] + "\n" + good[len(good)-4:], want: token.ErrInvalid},
		{name: "of_two_parts", text: parts[0] + "." + parts[1], want: token.ErrInvalid},
		{name: "that_is_empty", text: "", want: token.ErrInvalid},
		{name: "of_a_megabyte", text: parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2], want: token.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := k.ParseAccess(t.Context(), c.text, start.Add(c.after))
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if c.want == nil && (got.UserKey != "AKey" || got.ID != "jti-1" || !got.Expires.Equal(start.Add(300*time.Second))) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// idTokenClaims are those of a token about a user, which opens nothing.
const idTokenClaims = `{"iss":"https://fidm.gigya.com/jwt/4_site/","apiKey":"4_site","iat":1700000000,"exp":1700000300,"sub":"u1","aud":["a","b"]}`

// signedWith is a token with another header, its signature good.
func signedWith(t *testing.T, signer token.Signer, header string) string {
	t.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(goodClaims))
	signature, err := signer.Sign([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestJWTAccessTokens(t *testing.T) {
	k, _, _ := ensured(t)
	claims := token.AccessClaims{
		Issuer: "https://oauth2.gigya.com", UserKey: "AKey", ID: "jti-1", Issued: start, Expires: start.Add(10 * time.Minute),
	}
	text, err := k.SignAccess(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	want := `{"iss":"https://oauth2.gigya.com","sub":"AKey","client_id":"AKey","iat":1700000000,"exp":1700000600,"jti":"jti-1"}`
	if string(payload) != want {
		t.Errorf("claims %s", payload)
	}
	got, err := k.ParseAccess(t.Context(), text, start.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(claims, got); diff != "" {
		t.Error(diff)
	}
	if got, err := k.ParseAccess(t.Context(), text, start.Add(time.Hour)); !errors.Is(err, token.ErrExpired) || got.ID != "jti-1" {
		t.Errorf("after its end: %+v, %v", got, err)
	}
}

func BenchmarkSign(b *testing.B) {
	k, _, _ := ensured(b)
	b.ReportAllocs()
	for b.Loop() {
		signer, err := k.Current(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := token.JWT(signer, []byte(goodClaims)); err != nil {
			b.Fatal(err)
		}
	}
}
