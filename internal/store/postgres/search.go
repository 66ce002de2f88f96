package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

const (
	sqlHolders = `SELECT uid FROM identifiers WHERE grp = $1 AND space = $2 AND value = ANY($3)`
	// deliverBatch is how many accounts are fetched at once.
	deliverBatch = 64
)

// SearchAccounts implements [store.Searcher]. A condition that names something that no account has is a
// *query.SyntaxError.
func (s *Store) SearchAccounts(ctx context.Context, q store.Search, fn func(a *store.Account, sort []query.Value) error) (int64, error) {
	p, err := newPlan(q, s.clock.Now())
	if err != nil {
		return 0, err
	}
	if !storable(q.Group) {
		return 0, nil
	}
	r := &run{plan: p, store: s, search: q, fn: fn, wanted: store.WantedIndexes(q)}
	if err := s.indexer.beforehand(ctx, q.Group, r.wanted); err != nil {
		return 0, err
	}
	err = s.scan(ctx, &r.begun, r.once)
	s.indexer.note(p)
	if err != nil {
		return 0, err
	}
	return r.total, nil
}

// run is one search under way.
type run struct {
	*plan
	store  *Store
	search store.Search
	fn     func(a *store.Account, sort []query.Value) error
	// counted: there are numbers to add up, as far as they were made.
	counted bool
	// sums are the ranges that were added up already.
	sums []knownRows
	// opening begins the moment of the search.
	opening opening
	// settled: the total is known, or not asked for. The last statement of the page ends the moment then.
	settled bool
	// wanted are the indexes that the search could use.
	wanted []store.Index
	// begun: fn was called.
	begun bool
	total int64
	found int
}

func (r *run) once(ctx context.Context, c *conn) error {
	r.total, r.found, r.settled = 0, 0, false
	alone := r.exact && r.native()
	if alone && !r.search.Total && !r.store.has(r.group, r.wanted) {
		return r.page(ctx, c)
	}
	return r.chosen(ctx, c, func() error {
		if r.search.Total {
			r.total, r.settled = r.knownTotal()
		} else {
			r.settled = true
		}
		if err := r.answer(ctx, c, alone); err != nil || r.settled {
			return err
		}
		return r.count(ctx, c, alone)
	})
}

// answer hands over the page, and may count as well. alone: the server can answer without us.
func (r *run) answer(ctx context.Context, c *conn, alone bool) error {
	var uids []string
	var err error
	switch {
	case r.Stream != nil:
		if sql, args, ok := r.streamedPage(); ok {
			return r.fetch(ctx, c, sql, args, r.settled, r.inOrder)
		}
		uids, err = r.stream(ctx, c)
	case r.Narrow == nil && alone:
		return r.page(ctx, c)
	case r.Narrow == nil && r.indexed() && (!r.search.Total || r.Best != nil):
		uids, err = r.walkInOrder(ctx, c)
	default:
		r.total = 0
		uids, err = r.walkAll(ctx, c)
		r.settled = true
	}
	for len(uids) > 0 && err == nil {
		batch := uids[:min(deliverBatch, len(uids))]
		uids = uids[len(batch):]
		err = r.fetch(ctx, c, sqlGetAccounts, []any{r.group, batch}, r.settled && len(uids) == 0, func(found []*store.Account) []*store.Account {
			return inOrderOf(batch, found)
		})
	}
	return err
}

// searchMode keeps no statement in the server: clients choose the shapes of the texts.
const searchMode = pgx.QueryExecModeCacheDescribe

// rows runs the statement that the pieces make and calls scan for each row.
func (p *plan) rows(ctx context.Context, c *conn, scan func(r pgx.Rows) error, pieces ...fragment) error {
	sql, args := statement(pieces...)
	for i, arg := range args {
		l, ok := arg.(*lookup)
		if !ok {
			continue
		}
		holders := []string{}
		err := each(ctx, c, sqlHolders, []any{p.group, store.LoginSpace, l.values}, func(r pgx.Rows) error {
			var uid string
			err := r.Scan(&uid)
			holders = append(holders, uid)
			return err
		})
		if err != nil {
			return err
		}
		args[i] = holders
	}
	return each(ctx, c, sql, append([]any{searchMode}, args...), scan)
}

