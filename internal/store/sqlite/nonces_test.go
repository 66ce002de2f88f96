package sqlite

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

const (
	minute = clock.Millis(60_000)
	hour   = 60 * minute

	// fileRecords is how many nonces the files of the tests hold.
	fileRecords = 200
)

// openNonces opens a log as a process does; several over one folder are as good as several processes, because each has
// its own open files and its own lock.
func openNonces(t *testing.T, folder string) *nonceLog {
	t.Helper()
	l := openPatient(t, folder, 5*time.Second)
	l.full = fileRecords * int64(nonceRecord)
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func openPatient(t *testing.T, folder string, busy time.Duration) *nonceLog {
	t.Helper()
	l, err := openNonceLog(folder, busy)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func nonce(n int) (h store.Hash) {
	binary.BigEndian.PutUint64(h[:], uint64(n))
	return h
}

// wantClaim claims the nonce, for a minute, and fails the test if the answer is another.
func wantClaim(t *testing.T, l *nonceLog, n int, now clock.Millis, want bool) {
	t.Helper()
	if first, err := l.claim(t.Context(), "owner", nonce(n), now, now+minute); first != want || err != nil {
		t.Errorf("claim of %d at %d: %t, %v; want %t", n, now, first, err, want)
	}
}

// fill claims as many nonces as one file holds, from the number on.
func fill(t *testing.T, l *nonceLog, from int, now clock.Millis) {
	t.Helper()
	for n := range fileRecords {
		if first, err := l.claim(t.Context(), "owner", nonce(from+n), now, now+minute); !first || err != nil {
			t.Fatalf("claim of %d: %t, %v", from+n, first, err)
		}
	}
}

// letGo ends the lease of the lock.
func letGo(t *testing.T, l *nonceLog) {
	t.Helper()
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if err := l.yield(); err != nil {
		t.Fatal(err)
	}
}

func filesOf(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "nonces-*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestNonceClaimsOfSeveralProcessesAreOneOrder(t *testing.T) {
	folder := t.TempDir()
	const processes, nonces, goroutines = 3, 2000, 4
	var first [nonces]atomic.Int32
	var group sync.WaitGroup
	for range processes {
		l := openNonces(t, folder)
		for range goroutines {
			group.Go(func() {
				for n := range nonces {
					ok, err := l.claim(t.Context(), "owner", nonce(n), 1, hour)
					if err != nil {
						t.Error(err)
						return
					}
					if ok {
						first[n].Add(1)
					}
				}
			})
		}
	}
	group.Wait()
	for n := range first {
		if got := first[n].Load(); got != 1 {
			t.Errorf("nonce %d: %d claims were the first", n, got)
		}
	}
}

func TestNonceFilesFollowOneAnother(t *testing.T) {
	folder := t.TempDir()
	busy, idle := openNonces(t, folder), openNonces(t, folder)
	wantClaim(t, idle, -1, 1, true)
	for i := range 3 {
		fill(t, busy, i*fileRecords, 1)
	}
	if files := filesOf(t, folder); len(files) != 4 {
		t.Errorf("files: %q", files)
	}
	for _, l := range []*nonceLog{busy, idle, openNonces(t, folder)} {
		for _, n := range []int{-1, 0, fileRecords, 3*fileRecords - 1} {
			wantClaim(t, l, n, 2, false)
		}
	}
	wantClaim(t, idle, -2, 2, true)
	wantClaim(t, busy, -2, 2, false)
}

func TestNonceFilesAreDeletedWhenAllInThemIsLongDead(t *testing.T) {
	folder := t.TempDir()
	busy, idle := openNonces(t, folder), openNonces(t, folder)
	wantClaim(t, idle, -1, 1, true)
	fill(t, busy, 0, 1)
	fill(t, busy, fileRecords, 2*hour)
	fill(t, busy, 2*fileRecords, 2*hour)
	wantClaim(t, busy, -2, 2*hour, true)
	if files := filesOf(t, folder); len(files) != 3 || filepath.Base(files[0]) != "nonces-000000000002" {
		t.Errorf("files: %q", files)
	}
	// A process that slept meanwhile holds the deleted file; it must not begin the next one anew.
	wantClaim(t, idle, -2, 2*hour, false)
	wantClaim(t, idle, fileRecords, 2*hour, false)
	wantClaim(t, idle, -3, 2*hour, true)
	wantClaim(t, busy, -3, 2*hour, false)
}

func TestDeadNoncesLeaveTheMemoryAndComeBackWithTheClock(t *testing.T) {
	l := openNonces(t, t.TempDir())
	fill(t, l, 0, 1)
	// The clock runs ahead, by less than what is kept on the disk.
	wantClaim(t, l, -1, 30*minute, true)
	if l.generations[0].records != nil {
		t.Error("the dead nonces are still in memory")
	}
	wantClaim(t, l, 7, 2, false)
	wantClaim(t, l, -1, 2, false)
}

func TestATornNonceRecordIsCutOff(t *testing.T) {
	folder := t.TempDir()
	l := openNonces(t, folder)
	wantClaim(t, l, 1, 1, true)
	letGo(t, l)
	f, err := os.OpenFile(filesOf(t, folder)[0], os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("torn")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	wantClaim(t, l, 2, 1, true)
	for _, l := range []*nonceLog{l, openNonces(t, folder)} {
		wantClaim(t, l, 1, 1, false)
		wantClaim(t, l, 2, 1, false)
	}
}

func TestANonceThatCannotBeWrittenIsNotClaimed(t *testing.T) {
	folder := t.TempDir()
	l := openNonces(t, folder)
	wantClaim(t, l, 1, 1, true)
	if err := l.last.Close(); err != nil {
		t.Fatal(err)
	}
	readOnly, err := os.Open(filesOf(t, folder)[0])
	if err != nil {
		t.Fatal(err)
	}
	l.last = readOnly
	if first, err := l.claim(t.Context(), "owner", nonce(2), 1, minute); first || err == nil {
		t.Errorf("claim = %t, %v", first, err)
	}
	// When the disk is well again, everything is as if nothing had been.
	wantClaim(t, l, 2, 1, true)
	wantClaim(t, l, 1, 1, false)
}

func TestANonceWaitsForTheLockNoLongerThanAllowed(t *testing.T) {
	folder := t.TempDir()
	other := openNonces(t, folder)
	if err := errors.Join(other.begin(t.Context()), other.lease(t.Context())); err != nil {
		t.Fatal(err)
	}
	l := openPatient(t, folder, 50*time.Millisecond)
	begun := time.Now()
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			if first, err := l.claim(t.Context(), "owner", nonce(n), 1, minute); first || !errors.Is(err, store.ErrBusy) {
				t.Errorf("claim = %t, %v", first, err)
			}
		})
	}
	group.Wait()
	if took := time.Since(begun); took > time.Second {
		t.Errorf("eight claims waited for %s", took)
	}
	<-other.turn
	letGo(t, other)
	wantClaim(t, l, 0, 1, true)
	if err := l.close(); err != nil {
		t.Error(err)
	}
}

