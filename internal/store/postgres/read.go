package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// read runs a short read: it takes one statement or few, each of which sees what was committed before it. After a lost
// connection it is run again.
func (s *Store) read(ctx context.Context, fn func(ctx context.Context, c *conn) error) error {
	return s.again(ctx, func(ctx context.Context, c *conn) error {
		ctx, cancel := context.WithTimeout(ctx, statementTimeout)
		defer cancel()
		return fn(ctx, c)
	})
}

// again runs a function on a connection, and on another one if the first was lost, as long as patience lasts.
func (s *Store) again(ctx context.Context, fn func(ctx context.Context, c *conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.work.Done()
	wait := patience{ends: time.Now().Add(s.patience), most: pauseLost}
	for {
		v, err := s.once(ctx, fn)
		if v == final {
			return err
		}
		if !wait.wait(ctx) {
			return bounded(ctx, err)
		}
	}
}

func (s *Store) once(ctx context.Context, fn func(ctx context.Context, c *conn) error) (verdict, error) {
	held, err := s.take(ctx)
	if err != nil {
		return unreached(ctx, err)
	}
	defer give(held)
	c := held.Conn()
	err = fn(ctx, c)
	var begun *begunError
	switch {
	case err == nil, ours(err):
		return final, err
	case ctx.Err() != nil:
		return final, ctx.Err()
	case errors.As(err, &begun):
		return final, explain(begun.err)
	case lost(c, err):
		if left(c, err) {
			s.pool.Reset()
		}
		return lostConnection, err
	}
	return final, explain(err)
}

// begunError is that of a read whose first results were handed over already: it is not run again.
type begunError struct{ err error }

func (e *begunError) Error() string { return e.err.Error() }

// scan runs a read that may take long. Only some may at the same time, so that they leave connections to the short ones.
// The end of ctx stops it, in the server too. begun is asked when it has failed: it is run again only if it is false.
func (s *Store) scan(ctx context.Context, begun *bool, fn func(ctx context.Context, c *conn) error) error {
	select {
	case s.searches <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.searches }()
	return s.again(ctx, func(ctx context.Context, c *conn) error {
		err := fn(ctx, c)
		if err != nil && *begun {
			return &begunError{err}
		}
		return err
	})
}

// snapshot runs the reads of fn on one moment.
func snapshot(ctx context.Context, c *conn, fn func() error) error {
	return ending(ctx, c, func() error {
		if _, err := c.Exec(ctx, sqlSnapshot); err != nil {
			return err
		}
		return fn()
	})
}

// ending runs fn and then ends the transaction that it has begun.
func ending(ctx context.Context, c *conn, fn func() error) (err error) {
	defer func() {
		if c.IsClosed() || c.PgConn().TxStatus() == 'I' {
			return
		}
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if _, endErr := c.Exec(ending, sqlRollback); err == nil {
			err = endErr
		}
	}()
	return fn()
}

const (
	sqlSnapshot = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	sqlRollback = `ROLLBACK`
)

// point is read for one value.
func point[T any](ctx context.Context, s *Store, fn func(ctx context.Context, c *conn) (T, error)) (v T, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) (err error) {
		v, err = fn(ctx, c)
		return err
	})
	return v, err
}

// Account implements [store.Reader].
func (s *Store) Account(ctx context.Context, group, uid string) (*store.Account, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.Account, error) { return getAccount(ctx, c, group, uid) })
}

// Owner implements [store.Reader].
func (s *Store) Owner(ctx context.Context, group string, id store.Identifier) (string, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (string, error) { return getOwner(ctx, c, group, id) })
}

// Session implements [store.Reader].
func (s *Store) Session(ctx context.Context, group, uid string, hash store.Hash) (*store.Session, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.Session, error) {
		return getSession(ctx, c, group, uid, hash)
	})
}

// Marked implements [store.Reader].
func (s *Store) Marked(ctx context.Context, space string, hash store.Hash, now clock.Millis) (bool, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (bool, error) { return marked(ctx, c, space, hash, now) })
}

// Partner implements [store.Configuration].
func (s *Store) Partner(ctx context.Context, id int64) (*store.Partner, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.Partner, error) { return getPartner(ctx, c, id) })
}

// Partners implements [store.Configuration].
func (s *Store) Partners(ctx context.Context) ([]*store.Partner, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) ([]*store.Partner, error) {
		return records(ctx, c, sqlPartners, nil, scanPartner)
	})
}

// Site implements [store.Configuration].
func (s *Store) Site(ctx context.Context, apiKey string) (*store.Site, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.Site, error) { return getSite(ctx, c, apiKey) })
}

// Sites implements [store.Configuration].
func (s *Store) Sites(ctx context.Context, partner int64) ([]*store.Site, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) ([]*store.Site, error) { return sites(ctx, c, partner) })
}

// Key implements [store.Configuration].
func (s *Store) Key(ctx context.Context, userKey string) (*store.Key, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) (*store.Key, error) { return getKey(ctx, c, userKey) })
}

// Keys implements [store.Configuration].
func (s *Store) Keys(ctx context.Context, partner int64) ([]*store.Key, error) {
	return point(ctx, s, func(ctx context.Context, c *conn) ([]*store.Key, error) { return keys(ctx, c, partner) })
}

// SigningKeys implements [store.Configuration].
func (s *Store) SigningKeys(ctx context.Context) ([]*store.SigningKey, error) {
	return point(ctx, s, signingKeys)
}
