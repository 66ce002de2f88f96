package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	engine "zombiezen.com/go/sqlite"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

const cachedGroup = "4_cached"

func cachedStore(t testing.TB, file string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.accounts == nil {
		t.Skip("this system shows no head of the log's index")
	}
	return s
}

func databaseIn(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }

func step(n int) json.RawMessage { return json.RawMessage(`{"step":` + strconv.Itoa(n) + `}`) }

// set stores the account with the step, whether it is there or not.
func set(t testing.TB, s *Store, uid string, n int) {
	t.Helper()
	err := s.Change(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account(cachedGroup, uid)
		if errors.Is(err, store.ErrNotFound) {
			a, err = &store.Account{Group: cachedGroup, UID: uid}, nil
		}
		if err != nil {
			return err
		}
		a.Data = step(n)
		return tx.PutAccount(a)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wantStep(t *testing.T, s *Store, uid string, n int) {
	t.Helper()
	a, err := s.Account(t.Context(), cachedGroup, uid)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(step(n)), string(a.Data)); diff != "" {
		t.Errorf("%s: %s", uid, diff)
	}
}

// kept tells whether a read of the account is answered without the database.
func kept(t *testing.T, s *Store, uid string) bool {
	t.Helper()
	asked := errors.New("asked")
	_, err := s.accounts.account(cachedGroup, uid, func() (*store.Account, error) { return nil, asked })
	return !errors.Is(err, asked)
}

func TestAnAccountThatWasReadIsKeptUntilItChanges(t *testing.T) {
	file := databaseIn(t)
	s := cachedStore(t, file)
	set(t, s, "a", 1)
	set(t, s, "b", 1)
	wantStep(t, s, "a", 1)
	wantStep(t, s, "b", 1)
	if !kept(t, s, "a") || !kept(t, s, "b") {
		t.Fatal("what was read is not kept")
	}

	set(t, s, "a", 2)
	if !kept(t, s, "a") {
		t.Error("what a change has stored is not kept")
	}
	if !kept(t, s, "b") {
		t.Error("a change of a took b along")
	}
	wantStep(t, s, "a", 2)

	failed := errors.New("failed")
	err := s.Change(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutAccount(&store.Account{Group: cachedGroup, UID: "b", Rev: 1, Data: step(9)}), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	wantStep(t, s, "b", 1)

	if err := s.Change(t.Context(), func(tx store.Tx) error { return tx.DeleteAccount(cachedGroup, "b") }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Account(t.Context(), cachedGroup, "b"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted account: %v", err)
	}
}

func TestChangesOfOthersAreSeenAtOnce(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, file string){
		"another store": func(t *testing.T, file string) { set(t, cachedStore(t, file), "a", 2) },
		"another program": func(t *testing.T, file string) {
			raw(t, file, `UPDATE accounts SET data = '{"step":2}' WHERE uid = 'a'`)
		},
		"another program that empties the log": func(t *testing.T, file string) {
			raw(t, file, `UPDATE accounts SET data = '{"step":2}' WHERE uid = 'a'; PRAGMA wal_checkpoint(TRUNCATE)`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := databaseIn(t)
			s := cachedStore(t, file)
			set(t, s, "a", 1)
			wantStep(t, s, "a", 1)
			if !kept(t, s, "a") {
				t.Fatal("what was read is not kept")
			}
			change(t, file)
			wantStep(t, s, "a", 2)
			wantStep(t, s, "a", 2)
			if !kept(t, s, "a") {
				t.Error("what was read after it is not kept")
			}
		})
	}
}

func TestACopyIntoTheStoreIsSeenAtOnce(t *testing.T) {
	file := databaseIn(t)
	s := cachedStore(t, file)
	set(t, s, "a", 1)
	wantStep(t, s, "a", 1)
	if err := s.submit(t.Context(), &job{fn: func(tx *tx) error {
		_, err := exec(tx.c, `INSERT INTO meta (name, value) VALUES ('copy_run', 7)`, noParameters)
		return err
	}}); err != nil {
		t.Fatal(err)
	}
	old, err := s.Account(t.Context(), cachedGroup, "a")
	if err != nil || !kept(t, s, "a") {
		t.Fatal("what was read is not kept", err)
	}
	altered := *old
	altered.Data = step(2)
	if err := s.Load(t.Context(), 7, []store.Edit{{Old: old, New: &altered}}); err != nil {
		t.Fatal(err)
	}
	wantStep(t, s, "a", 2)
}

func TestReadsBesideACommitKeepTheOthersInTheCache(t *testing.T) {
	s := cachedStore(t, databaseIn(t))
	set(t, s, "a", 1)
	set(t, s, "b", 1)
	wantStep(t, s, "b", 1)
	var readers sync.WaitGroup
	var over atomic.Bool
	for range 2 {
		readers.Go(func() {
			for !over.Load() {
				if _, err := s.Account(t.Context(), cachedGroup, "a"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range 50 {
		set(t, s, "a", n)
	}
	over.Store(true)
	readers.Wait()
	if !kept(t, s, "b") {
		t.Error("b is not kept any more")
	}
}

func raw(t *testing.T, file, statements string) {
	t.Helper()
	c, err := engine.OpenConn(file, engine.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := script(c, statements); err != nil {
		t.Fatal(err)
	}
}

// TestNoReadIsOlderThanWhatWasAcknowledged: two stores write, in groups and alone, and read all the time; a log that starts anew,
// and a program that none of them knows, are between.
func TestNoReadIsOlderThanWhatWasAcknowledged(t *testing.T) {
	file := databaseIn(t)
	stores := []*Store{cachedStore(t, file), cachedStore(t, file)}
	const accounts, rounds = 4, 100
	var steps [accounts]atomic.Int64
	for i := range accounts {
		set(t, stores[0], "u"+strconv.Itoa(i), 0)
	}
	var writers, readers sync.WaitGroup
	var over atomic.Bool
	for i := range accounts {
		writers.Go(func() {
			for n := 1; n <= rounds; n++ {
				set(t, stores[(i+n/20)%2], "u"+strconv.Itoa(i), n)
				steps[i].Store(int64(n))
			}
		})
		for _, s := range stores {
			readers.Go(func() {
				for !over.Load() {
					least := steps[i].Load()
					a, err := s.Account(t.Context(), cachedGroup, "u"+strconv.Itoa(i))
					if err != nil {
						t.Error(err)
						return
					}
					n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(string(a.Data), `{"step":`), "}"), 10, 64)
					if err != nil || n < least {
						t.Errorf("read step %s after %d was acknowledged", a.Data, least)
						return
					}
				}
			})
		}
	}
	writers.Go(func() {
		for range 20 {
			raw(t, file, `PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(PASSIVE)`)
		}
	})
	writers.Wait()
	over.Store(true)
	readers.Wait()
}

func TestWhatIsKeptIsNobodysButTheCaches(t *testing.T) {
	s := cachedStore(t, databaseIn(t))
	set(t, s, "a", 1)
	for range 3 {
		a, err := s.Account(t.Context(), cachedGroup, "a")
		if err != nil {
			t.Fatal(err)
		}
		if string(a.Data) != `{"step":1}` || a.Group != cachedGroup || a.UID != "a" || a.Rev != 1 {
			t.Fatalf("%+v", a)
		}
		copy(a.Data, `{"step":8}`)
		a.UID, a.Rev = "other", 9
		a.Data = append(a.Data, "x"...)
	}
}

func TestAClosedStoreAnswersNothing(t *testing.T) {
	s := cachedStore(t, databaseIn(t))
	set(t, s, "a", 1)
	wantStep(t, s, "a", 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Account(t.Context(), cachedGroup, "a"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

func TestAccountsThatAreNotKept(t *testing.T) {
	s := cachedStore(t, databaseIn(t))
	if err := s.Change(t.Context(), func(tx store.Tx) error {
		return tx.PutAccount(&store.Account{Group: cachedGroup, UID: "large", Data: json.RawMessage(`"` + strings.Repeat("x", 70_000) + `"`)})
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a, err := s.Account(t.Context(), cachedGroup, "large"); err != nil || len(a.Data) != 70_002 {
			t.Fatalf("a large account: %v", err)
		}
		if _, err := s.Account(t.Context(), cachedGroup, "missing"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a missing account: %v", err)
		}
	}
	if kept(t, s, "large") || kept(t, s, "missing") {
		t.Error("kept")
	}
}

func TestWhatAChangeStoresIsKeptAsTheDatabaseGivesIt(t *testing.T) {
	var full store.Account
	n := 0
	giveValues(reflect.ValueOf(&full).Elem(), &n)
	bare := store.Account{RegSource: "of no effect", Data: json.RawMessage{}, Secrets: store.Secrets{PasswordHistory: []string{}}}
	s := cachedStore(t, databaseIn(t))
	for name, a := range map[string]*store.Account{"full": &full, "bare": &bare} {
		t.Run(name, func(t *testing.T) {
			a.Group, a.UID, a.Rev = cachedGroup, name, 0
			if err := s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(a) }); err != nil {
				t.Fatal(err)
			}
			if !kept(t, s, name) {
				t.Fatal("it is not kept")
			}
			cached, err := s.Account(t.Context(), cachedGroup, name)
			if err != nil {
				t.Fatal(err)
			}
			read, err := point(t.Context(), s, func(c *engine.Conn) (*store.Account, error) { return getAccount(c, cachedGroup, name) })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(read, cached); diff != "" {
				t.Error("-database +cache:\n" + diff)
			}
		})
	}
}

// TestWhatOneTransactionLeavesIsKept: the last of several changes of an account counts, in whatever way those of a group end.
func TestWhatOneTransactionLeavesIsKept(t *testing.T) {
	failed := errors.New("failed")
	put := func(n int, err error) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			a, found := tx.Account(cachedGroup, "a")
			if found != nil {
				a = &store.Account{Group: cachedGroup, UID: "a"}
			}
			a.Data = step(n)
			return errors.Join(tx.PutAccount(a), err)
		}
	}
	remove := func(tx store.Tx) error { return tx.DeleteAccount(cachedGroup, "a") }
	for name, c := range map[string]struct {
		changes []func(tx store.Tx) error
		want    int // 0: there is no account
	}{
		"changed twice":                {[]func(store.Tx) error{put(1, nil), put(2, nil)}, 2},
		"changed, then a failure":      {[]func(store.Tx) error{put(1, nil), put(2, failed)}, 1},
		"a failure, then changed":      {[]func(store.Tx) error{put(1, failed), put(2, nil)}, 2},
		"changed, then deleted":        {[]func(store.Tx) error{put(1, nil), remove}, 0},
		"deleted, then there again":    {[]func(store.Tx) error{put(1, nil), remove, put(3, nil)}, 3},
		"deleted, then a failed birth": {[]func(store.Tx) error{put(1, nil), remove, put(3, failed)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := cachedStore(t, databaseIn(t))
			// What holds the writer until all are in its queue makes one group of them.
			held, free := make(chan struct{}), make(chan struct{})
			var callers sync.WaitGroup
			callers.Go(func() {
				_ = s.Change(t.Context(), func(store.Tx) error { close(held); <-free; return nil })
			})
			<-held
			for i, change := range c.changes {
				callers.Go(func() { _ = s.Change(t.Context(), change) })
				for len(s.writer.jobs) <= i {
					runtime.Gosched()
				}
			}
			close(free)
			callers.Wait()
			a, err := s.Account(t.Context(), cachedGroup, "a")
			if c.want == 0 {
				if !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%+v, %v; want no account", a, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(a.Data) != string(step(c.want)) {
				t.Errorf("%s, want step %d", a.Data, c.want)
			}
		})
	}
}

// giveValues gives every field of the struct a value of its own.
func giveValues(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			giveValues(v.Field(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) * 1_000_003)
	case reflect.Bool:
		v.SetBool(*n%2 == 0)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.ValueOf([]string{fmt.Sprint("first ", *n), "", fmt.Sprint("third ", *n)}))
			return
		}
		v.SetBytes([]byte(fmt.Sprintf(`{"n":%d}`, *n)))
	default:
		panic(v.Kind())
	}
}

func TestTheFormOfTheCacheHoldsAllOfAnAccount(t *testing.T) {
	var full store.Account
	n := 0
	giveValues(reflect.ValueOf(&full).Elem(), &n)
	negative := full
	negative.Created, negative.IsActive, negative.HasRegSource = clock.Millis(-5), !full.IsActive, !full.HasRegSource
	negative.Secrets.MustChangePassword, negative.Secrets.PasswordHistory = !full.Secrets.MustChangePassword, nil
	for _, a := range []store.Account{{}, full, negative} {
		if !a.HasRegSource {
			a.RegSource = ""
		}
		got := decodeAccount(encodeAccount(nil, &a))
		want := a
		want.Group, want.UID = "", ""
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Error(diff)
		}
	}
}
