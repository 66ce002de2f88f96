package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

var dataTests = []test{
	{"an object comes back as it was put, until it is deleted", dataFidelity},
	{"an object is replaced by whoever knows its revision", dataRevisions},
	{"objects are told apart by group, type, oid and account", dataKeys},
	{"objects are walked over in the order of their keys", dataWalk},
	{"an error of the receiver and the end of its time stop a walk over objects", dataWalkEnds},
	{"a value belongs to one object of a type", dataValues},
	{"with an account its objects go, and their values are free", dataOfAccounts},
	{"types come back as they were put, and are listed by name", dataTypes},
	{"a change that fails leaves neither object nor type nor value", dataFailure},
	{"of many first writes of one object exactly one succeeds", func(t *testing.T, s store.Store) {
		wantOne(t, together(racers, func(i int) error {
			return s.Change(t.Context(), func(tx store.Tx) error { return tx.PutDataObject(object("a", "", `{}`)) })
		}), store.ErrExists)
	}},
	{"of many first writes of one type exactly one succeeds", func(t *testing.T, s store.Store) {
		wantOne(t, together(racers, func(i int) error {
			return s.Change(t.Context(), func(tx store.Tx) error { return tx.PutDataType(&store.DataType{Group: group, Name: "t"}) })
		}), store.ErrExists)
	}},
	{"of many objects with one value exactly one is stored", func(t *testing.T, s store.Store) {
		wantOne(t, together(racers, func(i int) error {
			return s.Change(t.Context(), func(tx store.Tx) error {
				return tx.PutDataObject(object(uid(i), "", `{}`, hash(1)))
			})
		}), store.ErrNotUnique)
		if found := walk(t, s, store.DataQuery{Group: group, Type: "t"}); len(found) != 1 {
			t.Errorf("stored: %v", found)
		}
	}},
	{"writes of one object that follow what they read are all there", dataCounter},
}

func object(oid, uid, data string, unique ...store.Hash) *store.DataObject {
	return &store.DataObject{Group: group, Type: "t", OID: oid, UID: uid, Created: now, LastUpdated: now + 1, Data: json.RawMessage(data), Unique: unique}
}

func putObject(t *testing.T, s store.Store, o *store.DataObject) {
	t.Helper()
	change(t, s, func(tx store.Tx) error { return tx.PutDataObject(o) })
}

// walk returns the keys of the objects that a query walks over.
func walk(t *testing.T, s store.Store, q store.DataQuery) []string {
	t.Helper()
	var keys []string
	must(t, s.DataObjects(t.Context(), q, func(o *store.DataObject) error {
		keys = append(keys, strings.TrimSuffix(o.OID+"/"+o.UID, "/"))
		return nil
	}))
	return keys
}

func dataFidelity(t *testing.T, s store.Store) {
	want := object("ö \" ' %", "u", `{"z":1,"a":[1.50,null,"\u0000"],"big":12345678901234567890}`, hash(1), hash(2))
	putObject(t, s, want)
	if want.Rev != 0 {
		t.Errorf("the argument has revision %d", want.Rev)
	}
	want.Rev = 1
	got, err := s.DataObject(t.Context(), group, "t", want.Key())
	must(t, err)
	same(t, got, want)
	change(t, s, func(tx store.Tx) error {
		got, err = tx.DataObject(group, "t", want.Key())
		return err
	})
	same(t, got, want)
	must(t, s.DataObjects(t.Context(), store.DataQuery{Group: group, Type: "t"}, func(o *store.DataObject) error {
		same(t, o, want)
		return nil
	}))
	want.Data, want.Unique, want.Created, want.LastUpdated = nil, nil, now-1, now+9
	putObject(t, s, want)
	want.Rev = 2
	got, err = s.DataObject(t.Context(), group, "t", want.Key())
	must(t, err)
	same(t, got, want)
	change(t, s, func(tx store.Tx) error { return tx.DeleteDataObject(group, "t", want.Key()) })
	_, err = s.DataObject(t.Context(), group, "t", want.Key())
	wantError(t, err, store.ErrNotFound)
	wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.DeleteDataObject(group, "t", want.Key()) }), store.ErrNotFound)
}

func dataRevisions(t *testing.T, s store.Store) {
	putObject(t, s, object("a", "", `{"n":1}`))
	for rev, want := range map[int64]error{0: store.ErrExists, 2: store.ErrConflict, 7: store.ErrConflict} {
		o := object("a", "", `{"n":2}`)
		o.Rev = rev
		wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.PutDataObject(o) }), want)
	}
	gone := object("b", "", `{}`)
	gone.Rev = 1
	wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.PutDataObject(gone) }), store.ErrNotFound)
	got, err := s.DataObject(t.Context(), group, "t", store.DataKey{OID: "a"})
	must(t, err)
	if got.Rev != 1 || string(got.Data) != `{"n":1}` {
		t.Errorf("%+v", got)
	}
}

