package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/store"
)

// found is the answer of audit.search.
type found struct {
	ErrorCode    int
	ErrorDetails string
	ObjectsCount int
	TotalCount   int
	NextCursorID string
	Results      []struct {
		Timestamp string `json:"@timestamp"`
		CallID    string
		Endpoint  string
		UID       string
		APIKey    string `json:"apikey"`
	}
}

func (f *found) calls() (ids []string) {
	for _, r := range f.Results {
		ids = append(ids, r.CallID)
	}
	return ids
}

func searched(t *testing.T, text []byte) *found {
	t.Helper()
	var f found
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return &f
}

// logTime is before every call of the tests' servers, so that those come last.
var logTime = clock.FromTime(time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC))

// fillLog puts records into the logs of a site and of its partner.
func fillLog(t *testing.T, d *doorwardtest.Server, apiKey string, n int) {
	t.Helper()
	d.Change(func(tx store.Tx) error {
		for i := range n {
			c := audit.Call{
				Time: logTime + clock.Millis(i/2*1000), CallID: fmt.Sprintf("c%03d", i), Method: []string{"accounts.socialLogin", "accounts.login", "ds.store"}[i%3],
				APIKey: apiKey, Partner: d.Partner, UID: []string{"u1", "u2", ""}[i%3], UserKey: []string{"", "AKey1"}[i%2], AuthType: "none", SourceIP: "192.0.2.1",
			}
			if err := tx.AppendAudit(c.Record()); err != nil {
				return err
			}
		}
		admin := audit.Call{Time: logTime + 500, CallID: "admin", Method: "admin.createSite", AtPartner: true, Partner: d.Partner}
		return tx.AppendAudit(admin.Record())
	})
}

