package faults_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/id"
)

// crowd is the number of calls at once.
const crowd = 64

// rush sends the calls at the same moment and returns the errorCodes (the HTTP status for OAuth 2 endpoints) with how
// often each came.
func (h *house) rush(calls func(i int) call) map[int]int {
	h.t.Helper()
	var mu sync.Mutex
	codes := map[int]int{}
	var running sync.WaitGroup
	begin := make(chan struct{})
	for i := range crowd {
		c := calls(i)
		running.Go(func() {
			<-begin
			a := h.send(c, nil)
			code := a.number("errorCode")
			if code < 0 {
				code = a.status
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	close(begin)
	running.Wait()
	return codes
}

// same repeats one call.
func same(c call) func(int) call { return func(int) call { return c } }

// fixed is a credential that shows the same every time: what an attacker who listens can send.
func fixed(form url.Values, header http.Header) credential {
	return func(_ *house, _ string, f url.Values, h http.Header) {
		for name, values := range form {
			f.Set(name, values[0])
		}
		for name, values := range header {
			h.Set(name, values[0])
		}
	}
}

// record is the call with its credential made once.
func (h *house) record(c call) call {
	form, header := url.Values{}, http.Header{}
	for i := 0; i < len(c.params); i += 2 {
		form.Set(c.params[i], c.params[i+1])
	}
	c.by(h, c.method, form, header)
	c.by = fixed(form, header)
	return c
}

func TestWhatIsGoodOnceIsGoodOnceUnder64CallsAtOnce(t *testing.T) {
	h := newHouse(t, t.TempDir(), nil)
	d := openDatabase(t, h.file)
	const rounds = 3
	for _, tt := range []struct {
		name string
		// calls prepares a round and returns its calls.
		calls func(h *house, round int) func(i int) call
		// refused is the errorCode of all calls but one.
		refused []int
		// check looks at what remains.
		check func(h *house, round int)
	}{
		{name: "a token of initRegistration makes one account", refused: []int{400006}, calls: func(h *house, round int) func(int) call {
			token := initToken(h)
			return func(i int) call {
				return call{method: "accounts.register", by: anybody, params: []string{
					"regToken", token, "email", fmt.Sprintf("once%d-%d@example.com", round, i), "password", testPassword, "finalizeRegistration", "true",
				}}
			}
		}, check: func(h *house, round int) {
			if n := len(d.rows("SELECT uid FROM identifiers WHERE value LIKE ?", fmt.Sprintf("once%d-%%", round))); n != 1 {
				h.t.Errorf("%d accounts", n)
			}
		}},
		{name: "a regToken finalizes once", refused: []int{400006}, calls: func(h *house, _ int) func(int) call {
			return same(call{method: "accounts.finalizeRegistration", by: anybody, params: []string{"regToken", pendingToken(h)}})
		}},
		{name: "a signed request is served once", refused: []int{403004}, calls: func(h *house, _ int) func(int) call {
			return same(h.record(call{method: "accounts.getPolicies", by: signed}))
		}},
		{name: "a nonce is good for one of many requests", refused: []int{403004}, calls: func(h *house, _ int) func(int) call {
			nonce := id.Token(rand.Reader, 16)
			return func(i int) call {
				return h.record(call{method: "accounts.getPolicies", params: []string{"context", fmt.Sprint(i)},
					by: func(h *house, method string, form url.Values, _ http.Header) {
						signed(h, method, form, nil)
						form.Del("sig")
						form.Set("nonce", nonce)
						key, _ := gigya.DecodeSecret(h.userSecret)
						form.Set("sig", gigya.Signature(key, gigya.BaseString(http.MethodPost, h.url+"/"+method, pairs(form))))
					}})
			}
		}},
		{name: "a bearer token is good once", refused: []int{403004}, calls: func(h *house, _ int) func(int) call {
			return same(h.record(call{method: "accounts.getPolicies", by: bearer}))
		}},
		{name: "an address belongs to one account in any letter case", refused: []int{400009}, calls: func(h *house, round int) func(int) call {
			address := fmt.Sprintf("some.Body%d@Example.com", round)
			tokens := make([]string, crowd)
			for i := range tokens {
				tokens[i] = initToken(h)
			}
			return func(i int) call {
				return call{method: "accounts.register", by: anybody, params: []string{
					"regToken", tokens[i], "email", mixCase(address, i), "password", testPassword, "finalizeRegistration", "true",
				}}
			}
		}, check: func(h *house, round int) {
			if n := len(d.rows("SELECT uid FROM identifiers WHERE value = ?", fmt.Sprintf("some.body%d@example.com", round))); n != 1 {
				h.t.Errorf("%d accounts", n)
			}
		}},
		{name: "an address is added to one of many accounts", refused: []int{400009}, calls: func(h *house, round int) func(int) call {
			uids := make([]string, crowd)
			for i := range uids {
				uids[i] = newUID()
				h.register(uids[i])
			}
			return func(i int) call {
				return call{method: "accounts.setAccountInfo", by: partner, params: []string{
					"UID", uids[i], "addLoginEmails", mixCase(fmt.Sprintf("wanted%d@example.com", round), i),
				}}
			}
		}},
		{name: "an account is deleted once", refused: []int{403005}, calls: func(h *house, _ int) func(int) call {
			uid := newUID()
			h.register(uid)
			return same(call{method: "accounts.deleteAccount", by: partner, params: []string{"UID", uid}})
		}},
		{name: "a present password changes the password once", refused: []int{403042, 403005, 401030}, calls: func(h *house, _ int) func(int) call {
			uid := newUID()
			h.register(uid)
			tokens := make([]string, crowd)
			for i := range tokens {
				tokens[i] = h.must(0, call{method: "accounts.notifyLogin", by: partner, params: []string{"siteUID", uid}}).member("sessionInfo", "cookieValue")
			}
			return func(i int) call {
				return call{method: "accounts.setAccountInfo", by: session(tokens[i]), params: []string{
					"password", testPassword, "newPassword", fmt.Sprintf("%s-%d", testPassword, i),
				}}
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.t, d.t = t, t
			for round := range rounds {
				codes := h.rush(tt.calls(h, round))
				refused := 0
				for _, code := range tt.refused {
					refused += codes[code]
				}
				if codes[0] != 1 || refused != crowd-1 {
					t.Errorf("round %d: codes %v, want one 0 and %v", round, codes, tt.refused)
				}
				if tt.check != nil {
					tt.check(h, round)
				}
			}
			d.checkInvariants()
		})
	}
	h.t, d.t = t, t
}

// mixCase writes the text in one of many ways that mean the same address.
func mixCase(text string, n int) string {
	b := []byte(strings.ToLower(text))
	for i := range 6 {
		if n>>i&1 == 1 && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// TestARevocationHoldsForEveryCallAfterIt ends a credential while 64 callers use it: a call that began after the answer
// to the revocation is refused.
func TestARevocationHoldsForEveryCallAfterIt(t *testing.T) {
	h := newHouse(t, t.TempDir(), nil)
	for name, prepare := range map[string]func() (use call, end call){
		"logout": func() (call, call) {
			uid := newUID()
			token := h.register(uid)
			return call{method: "accounts.session.verify", by: session(token)}, call{method: "accounts.logout", by: partner, params: []string{"UID", uid}}
		},
		"a new password": func() (call, call) {
			uid := newUID()
			token := h.register(uid)
			return call{method: "accounts.session.verify", by: session(token)}, call{method: "accounts.setAccountInfo", by: partner,
				params: []string{"UID", uid, "newPassword", testPassword + "2", "securityOverride", "true"}}
		},
		"a deleted account": func() (call, call) {
			uid := newUID()
			token := h.register(uid)
			return call{method: "accounts.session.verify", by: session(token)}, call{method: "accounts.deleteAccount", by: partner, params: []string{"UID", uid}}
		},
		"a revoked access token": func() (call, call) {
			token := accessToken(h)
			return call{method: "accounts.getPolicies", by: noCredential, params: []string{"apiKey", h.apiKey, "oauth_token", token}},
				call{method: "revocation", by: oauthClient, params: []string{"token", token}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			use, end := prepare()
			var ended atomic.Bool
			var running sync.WaitGroup
			var before, refused, late atomic.Int64
			for range crowd {
				running.Go(func() {
					for begunAfter := 0; begunAfter < 2; {
						isAfter := ended.Load()
						if isAfter {
							begunAfter++
						}
						a := h.send(use, nil)
						switch {
						case a.number("errorCode") != 0:
							refused.Add(1)
						case isAfter:
							late.Add(1)
						default:
							before.Add(1)
						}
					}
				})
			}
			for before.Load() < crowd/2 && refused.Load() == 0 {
				h.send(use, nil)
			}
			a := h.send(end, nil)
			ended.Store(true)
			running.Wait()
			if a.status != http.StatusOK || a.number("errorCode") > 0 {
				t.Fatal(a.text)
			}
			if late.Load() > 0 {
				t.Errorf("%d calls were served after the answer to the revocation", late.Load())
			}
			if before.Load() == 0 || refused.Load() < 2*crowd {
				t.Errorf("%d served before, %d refused, want some, and at least the %d calls that began after", before.Load(), refused.Load(), 2*crowd)
			}
		})
	}
	h.t = t
}
