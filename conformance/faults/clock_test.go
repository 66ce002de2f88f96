package faults_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// timed is a server whose clock the test moves.
type timed struct {
	*doorwardtest.Server
	t     *testing.T
	clock *clock.Fake
}

func newTimed(t *testing.T) *timed {
	t.Helper()
	option, fake := doorwardtest.WithTime(noon)
	return &timed{doorwardtest.New(t, option), t, fake}
}

// want calls and fails the test unless the answer has the code.
func (d *timed) want(code int, what, method string, params ...string) *answer {
	d.t.Helper()
	a := &answer{t: d.t, text: string(d.Call(method, append([]string{"apiKey", d.APIKey}, params...)...))}
	if a.number("errorCode") != code {
		d.t.Errorf("%s: want %d, got\n%s", what, code, a.text)
	}
	return a
}

func (d *timed) asPartner(params ...string) []string {
	return append([]string{"secret", d.Secret}, params...)
}

// register makes an account and returns a login token that lives for the seconds.
func (d *timed) register(uid, expiration string) string {
	d.t.Helper()
	return d.want(0, "register", "accounts.register", d.asPartner("siteUID", uid, "email", uid+"@example.com",
		"password", testPassword, "finalizeRegistration", "true", "sessionExpiration", expiration)...).member("sessionInfo", "cookieValue")
}

// signed makes the form of a request that is signed at the time.
func (d *timed) signed(at time.Time, nonce string) []string {
	form := url.Values{
		"apiKey": {d.APIKey}, "userKey": {d.UserKey}, "nonce": {nonce}, "timestamp": {strconv.FormatInt(at.Unix(), 10)},
	}
	key, err := gigya.DecodeSecret(d.UserSecret)
	if err != nil {
		d.t.Fatal(err)
	}
	sig := gigya.Signature(key, gigya.BaseString(http.MethodPost, d.URL+"/accounts.getPolicies", pairs(form)))
	return []string{"userKey", d.UserKey, "nonce", nonce, "timestamp", form.Get("timestamp"), "sig", sig}
}

// claims returns iat and exp of an id_token.
func claims(t *testing.T, token string) (iat, exp int64) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct{ Iat, Exp int64 }
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.Iat, c.Exp
}

func TestAClockThatJumpsKillsNothingLivingAndKeepsNothingAlive(t *testing.T) {
	type things struct{ session, forever, regToken, access, cursor string }
	prepare := func(d *timed) things {
		d.register("b", "0")
		d.register("c", "0")
		return things{
			session: d.register("a", "5400"), forever: d.register("n", "-2"),
			regToken: d.want(0, "initRegistration", "accounts.initRegistration").member("regToken"),
			access: d.want(0, "getToken", "socialize.getToken", "grant_type", "none", "client_id", d.APIKey,
				"client_secret", d.Secret).member("access_token"),
			cursor: d.want(0, "search", "accounts.search", d.asPartner("query", "SELECT UID FROM accounts LIMIT 1", "openCursor", "true")...).member("nextCursorId"),
		}
	}
	check := func(d *timed, what string, x things, session, forever, regToken, access, cursor bool) {
		code := func(alive bool, dead int) int {
			if alive {
				return 0
			}
			return dead
		}
		d.t.Helper()
		d.want(code(session, 403011), what+", a session of 90 minutes", "accounts.session.verify", "login_token", x.session)
		d.want(code(forever, 403011), what+", a session without end", "accounts.session.verify", "login_token", x.forever)
		d.want(code(access, 403011), what+", an access token", "accounts.getPolicies", "oauth_token", x.access)
		d.want(code(cursor, 400006), what+", a cursor", "accounts.search", d.asPartner("cursorId", x.cursor)...)
		if regToken {
			// Looked at without being used up.
			d.want(400002, what+", a regToken", "accounts.register", "regToken", x.regToken)
		} else {
			d.want(400006, what+", a regToken", "accounts.register", "regToken", x.regToken)
		}
	}
	const hour = time.Hour
	t.Run("an hour back", func(t *testing.T) {
		d := newTimed(t)
		x := prepare(d)
		d.clock.Advance(-hour)
		check(d, "after the jump", x, true, true, true, true, true)
		// Each dies at the time that it was given, or by then at the latest: nothing is prolonged by living through it twice.
		d.clock.Set(noon.Add(hour + time.Second))
		check(d, "an hour after the first noon", x, true, true, false, false, false)
		d.clock.Set(noon.Add(90 * time.Minute))
		check(d, "at the session's end", x, false, true, false, false, false)
	})
	t.Run("an hour ahead", func(t *testing.T) {
		d := newTimed(t)
		x := prepare(d)
		d.clock.Advance(hour + time.Second)
		check(d, "after the jump", x, true, true, false, false, false)
		y := d.register("later", "60")
		d.clock.Set(noon.Add(time.Minute))
		check(d, "when the clock is put right", x, true, true, true, true, true)
		d.want(0, "a session that was opened meanwhile", "accounts.session.verify", "login_token", y)
	})
	t.Run("standing still", func(t *testing.T) {
		d := newTimed(t)
		x := prepare(d)
		for range 20 {
			check(d, "at the same moment", x, true, true, true, true, true)
			d.register(id.Token(rand.Reader, 8), "60") // Names and tokens do not come twice.
		}
	})
}

