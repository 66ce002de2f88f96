package postgres

import (
	"bytes"
	"context"
	"slices"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

// has tells whether one of the indexes is ready, as far as the process knows.
func (s *Store) has(group string, wanted []store.Index) bool {
	k := s.fields.Load()
	return k == nil || slices.ContainsFunc(k.groups[group], func(f *store.IndexRecord) bool {
		return f.State == store.IndexReady && slices.ContainsFunc(wanted, f.Index.Same)
	})
}

// hasAll is has for each of the indexes.
func (s *Store) hasAll(group string, wanted []store.Index) bool {
	return !slices.ContainsFunc(wanted, func(ix store.Index) bool { return s.fields.Load() == nil || !s.has(group, []store.Index{ix}) })
}

// chosen runs fn on one moment, for which the plan has chosen from the indexes.
func (r *run) chosen(ctx context.Context, c *conn, fn func() error) error {
	return ending(ctx, c, func() error {
		r.opening = opening{}
		// Mostly the indexes are still those that the process knows: what is asked about them goes along with the beginning.
		known := r.store.fields.Load()
		if known != nil {
			if err := r.choose(ctx, c, known); err != nil {
				return err
			}
		}
		k, err := r.opening.end(ctx, c, r.store, known)
		if err != nil {
			return err
		}
		if k != known {
			if err := r.choose(ctx, c, k); err != nil {
				return err
			}
		}
		return fn()
	})
}

func (r *run) choose(ctx context.Context, c *conn, k *catalogue) error {
	r.counted, r.sums = k.counted, nil
	choice, err := store.Choose(r.search, k.groups[r.group], r.indexed(), func(parts []store.IndexRanges, atMost int64) ([][]int64, error) {
		return r.probe(ctx, c, parts, atMost)
	})
	if err == nil {
		r.Choice = *choice
	}
	return err
}

const sqlProbe = `SELECT count(*) FROM (SELECT 1 FROM search_keys WHERE field = $1 AND key >= $2 AND key < $3 LIMIT $4) AS probed`

// knownRows is how many rows of an index are in a range.
type knownRows struct {
	field int64
	in    store.KeyRange
	rows  int64
}

// mostSums is how many ranges are added up; what has more is not counted by sums either.
const mostSums = 8

// probe counts index rows for the choice. Of a result that is counted anyway it adds up the ranges in which pieces begin, which in
// others are not many.
func (r *run) probe(ctx context.Context, c *conn, parts []store.IndexRanges, atMost int64) ([][]int64, error) {
	ranges := 0
	for _, at := range parts {
		ranges += len(at.Ranges)
	}
	if !r.counted || !r.search.Total || ranges > mostSums {
		return r.rowByRow(ctx, c, parts, atMost)
	}
	var sums []*rangeSum
	b := &pgx.Batch{}
	r.opening.queue(b)
	for _, at := range parts {
		for _, in := range at.Ranges {
			sum := &rangeSum{record: at.Record, in: in}
			sum.queue(b)
			sums = append(sums, sum)
		}
	}
	counts := queueProbes(b, sqlRowsUnpieced, parts, atMost)
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	for i, at := range parts {
		for j, in := range at.Ranges {
			n, ok, err := sums[0].total()
			if err != nil {
				return nil, err
			}
			switch {
			case ok:
				counts[i][j] = n
				r.sums = append(r.sums, knownRows{at.Record.ID, in, n})
			case sums[0].uncounted:
				return r.rowByRow(ctx, c, parts, atMost)
			}
			sums = sums[1:]
		}
	}
	return counts, nil
}

// rowByRow counts index rows, all ranges in one message.
func (r *run) rowByRow(ctx context.Context, c *conn, parts []store.IndexRanges, atMost int64) ([][]int64, error) {
	b := &pgx.Batch{}
	r.opening.queue(b)
	counts := queueProbes(b, sqlProbe, parts, atMost)
	return counts, c.SendBatch(ctx, b).Close()
}

func queueProbes(b *pgx.Batch, sql string, parts []store.IndexRanges, atMost int64) [][]int64 {
	counts := make([][]int64, len(parts))
	for i, at := range parts {
		counts[i] = make([]int64, len(at.Ranges))
		for j, in := range at.Ranges {
			b.Queue(sql, at.Record.ID, in.From, in.To, atMost).QueryRow(func(r pgx.Row) error { return r.Scan(&counts[i][j]) })
		}
	}
	return counts
}

const keyAndUID = "key, uid"

// indexRow is a row of an index.
type indexRow struct {
	key []byte
	uid string
}

// indexRows selects columns of the first rows of a walk.
func indexRows(columns string, f *store.IndexRecord, w store.IndexWalk, most int) []fragment {
	rows := fragment{"SELECT " + columns + " FROM search_keys WHERE field = ?", []any{f.ID}}
	if w.First {
		rows.sql += " AND first"
	}
	order := " ORDER BY key, uid"
	switch {
	case w.In.Point():
		rows.sql, rows.args = rows.sql+" AND key = ?", append(rows.args, w.In.From)
		if w.Key != nil {
			rows.sql, rows.args = rows.sql+" AND uid > ?", append(rows.args, text(w.UID))
		}
	case w.Key != nil:
		rows.sql, rows.args = rows.sql+" AND (key, uid) > (?, ?) AND key < ?", append(rows.args, w.Key, text(w.UID), w.In.To)
	default:
		rows.sql, rows.args = rows.sql+" AND key >= ? AND key < ?", append(rows.args, w.In.From, w.In.To)
		if w.Desc {
			order = " ORDER BY key DESC, uid"
		}
	}
	return []fragment{rows, {sql: order}, limit(most, 0)}
}

// walk calls fn for the rows of a walk, a piece at a time that grows from first, until it says that it is enough.
func (r *run) walk(ctx context.Context, c *conn, f *store.IndexRecord, walks []store.IndexWalk, first int, fn func(rows []indexRow) (enough bool, err error)) error {
	for piece := first; len(walks) > 0; piece = min(2*piece, mostPiece) {
		rows := make([]indexRow, 0, piece)
		err := r.rows(ctx, c, func(found pgx.Rows) error {
			var row indexRow
			err := found.Scan(&row.key, &row.uid)
			rows = append(rows, row)
			return err
		}, indexRows(keyAndUID, f, walks[0], piece)...)
		if err != nil {
			return err
		}
		if enough, err := fn(rows); err != nil || enough {
			return err
		}
		rest := walks[1:]
		if len(rows) == piece {
			last := rows[piece-1]
			rest = append(walks[0].Behind(last.key, last.uid), rest...)
		}
		walks = rest
	}
	return nil
}

// stream returns the UIDs of the page from the index that has its order.
func (r *run) stream(ctx context.Context, c *conn) (uids []string, err error) {
	skip, room := max(r.search.Start, 0), r.search.Limit
	if room <= 0 {
		return nil, nil
	}
	all := r.where == nil || r.Covered()
	first := min(skip+room, mostPiece)
	if !all {
		first = min(max(2*first, leastPiece), mostPiece)
	}
	take := func(uid string) bool {
		if skip > 0 {
			skip--
		} else if len(uids) < room {
			uids = append(uids, uid)
		}
		return len(uids) == room
	}
	err = r.walk(ctx, c, r.Stream.Record, r.Stream.Walks(r.search.After), first, func(rows []indexRow) (enough bool, err error) {
		var found map[string]*store.Account
		if !all {
			if found, err = r.satisfying(ctx, c, rows, r.needs()); err != nil {
				return false, err
			}
		}
		for _, row := range rows {
			if all || found[row.uid] != nil {
				enough = take(row.uid)
			}
		}
		return enough, nil
	})
	return uids, err
}

// streamedPage is one statement for the page of the index that has its order, if the page is short and nothing has to be looked at
// beside the index. Engines that spread tables are asked step by step.
func (r *run) streamedPage() (sql string, args []any, ok bool) {
	limit := r.search.Limit
	if !r.counted || limit <= 0 || limit > deliverBatch || r.search.Start > 0 || r.where != nil && !r.Covered() {
		return "", nil, false
	}
	walks := r.Stream.Walks(r.search.After)
	if len(walks) != 1 {
		return "", nil, false
	}
	accounts := fragment{"SELECT " + accountColumns + " FROM accounts WHERE grp = ? AND uid = ANY(ARRAY(", []any{r.group}}
	pieces := slices.Concat([]fragment{accounts}, indexRows("uid", r.Stream.Record, walks[0], limit), []fragment{{sql: "))"}})
	sql, args = statement(pieces...)
	return sql, args, true
}

// lookUp calls fn for the accounts that an option leads to and that satisfy the condition, each once.
func (r *run) lookUp(ctx context.Context, c *conn, o *store.Option, fn func(a *store.Account) error) error {
	columns := r.columns()
	for _, at := range o.Parts {
		// Every index is of a field that there is.
		if f, err := store.FieldOf(at.Record.Index.Path); err == nil && !o.Distinct() {
			columns = append(columns, column(f.Part))
		}
	}
	for i, at := range o.Parts {
		for j, in := range at.Ranges {
			err := r.walk(ctx, c, at.Record, []store.IndexWalk{{In: in}}, mostPiece, func(rows []indexRow) (bool, error) {
				found, err := r.satisfying(ctx, c, rows, columns)
				if err != nil {
					return false, err
				}
				for _, row := range rows {
					a := found[row.uid]
					if a == nil || !o.Distinct() && !firstWay(o, i, j, row.key, a) {
						continue
					}
					if err := fn(a); err != nil {
						return false, err
					}
				}
				return false, nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// firstWay tells whether no way of the option leads to the account before that by a key of a range of a part. So nobody has to
// remember which accounts there were.
func firstWay(o *store.Option, part, place int, key []byte, a *store.Account) bool {
	for i, at := range o.Parts[:part+1] {
		keys, _ := at.Record.Index.Keys(a)
		slices.SortFunc(keys, bytes.Compare)
		for j, in := range at.Ranges {
			for _, k := range keys {
				if bytes.Compare(k, in.From) >= 0 && bytes.Compare(k, in.To) < 0 {
					return i == part && j == place && bytes.Equal(k, key)
				}
			}
		}
	}
	return false
}

// satisfying returns those accounts of the rows that satisfy the condition, with the columns.
func (r *run) satisfying(ctx context.Context, c *conn, rows []indexRow, columns []string) (map[string]*store.Account, error) {
	found := make(map[string]*store.Account, len(rows))
	uids := make([]string, 0, lookUpBatch)
	for batch := range slices.Chunk(rows, lookUpBatch) {
		uids = uids[:0]
		for _, row := range batch {
			uids = append(uids, row.uid)
		}
		err := r.candidates(ctx, c, columns, func(a *store.Account) error {
			if r.exact || r.holds(a) {
				found[a.UID] = a
			}
			return nil
		}, fragment{" AND uid = ANY(?)", []any{uids}})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// lookUpBatch is how many accounts are looked up in one statement.
const lookUpBatch = 512

// knownTotal is how many accounts satisfy the condition, if the choice has found it out.
func (r *run) knownTotal() (n int64, ok bool) {
	if !r.Whole {
		return 0, false
	}
	o := r.Best
	if len(o.Parts) == 0 || o.Distinct() && o.Rows < store.ProbeRows {
		return o.Rows, true
	}
	at, ok := o.Single()
	if !ok || !o.Distinct() {
		return 0, false
	}
	in := at.Ranges[0]
	for _, known := range r.sums {
		if known.field == at.Record.ID && bytes.Equal(known.in.From, in.From) && bytes.Equal(known.in.To, in.To) {
			return known.rows, true
		}
	}
	return 0, false
}

// countRows counts the accounts of the plan's option by the rows that lead to them. One with several counts once.
func (r *run) countRows(ctx context.Context, c *conn) error {
	o := r.Best
	if at, ok := o.Single(); ok && o.Distinct() && r.counted {
		sum := &rangeSum{record: at.Record, in: at.Ranges[0]}
		b := &pgx.Batch{}
		sum.queue(b)
		if err := c.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		total, ok, err := sum.total()
		if err != nil || ok {
			r.total = total
			return err
		}
	}
	var union []fragment
	for _, at := range o.Parts {
		for _, in := range at.Ranges {
			head := "SELECT count(*) FROM (SELECT uid"
			if union != nil {
				head = " UNION SELECT uid"
			}
			f := fragment{head + " FROM search_keys WHERE field = ? AND key >= ? AND key < ?", []any{at.Record.ID, in.From, in.To}}
			union = append(union, f)
		}
	}
	if o.Distinct() {
		union[0].sql = "SELECT count(*) FROM search_keys WHERE field = ? AND key >= ? AND key < ?"
	} else {
		if len(union) == 1 {
			union = append(union, fragment{sql: " GROUP BY uid"})
		}
		union = append(union, fragment{sql: ") AS found"})
	}
	return r.rows(ctx, c, func(rows pgx.Rows) error { return rows.Scan(&r.total) }, union...)
}
