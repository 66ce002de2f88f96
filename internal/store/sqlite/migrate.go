package sqlite

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"zombiezen.com/go/sqlite"
)

// The migrations, NNNN_name.sql, numbered from 0001 without a gap. A released one is never edited: databases remember the
// checksum of what made them. A migration must leave the version before it able to work on the file: first add, and
// remove in a later release.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// applicationID marks our files in the header of the database ("Door"), so that another program's is never altered.
const applicationID = 0x446f6f72

const (
	sqlMigrationsTable = `CREATE TABLE IF NOT EXISTS migrations (
		version  INTEGER PRIMARY KEY,
		name     TEXT    NOT NULL,
		checksum TEXT    NOT NULL,
		applied  INTEGER NOT NULL)`
	sqlMigrations     = `SELECT version, checksum FROM migrations ORDER BY version`
	sqlApplyMigration = `INSERT INTO migrations (version, name, checksum, applied) VALUES (?,?,?,?)`
)

type migration struct {
	version  int64
	name     string
	checksum string
	text     string
}

// migrations reads the embedded files, in order.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, file := range names {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(file), ".sql")
		digits, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || version != int64(i+1) {
			return nil, fmt.Errorf("migration %s is out of order", name)
		}
		sum := sha256.Sum256(text)
		all = append(all, migration{version, name, hex.EncodeToString(sum[:]), string(text)})
	}
	return all, nil
}

// prepare looks whether the file is ours or empty, and makes it ours in this version's form.
func prepare(ctx context.Context, c *conn, file string, now clock.Clock) error {
	old := c.SetInterrupt(ctx.Done())
	defer c.SetInterrupt(old)
	if err := recognize(c.Conn); err != nil {
		return stopped(ctx, err)
	}
	if err := restrict(file); err != nil {
		return err
	}
	if err := script(c.Conn, "PRAGMA journal_mode = WAL"); err != nil {
		return stopped(ctx, err)
	}
	known, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	return stopped(ctx, migrate(c.Conn, known, clock.FromTime(now.Now())))
}

// recognize refuses another program's database, before anything is written to it.
func recognize(c *sqlite.Conn) error {
	id, err := number(c, "PRAGMA application_id")
	if err != nil {
		return err
	}
	if id == applicationID {
		return nil
	}
	objects, err := number(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	if id != 0 || objects != 0 {
		return fmt.Errorf("%w: the file is a database of another program", ErrNotOurs)
	}
	return nil
}

// restrict takes the file from everybody but its owner: a copy that was put in place may have another mode than create
// gives.
func restrict(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(file, 0o600)
}

// migrate applies what is missing. All of it and the rows that remember it are one transaction, and of several processes
// that start at once the first does it while the others wait for its lock.
func migrate(c *sqlite.Conn, known []migration, now clock.Millis) error {
	if tables, err := number(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'"); err != nil {
		return err
	} else if tables == 1 {
		applied, err := check(c, known)
		if err != nil || applied == len(known) {
			return err
		}
	}
	if err := script(c, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := apply(c, known, now)
	if err == nil {
		err = script(c, "COMMIT")
	}
	if err != nil && !c.AutocommitEnabled() {
		return errors.Join(err, script(c, "ROLLBACK"))
	}
	return err
}

func apply(c *sqlite.Conn, known []migration, now clock.Millis) error {
	setup := fmt.Sprintf("PRAGMA application_id = %d; %s", applicationID, sqlMigrationsTable)
	if err := script(c, setup); err != nil {
		return err
	}
	// Asked again: another process may have been faster to the lock.
	applied, err := check(c, known)
	if err != nil {
		return err
	}
	for _, m := range known[applied:] {
		if err := script(c, m.text); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
		_, err := exec(c, sqlApplyMigration, func(b *binder) {
			b.int(m.version)
			b.text(m.name)
			b.text(m.checksum)
			b.time(now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// check returns the number of migrations that the file has seen, all of which this program must know.
func check(c *sqlite.Conn, known []migration) (int, error) {
	applied := 0
	err := list(c, sqlMigrations, noParameters, func(r *row) error {
		version, checksum := r.int(), r.text()
		if version > int64(len(known)) {
			return fmt.Errorf("%w: it has form %d, this version knows up to %d", ErrNewer, version, len(known))
		}
		applied++
		if version != int64(applied) || known[applied-1].checksum != checksum {
			return fmt.Errorf("%w: its form %d was not made by this program's migration", ErrNotOurs, version)
		}
		return nil
	})
	return applied, err
}
