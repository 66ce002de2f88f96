package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// Errors of [Open].
var (
	// ErrNotOurs: the file is something else: not a SQLite database, or one that another program made.
	ErrNotOurs = errors.New("not a Doorward database")
	// ErrNewer: a newer version of the program wrote the file and changed its form.
	ErrNewer = errors.New("the database was written by a newer version of Doorward")
)

// explain puts the engine's result codes that an operator can do something about into words, and those that the contract
// names into its errors. Errors that are not the engine's pass unchanged.
func explain(err error) error {
	if err == nil {
		return nil
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return fmt.Errorf("%w: another process holds the lock of the database: %w", store.ErrBusy, err)
	case sqlite.ResultFull:
		return fmt.Errorf("the disk of the database is full: %w", err)
	case sqlite.ResultReadOnly:
		return fmt.Errorf("the database or its disk is read-only: %w", err)
	case sqlite.ResultNotADB:
		return fmt.Errorf("%w: %w", ErrNotOurs, err)
	case sqlite.ResultCorrupt:
		return fmt.Errorf("the database is damaged (restore a backup): %w", err)
	case sqlite.ResultIOErr:
		return fmt.Errorf("the disk of the database fails: %w", err)
	}
	return err
}

// stopped replaces the engine's "interrupted" by the reason why ctx ended, if it did.
func stopped(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt {
		return ctx.Err()
	}
	return explain(err)
}

func isUnique(err error) bool {
	code := sqlite.ErrCode(err)
	return code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintPrimaryKey
}
