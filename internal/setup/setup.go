// Package setup opens an installation: the data folder with the master key, the database in it or on a server, and what a
// new one needs before it can serve.
package setup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// Names of the files in a data folder.
const (
	DatabaseFile  = "doorward.db"
	MasterKeyFile = "master.key"
)

// ErrNoInstallation: there is no database, or nothing in it.
var ErrNoInstallation = errors.New("there is no installation here")

// ErrWrongKey: the master key is not the one that the secrets in the database were sealed with.
var ErrWrongKey = errors.New("the master key is not the one that this database was made with: use that one (the setting master_key_file says where it is)")

// Options say what to open.
type Options struct {
	// Folder is the data folder. It is made, mode 0700, if Create is set.
	Folder string
	// Database is where the database is: empty for a file in the folder, sqlite:PATH for another file, postgres://… for a
	// server, whose password may be in PasswordFile.
	Database     string
	PasswordFile string
	// MasterKeyFile is where the master key is; empty: in the folder.
	MasterKeyFile string
	// MasterKey is the master key itself, Base64 of 32 bytes; empty: it is in the file.
	MasterKey string
	// WriteCache is that of the SQLite driver's options.
	WriteCache int
	// Passing is that of the SQLite driver's options.
	Passing func(looking int)
	// Create makes a new installation where there is none; otherwise that is ErrNoInstallation.
	Create bool
	// Clock and Rand are those of the installation; nil: the system's.
	Clock clock.Clock
	Rand  io.Reader
}

// Installation is an opened data folder.
type Installation struct {
	Folder string
	Store  store.Store
	Sealer *seal.Sealer
	Clock  clock.Clock
	Rand   io.Reader
}

// Open opens the installation. Errors say what to do.
func Open(ctx context.Context, o Options) (*Installation, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	s, sealer, err := openBoth(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := checkKey(ctx, s, sealer); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &Installation{Folder: o.Folder, Store: s, Sealer: sealer, Clock: o.Clock, Rand: o.Rand}, nil
}

// openBoth opens the database and finds the master key.
func openBoth(ctx context.Context, o Options) (store.Store, *seal.Sealer, error) {
	if OnServer(o.Database) {
		return openServer(ctx, o)
	}
	return openFile(ctx, o)
}

func openFile(ctx context.Context, o Options) (store.Store, *seal.Sealer, error) {
	database := filepath.Join(o.Folder, DatabaseFile)
	if file, ok := strings.CutPrefix(o.Database, "sqlite:"); ok {
		database = file
	}
	_, err := os.Stat(database)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && !o.Create {
		return nil, nil, fmt.Errorf("%w (%s does not exist): name the right one with --data or the setting data, or make one with `doorward site create`", ErrNoInstallation, database)
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, nil, fmt.Errorf("the data folder cannot be used: %w; name another with --data or the setting data", err)
	}
	sealer, err := openSealer(o, missing)
	if err != nil {
		return nil, nil, err
	}
	s, err := sqlite.Open(ctx, sqlite.Options{File: database, Clock: o.Clock, WriteCache: o.WriteCache, Passing: o.Passing})
	if errors.Is(err, sqlite.ErrNotOurs) {
		return nil, nil, fmt.Errorf("%w; name the right data folder with --data, or restore a backup", err)
	}
	if err != nil {
		return nil, nil, err
	}
	return s, sealer, nil
}

// Factory makes records for this installation.
func (i *Installation) Factory() site.Factory {
	return site.Factory{Sealer: i.Sealer, Rand: i.Rand, Clock: i.Clock}
}

// Close closes the store.
func (i *Installation) Close() error { return i.Store.Close() }
