package faulty

import (
	"context"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// tx is a transaction whose calls meet the plan of the change.
type tx struct {
	inner store.Tx
	ctx   context.Context
	plan  *Plan
}

var _ store.Tx = (*tx)(nil)

func inTx[T any](t *tx, name string, call func() (T, error)) (T, error) {
	if err := t.plan.meet(t.ctx, name); err != nil {
		var none T
		return none, err
	}
	return call()
}

func (t *tx) do(name string, call func() error) error {
	if err := t.plan.meet(t.ctx, name); err != nil {
		return err
	}
	return call()
}

// Expect implements [store.Tx].
func (t *tx) Expect(group string, uids []string, ids []store.Identifier) error {
	return t.do("Tx.Expect", func() error { return t.inner.Expect(group, uids, ids) })
}

// Account implements [store.Tx].
func (t *tx) Account(group, uid string) (*store.Account, error) {
	return inTx(t, "Tx.Account", func() (*store.Account, error) { return t.inner.Account(group, uid) })
}

// PutAccount implements [store.Tx].
func (t *tx) PutAccount(a *store.Account) error {
	return t.do("Tx.PutAccount", func() error { return t.inner.PutAccount(a) })
}

// DeleteAccount implements [store.Tx].
func (t *tx) DeleteAccount(group, uid string) error {
	return t.do("Tx.DeleteAccount", func() error { return t.inner.DeleteAccount(group, uid) })
}

// Owner implements [store.Tx].
func (t *tx) Owner(group string, id store.Identifier) (string, error) {
	return inTx(t, "Tx.Owner", func() (string, error) { return t.inner.Owner(group, id) })
}

// ClaimIdentifier implements [store.Tx].
func (t *tx) ClaimIdentifier(group string, id store.Identifier, uid string) error {
	return t.do("Tx.ClaimIdentifier", func() error { return t.inner.ClaimIdentifier(group, id, uid) })
}

// ReleaseIdentifier implements [store.Tx].
func (t *tx) ReleaseIdentifier(group string, id store.Identifier, uid string) error {
	return t.do("Tx.ReleaseIdentifier", func() error { return t.inner.ReleaseIdentifier(group, id, uid) })
}

// Session implements [store.Tx].
func (t *tx) Session(group, uid string, hash store.Hash) (*store.Session, error) {
	return inTx(t, "Tx.Session", func() (*store.Session, error) { return t.inner.Session(group, uid, hash) })
}

// PutSession implements [store.Tx].
func (t *tx) PutSession(s *store.Session) error {
	return t.do("Tx.PutSession", func() error { return t.inner.PutSession(s) })
}

// DeleteSession implements [store.Tx].
func (t *tx) DeleteSession(group, uid string, hash store.Hash) error {
	return t.do("Tx.DeleteSession", func() error { return t.inner.DeleteSession(group, uid, hash) })
}

// DeleteSessions implements [store.Tx].
func (t *tx) DeleteSessions(group, uid string, except store.Hash) (int, error) {
	return inTx(t, "Tx.DeleteSessions", func() (int, error) { return t.inner.DeleteSessions(group, uid, except) })
}

// LimitSessions implements [store.Tx].
func (t *tx) LimitSessions(group, uid string, newest store.Hash, keep int, now clock.Millis) (int, error) {
	return inTx(t, "Tx.LimitSessions", func() (int, error) { return t.inner.LimitSessions(group, uid, newest, keep, now) })
}

// UseOnce implements [store.Tx].
func (t *tx) UseOnce(space string, hash store.Hash, now, until clock.Millis) error {
	return t.do("Tx.UseOnce", func() error { return t.inner.UseOnce(space, hash, now, until) })
}

// PutPartner implements [store.Tx].
func (t *tx) PutPartner(p *store.Partner) error {
	return t.do("Tx.PutPartner", func() error { return t.inner.PutPartner(p) })
}

// PutSite implements [store.Tx].
func (t *tx) PutSite(s *store.Site) error {
	return t.do("Tx.PutSite", func() error { return t.inner.PutSite(s) })
}

// PutKey implements [store.Tx].
func (t *tx) PutKey(k *store.Key) error {
	return t.do("Tx.PutKey", func() error { return t.inner.PutKey(k) })
}

// PutSigningKey implements [store.Tx].
func (t *tx) PutSigningKey(k *store.SigningKey) error {
	return t.do("Tx.PutSigningKey", func() error { return t.inner.PutSigningKey(k) })
}

// DeleteSigningKey implements [store.Tx].
func (t *tx) DeleteSigningKey(id string) error {
	return t.do("Tx.DeleteSigningKey", func() error { return t.inner.DeleteSigningKey(id) })
}

// Site implements [store.Tx].
func (t *tx) Site(apiKey string) (*store.Site, error) {
	return inTx(t, "Tx.Site", func() (*store.Site, error) { return t.inner.Site(apiKey) })
}

// Sites implements [store.Tx].
func (t *tx) Sites(partner int64) ([]*store.Site, error) {
	return inTx(t, "Tx.Sites", func() ([]*store.Site, error) { return t.inner.Sites(partner) })
}

// Partner implements [store.Tx].
func (t *tx) Partner(id int64) (*store.Partner, error) {
	return inTx(t, "Tx.Partner", func() (*store.Partner, error) { return t.inner.Partner(id) })
}

// Key implements [store.Tx].
func (t *tx) Key(userKey string) (*store.Key, error) {
	return inTx(t, "Tx.Key", func() (*store.Key, error) { return t.inner.Key(userKey) })
}

// Keys implements [store.Tx].
func (t *tx) Keys(partner int64) ([]*store.Key, error) {
	return inTx(t, "Tx.Keys", func() ([]*store.Key, error) { return t.inner.Keys(partner) })
}

// ConfigObject implements [store.Tx].
func (t *tx) ConfigObject(owner, kind, name string) (*store.ConfigObject, error) {
	return inTx(t, "Tx.ConfigObject", func() (*store.ConfigObject, error) { return t.inner.ConfigObject(owner, kind, name) })
}

// ConfigObjects implements [store.Tx].
func (t *tx) ConfigObjects(owner, kind string) ([]*store.ConfigObject, error) {
	return inTx(t, "Tx.ConfigObjects", func() ([]*store.ConfigObject, error) { return t.inner.ConfigObjects(owner, kind) })
}

// PutConfigObject implements [store.Tx].
func (t *tx) PutConfigObject(o *store.ConfigObject) error {
	return t.do("Tx.PutConfigObject", func() error { return t.inner.PutConfigObject(o) })
}

// DeleteConfigObject implements [store.Tx].
func (t *tx) DeleteConfigObject(owner, kind, name string) error {
	return t.do("Tx.DeleteConfigObject", func() error { return t.inner.DeleteConfigObject(owner, kind, name) })
}

// SigningKeys implements [store.Tx].
func (t *tx) SigningKeys() ([]*store.SigningKey, error) {
	return inTx(t, "Tx.SigningKeys", func() ([]*store.SigningKey, error) { return t.inner.SigningKeys() })
}

// AppendAudit implements [store.Tx].
func (t *tx) AppendAudit(r *store.Audit) error {
	return t.do("Tx.AppendAudit", func() error { return t.inner.AppendAudit(r) })
}
