package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// logged reads records without their places in chains.
func logged(t *testing.T, s store.Store, q store.AuditQuery) (all []*store.Audit, serials []string) {
	t.Helper()
	must(t, s.Audits(t.Context(), q, func(a *store.Audit, serial string) error {
		a.Link = store.AuditLink{}
		all, serials = append(all, a), append(serials, serial)
		return nil
	}))
	return all, serials
}

func calls(all []*store.Audit) (ids []string) {
	for _, a := range all {
		ids = append(ids, a.CallID)
	}
	return ids
}

// wantChains looks at every record of every chain and returns the names of the chains and the number of the records.
func wantChains(t *testing.T, s store.Store, key []byte) (names []string, records int) {
	t.Helper()
	chains, err := s.AuditChains(t.Context())
	must(t, err)
	for _, chain := range chains {
		if !chain.Signed(key) {
			t.Errorf("chain %s is not signed", chain.Name)
		}
		names = append(names, chain.Name)
		number, last := chain.Removed, chain.RemovedMAC
		must(t, s.ChainAudits(t.Context(), chain.Name, 0, math.MaxInt32, func(a *store.Audit) error {
			number++
			if a.Link.Chain != chain.Name || a.Link.Number != number || a.Link.Prev != last || a.Link.MAC != store.AuditMAC(key, a) {
				t.Errorf("record %d of %s: %+v", number, chain.Name, a.Link)
			}
			if a.Partner != chain.Partner {
				t.Errorf("record %d of partner %d is in a chain of partner %d", number, a.Partner, chain.Partner)
			}
			last = a.Link.MAC
			records++
			return nil
		}))
		if chain.Head > number || chain.Head == number && chain.HeadMAC != last {
			t.Errorf("chain %s ends at %d, its head is %d", chain.Name, number, chain.Head)
		}
	}
	return names, records
}

var auditTests = []test{
	{"audit records come back newest first, by site, up to the limit", func(t *testing.T, s store.Store) {
		var want []*store.Audit
		for i := range 10 {
			a := &store.Audit{Time: now + 5, CallID: uid(i), APIKey: "a", Partner: 3, Method: "accounts.login", ErrorCode: 403042,
				UserKey: "Akey", UID: "u", Record: json.RawMessage(`{"callID":"x"}`)}
			other := *a
			other.APIKey = "b"
			change(t, s, func(tx store.Tx) error { return errors.Join(tx.AppendAudit(a), tx.AppendAudit(&other)) })
			want = append([]*store.Audit{a}, want...)
		}
		q := store.AuditQuery{Log: "a", Newest: true, Limit: 4}
		got, _ := logged(t, s, q)
		same(t, got, want[:4])
		wantError(t, s.Audits(t.Context(), q, func(*store.Audit, string) error { return errRefused }), errRefused)
		must(t, s.Audits(t.Context(), store.AuditQuery{Log: "a"}, func(*store.Audit, string) error { return errRefused }))
		logs, err := s.AuditLogs(t.Context())
		must(t, err)
		same(t, logs, []string{"a", "b"})
	}},
	{"audit records are found by what they are about", auditFound},
	{"pages of audit records go on where they ended, in both directions", auditPages},
	{"the records of a process are a chain, whatever changes fail in between", auditChain},
	{"changes that come at once share no place in a chain", auditRace},
	{"swept chains begin behind what was removed", auditSwept},
	{"retention ends chains of another key, and signs nothing for them", auditSweptUnchecked},
	{"a chain that begins beside the listing is listed with what is known of it", auditListed},
	{"a chain under another key is not continued", func(t *testing.T, s store.Store) {
		one := func(tx store.Tx) error { return tx.AppendAudit(&store.Audit{APIKey: "a"}) }
		must(t, s.SealAudits(t.Context(), []byte("first")))
		change(t, s, one)
		must(t, s.SealAudits(t.Context(), []byte("first")))
		change(t, s, one)
		if names, n := wantChains(t, s, []byte("first")); len(names) != 1 || n != 2 {
			t.Errorf("%d records in %q", n, names)
		}
		must(t, s.SealAudits(t.Context(), []byte("second")))
		change(t, s, one)
		chains, err := s.AuditChains(t.Context())
		must(t, err)
		if len(chains) != 2 {
			t.Errorf("%d chains", len(chains))
		}
	}},
}

