package faults_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/store/faulty"
)

// TestTheAuditLogFails lets the audit log's own changes fail, which no request's plan meets: those of reads and of refused
// calls. A call that changes something brings its record itself.
func TestTheAuditLogFails(t *testing.T) {
	t.Parallel() // It mostly waits.
	h := newHouse(t, t.TempDir(), nil)
	d := openDatabase(t, h.file)
	for name, plan := range map[string]*faulty.Plan{
		"the change is refused":   {At: 1, Times: 1000, Err: errors.New(marker)},
		"the change panics":       {At: 1, Times: 1000, Panic: marker},
		"the record is refused":   {At: 1, Times: 1000, Only: []string{"Tx.AppendAudit"}, Err: errors.New(marker)},
		"the record panics":       {At: 1, Times: 1000, Only: []string{"Tx.AppendAudit"}, Panic: marker},
		"the commit is refused":   {At: 1, Times: 1000, Only: []string{"Tx.Commit"}, Err: errors.New(marker)},
		"one record of a batch":   {At: 1, Only: []string{"Tx.AppendAudit"}, Err: errors.New(marker)},
		"the commit takes a time": {At: 1, Times: 1000, Only: []string{"Tx.Commit"}, Delay: 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			h.t, d.t = t, t
			h.log.Take()
			h.store.Default(plan)
			uid := newUID()
			// The plan of the request is empty: it fails nowhere.
			a := h.send(call{method: "accounts.register", by: partner, params: []string{
				"siteUID", uid, "email", uid + "@example.com", "password", testPassword, "finalizeRegistration", "true",
			}}, &faulty.Plan{})
			b := h.send(call{method: "accounts.getAccountInfo", by: userKey, params: []string{"UID", uid}}, &faulty.Plan{})
			c := h.send(call{method: "accounts.getAccountInfo", by: userKey, params: []string{"UID", "nobody"}}, &faulty.Plan{})
			log := ""
			recorded := func(r *answer) bool {
				return len(d.rows("SELECT call_id FROM audit WHERE call_id = ?", r.member("callId"))) == 1
			}
			told := func(r *answer) bool {
				return strings.Contains(log, `"msg":"an audit record was lost","callID":"`+r.member("callId")) && strings.Contains(log, marker)
			}
			// Reads are recorded a moment later.
			for range 500 {
				log += h.log.Take()
				if (recorded(b) || told(b)) && (recorded(c) || told(c)) {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			h.store.Default(nil)
			// The change has happened: an error would make the client repeat it in vain.
			if a.number("errorCode") != 0 || b.number("errorCode") != 0 || c.number("errorCode") != 403005 {
				t.Errorf("%s\n%s\n%s", a.text, b.text, c.text)
			}
			if plan.Fired() == 0 {
				t.Error("nothing failed: the test says nothing")
			}
			lost := plan.Delay == 0 && plan.Times > 0
			for _, read := range []*answer{b, c} {
				if told(read) != lost || recorded(read) == lost {
					t.Errorf("a read was recorded: %v, told of as lost: %v; the log:\n%s", recorded(read), told(read), log)
				}
			}
			if records := d.rows("SELECT call_id FROM audit WHERE call_id = ?", a.member("callId")); len(records) != 1 {
				t.Errorf("%d records of a change", len(records))
			}
			d.checkInvariants()
		})
	}
	h.t, d.t = t, t
	a := h.must(0, call{method: "accounts.deleteAccount", by: partner, params: []string{"UID", func() string { u := newUID(); h.register(u); return u }()}})
	if records := d.rows("SELECT call_id FROM audit WHERE call_id = ?", a.member("callId")); len(records) != 1 {
		t.Errorf("afterwards a call leaves %d records", len(records))
	}
}

// TestAChangeAndItsAuditRecordAreOne: neither is there without the other.
func TestAChangeAndItsAuditRecordAreOne(t *testing.T) {
	h := newHouse(t, t.TempDir(), nil)
	d := openDatabase(t, h.file)
	uid := newUID()
	h.register(uid)
	for _, c := range []call{
		{method: "accounts.register", by: partner, params: []string{"siteUID", newUID(), "email", newUID() + "@example.com", "password", testPassword, "finalizeRegistration", "true"}},
		{method: "accounts.login", by: anybody, params: []string{"loginID", uid + "@example.com", "password", testPassword}},
		{method: "accounts.notifyLogin", by: partner, params: []string{"siteUID", uid}},
		{method: "accounts.setAccountInfo", by: partner, params: []string{"UID", uid, "profile", `{"city":"Graz"}`}},
		{method: "accounts.setPolicies", by: partner, params: []string{"security", `{"passwordHistorySize":3}`}},
		{method: "accounts.setSchema", by: partner, params: []string{"dataSchema", `{"fields":{"new":{"type":"string"}}}`}},
		{method: "accounts.logout", by: partner, params: []string{"UID", uid}},
		{method: "accounts.deleteAccount", by: partner, params: []string{"UID", uid}},
	} {
		t.Run(c.method, func(t *testing.T) {
			h.t, d.t = t, t
			before := d.dump()
			plan := &faulty.Plan{At: 1, Only: []string{"Tx.AppendAudit"}, Err: errors.New(marker)}
			if a := h.send(c, plan); a.number("errorCode") != 500001 || plan.Fired() != 1 {
				t.Errorf("%d faults: %s", plan.Fired(), a.text)
			}
			if after := d.dump(); after != before {
				t.Errorf("a change without its record:\n%s", difference(before, after))
			}
			a := h.must(0, c)
			if records := d.rows("SELECT error_code FROM audit WHERE call_id = ?", a.member("callId")); len(records) != 1 || records[0] != "0|" {
				t.Errorf("the records of a success: %q", records)
			}
		})
	}
}

// TestAStoreThatHangs lets store calls take longer than a call may.
func TestAStoreThatHangs(t *testing.T) {
	t.Parallel() // It mostly waits.
	const longest = 1500 * time.Millisecond
	h := newHouse(t, t.TempDir(), func(o *server.Options) { o.CallTimeout = longest })
	d := openDatabase(t, h.file)
	for _, s := range scenarios {
		switch s.name() {
		case "accounts.register client", "accounts.getAccountInfo signed", "accounts.search", "oauth2/token client", "socialize.getToken user":
		default:
			continue
		}
		t.Run(s.name(), func(t *testing.T) {
			h.t, d.t = t, t
			dry := &faulty.Plan{}
			h.checkDone(s, h.send(s.call(h), dry))
			for n := 1; n <= len(dry.Calls()); n += 3 {
				c := s.call(h)
				before := d.dump()
				plan := &faulty.Plan{At: n, Delay: time.Hour}
				begun := time.Now()
				a := h.send(c, plan)
				if plan.Fired() != 1 {
					continue
				}
				if took := time.Since(begun); took > longest+5*time.Second {
					t.Errorf("call %d: the answer took %s", n, took)
				}
				if s.oauth() && a.status != 503 || !s.oauth() && a.number("errorCode") != 504001 {
					t.Errorf("call %d: HTTP %d %s", n, a.status, a.text)
				}
				a.checkSilent(h.secrets()...)
				if after := d.dump(); after != before {
					t.Errorf("call %d: something was changed:\n%s", n, difference(before, after))
				}
				h.checkDone(s, h.send(c, nil))
			}
		})
	}
}
