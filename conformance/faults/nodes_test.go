package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/jackc/pgx/v5"
)

// launchNode starts a server over the database; all nodes of a test share the folder with the master key.
func launchNode(t *testing.T, folder, database string) *process {
	t.Helper()
	return launch(t, folder, append([]string{"--set", "database=" + database}, cheap...)...)
}

// noAnswer stands for the error code of a call that was not answered.
const noAnswer = -1

// census is people who are registered and changed through any node, by callers who go on when a call fails.
type census struct {
	mu     sync.Mutex
	people []*member
	// codes counts the calls by their error code, or noAnswer.
	codes map[int]int
	// slowest is how long the slowest call took.
	slowest time.Duration
	acked   atomic.Int64
	failed  atomic.Int64
	serial  atomic.Int64
}

// member is an account as far as the caller knows: what was acknowledged, and what was sent.
type member struct {
	uid          string
	acked, tried int
}

// work lets a caller register accounts and change each some times, until stop is set. Step 0 is the registration.
func (c *census) work(p *process, stop *atomic.Bool) {
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for !stop.Load() {
		m := &member{uid: "n" + strconv.FormatInt(c.serial.Add(1), 10), acked: -1}
		c.mu.Lock()
		c.people = append(c.people, m)
		c.mu.Unlock()
		ok := c.call(p, client, "accounts.register", "siteUID", m.uid, "email", m.uid+"@example.com", "password", testPassword, "finalizeRegistration", "true")
		if !ok {
			continue
		}
		m.acked = 0
		for step := 1; step <= 4 && !stop.Load(); step++ {
			m.tried = step
			if c.call(p, client, "accounts.setAccountInfo", "UID", m.uid,
				"data", fmt.Sprintf(`{"step":"%d"}`, step), "profile", fmt.Sprintf(`{"nickname":"%d"}`, step)) {
				m.acked = step
			}
		}
	}
}

func (c *census) call(p *process, client *http.Client, method string, params ...string) bool {
	begun := time.Now()
	a, err := p.try(client, method, params...)
	took, code := time.Since(begun), noAnswer
	if err == nil {
		code = a.number("errorCode")
	}
	c.mu.Lock()
	c.slowest = max(c.slowest, took)
	if c.codes == nil {
		c.codes = map[int]int{}
	}
	c.codes[code]++
	c.mu.Unlock()
	if code == 0 {
		c.acked.Add(1)
		return true
	}
	c.failed.Add(1)
	time.Sleep(5 * time.Millisecond) // A dead server answers fast.
	return false
}

// wait returns when so many more calls have been acknowledged.
func (c *census) wait(t *testing.T, more int64) {
	t.Helper()
	want := c.acked.Load() + more
	for deadline := time.Now().Add(time.Minute); c.acked.Load() < want; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d more calls are not acknowledged within a minute", more)
		}
	}
}

