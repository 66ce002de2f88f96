package postgres_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
	"github.com/jackc/pgx/v5"
)

// backends returns the processes of the server that serve the program of a name, in order.
func backends(t *testing.T, c *pgx.Conn, name string) []int32 {
	t.Helper()
	rows, err := c.Query(t.Context(), "SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid", name)
	if err != nil {
		t.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

// await returns the processes that serve the program when there are so many.
func await(t *testing.T, url, name string, least, most int) []int32 {
	t.Helper()
	c := beside(t, postgrestest.With(t, url, "application_name", "onlooker"))
	var pids []int32
	for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if pids = backends(t, c, name); len(pids) >= least && len(pids) <= most {
			return pids
		}
	}
	t.Fatalf("%d connections are open, want %d to %d", len(pids), least, most)
	return nil
}

// TestConnectionsAreOpenBeforeTheyAreNeeded counts them: as many as there may be, unless the URL says otherwise. Calls open
// no others.
func TestConnectionsAreOpenBeforeTheyAreNeeded(t *testing.T) {
	for name, tt := range map[string]struct {
		parameters  []string
		least, most int
	}{
		"all-there-may-be":  {[]string{"pool_max_conns", "5"}, 5, 5},
		"what-is-asked-for": {[]string{"pool_max_conns", "30", "pool_min_conns", "2"}, 2, 10},
	} {
		t.Run(name, func(t *testing.T) {
			url := database(t, append(tt.parameters, "application_name", name, "listen", "off")...)
			s := open(t, postgres.Options{URL: url})
			before := await(t, url, name, tt.least, tt.most)
			for range 100 {
				if err := s.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			after := await(t, url, name, tt.least, tt.most)
			if tt.least == tt.most && !slices.Equal(before, after) {
				t.Errorf("calls one after the other were served by %v, then %v", before, after)
			}
		})
	}
}

// TestLostConnectionsAreReplacedAndNoCallNoticesIt ends connections that wait, as an operator does.
func TestLostConnectionsAreReplacedAndNoCallNoticesIt(t *testing.T) {
	url := database(t, "application_name", "lost", "pool_max_conns", "5", "listen", "off")
	s := open(t, postgres.Options{URL: url})
	const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lost'"
	for range 3 {
		last := await(t, url, "lost", 5, 5)
		onlooker := postgrestest.With(t, url, "application_name", "onlooker")
		statement(t, onlooker, end)
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("a read: %v", err)
		}
		statement(t, onlooker, end)
		if err := increment(t.Context(), s, "a"); err != nil {
			t.Errorf("a change: %v", err)
		}
		for _, pid := range await(t, url, "lost", 5, 5) {
			if slices.Contains(last, pid) {
				t.Errorf("%d was to be ended", pid)
			}
		}
	}
	if got := counted(t, s, "a"); got != 3 {
		t.Errorf("counted %d, want 3", got)
	}
}

// TestConnectionsToAServerThatTakesNoWritesAnyMoreAreReplaced has a pool of them, as after a fail-over that leaves the former
// primary running. They stay open and answer, so it is the refused change that must do away with all of them.
func TestConnectionsToAServerThatTakesNoWritesAnyMoreAreReplaced(t *testing.T) {
	url := postgrestest.With(t, postgrestest.Own(t).URL(), "listen", "off")
	for _, parameter := range [][2]string{{"application_name", "former"}, {"pool_max_conns", "3"}} {
		url = postgrestest.With(t, url, parameter[0], parameter[1])
	}
	if err := open(t, postgres.Options{URL: url}).Close(); err != nil {
		t.Fatal(err)
	}
	onlooker := postgrestest.With(t, postgrestest.With(t, url, "application_name", "onlooker"), "default_transaction_read_only", "off")
	statement(t, onlooker, "ALTER DATABASE postgres SET default_transaction_read_only = on")
	s := open(t, postgres.Options{URL: url, Patience: 3 * time.Second})
	former := await(t, onlooker, "former", 3, 3)
	statement(t, onlooker, "ALTER DATABASE postgres RESET default_transaction_read_only")
	if err := increment(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	for _, pid := range await(t, onlooker, "former", 3, 3) {
		if slices.Contains(former, pid) {
			t.Errorf("%d still serves", pid)
		}
	}
}

// TestAServerThatHasLostAnotherMachineKeepsItsConnections has a server say for a while what the coordinator of a distributed engine
// says when it does not reach a machine.
func TestAServerThatHasLostAnotherMachineKeepsItsConnections(t *testing.T) {
	url := database(t, "application_name", "coordinator", "pool_max_conns", "4", "listen", "off")
	s := open(t, postgres.Options{URL: url, Patience: 10 * time.Second})
	onlooker := postgrestest.With(t, url, "application_name", "onlooker")
	for _, text := range []string{
		`CREATE TABLE machine_down (since bigint)`,
		`INSERT INTO machine_down VALUES (1)`,
		`CREATE FUNCTION reach() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF EXISTS (SELECT 1 FROM machine_down) THEN RAISE EXCEPTION 'connection to the remote node failed' USING ERRCODE = '08006'; END IF;
			RETURN NEW; END $$`,
		`CREATE TRIGGER reach BEFORE INSERT OR UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION reach()`,
	} {
		statement(t, onlooker, text)
	}
	before := await(t, url, "coordinator", 4, 4)
	done := make(chan error)
	go func() { done <- increment(t.Context(), s, "a") }()
	select {
	case err := <-done:
		t.Fatalf("the change did not wait for the machine: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	statement(t, onlooker, "DELETE FROM machine_down")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if after := await(t, url, "coordinator", 4, 4); !slices.Equal(before, after) {
		t.Errorf("connections %v became %v", before, after)
	}
	if got := counted(t, s, "a"); got != 1 {
		t.Errorf("counted %d, want 1", got)
	}
}

// TestConnectionsAreReplacedWhenTheirTimeIsOver sees other processes serve after a second or two.
func TestConnectionsAreReplacedWhenTheirTimeIsOver(t *testing.T) {
	url := database(t, "application_name", "over", "pool_max_conns", "2", "pool_max_conn_lifetime", "1s", "listen", "off")
	open(t, postgres.Options{URL: url})
	first := await(t, url, "over", 2, 2)
	for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		now := await(t, url, "over", 2, 2)
		if !slices.Contains(now, first[0]) && !slices.Contains(now, first[1]) {
			return
		}
	}
	t.Errorf("%v still serve", first)
}

// relay lets connections through to a server until they fall silent: then nothing passes any more, and nobody is told.
type relay struct {
	network, target string
	// silent is that of the connections that are made now.
	silent atomic.Pointer[atomic.Bool]
}

// hush makes the connections that are there fall silent, and none that is made afterwards.
func (r *relay) hush() { r.silent.Swap(new(atomic.Bool)).Store(true) }

// relayed returns the URL by which a store comes through a relay to the server of url.
func relayed(t *testing.T, url string) (*relay, string) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{network: "tcp", target: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))}
	if strings.HasPrefix(config.Host, "/") {
		r.network, r.target = "unix", config.Host+"/.s.PGSQL."+strconv.Itoa(int(config.Port))
	}
	r.silent.Store(new(atomic.Bool))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.Map
	t.Cleanup(func() {
		listener.Close()
		all.Range(func(c, _ any) bool {
			c.(net.Conn).Close()
			return true
		})
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(r.network, r.target)
			if err != nil {
				client.Close()
				continue
			}
			all.Store(client, nil)
			all.Store(server, nil)
			silent := r.silent.Load()
			go pour(server, client, silent)
			go pour(client, server, silent)
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, parameter := range [][2]string{{"host", "127.0.0.1"}, {"port", port}, {"sslmode", "disable"}} {
		url = postgrestest.With(t, url, parameter[0], parameter[1])
	}
	return r, url
}

// pour hands on what it reads, and the end of it.
func pour(to io.WriteCloser, from io.Reader, silent *atomic.Bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if silent.Load() {
			n = 0
		}
		if n > 0 {
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			if !silent.Load() {
				to.Close()
			}
			return
		}
	}
}

// TestAServerThatHasFallenSilentLeavesPlacesForTheNextOne gives up calls on all connections. None of them says goodbye, as
// when a machine is off; those that are opened then lead elsewhere, and must not wait for that.
func TestAServerThatHasFallenSilentLeavesPlacesForTheNextOne(t *testing.T) {
	url := database(t, "application_name", "silent", "pool_max_conns", "4", "listen", "off")
	r, through := relayed(t, url)
	s := open(t, postgres.Options{URL: through})
	await(t, url, "silent", 4, 4)
	r.hush()
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, err := s.Account(ctx, group, "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a server that is silent answers %v", err)
			}
		})
	}
	running.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := s.Account(ctx, group, "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the next one: %v", err)
	}
}
