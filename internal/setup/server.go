package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
)

// OnServer tells whether a setting of the database means a server, and not a file.
func OnServer(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// CheckPasswordFile tells why the password of a database cannot be read from the file; an empty name is no file. The driver reads it
// at each connection, and waits there as for a database that is away: at the start it is known what is wrong.
func CheckPasswordFile(file string) error {
	if file == "" {
		return nil
	}
	if _, err := os.ReadFile(file); err != nil {
		return fmt.Errorf("the file with the password of the database cannot be read: %w", err)
	}
	return nil
}

// openServer opens a database on a server. All processes that share it must have the same master key: only the first one, which
// finds nothing in the database, may make one.
func openServer(ctx context.Context, o Options) (store.Store, *seal.Sealer, error) {
	if err := CheckPasswordFile(o.PasswordFile); err != nil {
		return nil, nil, err
	}
	s, err := postgres.Open(ctx, postgres.Options{URL: o.Database, PasswordFile: o.PasswordFile, Clock: o.Clock})
	if err != nil {
		return nil, nil, err
	}
	sealer, err := serverSealer(ctx, s, o)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, sealer, nil
}

func serverSealer(ctx context.Context, s store.Store, o Options) (*seal.Sealer, error) {
	empty, err := isEmpty(ctx, s)
	if err != nil {
		return nil, err
	}
	if empty && !o.Create {
		return nil, fmt.Errorf("%w (the database has no partner yet): name the right one with --database, or make the first site with `doorward site create`", ErrNoInstallation)
	}
	if o.MasterKey == "" && o.MasterKeyFile == "" {
		if err := os.MkdirAll(o.Folder, 0o700); err != nil {
			return nil, fmt.Errorf("making the data folder, which holds the master key: %w", err)
		}
	}
	return openSealer(o, empty)
}

// isEmpty tells whether nothing has been sealed for the database yet.
func isEmpty(ctx context.Context, s store.Store) (bool, error) {
	partners, err := s.Partners(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the partners: %w", err)
	}
	keys, err := s.SigningKeys(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the signing keys: %w", err)
	}
	return len(partners) == 0 && len(keys) == 0, nil
}