// from is FROM and WHERE of every search: the group and the filter.
func (p *plan) from() fragment {
	return fragment{" FROM accounts WHERE grp = ?", []any{p.group}}.join(" AND ", p.filter)
}

// behind is the condition of the position that the search goes on from, if there is one.
func (p *plan) behind(at *store.Position) fragment {
	if at == nil {
		return fragment{}
	}
	f := p.position(at)
	return fragment{" AND (" + f.sql + ")", f.args}
}

func limit(n, skip int) fragment {
	if skip <= 0 {
		return fragment{" LIMIT ?", []any{n}}
	}
	return fragment{" LIMIT ? OFFSET ?", []any{n, skip}}
}

// page hands over the page of a search that the server answers alone.
func (r *run) page(ctx context.Context, c *conn) error {
	if r.search.Limit <= 0 {
		return nil
	}
	var row accountRow
	return r.rows(ctx, c, func(rows pgx.Rows) error {
		a := &store.Account{Group: r.group}
		if err := row.scan(rows, a); err != nil {
			return err
		}
		return r.deliver(a)
	}, fragment{sql: "SELECT " + accountColumns}, r.from(), r.behind(r.search.After), r.orderBy(), limit(r.search.Limit, r.search.Start))
}

func (r *run) deliver(a *store.Account) error {
	r.begun = true
	r.found++
	return r.fn(a, r.place(a).Sort)
}

// count counts the accounts that satisfy the condition. alone: the server can do it without us.
func (r *run) count(ctx context.Context, c *conn, alone bool) error {
	start := max(r.search.Start, 0)
	switch {
	case r.search.After == nil && r.found < r.search.Limit && (r.found > 0 || start == 0):
		// The page is the end of the result.
		r.total = int64(start + r.found)
		return nil
	case r.Whole:
		return r.countRows(ctx, c)
	case alone && r.filter.sql == "" && r.counted:
		total, ok, err := groupTotal(ctx, c, r.group)
		if err != nil || ok {
			r.total = total
			return err
		}
		fallthrough
	case alone && r.Best == nil:
		return r.rows(ctx, c, func(rows pgx.Rows) error { return rows.Scan(&r.total) }, fragment{sql: "SELECT count(*)"}, r.from())
	}
	return r.look(ctx, c, func(*store.Account) error { r.total++; return nil })
}

// walkAll looks at all of them, keeps those that come first and counts.
func (r *run) walkAll(ctx context.Context, c *conn) ([]string, error) {
	keep := &first{plan: r.plan}
	skip := max(r.search.Start, 0)
	if r.search.Limit > 0 {
		keep.room = r.search.Limit + skip
	}
	err := r.look(ctx, c, func(a *store.Account) error {
		r.total++
		if keep.room == 0 {
			return nil
		}
		if at := r.place(a); r.search.After == nil || r.compare(at, *r.search.After) > 0 {
			keep.add(at)
		}
		return nil
	})
	return keep.uids(skip), err
}

// Pieces of a walk in order: they begin small, because a page is often full soon.
const (
	leastPiece = 32
	firstPiece = 128
	mostPiece  = 4096
)

// walkInOrder looks at them in the order of the result, a piece at a time, until the page is full.
func (r *run) walkInOrder(ctx context.Context, c *conn) (uids []string, err error) {
	if r.search.Limit <= 0 {
		return nil, nil
	}
	after, skip := r.search.After, max(r.search.Start, 0)
	for piece := firstPiece; ; piece = min(2*piece, mostPiece) {
		seen := 0
		var last store.Position
		err := r.candidates(ctx, c, r.columns(), func(a *store.Account) error {
			seen++
			last = r.place(a)
			switch {
			case len(uids) == r.search.Limit || !r.holds(a):
			case skip > 0:
				skip--
			default:
				uids = append(uids, a.UID)
			}
			return nil
		}, r.behind(after), r.orderBy(), limit(piece, 0))
		if err != nil || seen < piece || len(uids) == r.search.Limit {
			return uids, err
		}
		after = &last
	}
}

// look calls fn for the accounts that satisfy the condition, which an index leads to if there is one. They have what the
// condition and the order need, and no more.
func (r *run) look(ctx context.Context, c *conn, fn func(a *store.Account) error) error {
	if r.Best != nil {
		return r.lookUp(ctx, c, r.Best, fn)
	}
	return r.candidates(ctx, c, r.columns(), func(a *store.Account) error {
		if !r.exact && !r.holds(a) {
			return nil
		}
		return fn(a)
	})
}