func dataKeys(t *testing.T, s store.Store) {
	all := []*store.DataObject{object("a", "", `1`), object("a", "u", `2`), object("a", "v", `3`), object("t/a", "", `4`), object("x", "t/a", `5`)}
	other := object("a", "", `6`)
	other.Type = "other"
	far := object("a", "", `7`)
	far.Group = group + "x"
	for _, o := range append(all, other, far) {
		putObject(t, s, o)
	}
	for _, o := range append(all, other, far) {
		got, err := s.DataObject(t.Context(), o.Group, o.Type, o.Key())
		must(t, err)
		if string(got.Data) != string(o.Data) {
			t.Errorf("%+v: %s", o, got.Data)
		}
	}
	_, err := s.DataObject(t.Context(), group, "T", store.DataKey{OID: "a"})
	wantError(t, err, store.ErrNotFound)
	change(t, s, func(tx store.Tx) error { return tx.DeleteDataObject(group, "t", store.DataKey{OID: "a", UID: "u"}) })
	same(t, walk(t, s, store.DataQuery{Group: group, Type: "t"}), []string{"a", "a/v", "t/a", "x/t/a"})
}

func dataWalk(t *testing.T, s store.Store) {
	text := func(s string) *string { return &s }
	for _, key := range []store.DataKey{{OID: "b"}, {OID: "a"}, {OID: "a", UID: "u"}, {OID: "B"}, {OID: "é"}, {OID: "a", UID: "t"}, {OID: "ab", UID: "u"}} {
		putObject(t, s, object(key.OID, key.UID, `{}`))
	}
	q := store.DataQuery{Group: group, Type: "t"}
	same(t, walk(t, s, q), []string{"B", "a", "a/t", "a/u", "ab/u", "b", "é"})
	for _, tt := range []struct {
		oid, uid *string
		after    store.DataKey
		want     []string
	}{
		{after: store.DataKey{OID: "a", UID: "t"}, want: []string{"a/u", "ab/u", "b", "é"}},
		{after: store.DataKey{OID: "aa"}, want: []string{"ab/u", "b", "é"}},
		{oid: text("a"), want: []string{"a", "a/t", "a/u"}},
		{oid: text("a"), after: store.DataKey{OID: "a"}, want: []string{"a/t", "a/u"}},
		{oid: text("a"), after: store.DataKey{OID: "b"}},
		{uid: text("u"), want: []string{"a/u", "ab/u"}},
		{uid: text("u"), after: store.DataKey{OID: "a", UID: "u"}, want: []string{"ab/u"}},
		{oid: text("a"), uid: text("u"), want: []string{"a/u"}},
		{oid: text("nothing"), want: nil},
		{oid: text("a\x00"), want: nil},
		{uid: text("\xff"), want: nil},
	} {
		q.OID, q.UID, q.After = tt.oid, tt.uid, tt.after
		same(t, walk(t, s, q), tt.want)
	}
	for kind, want := range map[string]int64{"t": 7, "T": 0, "none": 0, "\xff": 0} {
		if n, err := s.DataCount(t.Context(), group, kind); err != nil || n != want {
			t.Errorf("%d objects of %q, %v", n, kind, err)
		}
	}
	if found := walk(t, s, store.DataQuery{Group: group, Type: "none"}); len(found) > 0 {
		t.Error(found)
	}
}

func dataWalkEnds(t *testing.T, s store.Store) {
	for i := range 20 {
		putObject(t, s, object(uid(i), "", `{}`))
	}
	enough, seen := errors.New("enough"), 0
	q := store.DataQuery{Group: group, Type: "t"}
	err := s.DataObjects(t.Context(), q, func(*store.DataObject) error {
		if seen++; seen == 3 {
			return enough
		}
		return nil
	})
	if err != enough || seen != 3 {
		t.Errorf("%v after %d", err, seen)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, s.DataObjects(ctx, q, func(*store.DataObject) error { return nil }), context.Canceled)
	same(t, len(walk(t, s, q)), 20)
}

