package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/clock"
)

// ErrNotDistributed: the database is none whose tables can be spread over machines, or not at this server.
var ErrNotDistributed = errors.New("the tables cannot be distributed")

// Placement is where the rows of a table are on Citus.
type Placement struct {
	Table string
	// Column is what the rows are spread by; empty: a reference table, of which every node has a copy.
	Column string
	// With is the table whose rows of the same value lie on the same machine; empty: this one is the first of its kind.
	With string
	// Done: the table was placed so before.
	Done bool
}

// String is "accounts by uid" or "sites everywhere", with what it lies beside.
func (p Placement) String() string {
	switch {
	case p.Column == "":
		return p.Table + " everywhere"
	case p.With == "":
		return p.Table + " by " + p.Column
	}
	return p.Table + " by " + p.Column + ", with " + p.With
}

// placements are all tables, each behind the one that it lies with.
//
// Everything of one account lies with it: most changes then touch one machine, and end without an agreement of several. So do
// its audit records and the row that tells of a commit, because they are in the transaction of the change. What is looked for
// by its value is spread by the value: it must be found without knowing whose it is, and its key is unique only if it holds
// what it is spread by. Configuration is small, is read by all and changes seldom.
var placements = []Placement{
	{Table: "accounts", Column: "uid"},
	{Table: "account_identifiers", Column: "uid", With: "accounts"},
	{Table: "sessions", Column: "uid", With: "accounts"},
	{Table: "outcomes", Column: "uid", With: "accounts"},
	{Table: "audit", Column: "uid", With: "accounts"},
	{Table: "data_objects", Column: "place", With: "accounts"},
	{Table: "search_keys", Column: "uid", With: "accounts"},
	{Table: "identifiers", Column: "value"},
	{Table: "marks", Column: "hash"},
	{Table: "nonces", Column: "id", With: "marks"},
	{Table: "data_uniques", Column: "hash", With: "marks"},
	{Table: "audit_chains", Column: "name", With: "identifiers"},
	{Table: "data_types"},
	{Table: "search_catalogue"},
	{Table: "search_fields"},
	{Table: "group_sizes"},
	{Table: "search_counts"},
	{Table: "count_changes"},
	{Table: "partners"},
	{Table: "sites"},
	{Table: "keys"},
	{Table: "config_objects"},
	{Table: "signing_keys"},
	{Table: "meta"},
	{Table: "doorward_migrations"},
}

const (
	sqlHasCitus   = `SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'citus'`
	sqlCitusGroup = `SELECT groupid FROM pg_catalog.pg_dist_local_group`
	sqlCitusNodes = `SELECT count(*) FROM pg_catalog.pg_dist_node WHERE noderole = 'primary' AND isactive AND shouldhaveshards`
	// The name is looked for in the schema that the tables are in.
	sqlHasTable = `SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1`
	// A reference table has no column that it is spread by.
	sqlPlaced = `SELECT coalesce(column_to_column_name(logicalrelid, partkey), '') FROM pg_catalog.pg_dist_partition
		WHERE logicalrelid = CAST(quote_ident(current_schema()) || '.' || quote_ident($1) AS regclass) AND partmethod IN ('h', 'n')`
	sqlSpread = `SELECT create_distributed_table(CAST($1 AS regclass), $2, colocate_with => $3)`
	// The number of pieces can be given for the first table of a kind only.
	sqlSpreadFirst = `SELECT create_distributed_table(CAST($1 AS regclass), $2, colocate_with => 'none', shard_count => $3)`
	sqlReference   = `SELECT create_reference_table(CAST($1 AS regclass))`
	// The rows that were copied to the shards stay in the local table, unseen, until this is called.
	sqlForgetLocal = `SELECT truncate_local_data_after_distributing_table(CAST($1 AS regclass))`
)

// DefaultShards is how many pieces a table is cut into unless Distribution says otherwise: as many machines can share it.
const DefaultShards = 32

// Distribution says how [Distribute] places the tables.
type Distribution struct {
	// Shards is the number of pieces of a table that is spread, 1 to 1024; 0: [DefaultShards].
	Shards int
	// DryRun changes nothing: Told is called with what would be done.
	DryRun bool
	// Told is called for each table, after it is placed; nil: nobody is told.
	Told func(Placement)
}

