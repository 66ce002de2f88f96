package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/store"
)

// Policies of the sites that are measured.
const (
	counting = `{"security":{"accountLockout":{"failedLoginThreshold":1000000000,"lockoutTimeSec":300}}}`
	hiding   = `{"accountOptions":{"verifyEmail":true,"preventLoginIDHarvesting":true},"security":{"accountLockout":{"failedLoginThreshold":1000000000,"lockoutTimeSec":300}}}`
)

// least makes password hashes nearly free, so that everything else of a login can be seen.
var least = password.Params{Memory: 8, Time: 1, Threads: 1}

// Tolerances. A comparison that stops early gives away about a nanosecond a byte. Of a call that costs a password hash
// nobody sees less than some microseconds even with two requests in one packet: the hash itself wavers by a hundred.
const (
	ofCompare = time.Nanosecond
	ofCall    = 2 * time.Microsecond
	// ofRecord is for what leaves an audit record on the one side: that it is written costs others some time, and what it tells is no secret.
	ofRecord = 50 * time.Microsecond
	ofLogin  = 15 * time.Microsecond
	ofHash   = 2 * time.Millisecond
)

// suites are the cases, by the server that they need.
var suites = []suite{
	{"comparisons", func() (*house, error) { return openHouse(least, "") }, []testCase{
		{"planted-compare", 20_000, ofCompare, 200, true, earlyExit},
		{"compare-secret", 100_000, ofCompare, 20, false, compareSecret},
		{"compare-signature", 100_000, ofCompare, 20, false, compareSignature},
		{"compare-uidsignature", 100_000, ofCompare, 20, false, compareUIDSignature},
	}},
	{"credentials", openCredentials, []testCase{
		{"planted-call", 5_000, ofCall, 0, true, plantedCall},
		{"secret-bytes", 20_000, ofCall, 0, false, secretBytes},
		{"secret-length", 20_000, ofCall, 0, false, secretLength},
		{"keysecret-bytes", 20_000, ofCall, 0, false, keySecretBytes},
		{"signature-bytes", 20_000, ofCall, 0, false, signatureBytes},
		{"uidsignature-bytes", 20_000, ofCall, 0, false, uidSignatureBytes},
		{"gettoken-bytes", 20_000, ofCall, 0, false, getTokenBytes},
		{"oauth-bytes", 20_000, ofCall, 0, false, oauthBytes},
		{"oauth-unknown-client", 20_000, ofRecord, 0, false, oauthUnknown},
		{"session-bytes", 20_000, ofCall, 0, false, sessionBytes},
		{"session-unknown-user", 20_000, ofCall, 0, false, sessionUser},
		{"regtoken-bytes", 20_000, ofCall, 0, false, regTokenBytes},
	}},
	{"logins, hashes nearly free", openLogins(least, counting), loginCases(5_000, ofLogin)},
	{"logins, no lockout", openLogins(least, ""), []testCase{
		{"nocount-nobody", 10_000, ofLogin, 0, false, login("nobody", "zoe")},
	}},
	{"logins, hashes as they are", openLogins(password.DefaultParams(), counting), []testCase{
		{"planted-skipped-hash", 100, ofHash, 0, true, skippedHash},
		{"hash-nobody", 500, ofHash, 0, false, login("nobody", "zoe")},
		{"hash-no-password", 250, ofHash, 0, false, login("nobody", "social")},
		{"hash-cheaper", 250, ofHash, 0, false, login("nobody", "cheaper")},
	}},
	{"harvesting", openLogins(least, hiding), []testCase{
		{"hiding-locked", 5_000, ofLogin, 0, false, login("nobody", "locked")},
		{"hiding-register", 2_000, 50 * time.Microsecond, 0, false, registerTaken},
	}},
}

// loginCases compare logins of nobody with those of accounts of every kind, always with a wrong password.
func loginCases(samples int, tolerance time.Duration) []testCase {
	var cases []testCase
	for _, uid := range []string{"zoe", "social", "inactive", "pending"} {
		cases = append(cases, testCase{"login-" + uid, samples, tolerance, 0, false, login("nobody", uid)})
	}
	return cases
}

// openLogins opens a house with accounts of every kind.
func openLogins(params password.Params, policies string) func() (*house, error) {
	return func() (*house, error) {
		h, err := openHouse(params, policies)
		if err != nil {
			return nil, err
		}
		return h, h.people(params)
	}
}

