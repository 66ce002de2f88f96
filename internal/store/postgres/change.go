package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	sqlBegin  = `BEGIN ISOLATION LEVEL SERIALIZABLE`
	sqlCommit = `COMMIT`

	// The server's own time, in milliseconds: those of the processes may differ.
	serverTime = `CAST(extract(epoch FROM now()) * 1000 AS bigint)`

	sqlOutcome = `INSERT INTO outcomes (grp, uid, id, at, done, asked) VALUES ($1, $2, $3, ` + serverTime + `, true, 0)`
	// Whoever asks for the outcome of a change puts its row there if it is missing, so that the change cannot happen any
	// more; if the change is still under way, this waits for its end.
	sqlSettle = `INSERT INTO outcomes (grp, uid, id, at, done, asked) VALUES ($1, $2, $3, ` + serverTime + `, false, 1)
		ON CONFLICT (grp, uid, id) DO UPDATE SET asked = outcomes.asked + 1 RETURNING done`

	sqlBumpNotify = `SELECT pg_notify('` + channel + `', '')`
)

// commitTimeout bounds a commit. The caller's context does not: a commit that is given up half-way may have happened. It is
// long, because a commit waits for the standby that must have it.
const commitTimeout = 30 * time.Second

// settlePatience is how many times longer than for anything else a lost commit's outcome is asked for.
const settlePatience = 3

// outcomeLife is how long the row of a change is kept: far longer than any commit can be under way.
const outcomeLife = 10 * time.Minute

// verdict says what becomes of a change after one run.
type verdict int

const (
	// final: the result is the change's.
	final verdict = iota
	// conflict and lostConnection: the run has left nothing, and the change is to be run again.
	conflict
	lostConnection
)

// Change implements [store.Store].
func (s *Store) Change(ctx context.Context, fn func(tx store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	return s.change(ctx, fn)
}

func (s *Store) change(ctx context.Context, fn func(tx store.Tx) error) error {
	conflicts := patience{ends: time.Now().Add(s.patience), most: pauseConflict}
	losses := patience{ends: conflicts.ends, most: pauseLost}
	for {
		v, err := s.try(ctx, fn)
		wait := &conflicts
		switch v {
		case final:
			return err
		case lostConnection:
			wait = &losses
		}
		if !wait.wait(ctx) {
			return bounded(ctx, err)
		}
	}
}

// try runs the change once.
func (s *Store) try(ctx context.Context, fn func(tx store.Tx) error) (v verdict, err error) {
	c, err := s.take(ctx)
	if err != nil {
		return unreached(ctx, err)
	}
	defer give(c)
	t := &tx{store: s, ctx: ctx, c: c.Conn()}
	defer func() { t.letGo(v, err) }()
	if t.fields, err = s.catalogue(ctx, t.c); err != nil {
		return s.failed(t, err)
	}
	if _, err := t.c.Exec(ctx, sqlBegin); err != nil {
		return s.failed(t, err)
	}
	own := guarded(t, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return t.sendKept()
	})
	t.over = true
	switch {
	case t.fault != nil:
		v, err := s.failed(t, t.fault)
		if v == final && own != nil {
			err = own
		}
		return v, err
	case own != nil:
		s.rollback(t)
		return final, own
	case ctx.Err() != nil:
		s.rollback(t)
		return final, ctx.Err()
	}
	v, err = s.commit(ctx, t)
	if v != final || err != nil {
		t.undo()
	}
	return v, err
}

// unreached is the verdict on a run that had no connection.
func unreached(ctx context.Context, err error) (verdict, error) {
	var server *pgconn.PgError
	refused := errors.As(err, &server) && !lostCode(server.Code) && server.Code != stateManyClients
	if ctx.Err() != nil || errors.Is(err, errNoConnection) || refused {
		return final, bounded(ctx, err)
	}
	return lostConnection, err
}

// failed ends a run in which a statement failed.
func (s *Store) failed(t *tx, err error) (verdict, error) {
	gone, useless := lost(t.c, err), left(t.c, err)
	s.rollback(t)
	switch {
	case t.ctx.Err() != nil:
		return final, t.ctx.Err()
	case gone:
		if useless {
			s.pool.Reset()
		}
		return lostConnection, err
	case retryable(err):
		return conflict, err
	}
	return final, explain(err)
}

