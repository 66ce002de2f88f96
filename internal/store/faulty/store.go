package faulty

import (
	"context"
	"sync/atomic"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// Store is a store whose calls meet the plans of their contexts. It is safe for concurrent use.
type Store struct {
	inner store.Store
	plan  atomic.Pointer[Plan]
}

var _ store.Store = (*Store)(nil)

// New wraps the store, which stays the caller's to close.
func New(inner store.Store) *Store { return &Store{inner: inner} }

// Default sets the plan of calls whose contexts have none; nil: they meet none.
func (s *Store) Default(p *Plan) { s.plan.Store(p) }

func (s *Store) of(ctx context.Context) *Plan {
	if p, ok := ctx.Value(planKey{}).(*Plan); ok {
		return p
	}
	return s.plan.Load()
}

func (s *Store) meet(ctx context.Context, name string) error { return s.of(ctx).meet(ctx, name) }

// read is a call that returns one value.
func read[T any](ctx context.Context, s *Store, name string, call func() (T, error)) (T, error) {
	if err := s.meet(ctx, name); err != nil {
		var none T
		return none, err
	}
	return call()
}

// Change implements [store.Store].
func (s *Store) Change(ctx context.Context, fn func(tx store.Tx) error) error {
	if err := s.meet(ctx, "Change"); err != nil {
		return err
	}
	plan := s.of(ctx)
	var failed func() error
	return s.inner.Change(ctx, func(inner store.Tx) error {
		// A driver may run the function again: what has failed by the plan fails again.
		if failed != nil {
			return failed()
		}
		before := plan.Fired()
		panicked := true
		var err error
		defer func() {
			switch {
			case plan.Fired() == before:
			case panicked:
				failed = func() error { panic(plan.Panic) }
			case err != nil:
				failed = func() error { return err }
			}
		}()
		if err = fn(&tx{inner: inner, ctx: ctx, plan: plan}); err == nil {
			err = plan.meet(ctx, "Tx.Commit")
		}
		panicked = false
		return err
	})
}

// Sweep implements [store.Store].
func (s *Store) Sweep(ctx context.Context, what store.Sweep) (int, error) {
	return read(ctx, s, "Sweep", func() (int, error) { return s.inner.Sweep(ctx, what) })
}

// Ready implements [store.Store].
func (s *Store) Ready(ctx context.Context) error {
	if err := s.meet(ctx, "Ready"); err != nil {
		return err
	}
	return s.inner.Ready(ctx)
}

// Backup implements [store.Store].
func (s *Store) Backup(ctx context.Context, file string) error {
	if err := s.meet(ctx, "Backup"); err != nil {
		return err
	}
	return s.inner.Backup(ctx, file)
}

// Close closes the wrapped store.
func (s *Store) Close() error { return s.inner.Close() }

// Account implements [store.Reader].
func (s *Store) Account(ctx context.Context, group, uid string) (*store.Account, error) {
	return read(ctx, s, "Account", func() (*store.Account, error) { return s.inner.Account(ctx, group, uid) })
}

// Owner implements [store.Reader].
func (s *Store) Owner(ctx context.Context, group string, id store.Identifier) (string, error) {
	return read(ctx, s, "Owner", func() (string, error) { return s.inner.Owner(ctx, group, id) })
}

// Session implements [store.Reader].
func (s *Store) Session(ctx context.Context, group, uid string, hash store.Hash) (*store.Session, error) {
	return read(ctx, s, "Session", func() (*store.Session, error) { return s.inner.Session(ctx, group, uid, hash) })
}

// Marked implements [store.Reader].
func (s *Store) Marked(ctx context.Context, space string, hash store.Hash, now clock.Millis) (bool, error) {
	return read(ctx, s, "Marked", func() (bool, error) { return s.inner.Marked(ctx, space, hash, now) })
}

// ConfigVersion implements [store.Configuration].
func (s *Store) ConfigVersion(ctx context.Context) (int64, error) {
	return read(ctx, s, "ConfigVersion", func() (int64, error) { return s.inner.ConfigVersion(ctx) })
}

// Partner implements [store.Configuration].
func (s *Store) Partner(ctx context.Context, id int64) (*store.Partner, error) {
	return read(ctx, s, "Partner", func() (*store.Partner, error) { return s.inner.Partner(ctx, id) })
}

// Partners implements [store.Configuration].
func (s *Store) Partners(ctx context.Context) ([]*store.Partner, error) {
	return read(ctx, s, "Partners", func() ([]*store.Partner, error) { return s.inner.Partners(ctx) })
}

// Site implements [store.Configuration].
func (s *Store) Site(ctx context.Context, apiKey string) (*store.Site, error) {
	return read(ctx, s, "Site", func() (*store.Site, error) { return s.inner.Site(ctx, apiKey) })
}

// Sites implements [store.Configuration].
func (s *Store) Sites(ctx context.Context, partner int64) ([]*store.Site, error) {
	return read(ctx, s, "Sites", func() ([]*store.Site, error) { return s.inner.Sites(ctx, partner) })
}

// Key implements [store.Configuration].
func (s *Store) Key(ctx context.Context, userKey string) (*store.Key, error) {
	return read(ctx, s, "Key", func() (*store.Key, error) { return s.inner.Key(ctx, userKey) })
}

// Keys implements [store.Configuration].
func (s *Store) Keys(ctx context.Context, partner int64) ([]*store.Key, error) {
	return read(ctx, s, "Keys", func() ([]*store.Key, error) { return s.inner.Keys(ctx, partner) })
}

// SigningKeys implements [store.Configuration].
func (s *Store) SigningKeys(ctx context.Context) ([]*store.SigningKey, error) {
	return read(ctx, s, "SigningKeys", func() ([]*store.SigningKey, error) { return s.inner.SigningKeys(ctx) })
}

// ConfigObject implements [store.Configuration].
func (s *Store) ConfigObject(ctx context.Context, owner, kind, name string) (*store.ConfigObject, error) {
	return read(ctx, s, "ConfigObject", func() (*store.ConfigObject, error) { return s.inner.ConfigObject(ctx, owner, kind, name) })
}

// ConfigObjects implements [store.Configuration].
func (s *Store) ConfigObjects(ctx context.Context, owner, kind string) ([]*store.ConfigObject, error) {
	return read(ctx, s, "ConfigObjects", func() ([]*store.ConfigObject, error) { return s.inner.ConfigObjects(ctx, owner, kind) })
}

// ClaimNonce implements [store.Replay].
func (s *Store) ClaimNonce(ctx context.Context, owner string, nonce store.Hash, now, until clock.Millis) (bool, error) {
	return read(ctx, s, "ClaimNonce", func() (bool, error) { return s.inner.ClaimNonce(ctx, owner, nonce, now, until) })
}

// SearchAccounts implements [store.Searcher].
func (s *Store) SearchAccounts(ctx context.Context, q store.Search, each func(*store.Account, []query.Value) error) (int64, error) {
	return read(ctx, s, "SearchAccounts", func() (int64, error) { return s.inner.SearchAccounts(ctx, q, each) })
}

// AccountValues implements [store.Searcher].
func (s *Store) AccountValues(ctx context.Context, group string, where query.Expr, fields []query.Path, each func([]query.Value) error) error {
	if err := s.meet(ctx, "AccountValues"); err != nil {
		return err
	}
	return s.inner.AccountValues(ctx, group, where, fields, each)
}

// ExplainSearch implements [store.Searcher].
func (s *Store) ExplainSearch(ctx context.Context, q store.Search) (store.Explanation, error) {
	return read(ctx, s, "ExplainSearch", func() (store.Explanation, error) { return s.inner.ExplainSearch(ctx, q) })
}