func auditFound(t *testing.T, s store.Store) {
	change(t, s, func(tx store.Tx) error {
		var errs []error
		for i := range 60 {
			errs = append(errs, tx.AppendAudit(&store.Audit{
				Time: now + clock.Millis(i/2), CallID: fmt.Sprint(i), APIKey: []string{"a", store.OwnerOfPartner(1)}[i/40],
				UID: []string{"", "u1", "u2"}[i%3], UserKey: []string{"", "k1"}[i%2], Method: []string{"accounts.setAccountInfo", "ds.store"}[i%2],
			}))
		}
		return errors.Join(errs...)
	})
	for name, tt := range map[string]struct {
		q    store.AuditQuery
		want int
	}{
		"a log":                {store.AuditQuery{Log: "a"}, 40},
		"that of a partner":    {store.AuditQuery{Log: "partner:1"}, 20},
		"one that is not":      {store.AuditQuery{Log: "z"}, 0},
		"an account":           {store.AuditQuery{Log: "a", UID: "u1"}, 13},
		"a key":                {store.AuditQuery{Log: "a", UserKey: "k1"}, 20},
		"a method in any case": {store.AuditQuery{Log: "a", Method: "accounts.SETaccountinfo"}, 20},
		"all of them":          {store.AuditQuery{Log: "a", UID: "u1", UserKey: "k1", Method: "ds.store"}, 7},
		"times":                {store.AuditQuery{Log: "a", From: now + 5, Until: now + 9}, 10},
		"times of an account":  {store.AuditQuery{Log: "a", UID: "u1", From: now + 5, Until: now + 9}, 4},
		"text that is no SQL":  {store.AuditQuery{Log: "a' OR 1=1 --", UID: "'"}, 0},
	} {
		q := tt.q
		q.Limit = 100
		got, _ := logged(t, s, q)
		n, err := s.CountAudits(t.Context(), tt.q)
		must(t, err)
		if len(got) != tt.want || n != int64(tt.want) {
			t.Errorf("%s: %d records and a count of %d, want %d", name, len(got), n, tt.want)
		}
		q.Newest = true
		newest, _ := logged(t, s, q)
		slices.Reverse(newest)
		same(t, newest, got)
	}
}

func auditPages(t *testing.T, s store.Store) {
	for i := range 30 {
		change(t, s, func(tx store.Tx) error {
			return tx.AppendAudit(&store.Audit{Time: now + clock.Millis(i/7), CallID: fmt.Sprint(i), APIKey: "a", UID: "u", UserKey: "k", Method: "m"})
		})
	}
	for _, q := range []store.AuditQuery{{}, {UID: "u"}, {UserKey: "k"}, {Method: "M"}, {From: now + 1, Until: now + 3}} {
		for _, newest := range []bool{false, true} {
			q.Log, q.Newest, q.Limit, q.Start = "a", newest, 100, store.AuditPlace{}
			want, _ := logged(t, s, q)
			var got []*store.Audit
			q.Limit = 4
			for {
				page, serials := logged(t, s, q)
				if q.Start.Serial != "" {
					if len(page) == 0 || serials[0] != q.Start.Serial {
						t.Fatalf("the page does not begin with the record that it starts at")
					}
					page, serials = page[1:], serials[1:]
				}
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				q.Start = store.AuditPlace{Time: page[len(page)-1].Time, Serial: serials[len(page)-1]}
			}
			same(t, calls(got), calls(want))
		}
	}
}