// check holds what is stored against what was acknowledged: nothing of that is missing, nothing is half there, and nothing is
// there that was not asked for.
func (c *census) check(t *testing.T, database string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	type state struct {
		data, profile string
		identifiers   int
	}
	found := map[string]state{}
	// Two statements instead of a join: on a distributed engine the tables are spread by different columns.
	rows, err := conn.Query(t.Context(), `SELECT uid, coalesce(data::json ->> 'step', '0'), coalesce(profile::json ->> 'nickname', '0') FROM accounts WHERE registered > 0`)
	if err != nil {
		t.Fatal(err)
	}
	var uid, data, profile string
	if _, err := pgx.ForEachRow(rows, []any{&uid, &data, &profile}, func() error {
		found[uid] = state{data: data, profile: profile}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if rows, err = conn.Query(t.Context(), `SELECT uid FROM identifiers`); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(rows, []any{&uid}, func() error {
		s, ok := found[uid]
		if !ok {
			s.data = "no account"
		}
		s.identifiers++
		found[uid] = s
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, m := range c.people {
		s, ok := found[m.uid]
		step, _ := strconv.Atoi(s.data)
		switch {
		case !ok && m.acked >= 0:
			t.Errorf("%s was acknowledged and is lost", m.uid)
		case ok && (s.data != s.profile || s.identifiers != 1):
			t.Errorf("%s is half there: %+v", m.uid, s)
		case ok && (step < m.acked || step > m.tried):
			t.Errorf("%s is at step %d; %d was acknowledged, %d sent", m.uid, step, m.acked, m.tried)
		}
	}
}

// TestThreeServersOverOneDatabase lets three processes serve one installation with traffic on each, kills one, and looks at
// what must hold between them.
func TestThreeServersOverOneDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts three servers and a database")
	}
	cluster := postgrestest.Own(t)
	folder := t.TempDir()
	database := postgrestest.With(t, cluster.URL(), "pool_max_conns", "6")
	nodes := []*process{launchNode(t, folder, database), launchNode(t, folder, database), launchNode(t, folder, database)}
	if nodes[1].APIKey != nodes[0].APIKey || nodes[2].UserKey != nodes[0].UserKey {
		t.Fatal("the nodes do not serve the same installation")
	}
	c := &census{}
	var stop atomic.Bool
	var running sync.WaitGroup
	for _, p := range nodes {
		for range 2 {
			running.Go(func() { c.work(p, &stop) })
		}
	}
	c.wait(t, 60)
	nodes[0].end(syscall.SIGKILL)
	c.wait(t, 60)
	t.Run("of registrations with one address on several nodes exactly one succeeds", func(t *testing.T) { raceOverNodes(t, nodes[1:]) })
	t.Run("a signed request is good once, whichever node it comes to", func(t *testing.T) { replayOverNodes(t, nodes[1:]) })
	t.Run("a key that is revoked is refused on another node within a second", func(t *testing.T) {
		revokeOverNodes(t, folder, database, nodes[2])
	})
	t.Run("what is changed on one node is seen by the next call on another", func(t *testing.T) { readOverNodes(t, nodes[1:]) })
	again := launchNode(t, folder, database)
	again.want(0, "accounts.register", "siteUID", "late", "email", "late@example.com", "password", testPassword, "finalizeRegistration", "true")
	nodes[1].want(0, "accounts.login", "loginID", "late@example.com", "password", testPassword)
	stop.Store(true)
	running.Wait()
	c.check(t, cluster.URL())
	t.Logf("%d acknowledged, %d failed", c.acked.Load(), c.failed.Load())
}

func raceOverNodes(t *testing.T, nodes []*process) {
	for i := range 10 {
		var won atomic.Int64
		var running sync.WaitGroup
		for n, p := range slices.Concat(nodes, nodes) {
			running.Go(func() {
				a, err := p.try(p.client, "accounts.register", "siteUID", fmt.Sprintf("race%d-%d", i, n), "email", fmt.Sprintf("Race%d@example.com", i),
					"password", testPassword, "finalizeRegistration", "true")
				if err == nil && a.number("errorCode") == 0 {
					won.Add(1)
				}
			})
		}
		running.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d registrations succeeded", i, won.Load())
		}
	}
}

func replayOverNodes(t *testing.T, nodes []*process) {
	for range 5 {
		form := url.Values{"apiKey": {nodes[0].APIKey}, "userKey": {nodes[0].UserKey}, "query": {"SELECT count(*) FROM accounts"}}
		key, err := gigya.DecodeSecret(nodes[0].UserSec)
		if err != nil {
			t.Fatal(err)
		}
		sign(nodes[0].URL+"/accounts.search", key, form)
		var won atomic.Int64
		var running sync.WaitGroup
		for _, p := range slices.Concat(nodes, nodes, nodes) {
			running.Go(func() {
				request, err := http.NewRequest(http.MethodPost, p.URL+"/accounts.search", strings.NewReader(form.Encode()))
				if err != nil {
					t.Error(err)
					return
				}
				// The signature covers the address that the first node has.
				request.Host = strings.TrimPrefix(nodes[0].URL, "http://")
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				response, err := p.client.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				if a := (&answer{t: t, text: string(body)}); err == nil && a.number("errorCode") == 0 {
					won.Add(1)
				}
			})
		}
		running.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 6 uses of one signature succeeded", won.Load())
		}
	}
}

