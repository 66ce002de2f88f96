package faults_test

import (
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// contest lets several servers give one address away at the same time, again and again.
type contest struct {
	// rounds has for each address how many servers said that they gave it away; more than one of them is a lie.
	rounds []int
	uids   []string
}

func (c *contest) run(t *testing.T, nodes []*process, stop *atomic.Bool) {
	for !stop.Load() {
		n := len(c.rounds)
		var won atomic.Int64
		var winner atomic.Value
		var running sync.WaitGroup
		for i, p := range nodes {
			running.Go(func() {
				uid := fmt.Sprintf("contest%d-%d", n, i)
				a, err := p.try(p.client, "accounts.register", "siteUID", uid, "email", fmt.Sprintf("contest%d@example.com", n),
					"password", testPassword, "finalizeRegistration", "true")
				if err != nil {
					t.Errorf("%s: %v", uid, err)
				} else if a.number("errorCode") == 0 {
					won.Add(1)
					winner.Store(uid)
				}
			})
		}
		running.Wait()
		uid, _ := winner.Load().(string)
		c.rounds, c.uids = append(c.rounds, int(won.Load())), append(c.uids, uid)
	}
}

// check wants each address to be its winner's, and to be somebody's only once.
func (c *contest) check(t *testing.T, p *process) {
	t.Helper()
	undecided := 0
	for n, won := range c.rounds {
		if won > 1 {
			t.Errorf("address %d was given away %d times", n, won)
		}
		if won == 0 { // Each was told of an error; one of them may have won nevertheless.
			undecided++
			continue
		}
		a := p.want(0, "accounts.login", "loginID", fmt.Sprintf("contest%d@example.com", n), "password", testPassword)
		if uid := a.member("UID"); uid != c.uids[n] {
			t.Errorf("address %d was given to %s and is %s's", n, c.uids[n], uid)
		}
	}
	t.Logf("%d contests about an address, %d of them without a winner", len(c.rounds), undecided)
}

// TestAWorkerThatIsKilledUnderThreeServersLosesAndDoublesNothing kills each worker of a distributed engine in turn for a second, and the second
// for longer than a call may wait, while three servers are called. Every call is answered, with an error that tells to try again at worst;
// afterwards what was acknowledged has happened once, and all servers work as before.
func TestAWorkerThatIsKilledUnderThreeServersLosesAndDoublesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts three servers and three databases")
	}
	cluster := postgrestest.Citus(t)
	url := cluster.URL(t)
	if err := postgres.Distribute(t.Context(), postgres.Options{URL: url}, postgres.Distribution{Shards: 4}); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	database := postgrestest.With(t, url, "pool_max_conns", "6")
	nodes := []*process{launchNode(t, folder, database), launchNode(t, folder, database), launchNode(t, folder, database)}
	c, dispute := &census{}, &contest{}
	var stop atomic.Bool
	var running sync.WaitGroup
	for _, p := range nodes {
		for range 2 {
			running.Go(func() { c.work(p, &stop) })
		}
	}
	running.Go(func() { dispute.run(t, nodes, &stop) })
	c.wait(t, 30)
	for i, away := range []time.Duration{time.Second, time.Second, 15 * time.Second} {
		worker := cluster.Workers[i%2]
		before := c.acked.Load()
		worker.Kill()
		time.Sleep(away)
		during := c.acked.Load() - before
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		c.wait(t, 30)
		t.Logf("a worker was away for %s: %d calls were acknowledged meanwhile, 30 more in the %s after it was back", away, during, time.Since(begun).Round(time.Millisecond))
	}
	stop.Store(true)
	running.Wait()
	c.check(t, url)
	dispute.check(t, nodes[0])
	for code, n := range c.codes {
		t.Logf("error code %d: %d calls", code, n)
		if code != 0 && code != int(gigya.ServiceUnavailable) {
			t.Errorf("%d calls were answered by %d", n, code)
		}
	}
	t.Logf("%d acknowledged, %d failed; the slowest took %s", c.acked.Load(), c.failed.Load(), c.slowest.Round(time.Millisecond))
	t.Run("of registrations with one address on several servers exactly one succeeds", func(t *testing.T) { raceOverNodes(t, nodes) })
	t.Run("a signed request is good once, whichever server it comes to", func(t *testing.T) { replayOverNodes(t, nodes) })
	t.Run("what is changed on one server is seen by the next call on another", func(t *testing.T) { readOverNodes(t, nodes) })
	t.Run("a key that is revoked is refused on another server within a second", func(t *testing.T) { revokeOverNodes(t, folder, database, nodes[2]) })
	t.Run("the audit log has no gaps", func(t *testing.T) {
		file, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(file, "audit", "verify", "--data", folder, "--database", database).CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Errorf("the audit log: %v", err)
		}
	})
}
