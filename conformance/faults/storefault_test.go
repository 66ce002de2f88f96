package faults_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/faulty"
)

// marker is what injected faults say: the log must show it, no answer may.
const marker = "the-disk-fell-off"

type faultKind struct {
	name   string
	plan   func(n int) *faulty.Plan
	code   int
	status int
}

// kinds are the ways to fail, each with the errorCode of its answer and the HTTP status at the OAuth 2 endpoints.
var kinds = []faultKind{
	{"error", func(n int) *faulty.Plan { return &faulty.Plan{At: n, Err: errors.New(marker)} }, 500001, http.StatusInternalServerError},
	{"busy", func(n int) *faulty.Plan { return &faulty.Plan{At: n, Err: fmt.Errorf("%w: %s", store.ErrBusy, marker)} }, 503001, http.StatusServiceUnavailable},
	{"panic", func(n int) *faulty.Plan { return &faulty.Plan{At: n, Panic: marker} }, 500001, http.StatusInternalServerError},
}

// mostCalls bounds the store calls of one call: more is a loop.
const mostCalls = 60

// TestEveryMethodAtEveryStoreCall lets each store call of each method fail in each way. The answer must be whole and tell
// nothing, the log must tell the cause, nothing may be half done, and the same call must succeed afterwards. What has changed something is on
// the record when it is answered.
func TestEveryMethodAtEveryStoreCall(t *testing.T) {
	kinds := kinds[:]
	if racing { // What the detector looks for is the same whatever the fault is.
		kinds = kinds[:1]
	}
	h := newHouse(t, t.TempDir(), nil)
	d := openDatabase(t, h.file)
	tried := map[string]bool{}
	total := 0
	for _, s := range scenarios {
		t.Run(s.name(), func(t *testing.T) {
			outer := h.t
			h.t, d.t = t, t
			defer func() { h.t, d.t = outer, outer }()
			d.clear()
			total += h.breakAll(d, s, kinds)
		})
		tried[s.method] = true
	}
	for _, m := range h.server.Methods().Methods() {
		if !tried[m.Spec.Name] {
			t.Errorf("%s has no scenario", m.Spec.Name)
		}
	}
	for _, path := range oauthPaths() {
		if !tried[path] {
			t.Errorf("%s has no scenario", path)
		}
	}
	if total < 200*len(kinds) {
		t.Errorf("only %d faults were met", total)
	}
	t.Logf("%d faults", total)
}

// breakAll runs the scenario once for every store call and kind of fault, and returns the number of faults.
func (h *house) breakAll(d *database, s scenario, kinds []faultKind) (faults int) {
	for _, kind := range kinds {
		for n := 1; ; n++ {
			if n > mostCalls {
				h.t.Fatalf("more than %d store calls", mostCalls)
			}
			c := s.call(h)
			if s.cold {
				h.forget()
			}
			before := d.dump()
			recorded := 0
			if s.oauth() {
				recorded = d.records(s, nil)
			}
			h.log.Take()
			plan := kind.plan(n)
			a := h.send(c, plan)
			if plan.Fired() == 0 {
				after, now := d.dump(), d.records(s, a)
				if after != before && now == recorded && !slices.Contains(counting, s.name()) {
					h.t.Errorf("the call has changed something, and its audit record is not there:\n%s\n%s", a.text, difference(before, after))
				}
				h.checkDone(s, a)
				break
			}
			faults++
			calls := plan.Calls()
			at := fmt.Sprintf("%s at call %d, %s", kind.name, n, calls[n-1])
			if s.oauth() {
				h.checkOAuthRefusal(at, a, kind.status)
			} else {
				h.checkRefusal(at, a, kind.code)
			}
			if after := d.dump(); after != before {
				h.t.Errorf("%s: something was changed:\n%s", at, difference(before, after))
			}
			d.checkInvariants()
			h.checkDone(s, h.send(c, nil))
			if s.changes && d.dump() == before {
				h.t.Errorf("%s: the repeated call changed nothing", at)
			}
			d.checkInvariants()
			if h.t.Failed() {
				h.t.Fatalf("%s, of the calls %v; the answer was\n%s", at, calls, a.text)
			}
		}
	}
	return faults
}

// counting are scenarios whose only change is a count of guesses: it acknowledges nothing, and their records come a moment later.
var counting = []string{"accounts.login wrong password", "accounts.login nobody"}

// records are the audit records of the call; of an OAuth 2 endpoint, whose answer names no call, all that succeeded there.
func (d *database) records(s scenario, a *answer) int {
	if s.oauth() {
		return len(d.rows("SELECT call_id FROM audit WHERE method = ? AND error_code = 0", s.method))
	}
	return len(d.rows("SELECT call_id FROM audit WHERE call_id = ?", a.member("callId")))
}

// checkRefusal holds the answer to a call that met a fault.
func (h *house) checkRefusal(at string, a *answer, code int) {
	h.t.Helper()
	a.checkEnvelope()
	if got := a.number("errorCode"); got != code {
		h.t.Errorf("%s: errorCode %d, want %d", at, got, code)
	}
	a.checkSilent(h.secrets()...)
	h.checkCause(at, a.member("callId"))
}

// checkOAuthRefusal is checkRefusal for the endpoints without an envelope.
func (h *house) checkOAuthRefusal(at string, a *answer, status int) {
	h.t.Helper()
	callID := a.header.Get("X-Callid")
	if a.status != status || a.member("error") == "" || !callIDForm.MatchString(callID) {
		h.t.Errorf("%s: HTTP %d, want %d, callId %q: %s", at, a.status, status, callID, a.text)
	}
	a.checkSilent(h.secrets()...)
	h.checkCause(at, callID)
}

// checkCause fails the test unless the log gives the fault as the cause under the callId, and no secret.
func (h *house) checkCause(at, callID string) {
	h.t.Helper()
	log := h.log.Take()
	found := false
	for line := range strings.Lines(log) {
		found = found || strings.Contains(line, callID) && strings.Contains(line, marker)
	}
	if !found {
		h.t.Errorf("%s: the log does not give the cause under the callId:\n%s", at, log)
	}
	for _, secret := range h.secrets() {
		if strings.Contains(log, secret) {
			h.t.Errorf("%s: the log shows %q", at, secret)
		}
	}
}

// checkDone holds the answer to a call that met no fault.
func (h *house) checkDone(s scenario, a *answer) {
	h.t.Helper()
	if s.oauth() {
		if a.status != http.StatusOK {
			h.t.Errorf("without a fault: HTTP %d: %s", a.status, a.text)
		}
		return
	}
	a.checkEnvelope()
	if got := a.number("errorCode"); got != s.code {
		h.t.Errorf("without a fault: errorCode %d, want %d:\n%s", got, s.code, a.text)
	}
}

// difference shows the lines that only one of the texts has.
func difference(before, after string) string {
	var out strings.Builder
	lines := func(text string) map[string]bool {
		m := map[string]bool{}
		for line := range strings.Lines(text) {
			m[line] = true
		}
		return m
	}
	was, is := lines(before), lines(after)
	for line := range was {
		if !is[line] {
			out.WriteString("- " + line)
		}
	}
	for line := range is {
		if !was[line] {
			out.WriteString("+ " + line)
		}
	}
	return out.String()
}
