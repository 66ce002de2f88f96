package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// conn is a connection, of the pool or beside it.
type conn = pgx.Conn

// closeTimeout bounds the goodbye of a connection.
const closeTimeout = 2 * time.Second

// errNoConnection is the cause when there is no connection for too long.
var errNoConnection = fmt.Errorf("%w: all connections to the database are in use", store.ErrBusy)

// take returns a connection of the pool, which give takes back. It waits for one as long as ctx and the patience let it.
func (s *Store) take(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	c, err := s.pool.Acquire(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, errNoConnection
	}
	return c, err
}

// give takes a connection back. The pool closes one in the middle of something. One that is closed it would count until the
// server has said goodbye too, for up to 15 seconds: one that has fallen silent would leave no places for connections to
// that which stands in for it.
func give(c *pgxpool.Conn) {
	if c.Conn().IsClosed() {
		c.Hijack()
		return
	}
	c.Release()
}

// connect opens a connection beside the pool, in the same way.
func connect(ctx context.Context, p *pgxpool.Config) (*conn, error) {
	config := p.ConnConfig.Copy()
	if err := p.BeforeConnect(ctx, config); err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, config)
}

// warning is where a connection keeps that the server has warned.
const warning = "warning"

// noteWarning is told what the server says beside its answers, by the goroutine that uses the connection.
func noteWarning(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		c.CustomData()[warning] = true
	}
}

// warned tells whether the server has warned since the last forgetWarnings.
func warned(c *conn) bool { return c.PgConn().CustomData()[warning] != nil }

func forgetWarnings(c *conn) { delete(c.PgConn().CustomData(), warning) }

// patience is how long something is tried again.
type patience struct {
	ends  time.Time
	pause time.Duration
	most  time.Duration
}

// wait waits a little longer each time, up to most. It returns false when the patience or ctx has ended.
func (w *patience) wait(ctx context.Context) bool {
	if time.Now().After(w.ends) {
		return false
	}
	if w.pause *= 2; w.pause < time.Millisecond {
		w.pause = time.Millisecond
	}
	w.pause = min(w.pause, w.most)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(w.pause/2 + rand.N(w.pause)):
		return true
	}
}

// Pauses between tries: after a conflict, which ends with the other change, and after a lost connection.
const (
	pauseConflict = 50 * time.Millisecond
	pauseLost     = 300 * time.Millisecond
)

// bounded returns err as it is to be told when ctx may have ended: then that is the reason.
func bounded(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(err)
}
