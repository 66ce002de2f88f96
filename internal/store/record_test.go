package store_test

import (
	"reflect"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

// TestEveryFieldOfARecordIsInItsContent changes each field of each record: a copy that did not look at one would lose it unseen.
func TestEveryFieldOfARecordIsInItsContent(t *testing.T) {
	for _, empty := range []func() store.Record{
		func() store.Record { return &store.Partner{} },
		func() store.Record { return &store.Site{} },
		func() store.Record { return &store.Key{} },
		func() store.Record { return &store.ConfigObject{} },
		func() store.Record { return &store.SigningKey{} },
		func() store.Record { return &store.DataType{} },
		func() store.Record { return &store.Account{} },
		func() store.Record { return &store.OwnedIdentifier{} },
		func() store.Record { return &store.Session{} },
		func() store.Record { return &store.DataObject{} },
		func() store.Record { return &store.Mark{} },
		func() store.Record { return &store.Moment{Audits: []*store.Audit{{}}} },
		func() store.Record { return &store.AuditChain{} },
		func() store.Record { return &store.Version{} },
	} {
		name := reflect.TypeOf(empty()).String()
		fields := leaves(reflect.ValueOf(empty()))
		if len(fields) == 0 {
			t.Errorf("%s has no fields", name)
		}
		for i := range fields {
			r := empty()
			fill(t, leaves(reflect.ValueOf(r))[i])
			if store.EqualRecords(r, empty()) {
				t.Errorf("%s: field %d (%s) is not in the content", name, i, fields[i].Type())
			}
			if !store.EqualRecords(r, r) {
				t.Errorf("%s is not equal to itself", name)
			}
		}
	}
}

// leaves are the fields that hold values, those of structs within included.
func leaves(v reflect.Value) (all []reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer:
		return leaves(v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			all = append(all, leaves(v.Field(i))...)
		}
		return all
	case v.Kind() == reflect.Slice && v.Len() > 0:
		return leaves(v.Index(0))
	}
	return []reflect.Value{v}
}

// fill puts something else than nothing into the field.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Array:
		v.Index(0).SetUint(1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	default:
		t.Fatalf("a field of kind %s", v.Kind())
	}
}

func TestContentKeepsNeighboursApart(t *testing.T) {
	a := &store.Account{Group: "ab", UID: "c"}
	if b := (&store.Account{Group: "a", UID: "bc"}); store.EqualRecords(a, b) {
		t.Error("the end of the group is not seen")
	}
	x := &store.Key{Privileges: []string{"a"}, Sites: []string{"b"}}
	if y := (&store.Key{Privileges: []string{"a", "b"}}); store.EqualRecords(x, y) {
		t.Error("the end of a list is not seen")
	}
}

func TestPlacesAreOrderedByKindThenKey(t *testing.T) {
	ordered := []store.Place{
		{},
		{Kind: store.PartnerRecord, Number: -1},
		{Kind: store.PartnerRecord, Number: 2},
		{Kind: store.AccountRecord, Texts: [4]string{"a", "b"}},
		{Kind: store.AccountRecord, Texts: [4]string{"a", "b\x00"}},
		{Kind: store.AccountRecord, Texts: [4]string{"a\x00", "a"}},
		{Kind: store.AuditRecord, Texts: [4]string{"x"}, Number: 9},
		{Kind: store.AuditRecord, Texts: [4]string{"x"}, Number: 10},
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := a.Compare(b), sign(i-j); got != want {
				t.Errorf("%v and %v: %d, want %d", a, b, got, want)
			}
		}
	}
	if got := store.RecordKinds(); got[0] != store.PartnerRecord || got[len(got)-1] != store.VersionRecord || got[6].String() != "accounts" || got[3].String() != "configuration objects" {
		t.Errorf("kinds %v", got)
	}
}

func sign(n int) int { return min(max(n, -1), 1) }
