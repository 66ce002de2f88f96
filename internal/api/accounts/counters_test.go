package accounts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// register registers counters, each a class and a path with a colon between.
func (h *house) register(counters ...string) {
	h.t.Helper()
	wantCode(h.t.(*testing.T), h.call(server, "accounts.registerCounters", "counters", counterList(counters...)), "0")
}

func counterList(counters ...string) string {
	var list []string
	for _, text := range counters {
		class, path, _ := strings.Cut(text, ":")
		list = append(list, fmt.Sprintf(`{"class":%q,"path":%q}`, class, path))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// counted counts for the account.
func (h *house) counted(counters string) {
	h.t.Helper()
	wantCode(h.t.(*testing.T), h.call(server, "accounts.incrementCounters", "UID", testUID, "counters", counters), "0")
}

// counts returns the counters of an answer as lines: class:path period count value.
func counts(t *testing.T, answer string) string {
	t.Helper()
	wantCode(t, answer, "0")
	var list []string
	for _, row := range splitRows(t, compact(t, answer, "counters")) {
		list = append(list, field(row, "class")+":"+field(row, "path")+" "+field(row, "period")+" "+field(row, "count")+" "+field(row, "value"))
	}
	return strings.Join(list, "; ")
}

func TestCountersFromTheirRegistrationToTheirSearch(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	h.register("points:/", "points:/news", "points:/news/sport")
	before := h.account(testUID)
	h.clock.Advance(time.Minute)
	wantCode(t, h.call(user(session), "accounts.incrementCounters", "counters", `[{"class":"points","path":"/news/sport","count":2,"value":19.9}]`), "0")
	wantCode(t, h.call(server, "ids.incrementCounters", "UID", testUID, "counters", `[{"class":"_shares","path":"/"},{"class":"_shares","path":"/","value":null,"count":null}]`), "0")

	after := h.account(testUID)
	if after.LastUpdated != before.LastUpdated || after.OldestDataUpdated != before.OldestDataUpdated {
		t.Error("counting is no update of the account")
	}
	answer := h.call(user(session), "accounts.getCounters", "counters", `[{"class":"_shares"},{"class":"points","path":"/news/sport","period":"last7Days"}]`)
	const want = `"counters":[{"class":"points","path":"/news/sport","period":"last7Days","count":2,"value":19.9,"lastUpdated":"2026-03-0210:16:30Z",` +
		`"lastUpdatedTimestamp":1772446590000},{"class":"_shares","path":"/","period":"total","count":2,"value":0.0,"lastUpdated":"2026-03-0210:16:30Z",` +
		`"lastUpdatedTimestamp":1772446590000}]}`
	if got := members(answer); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	const shares = `{"counters":[{"class":"_shares","path":"/","period":"total","count":2,"value":0.0,"lastUpdated":"2026-03-02 10:16:30Z","lastUpdatedTimestamp":"1772446590000"}]}`
	for query, rows := range map[string]string{
		`SELECT counters FROM accounts WITH counters WHERE counters.class = "_shares" AND counters.count > 1 FILTER counters BY counters.class = "_shares" AND counters.period = "total"`: shares,
		`SELECT counters.path, counters.value FROM accounts WITH counters WHERE counters.value > 19 FILTER counters BY counters.class = "points" AND counters.period = "260302"`: `{"counters":[` +
			`{"path":"/news/sport","value":19.9},{"path":"/news","value":19.9},{"path":"/","value":19.9}]}`,
		`SELECT UID FROM accounts WITH counters WHERE counters.class = "_purchase"`: ``,
		`SELECT UID FROM accounts WITH counters WHERE counters.count > 2`:           ``,
		`SELECT counters FROM accounts WHERE UID = "` + testUID + `"`:               `{}`,
	} {
		answer := h.call(server, "accounts.search", "query", query)
		wantCode(t, answer, "0")
		if got := compact(t, answer, "results"); got != "["+rows+"]" {
			t.Errorf("%s:\n%s\nwant %s", query, got, rows)
		}
	}
	everything := "profile,data,emails,loginIDs,identities-all,preferences,subscriptions,groups,internal,password,rba,regSource,lastLoginLocation,counters"
	for name, answer := range map[string]string{
		"search without counters": h.call(server, "accounts.search", "query", "SELECT * FROM accounts"),
		"emailAccounts":           h.call(server, "accounts.search", "query", "SELECT * FROM emailAccounts"),
		"getAccountInfo":          h.call(server, "accounts.getAccountInfo", "UID", testUID, "include", everything),
		"the user's own":          h.call(user(session), "accounts.getAccountInfo", "include", everything),
	} {
		wantCode(t, answer, "0")
		if strings.Contains(answer, "_shares") || strings.Contains(answer, `"counters"`) {
			t.Errorf("%s shows counters:\n%s", name, answer)
		}
	}
	// What was counted stays when other methods write the account, and when the declaration goes.
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "profile", `{"lastName":"Other"}`), "0")
	wantCode(t, h.call(server, "accounts.unregisterCounters", "counters", counterList("points:/news/sport")), "0")
	if got := counts(t, h.call(server, "accounts.getCounters", "UID", testUID, "counters", `[{"class":"points","path":"/news/sport"}]`)); got != "points:/news/sport total 2 19.9" {
		t.Error(got)
	}
	wantCode(t, h.call(server, "accounts.incrementCounters", "UID", testUID, "counters", counterList("points:/news/sport")), "409011")
}