// columns are those that the condition and the order need.
func (p *plan) columns() []string { return append(p.needs(), p.keyColumns()...) }

// candidates calls fn for the accounts that satisfy the filter, with these columns.
func (r *run) candidates(ctx context.Context, c *conn, columns []string, fn func(a *store.Account) error, pieces ...fragment) error {
	columns = slices.Sorted(slices.Values(columns))
	columns = slices.DeleteFunc(slices.Compact(columns), func(name string) bool { return name == "uid" })
	var row partialRow
	return r.rows(ctx, c, func(rows pgx.Rows) error {
		a := &store.Account{Group: r.group}
		if err := row.scan(rows, columns, a); err != nil {
			return err
		}
		r.looked += r.values
		return fn(a)
	}, slices.Concat([]fragment{{sql: "SELECT " + strings.Join(append([]string{"uid"}, columns...), ", ")}, r.from()}, pieces)...)
}

// fetch reads accounts of the snapshot and hands them over in an order. last: nothing is read after it.
func (r *run) fetch(ctx context.Context, c *conn, sql string, args []any, last bool, order func(found []*store.Account) []*store.Account) error {
	var found []*store.Account
	var row accountRow
	b := &pgx.Batch{}
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			a := &store.Account{Group: r.group}
			if err := row.scan(rows, a); err != nil {
				return err
			}
			found = append(found, a)
		}
		return rows.Err()
	})
	if last {
		b.Queue(sqlRollback)
	}
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, a := range order(found) {
		if err := r.deliver(a); err != nil {
			return err
		}
	}
	return nil
}

// inOrderOf returns the accounts in the order of the UIDs. One may be missing that was deleted meanwhile: a distributed engine has no
// moment that is the same on all of its machines.
func inOrderOf(uids []string, found []*store.Account) []*store.Account {
	places := make(map[string]int, len(uids))
	for i, uid := range uids {
		places[uid] = i
	}
	slices.SortFunc(found, func(a, b *store.Account) int { return places[a.UID] - places[b.UID] })
	return found
}

// inOrder returns the accounts in the order of the search.
func (r *run) inOrder(found []*store.Account) []*store.Account {
	slices.SortFunc(found, func(a, b *store.Account) int { return r.compare(r.place(a), r.place(b)) })
	return found
}

// partialRow reads rows of the UID and some further columns.
type partialRow struct {
	source  *string
	targets []any
}

func (r *partialRow) scan(row pgx.Row, columns []string, a *store.Account) error {
	r.source = nil
	r.targets = append(r.targets[:0], &a.UID)
	for _, name := range columns {
		r.targets = append(r.targets, r.target(name, a))
	}
	if err := row.Scan(r.targets...); err != nil {
		return err
	}
	if r.source != nil {
		a.HasRegSource, a.RegSource = true, *r.source
	}
	return nil
}

// target returns where the value of a column is put.
func (r *partialRow) target(name string, a *store.Account) any {
	switch name {
	case "login_provider":
		return &a.LoginProvider
	case "social_providers":
		return &a.SocialProviders
	case "reg_source":
		return &r.source
	case "created":
		return timeAt(&a.Created)
	case "registered":
		return timeAt(&a.Registered)
	case "verified":
		return timeAt(&a.Verified)
	case "last_login":
		return timeAt(&a.LastLogin)
	case "last_updated":
		return timeAt(&a.LastUpdated)
	case "oldest_data_updated":
		return timeAt(&a.OldestDataUpdated)
	case "locked_until":
		return timeAt(&a.Secrets.LockedUntil)
	case "password_created":
		return timeAt(&a.Secrets.PasswordCreated)
	case "is_active":
		return &a.IsActive
	}
	return docAt(documentOf(name, a))
}

func documentOf(name string, a *store.Account) *json.RawMessage {
	switch name {
	case "emails":
		return &a.Emails
	case "login_ids":
		return &a.LoginIDs
	case "profile":
		return &a.Profile
	case "data":
		return &a.Data
	case "preferences":
		return &a.Preferences
	case "subscriptions":
		return &a.Subscriptions
	case "internal":
		return &a.Internal
	case "custom_identifiers":
		return &a.CustomIdentifiers
	case "identities":
		return &a.Identities
	}
	return &a.More
}
