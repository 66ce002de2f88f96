package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/doorward/doorward/internal/store"
)

// within runs a function on the writer's connection, in a change.
func within(t *testing.T, s *Store, fn func(t *tx) error) error {
	t.Helper()
	return s.submit(t.Context(), &job{fn: fn})
}

func TestAFullDiskIsToldAndHarmsNobodyElse(t *testing.T) {
	s := openInside(t)
	if err := within(t, s, func(t *tx) error { return script(t.c, "PRAGMA max_page_count = 300") }); err != nil {
		t.Fatal(err)
	}
	huge := bytes.Repeat([]byte("x"), 8<<20)
	errs := make(chan error)
	const jobs = 40
	for i := range jobs {
		go func() {
			errs <- s.Change(t.Context(), func(tx store.Tx) error {
				a := &store.Account{Group: "g", UID: fmt.Sprint(i)}
				if i%10 == 0 {
					a.Data = huge
				}
				return tx.PutAccount(a)
			})
		}()
	}
	failed := 0
	for range jobs {
		if err := <-errs; err != nil {
			failed++
			if !strings.Contains(err.Error(), "disk of the database is full") {
				t.Errorf("error = %v", err)
			}
		}
	}
	if failed != jobs/10 {
		t.Errorf("%d changes failed, want %d", failed, jobs/10)
	}
	for i := range jobs {
		_, err := s.Account(t.Context(), "g", fmt.Sprint(i))
		if want := i%10 == 0; errors.Is(err, store.ErrNotFound) != want {
			t.Errorf("account %d: %v", i, err)
		}
	}
}

func TestAReadOnlyDatabaseIsTold(t *testing.T) {
	s := openInside(t)
	if err := within(t, s, func(t *tx) error { return script(t.c, "PRAGMA query_only = ON") }); err != nil {
		t.Fatal(err)
	}
	err := s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(&store.Account{Group: "g", UID: "a"}) })
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("error = %v", err)
	}
}

func TestEveryChangeIsCommittedWithTheDiskWaitedFor(t *testing.T) {
	s := openInside(t)
	err := within(t, s, func(t *tx) error {
		mode, err := number(t.c, "PRAGMA synchronous")
		if full := int64(2); mode != full {
			return errors.Join(err, fmt.Errorf("synchronous = %d", mode))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAMigrationThatFailsLeavesTheDatabaseAsItWas(t *testing.T) {
	s := openInside(t)
	known, err := migrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	c, err := connect(s.file, time.Second, readerCache)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	next := migration{version: int64(len(known) + 1), name: "next", checksum: "sum", text: "CREATE TABLE further (a); INSERT INTO nowhere VALUES (1);"}
	if err := migrate(c.Conn, append(known, next), 1); err == nil {
		t.Fatal("no error")
	}
	if n, err := number(c.Conn, "SELECT count(*) FROM sqlite_schema WHERE name = 'further'"); n != 0 || err != nil {
		t.Errorf("the half of the migration remains: %d, %v", n, err)
	}
	next.text = "-- This one is right.\nCREATE TABLE further (a);\n"
	for range 2 {
		if err := migrate(c.Conn, append(known, next), 1); err != nil {
			t.Fatal(err)
		}
	}
	// The version before the migration refuses the file now; one whose migration was edited does, too.
	if err := migrate(c.Conn, known, 1); !errors.Is(err, ErrNewer) {
		t.Errorf("older version: %v", err)
	}
	next.checksum = "edited"
	if err := migrate(c.Conn, append(known, next), 1); !errors.Is(err, ErrNotOurs) {
		t.Errorf("edited migration: %v", err)
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	for _, names := range [][]string{{"0002_b"}, {"0001_a", "0003_c"}, {"x_a"}, {"0001_a", "0001_b"}} {
		files := fstest.MapFS{}
		for _, name := range names {
			files["migrations/"+name+".sql"] = &fstest.MapFile{Data: []byte("SELECT 1")}
		}
		if _, err := migrations(files); err == nil {
			t.Errorf("%v: no error", names)
		}
	}
}

func TestALongQueueIsDroppedWithItsContexts(t *testing.T) {
	s := openInside(t)
	hold, held := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.Change(context.WithoutCancel(t.Context()), func(store.Tx) error { close(held); <-hold; return nil })
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	const waiting = queueSize + 50
	done := make(chan error, waiting)
	for range waiting {
		go func() {
			done <- s.Change(ctx, func(store.Tx) error { return errors.New("ran") })
		}()
	}
	for len(s.writer.jobs) < queueSize {
		time.Sleep(time.Millisecond)
	}
	cancel()
	for range waiting {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("error = %v", err)
		}
	}
	close(hold)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := s.Change(t.Context(), func(store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
}
