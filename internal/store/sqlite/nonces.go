package sqlite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// nonceLog remembers the nonces that were used, in memory and in the files of a folder, which all processes that share
// the store append to and read.
//
// Every claim holds the folder's lock while it reads what others have appended, looks, and appends its own record. So
// exactly one of several claims is the first, wherever they are made, and what the answer rests on is in the system's
// hands before it is given: the death of a process takes nothing along. Nothing is synced to the disk: the loss of power
// may take the latest records, as the contract allows.
//
// A process keeps the lock for as long as it makes claims and nobody else wants it: nobody else can have appended
// anything then, and a claim is one call of the system.
//
// The files are numbered. One that holds generationRecords records is full, and the next one follows it. A file is
// deleted when all its records have been dead for nonceGrace, and leaves the memory when they have been dead for
// nonceSlack; if the clock is put back behind that point, the files are read again.
//
// What fails leaves the nonce unclaimed and is told: a request whose nonce cannot be kept is not served.
type nonceLog struct {
	folder string
	busy   time.Duration
	// turn has room for one: who works with what follows.
	turn chan struct{}
	lock *fileLock
	// queue is another lock: it is held by who waits for the first.
	queue *fileLock
	// leased: the lock is held from one claim to the next; used: there was a claim since keep looked last; keeping: keep
	// runs.
	leased, used, keeping bool
	// generations are those on the disk, the oldest first; the last is the one that is written. Empty: not read yet.
	generations []*generation
	// last is open for the last generation.
	last *os.File
	// forgotten is the latest end of a record that has left the memory.
	forgotten clock.Millis
	// full is the size of a full file.
	full int64
	// record and buffer are where records are written and read.
	record [nonceRecord]byte
	buffer []byte
}

// generation is one file of the log.
type generation struct {
	number int64
	// size is what has been read of it, in bytes, whole records alone.
	size int64
	// ends is the latest end of one of its records.
	ends clock.Millis
	// records tells when each of them ends; nil when they have left the memory.
	records map[nonceKey]clock.Millis
}

func newGeneration(number int64) *generation {
	return &generation{number: number, records: map[nonceKey]clock.Millis{}}
}

// nonceKey is the half of a SHA-256 over nonce and owner: enough that no two are equal by chance; whoever sought two on
// purpose would have but a request of his own refused.
type nonceKey [16]byte

// The form of a record: key, and end in milliseconds since 1970, big endian. A torn one at the end of a file, or one of
// zeros that the loss of power left, means nothing.
const (
	nonceRecord       = len(nonceKey{}) + 8
	generationRecords = 1 << 16
	// readRecords is how many are read at once.
	readRecords = 128
	// nonceSlack is how long dead records stay in memory: calls that run at the same time have times that differ.
	nonceSlack = 60_000
)

// openNonceLog opens the log in the folder, which must exist. Its files are read at the first claim.
func openNonceLog(folder string, busy time.Duration) (*nonceLog, error) {
	lock, err := openLock(filepath.Join(folder, "nonces.lock"))
	if err != nil {
		return nil, err
	}
	queue, err := openLock(filepath.Join(folder, "nonces.queue"))
	if err != nil {
		return nil, errors.Join(err, lock.close())
	}
	return &nonceLog{
		folder: folder, busy: busy, turn: make(chan struct{}, 1), lock: lock, queue: queue,
		full: generationRecords * int64(nonceRecord), buffer: make([]byte, readRecords*nonceRecord),
	}, nil
}

// claim records the nonce until its end, and answers true, unless an earlier record of it lives at now.
func (l *nonceLog) claim(ctx context.Context, owner string, nonce store.Hash, now, until clock.Millis) (first bool, err error) {
	if err := l.begin(ctx); err != nil {
		return false, fmt.Errorf("claim a nonce: %w", err)
	}
	defer func() { <-l.turn }()
	l.used = true
	if first, err = l.look(ctx, keyOf(owner, nonce), now, until); err != nil {
		return false, fmt.Errorf("claim a nonce: %w", errors.Join(err, l.yield()))
	}
	return first, nil
}

