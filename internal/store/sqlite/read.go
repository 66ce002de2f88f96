package sqlite

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// point runs a short read on a reader's connection. It is not interrupted: it is over in microseconds.
func point[T any](ctx context.Context, s *Store, fn func(c *sqlite.Conn) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	c, err := s.readers.take(ctx)
	if err != nil {
		return none, err
	}
	defer s.readers.give(c)
	return fn(c.Conn)
}

// scan runs a read that may take long on a searcher's connection. The end of ctx interrupts it.
func (s *Store) scan(ctx context.Context, fn func(c *conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := s.searchers.take(ctx)
	if err != nil {
		return err
	}
	defer s.searchers.give(c)
	c.SetInterrupt(ctx.Done())
	defer c.quiet()
	return stopped(ctx, fn(c))
}

// quiet ends what the connection may be in the middle of.
func (c *conn) quiet() {
	// Only what is not interrupted can end the transaction. If that fails, the connection cannot be used any more: the next
	// search on it says why.
	c.SetInterrupt(nil)
	if !c.AutocommitEnabled() {
		_, _ = exec(c.Conn, "ROLLBACK", noParameters)
	}
}

// Account implements [store.Reader].
func (s *Store) Account(ctx context.Context, group, uid string) (*store.Account, error) {
	return s.accounts.account(group, uid, func() (*store.Account, error) {
		return point(ctx, s, func(c *sqlite.Conn) (*store.Account, error) { return getAccount(c, group, uid) })
	})
}

// Owner implements [store.Reader].
func (s *Store) Owner(ctx context.Context, group string, id store.Identifier) (string, error) {
	return point(ctx, s, func(c *sqlite.Conn) (string, error) { return getOwner(c, group, id) })
}

// Session implements [store.Reader].
func (s *Store) Session(ctx context.Context, group, uid string, hash store.Hash) (*store.Session, error) {
	return point(ctx, s, func(c *sqlite.Conn) (*store.Session, error) { return getSession(c, group, uid, hash) })
}

// Marked implements [store.Reader].
func (s *Store) Marked(ctx context.Context, space string, hash store.Hash, now clock.Millis) (bool, error) {
	return point(ctx, s, func(c *sqlite.Conn) (bool, error) { return marked(c, space, hash, now) })
}

// ConfigVersion implements [store.Configuration].
func (s *Store) ConfigVersion(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return s.config.version(func() (int64, error) { return point(ctx, s, configVersion) })
}

// Partner implements [store.Configuration].
func (s *Store) Partner(ctx context.Context, id int64) (*store.Partner, error) {
	return point(ctx, s, func(c *sqlite.Conn) (*store.Partner, error) { return getPartner(c, id) })
}

// Partners implements [store.Configuration].
func (s *Store) Partners(ctx context.Context) ([]*store.Partner, error) {
	return point(ctx, s, func(c *sqlite.Conn) ([]*store.Partner, error) {
		return records(c, sqlPartners, noParameters, scanPartner)
	})
}

// Site implements [store.Configuration].
func (s *Store) Site(ctx context.Context, apiKey string) (*store.Site, error) {
	return point(ctx, s, func(c *sqlite.Conn) (*store.Site, error) { return getSite(c, apiKey) })
}

// Sites implements [store.Configuration].
func (s *Store) Sites(ctx context.Context, partner int64) ([]*store.Site, error) {
	return point(ctx, s, func(c *sqlite.Conn) ([]*store.Site, error) { return sites(c, partner) })
}

// Key implements [store.Configuration].
func (s *Store) Key(ctx context.Context, userKey string) (*store.Key, error) {
	return point(ctx, s, func(c *sqlite.Conn) (*store.Key, error) { return getKey(c, userKey) })
}

// Keys implements [store.Configuration].
func (s *Store) Keys(ctx context.Context, partner int64) ([]*store.Key, error) {
	return point(ctx, s, func(c *sqlite.Conn) ([]*store.Key, error) { return keys(c, partner) })
}

// SigningKeys implements [store.Configuration].
func (s *Store) SigningKeys(ctx context.Context) ([]*store.SigningKey, error) {
	return point(ctx, s, signingKeys)
}

// Ready implements [store.Store]: it reads a row, and begins a change that writes nothing.
func (s *Store) Ready(ctx context.Context) error {
	if _, err := point(ctx, s, configVersion); err != nil {
		return fmt.Errorf("read the database: %w", err)
	}
	if err := s.Change(ctx, func(store.Tx) error { return nil }); err != nil {
		return fmt.Errorf("begin to write to the database: %w", err)
	}
	return nil
}
