package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// Movable is what every driver's store is.
type Movable interface {
	store.Store
	store.Mover
}

// RunMoves checks that what is dumped from one driver's store and loaded into another's is all there. Each function returns a new,
// empty store, whose clock stands at [Now], and closes it when t ends.
func RunMoves(t *testing.T, from, to func(t *testing.T) Movable) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, from, to Movable)
	}{
		{"a dump that is loaded is dumped again as it was", moveAll},
		{"what was loaded is found, and is as unique as before", moveFound},
		{"a dump goes on behind any record", moveCursor},
		{"a dump is of one moment", moveMoment},
		{"edits replace and remove, and values change hands", moveEdits},
		{"texts that cannot be kept are fitted beforehand", moveFit},
		{"only the latest run loads and finishes", moveRuns},
		{"what is not empty takes no copy", moveOccupied},
		{"changes of others are noticed", moveDisturbed},
		{"an error of the receiver and the end of its time stop a dump", moveEnds},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, from(t), to(t)) })
	}
}

// Dumped returns everything behind the place, and checks that the order is the one of the places.
func Dumped(t testing.TB, m store.Mover, after store.Place) []store.Record {
	t.Helper()
	var all []store.Record
	last := after
	err := m.Dump(t.Context(), after, func(r store.Record) error {
		if r.Place().Compare(last) <= 0 {
			return fmt.Errorf("%v comes behind %v", r.Place(), last)
		}
		last = r.Place()
		all = append(all, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// populate puts in records of every kind, and more of some than a driver reads at once.
func populate(t *testing.T, s store.Store) {
	Live(t, s, rand.New(rand.NewPCG(1, 2)), 400)
	change(t, s, func(tx store.Tx) error {
		for i := range 450 {
			if err := tx.AppendAudit(&store.Audit{Time: now + 3, APIKey: "4_a", CallID: fmt.Sprint(i)}); err != nil {
				return err
			}
			if err := tx.ClaimIdentifier(group, email(fmt.Sprint("many", i)), uid(1)); err != nil {
				return err
			}
		}
		return nil
	})
}

// loadAll loads records into an empty store.
func loadAll(t *testing.T, m store.Mover, all []store.Record) {
	t.Helper()
	must(t, m.BeginCopy(t.Context(), 7, 1))
	var edits []store.Edit
	for _, r := range all {
		e := store.Edit{New: r}
		if _, ok := r.(*store.Version); ok {
			e.Old = r
		}
		edits = append(edits, e)
	}
	for len(edits) > 0 {
		n := min(100, len(edits))
		must(t, m.Load(t.Context(), 1, edits[:n]))
		edits = edits[n:]
	}
}

// sameRecords compares dumps record by record.
func sameRecords(t *testing.T, got, want []store.Record) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) {
			t.Fatalf("%d records, want %d", len(got), len(want))
		}
		if !store.EqualRecords(got[i], want[i]) {
			same(t, got[i], want[i])
			t.Fatalf("record %d: %v, want %v", i, got[i].Place(), want[i].Place())
		}
	}
}

func moveAll(t *testing.T, from, to Movable) {
	populate(t, from)
	all := Dumped(t, from, store.Place{})
	kinds := map[store.RecordKind]int64{}
	for _, r := range all {
		n := int64(1)
		if m, ok := r.(*store.Moment); ok {
			n = int64(len(m.Audits))
		}
		kinds[r.Place().Kind] += n
	}
	for _, kind := range store.RecordKinds() {
		if kinds[kind] == 0 {
			t.Errorf("no %s were dumped", kind)
		}
	}
	for _, m := range []Movable{from, to} {
		if m == to {
			loadAll(t, to, all)
		}
		counts, err := m.Counts(t.Context())
		must(t, err)
		same(t, counts, kinds)
	}
	sameRecords(t, Dumped(t, to, store.Place{}), all)
}

// moveFound uses what was loaded through the usual calls.
func moveFound(t *testing.T, from, to Movable) {
	ctx := t.Context()
	a := full(uid(1))
	o := object("o", uid(1), `{"a":1}`, hash(5), hash(6))
	session := &store.Session{Group: group, UID: uid(1), Hash: hash(1), Site: group, Created: now, Provider: "site"}
	change(t, from, func(tx store.Tx) error {
		return errors.Join(tx.PutAccount(a), tx.ClaimIdentifier(group, email("zoe"), uid(1)), tx.PutSession(session), tx.PutDataObject(o),
			tx.UseOnce("s", hash(2), now, now+10), tx.PutPartner(&store.Partner{ID: 3, Created: now}))
	})
	for i := range 3 {
		change(t, from, func(tx store.Tx) error {
			return tx.AppendAudit(&store.Audit{APIKey: "4_a", Time: now, CallID: fmt.Sprint(i)})
		})
	}
	put(t, from, a)
	loadAll(t, to, Dumped(t, from, store.Place{}))
	must(t, to.FinishCopy(ctx, 1))

	// Drivers keep counts.
	total, err := to.SearchAccounts(ctx, store.Search{Group: group, Total: true}, nil)
	must(t, err)
	objects, err := to.DataCount(ctx, group, "t")
	must(t, err)
	if total != 1 || objects != 1 {
		t.Errorf("%d accounts and %d objects are counted", total, objects)
	}
	got := account(t, to, uid(1))
	same(t, got, a)
	if got.Rev != 2 {
		t.Errorf("revision %d", got.Rev)
	}
	owner, err := to.Owner(ctx, group, email("zoe"))
	must(t, err)
	s, err := to.Session(ctx, group, uid(1), hash(1))
	must(t, err)
	same(t, s, session)
	marked, err := to.Marked(ctx, "s", hash(2), now)
	must(t, err)
	if owner != uid(1) || !marked {
		t.Errorf("owner %q, marked %t", owner, marked)
	}
	var calls []string
	must(t, to.Audits(ctx, store.AuditQuery{Log: "4_a", Newest: true, Limit: 10}, func(a *store.Audit, _ string) error { calls = append(calls, a.CallID); return nil }))
	same(t, calls, []string{"2", "1", "0"})
	wantError(t, to.Change(ctx, func(tx store.Tx) error { return tx.PutDataObject(object("p", "", `{}`, hash(6))) }), store.ErrNotUnique)
	wantError(t, to.Change(ctx, func(tx store.Tx) error { return tx.UseOnce("s", hash(2), now, now+10) }), store.ErrUsed)
	// The revision is the one to go on from, and with the account all goes that it held.
	put(t, to, got)
	change(t, to, func(tx store.Tx) error { return tx.DeleteAccount(group, uid(1)) })
	change(t, to, func(tx store.Tx) error {
		return errors.Join(tx.ClaimIdentifier(group, email("zoe"), uid(2)), tx.PutDataObject(object("p", "", `{}`, hash(6))))
	})
}

func moveCursor(t *testing.T, from, _ Movable) {
	Live(t, from, rand.New(rand.NewPCG(3, 4)), 150)
	all := Dumped(t, from, store.Place{})
	for i := 0; i < len(all); i += 1 + len(all)/40 {
		sameRecords(t, Dumped(t, from, all[i].Place()), all[i+1:])
	}
	if rest := Dumped(t, from, all[len(all)-1].Place()); len(rest) != 0 {
		t.Errorf("behind the last: %d", len(rest))
	}
}

func moveMoment(t *testing.T, from, _ Movable) {
	populate(t, from)
	want := Dumped(t, from, store.Place{})
	var got []store.Record
	must(t, from.Dump(t.Context(), store.Place{}, func(r store.Record) error {
		if len(got) == 0 {
			change(t, from, func(tx store.Tx) error {
				return errors.Join(tx.PutAccount(bare("later")), tx.AppendAudit(&store.Audit{APIKey: "4_z", Time: now}), tx.PutPartner(&store.Partner{ID: 99}))
			})
		}
		got = append(got, r)
		return nil
	}))
	sameRecords(t, got, want)
}

func moveEdits(t *testing.T, _, to Movable) {
	one, two := object("a", "", `{}`, hash(1), hash(2)), object("b", "", `{}`, hash(3))
	mine := &store.OwnedIdentifier{Group: group, Identifier: email("x"), UID: uid(1)}
	audits := func(calls ...string) *store.Moment {
		m := &store.Moment{APIKey: "4_a", Time: now}
		for _, c := range calls {
			m.Audits = append(m.Audits, &store.Audit{APIKey: "4_a", Time: now, CallID: c})
		}
		return m
	}
	partners := []*store.Partner{{ID: 1, Name: "a"}, {ID: 1, Name: "b"}}
	sites := []*store.Site{{APIKey: "4_a", Group: "a"}, {APIKey: "4_a", Group: "b"}}
	keys := []*store.Key{{UserKey: "k"}, {UserKey: "k", Disabled: true}}
	objects := []*store.ConfigObject{acl("a", `{"n":1}`), acl("a", `{"n":2}`), acl("gone", `{}`)}
	signing := []*store.SigningKey{{ID: "kid", Private: store.Sealed{1}, Public: []byte{1}}, {ID: "kid", Private: store.Sealed{2}, Public: []byte{1}}}
	types := []*store.DataType{{Group: group, Name: "t", Rev: 1}, {Group: group, Name: "t", Rev: 2}}
	sessions := []*store.Session{{Group: group, UID: "u", Hash: hash(1)}, {Group: group, UID: "u", Hash: hash(1), Mobile: true}}
	marks := []*store.Mark{{Space: "s", Hash: hash(1), Until: 1}, {Space: "s", Hash: hash(1), Until: 2}}
	loadAll(t, to, []store.Record{partners[0], sites[0], keys[0], objects[0], objects[2], signing[0], types[0], bare(uid(1)), mine, sessions[0], one, two, marks[0], audits("1", "3")})
	// The value 3 comes to the first object before it leaves the second.
	newOne, newTwo := object("a", "", `{"n":1}`, hash(3)), object("b", "", `{"n":2}`, hash(1))
	newOne.Rev, newTwo.Rev = 4, 5
	his := &store.OwnedIdentifier{Group: group, Identifier: email("x"), UID: uid(2)}
	changed := bare(uid(1))
	changed.Rev = 12
	must(t, to.Load(t.Context(), 1, []store.Edit{
		{Old: partners[0], New: partners[1]}, {Old: sites[0], New: sites[1]}, {Old: keys[0], New: keys[1]},
		{Old: objects[0], New: objects[1]}, {Old: objects[2]}, {Old: signing[0], New: signing[1]},
		{Old: types[0], New: types[1]}, {Old: sessions[0], New: sessions[1]}, {Old: marks[0], New: marks[1]},
		{Old: bare(uid(1)), New: changed}, {Old: mine, New: his}, {Old: one, New: newOne}, {Old: two, New: newTwo}, {Old: audits("1", "3"), New: audits("1", "2", "3")},
	}))
	want := []store.Record{partners[1], sites[1], keys[1], objects[1], signing[1], types[1], changed, his, sessions[1], newOne, newTwo, marks[1], audits("1", "2", "3"),
		&store.Version{Value: 1}}
	sameRecords(t, Dumped(t, to, store.Place{}), want)
	must(t, to.FinishCopy(t.Context(), 1))
	for n, holder := range map[int]error{1: store.ErrNotUnique, 2: nil, 3: store.ErrNotUnique} {
		wantError(t, to.Change(t.Context(), func(tx store.Tx) error { return tx.PutDataObject(object(fmt.Sprint("new", n), "", `{}`, hash(n))) }), holder)
	}
}

func moveFit(t *testing.T, _, to Movable) {
	raw := func() []store.Record {
		return []store.Record{
			&store.Session{Group: group, UID: uid(1), Hash: hash(1), Provider: "site", UserAgent: "agent\xff\x00"},
			&store.Moment{APIKey: "4_a", Time: now, Audits: []*store.Audit{{APIKey: "4_a", Time: now, UserKey: "\xfe"}}},
		}
	}
	fitted := raw()
	for _, r := range fitted {
		to.Fit(r)
		if to.Fit(r) {
			t.Error("what was fitted does not fit")
		}
	}
	// Whether it is fitted beforehand or not, it comes back as what was fitted.
	loadAll(t, to, raw())
	all := Dumped(t, to, store.Place{})
	sameRecords(t, all[:len(all)-1], fitted)
}

func moveRuns(t *testing.T, _, to Movable) {
	ctx := t.Context()
	state := func(want store.CopyState) {
		t.Helper()
		got, err := to.CopyState(ctx)
		must(t, err)
		same(t, got, want)
	}
	edits := []store.Edit{{New: bare("a")}}
	state(store.CopyState{Empty: true})
	wantError(t, to.Load(ctx, 1, edits), store.ErrOvertaken)
	must(t, to.BeginCopy(ctx, 7, 1))
	state(store.CopyState{Origin: 7, Run: 1, Empty: true})
	must(t, to.Load(ctx, 1, edits))
	must(t, to.BeginCopy(ctx, 7, 2))
	wantError(t, to.Load(ctx, 1, []store.Edit{{New: bare("b")}}), store.ErrOvertaken)
	wantError(t, to.FinishCopy(ctx, 1), store.ErrOvertaken)
	wantError(t, to.BeginCopy(ctx, 8, 3), store.ErrNotEmpty)
	must(t, to.Load(ctx, 2, []store.Edit{{New: bare("c")}}))
	state(store.CopyState{Origin: 7, Run: 2})
	must(t, to.FinishCopy(ctx, 2))
	state(store.CopyState{Origin: 7})
	wantError(t, to.Load(ctx, 2, edits), store.ErrOvertaken)
	wantError(t, to.FinishCopy(ctx, 2), store.ErrOvertaken)
	wantError(t, to.BeginCopy(ctx, 7, 4), store.ErrFinished)
	wantError(t, to.BeginCopy(ctx, 8, 5), store.ErrNotEmpty)
	if all := Dumped(t, to, store.Place{}); len(all) != 3 {
		t.Errorf("%d records", len(all))
	}
}

func moveOccupied(t *testing.T, from, to Movable) {
	change(t, to, func(tx store.Tx) error { return tx.UseOnce("s", hash(1), now, now+1) })
	wantError(t, to.BeginCopy(t.Context(), 7, 1), store.ErrNotEmpty)
	one, err := from.Origin(t.Context())
	must(t, err)
	again, err := from.Origin(t.Context())
	must(t, err)
	if one == 0 || one != again {
		t.Errorf("origin %d, then %d", one, again)
	}
}

func moveDisturbed(t *testing.T, from, _ Movable) {
	put(t, from, bare("before"))
	for name, tt := range map[string]struct {
		change func() error
		still  bool
	}{
		"reads": {func() error { Dumped(t, from, store.Place{}); return nil }, true},
		"a change": {func() error {
			return from.Change(t.Context(), func(tx store.Tx) error {
				return tx.PutSession(&store.Session{Group: group, UID: "before", Hash: hash(1)})
			})
		}, false},
		"a change that fails": {func() error {
			wantError(t, from.Change(t.Context(), func(tx store.Tx) error { return errors.Join(tx.PutAccount(bare("x")), errRefused) }), errRefused)
			return nil
		}, true},
	} {
		still, err := from.Undisturbed(t.Context(), tt.change)
		must(t, err)
		if still != tt.still {
			t.Errorf("after %s: undisturbed = %t", name, still)
		}
	}
	_, err := from.Undisturbed(t.Context(), func() error { return errRefused })
	wantError(t, err, errRefused)
}

func moveEnds(t *testing.T, from, to Movable) {
	populate(t, from)
	calls := 0
	if err := from.Dump(t.Context(), store.Place{}, func(store.Record) error { calls++; return errRefused }); err != errRefused || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := from.Dump(ctx, store.Place{}, func(store.Record) error { cancel(); return nil })
	wantError(t, err, context.Canceled)
	wantError(t, to.Load(ctx, 1, nil), context.Canceled)
	var moments []clock.Millis
	must(t, from.Dump(t.Context(), store.Place{Kind: store.AuditRecord, Texts: [4]string{"4_a"}, Number: int64(now + 2)}, func(r store.Record) error {
		if m, ok := r.(*store.Moment); ok && m.APIKey == "4_a" {
			moments = append(moments, m.Time)
		}
		return nil
	}))
	if len(moments) == 0 || moments[0] != now+3 {
		t.Errorf("moments %v", moments)
	}
}