func TestAuditSearch(t *testing.T) {
	d := doorwardtest.New(t)
	other := d.AddSite(nil)
	fillLog(t, d, d.APIKey, 12)
	fillLog(t, d, other, 3)
	key := func(privileges ...string) []string {
		k, secret := d.AddKey(privileges...)
		return []string{"userKey", k, "secret", secret}
	}
	partner := []string{"apiKey", d.APIKey, "secret", d.Secret}
	sites, both := key("_viewSiteAuditLog"), key("_viewPartnerAndSiteAuditLog")
	const old = `@timestamp < "2025-12-31"`
	for _, tt := range []struct {
		by    []string
		query string
		want  string
		total int
	}{
		{partner, `SELECT * FROM auditLog WHERE ` + old + ` LIMIT 3`, "c011 c010 c009", 14},
		{partner, `select * from AUDITLOG where ` + old + ` order by @timestamp limit 4`, "c000 c001 admin admin", 14},
		{partner, `SELECT * FROM auditLog WHERE ` + old + ` ORDER BY @timestamp DESC START 2 LIMIT 2`, "c009 c008", 14},
		{partner, `SELECT * FROM auditLog WHERE uid = "u1"`, "c009 c006 c003 c000", 4},
		{partner, `SELECT * FROM auditLog WHERE uid = "U1"`, "", 0},
		{partner, `SELECT * FROM auditLog WHERE userKey = "AKey1" AND uid = 'u2'`, "c007 c001", 2},
		{partner, `SELECT * FROM auditLog WHERE endpoint = "accounts.sociallogin" LIMIT 1`, "c009", 4},
		{partner, `SELECT * FROM auditLog WHERE endpoint in ("ACCOUNTS.login", "admin.createSite") AND ` + old, "c010 c007 c004 admin admin c001", 6},
		{partner, `SELECT * FROM auditLog WHERE endpoint != "accounts.SOCIALlogin" AND uid = "u1"`, "", 0},
		{partner, `SELECT * FROM auditLog WHERE endpoint contains "accounts.LOGIN" AND ` + old, "c010 c007 c004 c001", 4},
		{partner, `SELECT * FROM auditLog WHERE endpoint = regex('accounts\..*') AND ` + old + ` LIMIT 2`, "c010 c009", 8},
		{partner, `SELECT * FROM auditLog WHERE endpoint = regex('ACCOUNTS\..*') AND ` + old + ` LIMIT 2`, "c010 c009", 8},
		{partner, `SELECT * FROM auditLog WHERE errCode in ("0","400006") AND callID = "c005"`, "c005", 1},
		{partner, `SELECT * FROM auditLog WHERE errCode = 0 AND callID = "c005"`, "c005", 1},
		{partner, `SELECT * FROM auditLog WHERE errCode != "0" AND ` + old, "", 0},
		{partner, `SELECT * FROM auditLog WHERE uid is null AND userKey is not null AND ` + old, "c011 c005", 2},
		{partner, `SELECT * FROM auditLog WHERE NOT (uid = "u1" OR uid = "u2") AND ` + old + ` ORDER BY callID`, "admin admin c002 c005 c008 c011", 6},
		{partner, `SELECT * FROM auditLog WHERE ` + old + ` ORDER BY endpoint DESC, callID LIMIT 5`, "c002 c005 c008 c011 admin", 14},
		{partner, `SELECT * FROM auditLog WHERE @timestamp >= "2025-03-01T12:00:01Z" AND @timestamp < "2025-03-01T12:00:03Z"`, "c005 c004 c003 c002", 4},
		{partner, `SELECT * FROM auditLog WHERE apikey = "` + d.APIKey + `" AND uid = "u2" LIMIT 1`, "c010", 4},
		{partner, `SELECT * FROM auditLog WHERE apiKey is null`, "admin admin", 2},
		{partner, `SELECT * FROM auditLog WHERE apikey = "` + other + `"`, "", 0},
		{partner, `SELECT * FROM auditLog WHERE uid = "u1" AND uid = "u2"`, "", 0},
		{partner, `SELECT * FROM auditLog WHERE uid = "u1" LIMIT 0`, "", 4},
		{append(sites, "apiKey", d.APIKey), `SELECT * FROM auditLog WHERE ` + old + ` ORDER BY @timestamp LIMIT 3`, "c000 c001 c002", 12},
		{append(both, "apiKey", d.APIKey), `SELECT * FROM auditLog WHERE ` + old + ` ORDER BY @timestamp LIMIT 3`, "c000 c001 admin", 14},
		{sites, `SELECT * FROM auditLog WHERE ` + old + ` AND uid = "u1"`, "c009 c006 c003 c000 c000", 5},
		{both, `SELECT * FROM auditLog WHERE ` + old, "", 17},
		{append(key("accounts.search"), "apiKey", d.APIKey), `SELECT * FROM auditLog`, "403007", 0},
		{key("accounts.search"), `SELECT * FROM auditLog`, "403007", 0},
		{[]string{"apiKey", d.APIKey}, `SELECT * FROM auditLog`, "403007", 0},
	} {
		text := d.Call("audit.search", append([]string{"query", tt.query}, tt.by...)...)
		f := searched(t, text)
		if f.ErrorCode != 0 {
			if fmt.Sprint(f.ErrorCode) != tt.want {
				t.Errorf("%s\nanswered %s", tt.query, text)
			}
			continue
		}
		got := strings.Join(f.calls(), " ")
		if f.TotalCount != tt.total || f.ObjectsCount != len(f.Results) || got != tt.want && (tt.want != "" || tt.total == 0) {
			t.Errorf("%s\nfound %d of %d: %s\nwant %d: %s", tt.query, f.ObjectsCount, f.TotalCount, got, tt.total, tt.want)
		}
	}
}

func TestAuditSearchSaysWhereAQueryIsWrong(t *testing.T) {
	d := doorwardtest.New(t)
	for _, tt := range []struct{ query, code, want string }{
		{``, "400002", "query"},
		{`SELECT uid FROM auditLog`, "400006", "position 8: only * can be selected from auditLog"},
		{`SELECT *, uid FROM auditLog`, "400006", "position"},
		{`SELECT count(*) FROM auditLog`, "400006", "position 8: only *"},
		{`SELECT * FROM accounts`, "400006", `position 15: the source "accounts" is not served; use auditLog`},
		{`SELECT * FROM auditLog WHERE UID = "x"`, "400006", "position 30: UID is not a field of auditLog; its letter case matters: uid"},
		{`SELECT * FROM auditLog WHERE color = "x"`, "400006", "position 30: color is not a field of auditLog"},
		{`SELECT * FROM auditLog WHERE params = "x"`, "400006", "position 30: the name of one parameter was expected"},
		{`SELECT * FROM auditLog WHERE httpReq.sdk = "x"`, "400006", "httpReq.SDK"},
		{`SELECT * FROM auditLog WHERE @timestamp > "yesterday"`, "400006", "position 30"},
		{`SELECT * FROM auditLog HAVING x`, "400006", "position 24"},
		{`SELECT * FROM auditLog GROUP BY uid`, "400006", "position 33: GROUP BY is not for auditLog"},
		{`SELECT * FROM auditLog WHERE uid = u1`, "400006", "position 36"},
	} {
		text := string(d.CallAsPartner("audit.search", "query", tt.query))
		if !strings.Contains(text, `"errorCode": `+tt.code) || !strings.Contains(strings.ReplaceAll(text, `\"`, `"`), tt.want) {
			t.Errorf("%s\nanswered %s\nwant %s with %q", tt.query, text, tt.code, tt.want)
		}
	}
	if text := string(d.CallAsPartner("audit.search", "query", "SELECT * FROM auditLog START 3", "openCursor", "true")); !strings.Contains(text, "400006") {
		t.Errorf("START with a cursor: %s", text)
	}
}

