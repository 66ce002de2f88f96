package accounts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/store"
)

const hashService = "https://hash.example.com/v1"

// hashing is a service that makes hashes of salt and password, or does what fails says.
type hashing struct {
	mu    sync.Mutex
	asked int
	fails func() (*http.Response, error)
	// before runs while a question is open.
	before func()
}

func (s *hashing) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.asked++
	fails, before := s.fails, s.before
	s.mu.Unlock()
	if before != nil {
		before()
	}
	if fails != nil {
		return fails()
	}
	var q struct {
		Password     string
		HashSettings struct{ Salt string }
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return nil, err
	}
	return answered(http.StatusOK, `{"hashedPassword":"`+serviceHash(q.HashSettings.Salt, q.Password)+`"}`)()
}

func (s *hashing) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *hashing) fail(fn func() (*http.Response, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = fn
}

func answered(status int, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func serviceHash(salt, password string) string {
	sum := sha256.Sum256([]byte(salt + "/" + password))
	return hex.EncodeToString(sum[:])
}

// importedCustom is the parameter password of somebody with testPass.
func importedCustom(url string) string {
	return `{"hashedPassword":"` + serviceHash("pepper", testPass) + `","hashSettings":{"algorithm":"custom","salt":"pepper","URL":"` + url + `"}}`
}

// withService gives the house a service that it may ask.
func withService(t *testing.T) (*house, *hashing) {
	t.Helper()
	h, s := newHouse(t), &hashing{}
	h.deps.Passwords = password.New(password.Options{
		Params: password.Params{Memory: 8, Time: 1, Threads: 1}, Slots: 2, Queue: 200, Rand: h.hashes,
		Services: []string{hashService}, Transport: s,
	})
	h.Methods = method.NewTable(accounts.Methods(h.deps)...)
	return h, s
}

func (h *house) importCustom(t *testing.T) {
	t.Helper()
	wantCode(t, h.call(server, "accounts.importFullAccount", "UID", testUID, "isRegistered", "true",
		"loginIDs", `{"emails":["zoe@example.com"]}`, "password", importedCustom(hashService)), "0")
}

func TestAServiceThatIsNotListedIsRefused(t *testing.T) {
	const want = "Invalid argument: password.hashSettings.URL: this server may not send passwords to it: the setting password.services must list it, letter for letter"
	listed, s := withService(t)
	for name, test := range map[string]struct {
		h   *house
		url string
	}{
		"no list":      {newHouse(t), hashService},
		"another":      {listed, "https://hash.example.com/v2"},
		"a longer one": {listed, hashService + "/"},
		"another host": {listed, "https://169.254.169.254/"},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.h.call(server, "accounts.importFullAccount", "UID", "u", "password", importedCustom(test.url))
			wantCode(t, got, "400006")
			if details := field(got, "errorDetails"); details != want {
				t.Errorf("errorDetails = %q, want %q", details, want)
			}
			// Nor in the stored form.
			encoded, err := password.Foreign(serviceHash("", "x"), password.Settings{Algorithm: "custom", URL: test.url})
			if err != nil {
				t.Fatal(err)
			}
			wantCode(t, test.h.call(server, "accounts.importFullAccount", "UID", "u", "password", `{"hash":"`+encoded+`"}`), "400006")
		})
	}
	if s.questions() != 0 {
		t.Error("an import asked the service")
	}
}

func TestTheFirstLoginByAServiceMakesTheHashOurs(t *testing.T) {
	h, s := withService(t)
	h.importCustom(t)
	shown := field(h.call(server, "accounts.getAccountInfo", "UID", testUID, "include", "password"), "password")
	want := strings.TrimSuffix(strings.Replace(importedCustom(hashService), "hashedPassword", "hash", 1), "}") + `,"created":"2026-03-02T10:15:30.000Z"}`
	if !sameJSON(t, shown, want) {
		t.Errorf("password is shown as %s, want %s", shown, want)
	}
	wantCode(t, h.login("loginID", "zoe@example.com", "password", "wrong"), "403042")
	wantCode(t, h.login("loginID", "nobody@example.com", "password", "wrong"), "403042")
	if s.questions() != 1 {
		t.Errorf("%d questions for one login of the account", s.questions())
	}
	before := h.account(testUID)
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "0")
	after := h.account(testUID)
	if !strings.HasPrefix(after.Secrets.PasswordHash, "$argon2id$") || after.Secrets.PasswordCreated != before.Secrets.PasswordCreated {
		t.Errorf("secrets %+v", after.Secrets)
	}
	s.fail(func() (*http.Response, error) { return nil, errors.New("gone") })
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "0")
	if s.questions() != 2 {
		t.Errorf("%d questions, want 2", s.questions())
	}
}

