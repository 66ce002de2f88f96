package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5/pgconn"
)

// Errors of [Open] and [Store.Backup].
var (
	// ErrNotOurs: tables of our names are there that were made by another program.
	ErrNotOurs = errors.New("not a Doorward database")
	// ErrNewer: a newer version of the program has changed the form of the database.
	ErrNewer = errors.New("the database was written by a newer version of Doorward")
	// ErrBackup: this store makes no backups.
	ErrBackup = errors.New("a backup of PostgreSQL is made with its own tools: pg_dump for a copy, pg_basebackup and an archive of the log for restores to any moment")
)

// SQLSTATE codes that decide what happens next. Classes are the first two characters.
const (
	stateSerialization = "40001"
	stateDeadlock      = "40P01"
	stateCanceled      = "57014"
	stateReadOnly      = "25006"
	stateDiskFull      = "53100"
	stateManyClients   = "53300"
	stateTableExists   = "42P07"
	stateInternal      = "XX000"

	classConnection = "08"
	classOperator   = "57"
)

// engineError is an error of the server in words that may be logged: those of the server can hold values and parts of
// statements, so only the classes that speak of the server itself keep them.
type engineError struct {
	code, text string
}

func (e *engineError) Error() string {
	if e.text == "" {
		return "the database refuses a statement (SQLSTATE " + e.code + ")"
	}
	return "the database says: " + e.text + " (SQLSTATE " + e.code + ")"
}

// explain puts an error of the driver into words, those that the contract names into its errors. Others pass unchanged.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return explainConnection(err)
	}
	e := &engineError{code: server.Code}
	switch server.Code[:min(2, len(server.Code))] {
	case classConnection, "28", "3D", "40", "53", "54", "55", classOperator, "58", "XX":
		e.text = server.Message
	}
	switch {
	case retryable(err), server.Code == stateCanceled, server.Code == stateManyClients, lostCode(server.Code):
		return fmt.Errorf("%w: %w", store.ErrBusy, e)
	case server.Code == stateDiskFull:
		return fmt.Errorf("the disk of the database is full: %w", e)
	}
	return e
}

// explainConnection is for what happens on the way to the server. The driver's text names host and user, never the
// password.
func explainConnection(err error) error {
	var connect *pgconn.ConnectError
	var network interface{ Timeout() bool }
	switch {
	case errors.Is(err, store.ErrBusy), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &connect):
		return fmt.Errorf("%w: the database cannot be reached: %w", store.ErrBusy, err)
	case errors.As(err, &network), pgconn.SafeToRetry(err), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the connection to the database was lost: %w", store.ErrBusy, err)
	}
	return err
}

// retryable tells whether a transaction was undone so that it can be run again.
func retryable(err error) bool {
	var server *pgconn.PgError
	return errors.Is(err, errStale) || errors.Is(err, errTaken) || errors.As(err, &server) && (server.Code == stateSerialization || server.Code == stateDeadlock)
}

// lostCode tells whether a connection is lost: this one, or one that the server has to another.
func lostCode(code string) bool {
	return goodbye(code) || len(code) > 2 && code[:2] == classConnection
}

// goodbye tells whether the server is about to end, or is not the one that takes writes any more.
func goodbye(code string) bool {
	switch code {
	case "57P01", "57P02", "57P03", "57P05", stateReadOnly:
		return true
	}
	return false
}

// lost tells whether the connection is of no use after the error: it has ended, or leads to a server that takes no writes.
func lost(c *conn, err error) bool {
	if err == nil {
		return false
	}
	var server *pgconn.PgError
	return c.IsClosed() || errors.As(err, &server) && lostCode(server.Code)
}

// left tells whether the server of the connection is of no use after the error, and with it most likely all connections to
// it. The coordinator of a distributed engine that has lost another machine is of use: it answers for those that are there.
func left(c *conn, err error) bool {
	var server *pgconn.PgError
	return c.IsClosed() || errors.As(err, &server) && goodbye(server.Code)
}

// ours tells whether the error is one that the contract names as the outcome of a call, and no fault.
func ours(err error) bool {
	var taken *store.TakenError
	for _, known := range []error{store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrUsed, store.ErrNotUnique} {
		if errors.Is(err, known) {
			return true
		}
	}
	return errors.As(err, &taken)
}
