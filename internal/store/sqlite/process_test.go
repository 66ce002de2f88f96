package sqlite_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// The tests of this file run the test binary again as another process. These variables tell it what it is then.
const (
	childRole = "DOORWARD_TEST_CHILD"
	childFile = "DOORWARD_TEST_FILE"
	childTag  = "DOORWARD_TEST_TAG"
	// killRounds sets the number of rounds of the kill test.
	killRounds = "DOORWARD_TEST_KILL_ROUNDS"
)

func TestMain(m *testing.M) {
	role := map[string]func(s *sqlite.Store, tag string) error{"write": writeUntilKilled, "share": share, "rewrite": rewrite}[os.Getenv(childRole)]
	if role == nil {
		os.Exit(m.Run())
	}
	s, err := sqlite.Open(context.Background(), sqlite.Options{File: os.Getenv(childFile)})
	if err == nil {
		err = errors.Join(role(s, os.Getenv(childTag)), s.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child starts this binary as another process.
func child(t *testing.T, role, file, tag string) (*exec.Cmd, io.ReadCloser) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childFile+"="+file, childTag+"="+tag)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// writers is the number of goroutines of the process that is killed.
const writers = 8

// The steps of one account's life, each acknowledged by a line "<uid> <step>" on standard output.
const (
	stepCreated = iota + 1
	stepUpdated
	stepClaimed
	// stepDeleted happens to every third account.
	stepDeleted
)

func lifeOf(tag string, worker, n int) string { return fmt.Sprintf("%s-%d-%d", tag, worker, n) }

// dies tells whether the account is deleted in the end.
func dies(uid string) bool {
	n, _ := strconv.Atoi(uid[strings.LastIndexByte(uid, '-')+1:])
	return n%3 == 0
}

func nonceOf(uid string) (h store.Hash) {
	copy(h[:], uid)
	return h
}

func identifierOf(uid string) store.Identifier {
	return store.Identifier{Space: store.LoginSpace, Value: uid + "@example.com"}
}

func stepDocument(step int) json.RawMessage {
	return json.RawMessage(`{"step":` + strconv.Itoa(step) + `,"padding":"` + strings.Repeat("x", step*300) + `"}`)
}

func writeUntilKilled(s *sqlite.Store, tag string) error {
	ctx := context.Background()
	var group sync.WaitGroup
	errs := make(chan error, writers)
	for worker := range writers {
		group.Go(func() {
			for n := 0; ; n++ {
				if err := liveOnce(ctx, s, lifeOf(tag, worker, n)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	group.Wait()
	return <-errs
}

func liveOnce(ctx context.Context, s *sqlite.Store, uid string) error {
	acknowledge := func(step int, err error) error {
		if err != nil {
			return err
		}
		_, err = os.Stdout.WriteString(uid + " " + strconv.Itoa(step) + "\n")
		return err
	}
	a := &store.Account{Group: "g", UID: uid, Data: stepDocument(stepCreated)}
	err := s.Change(ctx, func(tx store.Tx) error {
		return errors.Join(tx.PutAccount(a), tx.ClaimIdentifier("g", identifierOf(uid), uid))
	})
	if err := acknowledge(stepCreated, err); err != nil {
		return err
	}
	a.Data = stepDocument(stepUpdated)
	if err := acknowledge(stepUpdated, s.Change(ctx, func(tx store.Tx) error { return tx.PutAccount(a) })); err != nil {
		return err
	}
	_, err = s.ClaimNonce(ctx, "owner", nonceOf(uid), 1, 1<<40)
	if err := acknowledge(stepClaimed, err); err != nil || !dies(uid) {
		return err
	}
	return acknowledge(stepDeleted, s.Change(ctx, func(tx store.Tx) error { return tx.DeleteAccount("g", uid) }))
}

func TestWhatWasAcknowledgedSurvivesKill(t *testing.T) {
	rounds := 20
	if text := os.Getenv(killRounds); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "doorward.db")
	total := 0
	for round := range rounds {
		acknowledged := killOnce(t, file, fmt.Sprint("round", round))
		total += len(acknowledged)
		checkSurvivors(t, file, fmt.Sprint("round", round), acknowledged)
		if t.Failed() {
			t.Fatalf("in round %d of %d", round, rounds)
		}
	}
	t.Logf("%d accounts in %d rounds", total, rounds)
	if total < rounds {
		t.Errorf("only %d accounts were written: the test shows nothing", total)
	}
}

// killOnce lets a process write, kills it at a random moment, and returns the last acknowledged step of each account.
func killOnce(t *testing.T, file, tag string) map[string]int {
	t.Helper()
	cmd, out := child(t, "write", file, tag)
	acknowledged := map[string]int{}
	lines := bufio.NewScanner(out)
	started := false
	for lines.Scan() {
		if !started {
			started = true
			time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
		// The kill may have cut the last line: what is not whole was not acknowledged.
		uid, text, _ := strings.Cut(lines.Text(), " ")
		if step, err := strconv.Atoi(text); err == nil {
			acknowledged[uid] = step
		}
	}
	if err := cmd.Wait(); err == nil || !started {
		t.Fatalf("the writing process ended by itself: %v", err)
	}
	return acknowledged
}

func checkSurvivors(t *testing.T, file, tag string, acknowledged map[string]int) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for uid, step := range acknowledged {
		now := stepOf(t, s, uid)
		if lost := now == stepDeleted && !dies(uid); lost || now != step && now != step+1 {
			t.Errorf("%s: step %d was acknowledged, %d is stored", uid, step, now)
		}
	}
	// The first account of each writer of which nothing was acknowledged is whole or absent.
	for worker := range writers {
		for n := 0; ; n++ {
			uid := lifeOf(tag, worker, n)
			if _, ok := acknowledged[uid]; !ok {
				if step := stepOf(t, s, uid); step > stepCreated && step != stepDeleted {
					t.Errorf("%s: nothing was acknowledged, but step %d is stored", uid, step)
				}
				break
			}
		}
	}
	c := raw(t, file)
	defer closeRaw(t, c)
	stmt, _, err := c.PrepareTransient("PRAGMA integrity_check")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Finalize()
	if _, err := stmt.Step(); err != nil || stmt.ColumnText(0) != "ok" {
		t.Errorf("integrity check: %s, %v", stmt.ColumnText(0), err)
	}
}

// stepOf reads how far an account came. The parts of each step must be there together.
func stepOf(t *testing.T, s *sqlite.Store, uid string) int {
	t.Helper()
	a, err := s.Account(t.Context(), "g", uid)
	owner, ownerErr := s.Owner(t.Context(), "g", identifierOf(uid))
	if errors.Is(err, store.ErrNotFound) && errors.Is(ownerErr, store.ErrNotFound) {
		return stepDeleted
	}
	if err != nil || ownerErr != nil || owner != uid {
		t.Errorf("%s is torn: account %v, identifier of %q %v", uid, err, owner, ownerErr)
		return 0
	}
	if string(a.Data) != string(stepDocument(int(a.Rev))) {
		t.Errorf("%s: revision %d has another's document", uid, a.Rev)
	}
	if a.Rev < stepUpdated {
		return int(a.Rev)
	}
	first, err := s.ClaimNonce(t.Context(), "owner", nonceOf(uid), 1, 1<<40)
	if err != nil {
		t.Error(err)
	}
	if first {
		return stepUpdated
	}
	return stepClaimed
}

// shared is how many accounts and nonces each of two processes writes.
const shared = 200

// share writes accounts of its own, and claims the nonces that the other process claims, too.
func share(s *sqlite.Store, tag string) error {
	ctx := context.Background()
	first := 0
	for n := range shared {
		err := s.Change(ctx, func(tx store.Tx) error { return tx.PutAccount(&store.Account{Group: "g", UID: fmt.Sprint(tag, n)}) })
		if err != nil {
			return err
		}
		var nonce store.Hash
		binary.BigEndian.PutUint64(nonce[:], uint64(n))
		ok, err := s.ClaimNonce(ctx, "owner", nonce, 1, 1<<40)
		if err != nil {
			return err
		}
		if ok {
			first++
		}
	}
	err := s.Change(ctx, func(tx store.Tx) error { return tx.PutPartner(&store.Partner{ID: 1, Name: tag}) })
	if err != nil {
		return err
	}
	version, err := s.ConfigVersion(ctx)
	fmt.Printf("%d %d\n", first, version)
	return err
}

func TestTwoProcessesShareAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	s := open(t, file)
	before, err := s.ConfigVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	var version int64
	var running []*exec.Cmd
	var outs []io.ReadCloser
	for _, tag := range []string{"one", "two"} {
		cmd, out := child(t, "share", file, tag)
		running, outs = append(running, cmd), append(outs, out)
	}
	for i, cmd := range running {
		var first int
		var v int64
		if _, err := fmt.Fscan(outs[i], &first, &v); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		total, version = total+first, max(version, v)
	}
	if total != shared {
		t.Errorf("of %d nonces %d claims were the first", shared, total)
	}
	for n := range shared {
		for _, tag := range []string{"one", "two"} {
			if _, err := s.Account(t.Context(), "g", fmt.Sprint(tag, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	after, err := s.ConfigVersion(t.Context())
	if err != nil || after != version || after != before+2 {
		t.Errorf("the version went from %d to %d (%v), the others saw %d", before, after, err, version)
	}
	if _, err := s.Partner(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// TestTheEnginesRuntimeIsTheOneItWasMadeFor: the engine is C turned into Go, and breaks in strange ways on another version
// of its C library than the one that its own go.mod names.
func TestTheEnginesRuntimeIsTheOneItWasMadeFor(t *testing.T) {
	const libc = "modernc.org/libc"
	ask := func(format, module string) string {
		out, err := exec.Command("go", "list", "-m", "-f", format, module).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	text, err := os.ReadFile(ask("{{.GoMod}}", "modernc.org/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) >= 2 && words[0] == libc {
			want = words[1]
		}
	}
	// A replacement shows as another text.
	if got := ask("{{.Version}}{{with .Replace}} replaced by {{.Path}}{{end}}", libc); got != want || want == "" {
		t.Errorf("%s is %s; modernc.org/sqlite was made for %s", libc, got, want)
	}
}
