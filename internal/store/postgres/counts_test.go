package postgres_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/store/postgres"
)

// mustFold adds up what changes have left, in pieces of the size; 0: the usual.
func mustFold(t *testing.T, s *postgres.Store, size int64) {
	t.Helper()
	if err := postgres.Fold(t.Context(), s, size); err != nil {
		t.Fatal(err)
	}
}

// indexRow is a row of an index, or where a piece begins.
type indexRow struct {
	field int64
	key   []byte
	uid   string
	// rows are those of a piece, if they were counted.
	rows    int64
	counted bool
}

func compareRows(a, b indexRow) int {
	return cmp.Or(cmp.Compare(a.field, b.field), bytes.Compare(a.key, b.key), cmp.Compare(a.uid, b.uid))
}

// countedMoment is what there is to add up in a moment, and what it should come to.
type countedMoment struct {
	sizes, accounts map[string]int64
	pieces, rows    []indexRow
	// outstanding are the changes that are not in the numbers yet.
	outstanding int
}

func collect[T any](t testing.TB, tx pgx.Tx, sql string, scan func(r pgx.CollectableRow) (T, error)) []T {
	t.Helper()
	rows, err := tx.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, scan)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// momentOf reads all of it from one snapshot.
func momentOf(t testing.TB, c *pgx.Conn) *countedMoment {
	t.Helper()
	tx, err := c.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	m := &countedMoment{sizes: map[string]int64{}, accounts: map[string]int64{}}
	for sql, into := range map[string]map[string]int64{`SELECT grp, accounts FROM group_sizes`: m.sizes, `SELECT grp, count(*) FROM accounts GROUP BY grp`: m.accounts} {
		collect(t, tx, sql, func(r pgx.CollectableRow) (n int64, err error) {
			var group string
			err = r.Scan(&group, &n)
			into[group] = n
			return n, err
		})
	}
	m.pieces = collect(t, tx, `SELECT field, key, uid, rows IS NOT NULL, coalesce(rows, 0) FROM search_counts`, func(r pgx.CollectableRow) (p indexRow, err error) {
		err = r.Scan(&p.field, &p.key, &p.uid, &p.counted, &p.rows)
		return p, err
	})
	slices.SortFunc(m.pieces, compareRows)
	m.rows = collect(t, tx, `SELECT field, key, uid FROM search_keys WHERE field IN (SELECT id FROM search_fields WHERE state = 2)`, func(r pgx.CollectableRow) (p indexRow, err error) {
		err = r.Scan(&p.field, &p.key, &p.uid)
		return p, err
	})
	collect(t, tx, `SELECT grp, accounts, rows FROM count_changes`, func(r pgx.CollectableRow) (n int64, err error) {
		var group string
		var rows []byte
		if err := r.Scan(&group, &n, &rows); err != nil {
			return 0, err
		}
		m.outstanding++
		if _, measured := m.sizes[group]; measured {
			m.sizes[group] += n
		}
		return n, postgres.Changed(rows, func(field int64, key []byte, uid string, by int64) {
			// In between there may be fewer than none: the changes come in any order.
			if p := m.pieceOf(indexRow{field: field, key: key, uid: uid}); p != nil {
				p.rows += by
			}
		})
	})
	return m
}

// pieceOf is the piece that the row is in; nil: the index has none.
func (m *countedMoment) pieceOf(r indexRow) *indexRow {
	i, found := slices.BinarySearchFunc(m.pieces, r, compareRows)
	if !found {
		i--
	}
	if i < 0 || m.pieces[i].field != r.field {
		return nil
	}
	return &m.pieces[i]
}

// wantTrue compares the sums with what there is.
func (m *countedMoment) wantTrue(t testing.TB) {
	t.Helper()
	for group, n := range m.sizes {
		if m.accounts[group] != n {
			t.Errorf("group %s: the sum is %d, it has %d", group, n, m.accounts[group])
		}
	}
	really := map[*indexRow]int64{}
	cut := map[int64]bool{}
	for _, p := range m.pieces {
		cut[p.field] = true
	}
	for _, r := range m.rows {
		if p := m.pieceOf(r); p != nil {
			really[p]++
		} else if cut[r.field] {
			t.Errorf("index %d: the row %x %s is in no piece", r.field, r.key, r.uid)
		}
	}
	for i := range m.pieces {
		if p := &m.pieces[i]; p.counted && p.rows != really[p] {
			t.Errorf("index %d, piece %x %s: the sum is %d, it has %d", p.field, p.key, p.uid, p.rows, really[p])
		}
	}
}