func auditChain(t *testing.T, s store.Store) {
	key := []byte("key of the chains")
	must(t, s.SealAudits(t.Context(), key))
	odd := "\xff\x00 odd"
	for i := range 20 {
		partner := int64(i%2 + 1)
		change(t, s, func(tx store.Tx) error {
			return errors.Join(
				tx.AppendAudit(&store.Audit{Time: now, APIKey: "a", Partner: partner, CallID: fmt.Sprint(i, odd), Record: json.RawMessage(`{"a":1}`)}),
				tx.AppendAudit(&store.Audit{Time: now + 1, APIKey: "b", Partner: partner}))
		})
		wantError(t, s.Change(t.Context(), func(tx store.Tx) error {
			return errors.Join(tx.AppendAudit(&store.Audit{APIKey: "gone", Partner: partner}), errRefused)
		}), errRefused)
		if i == 10 {
			must(t, s.CheckpointAudits(t.Context()))
		}
	}
	names, n := wantChains(t, s, key)
	if len(names) != 2 || n != 40 {
		t.Errorf("%d records in the chains %q, want 40 in one for each partner", n, names)
	}
	chains, err := s.AuditChains(t.Context())
	must(t, err)
	for _, chain := range chains {
		if chain.Head == 0 {
			t.Errorf("chain %s of 20 was last looked at behind %d", chain.Name, chain.Head)
		}
	}
	// A day later another chain begins.
	change(t, s, func(tx store.Tx) error {
		return tx.AppendAudit(&store.Audit{Time: now.Add(25 * time.Hour), APIKey: "a", Partner: 1})
	})
	if names, _ := wantChains(t, s, key); len(names) != 3 {
		t.Errorf("chains %q", names)
	}
	must(t, s.CheckpointAudits(t.Context()))
	wantChains(t, s, key)
	// All of the one before is noted too: its last records cannot be cut off unseen.
	chains, err = s.AuditChains(t.Context())
	must(t, err)
	for _, chain := range chains {
		last := int64(0)
		must(t, s.ChainAudits(t.Context(), chain.Name, 0, 100, func(a *store.Audit) error { last = a.Link.Number; return nil }))
		if chain.Head != last || last == 0 {
			t.Errorf("chain %s goes to %d, and was noted to %d", chain.Name, last, chain.Head)
		}
	}
}

func auditRace(t *testing.T, s store.Store) {
	key := []byte("key")
	must(t, s.SealAudits(t.Context(), key))
	change(t, s, func(tx store.Tx) error { return tx.PutAccount(bare("counted")) })
	var mu sync.Mutex
	refused := 0
	must(t, errors.Join(together(16, func(i int) error {
		for n := range 10 {
			// All write to one account, so that some are run again; some fail by themselves.
			err := s.Change(t.Context(), func(tx store.Tx) error {
				a, err := tx.Account(group, "counted")
				if err != nil {
					return err
				}
				if err := errors.Join(tx.PutAccount(a), tx.AppendAudit(&store.Audit{Time: now, APIKey: "a", Partner: int64(n % 2)})); err != nil {
					return err
				}
				if n%5 == i%5 {
					return errRefused
				}
				return nil
			})
			if errors.Is(err, errRefused) {
				mu.Lock()
				refused++
				mu.Unlock()
				continue
			}
			if err != nil {
				return err
			}
		}
		return s.CheckpointAudits(t.Context())
	})...))
	if _, n := wantChains(t, s, key); n != 160-refused {
		t.Errorf("%d records, want %d", n, 160-refused)
	}
}

