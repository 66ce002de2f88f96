package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/jackc/pgx/v5"
)

// statement runs a statement beside the store.
func statement(t testing.TB, url, sql string) {
	t.Helper()
	c := beside(t, url)
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// number reads a number beside the store.
func number(t testing.TB, url, sql string) (n int) {
	t.Helper()
	if err := beside(t, url).QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func beside(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	for _, ours := range []string{"pool_max_conns", "pool_min_conns", "pool_max_conn_lifetime", "pooler", "listen", "locks"} {
		delete(config.RuntimeParams, ours)
	}
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func TestManyProcessesThatStartAtOnceMakeOneDatabase(t *testing.T) {
	for _, locks := range []string{"advisory", "table"} {
		t.Run(locks, func(t *testing.T) {
			url := database(t, "locks", locks)
			var running sync.WaitGroup
			errs := make(chan error, 8)
			for range cap(errs) {
				running.Go(func() {
					s, err := postgres.Open(t.Context(), postgres.Options{URL: url})
					if err == nil {
						err = errors.Join(s.Ready(t.Context()), s.Close())
					}
					errs <- err
				})
			}
			running.Wait()
			close(errs)
			for err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			if n := number(t, url, "SELECT count(*) FROM meta"); n != 2 {
				t.Errorf("%d rows in meta", n)
			}
		})
	}
}

func TestADatabaseThatIsNotOursIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		first, then string
		want        error
	}{
		"a newer version's": {"", "INSERT INTO doorward_migrations VALUES (999, '0999_later', 'x', 0)", postgres.ErrNewer},
		"one that other migrations made": {"", "UPDATE doorward_migrations SET checksum = 'x' WHERE version = 1",
			postgres.ErrNotOurs},
		"one with another program's tables": {"CREATE TABLE accounts (name text)", "", postgres.ErrNotOurs},
	} {
		t.Run(name, func(t *testing.T) {
			url := database(t)
			if tt.first != "" {
				statement(t, url, tt.first)
			} else if err := open(t, postgres.Options{URL: url}).Close(); err != nil {
				t.Fatal(err)
			}
			if tt.then != "" {
				statement(t, url, tt.then)
			}
			before := number(t, url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()")
			_, err := postgres.Open(t.Context(), postgres.Options{URL: url})
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			after := number(t, url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()")
			if before != after {
				t.Errorf("it had %d tables and has %d", before, after)
			}
		})
	}
}

func TestADatabaseThatForgetsWhatItAcknowledgedIsRefused(t *testing.T) {
	_, err := postgres.Open(t.Context(), postgres.Options{URL: database(t, "synchronous_commit", "off")})
	if err == nil || !strings.Contains(err.Error(), "synchronous_commit") {
		t.Errorf("error %v", err)
	}
}

func TestErrorsOfTheURLSayWhatIsWrongAndNoPassword(t *testing.T) {
	const secret = "pa55word-of-the-test"
	for url, want := range map[string]string{
		"postgres://me:" + secret + "@127.0.0.1:1/x":                              "cannot be reached",
		"postgres://me:" + secret + "@127.0.0.1:port/x":                           "cannot be read",
		"postgres://me:" + secret + "@127.0.0.1/x?sslmode=odd":                    "cannot be read",
		"host=127.0.0.1 port=1 user=me password=" + secret:                        "cannot be reached",
		"host=127.0.0.1 user=me password=" + secret + " sslmode=odd":              "cannot be read",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_max_conns=0":             "pool_max_conns",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_max_conn_lifetime=1":     "pool_max_conn_lifetime",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_max_conns=1001":          "pool_max_conns",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_max_conns=many":          "pool_max_conns",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_min_conns=17":            "pool_min_conns",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_min_idle_conns=-1":       "pool_min_idle_conns",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_max_conn_lifetime=1ms":   "pool_max_conn_lifetime",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_health_check_period=0s":  "pool_health_check_period",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pool_ping_timeout=1s":         "pool_ping_timeout",
		"host=127.0.0.1 pool_max_conns=x password=" + secret:                      "pool_max_conns",
		"postgres://me:" + secret + "@127.0.0.1:1/x?listen=yes":                   "listen",
		"postgres://me:" + secret + "@127.0.0.1:1/x?locks=spin":                   "locks",
		"postgres://me:" + secret + "@127.0.0.1:1/x?pooler=session":               "pooler",
		"postgres://me:" + secret + "@127.0.0.1:1,127.0.0.1:2/x?listen=off":       "cannot be reached",
		"postgres://me:" + secret + "@does-not-exist.invalid/x?connect_timeout=1": "cannot be reached",
	} {
		_, err := postgres.Open(t.Context(), postgres.Options{URL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s:\n%v\nwant %q", strings.ReplaceAll(url, secret, "…"), err, want)
		}
	}
}

func TestThePasswordIsReadFromItsFileAtEachConnection(t *testing.T) {
	url := database(t)
	file := filepath.Join(t.TempDir(), "password")
	_, err := postgres.Open(t.Context(), postgres.Options{URL: url, PasswordFile: file})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
	if err := os.WriteFile(file, []byte("any\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, postgres.Options{URL: url, PasswordFile: file}).Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestBackupNamesTheToolsThatMakeOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "backup")
	err := open(t, postgres.Options{URL: database(t)}).Backup(t.Context(), file)
	if !errors.Is(err, postgres.ErrBackup) || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}

// TestAPoolThatHasNoConnectionLeftSaysSoInTime lets changes that do not end take all connections.
func TestAPoolThatHasNoConnectionLeftSaysSoInTime(t *testing.T) {
	s := open(t, postgres.Options{URL: database(t, "pool_max_conns", "2"), Patience: 200 * time.Millisecond})
	inside, goOn := make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			_ = s.Change(context.Background(), func(store.Tx) error {
				inside <- struct{}{}
				<-goOn
				return nil
			})
		})
		<-inside
	}
	begun := time.Now()
	_, err := s.Account(t.Context(), group, "a")
	if took := time.Since(begun); !errors.Is(err, store.ErrBusy) || took > 2*time.Second {
		t.Errorf("error %v after %s", err, took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Account(ctx, group, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the caller's time", err)
	}
	close(goOn)
	running.Wait()
	if _, err := s.Account(t.Context(), group, "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("afterwards: %v", err)
	}
}
