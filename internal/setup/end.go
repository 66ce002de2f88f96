package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// End is a database as one end of a copy: sqlite:PATH, or postgres://… with the password in PasswordFile, if it is in one.
type End struct{ Database, PasswordFile string }

// ErrEnd: the text names no database.
var ErrEnd = errors.New("it must be sqlite:PATH or postgres://user@host/name")

// Check fails with [ErrEnd] for what names no database.
func (e End) Check() error {
	if file, ok := strings.CutPrefix(e.Database, "sqlite:"); OnServer(e.Database) || ok && file != "" {
		return nil
	}
	return ErrEnd
}

// OpenSource opens the database that is copied from. There must be an installation in it.
func (e End) OpenSource(ctx context.Context) (store.Mover, error) {
	if file, ok := strings.CutPrefix(e.Database, "sqlite:"); ok {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w (%s does not exist)", ErrNoInstallation, file)
		}
	}
	type both interface {
		store.Store
		store.Mover
	}
	var s both
	var err error
	// Work at the indexes would look like that of a server: nothing of it is to be done here.
	const noIndexes = -1
	if file, ok := strings.CutPrefix(e.Database, "sqlite:"); ok {
		s, err = sqlite.Open(ctx, sqlite.Options{File: file, IndexAfter: noIndexes})
	} else {
		s, err = postgres.Open(ctx, postgres.Options{URL: e.Database, PasswordFile: e.PasswordFile, IndexAfter: noIndexes})
	}
	if err != nil {
		return nil, err
	}
	empty, err := isEmpty(ctx, s)
	if err == nil && empty {
		err = fmt.Errorf("%w (the database has no partner yet)", ErrNoInstallation)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenDestination opens the database that is copied to, and makes it if it is missing; writeCache is that of the SQLite driver.
func (e End) OpenDestination(ctx context.Context, writeCache int) (store.Mover, error) {
	file, ok := strings.CutPrefix(e.Database, "sqlite:")
	if !ok {
		return opened(postgres.Open(ctx, postgres.Options{URL: e.Database, PasswordFile: e.PasswordFile, Unfinished: true}))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the database: %w", err)
	}
	return opened(sqlite.Open(ctx, sqlite.Options{File: file, WriteCache: writeCache, Unfinished: true}))
}

// opened keeps the nil of a driver from becoming a Mover that is not nil.
func opened[M store.Mover](m M, err error) (store.Mover, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}