// auditSweptUnchecked: that a chain cannot be checked is no reason to keep what its records say of people.
func auditSweptUnchecked(t *testing.T, s store.Store) {
	must(t, s.SealAudits(t.Context(), []byte("lost")))
	for i := range 6 {
		change(t, s, func(tx store.Tx) error {
			return tx.AppendAudit(&store.Audit{Time: now + clock.Millis(i), APIKey: "a", Partner: 1, CallID: fmt.Sprint(i)})
		})
	}
	must(t, s.SealAudits(t.Context(), []byte("key")))
	only := func() *store.AuditChain {
		t.Helper()
		chains, err := s.AuditChains(t.Context())
		must(t, err)
		if len(chains) != 1 {
			t.Fatalf("%d chains", len(chains))
		}
		return chains[0]
	}
	before := only()
	for _, step := range []struct {
		before      clock.Millis
		limit, want int
	}{{now, 10, 0}, {now + 3, 2, 2}, {now + 3, 10, 1}, {now + 3, 10, 0}, {now + 100, 10, 3}, {now + 100, 10, 0}} {
		if got, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: 1, Before: step.before, Limit: step.limit}); got != step.want || err != nil {
			t.Errorf("before now+%d: %d were swept, %v; want %d", step.before-now, got, err, step.want)
		}
		same(t, only(), before)
	}
	// It is left in peace then: it has nothing that could be looked for again and again.
	n, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: 1, Before: now.Add(72 * time.Hour), Limit: 10})
	must(t, err)
	if after := only(); n != 0 || !after.Ended || after.Seal != before.Seal || after.Signed([]byte("key")) {
		t.Errorf("%d were swept, the chain is %+v", n, after)
	}
}

func auditListed(t *testing.T, s store.Store) {
	var done atomic.Bool
	must(t, errors.Join(together(2, func(i int) error {
		if i == 0 {
			defer done.Store(true)
			for partner := range int64(200) {
				if err := s.Change(t.Context(), func(tx store.Tx) error { return tx.AppendAudit(&store.Audit{Time: now, APIKey: "a", Partner: partner}) }); err != nil {
					return err
				}
			}
			return nil
		}
		for !done.Load() {
			chains, err := s.AuditChains(t.Context())
			if err != nil {
				return err
			}
			for _, chain := range chains {
				if chain.Seal == (store.Hash{}) {
					return fmt.Errorf("of chain %s nothing is known", chain.Name)
				}
			}
		}
		return nil
	})...))
}

func auditSwept(t *testing.T, s store.Store) {
	key := []byte("key")
	must(t, s.SealAudits(t.Context(), key))
	for i := range 30 {
		change(t, s, func(tx store.Tx) error {
			return tx.AppendAudit(&store.Audit{Time: now + clock.Millis(i), APIKey: "a", Partner: int64(i%2 + 1), CallID: fmt.Sprint(i)})
		})
	}
	must(t, s.CheckpointAudits(t.Context()))
	sweepOf := func(partner int64, before clock.Millis, limit, want int) {
		t.Helper()
		n, err := s.Sweep(t.Context(), store.Sweep{Kind: store.SweptAudits, Partner: partner, Before: before, Limit: limit})
		must(t, err)
		if n != want {
			t.Errorf("%d records of partner %d were swept, want %d", n, partner, want)
		}
	}
	sweepOf(1, now+20, 4, 4)
	wantChains(t, s, key)
	sweepOf(1, now+20, 100, 6)
	sweepOf(1, now+20, 100, 0)
	sweepOf(3, now+20, 100, 0)
	if _, n := wantChains(t, s, key); n != 20 {
		t.Errorf("%d records are left, want 20", n)
	}
	sweepOf(1, now+100, 100, 5)
	sweepOf(1, now.Add(72*time.Hour), 100, 0)
	chains, err := s.AuditChains(t.Context())
	must(t, err)
	for _, chain := range chains {
		if want := chain.Partner == 1; chain.Ended != want {
			t.Errorf("chain of partner %d: ended %t, want %t", chain.Partner, chain.Ended, want)
		}
	}
	if names, n := wantChains(t, s, key); len(names) != 2 || n != 15 {
		t.Errorf("%d records in %q", n, names)
	}
	// What goes on behind a sweep is linked to what was removed.
	change(t, s, func(tx store.Tx) error { return tx.AppendAudit(&store.Audit{Time: now + 200, APIKey: "a", Partner: 2}) })
	wantChains(t, s, key)
}