func TestRegisteredCounters(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.call(server, "accounts.progression.setPolicy", "policy", "auto"), "0")
	registered := func() string { return members(h.call(server, "accounts.getRegisteredCounters")) }
	if got := registered(); got != `"counters":[]}` {
		t.Error(got)
	}
	h.register("b:/", "a:/x/", "b:/")
	h.register("_shares:/x/y", "b:/")
	const all = `"counters":[{"class":"b","path":"/"},{"class":"a","path":"/x/"},{"class":"_shares","path":"/x/y"}]}`
	if got := registered(); got != all {
		t.Error(got)
	}
	if got := h.call(server, "accounts.unregisterCounters", "counters", counterList("b:/", "a:/x")); field(got, "errorDetails") != `Counter not registered: class "a", path "/x"` {
		t.Error(got)
	}
	if got := registered(); got != all {
		t.Errorf("half of a change was made: %s", got)
	}
	wantCode(t, h.call(server, "ids.unregisterCounters", "counters", counterList("_shares:/x/y", "b:/", "a:/x/")), "0")
	if got := registered(); got != `"counters":[]}` {
		t.Error(got)
	}
	if got := field(h.call(server, "accounts.progression.getPolicy"), "policy"); got != "auto" {
		t.Errorf("the site's other settings are lost: %s", got)
	}
	// Counters are the site's own, whomever it shares its users with.
	const member = "3_AnotherTestKey_abcdefghijklmnopqrstuvwxyz"
	h.change(func(tx store.Tx) error {
		return tx.PutSite(&store.Site{APIKey: member, SiteID: 2, Partner: 1, Group: testKey, BaseDomain: "example.org", DataCenter: "us1", Status: store.SiteActive})
	})
	h.zoe()
	h.register("b:/")
	if answer, err := h.tryAt(member, server, "accounts.incrementCounters", "UID", testUID, "counters", counterList("b:/")); err != nil || code(answer) != "409011" {
		t.Errorf("%v %s", err, answer)
	}
	var most []string
	for i := range site.MaxCounters - 1 {
		most = append(most, fmt.Sprintf("c%d:/", i))
	}
	h.register(most...)
	h.register(most[:5]...)
	wantCode(t, h.call(server, "accounts.registerCounters", "counters", counterList("more:/")), "400006")
}