func (h *house) people(params password.Params) error {
	// A quarter of the memory passes of the server's own hashes, as accounts from elsewhere may have.
	cheaper := password.Params{Memory: max(params.Memory/4, 8), Time: params.Time, Threads: 1}
	imported, err := password.New(password.Options{Params: cheaper, Rand: zeros{}}).Hash(context.Background(), knownPassword)
	if err != nil {
		return err
	}
	for uid, change := range map[string]func(a *store.Account){
		"zoe":      func(*store.Account) {},
		"social":   func(a *store.Account) { a.Secrets.PasswordHash = "" },
		"inactive": func(a *store.Account) { a.IsActive = false },
		"pending":  func(a *store.Account) { a.Registered = 0 },
		"cheaper":  func(a *store.Account) { a.Secrets.PasswordHash = imported },
		"locked": func(a *store.Account) {
			a.Secrets.LockedUntil = clock.FromTime(time.Now().Add(24 * time.Hour))
		},
	} {
		if err := h.register(uid, change); err != nil {
			return err
		}
	}
	return h.fill("zoe")
}

// zeros are salts that nobody minds.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// login compares two people whose password is wrong.
func login(first, second string) func(*house) (a, b population, err error) {
	return func(h *house) (a, b population, err error) {
		of := func(uid string) population {
			return h.repeated(`"errorCode": 403042,`, "accounts.login", "apiKey", h.apiKey, "loginID", uid+"@example.com", "password", "wrong")
		}
		return of(first), of(second), nil
	}
}

// skippedHash compares a login with one that is refused before any password is looked at.
func skippedHash(h *house) (a, b population, err error) {
	a, _, err = login("zoe", "zoe")(h)
	b = h.repeated(`"errorCode": 403120,`, "accounts.login", "apiKey", h.apiKey, "loginID", "locked@example.com", "password", "wrong")
	return a, b, err
}

var registered atomic.Int64

// registerTaken compares registrations under a free address and under one that is taken, where the answers are equal.
func registerTaken(h *house) (a, b population, err error) {
	of := func(address func() string) population {
		return func() (operation, error) {
			first, err := h.call("regToken", "accounts.initRegistration", "apiKey", h.apiKey)
			if err != nil {
				return operation{}, err
			}
			token, _ := first["regToken"].(string)
			return h.timed(`"errorCode": 206002,`, h.request("accounts.register", "apiKey", h.apiKey, "regToken", token,
				"email", address(), "password", knownPassword, "finalizeRegistration", "true")), nil
		}
	}
	free := func() string { return fmt.Sprintf("new%06d@example.com", registered.Add(1)) }
	taken := func() string { return fmt.Sprintf("copy-%d@example.com", registered.Add(1)%accounts) }
	return of(free), of(taken), nil
}

// openCredentials opens a house with one user who is logged in.
func openCredentials() (*house, error) {
	h, err := openHouse(least, "")
	if err != nil {
		return nil, err
	}
	if err := h.register("zoe", nil); err != nil {
		return nil, err
	}
	return h, h.fill("zoe")
}

// wrongAt returns the text with another letter at the place, counted from the end if it is negative.
func wrongAt(text string, at int) string {
	if at < 0 {
		at += len(text)
	}
	other := byte('A')
	if text[at] == other {
		other = 'B'
	}
	return text[:at] + string(other) + text[at+1:]
}

// lastLetter is the place of the last letter of a secret of 32 bytes, before its padding and the letter whose bits are
// only half used.
const lastLetter = -3

// ends compares a text that is wrong in its first letter with one that is wrong in its last.
func ends(of func(text string) population, text string) (a, b population, err error) {
	return of(wrongAt(text, 0)), of(wrongAt(text, lastLetter)), nil
}

// compared is a population of comparisons with the text.
func compared(same func(text string) bool) func(text string) population {
	return func(text string) population {
		op := operation{run: func() { sink = same(text) }, check: func() error {
			if sink {
				return fmt.Errorf("%q is taken for the secret", text)
			}
			return nil
		}}
		return func() (operation, error) { return op, nil }
	}
}

// sink keeps the compiler from leaving a comparison out.
var sink bool