func TestTokensSayTheTimeOfTheClockThatSignsThem(t *testing.T) {
	d := newTimed(t)
	d.register("a", "0")
	for _, jump := range []time.Duration{0, -time.Hour, 2 * time.Hour, -30 * 24 * time.Hour, 0} {
		d.clock.Advance(jump)
		token := d.want(0, "getJWT", "accounts.getJWT", d.asPartner("targetUID", "a")...).member("id_token")
		iat, exp := claims(t, token)
		if now := d.clock.Now().Unix(); iat != now || exp != now+300 {
			t.Errorf("after %s: iat %d, exp %d at %d", jump, iat, exp, now)
		}
		// The key signs whatever the clock says, and is published.
		kid := d.want(0, "getJWTPublicKey", "accounts.getJWTPublicKey").member("kid")
		if kid == "" {
			t.Errorf("after %s there is no public key", jump)
		}
	}
}

func TestASignedRequestIsNotReplayableByMovingTheClock(t *testing.T) {
	for name, move := range map[string]func(d *timed){
		"not at all":                func(*timed) {},
		"back within the window":    func(d *timed) { d.clock.Advance(-time.Minute) },
		"on within the window":      func(d *timed) { d.clock.Advance(time.Minute) },
		"an hour back and on again": func(d *timed) { d.clock.Advance(-time.Hour); d.bustle(); d.clock.Set(noon) },
		"an hour on and back again": func(d *timed) { d.clock.Advance(time.Hour); d.bustle(); d.clock.Set(noon) },
		"an hour on, back too far":  func(d *timed) { d.clock.Advance(time.Hour); d.bustle(); d.clock.Set(noon.Add(-2 * time.Minute)) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newTimed(t)
			seen := d.signed(noon, "seen")
			d.want(0, "the request", "accounts.getPolicies", seen...)
			private := parsePrivate(t, d.UserPrivateKey)
			token, err := gigya.SignBearer(private, d.UserKey, "seen", noon)
			if err != nil {
				t.Fatal(err)
			}
			if code := d.bearer(token); code != 0 {
				t.Fatalf("the bearer token: %d", code)
			}
			move(d)
			d.want(403004, "the request again", "accounts.getPolicies", seen...)
			if code := d.bearer(token); code != 403004 {
				t.Errorf("the bearer token again: %d", code)
			}
			// Whoever has the clock right is served.
			d.want(0, "another request", "accounts.getPolicies", d.signed(d.clock.Now(), "other")...)
		})
	}
	t.Run("a jump makes old requests expire and not come back", func(t *testing.T) {
		d := newTimed(t)
		seen := d.signed(noon, "seen")
		d.want(0, "the request", "accounts.getPolicies", seen...)
		d.clock.Advance(-time.Hour)
		d.want(403002, "the request an hour before it was made", "accounts.getPolicies", seen...)
		d.clock.Advance(2 * time.Hour)
		d.want(403002, "the request an hour later", "accounts.getPolicies", seen...)
	})
}

// bustle is enough traffic for what is dead to be swept away.
func (d *timed) bustle() {
	d.t.Helper()
	for range 5 {
		d.want(0, "meanwhile", "accounts.getPolicies", d.signed(d.clock.Now(), id.Token(rand.Reader, 8))...)
	}
}

func parsePrivate(t *testing.T, text string) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.(*rsa.PrivateKey)
}

// bearer calls with the token and returns the errorCode.
func (d *timed) bearer(token string) int {
	d.t.Helper()
	request, err := http.NewRequest(http.MethodPost, d.URL+"/accounts.getPolicies", strings.NewReader("apiKey="+d.APIKey))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+token)
	_, body := d.Do(request)
	return (&answer{t: d.t, text: string(body)}).number("errorCode")
}

func TestAUsedRegTokenStaysUsedWhenTheClockJumps(t *testing.T) {
	d := newTimed(t)
	token := d.want(0, "initRegistration", "accounts.initRegistration").member("regToken")
	register := func(code int, what, name string) {
		t.Helper()
		d.want(code, what, "accounts.register", "regToken", token, "email", name+"@example.com", "password", testPassword, "finalizeRegistration", "true")
	}
	register(0, "the first", "first")
	d.clock.Advance(-time.Hour)
	register(400006, "an hour back", "second")
	d.clock.Set(noon.Add(90 * time.Minute))
	for range 5 {
		t2 := d.want(0, "initRegistration", "accounts.initRegistration").member("regToken")
		d.want(0, "meanwhile", "accounts.register", "regToken", t2, "email", id.Token(rand.Reader, 8)+"@example.com", "password", testPassword, "finalizeRegistration", "true")
	}
	d.clock.Set(noon.Add(time.Minute))
	register(400006, "ninety minutes on and back", "third")
}
