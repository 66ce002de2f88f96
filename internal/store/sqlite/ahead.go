package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/doorward/doorward/internal/durable"
	"github.com/doorward/doorward/internal/store"
)

// How much a commit waits for the disk. In both modes a transaction is whole or not there, whatever happens.
const (
	waitForDisk  = "PRAGMA synchronous = FULL"
	goOnAtCommit = "PRAGMA synchronous = NORMAL"
)

// ChangeAhead implements [store.Ahead].
func (s *Store) ChangeAhead(ctx context.Context, fn func(tx store.Tx) error) (settle func() error, err error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.work.Done()
	// Before the first change, so that an error of the disk is told to the descriptor that waits for it.
	if err := s.log.open(s.file); err != nil {
		return nil, err
	}
	if err := s.writer.do(ctx, &job{fn: func(t *tx) error { return fn(t) }, ahead: true}); err != nil {
		return nil, err
	}
	return s.settle, nil
}

// settle puts the log on the disk. What is in the log no more was put into the file, and on the disk with it, by a checkpoint.
func (s *Store) settle() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	return s.log.file.Sync()
}

// logFile is a descriptor of the write-ahead log beside the engine's. The engine keeps no locks in this file, which closing a
// descriptor would give up.
type logFile struct {
	mu   sync.Mutex
	file *os.File
}

// open opens the log of the database, whose writer has made it, and puts its name on the disk.
func (l *logFile) open(database string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		return nil
	}
	f, err := os.OpenFile(database+"-wal", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := durable.SyncFolder(filepath.Dir(database)); err != nil {
		return errors.Join(err, f.Close())
	}
	l.file = f
	return nil
}

func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// chooseSync has the engine wait for the disk at the next commit if any of the group's callers does. A commit that waits makes all earlier
// ones durable too.
func (w *writer) chooseSync() error {
	ahead := true
	for _, j := range w.group {
		ahead = ahead && j.ahead
	}
	if ahead == w.ahead {
		return nil
	}
	mode := waitForDisk
	if ahead {
		mode = goOnAtCommit
	}
	if err := script(w.c.Conn, mode); err != nil {
		return err
	}
	w.ahead = ahead
	return nil
}
