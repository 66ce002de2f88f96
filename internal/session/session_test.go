package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	"github.com/doorward/doorward/internal/token"
)

var start = time.Unix(1700000000, 0).UTC()

const (
	group = "4_Group0000000000000000000"
	at    = "4_Site00000000000000000000"
)

type room struct {
	*session.Sessions
	store  *sqlite.Store
	clock  *clock.Fake
	sealer *seal.Sealer
}

func newRoom(t testing.TB) *room {
	t.Helper()
	c := clock.NewFake(start)
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db"), Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	sealer, err := seal.New(bytes.Repeat([]byte{9}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Change(t.Context(), func(tx store.Tx) error {
		return tx.PutAccount(&store.Account{Group: group, UID: "u.1|;", IsActive: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	return &room{session.New(s, sealer, c, rand.Reader), s, c, sealer}
}

func (r *room) open(t testing.TB, o session.Open) session.Opened {
	t.Helper()
	o.Group, o.Site, o.UID = group, at, "u.1|;"
	var opened session.Opened
	err := r.store.Change(t.Context(), func(tx store.Tx) (err error) {
		opened, err = r.Open(tx, o)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestASessionIsFoundByItsTokenAlone(t *testing.T) {
	r := newRoom(t)
	opened := r.open(t, session.Open{Provider: "site", ClientIP: "192.0.2.1", UserAgent: "test", Expiration: 60})
	if !regexp.MustCompile(`^st2\.s\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}\.sc3$`).MatchString(opened.Token) {
		t.Errorf("token %q has another look", opened.Token)
	}
	got, err := r.Find(t.Context(), group, opened.Token)
	if err != nil {
		t.Fatal(err)
	}
	want := &store.Session{
		Group: group, UID: "u.1|;", Hash: token.Hash(opened.Token), Site: at, Created: clock.FromTime(start),
		Expires: clock.FromTime(start.Add(time.Minute)), Provider: "site", ClientIP: "192.0.2.1", UserAgent: "test",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if apiKey, ok := session.SiteOf(opened.Token); !ok || apiKey != at {
		t.Errorf("SiteOf = %q, %v", apiKey, ok)
	}
}

func TestTokensThatOpenNothingAreUnknown(t *testing.T) {
	r := newRoom(t)
	opened := r.open(t, session.Open{})
	other := r.open(t, session.Open{})
	ended := r.open(t, session.Open{})
	err := r.store.Change(t.Context(), func(tx store.Tx) error {
		return tx.DeleteSession(group, "u.1|;", ended.Session.Hash)
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, otherParts := strings.Split(opened.Token, "."), strings.Split(other.Token, ".")
	name := base64.RawURLEncoding.EncodeToString([]byte(at + ".u2"))
	for what, text := range map[string]string{
		"empty": "", "garbage": "x", "only the look": "st2.s...sc3", "ended": ended.Token, "with a blank": opened.Token + " ",
		"cut":                  opened.Token[:len(opened.Token)-1],
		"of another user":      "st2.s." + name + "." + parts[3] + ".sc3",
		"with padding":         "st2.s." + parts[2] + "=." + parts[3] + ".sc3",
		"with one letter less": "st2.s." + parts[2] + "." + otherParts[3][:42] + ".sc3",
		"very long":            "st2.s." + strings.Repeat("A", 1<<20) + "." + parts[3] + ".sc3",
	} {
		if _, err := r.Find(t.Context(), group, text); !errors.Is(err, session.ErrUnknown) {
			t.Errorf("%s: %v, want ErrUnknown", what, err)
		}
	}
	if _, err := r.Find(t.Context(), "4_another", opened.Token); !errors.Is(err, session.ErrUnknown) {
		t.Errorf("in another group: %v, want ErrUnknown", err)
	}
}

func TestSessionsEndByTime(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		name       string
		expiration int64
		lives      time.Duration // 0: for ever
	}{
		{"seconds", 90, 90 * time.Second},
		{"browser_session_has_no_end_of_its_own", session.Browser, 0},
		{"never", session.Never, 0},
		{"dynamic_without_proof_after_a_minute", session.Dynamic, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(t)
			opened := r.open(t, session.Open{Expiration: c.expiration})
			if c.lives == 0 {
				r.clock.Advance(1000 * day)
				if _, err := r.Find(t.Context(), group, opened.Token); err != nil {
					t.Error(err)
				}
				return
			}
			r.clock.Advance(c.lives - time.Millisecond)
			if _, err := r.Find(t.Context(), group, opened.Token); err != nil {
				t.Errorf("just before its end: %v", err)
			}
			r.clock.Advance(time.Millisecond)
			if _, err := r.Find(t.Context(), group, opened.Token); !errors.Is(err, session.ErrExpired) {
				t.Errorf("at its end: %v, want ErrExpired", err)
			}
		})
	}
}

func TestExpirationsOutOfBoundsAreRefused(t *testing.T) {
	r := newRoom(t)
	for _, n := range []int64{-3, session.MaxExpiration + 1, 1 << 62, -1 << 63} {
		err := r.store.Change(t.Context(), func(tx store.Tx) error {
			_, err := r.Open(tx, session.Open{Group: group, Site: at, UID: "u.1|;", Expiration: n})
			return err
		})
		if err == nil || session.ValidExpiration(n) {
			t.Errorf("%d is taken", n)
		}
	}
}

func TestAnAccountHasItsNewestSessionsAlone(t *testing.T) {
	r := newRoom(t)
	var tokens []string
	for range session.MaxPerAccount + 3 {
		tokens = append(tokens, r.open(t, session.Open{}).Token)
		r.clock.Advance(time.Second)
	}
	for i, text := range tokens {
		want := error(nil)
		if i < 3 {
			want = session.ErrUnknown
		}
		if _, err := r.Find(t.Context(), group, text); !errors.Is(err, want) {
			t.Errorf("session %d: %v, want %v", i, err, want)
		}
	}
	// A clock that is put back does not make the session that is opened now the oldest.
	r.clock.Advance(-time.Hour)
	if _, err := r.Find(t.Context(), group, r.open(t, session.Open{}).Token); err != nil {
		t.Errorf("opened after the clock was put back: %v", err)
	}
	if _, err := r.Find(t.Context(), group, tokens[3]); !errors.Is(err, session.ErrUnknown) {
		t.Errorf("the oldest: %v, want ErrUnknown", err)
	}
}

func TestMobileSecretBelongsToTheTokenAndIsNotStored(t *testing.T) {
	r := newRoom(t)
	a, b := r.open(t, session.Open{Mobile: true}), r.open(t, session.Open{Mobile: true})
	key, err := base64.StdEncoding.DecodeString(a.Secret)
	if err != nil || len(key) != 20 || !bytes.Equal(key, r.Key(a.Token)) || a.Secret != r.Secret(a.Token) {
		t.Errorf("secret %q: %v", a.Secret, err)
	}
	if a.Secret == b.Secret {
		t.Error("two sessions have one secret")
	}
	if plain := r.open(t, session.Open{}); plain.Secret != "" {
		t.Error("a session that is not mobile shows a secret")
	}
}

func TestSessionInfoByTargetEnv(t *testing.T) {
	r := newRoom(t)
	for _, c := range []struct {
		env        string
		expiration int64
		want       string
	}{
		{"browser", 0, `{"cookieName":"glt_` + at + `","cookieValue":"TOKEN"}`},
		{"", -1, `{"cookieName":"glt_` + at + `","cookieValue":"TOKEN"}`},
		{"browser", 3600, `{"cookieName":"glt_` + at + `","cookieValue":"TOKEN","expires_in":"3600"}`},
		{"mobile", 0, `{"sessionToken":"TOKEN","sessionSecret":"SECRET","expires_in":"0"}`},
		{"mobile", -2, `{"sessionToken":"TOKEN","sessionSecret":"SECRET","expires_in":"0"}`},
		{"mobile", 60, `{"sessionToken":"TOKEN","sessionSecret":"SECRET","expires_in":"60"}`},
		{"jssdk", 0, `{"login_token":"TOKEN","expires_in":"0"}`},
		{"jssdk", 60, `{"login_token":"TOKEN","expires_in":"60"}`},
	} {
		opened := r.open(t, session.Open{Mobile: c.env == "mobile", Expiration: c.expiration})
		got, err := json.Marshal(opened.Info(c.env))
		if err != nil {
			t.Fatal(err)
		}
		secret, err := json.Marshal(opened.Secret)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.NewReplacer("TOKEN", opened.Token, `"SECRET"`, string(secret)).Replace(c.want)
		if string(got) != want {
			t.Errorf("%s, %d: got %s, want %s", c.env, c.expiration, got, want)
		}
	}
	got, err := json.Marshal(session.Interrupted(3600))
	if err != nil || string(got) != `{"expires_in":"3600"}` {
		t.Errorf("interruption: %s, %v", got, err)
	}
}

func TestDynamicSessionsLiveOnProof(t *testing.T) {
	r := newRoom(t)
	opened := r.open(t, session.Open{Expiration: session.Dynamic})
	fixed := r.open(t, session.Open{Expiration: 60})
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	partner, secret := []byte("partner secret"), []byte("key secret")
	soon, now := start.Add(10*time.Minute), start.Add(5*time.Minute)
	r.clock.Set(now)
	sign := func(key *rsa.PrivateKey, token string, expires time.Time, userKey string) string {
		text, err := gigya.SignDynamicSessionRSA(key, token, start, expires, userKey)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	public, err := x509.MarshalPKIXPublicKey(&pair.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	keys := keysOf(t, r, public, secret)
	for _, c := range []struct {
		name, proof string
		want        error
	}{
		{"none", "", session.ErrExpired},
		{"of_the_partner", gigya.SignDynamicSession(partner, opened.Token, soon, ""), nil},
		{"of_a_key", gigya.SignDynamicSession(secret, opened.Token, soon, "AKey"), nil},
		{"of_a_key_pair", sign(pair, opened.Token, soon, "AKey"), nil},
		{"at_its_end", gigya.SignDynamicSession(partner, opened.Token, now, ""), nil},
		{"past_its_end", gigya.SignDynamicSession(partner, opened.Token, now.Add(-time.Second), ""), session.ErrExpired},
		{"of_a_pair_past_its_end", sign(pair, opened.Token, now.Add(-time.Second), "AKey"), session.ErrExpired},
		{"with_another_secret", gigya.SignDynamicSession([]byte("x"), opened.Token, soon, ""), session.ErrExpired},
		{"of_an_unknown_key", gigya.SignDynamicSession(secret, opened.Token, soon, "ANobody"), session.ErrExpired},
		{"of_another_session", gigya.SignDynamicSession(partner, fixed.Token, soon, ""), session.ErrExpired},
		{"of_a_pair_for_another_session", sign(pair, fixed.Token, soon, "AKey"), session.ErrExpired},
		{"garbage", "1_2_3", session.ErrExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.FindProven(t.Context(), group, opened.Token, session.Proof{Text: c.proof, Partner: &site.Partner{Secret: partner}, Key: keys})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	t.Run("and_other_sessions_do_not", func(t *testing.T) {
		proof := session.Proof{Text: gigya.SignDynamicSession(partner, fixed.Token, soon, ""), Partner: &site.Partner{Secret: partner}}
		if _, err := r.FindProven(t.Context(), group, fixed.Token, proof); !errors.Is(err, session.ErrExpired) {
			t.Errorf("error %v, want ErrExpired", err)
		}
	})
	t.Run("and_a_key_that_has_no_secret_proves_by_its_pair_alone", func(t *testing.T) {
		pairOnly := keysOf(t, r, public, nil)
		for text, want := range map[string]error{
			gigya.SignDynamicSession(nil, opened.Token, soon, "AKey"): session.ErrExpired,
			sign(pair, opened.Token, soon, "AKey"):                    nil,
		} {
			_, err := r.FindProven(t.Context(), group, opened.Token, session.Proof{Text: text, Partner: &site.Partner{Secret: partner}, Key: pairOnly})
			if !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
		}
	})
	t.Run("and_without_secrets_nothing_is_proven", func(t *testing.T) {
		proof := session.Proof{Text: gigya.SignDynamicSession(nil, opened.Token, soon, "")}
		if _, err := r.FindProven(t.Context(), group, opened.Token, proof); !errors.Is(err, session.ErrExpired) {
			t.Errorf("error %v, want ErrExpired", err)
		}
	})
}

// keysOf returns a directory's look-up of the one key AKey.
func keysOf(t *testing.T, r *room, public, secret []byte) func(context.Context, string) (*site.Key, error) {
	t.Helper()
	err := r.store.Change(t.Context(), func(tx store.Tx) error {
		key := &store.Key{UserKey: "AKey", Partner: 1, Kind: store.KindUser, PublicKey: public, Privileges: []string{site.AllAPIs}}
		if secret != nil {
			key.Secret = r.sealer.Seal([]byte(base64.StdEncoding.EncodeToString(secret)), "key:AKey")
		}
		return tx.PutKey(key)
	})
	if err != nil {
		t.Fatal(err)
	}
	directory := site.NewDirectory(r.store, r.sealer)
	return func(ctx context.Context, userKey string) (*site.Key, error) {
		key, err := directory.Key(ctx, userKey)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return key, err
	}
}

func FuzzSiteOf(f *testing.F) {
	f.Add("st2.s.NF9hLnU." + strings.Repeat("A", 43) + ".sc3")
	f.Add("st2.s...sc3")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		apiKey, ok := session.SiteOf(text)
		if ok && (apiKey == "" || strings.Contains(apiKey, ".") || len(text) > 1024) {
			t.Errorf("%q names the site %q", text, apiKey)
		}
	})
}