func TestASilentServiceIsNoWrongPassword(t *testing.T) {
	faults := map[string]func() (*http.Response, error){
		"unreachable":  func() (*http.Response, error) { return nil, errors.New("dial tcp: connection refused") },
		"a redirect":   answered(http.StatusFound, ""),
		"an error":     answered(http.StatusInternalServerError, `{"hashedPassword":"`+serviceHash("pepper", testPass)+`"}`),
		"no JSON":      answered(http.StatusOK, "<html>"),
		"a huge reply": answered(http.StatusOK, strings.Repeat(" ", 1<<20)),
	}
	const lockout = `"security":{"accountLockout":{"failedLoginThreshold":2,"lockoutTimeSec":300}}`
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			h, s := withService(t)
			h.configure(`{`+lockout+`}`, "")
			h.importCustom(t)
			s.fail(fault)
			for range 3 {
				for _, given := range []string{"wrong", testPass} {
					got := h.login("loginID", "zoe@example.com", "password", given)
					wantCode(t, got, "503001")
					if strings.Contains(got, "example.com") || strings.Contains(got, "hash") {
						t.Errorf("the answer tells why:\n%s", got)
					}
				}
			}
			if a := h.account(testUID); account.Locked(&a.Secrets, a.Created) || a.Secrets.FailedLogins != 0 {
				t.Errorf("it counted: %+v", a.Secrets)
			}
			s.fail(nil)
			wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "0")
		})
	}
	t.Run("and tells nothing where accounts are hidden", func(t *testing.T) {
		h, s := withService(t)
		h.configure(`{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true},`+lockout+`}`, "")
		h.importCustom(t)
		s.fail(faults["unreachable"])
		nobody := h.login("loginID", "nobody@example.com", "password", testPass)
		for range 3 {
			if got := h.login("loginID", "zoe@example.com", "password", testPass); got != nobody {
				t.Errorf("answer\n%s\nwant\n%s", got, nobody)
			}
		}
		// Servers are told.
		wantCode(t, h.call(server, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "503001")
		if a := h.account(testUID); a.Secrets.FailedLogins != 0 || a.Secrets.LockedUntil != 0 {
			t.Errorf("it counted: %+v", a.Secrets)
		}
	})
}

func TestTwoFirstLoginsByAServiceAtOnce(t *testing.T) {
	h, s := withService(t)
	h.importCustom(t)
	// Both questions are open at the same time.
	var both sync.WaitGroup
	both.Add(2)
	s.before = func() { both.Done(); both.Wait() }
	codes := make(chan string, 2)
	for range 2 {
		go func() {
			got, err := h.try(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass)
			if err != nil {
				got = err.Error()
			}
			codes <- got
		}()
	}
	for range 2 {
		wantCode(t, <-codes, "0")
	}
	if a := h.account(testUID); !strings.HasPrefix(a.Secrets.PasswordHash, "$argon2id$") {
		t.Errorf("stored %q", a.Secrets.PasswordHash)
	}
	wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "0")
}

func TestANewPasswordWinsOverTheAnswerOfAService(t *testing.T) {
	for name, change := range map[string][]string{
		"set":      {"accounts.setAccountInfo", "UID", testUID, "newPassword", "a new password", "securityOverride", "true"},
		"imported": {"accounts.importFullAccount", "UID", testUID, "importPolicy", "upsert", "password", importedMD5},
	} {
		t.Run(name, func(t *testing.T) {
			h, s := withService(t)
			h.importCustom(t)
			var changed *store.Account
			s.before = func() {
				wantCode(t, h.call(server, change[0], change[1:]...), "0")
				changed = h.account(testUID)
			}
			wantCode(t, h.login("loginID", "zoe@example.com", "password", testPass), "403042")
			if now := h.account(testUID); now.Secrets.PasswordHash != changed.Secrets.PasswordHash {
				t.Errorf("the hash of the new password became %q", now.Secrets.PasswordHash)
			}
		})
	}
}

func TestAServiceHearsNoPasswordButThePresentOne(t *testing.T) {
	h, s := withService(t)
	h.configure(`{"security":{"passwordHistorySize":3}}`, "")
	h.importCustom(t)
	// The history, with the service's hash in it, is looked through for new passwords and wrong ones.
	for _, p := range []string{"battery staple", "another staple"} {
		wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "newPassword", p, "securityOverride", "true"), "0")
		wantCode(t, h.login("loginID", "zoe@example.com", "password", "wrong"), "403042")
	}
	if s.questions() != 0 {
		t.Errorf("%d questions, want none", s.questions())
	}
}