func TestAuditSearchCursors(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	at, fake := doorwardtest.WithTime(now)
	d := doorwardtest.New(t, at)
	other := d.AddSite(nil)
	fillLog(t, d, d.APIKey, 40)
	fillLog(t, d, other, 30)
	k, secret := d.AddKey("_viewPartnerAndSiteAuditLog")
	for _, query := range []string{
		`SELECT * FROM auditLog WHERE @timestamp < "2025-12-31" LIMIT 7`,
		`SELECT * FROM auditLog WHERE @timestamp < "2025-12-31" ORDER BY @timestamp LIMIT 9`,
		`SELECT * FROM auditLog WHERE @timestamp < "2025-12-31" AND endpoint != "ds.store" ORDER BY uid, @timestamp desc LIMIT 8`,
	} {
		whole := searched(t, d.Call("audit.search", "userKey", k, "secret", secret, "query", query[:strings.Index(query, "LIMIT")]))
		var got []string
		f := searched(t, d.Call("audit.search", "userKey", k, "secret", secret, "query", query, "openCursor", "true"))
		for {
			got = append(got, f.calls()...)
			if f.TotalCount != whole.TotalCount {
				t.Errorf("%s: a total of %d, want %d", query, f.TotalCount, whole.TotalCount)
			}
			if f.NextCursorID == "" {
				break
			}
			next := searched(t, d.Call("audit.search", "userKey", k, "secret", secret, "cursorId", f.NextCursorID))
			again := searched(t, d.Call("audit.search", "userKey", k, "secret", secret, "cursorId", f.NextCursorID))
			if diff := cmp.Diff(next.calls(), again.calls()); diff != "" || next.ErrorCode != 0 {
				t.Fatalf("%s: %d, %s", query, next.ErrorCode, diff)
			}
			f = next
		}
		if diff := cmp.Diff(whole.calls(), got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	f := searched(t, d.Call("audit.search", "userKey", k, "secret", secret, "query", "SELECT * FROM auditLog LIMIT 3", "openCursor", "true"))
	if text := string(d.CallAsPartner("audit.search", "cursorId", f.NextCursorID)); !strings.Contains(text, "400006") {
		t.Errorf("the cursor of another credential: %s", text)
	}
	fake.Advance(301 * time.Second)
	if text := string(d.Call("audit.search", "userKey", k, "secret", secret, "cursorId", f.NextCursorID)); !strings.Contains(text, "400006") {
		t.Errorf("an old cursor: %s", text)
	}
}

// TestAChangeIsInTheLogWhenItIsAnswered: what is found is there at once, chained, with its duration and the key's domain.
func TestAChangeIsInTheLogWhenItIsAnswered(t *testing.T) {
	d, account := withAccount(t)
	d.CallAsKey("accounts.setAccountInfo", "UID", account.UID, "profile", `{"city":"Bonn"}`)
	f := searched(t, d.CallAsPartner("audit.search", "query", `SELECT * FROM auditLog WHERE uid = "`+account.UID+`" AND endpoint = "accounts.setAccountInfo" AND duration > 0`))
	if f.TotalCount != 1 || f.Results[0].APIKey != d.APIKey {
		t.Errorf("%+v", f)
	}
	report, err := audit.Verify(t.Context(), d.Store(), d.Sealer().Key(audit.ChainKey), nil)
	if err != nil || len(report.Findings) > 0 || report.Records < 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

func attackAuditIsKept(t *testing.T) {
	d := doorwardtest.New(t)
	for _, m := range d.Methods().Methods() {
		namespace, name, _ := strings.Cut(m.Spec.Name, ".")
		if strings.Contains(strings.ToLower(m.Spec.Name), "audit") && (namespace != "audit" || name != "search" || m.Spec.Write) {
			t.Errorf("%s touches the audit log", m.Spec.Name)
		}
	}
	d.CallAsKey("accounts.getSchema")
	before := lastAudit(t, d, d.APIKey)["callID"]
	for _, call := range [][]string{{"audit.delete"}, {"audit.search", "query", "DELETE FROM auditLog"}, {"audit.search", "query", `SELECT * FROM auditLog WHERE uid = "'; DELETE FROM audit; --"`}} {
		d.CallAsKey(call[0], call[1:]...)
	}
	f := searched(t, d.CallAsPartner("audit.search", "query", fmt.Sprintf(`SELECT * FROM auditLog WHERE callID = %q`, before)))
	if f.TotalCount != 1 {
		t.Errorf("the record is gone: %+v", f)
	}
}

func attackAuditPersonal(t *testing.T) {
	for _, mode := range []string{audit.PersonalPseudonymized, audit.PersonalOmitted} {
		d := doorwardtest.New(t, doorwardtest.WithServer(func(o *server.Options) { o.AuditPersonal = mode }))
		const address = "zoe.deleted@example.com"
		var account struct{ UID string }
		if err := json.Unmarshal(d.CallAsPartner("accounts.register", "email", address, "password", "Correct-horse-7",
			"profile", `{"firstName":"Zoe-to-forget"}`, "finalizeRegistration", "true"), &account); err != nil || account.UID == "" {
			t.Fatal(err)
		}
		d.Call("accounts.login", "apiKey", d.APIKey, "loginID", address, "password", "Correct-horse-7")
		d.CallAsKey("accounts.search", "query", `SELECT UID FROM accounts WHERE profile.email = "`+address+`"`)
		for _, call := range [][]string{
			{"accounts.setAccountInfo", "UID", account.UID, "addLoginEmails", "also." + address},
			{"accounts.setAccountInfo", "UID", account.UID, "removeLoginEmails", "also." + address},
			{"accounts.setAccountInfo", "UID", account.UID, "securityOverride", "true", "secretQuestion", "Is it Zoe-to-forget?", "secretAnswer", "Zoe-to-forget"},
			{"accounts.getAccountInfo", "findBy", `{"_email":"` + address + `"}`},
			{"accounts.search", "restrictedQuery", `SELECT UID FROM accounts WHERE profile.email = "` + address + `"`},
			{"accounts.search", "query", `SELECT UID FROM accounts WHERE zoe.deleted = 1`},
			{"accounts.importFullAccount", "UID", "imported", "secretQuestionAndAnswer", `{"secretQuestion":"Is it Zoe-to-forget?","secretAnswer":"x"}`},
			{"accounts.importLiteAccount", "email", "zoe.deleted"},
			{"socialize.getToken", "grant_type", "none", "x_userInfo", `{"email":"` + address + `"}`},
		} {
			d.CallAsKey(call[0], call[1:]...)
		}
		d.CallAsKey("accounts.deleteAccount", "UID", account.UID)
		d.CallAsKey("accounts.deleteAccount", "UID", "imported")
		time.Sleep(2 * audit.FlushInterval)
		n := 0
		err := d.Store().Audits(context.Background(), store.AuditQuery{Log: d.APIKey, Limit: 100}, func(a *store.Audit, _ string) error {
			n++
			if bytes.Contains(a.Record, []byte("zoe.deleted")) || bytes.Contains(a.Record, []byte("to-forget")) {
				t.Errorf("%s: %s", mode, a.Record)
			}
			return nil
		})
		if err != nil || n < 14 {
			t.Errorf("%d records, %v", n, err)
		}
		// The file itself, once it was written anew without what was deleted.
		file := filepath.Join(t.TempDir(), "copy.db")
		if err := d.Store().Backup(t.Context(), file); err != nil {
			t.Skip("the database is no file")
		}
		text, err := os.ReadFile(file)
		if err != nil || bytes.Contains(text, []byte("zoe.deleted")) {
			t.Errorf("%s: the database has the address, %v", mode, err)
		}
	}
}
