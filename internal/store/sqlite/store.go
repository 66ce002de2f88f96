package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// Options say where the store is and how much it may use. Only File is needed.
type Options struct {
	// File is the path of the database. It is created, readable for its owner only, if it does not exist; its folder must.
	File string
	// Clock tells the time that computed search fields (age, lock-out) go by; nil: the machine's.
	Clock clock.Clock
	// Readers is the number of connections for short reads; 0: 4.
	Readers int
	// Map is how much of the file each reading connection maps into memory, in bytes; 0: nothing. It halves the price of a
	// read of what the system has cached, counts as memory of the process once for each connection, and turns an error of
	// the disk into the death of the process.
	Map int64
	// Busy is how long a write waits for another process that is writing; 0: 5 seconds.
	Busy time.Duration
	// AccountCache is how much memory the accounts that were read last may take, in bytes; 0: 56 MiB; less: none. It is rounded up
	// to full 32 MiB.
	AccountCache int
	// WriteCache is how much of the file the writing connection keeps in memory, in KiB; 0: 8192. A transaction that changes
	// more writes its pages more than once: an import takes more. With it, and AccountCache 0, no accounts are kept for who reads:
	// who imports does not.
	WriteCache int
	// IndexAfter is how many values of a field searches have looked at, for want of an index, before the field gets one; 0: a
	// million; less: no field gets one, and the store does nothing about those that there are but to keep them up.
	IndexAfter int64
	// IndexAtOnce has searches wait for an index of every field that they could use one of. It is for tests.
	IndexAtOnce bool
	// Hands is how many connections look at every account together where a search must; 0: as many as there are processors, 8
	// at most. Passing, if it is set, is told how many do at each moment: they compute without a pause.
	Hands   int
	Passing func(looking int)
	// Passes has them do so wherever a search may, row by row. It is for tests.
	Passes bool
	// Unfinished opens a database whose copy is not complete; without it that is [store.ErrUnfinished].
	Unfinished bool
}

// checkpoints lets the log of a writer with a large cache grow to four times that cache before it is copied into the file: a
// page that many transactions change is copied once.
func (o Options) checkpoints() []string {
	if o.WriteCache == 0 {
		return nil
	}
	pages := o.WriteCache // A page is 4 KiB.
	return []string{fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", pages)}
}

// searchers is the number of searches that run at the same time; others wait for them.
const searchers = 2

// Store is an open database. It implements [store.Store].
type Store struct {
	file      string
	busy      time.Duration
	clock     clock.Clock
	options   Options
	readers   *pool
	searchers *pool
	// slicers are the connections that look at a table beside those of the searches.
	slicers *pool
	// sliceRows is how many rows of a table one of them looks at before it takes the next ones.
	sliceRows int64
	writer    *writer
	log       logFile
	indexer   *indexer
	nonces    *nonceLog
	config    *configMark
	accounts  *accountCache

	// slicing guards looking, the number of connections that look at slices.
	slicing sync.Mutex
	looking int

	// closing guards closed; work counts the changes and backups under way.
	closing sync.RWMutex
	closed  bool
	work    sync.WaitGroup
}

var (
	_ store.Store = (*Store)(nil)
	_ store.Ahead = (*Store)(nil)
)

// Open opens the database, creates it if the file does not exist or is empty, and brings it up to this version's form.
// It fails with [ErrNotOurs] for a file that is something else, which it leaves untouched, with [ErrNewer] for one that
// this version does not know how to read, and with [store.ErrBusy] when another process does not let go of it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.Busy <= 0 {
		o.Busy = 5 * time.Second
	}
	if o.Hands <= 0 {
		o.Hands = min(runtime.GOMAXPROCS(0), mostHands)
	}
	if o.WriteCache != 0 && o.AccountCache == 0 {
		o.AccountCache = -1
	}
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", o.File, err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	if o.File == "" {
		return nil, errors.New("no file name")
	}
	// The engine resolves a relative path when it opens a connection, which may be later than a change of folder.
	file, err := filepath.Abs(o.File)
	if err != nil {
		return nil, err
	}
	o.File = file
	if err := create(file); err != nil {
		return nil, err
	}
	// What is deleted is overwritten where that takes no write more: 3 % of the processor time of a change.
	w, err := connect(file, o.Busy, cmp.Or(o.WriteCache, writerCache), append(o.checkpoints(), "PRAGMA secure_delete = FAST")...)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, w, file, o.Clock); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if !o.Unfinished {
		if err := refuseUnfinished(w.Conn); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	nonces, config, err := openShared(file, o.Busy)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	accounts := newAccountCache(file, cmp.Or(o.AccountCache, accountCacheSize))
	s := &Store{
		file:      file,
		options:   o,
		sliceRows: sliceRows,
		busy:      o.Busy,
		clock:     o.Clock,
		accounts:  accounts,
		writer:    newWriter(w, config, accounts),
		nonces:    nonces,
		config:    config,
		readers:   newPool(o.Readers, func() (*conn, error) { return connectReader(&o, readerCache) }),
		searchers: newPool(searchers, func() (*conn, error) { return connectReader(&o, searcherCache) }),
		slicers:   newPool(o.Hands-1, func() (*conn, error) { return connectReader(&o, searcherCache) }),
	}
	if o.Passes {
		s.sliceRows = 1
	}
	s.indexer = newIndexer(s, &o)
	return s, nil
}

// create makes the empty file, so that nobody but its owner can read what comes into it. The engine gives its log and
// index files the same mode. What exists must begin as databases do: a text of a few bytes is an empty database to the
// engine, which would write over it.
func create(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	if n == 0 && err == io.EOF {
		return f.Close()
	}
	if string(head) != magic {
		return errors.Join(fmt.Errorf("%w: the file is no SQLite database", ErrNotOurs), f.Close())
	}
	return f.Close()
}

func connectReader(o *Options, cache int) (*conn, error) {
	c, err := connect(o.File, o.Busy, cache, "PRAGMA query_only = ON", fmt.Sprintf("PRAGMA mmap_size = %d", o.Map))
	if err != nil {
		return nil, err
	}
	if err := registerFunctions(c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Change implements [store.Store].
func (s *Store) Change(ctx context.Context, fn func(tx store.Tx) error) error {
	return s.submit(ctx, &job{fn: func(t *tx) error { return fn(t) }})
}

// ClaimNonce implements [store.Replay].
func (s *Store) ClaimNonce(ctx context.Context, owner string, nonce store.Hash, now, until clock.Millis) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.work.Done()
	return s.nonces.claim(ctx, owner, nonce, now, until)
}

func (s *Store) submit(ctx context.Context, j *job) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	return s.writer.do(ctx, j)
}

// enter begins something that Close waits for: what ends by work.Done.
func (s *Store) enter() error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	s.work.Add(1)
	return nil
}

// Close implements [store.Store]. A second call does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	s.closing.Unlock()
	s.indexer.close()
	s.work.Wait()
	// The writer's connection goes last: the last one that closes a file writes the log back into it.
	return errors.Join(s.nonces.close(), s.readers.close(), s.searchers.close(), s.slicers.close(), s.log.close(), s.writer.close(),
		s.accounts.close(), s.config.close())
}
