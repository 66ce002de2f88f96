// Package postgrestest gives tests a PostgreSQL database of their own.
//
// [URL] starts a private cluster from the installed binaries, once for a test binary, and makes a schema for each test. It does not wait
// for the disk ([Unsynced]), except for benchmarks. The
// variable DOORWARD_TEST_POSTGRES names another server to run against instead, of whatever make. Where there is neither, tests
// are skipped, unless DOORWARD_TEST_REQUIRE_POSTGRES is set: then they fail. A test binary ends by [Stop]. [Citus] makes a cluster of
// several servers where DOORWARD_TEST_CITUS is set, and [AnyCitus] takes the one that it names.
package postgrestest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The variables of the environment.
const (
	// ServerVariable holds the URL of a server to run against.
	ServerVariable = "DOORWARD_TEST_POSTGRES"
	// RequireVariable makes tests fail that cannot have a database.
	RequireVariable = "DOORWARD_TEST_REQUIRE_POSTGRES"
)

// Unsynced is the setting of a cluster whose commits do not wait for the disk. They survive the death of every process, but not of the
// machine, which no test here brings about.
const Unsynced = "fsync=off"

// perDatabase is how many schemas a database of a shared cluster has. What looks tables up by name in the information schema reads the
// tables of all of them, so that with hundreds of schemas it would take most of the time of opening a store.
const perDatabase = 20

// sharedCluster is a cluster that tests share, each with a schema of its own.
type sharedCluster struct {
	settings []string
	sync.Mutex
	cluster *Cluster
	err     error
	schemas int
	url     string
}

// The clusters of the test binary. Benchmarks measure what a server does that keeps its promises.
var (
	sharedByTests      = &sharedCluster{settings: []string{Unsynced}}
	sharedByBenchmarks = &sharedCluster{}
)

// URL returns the URL of an empty schema. It skips the test, or fails it, where there is no
// server.
func URL(t testing.TB) string {
	t.Helper()
	if server := os.Getenv(ServerVariable); server != "" {
		return externalSchema(t, server)
	}
	shared := sharedByTests
	if _, ok := t.(*testing.B); ok {
		shared = sharedByBenchmarks
	}
	u, _ := newSchema(t, shared.database(t)) // It goes with the cluster.
	return u
}

// externalSchema returns the URL of an empty schema at a server that outlives the test, and removes the schema with the test.
func externalSchema(t testing.TB, server string) string {
	t.Helper()
	u, schema := newSchema(t, server)
	t.Cleanup(func() {
		if err := run(server, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Errorf("removing the schema: %v", err)
		}
	})
	return u
}

// newSchema makes an empty schema, and returns the URL with it and its name.
func newSchema(t testing.TB, server string) (url, schema string) {
	t.Helper()
	name := make([]byte, 8)
	_, _ = rand.Read(name) // It never fails.
	schema = "t_" + hex.EncodeToString(name)
	if err := run(server, "CREATE SCHEMA "+schema); err != nil {
		t.Fatalf("making a schema: %v", err)
	}
	return With(t, server, "search_path", schema), schema
}

// With returns the URL with one more parameter.
func With(t testing.TB, server, name, value string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("the URL of the server cannot be read")
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// Own returns a cluster of the test's own, which it may stop and break.
func Own(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c, err := start(settings...)
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(c.Remove)
	return c
}

// Run runs the tests of a binary, then stops the cluster, and returns the exit status: for TestMain.
func Run(m *testing.M) int {
	status := m.Run()
	Stop()
	return status
}

// Stop removes the clusters of the test binary, if there are any.
func Stop() {
	sharedByTests.remove()
	sharedByBenchmarks.remove()
}

func (s *sharedCluster) remove() {
	s.Lock()
	defer s.Unlock()
	if s.cluster != nil {
		s.cluster.Remove()
		s.cluster = nil
	}
}

// database returns the URL of a database that has room for one more schema.
func (s *sharedCluster) database(t testing.TB) string {
	t.Helper()
	s.Lock()
	defer s.Unlock()
	if s.cluster == nil && s.err == nil {
		s.cluster, s.err = start(s.settings...)
	}
	if s.err != nil {
		missing(t, s.err)
	}
	if s.schemas%perDatabase == 0 {
		name := "tests" + strconv.Itoa(s.schemas/perDatabase)
		if err := s.cluster.Run("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
			t.Fatalf("making a database: %v", err)
		}
		s.url = s.cluster.at(name)
	}
	s.schemas++
	return s.url
}

// missing skips the test where there are no binaries; it fails it if they are there or required.
func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv(RequireVariable) != "" || err != errNotInstalled && err != errNoPooler {
		t.Fatalf("a PostgreSQL server is needed: %v", err)
	}
	t.Skipf("NOT TESTED ON POSTGRESQL: %v; install the Debian packages postgresql and pgbouncer, or set %s to the URL of a server", err, ServerVariable)
}

// run runs a statement on a connection of its own.
func run(server, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	config, err := pgx.ParseConfig(server)
	if err != nil {
		return fmt.Errorf("the URL of the server cannot be read")
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.PgConn().Exec(ctx, sql).ReadAll()
	return err
}