// look claims the key for the process whose turn it is.
func (l *nonceLog) look(ctx context.Context, key nonceKey, now, until clock.Millis) (first bool, err error) {
	kept := l.leased
	if !kept {
		if err := l.lease(ctx); err != nil {
			return false, err
		}
	}
	if err := l.catchUp(now, kept); err != nil {
		// What was read of which file is not known any more: the next claim reads them anew.
		return false, errors.Join(err, l.reset())
	}
	if l.lives(key, now) {
		return false, nil
	}
	return true, l.append(key, until)
}

// keyOf hashes both. The nonce stands first, because its length is always the same.
func keyOf(owner string, nonce store.Hash) (key nonceKey) {
	sum := sha256.Sum256(append(append(make([]byte, 0, 128), nonce[:]...), owner...))
	copy(key[:], sum[:])
	return key
}

// begin waits for the turn within this process.
func (l *nonceLog) begin(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	default:
	}
	patient, cancel := context.WithTimeoutCause(ctx, l.busy, errNonceBusy)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-patient.Done():
		return context.Cause(patient)
	}
}

var errNonceBusy = fmt.Errorf("%w: another process holds the lock of the nonces", store.ErrBusy)

// leaseTick is how often it is looked whether the lock is still needed here, and wanted elsewhere.
const leaseTick = 2 * time.Millisecond

// lease takes the lock among processes, which keep gives back.
func (l *nonceLog) lease(ctx context.Context) error {
	if err := l.queue.take(ctx, l.busy); err != nil {
		return err
	}
	if err := l.lock.take(ctx, l.busy); err != nil {
		return errors.Join(err, l.queue.release())
	}
	l.leased = true
	if !l.keeping {
		l.keeping = true
		go l.keep()
	}
	return l.queue.release()
}

// yield gives the lock back.
func (l *nonceLog) yield() error {
	if !l.leased {
		return nil
	}
	l.leased = false
	return l.lock.release()
}

// keep gives the lock back when no claims come any more, or somebody waits for it. It is a goroutine for as long as the lock is
// held.
func (l *nonceLog) keep() {
	for over := false; !over; {
		time.Sleep(leaseTick)
		l.turn <- struct{}{}
		if over = !l.used || l.wanted(); over {
			_ = l.yield() // What cannot be given back is still ours at the next claim.
			l.keeping = false
		}
		l.used = false
		<-l.turn
	}
}

// wanted tells whether somebody waits for the lock.
func (l *nonceLog) wanted() bool {
	alone, err := l.queue.try()
	if err == nil && alone {
		err = l.queue.release()
	}
	return err != nil || !alone
}

// close lets go of the files. Nobody may call claim any more.
func (l *nonceLog) close() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	return errors.Join(l.yield(), l.reset(), l.lock.close(), l.queue.close())
}

// reset forgets what was read: the next claim begins with all files.
func (l *nonceLog) reset() error {
	l.generations, l.forgotten = nil, 0
	if l.last == nil {
		return nil
	}
	f := l.last
	l.last = nil
	return f.Close()
}

// lives tells whether a record of the key ends after now.
func (l *nonceLog) lives(key nonceKey, now clock.Millis) bool {
	return slices.ContainsFunc(l.generations, func(g *generation) bool { return g.records[key] > now })
}

// append writes a record behind the others. If that fails, what came of it is cut off again.
func (l *nonceLog) append(key nonceKey, until clock.Millis) error {
	record := l.record[:]
	copy(record, key[:])
	binary.BigEndian.PutUint64(record[len(key):], uint64(until))
	g := l.generations[len(l.generations)-1]
	if _, err := l.last.Write(record); err != nil {
		if undo := l.last.Truncate(g.size); undo != nil {
			err = errors.Join(err, undo, l.reset())
		}
		return err
	}
	g.add(record)
	return nil
}

// add takes up whole records that were read or written.
func (g *generation) add(records []byte) {
	g.size += int64(len(records))
	for record := range slices.Chunk(records, nonceRecord) {
		until := clock.Millis(binary.BigEndian.Uint64(record[len(nonceKey{}):]))
		g.ends = max(g.ends, until)
		g.records[nonceKey(record[:len(nonceKey{})])] = until
	}
}