func earlyExit(h *house) (a, b population, err error) {
	return ends(compared(func(text string) bool {
		for i := range len(h.secret) {
			if text[i] != h.secret[i] {
				return false
			}
		}
		return true
	}), h.secret)
}

func compareSecret(h *house) (a, b population, err error) {
	return ends(compared(func(text string) bool { return caller.SameSecret(h.secret, text) }), h.secret)
}

func compareSignature(h *house) (a, b population, err error) {
	key := []byte(h.secret)
	request := gigya.SignedRequest{
		HTTPMethod: "POST", Schemes: []string{"https"}, Hosts: []string{"accounts.example.com"}, Path: "/accounts.search",
		Params: []gigya.Param{{Name: "apiKey", Value: h.apiKey}, {Name: "nonce", Value: "1"}, {Name: "timestamp", Value: "1"}},
	}
	good := gigya.Signature(key, request.BaseString())
	return ends(compared(func(text string) bool { return gigya.VerifySignature(key, text, request) }), good)
}

func compareUIDSignature(h *house) (a, b population, err error) {
	key := []byte(h.secret)
	good := gigya.SignUID(key, "1700000000", "zoe")
	return ends(compared(func(text string) bool { return gigya.VerifyUID(key, "1700000000", "zoe", text) }), good)
}

// plantedCall wraps the server in one that compares the secret letter by letter, and slowly, before it asks.
func plantedCall(h *house) (a, b population, err error) {
	of := func(text string) population {
		return func() (operation, error) {
			op := h.timed(wrongSecret, h.request("accounts.search", "apiKey", h.apiKey, "secret", text, "query", "SELECT * FROM accounts"))
			serve := op.run
			op.run = func() {
				for i := 0; i < len(text) && text[i] == h.secret[i]; i++ {
					planted = sha1.Sum(planted[:])
				}
				serve()
			}
			return op, nil
		}
	}
	return ends(of, h.secret)
}

// planted is what the planted leak works on: some hundred nanoseconds for every letter that is right.
var planted [sha1.Size]byte

const wrongSecret = `"errorCode": 403010,`

func secretBytes(h *house) (a, b population, err error) {
	return ends(func(text string) population {
		return h.repeated(wrongSecret, "accounts.search", "apiKey", h.apiKey, "secret", text, "query", "SELECT * FROM accounts")
	}, h.secret)
}

// secretLength compares a wrong secret with one of the same length that is right but for its end being cut and refilled.
func secretLength(h *house) (a, b population, err error) {
	of := func(text string) population {
		return h.repeated(wrongSecret, "accounts.search", "apiKey", h.apiKey, "secret", text, "query", "SELECT * FROM accounts")
	}
	return of(string(bytes.Repeat([]byte("A"), len(h.secret)))), of(h.secret[:len(h.secret)/2] + string(bytes.Repeat([]byte("A"), len(h.secret)-len(h.secret)/2))), nil
}

func keySecretBytes(h *house) (a, b population, err error) {
	return ends(func(text string) population {
		return h.repeated(wrongSecret, "accounts.search", "apiKey", h.apiKey, "userKey", h.key.Record.UserKey, "secret", text, "query", "SELECT * FROM accounts")
	}, h.key.Secret)
}

// signatureBytes signs each call anew, as the nonce of a refused one is not used up but the time goes on.
func signatureBytes(h *house) (a, b population, err error) {
	key, err := base64.StdEncoding.DecodeString(h.secret)
	if err != nil {
		return nil, nil, err
	}
	of := func(at int) population {
		return func() (operation, error) {
			params := []gigya.Param{
				{Name: "apiKey", Value: h.apiKey}, {Name: "nonce", Value: "timing"}, {Name: "query", Value: "SELECT * FROM accounts"},
				{Name: "timestamp", Value: strconv.FormatInt(time.Now().Unix(), 10)},
			}
			base := gigya.SignedRequest{
				HTTPMethod: http.MethodPost, Schemes: []string{"http"}, Hosts: []string{"accounts.example.com"}, Path: "/accounts.search", Params: params,
			}.BaseString()
			mac := hmac.New(sha1.New, key)
			mac.Write([]byte(base))
			form := []string{"sig", wrongAt(base64.StdEncoding.EncodeToString(mac.Sum(nil)), at)}
			for _, p := range params {
				form = append(form, p.Name, p.Value)
			}
			return h.timed(`"errorCode": 403003,`, h.request("accounts.search", form...)), nil
		}
	}
	return of(0), of(lastLetter), nil
}