func TestCountersThatCannotBeRead(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	h.register("a:/x")
	long, levels := strings.Repeat("x", 65), strings.Repeat("a", 62)
	many := counterList(strings.Split(strings.Repeat("_a:/ ", 101), " ")[:101]...)
	shared := map[string]string{
		"":                            "400002 Missing required parameter : counters",
		`[]`:                          "400002 Missing required parameter : counters",
		`[{}]`:                        "400002 Missing required parameter : counters.class",
		`[{"class":"","path":"/"}]`:   "400002 Missing required parameter : counters.class",
		`[{"path":"/"}]`:              "400002 Missing required parameter : counters.class",
		`points`:                      "400004",
		`[{"class":"a"`:               "400004",
		`{"class":"a","path":"/"}`:    "400004",
		`["a"]`:                       "400004",
		`[{"class":"_a","path":1}]`:   "400006",
		`[{"class":[],"path":"/"}]`:   "400006",
		`[{"class":{},"path":"/"}]`:   "400006",
		strings.Repeat(" ", 64<<10+1): "400006",
		many:                          "400006",
	}
	named := map[string]string{
		`[{"class":"_a"}]`:                                  "400002 Missing required parameter : counters.path",
		`[{"class":"_a","path":""}]`:                        "400002 Missing required parameter : counters.path",
		`[{"class":"_a","path":null}]`:                      "400002 Missing required parameter : counters.path",
		counterList("_a:x"):                                 "400006",
		counterList("_a://"):                                "400006",
		counterList("_a://x"):                               "400006",
		counterList("_a:/x/y/z"):                            "400006",
		counterList("_a:/x/y/"):                             "400006",
		counterList("_" + long + ":/"):                      "400006",
		counterList("_a:/" + levels + "/x"):                 "400006",
		`[{"class":"_a\"","path":"/"}]`:                     "400006",
		`[{"class":"_a\\","path":"/"}]`:                     "400006",
		`[{"class":"_a\u0000","path":"/"}]`:                 "400006",
		`[{"class":"_a\u202e","path":"/"}]`:                 "400006",
		`[{"class":"_a\ud800","path":"/"}]`:                 "400006",
		`[{"class":"regex('_a')","path":"/"}]`:              "400006",
		`[{"class":"<_a>","path":"/"}]`:                     "400006",
		`[{"class":"_a","path":"/"},{"class":"_a"}]`:        "400002 Missing required parameter : counters.path",
		`[{"class":"_a","path":"/x"},{"class":"_a\n"}]`:     "400002 Missing required parameter : counters.path",
		`[{"class":"_a","path":"/"},{"class":5,"path":""}]`: "400006",
	}
	increments := map[string]string{
		`[{"class":"_a","path":"/","count":-1}]`:               "400006",
		`[{"class":"_a","path":"/","count":1.5}]`:              "400006",
		`[{"class":"_a","path":"/","count":"1"}]`:              "400006",
		`[{"class":"_a","path":"/","count":9007199254740992}]`: "400006",
		`[{"class":"_a","path":"/","value":"1"}]`:              "400006",
		`[{"class":"_a","path":"/","value":true}]`:             "400006",
		`[{"class":"_a","path":"/","value":1e13}]`:             "400006",
		`[{"class":"_a","path":"/","value":1e999999999}]`:      "400006",
		`[{"class":"_a","path":"/"},{"class":"a","path":"/"}]`: `409011 Counter not registered: class "a", path "/"`,
		`[{"class":"a","path":"/x/y"}]`:                        `409011 Counter not registered: class "a", path "/x/y"`,
		`[{"class":"A","path":"/x"}]`:                          `409011 Counter not registered: class "A", path "/x"`,
		`[{"class":"_A","path":"/X"}]`:                         `409011 Counter not registered: class "_A", path "/X"`,
	}
	queries := map[string]string{
		`[{"class":"_a","period":"soon"}]`:                                      "400006",
		`[{"class":"_a","period":"26"}]`:                                        "400006",
		`[{"class":"_a","period":"26033"}]`:                                     "400006",
		`[{"class":"_a","period":2603}]`:                                        "400006",
		`[{"class":"regex(_a)"}]`:                                               "400006",
		`[{"class":"regex('_a)"}]`:                                              "400006",
		`[{"class":"regex(')"}]`:                                                "400006",
		`[{"class":"regex('('"}]`:                                               "400006",
		`[{"class":"regex('x{500}')"}]`:                                         "400006",
		`[{"class":"regex('(')"}]`:                                              "400006",
		`[{"class":"regex('(a)\\1')"}]`:                                         "400006",
		`[{"class":"_a","path":"regex('[')"}]`:                                  "400006",
		`[{"class":"_a","period":"regex('` + strings.Repeat("x", 129) + `')"}]`: "400006",
		counterList("_a:/", "_a:/", "_a:/", "_a:/", "_a:/", "_a:/", "_a:/", "_a:/", "_a:/", "_a:/", "_a:/"): "400006",
		`[{"class":"b"}]`:                `409011 Counter not registered: class "b", path ""`,
		`[{"class":"a","path":"/"}]`:     `409011 Counter not registered: class "a", path "/"`,
		`[{"class":"_a","path":"/x"}]`:   `409011 Counter not registered: class "_a", path "/x"`,
		`[{"class":"_a"},{"class":"b"}]`: `409011 Counter not registered: class "b", path ""`,
	}
	before := h.account(testUID)
	for name, tables := range map[string][]map[string]string{
		"accounts.registerCounters":   {shared, named},
		"accounts.unregisterCounters": {shared, named},
		"accounts.incrementCounters":  {shared, named, increments},
		"accounts.getCounters":        {shared, queries},
	} {
		for _, table := range tables {
			for counters, want := range table {
				params := []string{"counters", counters}
				if !strings.Contains(name, "egister") {
					params = append(params, "UID", testUID)
				}
				answer := h.call(server, name, params...)
				got, details, _ := strings.Cut(want, " ")
				if code(answer) != got || details != "" && field(answer, "errorDetails") != details {
					t.Errorf("%s %.80s: want %s\n%s", name, counters, want, answer)
				}
			}
		}
	}
	if after := h.account(testUID); after.Rev != before.Rev {
		t.Errorf("a refused call has written: %s", after.More)
	}
	if got := members(h.call(server, "accounts.getRegisteredCounters")); got != `"counters":[{"class":"a","path":"/x"}]}` {
		t.Errorf("a refused call has written: %s", got)
	}
}