// catchUp reads what was appended since the last claim, which is nothing if the lock was kept since then, and goes on to the
// next file when the last one is full.
func (l *nonceLog) catchUp(now clock.Millis, kept bool) error {
	if now < l.forgotten {
		// The clock was put back: what has left the memory lives again.
		if err := l.reset(); err != nil {
			return err
		}
	}
	if len(l.generations) == 0 {
		if err := l.follow(now); err != nil {
			return err
		}
		kept = false
	}
	for {
		g := l.generations[len(l.generations)-1]
		if !kept {
			if err := l.read(g); err != nil {
				return err
			}
		}
		if g.size < l.full {
			return nil
		}
		if err := l.follow(now); err != nil {
			return err
		}
		kept = false
	}
}

// read takes up what stands behind g.size in the last file. The lock is held, so a torn record at its end is that of a
// process that has died: it is cut off.
func (l *nonceLog) read(g *generation) error {
	for {
		n, err := l.last.ReadAt(l.buffer, g.size)
		if err != nil && err != io.EOF {
			return err
		}
		torn := n % nonceRecord
		g.add(l.buffer[:n-torn])
		if err == nil {
			continue
		}
		if torn > 0 {
			return l.last.Truncate(g.size)
		}
		return nil
	}
}

// follow opens the generation behind the last one that was read, and reads whole those that lie between: from the first
// on, if none was read yet. It makes a new one if there is none. Then it sweeps.
func (l *nonceLog) follow(now clock.Millis) error {
	var behind int64
	if n := len(l.generations); n > 0 {
		behind = l.generations[n-1].number
	}
	numbers, err := l.numbers(behind)
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		numbers = []int64{behind + 1}
	}
	for _, number := range numbers[:len(numbers)-1] {
		records, err := os.ReadFile(l.path(number))
		if err != nil {
			return err
		}
		g := newGeneration(number)
		g.add(records[:len(records)-len(records)%nonceRecord])
		l.generations = append(l.generations, g)
	}
	number := numbers[len(numbers)-1]
	f, err := os.OpenFile(l.path(number), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if l.last != nil {
		if err := l.last.Close(); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	l.last = f
	l.generations = append(l.generations, newGeneration(number))
	return l.sweep(now)
}

// nonceGrace is how long a dead nonce's file is kept: what was used must stay used when a clock that ran ahead is put right.
// An hour covers a clock that was set to the wrong time zone.
const nonceGrace = 3_600_000

// sweep deletes the files that hold nothing but what has long been dead, and takes out of memory what is dead. The last
// generation stays: it shows which number comes next.
func (l *nonceLog) sweep(now clock.Millis) error {
	newest := l.generations[len(l.generations)-1]
	var err error
	l.generations = slices.DeleteFunc(l.generations, func(g *generation) bool {
		if g == newest {
			return false
		}
		if g.ends+nonceSlack <= now {
			g.records = nil
			l.forgotten = max(l.forgotten, g.ends)
		}
		if g.ends+nonceGrace > now {
			return false
		}
		// Another process may have been faster.
		if removed := os.Remove(l.path(g.number)); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
			err = removed
			return false
		}
		return true
	})
	return err
}

func (l *nonceLog) path(number int64) string {
	return filepath.Join(l.folder, noncePrefix+fmt.Sprintf("%012d", number))
}

const noncePrefix = "nonces-"

// numbers lists the generations on the disk above the number, ascending.
func (l *nonceLog) numbers(above int64) ([]int64, error) {
	entries, err := os.ReadDir(l.folder)
	if err != nil {
		return nil, err
	}
	var numbers []int64
	for _, e := range entries {
		digits, ours := strings.CutPrefix(e.Name(), noncePrefix)
		if n, err := strconv.ParseInt(digits, 10, 64); ours && err == nil && n > above {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, cmp.Compare[int64])
	return numbers, nil
}
