package transfer_test

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/transfer"
)

// memory is as much of a store as an import needs, for one goroutine: a database would leave the fuzzer little time.
// What an import must not use is nil.
type memory struct {
	store.Store
	version  int64
	partner  store.Partner
	site     store.Site
	accounts map[string]store.Account
	owners   map[owned]string
	data     data
}

// memoryTx is a transaction on a copy.
type memoryTx struct {
	store.Tx
	memory *memory
}

func (m *memory) Change(_ context.Context, fn func(tx store.Tx) error) error {
	next := *m
	next.accounts, next.owners, next.data = maps.Clone(m.accounts), maps.Clone(m.owners), m.data.clone()
	if err := fn(memoryTx{memory: &next}); err != nil {
		return err
	}
	*m = next
	return nil
}

func (m *memory) ConfigVersion(context.Context) (int64, error) { return m.version, nil }
func (m *memory) Partner(context.Context, int64) (*store.Partner, error) {
	p := m.partner
	return &p, nil
}
func (m *memory) Site(context.Context, string) (*store.Site, error) { s := m.site; return &s, nil }
func (m *memory) SearchAccounts(_ context.Context, s store.Search, each func(*store.Account, []query.Value) error) (int64, error) {
	n := 0
	for _, uid := range slices.Sorted(maps.Keys(m.accounts)) {
		a := m.accounts[uid]
		if a.Group != s.Group || s.After != nil && a.UID <= s.After.UID || n == s.Limit {
			continue
		}
		n++
		if err := each(&a, nil); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func (tx memoryTx) Site(string) (*store.Site, error) { s := tx.memory.site; return &s, nil }

func (tx memoryTx) PutSite(s *store.Site) error {
	tx.memory.site = *s
	tx.memory.version++
	return nil
}

func (tx memoryTx) Account(group, uid string) (*store.Account, error) {
	a, ok := tx.memory.accounts[group+" "+uid]
	if !ok {
		return nil, store.ErrNotFound
	}
	return &a, nil
}

func (tx memoryTx) PutAccount(a *store.Account) error {
	key := a.Group + " " + a.UID
	if _, ok := tx.memory.accounts[key]; ok && a.Rev == 0 {
		return store.ErrExists
	}
	a.Rev++
	tx.memory.accounts[key] = *a
	return nil
}

// owned is an identifier of a group.
type owned struct {
	group string
	id    store.Identifier
}

func (tx memoryTx) Owner(group string, id store.Identifier) (string, error) {
	uid, ok := tx.memory.owners[owned{group, id}]
	if !ok {
		return "", store.ErrNotFound
	}
	return uid, nil
}

func (tx memoryTx) ClaimIdentifier(group string, id store.Identifier, uid string) error {
	if owner, ok := tx.memory.owners[owned{group, id}]; ok && owner != uid {
		return &store.TakenError{Identifier: id, UID: owner}
	}
	tx.memory.owners[owned{group, id}] = uid
	return nil
}

func (tx memoryTx) ReleaseIdentifier(group string, id store.Identifier, uid string) error {
	if tx.memory.owners[owned{group, id}] == uid {
		delete(tx.memory.owners, owned{group, id})
	}
	return nil
}

// newMemory makes a site that lives in memory alone.
func newMemory(t testing.TB) target {
	sealer, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	fake := clock.NewFake(now)
	factory := site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: fake}
	partner, _, err := factory.NewPartner("p")
	if err != nil {
		t.Fatal(err)
	}
	record, err := factory.NewSite(site.SiteOptions{Partner: partner.ID, BaseDomain: "example.com", DataCenter: "us1"})
	if err != nil {
		t.Fatal(err)
	}
	record.Policies = []byte(userNames)
	m := &memory{partner: *partner, site: *record, accounts: map[string]store.Account{}, owners: map[owned]string{},
		data: data{map[string]store.DataType{}, map[heldAt]store.DataObject{}}}
	return target{t: t, Importer: &transfer.Importer{
		Store: m, Sites: site.NewDirectory(m, sealer), APIKey: record.APIKey, Clock: fake, Rand: rand.Reader,
		Passwords: password.New(password.Options{Params: password.Params{Memory: 8, Time: 1, Threads: 1}, Rand: rand.Reader}),
	}}
}
