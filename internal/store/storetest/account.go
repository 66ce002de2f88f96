package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
	"pgregory.net/rapid"
)

var accountTests = []test{
	{"an account comes back as it was put", func(t *testing.T, s store.Store) {
		for _, want := range []*store.Account{full("full"), bare("bare")} {
			put(t, s, want)
			same(t, account(t, s, want.UID), want)
		}
	}},
	{"a missing account is not found", func(t *testing.T, s store.Store) {
		put(t, s, bare("here"))
		_, err := s.Account(t.Context(), group, "gone")
		wantError(t, err, store.ErrNotFound)
		_, err = s.Account(t.Context(), "another group", "here")
		wantError(t, err, store.ErrNotFound)
		change(t, s, func(tx store.Tx) error {
			if _, err := tx.Account(group, "gone"); !errors.Is(err, store.ErrNotFound) {
				return errors.New("found in the transaction")
			}
			return nil
		})
	}},
	{"an empty registration source is told from an absent one", func(t *testing.T, s store.Store) {
		a := bare("empty")
		a.HasRegSource = true
		put(t, s, a)
		put(t, s, bare("absent"))
		if got := account(t, s, "empty"); !got.HasRegSource || got.RegSource != "" {
			t.Errorf("empty source came back as %t %q", got.HasRegSource, got.RegSource)
		}
		if account(t, s, "absent").HasRegSource {
			t.Error("absent source came back")
		}
	}},
	{"documents come back byte for byte", documentFidelity},
	{"random documents come back byte for byte", func(t *testing.T, s store.Store) {
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			a := bare(uid(n))
			text, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(rt, "data"))
			if err != nil {
				rt.Fatal(err)
			}
			a.Data = text
			if err := s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(a) }); err != nil {
				rt.Fatal(err)
			}
			got, err := s.Account(t.Context(), group, a.UID)
			if err != nil || string(got.Data) != string(text) {
				rt.Fatalf("got %s, %v; want %s", got.Data, err, text)
			}
		})
	}},
	{"records are copies that the caller may alter", func(t *testing.T, s store.Store) {
		put(t, s, full("a"))
		got := account(t, s, "a")
		for i := range got.Profile {
			got.Profile[i] = 'x'
		}
		_ = append(got.Emails, "and far beyond its end"...)
		if got.LoginIDs[0] != '{' {
			t.Error("appending to one document altered another")
		}
		same(t, account(t, s, "a").Profile, full("a").Profile)
	}},
	{"the revision counts the writes", func(t *testing.T, s store.Store) {
		a := bare("a")
		for want := int64(1); want <= 4; want++ {
			put(t, s, a)
			if a.Rev != want {
				t.Errorf("rev after write = %d, want %d", a.Rev, want)
			}
			if got := account(t, s, "a"); got.Rev != want {
				t.Errorf("rev read = %d, want %d", got.Rev, want)
			}
		}
	}},
	{"inserting a UID that exists is refused and changes nothing", func(t *testing.T, s store.Store) {
		put(t, s, full("a"))
		again := bare("a")
		wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(again) }), store.ErrExists)
		if again.Rev != 0 {
			t.Errorf("rev of the refused account = %d", again.Rev)
		}
		same(t, account(t, s, "a").Profile, full("a").Profile)
		other := bare("a")
		other.Group = "another group"
		put(t, s, other)
	}},
	{"replacing with a stale revision is refused", func(t *testing.T, s store.Store) {
		a := bare("a")
		put(t, s, a)
		stale := *a
		put(t, s, a)
		wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(&stale) }), store.ErrConflict)
		gone := bare("gone")
		gone.Rev = 3
		wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.PutAccount(gone) }), store.ErrNotFound)
	}},
	{"deleting an account takes its identifiers and sessions along, and nobody else's", deleteTakesAlong},
	{"deleting an account takes its identifiers along whenever they were claimed", deleteTakesAlongWhatever},
	{"an identifier is found until it is released", identifierLife},
	{"a taken identifier tells who holds it", func(t *testing.T, s store.Store) {
		id := email("a@example.com")
		change(t, s, func(tx store.Tx) error { return tx.ClaimIdentifier(group, id, "a") })
		err := s.Change(t.Context(), func(tx store.Tx) error { return tx.ClaimIdentifier(group, id, "b") })
		var taken *store.TakenError
		if !errors.As(err, &taken) || taken.UID != "a" || taken.Identifier != id {
			t.Fatalf("error = %#v, want a TakenError of a", err)
		}
		if strings.Contains(err.Error(), id.Value) {
			t.Errorf("the message %q shows the address", err)
		}
		change(t, s, func(tx store.Tx) error { return tx.ClaimIdentifier(group, id, "a") })
	}},
}