// uidSignatureBytes tries signatures of a UID at socialize.notifyLogin, which anybody may call.
func uidSignatureBytes(h *house) (a, b population, err error) {
	key, err := base64.StdEncoding.DecodeString(h.secret)
	if err != nil {
		return nil, nil, err
	}
	of := func(at int) population {
		return func() (operation, error) {
			stamp := strconv.FormatInt(time.Now().Unix(), 10)
			return h.timed(`"errorCode": 403003,`, h.request("socialize.notifyLogin", "apiKey", h.apiKey, "siteUID", "zoe",
				"UIDTimestamp", stamp, "UIDSig", wrongAt(gigya.SignUID(key, stamp, "zoe"), at))), nil
		}
	}
	return of(0), of(lastLetter), nil
}

func getTokenBytes(h *house) (a, b population, err error) {
	return ends(func(text string) population {
		return h.repeated(wrongSecret, "socialize.getToken", "grant_type", "none", "client_id", h.apiKey, "client_secret", text)
	}, h.secret)
}

const invalidClient = `"invalid_client"`

func oauthBytes(h *house) (a, b population, err error) {
	return ends(func(text string) population {
		return h.repeated(invalidClient, "oauth2/token", "grant_type", "client_credentials", "client_id", h.key.Record.UserKey, "client_secret", text)
	}, h.key.Secret)
}

// oauthUnknown compares a client that does not exist with one whose secret is wrong: their answers are the same bytes.
func oauthUnknown(h *house) (a, b population, err error) {
	of := func(client string) population {
		return h.repeated(invalidClient, "oauth2/token", "grant_type", "client_credentials", "client_id", client, "client_secret", wrongAt(h.key.Secret, 0))
	}
	return of(wrongAt(h.key.Record.UserKey, -1)), of(h.key.Record.UserKey), nil
}

func (h *house) session() (string, error) {
	answer, err := h.call("sessionInfo", "accounts.login", "apiKey", h.apiKey, "loginID", "zoe@example.com", "password", knownPassword, "targetEnv", "jssdk")
	if err != nil {
		return "", err
	}
	info, _ := answer["sessionInfo"].(map[string]any)
	token, _ := info["login_token"].(string)
	return token, nil
}

func sessionBytes(h *house) (a, b population, err error) {
	token, err := h.session()
	if err != nil {
		return nil, nil, err
	}
	// Another letter each time: where in the tree of sessions a wrong token would stand is as random as its hash.
	of := func(at int) population {
		return func() (operation, error) {
			const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			letter := letters[rand.IntN(len(letters))]
			if letter == token[at] {
				letter = '0'
			}
			return h.timed(`"errorCode": 403005,`, h.request("accounts.getAccountInfo", "apiKey", h.apiKey,
				"login_token", token[:at]+string(letter)+token[at+1:])), nil
		}
	}
	// The secret part: 43 letters before the end of the token, which is ".sc3".
	return of(len(token) - 47), of(len(token) - 6), nil
}

// sessionUser compares made-up tokens of a user who exists with those of one who does not.
func sessionUser(h *house) (a, b population, err error) {
	token, err := h.session()
	if err != nil {
		return nil, nil, err
	}
	of := func(uid string) population {
		name := base64.RawURLEncoding.EncodeToString([]byte(h.apiKey + "." + uid))
		return h.repeated(`"errorCode": 403005,`, "accounts.getAccountInfo", "apiKey", h.apiKey, "login_token", "st2.s."+name+wrongAt(token[len(token)-48:], 4))
	}
	return of("eoz"), of("zoe"), nil
}

func regTokenBytes(h *house) (a, b population, err error) {
	answer, err := h.call("regToken", "accounts.initRegistration", "apiKey", h.apiKey)
	if err != nil {
		return nil, nil, err
	}
	token, _ := answer["regToken"].(string)
	of := func(at int) population {
		return h.repeated(`"errorCode": 400006,`, "accounts.finalizeRegistration", "apiKey", h.apiKey, "regToken", wrongAt(token, at))
	}
	return of(20), of(len(token) - 7), nil
}
