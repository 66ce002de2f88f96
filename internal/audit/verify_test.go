package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	zombie "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

var chainKey = []byte("the key of the chains, 32 bytes.")

var written = clock.FromTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

// openLog opens the database of a log.
func openLog(t *testing.T, file string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.SealAudits(t.Context(), chainKey); err != nil {
		t.Fatal(err)
	}
	return s
}

// write writes n records of a partner.
func write(t *testing.T, s store.Store, partner int64, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		err := s.Change(t.Context(), func(tx store.Tx) error {
			return tx.AppendAudit(&store.Audit{
				Time: written + clock.Millis(i), APIKey: "4_site", Partner: partner, CallID: fmt.Sprint("call", i), Method: "accounts.login",
				UID: "u1", Record: json.RawMessage(`{"callID":"` + fmt.Sprint(i) + `"}`),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// tamper runs SQL on the file, as somebody does who has it and not the master key.
func tamper(t *testing.T, file, sql string) {
	t.Helper()
	c, err := zombie.OpenConn(file, zombie.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := sqlitex.ExecuteScript(c, sql, nil); err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, s store.AuditReader, heads []audit.Head) *audit.Report {
	t.Helper()
	report, err := audit.Verify(t.Context(), s, chainKey, heads)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestVerifyNamesTheFirstRecordThatIsNotAsItWasWritten(t *testing.T) {
	const copyOf5 = `time, call_id, api_key, method, error_code, user_key, uid, record, partner, chain`
	for name, tt := range map[string]struct {
		sql string
		// want is part of the only finding; empty: nothing is found.
		want string
	}{
		"nothing":            {``, ``},
		"an altered record":  {`UPDATE audit SET record = '{"callID":"99"}' WHERE number = 7`, "record 7: it was altered"},
		"an altered account": {`UPDATE audit SET uid = 'u2' WHERE number >= 7`, "record 7: it was altered"},
		"an altered time":    {`UPDATE audit SET time = time + 1 WHERE number = 1`, "record 1: it was altered"},
		"times of the past":  {`UPDATE audit SET time = 1 WHERE number <= 7`, "record 1: it was altered"},
		"another site":       {`UPDATE audit SET api_key = '4_other' WHERE number = 9`, "record 9: it was altered"},
		"another partner":    {`UPDATE audit SET partner = 2 WHERE number = 9`, "record 9: it was altered"},
		"one removed":        {`DELETE FROM audit WHERE number = 7`, "record 7: it was removed"},
		"the first removed":  {`DELETE FROM audit WHERE number <= 3`, "record 1: records 1 to 3 were removed"},
		"removed, and the rest renumbered": {`DELETE FROM audit WHERE number = 7; UPDATE audit SET number = number - 1 WHERE number > 7`,
			"record 7: it was altered"},
		"inserted with a number of another": {`INSERT INTO audit (` + copyOf5 + `, number, prev, mac) SELECT ` + copyOf5 + `, number, prev, mac FROM audit WHERE number = 5`,
			"record 5: it was inserted"},
		"inserted at the end": {`INSERT INTO audit (` + copyOf5 + `, number, prev, mac) SELECT ` + copyOf5 + `, 21, mac, mac FROM audit WHERE number = 20`,
			"record 21: it was altered, or inserted"},
		"inserted without a chain": {`INSERT INTO audit (time, call_id, api_key, method, error_code, user_key, uid) SELECT time, 'x', api_key, method, 0, '', '' FROM audit WHERE number = 5`,
			"records without a chain: it was inserted"},
		"inserted with a chain of its own": {`INSERT INTO audit (` + strings.TrimSuffix(copyOf5, "chain") + `chain, number, prev, mac)
			SELECT ` + strings.TrimSuffix(copyOf5, ", chain") + `, 'mine-1', 1, NULL, mac FROM audit WHERE number = 1`, "chain mine-1: it was inserted"},
		"swapped": {`UPDATE audit SET number = 100 WHERE number = 7; UPDATE audit SET number = 7 WHERE number = 8; UPDATE audit SET number = 8 WHERE number = 100`,
			"record 7: it was altered"},
		"the contents swapped": {`CREATE TEMP TABLE x AS SELECT * FROM audit WHERE number IN (7, 8);
			UPDATE audit SET call_id = (SELECT call_id FROM x WHERE number = 15 - audit.number), record = (SELECT record FROM x WHERE number = 15 - audit.number),
			time = (SELECT time FROM x WHERE number = 15 - audit.number) WHERE number IN (7, 8)`, "record 7: it was altered"},
		"the end cut off":           {`DELETE FROM audit WHERE number > 18`, "record 19: records 19 to 20 were removed from the end"},
		"the last cut off":          {`DELETE FROM audit WHERE number > 19`, "record 20: it was removed from the end"},
		"the anchor moved":          {`DELETE FROM audit WHERE number <= 3; UPDATE audit_chains SET removed = 3, removed_mac = (SELECT prev FROM audit WHERE number = 4)`, "what is known of the chain was altered"},
		"the head moved":            {`DELETE FROM audit WHERE number > 18; UPDATE audit_chains SET head = 18, head_mac = (SELECT mac FROM audit WHERE number = 18)`, "what is known of the chain was altered"},
		"what is known was removed": {`DELETE FROM audit_chains`, "what was known of it was removed"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "log.db")
			s := openLog(t, file)
			write(t, s, 1, 0, 20)
			if err := s.CheckpointAudits(t.Context()); err != nil {
				t.Fatal(err)
			}
			tamper(t, file, tt.sql)
			report := verify(t, s, nil)
			if tt.want == "" {
				if len(report.Findings) > 0 || report.Records != 20 || report.Chains != 1 {
					t.Errorf("%+v", report)
				}
				return
			}
			if len(report.Findings) != 1 || !strings.Contains(report.Findings[0].String(), tt.want) {
				t.Errorf("found %v, want %q", report.Findings, tt.want)
			}
			// The writer, who goes on, does not make it look right.
			write(t, s, 1, 50, 3)
			_ = s.CheckpointAudits(t.Context())
			if _, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: 1, Before: written + 1, Limit: 100}); err != nil {
				t.Fatal(err)
			}
			if again := verify(t, s, nil); len(again.Findings) == 0 {
				t.Error("after further records nothing is found")
			}
		})
	}
}

// TestWhatOnlyNotedEndsTell has what the database alone cannot know: it is told by the ends of the chains that were kept elsewhere.
func TestWhatOnlyNotedEndsTell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log.db")
	s := openLog(t, file)
	write(t, s, 1, 0, 10)
	if err := s.CheckpointAudits(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(t.TempDir(), "old.db")
	if err := s.Backup(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	write(t, s, 1, 10, 10)
	heads := verify(t, s, nil).Heads
	if report := verify(t, s, heads); len(report.Findings) > 0 {
		t.Errorf("found %v", report.Findings)
	}
	for name, other := range map[string]store.AuditReader{
		"a tail that was cut off since the last checkpoint": func() store.AuditReader {
			copied := filepath.Join(t.TempDir(), "cut.db")
			if err := s.Backup(t.Context(), copied); err != nil {
				t.Fatal(err)
			}
			tamper(t, copied, `DELETE FROM audit WHERE number > 15`)
			return openLog(t, copied)
		}(),
		"a backup that was put in the place": openLog(t, old),
		"a chain that was removed whole": func() store.AuditReader {
			copied := filepath.Join(t.TempDir(), "none.db")
			if err := s.Backup(t.Context(), copied); err != nil {
				t.Fatal(err)
			}
			tamper(t, copied, `DELETE FROM audit; DELETE FROM audit_chains`)
			return openLog(t, copied)
		}(),
	} {
		if report := verify(t, other, nil); len(report.Findings) > 0 {
			t.Errorf("%s: without the ends it found %v", name, report.Findings)
		}
		if report := verify(t, other, heads); len(report.Findings) != 1 {
			t.Errorf("%s: found %v", name, report.Findings)
		}
	}
}

func TestARestoredBackupAndANewProcessGoOnWithNewChains(t *testing.T) {
	s := openLog(t, filepath.Join(t.TempDir(), "log.db"))
	write(t, s, 1, 0, 10)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again := openLog(t, backup)
		write(t, again, 1, 20, 5)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	report := verify(t, openLog(t, backup), nil)
	if len(report.Findings) > 0 || report.Chains != 3 || report.Records != 20 {
		t.Errorf("%+v", report)
	}
}

func TestVerifyWorksBesideWritersAndSweeps(t *testing.T) {
	s := openLog(t, filepath.Join(t.TempDir(), "log.db"))
	write(t, s, 1, 0, 600)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			err := s.Change(t.Context(), func(tx store.Tx) error {
				return tx.AppendAudit(&store.Audit{Time: written + clock.Millis(600+i), APIKey: "4_site", Partner: 1})
			})
			_, swept := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: 1, Before: written + clock.Millis(i*3), Limit: 5})
			if err := errors.Join(err, swept, s.CheckpointAudits(t.Context())); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 20 {
		if report := verify(t, s, nil); len(report.Findings) > 0 {
			t.Errorf("found %v", report.Findings)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// swept is a log of which the sweeper takes a batch whenever a walk along a chain begins.
type swept struct {
	store.Store
	times int
}

func (w *swept) ChainAudits(ctx context.Context, chain string, after int64, limit int, fn func(*store.Audit) error) error {
	if chain != "" && after < 0 && w.times > 0 {
		w.times--
		if _, err := w.Sweep(ctx, store.Sweep{Kind: store.SweptAudits, Partner: 1, Before: written + 1000, Limit: 5}); err != nil {
			return err
		}
	}
	return w.Store.ChainAudits(ctx, chain, after, limit, fn)
}

func TestWhatTheSweeperTakesMeanwhileIsNotMissing(t *testing.T) {
	s := openLog(t, filepath.Join(t.TempDir(), "log.db"))
	write(t, s, 1, 0, 50)
	if report := verify(t, &swept{s, 4}, nil); len(report.Findings) > 0 || report.Records != 30 || report.Removed != 20 {
		t.Errorf("%+v", report)
	}
}

// TestWhatCannotBeCheckedIsSaid: of chains under another master key nobody knows whether they are as they were written.
func TestWhatCannotBeCheckedIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log.db")
	s := openLog(t, file)
	if err := s.SealAudits(t.Context(), []byte("the key that was lost")); err != nil {
		t.Fatal(err)
	}
	write(t, s, 1, 0, 10)
	if err := s.SealAudits(t.Context(), chainKey); err != nil {
		t.Fatal(err)
	}
	write(t, s, 2, 0, 5)
	look := func(heads []audit.Head) (report *audit.Report, said string) {
		t.Helper()
		report = verify(t, s, heads)
		if len(report.Findings) != 1 || report.Chains != 2 {
			t.Fatalf("%+v", report)
		}
		return report, report.Findings[0].String()
	}
	report, said := look(nil)
	if !report.Findings[0].Unchecked || !strings.Contains(said, "it could not be checked") || !strings.Contains(said, "records: 10") || report.Records != 5 || len(report.Heads) != 1 {
		t.Errorf("%+v: %s", report, said)
	}
	// Retention does not wait for a check that nobody can do, and what it took stays unchecked.
	if n, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: 1, Before: written + 1000, Limit: 100}); n != 10 || err != nil {
		t.Errorf("%d were swept, %v", n, err)
	}
	if report, said = look(report.Heads); !report.Findings[0].Unchecked || !strings.Contains(said, "records: 0") {
		t.Errorf("%+v: %s", report, said)
	}
	// That somebody has altered what is known of a chain of this key does not pass for another key, while a record or a noted end tells.
	tamper(t, file, `DELETE FROM audit_chains WHERE partner = 1; UPDATE audit_chains SET opened = 1`)
	for _, records := range []string{``, `DELETE FROM audit WHERE partner = 2`} {
		tamper(t, file, records)
		if found := verify(t, s, report.Heads).Findings; len(found) != 1 || found[0].Unchecked || !strings.Contains(found[0].What, "was altered") {
			t.Errorf("found %v", found)
		}
	}
}

func TestAnExportHasEveryRecordOnceWithItsPlaceInTheChain(t *testing.T) {
	s := openLog(t, filepath.Join(t.TempDir(), "log.db"))
	write(t, s, 1, 0, 1234)
	for _, tt := range []struct {
		e    audit.Exported
		want int
	}{
		{audit.Exported{Logs: []string{"4_site"}}, 1234}, {audit.Exported{Logs: []string{"4_other"}}, 0},
		{audit.Exported{Logs: []string{"4_site"}, From: written + 10, Until: written + 19}, 10},
		{audit.Exported{Logs: []string{"4_site"}, UID: "u2"}, 0},
	} {
		var out strings.Builder
		n, err := tt.e.Write(t.Context(), s, &out)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if err != nil || n != int64(tt.want) || tt.want > 0 && len(lines) != tt.want {
			t.Fatalf("%d records in %d lines, %v; want %d", n, len(lines), err, tt.want)
		}
		for i, line := range lines[:min(tt.want, len(lines))] {
			var record struct {
				CallID string
				Chain  struct {
					Name      string
					Number    int
					Prev, MAC string
					Log       string
					Partner   int
				}
			}
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			if record.Chain.Number != int(tt.e.From-written)+i+1 && tt.e.From != 0 || len(record.Chain.MAC) != 64 || record.Chain.Log != "4_site" || record.Chain.Partner != 1 {
				t.Fatalf("line %d: %s", i, line)
			}
		}
	}
}

func TestTheViewOfAnAccountTellsInWords(t *testing.T) {
	for _, tt := range []struct {
		a    store.Audit
		want audit.Line
	}{
		{store.Audit{Method: "accounts.login", Record: json.RawMessage(`{"authType":"none","sourceIP":"192.0.2.1","errCode":"0"}`)},
			audit.Line{Event: "login", What: "logged in with a password", By: "the user", Address: "192.0.2.1", Endpoint: "accounts.login"}},
		{store.Audit{Method: "accounts.login", ErrorCode: 403042, Record: json.RawMessage(`{"errCode":"403042","errMessage":"Invalid LoginID"}`)},
			audit.Line{Event: "login", What: "logged in with a password", By: "the user", Failed: "403042 Invalid LoginID", Endpoint: "accounts.login"}},
		{store.Audit{Method: "accounts.setAccountInfo", UserKey: "AKey", Record: json.RawMessage(`{"params":{"profile":"{}","newPassword":"***","x":"1"}}`)},
			audit.Line{Event: "setAccountInfo", What: "the account was changed: profile, password", By: "the key AKey", Endpoint: "accounts.setAccountInfo"}},
		{store.Audit{Method: "accounts.getAccountInfo", Record: json.RawMessage(`{"authType":"partnerSecret"}`)},
			audit.Line{Event: "Audited Event", What: "a call of accounts.getAccountInfo", By: "a server, with the partner's secret", Endpoint: "accounts.getAccountInfo"}},
		{store.Audit{Method: "socialize.setUID", Record: json.RawMessage(`{}`)},
			audit.Line{Event: "setUID", What: "the account got another UID", By: "the user", Endpoint: "socialize.setUID"}},
		{store.Audit{Method: "ds.store"}, audit.Line{Event: "Audited Event", What: "a call of ds.store", Endpoint: "ds.store"}},
	} {
		tt.want.Time = tt.a.Time.ISO()
		if got := audit.View(&tt.a); got != tt.want {
			t.Errorf("got %+v\nwant %+v", got, tt.want)
		}
	}
}

func TestPersonalParameters(t *testing.T) {
	p := params(`profile={"email":"zoe@example.com","age":30,"tags":["zoe@example.com",null]}&loginID=zoe@example.com&include=profile&password=x&query=SELECT * FROM accounts WHERE email = "zoe@example.com"`)
	record := func(mode string) string {
		personal, err := audit.NewPersonal(mode, []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		return string(audit.Call{Params: p, Personal: personal}.Record().Record)
	}
	if kept := record(""); strings.Count(kept, "zoe@example.com") != 4 || kept != record("keep") {
		t.Errorf("kept: %s", kept)
	}
	pseudonymized := record("pseudonymize")
	if strings.Contains(pseudonymized, "zoe") || strings.Contains(pseudonymized, "30") || !strings.Contains(pseudonymized, `\"age\":\"~`) {
		t.Errorf("pseudonymized: %s", pseudonymized)
	}
	var parsed struct {
		Params struct{ Profile, LoginID, Include, Password string }
	}
	if err := json.Unmarshal([]byte(pseudonymized), &parsed); err != nil {
		t.Fatal(err)
	}
	if strings.Count(parsed.Params.Profile, parsed.Params.LoginID) != 2 || parsed.Params.Include != "profile" || parsed.Params.Password != audit.Mask {
		t.Errorf("equal values are not equal any more, or more is gone: %+v", parsed)
	}
	if omitted := record("omit"); strings.Contains(omitted, "zoe") || !strings.Contains(omitted, `\"email\":\"***\"`) || !strings.Contains(omitted, `"loginID":"***"`) {
		t.Errorf("omitted: %s", omitted)
	}
	if _, err := audit.NewPersonal("forget", nil); err == nil {
		t.Error("an unknown rule is taken")
	}
}

// forked is a log in which one record is another that its writer has signed, too: that of a database which was restored and went on.
type forked struct {
	store.AuditReader
	number int64
	change func(*store.Audit)
}

func (f forked) ChainAudits(ctx context.Context, chain string, after int64, limit int, fn func(*store.Audit) error) error {
	return f.AuditReader.ChainAudits(ctx, chain, after, limit, func(a *store.Audit) error {
		if a.Link.Number == f.number {
			other := *a
			f.change(&other)
			other.Link.MAC = store.AuditMAC(chainKey, &other)
			a = &other
		}
		return fn(a)
	})
}

func TestARecordOfAnotherCourseOfEventsIsFound(t *testing.T) {
	s := openLog(t, filepath.Join(t.TempDir(), "log.db"))
	write(t, s, 1, 0, 20)
	for _, c := range []struct {
		change func(*store.Audit)
		want   string
	}{
		{func(*store.Audit) {}, ""},
		{func(a *store.Audit) { a.UID = "u2" }, "record 8: it does not follow the record before it, which was exchanged"},
		{func(a *store.Audit) { a.Partner = 2 }, "record 7: it is in the chain of another partner"},
	} {
		got := fmt.Sprint(verify(t, forked{s, 7, c.change}, nil).Findings)
		if c.want == "" && got != "[]" || !strings.Contains(got, c.want) {
			t.Errorf("found %s, want %q", got, c.want)
		}
	}
}