// rollback ends the transaction. If that fails, the connection is closed when it is given back.
func (s *Store) rollback(t *tx) {
	t.undo()
	if t.c.IsClosed() || t.c.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), closeTimeout)
	defer cancel()
	_, _ = t.c.Exec(ctx, sqlRollback)
}

// guarded runs the function. A panic becomes its error, and so does the end of its goroutine (runtime.Goexit, as FailNow of
// package testing does): it has one of its own for that.
func guarded(t *tx, fn func(tx store.Tx) error) error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("the function of a change ended its goroutine")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic in a change: %v\n%s", p, debug.Stack())
			}
			done <- err
		}()
		err = fn(t)
	}()
	return <-done
}

// commit makes the change durable. The row that tells that it happened goes with the COMMIT in one message.
func (s *Store) commit(ctx context.Context, t *tx) (verdict, error) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if !t.wrote {
		_, err := t.c.Exec(late, sqlCommit)
		if err != nil {
			return s.failed(t, err)
		}
		return final, nil
	}
	id := make([]byte, 16)
	if _, err := io.ReadFull(s.rand, id); err != nil {
		s.rollback(t)
		return final, fmt.Errorf("name a change: %w", err)
	}
	forgetWarnings(t.c)
	b := &pgx.Batch{}
	if err := t.queue(b); err != nil {
		s.rollback(t)
		return final, err
	}
	b.Queue(sqlOutcome, t.group, t.uid, id)
	if t.version != 0 && s.listens {
		b.Queue(sqlBumpNotify)
	}
	b.Queue(sqlCommit)
	// Without the monotonic part, which stands still while the machine sleeps.
	begun := time.Now().Round(0)
	err := t.c.SendBatch(late, b).Close()
	switch {
	case err == nil && !warned(t.c):
	case err != nil && !ambiguous(t.c, err):
		return s.failed(t, err)
	default:
		// The answer was lost, or the server has said that the commit may be known to it alone.
		v := conflict
		if err == nil || lost(t.c, err) {
			v = lostConnection
		}
		if err == nil || left(t.c, err) {
			s.pool.Reset()
		}
		happened, askErr := s.settle(context.WithoutCancel(ctx), t, id)
		if askErr == nil && !happened && time.Now().Round(0).Sub(begun) > outcomeLife/2 {
			askErr = errors.New("it was asked for too late")
		}
		if askErr != nil {
			// Not wrapped: it may say that the store is busy, which would say that nothing has happened.
			return final, fmt.Errorf("%w: %v", store.ErrUnknown, askErr)
		}
		if !happened {
			return v, err
		}
	}
	if len(t.flags) > 0 {
		s.forget(t.fields)
	}
	s.config.advance(t.version)
	s.folder.note(t.noted)
	return final, nil
}

// ambiguous tells whether a commit that failed may have happened: the server has not said that it has undone it. The
// coordinator of a distributed engine calls it an internal error when the commit on another machine fails, be it undone there
// by a conflict or its answer lost.
func ambiguous(c *conn, err error) bool {
	var server *pgconn.PgError
	return !errors.As(err, &server) || lost(c, err) || server.Code == stateInternal
}

// settle finds out whether a change happened, and if it did not, sees to it that it never will.
func (s *Store) settle(ctx context.Context, t *tx, id []byte) (happened bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, settlePatience*s.patience)
	defer cancel()
	wait := patience{ends: time.Now().Add(settlePatience * s.patience), most: pauseLost}
	for {
		if happened, err = s.ask(ctx, t, id); err == nil || !wait.wait(ctx) {
			return happened, explain(err)
		}
	}
}

// ask asks once, on a connection outside of the pool: those of the pool may all be waiting for the same.
func (s *Store) ask(ctx context.Context, t *tx, id []byte) (happened bool, err error) {
	c, err := connect(ctx, s.settings.pool)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = c.Close(ctx) // The answer is known.
	}()
	err = get(ctx, c, sqlSettle, []any{t.group, t.uid, id}, &happened)
	if err == nil && warned(c) {
		err = errors.New("the server keeps the answer to itself")
	}
	return happened, err
}