func TestGetCountersChooses(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	h.register("points:/", "points:/news", "points:/shop")
	h.clock.Set(time.Date(2026, 2, 27, 23, 59, 59, 0, time.UTC))
	h.counted(`[{"class":"points","path":"/news"},{"class":"_shares","path":"/","value":0.1}]`)
	h.clock.Set(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	h.counted(`[{"class":"_shares","path":"/","count":3,"value":0.2}]`)
	const shares = "_shares:/ total 4 0.3; _shares:/ 2602 1 0.1; _shares:/ 2603 3 0.2; _shares:/ 260227 1 0.1; _shares:/ 260302 3 0.2; _shares:/ last7Days 4 0.3"
	for counters, want := range map[string]string{
		`[{"class":"_shares"}]`:                                                       "_shares:/ total 4 0.3",
		`[{"class":"_shares","path":"/","period":"total"}]`:                           "_shares:/ total 4 0.3",
		`[{"class":"_shares","period":"last7Days"}]`:                                  "_shares:/ last7Days 4 0.3",
		`[{"class":"_shares","period":"YYMM"}]`:                                       "_shares:/ 2602 1 0.1; _shares:/ 2603 3 0.2",
		`[{"class":"_shares","period":"YYMMDD"}]`:                                     "_shares:/ 260227 1 0.1; _shares:/ 260302 3 0.2",
		`[{"class":"_shares","period":"2602"}]`:                                       "_shares:/ 2602 1 0.1",
		`[{"class":"_shares","period":"260302"}]`:                                     "_shares:/ 260302 3 0.2",
		`[{"class":"_shares","period":"1312"}]`:                                       "",
		`[{"class":"_shares","period":"regex('^26..$')"}]`:                            "_shares:/ 2602 1 0.1; _shares:/ 2603 3 0.2",
		`[{"class":"_shares","period":"regex(\"^2603\")"}]`:                           "_shares:/ 2603 3 0.2; _shares:/ 260302 3 0.2",
		`[{"class":"_shares","period":"regex('.')"}]`:                                 shares,
		`[{"class":"_shares","period":"regex('(?=x)y')"},{"class":"_adClicks"}]`:      "-",
		`[{"class":"points"}]`:                                                        "points:/news total 1 0.0; points:/ total 1 0.0",
		`[{"class":"points","path":"/"}]`:                                             "points:/ total 1 0.0",
		`[{"class":"points","path":"/shop"}]`:                                         "",
		`[{"class":"points","path":"regex('^/n')"}]`:                                  "points:/news total 1 0.0",
		`[{"class":"regex('^_')","path":"/"}]`:                                        "_shares:/ total 4 0.3",
		`[{"class":"regex('s$')"}]`:                                                   "points:/news total 1 0.0; points:/ total 1 0.0; _shares:/ total 4 0.3",
		`[{"class":"regex('nothing')"}]`:                                              "",
		`[{"class":"_adClicks"}]`:                                                     "",
		`[{"class":"_shares","period":"2602"},{"class":"_shares","period":"YYMM"}]`:   "_shares:/ 2602 1 0.1; _shares:/ 2603 3 0.2",
		`[{"class":"points","path":"/","unknown":1},{"class":"_shares","path":null}]`: "points:/ total 1 0.0; _shares:/ total 4 0.3",
		`[{"class":"regex('^(?:x?){100}$')","path":"regex('^(?:/?){9}(?:n|/|e)*')"}]`: "",
	} {
		answer := h.call(server, "ids.getCounters", "UID", testUID, "counters", counters)
		if want == "-" {
			wantCode(t, answer, "400006")
			continue
		}
		if got := counts(t, answer); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", counters, got, want)
		}
	}
}