func dataValues(t *testing.T, s store.Store) {
	putObject(t, s, object("a", "", `{}`, hash(1), hash(2)))
	putObject(t, s, object("b", "", `{}`, hash(3)))
	take := func(oid, kind string, rev int64, hashes ...store.Hash) error {
		o := object(oid, "", `{}`, hashes...)
		o.Type, o.Rev = kind, rev
		return s.Change(t.Context(), func(tx store.Tx) error { return tx.PutDataObject(o) })
	}
	wantError(t, take("c", "t", 0, hash(4), hash(2)), store.ErrNotUnique)
	wantError(t, take("b", "t", 1, hash(3), hash(1)), store.ErrNotUnique)
	must(t, take("c", "other", 0, hash(1))) // Another type.
	must(t, take("a", "t", 1, hash(1)))     // Lets go of 2.
	must(t, take("b", "t", 1, hash(2)))     // Lets go of 3.
	must(t, take("c", "t", 0, hash(3), hash(4), hash(4)))
	change(t, s, func(tx store.Tx) error { return tx.DeleteDataObject(group, "t", store.DataKey{OID: "b"}) })
	must(t, take("a", "t", 2, hash(1), hash(2)))
	wantError(t, take("d", "t", 0, hash(1)), store.ErrNotUnique)
}

func dataOfAccounts(t *testing.T, s store.Store) {
	put(t, s, bare("u"))
	put(t, s, bare("v"))
	putObject(t, s, object("a", "u", `{}`, hash(1)))
	putObject(t, s, object("b", "u", `{}`))
	putObject(t, s, object("a", "v", `{}`))
	putObject(t, s, object("u", "", `{}`, hash(2)))
	change(t, s, func(tx store.Tx) error { return tx.DeleteAccount(group, "u") })
	same(t, walk(t, s, store.DataQuery{Group: group, Type: "t"}), []string{"a/v", "u"})
	putObject(t, s, object("c", "", `{}`, hash(1)))
	wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.PutDataObject(object("d", "", `{}`, hash(2))) }), store.ErrNotUnique)
}

func dataTypes(t *testing.T, s store.Store) {
	want := &store.DataType{Group: group, Name: "b", Created: now, Schema: json.RawMessage(`{"fields":{"z":1,"a":2}}`)}
	for _, d := range []*store.DataType{want, {Group: group, Name: "a"}, {Group: group, Name: "B"}, {Group: group + "x", Name: "c"}} {
		change(t, s, func(tx store.Tx) error { return tx.PutDataType(d) })
	}
	want.Rev = 1
	got, err := s.DataType(t.Context(), group, "b")
	must(t, err)
	same(t, got, want)
	want.Schema = json.RawMessage(`{}`)
	change(t, s, func(tx store.Tx) error {
		if err := tx.PutDataType(want); err != nil {
			return err
		}
		got, err = tx.DataType(group, "b")
		return err
	})
	want.Rev = 2
	same(t, got, want)
	names, err := s.DataTypes(t.Context(), group)
	must(t, err)
	same(t, names, []string{"B", "a", "b"})
	for _, tt := range []struct {
		name string
		rev  int64
		want error
	}{{"b", 0, store.ErrExists}, {"b", 1, store.ErrConflict}, {"none", 1, store.ErrNotFound}} {
		wantError(t, s.Change(t.Context(), func(tx store.Tx) error {
			return tx.PutDataType(&store.DataType{Group: group, Name: tt.name, Rev: tt.rev})
		}), tt.want)
	}
	_, err = s.DataType(t.Context(), group, "none")
	wantError(t, err, store.ErrNotFound)
}

func dataFailure(t *testing.T, s store.Store) {
	broken := errors.New("broken")
	err := s.Change(t.Context(), func(tx store.Tx) error {
		if err := errors.Join(tx.PutDataObject(object("a", "", `{}`, hash(1))), tx.PutDataType(&store.DataType{Group: group, Name: "t"})); err != nil {
			return err
		}
		return broken
	})
	if err != broken {
		t.Fatal(err)
	}
	names, err := s.DataTypes(t.Context(), group)
	must(t, err)
	if found := walk(t, s, store.DataQuery{Group: group, Type: "t"}); len(found)+len(names) > 0 {
		t.Errorf("%v %v", found, names)
	}
	putObject(t, s, object("b", "", `{}`, hash(1)))
}

func dataCounter(t *testing.T, s store.Store) {
	putObject(t, s, object("a", "", `0`))
	must(t, errors.Join(together(16, func(int) error {
		return s.Change(t.Context(), func(tx store.Tx) error {
			o, err := tx.DataObject(group, "t", store.DataKey{OID: "a"})
			if err != nil {
				return err
			}
			var n int
			if err := json.Unmarshal(o.Data, &n); err != nil {
				return err
			}
			o.Data = fmt.Append(nil, n+1)
			return tx.PutDataObject(o)
		})
	})...))
	o, err := s.DataObject(t.Context(), group, "t", store.DataKey{OID: "a"})
	must(t, err)
	if string(o.Data) != "16" || o.Rev != 17 {
		t.Errorf("%s, revision %d", o.Data, o.Rev)
	}
}