func documentFidelity(t *testing.T, s store.Store) {
	for name, doc := range map[string]string{
		"order":      `{"z":1,"a":2,"m":3}`,
		"duplicates": `{"a":1,"a":2}`,
		"numbers":    `{"a":1.0,"b":1e2,"c":-0,"d":9007199254740993,"e":0.1000}`,
		"spaces":     `{ "a" : 1 }`,
		"escapes":    `{"a":"\u003c\u0000\"\\\/\n"}`,
		"unicode":    `{"ключ":"😀 Zoë ﷽ \u202e"}`,
		"quotes":     `{"a":"'; DROP TABLE accounts; --"}`,
		"empty":      `{}`,
		"large":      `{"a":"` + strings.Repeat("0123456789abcdef", 1<<16) + `"}`,
	} {
		a := bare(name)
		a.Profile = json.RawMessage(`{"before":1}`)
		a.Data = json.RawMessage(doc)
		a.More = json.RawMessage(`{"after":1}`)
		put(t, s, a)
		got := account(t, s, name)
		if string(got.Data) != doc {
			t.Errorf("%s: the document came back changed", name)
		}
		same(t, got.Profile, a.Profile)
		same(t, got.More, a.More)
	}
}

func deleteTakesAlong(t *testing.T, s store.Store) {
	mine, other := email("mine@example.com"), email("other@example.com")
	change(t, s, func(tx store.Tx) error {
		return errors.Join(
			tx.PutAccount(bare("mine")), tx.PutAccount(bare("other")),
			tx.ClaimIdentifier(group, mine, "mine"), tx.ClaimIdentifier(group, other, "other"),
			tx.PutSession(&store.Session{Group: group, UID: "mine", Hash: hash(1)}),
			tx.PutSession(&store.Session{Group: group, UID: "other", Hash: hash(2)}))
	})
	change(t, s, func(tx store.Tx) error { return tx.DeleteAccount(group, "mine") })
	_, err := s.Account(t.Context(), group, "mine")
	wantError(t, err, store.ErrNotFound)
	_, err = s.Owner(t.Context(), group, mine)
	wantError(t, err, store.ErrNotFound)
	_, err = s.Session(t.Context(), group, "mine", hash(1))
	wantError(t, err, store.ErrNotFound)
	account(t, s, "other")
	_, err = s.Owner(t.Context(), group, other)
	must(t, err)
	_, err = s.Session(t.Context(), group, "other", hash(2))
	must(t, err)
	wantError(t, s.Change(t.Context(), func(tx store.Tx) error { return tx.DeleteAccount(group, "mine") }), store.ErrNotFound)
}

