package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"

	"github.com/doorward/doorward/internal/durable"
	"github.com/doorward/doorward/internal/store"
)

// Backup implements [store.Store]. The copy is one snapshot, packed and with a mode of 0600; it is a database that Open
// opens. It appears under its name when it is complete and on the disk, so that a half-written one is never taken for a
// backup.
func (s *Store) Backup(ctx context.Context, file string) error {
	if err := s.backup(ctx, file); err != nil {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return fs.ErrExist
	}
	folder := filepath.Dir(file)
	// CreateTemp gives the mode 0600. The engine takes an existing file as the target as long as it is empty.
	target, err := os.CreateTemp(folder, ".backup-*")
	if err != nil {
		return err
	}
	defer os.Remove(target.Name())
	defer target.Close()
	if err := s.copyTo(ctx, target.Name()); err != nil {
		return err
	}
	if err := target.Sync(); err != nil {
		return err
	}
	// Unlike a rename, a link does not replace a file that has appeared meanwhile.
	if err := os.Link(target.Name(), file); err != nil {
		return err
	}
	return durable.SyncFolder(folder)
}

// copyTo works on a connection of its own, because those of the readers may not write, not even to another file.
func (s *Store) copyTo(ctx context.Context, file string) (err error) {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	c, err := connect(s.file, s.busy, readerCache)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	c.SetInterrupt(ctx.Done())
	_, err = exec(c.Conn, "VACUUM INTO ?", func(b *binder) { b.text(file) })
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull {
		return store.ErrNoRoom // The database itself is only read.
	}
	return stopped(ctx, err)
}