// wantFolded wants nothing to be left to do: every group has its number, every ready index pieces of up to twice the size.
func (m *countedMoment) wantFolded(t testing.TB, size int64) {
	t.Helper()
	if m.outstanding != 0 {
		t.Errorf("%d changes are left", m.outstanding)
	}
	for group := range m.accounts {
		if _, ok := m.sizes[group]; !ok {
			t.Errorf("group %s has no number", group)
		}
	}
	for _, p := range m.pieces {
		if !p.counted || p.rows < 0 || p.rows > 2*size || p.rows == 0 && len(p.key) > 0 {
			t.Errorf("index %d, piece %x %s: %d rows", p.field, p.key, p.uid, p.rows)
		}
	}
	for _, r := range m.rows {
		if m.pieceOf(r) == nil {
			t.Errorf("index %d has no pieces", r.field)
			return
		}
	}
}

// wantTrueCounts compares the numbers that results are counted from with what there is.
func wantTrueCounts(t testing.TB, url string) {
	t.Helper()
	momentOf(t, beside(t, url)).wantTrue(t)
}

// foldsOnAndOn has a store fold, which nothing may stop, until the function that is returned is called.
func foldsOnAndOn(t *testing.T, s *postgres.Store, size int64) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		for ctx.Err() == nil {
			// It may be busy while others are in its way.
			if err := postgres.Fold(context.WithoutCancel(ctx), s, size); err != nil && !errors.Is(err, store.ErrBusy) {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// writesOnAndOn is the same for a store that changes accounts.
func writesOnAndOn(t *testing.T, s store.Store, tag string) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- busy(ctx, s, tag, 0) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestSumsAreExactInEveryMoment has several write and two fold, in pieces so small that they are cut all the time, while an index comes and goes.
func TestSumsAreExactInEveryMoment(t *testing.T) {
	url := database(t)
	quiet := func() *postgres.Store { return open(t, postgres.Options{URL: url, IndexAfter: -1}) }
	s := quiet()
	if err := busy(t.Context(), s, "u", 300); err != nil {
		t.Fatal(err)
	}
	stops := []func(){writesOnAndOn(t, s, "u"), writesOnAndOn(t, quiet(), "v"), writesOnAndOn(t, quiet(), "u")}
	mustBegin(t, s, "a")
	if err := postgres.BeginIndex(t.Context(), s, group, store.IndexWords, "data", "b"); err != nil {
		t.Fatal(err)
	}
	mustWork(t, s)
	stops = append(stops, foldsOnAndOn(t, quiet(), 4), foldsOnAndOn(t, quiet(), 4))
	c := beside(t, url)
	for round := range 60 {
		momentOf(t, c).wantTrue(t)
		switch round % 20 {
		case 5:
			mustBegin(t, s, "c")
			mustWork(t, s)
		case 15:
			statement(t, url, `UPDATE search_fields SET used = 0 WHERE path = '["data","c"]'`)
			mustWork(t, s)
			mustWork(t, s)
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, stop := range stops {
		stop()
	}
	mustFold(t, s, 4)
	m := momentOf(t, c)
	m.wantTrue(t)
	m.wantFolded(t, 4)
	if len(m.pieces) < 20 {
		t.Errorf("only %d pieces", len(m.pieces))
	}
	if n := number(t, url, `SELECT count(*) FROM search_counts WHERE field NOT IN (SELECT id FROM search_fields)`); n != 0 {
		t.Errorf("%d pieces of indexes that are gone", n)
	}
}

// TestAFolderThatIsBrokenOffAgainAndAgainLosesNothing stops it at any moment, its connection too.
func TestAFolderThatIsBrokenOffAgainAndAgainLosesNothing(t *testing.T) {
	url := database(t)
	s, other := open(t, postgres.Options{URL: url, IndexAfter: -1}), open(t, postgres.Options{URL: url, IndexAfter: -1})
	if err := busy(t.Context(), s, "u", 300); err != nil {
		t.Fatal(err)
	}
	mustBegin(t, s, "a")
	mustBegin(t, s, "b")
	mustWork(t, s)
	stop := writesOnAndOn(t, other, "u")
	c := beside(t, url)
	for n := range 40 {
		if n%4 == 0 {
			statement(t, url, `DELETE FROM search_counts`) // All is to be counted anew.
		}
		breaking, end := context.WithTimeout(t.Context(), time.Duration(n)*2*time.Millisecond)
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			if n%3 == 0 {
				time.Sleep(time.Duration(n) * time.Millisecond)
				_, _ = c.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%search_counts%' AND pid <> pg_backend_pid()`)
			}
		}()
		_ = postgres.Fold(breaking, s, 3)
		end()
		<-killed
		momentOf(t, c).wantTrue(t)
	}
	stop()
	mustFold(t, s, 3)
	m := momentOf(t, c)
	m.wantTrue(t)
	m.wantFolded(t, 3)
}

// mustCount puts accounts with these numbers, and has them indexed and counted in pieces of the size.
func mustCount(t *testing.T, s *postgres.Store, size int64, count int, n func(i int) int) {
	t.Helper()
	putNumbers(t, s, count, n)
	mustBegin(t, s, "n")
	mustWork(t, s)
	mustFold(t, s, size)
}

// putNumbers writes accounts whose data.n is what the function says, 500 in a change.
func putNumbers(t testing.TB, s store.Store, count int, n func(i int) int) {
	t.Helper()
	for from := 0; from < count; from += 500 {
		err := s.Change(t.Context(), func(tx store.Tx) error {
			for i := from; i < min(from+500, count); i++ {
				if err := putData(tx, fmt.Sprintf("u%05d", i), fmt.Sprintf(`{"n":%d}`, n(i))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// rowByRow are the statements that count what there may be any number of.
var rowByRow = []string{`SELECT count(*) FROM accounts`, `SELECT count(*) FROM search_keys WHERE field = $1 AND key >= $2 AND key < $3`}

// TestLargeResultsAreCountedByAddingUp looks at the statements, and changes the numbers to see that they are what is added up.
func TestLargeResultsAreCountedByAddingUp(t *testing.T) {
	url := database(t)
	const count = 5000
	seen := &statements{all: map[string]bool{}}
	s := open(t, postgres.Options{URL: url, IndexAfter: -1, Trace: seen.add})
	for what, tt := range map[string]struct {
		n     func(i int) int
		text  string
		total int64
	}{
		"all different":         {func(i int) int { return i * 7 % count }, `WHERE data.n >= 700 AND data.n < 4321 LIMIT 1`, 3621},
		"all different, sorted": {func(i int) int { return i * 7 % count }, `WHERE data.n >= 700 ORDER BY data.n DESC LIMIT 1`, 4300},
		"all the same":          {func(i int) int { return 7 }, `WHERE data.n = 7 LIMIT 1`, count},
		"two values":            {func(i int) int { return i % 2 }, `WHERE data.n < 1 LIMIT 1`, count / 2},
	} {
		mustCount(t, s, 100, count, tt.n)
		m := momentOf(t, beside(t, url))
		m.wantTrue(t)
		m.wantFolded(t, 100)
		// Some are left to be added.
		for i := range 20 {
			err := s.Change(t.Context(), func(tx store.Tx) error {
				return firstOf(putData(tx, fmt.Sprintf("x%d", i), `{"n":-5}`), putData(tx, "u00001", fmt.Sprintf(`{"n":%d}`, tt.n(1))), putData(tx, fmt.Sprintf("x%d", i), `{"n":-6}`))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		want := tt.total
		if strings.Contains(tt.text, "data.n < 1 ") {
			want += 20
		}
		seen.all = map[string]bool{}
		if _, total := find(t, s, tt.text); total != want {
			t.Errorf("%s: %s: total %d, want %d", what, tt.text, total, want)
		}
		if _, total := find(t, s, `LIMIT 1`); total != count+20 {
			t.Errorf("%s: %d in all", what, total)
		}
		for _, sql := range seen.list() {
			for _, slow := range rowByRow {
				if strings.HasPrefix(sql, slow) && want > store.ProbeRows/2 {
					t.Errorf("%s: %s", what, sql)
				}
			}
		}
		statement(t, url, `UPDATE group_sizes SET accounts = accounts + 3`)
		if _, total := find(t, s, `LIMIT 1`); total != count+23 {
			t.Errorf("%s: the number of the group is not what is added up: %d", what, total)
		}
		statement(t, url, `DELETE FROM search_fields`)
		statement(t, url, `UPDATE search_catalogue SET version = version + 1`)
		statement(t, url, `DELETE FROM search_keys`)
		statement(t, url, `DELETE FROM search_counts`)
		statement(t, url, `DELETE FROM accounts`)
		statement(t, url, `DELETE FROM group_sizes`)
		statement(t, url, `DELETE FROM count_changes`)
	}
}

// TestAGroupThatIsEmptiedLeavesNothing deletes all accounts, and adds some again.
func TestAGroupThatIsEmptiedLeavesNothing(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: -1})
	mustCount(t, s, 10, 1000, func(i int) int { return i })
	for from := 0; from < 1000; from += 250 {
		err := s.Change(t.Context(), func(tx store.Tx) error {
			for i := from; i < from+250; i++ {
				if err := tx.DeleteAccount(group, fmt.Sprintf("u%05d", i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{`LIMIT 1`, `WHERE data.n >= 0 LIMIT 0`} {
		if _, total := find(t, s, text); total != 0 {
			t.Errorf("%s: %d in all", text, total)
		}
	}
	mustFold(t, s, 10)
	m := momentOf(t, beside(t, url))
	m.wantTrue(t)
	m.wantFolded(t, 10)
	if len(m.pieces) != 1 || m.sizes[group] != 0 {
		t.Errorf("%+v are left, and a group of %d", m.pieces, m.sizes[group])
	}
	putNumbers(t, s, 100, func(i int) int { return -i })
	mustFold(t, s, 10)
	m = momentOf(t, beside(t, url))
	m.wantTrue(t)
	m.wantFolded(t, 10)
}

// TestWhatDoesNotHappenIsNotCounted: changes that fail, accounts that are there already, and expected ones.
func TestWhatDoesNotHappenIsNotCounted(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: -1})
	mustCount(t, s, 4, 10, func(i int) int { return i })
	refused := errors.New("refused")
	for _, tt := range []struct {
		fn      func(tx store.Tx) error
		err     error
		changes int
	}{
		{func(tx store.Tx) error { return firstOf(putData(tx, "new", `{"n":1}`), refused) }, refused, 0},
		{func(tx store.Tx) error { return firstOf(tx.DeleteAccount(group, "u00001"), refused) }, refused, 0},
		{func(tx store.Tx) error {
			_ = tx.PutAccount(&store.Account{Group: group, UID: "u00001"})
			return putData(tx, "u00002", `{"n":2,"x":1}`)
		}, nil, 0},
		{func(tx store.Tx) error {
			return firstOf(putData(tx, "new", `{"n":1}`), tx.DeleteAccount(group, "new"), tx.DeleteAccount(group, "u00003"), putData(tx, "u00003", `{"n":3}`))
		}, nil, 1},
		{func(tx store.Tx) error { return tx.DeleteAccount(group, "nobody") }, store.ErrNotFound, 1},
		{func(tx store.Tx) error {
			err := tx.Expect(group, []string{"e1", "e2", "u00004"}, nil)
			for _, uid := range []string{"e1", "e2"} {
				err = firstOf(err, tx.PutAccount(&store.Account{Group: group, UID: uid, Data: []byte(`{"n":4}`)}))
			}
			if there := tx.PutAccount(&store.Account{Group: group, UID: "u00004"}); there != store.ErrExists {
				return fmt.Errorf("an account that is there: %v", there)
			}
			return err
		}, nil, 2},
	} {
		if err := s.Change(t.Context(), tt.fn); err != tt.err {
			t.Errorf("%v, want %v", err, tt.err)
		}
		m := momentOf(t, beside(t, url))
		m.wantTrue(t)
		if m.outstanding != tt.changes {
			t.Errorf("%d changes are left, want %d", m.outstanding, tt.changes)
		}
	}
	if _, total := find(t, s, `WHERE data.n >= 0 LIMIT 0`); total != 12 {
		t.Errorf("%d in all", total)
	}
}

// TestACopyIsCounted loads accounts, changes and removes them as a copy does.
func TestACopyIsCounted(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: -1, Unfinished: true})
	if err := s.BeginCopy(t.Context(), 7, 1); err != nil {
		t.Fatal(err)
	}
	a := func(uid string, rev int64) *store.Account { return &store.Account{Group: group, UID: uid, Rev: rev} }
	for i, edits := range [][]store.Edit{
		{{New: a("a", 1)}, {New: a("b", 1)}, {New: &store.Account{Group: "other", UID: "a", Rev: 3}}},
		{{Old: a("a", 1), New: a("a", 2)}, {New: a("c", 1)}, {Old: a("b", 1)}},
		{{Old: a("c", 1)}},
	} {
		if err := s.Load(t.Context(), 1, edits); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			mustFold(t, s, 0)
		}
		wantTrueCounts(t, url)
	}
	mustFold(t, s, 0)
	m := momentOf(t, beside(t, url))
	m.wantTrue(t)
	m.wantFolded(t, 1)
	if m.sizes[group] != 1 || m.sizes["other"] != 1 {
		t.Errorf("%v", m.sizes)
	}
}

// TestADatabaseThatIsSpreadIsCountedRowByRow stops counting as distribute does, while others write that have not heard of it.
func TestADatabaseThatIsSpreadIsCountedRowByRow(t *testing.T) {
	url := database(t)
	s, other := open(t, postgres.Options{URL: url, IndexAfter: -1}), open(t, postgres.Options{URL: url, IndexAfter: -1})
	mustCount(t, s, 4, 100, func(i int) int { return i })
	putNumbers(t, other, 50, func(i int) int { return i + 1 })
	if err := postgres.StopCounting(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	statement(t, url, `UPDATE group_sizes SET accounts = 7`)
	statement(t, url, `UPDATE search_counts SET rows = 7`)
	left := number(t, url, `SELECT count(*) FROM count_changes`)
	for _, store := range []*postgres.Store{s, other} {
		putNumbers(t, store, 120, func(i int) int { return i })
		mustFold(t, store, 4)
		for text, want := range map[string]int64{`LIMIT 1`: 120, `WHERE data.n >= 60 LIMIT 1`: 60} {
			if _, total := find(t, store, text); total != want {
				t.Errorf("%s: %d, want %d", text, total, want)
			}
		}
	}
	if n := number(t, url, `SELECT count(*) FROM count_changes`); n != left {
		t.Errorf("%d changes were left, then %d", left, n)
	}
}

// TestADatabaseOfBeforeTheCountsIsCounted has accounts and a ready index that an earlier version left.
func TestADatabaseOfBeforeTheCountsIsCounted(t *testing.T) {
	url := database(t)
	earlier(t, url, 5)
	const count = 3000
	statement(t, url, fmt.Sprintf(`INSERT INTO accounts (grp, uid, rev, created, registered, verified, last_login, last_updated, oldest_data_updated,
		is_active, login_provider, social_providers, password_hash, password_created, must_change, secret_question, secret_answer, failed_logins,
		last_failed_login, locked_until, token_epoch) SELECT g, n::text, 1, 0, 0, 0, 0, 0, 0, true, '', '', '', 0, false, '', '', 0, 0, 0, 0
		FROM generate_series(1, %d) AS n, (VALUES ('%s'), ('other')) AS groups (g) WHERE g = '%s' OR n <= 10`, count, group, group))
	statement(t, url, fmt.Sprintf(`INSERT INTO search_fields VALUES ('%s', 1, '["data","n"]', 2, 2, 0, '', 0, 0, '', 0)`, group))
	statement(t, url, fmt.Sprintf(`INSERT INTO search_keys SELECT 2, int4send(n / 7), n::text, true FROM generate_series(1, %d) AS n`, count))
	s := open(t, postgres.Options{URL: url, IndexAfter: -1})
	for range 2 {
		if _, total := find(t, s, `LIMIT 1`); total != count {
			t.Errorf("%d accounts in all", total)
		}
		mustFold(t, s, 0)
		m := momentOf(t, beside(t, url))
		m.wantTrue(t)
		m.wantFolded(t, 1024)
		if len(m.pieces) != 3 || m.sizes["other"] != 10 {
			t.Errorf("%d pieces, sizes %v", len(m.pieces), m.sizes)
		}
	}
}

// TestWhoWritesMuchHasItAddedSoon does not wait for the minute to be over.
func TestWhoWritesMuchHasItAddedSoon(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url})
	mustBegin(t, s, "n")
	mustWork(t, s)
	c := beside(t, url)
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		putNumbers(t, s, 600, func(i int) int { return rand.IntN(50) })
		if m := momentOf(t, c); len(m.pieces) > 0 && m.sizes[group] == 600 {
			m.wantTrue(t)
			return
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatal("nothing is added")
		}
	}
}

// claimUntil is until when somebody has said that he adds up, in milliseconds from now by the server; 0 and less: nobody.
const claimUntil = `SELECT greatest(0, value - CAST(extract(epoch FROM now()) * 1000 AS bigint)) FROM meta WHERE name = 'counting'`

// TestAnIndexIsCountedWhenItComes though a process that has died has said that it counts.
func TestAnIndexIsCountedWhenItComes(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: -1})
	putNumbers(t, s, 3000, func(i int) int { return i * 7 % 3000 })
	statement(t, url, `UPDATE meta SET value = CAST(extract(epoch FROM now()) * 1000 AS bigint) + 3600000 WHERE name = 'counting'`)
	mustBegin(t, s, "n")
	mustWork(t, s)
	m := momentOf(t, beside(t, url))
	m.wantTrue(t)
	m.wantFolded(t, 1024)
	if len(m.pieces) != 3 {
		t.Errorf("%d pieces", len(m.pieces))
	}
	if n := number(t, url, `SELECT CAST(reltuples AS bigint) FROM pg_class WHERE oid = 'search_keys'::regclass`); n != 3000 {
		t.Errorf("the engine takes the index for one of %d rows", n)
	}
}

// TestWhoComesTooLateToCountLeavesThePiecesAlone: another process has counted after he has looked.
func TestWhoComesTooLateToCountLeavesThePiecesAlone(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: -1})
	mustCount(t, s, 4, 100, func(i int) int { return i })
	if err := postgres.CountAgain(t.Context(), s, 7); err != nil {
		t.Fatal(err)
	}
	m := momentOf(t, beside(t, url))
	m.wantTrue(t)
	m.wantFolded(t, 4)
}

// TestAStoreThatIsClosedLeavesTheCountingToOthers closes it while it waits for the row of a group.
func TestAStoreThatIsClosedLeavesTheCountingToOthers(t *testing.T) {
	url := database(t)
	s := open(t, postgres.Options{URL: url, IndexAfter: -1})
	mustCount(t, s, 0, 10, func(i int) int { return i })
	putNumbers(t, s, 20, func(i int) int { return i })
	c := beside(t, url)
	tx, err := c.Begin(t.Context())
	if err == nil {
		_, err = tx.Exec(t.Context(), `UPDATE group_sizes SET accounts = accounts`)
	}
	if err != nil {
		t.Fatal(err)
	}
	counting, err := postgres.Open(t.Context(), postgres.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = counting.Close() })
	soon(t, "nobody counts", func() bool { return number(t, url, claimUntil) > 0 })
	if err := counting.Close(); err != nil {
		t.Fatal(err)
	}
	if n := number(t, url, claimUntil); n > 0 {
		t.Errorf("who has closed says for %d ms more that he counts", n)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestWhoFindsAnotherCountingLooksAgain finds the claim of one that has died.
func TestWhoFindsAnotherCountingLooksAgain(t *testing.T) {
	url := database(t)
	putNumbers(t, open(t, postgres.Options{URL: url, IndexAfter: -1}), 100, func(i int) int { return i })
	statement(t, url, `UPDATE meta SET value = CAST(extract(epoch FROM now()) * 1000 AS bigint) + 2000 WHERE name = 'counting'`)
	open(t, postgres.Options{URL: url})
	c := beside(t, url)
	soon(t, "nothing is added", func() bool { return momentOf(t, c).outstanding == 0 })
}

// soon waits until something is so.
func soon(t *testing.T, not string, so func() bool) {
	t.Helper()
	for begin := time.Now(); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			t.Fatal(not)
		}
	}
}
