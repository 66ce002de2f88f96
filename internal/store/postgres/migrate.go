package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The migrations, NNNN_name.sql, numbered from 0001 without a gap. A released one is never edited: databases remember the
// checksum of what made them. A migration must leave the version before it able to work on the tables: first add, and
// remove in a later release.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

const (
	sqlMigrationsTable = `CREATE TABLE IF NOT EXISTS doorward_migrations (
		version  bigint NOT NULL,
		name     text   NOT NULL,
		checksum text   NOT NULL,
		applied  bigint NOT NULL,
		PRIMARY KEY (version))`
	sqlHasMigrations = `SELECT 1 FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_name = 'doorward_migrations'`
	sqlMigrations     = `SELECT version, checksum FROM doorward_migrations ORDER BY version`
	sqlApplyMigration = `INSERT INTO doorward_migrations (version, name, checksum, applied) VALUES ($1, $2, $3, $4)`

	// The number is "Doorward" in ASCII.
	sqlAdvisoryLock = `SELECT pg_advisory_xact_lock(4930961566188003940)`

	sqlLockTable = `CREATE TABLE IF NOT EXISTS doorward_lock (name text NOT NULL, PRIMARY KEY (name))`
	sqlLockRow   = `INSERT INTO doorward_lock (name) VALUES ('migrations') ON CONFLICT (name) DO NOTHING`
	sqlTakeLock  = `SELECT name FROM doorward_lock WHERE name = 'migrations' FOR UPDATE`
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

// prepare brings the database into this version's form.
func prepare(ctx context.Context, c *conn, s *settings, now clock.Millis) error {
	known, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	return migrate(ctx, c, s, known, now)
}

// migrate applies what is missing. All of it and the rows that remember it are one transaction, and of several processes
// that start at once the first does it while the others wait for its lock.
func migrate(ctx context.Context, c *conn, s *settings, known []migration, now clock.Millis) error {
	if there, err := has(ctx, c, sqlHasMigrations); err != nil {
		return err
	} else if there {
		applied, err := check(ctx, c, known)
		if err != nil || applied == len(known) {
			return err
		}
	}
	if s.locks == "table" {
		if err := makeLock(ctx, c); err != nil {
			return fmt.Errorf("make the lock of the migrations: %w", err)
		}
	}
	if err := script(ctx, c, "BEGIN"); err != nil {
		return err
	}
	err := apply(ctx, c, s, known, now)
	if err == nil {
		return script(ctx, c, "COMMIT")
	}
	if !c.IsClosed() {
		err = errors.Join(err, script(context.WithoutCancel(ctx), c, "ROLLBACK"))
	}
	return err
}

// makeLock makes the row whose lock the migrations take. Processes that make a table at the same moment may get in each
// other's way, even if they only make it if it is missing.
func makeLock(ctx context.Context, c *conn) error {
	wait := patience{ends: time.Now().Add(10 * time.Second), most: pauseLost}
	for {
		err := script(ctx, c, sqlLockTable)
		if err == nil {
			err = script(ctx, c, sqlLockRow)
		}
		var server *pgconn.PgError
		if err == nil || !errors.As(err, &server) || c.IsClosed() || !wait.wait(ctx) {
			return err
		}
	}
}

func apply(ctx context.Context, c *conn, s *settings, known []migration, now clock.Millis) error {
	lock := sqlAdvisoryLock
	if s.locks == "table" {
		lock = sqlTakeLock
	}
	if err := script(ctx, c, lock+"; "+sqlMigrationsTable); err != nil {
		return err
	}
	// Asked again: another process may have been faster to the lock.
	applied, err := check(ctx, c, known)
	if err != nil {
		return err
	}
	for _, m := range known[applied:] {
		text := m.text
		if s.cockroach {
			text = strings.ReplaceAll(text, ` COLLATE "C"`, "")
		}
		if err := eachStatement(ctx, c, text); err != nil {
			var server *pgconn.PgError
			if errors.As(err, &server) && server.Code == stateTableExists {
				return fmt.Errorf("%w: it has a table of the same name as one of ours; give Doorward a database or schema of its own", ErrNotOurs)
			}
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
		if _, err := exec(ctx, c, sqlApplyMigration, m.version, m.name, m.checksum, millis(now)); err != nil {
			return err
		}
	}
	return nil
}

// migrationComment is a comment in a migration. Neither it nor a semicolon is in a text or a name there.
var migrationComment = regexp.MustCompile(`--[^\n]*`)

// statements takes a migration apart.
func statements(text string) (all []string) {
	for sql := range strings.SplitSeq(migrationComment.ReplaceAllString(text, ""), ";") {
		if sql = strings.TrimSpace(sql); sql != "" {
			all = append(all, sql)
		}
	}
	return all
}

// eachStatement runs the statements of a migration, each in a message of its own: for an index with a condition or an
// expression Citus reads the whole message again, and wants one statement in it.
func eachStatement(ctx context.Context, c *conn, text string) error {
	for _, sql := range statements(text) {
		if err := script(ctx, c, sql); err != nil {
			return err
		}
	}
	return nil
}

// script runs statements without parameters, and forgets their results.
func script(ctx context.Context, c *conn, text string) error {
	if t, ok := c.Config().Tracer.(tracer); ok {
		t(text)
	}
	return c.PgConn().Exec(ctx, text).Close()
}

// check returns the number of migrations that the database has seen, all of which this program must know.
func check(ctx context.Context, c *conn, known []migration) (int, error) {
	applied := 0
	err := each(ctx, c, sqlMigrations, nil, func(r pgx.Rows) error {
		var version int64
		var checksum string
		if err := r.Scan(&version, &checksum); err != nil {
			return err
		}
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