func TestWhoMayCount(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	const pendingUID = "1111111111111111111111111111aaaa"
	pending := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "pia@example.com", "password", testPass, "siteUID", pendingUID)
	token := field(pending, "regToken")
	one := []string{"counters", `[{"class":"_shares","path":"/"}]`}
	regToken := func(*house) *caller.Caller { return &caller.Caller{Class: caller.RegToken, Via: "regToken"} }
	for name, test := range map[string]struct {
		by     who
		params []string
		want   string
		uid    string
	}{
		"a session, its own":         {user(session), nil, "0", testUID},
		"a session, its own by name": {user(session), []string{"UID", testUID}, "0", testUID},
		"a session, somebody else's": {user(session), []string{"UID", pendingUID}, "403005", ""},
		"a server":                   {server, []string{"UID", pendingUID}, "0", pendingUID},
		"a server, nobody":           {server, []string{"UID", "nobody"}, "403005", ""},
		"a server without a UID":     {server, nil, "400002", ""},
		"a regToken":                 {regToken, []string{"regToken", token}, "0", pendingUID},
		"a server with a regToken":   {server, []string{"regToken", token, "UID", testUID}, "0", pendingUID},
		"a regToken of nobody yet":   {regToken, []string{"regToken", h.regToken()}, "400006", ""},
		"a regToken that is none":    {regToken, []string{"regToken", "x"}, "400006", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, called := range []string{"accounts.incrementCounters", "accounts.getCounters"} {
				answer := h.call(test.by, called, append(one, test.params...)...)
				wantCode(t, answer, test.want)
				if called == "accounts.getCounters" && test.want == "0" && counts(t, answer) == "" {
					t.Errorf("nothing was counted:\n%s", answer)
				}
			}
		})
	}
	for uid, want := range map[string]string{testUID: `"period":"total","count":2,`, pendingUID: `"period":"total","count":3,`} {
		if more := string(h.account(uid).More); !strings.Contains(more, want) {
			t.Errorf("%s: %s", uid, more)
		}
	}
	// A token that was ended counts nothing any more.
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", pendingUID, "isActive", "false"), "0")
	wantCode(t, h.call(regToken, "accounts.incrementCounters", append(one, "regToken", token)...), "400006")

	for name, want := range map[string]caller.Class{
		"accounts.registerCounters": caller.Server, "accounts.unregisterCounters": caller.Server, "accounts.getRegisteredCounters": caller.Server,
		"accounts.incrementCounters": caller.Session | caller.RegToken | caller.Server, "accounts.getCounters": caller.Session | caller.RegToken | caller.Server,
	} {
		alias := strings.Replace(name, "accounts.", "ids.", 1)
		m, _ := h.Methods.Lookup(name)
		if again, status := h.Methods.Lookup(alias); m == nil || again != m || status != method.Served {
			t.Fatalf("%s is not %s", alias, name)
		}
		if m.Spec.Callers != want || m.Privilege() != name {
			t.Errorf("%s: callers %v, privilege %s", name, m.Spec.Callers, m.Privilege())
		}
		if writes := !strings.Contains(name, ".get"); m.Spec.Write != writes {
			t.Errorf("%s: Write is %v", name, m.Spec.Write)
		}
	}
}