// Distribute spreads the tables over the machines of a Citus cluster; o names the coordinator. It first brings the database up
// to this version's form. A table that is placed already is left as it is, so it can be called again: after an upgrade that
// brings new tables, or after an error. Changes of a table wait while its rows are copied.
//
// The error wraps [ErrNotDistributed] where there is no Citus, where o names a worker, and where a table is placed otherwise.
func Distribute(ctx context.Context, o Options, d Distribution) error {
	if d.Shards == 0 {
		d.Shards = DefaultShards
	}
	if d.Shards < 1 || d.Shards > 1024 {
		return fmt.Errorf("%d shards: it must be 1 to 1024", d.Shards)
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	settings, err := readURL(o)
	if err != nil {
		return err
	}
	c, err := connect(ctx, settings.pool)
	if err != nil {
		return fmt.Errorf("open the database: %w", bounded(ctx, err))
	}
	defer c.Close(context.WithoutCancel(ctx))
	if err := settings.inspect(ctx, c); err != nil {
		return fmt.Errorf("open the database: %w", bounded(ctx, err))
	}
	if err := canDistribute(ctx, c); err != nil {
		return bounded(ctx, err)
	}
	if !d.DryRun {
		if err := prepare(ctx, c, settings, clock.FromTime(o.Clock.Now())); err != nil {
			return fmt.Errorf("open the database: %w", bounded(ctx, err))
		}
		// What a server that goes by the catalogue of before still notes is never read.
		if err := call(ctx, c, sqlStopCounting); err != nil {
			return bounded(ctx, err)
		}
	}
	for _, p := range placements {
		if p.Done, err = place(ctx, c, p, d); err != nil {
			return fmt.Errorf("place table %s: %w", p.Table, bounded(ctx, err))
		}
		if d.Told != nil {
			d.Told(p)
		}
	}
	return nil
}

// canDistribute tells what keeps the tables from being spread.
func canDistribute(ctx context.Context, c *conn) error {
	if there, err := has(ctx, c, sqlHasCitus); err != nil {
		return err
	} else if !there {
		return fmt.Errorf("%w: the database has no extension citus. On one PostgreSQL server nothing needs to be distributed; for a cluster, "+
			"CREATE EXTENSION citus in this database on every node and tell the coordinator of the others by citus_add_node", ErrNotDistributed)
	}
	var group, nodes int64
	if err := get(ctx, c, sqlCitusGroup, nil, &group); err != nil {
		return err
	}
	if group != 0 {
		return fmt.Errorf("%w: this server is a worker; name the coordinator", ErrNotDistributed)
	}
	if err := get(ctx, c, sqlCitusNodes, nil, &nodes); err != nil {
		return err
	}
	if nodes == 0 {
		return fmt.Errorf("%w: no node of the cluster takes shards; add workers by citus_add_node", ErrNotDistributed)
	}
	return nil
}

// place places one table in a transaction of its own, and tells whether it was placed before.
func place(ctx context.Context, c *conn, p Placement, d Distribution) (done bool, err error) {
	// Nobody may be at the same table: the lock is that of the migrations, and is let go with the transaction.
	if err := script(ctx, c, "BEGIN; "+sqlAdvisoryLock); err != nil {
		return false, err
	}
	defer func() {
		end := "COMMIT"
		if err != nil {
			end = "ROLLBACK"
		}
		if !c.IsClosed() {
			err = errors.Join(err, script(context.WithoutCancel(ctx), c, end))
		}
	}()
	if there, err := has(ctx, c, sqlHasTable, p.Table); err != nil || !there {
		if err == nil && !d.DryRun {
			err = fmt.Errorf("%w: it is not there", ErrNotDistributed)
		}
		return false, err
	}
	var column string
	if placed, err := one(ctx, c, sqlPlaced, []any{p.Table}, &column); err != nil {
		return false, err
	} else if placed {
		if column != p.Column {
			return false, fmt.Errorf("%w: it is spread by %q and not by %q; undistribute_table makes it local again", ErrNotDistributed, column, p.Column)
		}
		return true, nil
	}
	if d.DryRun {
		return false, nil
	}
	switch {
	case p.Column == "":
		err = call(ctx, c, sqlReference, p.Table)
	case p.With == "":
		err = call(ctx, c, sqlSpreadFirst, p.Table, p.Column, d.Shards)
	default:
		err = call(ctx, c, sqlSpread, p.Table, p.Column, p.With)
	}
	if err == nil {
		err = call(ctx, c, sqlForgetLocal, p.Table)
	}
	return false, err
}

// stopCounting sees to it that a database whose tables are spread is not one that numbers are kept of: it may have been spread
// by a version that knew of none.
func (s *settings) stopCounting(ctx context.Context, c *conn) error {
	if s.cockroach {
		return nil
	}
	if there, err := has(ctx, c, sqlHasCitus); err != nil || !there {
		return err
	}
	var column string
	if spread, err := one(ctx, c, sqlPlaced, []any{"accounts"}, &column); err != nil || !spread {
		return err
	}
	return call(ctx, c, sqlStopCounting)
}

// one is get for a row that may be missing.
func one(ctx context.Context, c *conn, sql string, args []any, targets ...any) (bool, error) {
	err := get(ctx, c, sql, args, targets...)
	if ours(err) {
		return false, nil
	}
	return err == nil, err
}

// call runs a statement whose result says nothing.
func call(ctx context.Context, c *conn, sql string, args ...any) error {
	_, err := c.Exec(ctx, sql, args...)
	return err
}
