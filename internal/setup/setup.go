// Package setup opens an installation: the data folder with the database and the master key, and what a new one needs
// before it can serve.
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

// ErrNoInstallation: the folder holds no database.
var ErrNoInstallation = errors.New("there is no installation in this folder")

// ErrWrongKey: the master key is not the one that the secrets in the database were sealed with.
var ErrWrongKey = errors.New("the master key is not the one that this database was made with: use that one")

// Options say what to open.
type Options struct {
	// Folder is the data folder. It is made, mode 0700, if Create is set.
	Folder string
	// MasterKeyFile is where the master key is; empty: in the folder.
	MasterKeyFile string
	// MasterKey is the master key itself, Base64 of 32 bytes; empty: it is in the file.
	MasterKey string
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
	database := filepath.Join(o.Folder, DatabaseFile)
	_, err := os.Stat(database)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && !o.Create {
		return nil, fmt.Errorf("%w (%s does not exist): name the right one with --data or the setting data, or make one with `doorward site create`", ErrNoInstallation, database)
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	sealer, err := openSealer(o, missing)
	if err != nil {
		return nil, err
	}
	s, err := sqlite.Open(ctx, sqlite.Options{File: database, Clock: o.Clock})
	if err != nil {
		return nil, err
	}
	if err := checkKey(ctx, s, sealer); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &Installation{Folder: o.Folder, Store: s, Sealer: sealer, Clock: o.Clock, Rand: o.Rand}, nil
}

// Factory makes records for this installation.
func (i *Installation) Factory() site.Factory {
	return site.Factory{Sealer: i.Sealer, Rand: i.Rand, Clock: i.Clock}
}

// Close closes the store.
func (i *Installation) Close() error { return i.Store.Close() }