func TestIncrementsAtOnceAreAllCountedAndRecorded(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	h.register("points:/", "points:/a")
	const calls = 64
	answers := race(t, calls, func(i int) (string, error) {
		ctx := context.Background()
		m, _ := h.Methods.Lookup("accounts.incrementCounters")
		inv, err := h.invocation(m, "UID", testUID, "counters", fmt.Sprintf(`[{"class":"points","path":"/a","count":%d,"value":0.1}]`, i))
		if err != nil {
			return "", err
		}
		inv.Ending = func(*gigya.Error) *store.Audit {
			return &store.Audit{
				Time: clock.FromTime(testTime), CallID: fmt.Sprintf("call%02d", i), APIKey: testKey, Method: m.Spec.Name, UID: inv.UID, Record: []byte(`{}`),
			}
		}
		_, err = m.Call(ctx, inv)
		return "", err
	})
	if len(answers) != calls {
		t.Fatal(len(answers))
	}
	got := counts(t, h.call(server, "accounts.getCounters", "UID", testUID, "counters", `[{"class":"points"},{"class":"points","period":"260302"}]`))
	if want := "points:/a total 2016 6.4; points:/a 260302 2016 6.4; points:/ total 2016 6.4; points:/ 260302 2016 6.4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	seen := map[string]bool{}
	err := h.store.Audits(context.Background(), store.AuditQuery{Log: testKey, Newest: true, Limit: 1000}, func(r *store.Audit, _ string) error {
		if seen[r.CallID] || r.UID != testUID {
			t.Errorf("record %s of %q", r.CallID, r.UID)
		}
		seen[r.CallID] = true
		return nil
	})
	if err != nil || len(seen) != calls {
		t.Errorf("%d records of %d calls: %v", len(seen), calls, err)
	}
}

// invocation is a call of a server that was not made yet.
func (h *house) invocation(m *method.Method, params ...string) (*method.Invocation, error) {
	current, err := h.deps.Sites.Site(context.Background(), testKey)
	if err != nil {
		return nil, err
	}
	raw := gigya.NewParams()
	for i := 0; i < len(params); i += 2 {
		raw.Set(params[i], params[i+1])
	}
	return &method.Invocation{Method: m, Site: current, Caller: apitest.Server(), Raw: raw, Now: h.clock.Now(), CallID: "CALLID"}, nil
}

func TestAnIncrementAndAnotherChangeAtOnceKeepBoth(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	race(t, 32, func(i int) (string, error) {
		if i%2 == 0 {
			return h.try(server, "accounts.setAccountInfo", "UID", testUID, "data", fmt.Sprintf(`{"f%d":1}`, i))
		}
		return h.try(server, "accounts.incrementCounters", "UID", testUID, "counters", `[{"class":"_shares","path":"/"}]`)
	})
	a := h.account(testUID)
	if n := strings.Count(string(a.Data), `"f`); n != 16 {
		t.Errorf("%d of 16 fields: %s", n, a.Data)
	}
	if got := account.Tallies(a, clock.FromTime(testTime))[0].Count; got != 16 {
		t.Errorf("%d of 16 increments", got)
	}
}

