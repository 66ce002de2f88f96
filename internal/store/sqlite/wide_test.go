package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// TestASearchForManyValuesIsAnswered: with an index of the field and without, in one list and in several, by a text and by a column.
func TestASearchForManyValuesIsAnswered(t *testing.T) {
	const accounts = 700
	fill := func(tx store.Tx) error {
		var errs []error
		for n := range accounts {
			errs = append(errs, tx.PutAccount(&store.Account{Group: "g", UID: fmt.Sprint("u", n), Data: fmt.Appendf(nil, `{"a":%d}`, n)}))
		}
		return errors.Join(errs...)
	}
	numbers := func(from, to int) string {
		var all []string
		for n := from; n < to; n++ {
			all = append(all, fmt.Sprint(n))
		}
		return strings.Join(all, ", ")
	}
	for name, o := range map[string]sqlite.Options{"no index": {IndexAfter: -1}, "indexes": {IndexAtOnce: true}} {
		t.Run(name, func(t *testing.T) {
			o.File = filepath.Join(t.TempDir(), "doorward.db")
			s := openWith(t, o)
			if err := s.Change(t.Context(), fill); err != nil {
				t.Fatal(err)
			}
			var lists []string
			for n := 0; n < 600; n += 100 {
				lists = append(lists, fmt.Sprintf("data.a IN (%s)", numbers(n, n+100)))
			}
			for text, want := range map[string]int{
				strings.Join(lists, " OR "):                       600,
				fmt.Sprintf("data.a IN (%s)", numbers(0, 600)):    600,
				fmt.Sprintf("lastLogin IN (%s)", numbers(0, 900)): accounts,
			} {
				q := "SELECT * FROM accounts WHERE " + text
				if uids, total := find(t, s, q); len(uids) != want || total != int64(want) {
					t.Errorf("%.60s: %d accounts, %d in all, want %d", text, len(uids), total, want)
				}
			}
		})
	}
}
