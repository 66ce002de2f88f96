package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// words are what stands for the names in braces of a row's parameters.
type words map[string]string

// subject is something that has a name by which calls name it.
type subject struct {
	// fresh makes one at the place.
	fresh func(t *testing.T, n *neighbours, at *place) words
	// never names one of the same form that never was, at the place.
	never func(n *neighbours, at *place) words
	// down: a member sees what the parent has; up: the parent sees what a member has.
	down, up bool
	// parents: a member has none of its own.
	parents bool
}

// row is a call about a subject.
type row struct {
	method, subject string
	// by is who calls: "key", "session" (the login token is a parameter of the row), "nobody".
	by     string
	params []string
	// code is the answer where the subject is; member that at a member about what is its parent's, if that is another one.
	code, member int
}

// fill puts the words into the parameters.
func (r *row) fill(w words) []string {
	filled := slices.Clone(r.params)
	for i := range filled {
		for name, value := range w {
			filled[i] = strings.ReplaceAll(filled[i], "{"+name+"}", value)
		}
	}
	return filled
}

// call makes the row's call at the place.
func (r *row) call(t *testing.T, n *neighbours, at *place, w words) answer {
	t.Helper()
	w = maps.Clone(w)
	w["mine"] = at.partner
	if r.by == "key" {
		return n.as(t, at, r.method, r.fill(w)...)
	}
	return n.at(t, at, r.method, r.fill(w)...)
}

// attackMatrix makes every served call about something that another site has, with the credentials of the one and the ids
// of the other, both ways between the parent of a group, its member and a stranger. A stranger is answered as about what never was,
// to the letter, and nothing of the other's changes; parent and member share what the group shares.
func attackMatrix(t *testing.T) {
	if racing {
		t.Skip("thousands of calls, one after the other: the race detector has nothing to see, and takes minutes")
	}
	n := newNeighbours(t)
	n.prepareMatrix(t)
	rows := slices.Concat(objectRows, sessionRows(n))
	for _, r := range rows {
		t.Run(r.method+"_"+r.subject+"_"+r.by, func(t *testing.T) {
			s, ok := subjects[r.subject]
			if !ok {
				t.Fatal("there is no such subject")
			}
			tryStrangers(t, n, &r, &s)
			tryMembers(t, n, &r, &s)
		})
	}
	t.Run("the_table_is_complete", func(t *testing.T) {
		tried := map[string]bool{}
		for _, r := range rows {
			tried[r.method] = true
		}
		for _, m := range n.d.Methods().Methods() {
			name := m.Spec.Name
			_, elsewhere := triedElsewhere[name]
			alone := slices.Contains(aboutItself, name) || elsewhere || aboutPartner(m) != ""
			if !tried[name] && !alone {
				t.Errorf("%s is neither tried nor about its own site alone", name)
			}
			if slices.Contains(aboutItself, name) && tried[name] {
				t.Errorf("%s is both", name)
			}
		}
	})
	attackKeysOfOthers(t, n)
}

// tryStrangers are the calls of a stranger about what is the group's, and of the group about what is a stranger's.
func tryStrangers(t *testing.T, n *neighbours, r *row, s *subject) {
	t.Helper()
	ways := []struct{ from, to *place }{
		{n.parent, n.abroad}, {n.parent, n.outsider}, {n.abroad, n.parent}, {n.abroad, n.child}, {n.outsider, n.child},
	}
	if !s.parents {
		ways = append(ways, struct{ from, to *place }{n.child, n.abroad})
	}
	for _, way := range ways {
		if way.from.partner == way.to.partner && subjectsOfPartner[r.subject] {
			continue // They are both the partner's.
		}
		real := s.fresh(t, n, way.from)
		before := n.belongings(t, way.from)
		got := r.call(t, n, way.to, real)
		if after := n.belongings(t, way.from); after != before {
			t.Errorf("at %s, something of %s changed: %s", way.to.name, way.from.name, got.short())
		}
		never := s.never(n, way.to)
		want := r.call(t, n, way.to, never)
		if got, want := got.shape(real), want.shape(never); got != want {
			t.Errorf("at %s, about what %s has:\n%s\nabout what nobody has:\n%s", way.to.name, way.from.name, got, want)
		}
	}
}

// tryMembers are the calls of a site about what is its own, and of each site of the group about what is the other's.
func tryMembers(t *testing.T, n *neighbours, r *row, s *subject) {
	t.Helper()
	for _, way := range []struct {
		from, to *place
		sees     bool
	}{{n.parent, n.parent, true}, {n.child, n.child, true}, {n.parent, n.child, s.down}, {n.child, n.parent, s.up}} {
		if s.parents && way.from == n.child {
			continue
		}
		real := s.fresh(t, n, way.from)
		before := n.belongings(t, way.from)
		got := r.call(t, n, way.to, real)
		// What a member has of its parent's it lays its own over: the parent's stays.
		if way.from != way.to && !(s.down && s.up) && n.belongings(t, way.from) != before {
			t.Errorf("at %s, something of %s changed: %s", way.to.name, way.from.name, got.short())
		}
		if way.sees {
			want := r.code
			if way.from != way.to && way.to == n.child && r.member != 0 {
				want = r.member
			}
			if got.ErrorCode != want {
				t.Errorf("at %s, about what %s has: %s\nwant %d", way.to.name, way.from.name, got.short(), want)
			}
			continue
		}
		never := s.never(n, way.to)
		want := r.call(t, n, way.to, never)
		if got, want := got.shape(real), want.shape(never); got != want {
			t.Errorf("at %s, about what %s alone has:\n%s\nabout what nobody has:\n%s", way.to.name, way.from.name, got, want)
		}
	}
}