// deleteTakesAlongWhatever: accounts get identifiers before they are there, at once with others, and after a change that failed. After each
// step of a case the accounts in the map own what it says; then each is deleted, and exactly its own are free.
func deleteTakesAlongWhatever(t *testing.T, s store.Store) {
	type step func(tx store.Tx) error
	put := func(uid string) step { return func(tx store.Tx) error { return tx.PutAccount(bare(uid)) } }
	claim := func(uid, value string) step {
		return func(tx store.Tx) error { return tx.ClaimIdentifier(group, email(value), uid) }
	}
	remove := func(uid string) step { return func(tx store.Tx) error { return tx.DeleteAccount(group, uid) } }
	again := func(uid string) step {
		return func(tx store.Tx) error {
			a, err := tx.Account(group, uid)
			if err != nil {
				return err
			}
			return tx.PutAccount(a)
		}
	}
	// there inserts an account that is there already, after claiming for it.
	there := func(uid, value string) step {
		return func(tx store.Tx) error {
			if err := claim(uid, value)(tx); err != nil {
				return err
			}
			if err := put(uid)(tx); !errors.Is(err, store.ErrExists) {
				return fmt.Errorf("inserted twice: %w", err)
			}
			return nil
		}
	}
	for _, tt := range []struct {
		name    string
		changes [][]step
		owned   map[string][]string
	}{
		{"after", [][]step{{put("a"), claim("a", "1"), claim("a", "2")}}, map[string][]string{"a": {"1", "2"}}},
		{"before", [][]step{{claim("a", "1"), claim("a", "2"), put("a")}}, map[string][]string{"a": {"1", "2"}}},
		{"before and after", [][]step{{claim("a", "1"), put("a"), claim("a", "2")}, {claim("a", "3")}, {claim("a", "4"), again("a")}},
			map[string][]string{"a": {"1", "2", "3", "4"}}},
		{"in an earlier change", [][]step{{claim("a", "1")}, {put("a")}}, map[string][]string{"a": {"1"}}},
		{"one after the other", [][]step{{claim("a", "1"), put("a"), claim("b", "2"), put("b"), claim("c", "3"), put("c")}},
			map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"3"}}},
		{"crosswise", [][]step{{claim("a", "1"), claim("b", "2"), claim("a", "3"), put("b"), put("c"), claim("b", "4"), claim("c", "5"), put("a")}},
			map[string][]string{"a": {"1", "3"}, "b": {"2", "4"}, "c": {"5"}}},
		{"another is inserted between", [][]step{{claim("a", "1"), put("b"), put("a"), claim("b", "2")}}, map[string][]string{"a": {"1"}, "b": {"2"}}},
		{"one that is there", [][]step{{put("a"), put("b")}, {claim("b", "1"), claim("a", "2"), put("c"), claim("c", "3")}},
			map[string][]string{"a": {"2"}, "b": {"1"}, "c": {"3"}}},
		{"inserted although it is there", [][]step{{put("a")}, {put("b"), there("a", "1"), claim("c", "2"), put("c")}},
			map[string][]string{"a": {"1"}, "b": {}, "c": {"2"}}},
		{"deleted and made again", [][]step{{put("a"), claim("a", "1"), remove("a"), claim("a", "2"), put("a")}}, map[string][]string{"a": {"2"}}},
		{"deleted, and another is made", [][]step{{put("a"), claim("a", "1")}, {remove("a"), claim("b", "2"), put("b")}, {claim("a", "1"), put("a")}},
			map[string][]string{"a": {"1"}, "b": {"2"}}},
		{"two of one name in two groups", [][]step{{claim("a", "1"), func(tx store.Tx) error {
			a := bare("a")
			a.Group = "elsewhere"
			return errors.Join(tx.ClaimIdentifier("elsewhere", email("1"), "a"), tx.PutAccount(a), tx.DeleteAccount("elsewhere", "a"))
		}, put("a")}}, map[string][]string{"a": {"1"}}},
	} {
		for _, steps := range tt.changes {
			err := s.Change(t.Context(), func(tx store.Tx) error {
				for _, do := range steps {
					if err := do(tx); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		gone := map[string]bool{}
		look := func() {
			t.Helper()
			for uid, values := range tt.owned {
				for _, value := range values {
					owner, err := s.Owner(t.Context(), group, email(value))
					switch {
					case gone[uid] && !errors.Is(err, store.ErrNotFound):
						t.Errorf("%s: %s is gone, and %s belongs to %q (%v)", tt.name, uid, value, owner, err)
					case !gone[uid] && owner != uid:
						t.Errorf("%s: without %v, %s belongs to %q (%v), want %s", tt.name, gone, value, owner, err, uid)
					}
				}
			}
		}
		look()
		for _, uid := range slices.Sorted(maps.Keys(tt.owned)) {
			change(t, s, func(tx store.Tx) error { return tx.DeleteAccount(group, uid) })
			gone[uid] = true
			look()
		}
	}
}

func identifierLife(t *testing.T, s store.Store) {
	id := email("a@example.com")
	change(t, s, func(tx store.Tx) error { return tx.ClaimIdentifier(group, id, "a") })
	owner, err := s.Owner(t.Context(), group, id)
	if err != nil || owner != "a" {
		t.Fatalf("owner = %q, %v", owner, err)
	}
	for _, elsewhere := range []store.Identifier{email("A@example.com"), {Space: "other", Value: id.Value}} {
		_, err = s.Owner(t.Context(), group, elsewhere)
		wantError(t, err, store.ErrNotFound)
	}
	_, err = s.Owner(t.Context(), "another group", id)
	wantError(t, err, store.ErrNotFound)
	// Another account's release leaves it alone.
	change(t, s, func(tx store.Tx) error { return tx.ReleaseIdentifier(group, id, "b") })
	if owner, err = s.Owner(t.Context(), group, id); err != nil || owner != "a" {
		t.Fatalf("owner after the release of another = %q, %v", owner, err)
	}
	change(t, s, func(tx store.Tx) error {
		if err := tx.ReleaseIdentifier(group, id, "a"); err != nil {
			return err
		}
		return tx.ClaimIdentifier(group, id, "b")
	})
	if owner, err = s.Owner(t.Context(), group, id); err != nil || owner != "b" {
		t.Fatalf("owner after release and claim = %q, %v", owner, err)
	}
}