func TestAnAccountHasABoundedNumberOfCounters(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	var all []string
	for i := range account.MaxCounters {
		all = append(all, fmt.Sprintf("_c%d:/", i))
	}
	wantCode(t, h.call(user(session), "accounts.incrementCounters", "counters", counterList(all...)), "0")
	before := string(h.account(testUID).More)
	answer := h.call(user(session), "accounts.incrementCounters", "counters", counterList("_c0:/", "_more:/"))
	wantCode(t, answer, "400006")
	if details := field(answer, "errorDetails"); !strings.Contains(details, "at most 32 counters") {
		t.Error(details)
	}
	if string(h.account(testUID).More) != before {
		t.Error("a refused call has counted")
	}
	wantCode(t, h.call(user(session), "accounts.incrementCounters", "counters", counterList("_c0:/")), "0")
}

// The expressions of a session cannot keep the server busy: these need more room than an automaton has, and every part of every
// one is compared with the fullest account.
func TestCostlyExpressionsAreBounded(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	var all []string
	for i := range account.MaxCounters / 2 { // Each counts for the root, too.
		name := fmt.Sprintf("%s%02d", strings.Repeat("a", 61), i)
		all = append(all, "_"+name+":/"+name)
	}
	h.register(all...)
	for day := range account.CounterDays {
		h.clock.Set(testTime.AddDate(0, 0, day-account.CounterDays))
		h.counted(counterList(all...))
	}
	var elements []string
	for i := range 10 {
		elements = append(elements, fmt.Sprintf(`{"class":"regex('^_(?:[ab]?){90}(?:[ac]?){90}[0-9]{2}$|x%d')","path":"regex('^/(?:[ab]?){90}(?:[ac]?){90}[0-9]{2}$|x%d')","period":"regex('(?:[0-7]?[0-9]?){90}x%d|tot')"}`, i, i, i))
	}
	start := time.Now()
	answer := h.call(server, "accounts.getCounters", "UID", testUID, "counters", "["+strings.Join(elements, ",")+"]")
	took := time.Since(start)
	if got := counts(t, answer); strings.Count(got, "; ") != account.MaxCounters/2-1 {
		t.Errorf("%.300s", got)
	}
	// It takes some hundredths of a second; other tests run beside this one.
	if took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	wantCode(t, h.call(user(session), "accounts.getCounters", "counters", "["+strings.Join(append(elements, elements[0]), ",")+"]"), "400006")
}

// Whatever the parameter is, the answer is one of few, and what was counted can be read again.
func FuzzCountersParameter(f *testing.F) {
	for _, text := range []string{
		`[{"class":"_a","path":"/","count":2,"value":19.9}]`, `[{"class":"_a","path":"/x/y","period":"regex('^26..$')"}]`, `[{"class":"regex(\"a|b\")"}]`, `[]`, `[{}]`, `{`,
		`[{"class":"_a","path":"/","value":1e12},{"class":"_a","path":"/","value":1e12}]`, `[{"class":"_a","period":"YYMMDD"}]`, "",
	} {
		f.Add(text)
	}
	h := newHouse(f)
	h.zoe()
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"accounts.incrementCounters", "accounts.getCounters"} {
			answer, err := h.try(server, name, "UID", testUID, "counters", text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch code(answer) {
			case "0", "400002", "400004", "400006", "409011":
			default:
				t.Fatalf("%s:\n%s", name, answer)
			}
		}
		if answer, err := h.try(server, "accounts.getCounters", "UID", testUID, "counters", `[{"class":"regex('.')"}]`); err != nil || code(answer) != "0" {
			t.Fatalf("%v\n%s", err, answer)
		}
	})
}