// belongings is a sum of all that the site, its group and its partner have.
func (n *neighbours) belongings(t *testing.T, of *place) string {
	t.Helper()
	sum, count := fnv.New64a(), 0
	owner := "partner:" + of.partner
	err := n.d.Store().(store.Mover).Dump(context.Background(), store.Place{}, func(r store.Record) error {
		at := r.Place()
		switch at.Kind {
		case store.MarkRecord, store.AuditRecord, store.AuditChainRecord, store.VersionRecord, store.SigningKeyRecord:
			return nil
		}
		own := strconv.FormatInt(at.Number, 10) == of.partner
		for _, text := range at.Texts {
			own = own || text == owner || text == of.userKey || strings.Contains(text, of.apiKey)
		}
		if own {
			text, err := json.Marshal(r)
			if err != nil {
				return err
			}
			_, _ = sum.Write(text)
			count++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(count, ":", sum.Sum64())
}

// sessionRows are one for every method that sessions may call: with a login token, and what else the call needs to be one.
func sessionRows(n *neighbours) []row {
	params := map[string][]string{
		"accounts.setAccountInfo":    {"profile", `{"lastName":"Y"}`},
		"accounts.incrementCounters": {"counters", `[{"class":"visits","path":"/shop"}]`},
		"accounts.getCounters":       {"counters", `[{"class":"visits","path":"/shop"}]`},
		"accounts.login":             {"loginMode", "reAuth", "password", goodPassword},
		"ds.get":                     {"type", "shared", "oid", "mine"},
		"ds.store":                   {"type", "shared", "oid", "mine", "data", `{"a":1}`},
		"ds.delete":                  {"type", "shared", "oid", "mine"},
		"ds.search":                  {"query", "SELECT * FROM shared"},
	}
	codes := map[string]int{
		"accounts.isAvailableLoginID": 400002, "accounts.register": 400002, "accounts.getLegalStatements": 400002, "ds.get": 404000, "ds.delete": 404000,
		"accounts.search": 403007, "ds.search": 403007, "socialize.getGmidTicket": 400002, "socialize.notifyLogin": 400002,
	}
	var rows []row
	for _, m := range guardedMethods(n.d) {
		name := m.Spec.Name
		if !m.Spec.Callers.Has(caller.Session) {
			continue
		}
		rows = append(rows, row{method: name, subject: "session", by: "session", code: codes[name], params: append([]string{"login_token", "{token}"}, params[name]...)})
	}
	return rows
}

// aboutPartner returns the parameter by which the method names a partner; empty: it names none.
func aboutPartner(m *method.Method) string {
	for _, name := range []string{"partnerID", "ownerPartnerId", "targetPartnerID"} {
		if m.Partner(gigya.NewParams(gigya.Param{Name: name, Value: "1"})) != "" {
			return name
		}
	}
	return ""
}

// attackKeysOfOthers calls every method at the sites of the group with credentials of the stranger, and the other way round, and
// about the other's partner.
func attackKeysOfOthers(t *testing.T, n *neighbours) {
	_, email := n.register(t, n.abroad)
	foreign := n.login(t, n.abroad, email)
	for _, m := range guardedMethods(n.d) {
		name := m.Spec.Name
		t.Run(name+"_with_the_credentials_of_a_stranger", func(t *testing.T) {
			for _, at := range []*place{n.parent, n.child} {
				got, made := n.at(t, at, name, "secret", n.abroad.secret), n.at(t, at, name, "secret", "bm8gc2VjcmV0IG9mIGFueWJvZHk=")
				if got.ErrorCode != 403010 || got.shape(nil) != made.shape(nil) {
					t.Errorf("secret at %s: %s", at.name, got.short())
				}
				if got := n.as(t, &place{apiKey: at.apiKey, userKey: n.abroad.userKey, userSecret: n.abroad.userSecret}, name); !m.Spec.NoSite && !got.denied(name) {
					t.Errorf("key at %s: %s", at.name, got.short())
				}
				if got, made := n.at(t, at, name, "login_token", foreign), n.at(t, at, name, "login_token", strings.ToUpper(foreign)); got.shape(nil) != made.shape(nil) {
					t.Errorf("session at %s: %s\nof nobody: %s", at.name, got.short(), made.short())
				}
			}
			if param := aboutPartner(m); param != "" {
				for _, id := range []string{n.parent.partner, "77"} {
					if got := n.as(t, n.abroad, name, param, id); !got.denied(name) {
						t.Errorf("about partner %s: %s", id, got.short())
					}
				}
			}
		})
	}
}

// prepareMatrix makes what the rows need at every place.
func (n *neighbours) prepareMatrix(t *testing.T) {
	t.Helper()
	for _, p := range []*place{n.parent, n.child, n.outsider, n.abroad} {
		n.must(t, p, 0, "accounts.registerCounters", "counters", `[{"class":"visits","path":"/shop"}]`)
		if p != n.child {
			n.must(t, p, 0, "ds.setSchema", "type", "shared", "dataSchema", `{"fields":{"a":{"type":"integer","writeAccess":"clientModify"}}}`)
			n.must(t, p, 0, "accounts.setSchema", "subscriptionsSchema", `{"fields":{"news":{"email":{"type":"subscription"}}}}`)
		}
	}
}

// lately is a time that a signature may have.
func lately() string { return strconv.FormatInt(time.Now().Unix(), 10) }
