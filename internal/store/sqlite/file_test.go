package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
	engine "zombiezen.com/go/sqlite"
)

// raw runs statements on a connection of its own, past the driver.
func raw(t *testing.T, file string, statements ...string) *engine.Conn {
	t.Helper()
	c, err := engine.OpenConn(file, engine.OpenReadWrite, engine.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range statements {
		stmt, _, err := c.PrepareTransient(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stmt.Step(); err != nil {
			t.Fatal(err)
		}
		if err := stmt.Finalize(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func closeRaw(t *testing.T, c *engine.Conn) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func putNew(t *testing.T, s store.Store, uid string) {
	t.Helper()
	err := s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(&store.Account{Group: "g", UID: uid}) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestAReopenedStoreHasEverything(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	for i, uid := range []string{"a", "b", "c"} {
		s, err := sqlite.Open(t.Context(), sqlite.Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		for _, before := range []string{"a", "b", "c"}[:i] {
			if _, err := s.Account(t.Context(), "g", before); err != nil {
				t.Errorf("account %s: %v", before, err)
			}
		}
		putNew(t, s, uid)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(file + "-*"); len(left) > 0 {
		t.Errorf("the closed store left %v", left)
	}
}

func TestTheFilesAreTheirOwnersOnly(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "doorward.db")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, file)
	putNew(t, s, "a")
	if _, err := s.ClaimNonce(t.Context(), "owner", store.Hash{}, 1, 2); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), filepath.Join(folder, "copy.db")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := os.ReadDir(file + ".shared")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range append(entries, shared...) {
		names = append(names, e.Name())
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if info, err := e.Info(); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	want := []string{"copy.db", "doorward.db", "doorward.db-shm", "doorward.db-wal", "doorward.db.shared",
		"config", "config.lock", "nonces-000000000001", "nonces.lock", "nonces.queue"}
	if !slices.Equal(names, want) {
		t.Errorf("files: %q", names)
	}
}

func TestALinkToTheDatabaseIsTheSameStore(t *testing.T) {
	file, link := filepath.Join(t.TempDir(), "doorward.db"), filepath.Join(t.TempDir(), "link.db")
	direct := open(t, file)
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for i, s := range []store.Store{direct, open(t, link)} {
		if first, err := s.ClaimNonce(t.Context(), "owner", store.Hash{}, 1, 2); first != (i == 0) || err != nil {
			t.Errorf("claim %d: %t, %v", i, first, err)
		}
	}
}

func TestWhatIsNotOursIsRefusedAndLeftAlone(t *testing.T) {
	tests := map[string]struct {
		make func(t *testing.T, file string)
		want error
	}{
		"a text": {func(t *testing.T, file string) {
			if err := os.WriteFile(file, []byte(strings.Repeat("This is no database. ", 100)), 0o640); err != nil {
				t.Fatal(err)
			}
		}, sqlite.ErrNotOurs},
		"a short text": {func(t *testing.T, file string) {
			if err := os.WriteFile(file, []byte("x"), 0o640); err != nil {
				t.Fatal(err)
			}
		}, sqlite.ErrNotOurs},
		"another program's database": {func(t *testing.T, file string) {
			closeRaw(t, raw(t, file, "CREATE TABLE accounts (a)"))
		}, sqlite.ErrNotOurs},
		"another program's empty database": {func(t *testing.T, file string) {
			closeRaw(t, raw(t, file, "PRAGMA application_id = 7"))
		}, sqlite.ErrNotOurs},
		"a database of a newer version": {func(t *testing.T, file string) {
			s, err := sqlite.Open(t.Context(), sqlite.Options{File: file})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			closeRaw(t, raw(t, file, "INSERT INTO migrations VALUES (9999, 'future', 'x', 1)"))
		}, sqlite.ErrNewer},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "doorward.db")
			tt.make(t, file)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = sqlite.Open(t.Context(), sqlite.Options{File: file})
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("error = %v, want %v with the file's name", err, tt.want)
			}
			after, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was altered (%v)", err)
			}
		})
	}
}

func TestAFileThatCannotBeIsToldByItsName(t *testing.T) {
	folder := t.TempDir()
	for _, file := range []string{"", folder, filepath.Join(folder, "none", "doorward.db")} {
		_, err := sqlite.Open(t.Context(), sqlite.Options{File: file})
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: error = %v", file, err)
		}
	}
}

func TestAnotherProcessesLockIsWaitedForAndThenTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: file, Busy: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other := raw(t, file, "BEGIN IMMEDIATE")
	begun := time.Now()
	err = s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(&store.Account{Group: "g", UID: "a"}) })
	if !errors.Is(err, store.ErrBusy) || time.Since(begun) < 90*time.Millisecond {
		t.Errorf("error = %v after %v", err, time.Since(begun))
	}
	if _, err := s.Account(t.Context(), "g", "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reading beside the lock: %v", err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrBusy) {
		t.Errorf("ready = %v", err)
	}
	closeRaw(t, other)
	putNew(t, s, "a")
}

func TestABackupIsOneMomentAndWhole(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "doorward.db"))
	// Each change puts two accounts: a copy with one of them is torn.
	ctx, stop := context.WithCancel(t.Context())
	writes := make(chan error, 1)
	put := func(i int) error {
		return s.Change(t.Context(), func(tx store.Tx) error {
			name := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
			return errors.Join(tx.PutAccount(&store.Account{Group: "left", UID: name}), tx.PutAccount(&store.Account{Group: "right", UID: name}))
		})
	}
	if err := put(0); err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := 1; ctx.Err() == nil; i++ {
			if err := put(i); err != nil {
				writes <- err
				return
			}
		}
		writes <- nil
	}()
	file := filepath.Join(folder, "copy.db")
	err := s.Backup(t.Context(), file)
	stop()
	if err := errors.Join(err, <-writes); err != nil {
		t.Fatal(err)
	}
	count := func(s store.Store, group string) int64 {
		n, err := s.SearchAccounts(t.Context(), store.Search{Group: group, Total: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	saved := open(t, file)
	if left, right := count(saved, "left"), count(saved, "right"); left != right || left == 0 {
		t.Errorf("the copy has %d and %d accounts", left, right)
	}
	if err := s.Backup(t.Context(), file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("backup over a file: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(folder, "none", "copy.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("backup into a missing folder: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(canceled, filepath.Join(folder, "stopped.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped backup: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".backup-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := os.Stat(filepath.Join(folder, "stopped.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the stopped backup is there: %v", err)
	}
}