func TestTheLockOfTheNoncesIsKeptWhileItIsUsedAndGivenToWhoWaits(t *testing.T) {
	folder := t.TempDir()
	busy, other := openNonces(t, folder), openNonces(t, folder)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				wantClaim(t, busy, n, 1, true)
			}
		}
	}()
	for n := range 20 {
		begun := time.Now()
		wantClaim(t, other, -1-n, 1, true)
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("a claim waited %s for a busy process", took)
		}
	}
	close(stop)
	<-stopped
	wantClaim(t, busy, -1, 1, false)
	// Who makes no claims has no lock after a while.
	free := false
	for wait := time.Now().Add(10 * time.Second); !free && time.Now().Before(wait); time.Sleep(leaseTick) {
		busy.turn <- struct{}{}
		free = !busy.leased && !busy.keeping
		<-busy.turn
	}
	if !free {
		t.Error("the lock is kept without a use")
	}
}

func TestClaimingANonceAllocatesNothing(t *testing.T) {
	l := openPatient(t, t.TempDir(), time.Second)
	defer l.close()
	fill := 0
	wantClaim(t, l, fill, 1, true)
	ctx := t.Context()
	// The set grows now and then, which is less than one allocation a claim.
	if n := testing.AllocsPerRun(1000, func() {
		fill++
		if first, err := l.claim(ctx, "4_anOwnerWithAnAPIKey", nonce(fill), 1, hour); !first || err != nil {
			t.Fatal(first, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