// revokeOverNodes revokes the user key by the command line, which is a process of its own.
func revokeOverNodes(t *testing.T, folder, database string, p *process) {
	by := func() int {
		a, err := p.try(p.client, "accounts.search", "userKey", p.UserKey, "secret", p.UserSec, "query", "SELECT count(*) FROM accounts")
		if err != nil {
			t.Fatal(err)
		}
		return a.number("errorCode")
	}
	if code := by(); code != 0 {
		t.Fatalf("before: %d", code)
	}
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(file, "key", "revoke", "--yes", "--data", folder, "--database", database, p.UserKey).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	revoked := time.Now()
	for {
		begun := time.Now()
		if by() != 0 {
			break
		}
		if begun.Sub(revoked) > postgres.Freshness {
			t.Fatalf("the key is good %s after it was revoked", begun.Sub(revoked))
		}
	}
	t.Logf("refused %s after the command had ended", time.Since(revoked))
}

func readOverNodes(t *testing.T, nodes []*process) {
	nodes[0].want(0, "accounts.register", "siteUID", "seen", "email", "seen@example.com", "password", testPassword, "finalizeRegistration", "true")
	for i := range 20 {
		text := strconv.Itoa(i)
		nodes[i%2].want(0, "accounts.setAccountInfo", "UID", "seen", "data", `{"i":"`+text+`"}`)
		if got := nodes[(i+1)%2].want(0, "accounts.getAccountInfo", "UID", "seen", "include", "data").member("data", "i"); got != text {
			t.Errorf("the other node sees %s, want %s", got, text)
		}
	}
}

// TestADatabaseThatFailsOverToItsStandbyLosesNothingAcknowledged kills a primary whose every commit is on a standby too,
// promotes the standby, and lets the servers find it.
func TestADatabaseThatFailsOverToItsStandbyLosesNothingAcknowledged(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts two servers and two databases")
	}
	primary := postgrestest.Own(t)
	standby, err := primary.Standby("second")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Remove)
	for _, sql := range []string{"ALTER SYSTEM SET synchronous_standby_names = 'second'", "SELECT pg_reload_conf()"} {
		if err := primary.Run(sql); err != nil {
			t.Fatal(err)
		}
	}
	database := fmt.Sprintf("postgres://doorward@%s,%s/postgres?target_session_attrs=read-write&pool_max_conns=6", primary.Address(), standby.Address())
	folder := t.TempDir()
	nodes := []*process{launchNode(t, folder, database), launchNode(t, folder, database)}
	c := &census{}
	var stop atomic.Bool
	var running sync.WaitGroup
	for _, p := range slices.Concat(nodes, nodes) {
		running.Go(func() { c.work(p, &stop) })
	}
	c.wait(t, 100)
	killed := time.Now()
	primary.Kill()
	time.Sleep(100 * time.Millisecond)
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	promoted := time.Now()
	c.wait(t, 1)
	first := time.Now()
	c.wait(t, 100)
	stop.Store(true)
	running.Wait()
	c.check(t, standby.URL())
	for _, p := range nodes {
		p.want(0, "accounts.register", "siteUID", "after"+p.URL[len(p.URL)-5:], "email", "after"+p.URL[len(p.URL)-5:]+"@example.com",
			"password", testPassword, "finalizeRegistration", "true")
	}
	t.Logf("%d acknowledged, %d failed; promoted %s after the kill, the first acknowledged call %s after that",
		c.acked.Load(), c.failed.Load(), promoted.Sub(killed).Round(time.Millisecond), first.Sub(promoted).Round(time.Millisecond))
}
