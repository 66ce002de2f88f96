package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say where the database is and how much of it may be used. Only URL is needed.
//
// Beside what libpq knows, the URL may have these parameters, which are ours and are not sent to the server:
//
//	pool_max_conns          number of connections, 1 to 1000; default 16
//	pool_min_conns          how many of them stay open; default: all, because opening one costs more than a hundred reads
//	pool_max_conn_lifetime  after how long a connection is replaced, at least 1s; default 1h
//	pooler=transaction      there is a pooler in between that gives a connection to one transaction at a time
//	                        (pgbouncer): no named statements, no session settings, no LISTEN
//	listen=on|off           changes of the configuration are told by NOTIFY, or found by asking alone
//	locks=advisory|table    migrations are run by one process at a time by an advisory lock, or by that of a row
//
// The other pool_ parameters of [pgxpool.ParseConfig] mean what they mean there; pool_ping_timeout is refused. Whether to
// listen, and how to lock, is found out from the server when it is not given. With several hosts, the one that takes writes
// is used unless target_session_attrs says otherwise.
type Options struct {
	// URL is the connection string: postgres://user@host:5432/name, or libpq's "host=… dbname=…".
	URL string
	// PasswordFile holds the password; it is read at each connection, so that it can be changed. Empty: the URL's, or
	// what libpq would take (PGPASSWORD, PGPASSFILE).
	PasswordFile string
	// Clock tells the time that computed search fields (age, lock-out) go by, and when what is kept for a while has been
	// kept long enough; nil: the machine's.
	Clock clock.Clock
	// Rand is where the names of changes and claims come from; nil: the machine's.
	Rand io.Reader
	// Patience is how long a call waits for a connection, and tries again after lost ones and conflicts, before it fails
	// with [store.ErrBusy]; 0: 10 seconds.
	Patience time.Duration
	// Unfinished opens a database whose copy is not complete; without it that is [store.ErrUnfinished].
	Unfinished bool
	// IndexAfter is how many values of a field searches have looked at, for want of an index, before the field gets one; 0: a
	// million, negative: none ever does, and the store does nothing about those that there are but to keep them up, nor adds up what
	// others count from.
	IndexAfter int64
	// IndexAtOnce has searches wait for an index of every field that they could use one of. It is for tests.
	IndexAtOnce bool
	// Trace is given the text of every statement, for tests; nil: none. It is called by many goroutines.
	Trace func(sql string)
}

// settings are what the URL says.
type settings struct {
	// pool is how connections are made, and how many there are.
	pool *pgxpool.Config
	// pooled: a pooler gives the connection to one transaction at a time.
	pooled bool
	// listen and locks are empty where the server decides.
	listen, locks string
	// cockroach: the server has no collations, and orders texts by their bytes.
	cockroach bool
}

// Bounds of the pool.
const (
	defaultConnections = 16
	maxConnections     = 1000
	minLifetime        = time.Second
	// defaultHealthPeriod is how often the pool looks whether connections are missing, minHealthPeriod how often at most.
	defaultHealthPeriod = time.Second
	minHealthPeriod     = 10 * time.Millisecond
)

// statementTimeout is how long the server works on one statement of a change or a short read. Only those that wait for the
// lock of a change that hangs come near it.
const statementTimeout = 10 * time.Second

// idleTimeout is after how long the server gives up the transaction of a client that says nothing any more: a machine that
// lost its network would hold its locks otherwise.
const idleTimeout = time.Minute

// readURL reads the connection string. Errors do not show it, because it may hold a password.
func readURL(o Options) (*settings, error) {
	// This one still has what the URL says of the pool, so that defaults can be told from it.
	given, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("the URL of the database cannot be read: it must be of the form postgres://user@host:5432/name")
	}
	pool, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		if wrong, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
			wrong.ConnString = "the URL of the database" // It may hold a password.
		}
		return nil, err
	}
	s := &settings{pool: pool}
	if err := s.size(given.RuntimeParams); err != nil {
		return nil, fmt.Errorf("the URL of the database: %w", err)
	}
	c := pool.ConnConfig
	for name, read := range map[string]func(string) error{
		"pooler": s.readPooler,
		"listen": choice(&s.listen, "on", "off"),
		"locks":  choice(&s.locks, "advisory", "table"),
	} {
		text, ok := c.RuntimeParams[name]
		if !ok {
			continue
		}
		delete(c.RuntimeParams, name)
		if err := read(text); err != nil {
			return nil, fmt.Errorf("parameter %s of the URL of the database: %w", name, err)
		}
	}
	if len(c.Fallbacks) > 0 && c.ValidateConnect == nil && severalHosts(c) {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	s.prepare(o)
	return s, nil
}

// size completes what the URL says of the pool, and checks it.
func (s *settings) size(given map[string]string) error {
	p := s.pool
	missing := func(name string) bool {
		_, ok := given[name]
		return !ok
	}
	if missing("pool_max_conns") {
		p.MaxConns = defaultConnections
	}
	if missing("pool_min_conns") {
		p.MinConns = p.MaxConns
	}
	if missing("pool_max_conn_lifetime_jitter") {
		// They do not all end at the same time.
		p.MaxConnLifetimeJitter = p.MaxConnLifetime / 10
	}
	if missing("pool_health_check_period") {
		p.HealthCheckPeriod = defaultHealthPeriod
	}
	switch {
	case p.MaxConns > maxConnections:
		return fmt.Errorf("pool_max_conns is not a number from 1 to %d", maxConnections)
	case p.MinConns < 0 || p.MinConns > p.MaxConns:
		return errors.New("pool_min_conns is not a number from 0 to pool_max_conns")
	case p.MinIdleConns < 0 || p.MinIdleConns > p.MaxConns:
		return errors.New("pool_min_idle_conns is not a number from 0 to pool_max_conns")
	case p.MaxConnLifetime < minLifetime:
		return fmt.Errorf("pool_max_conn_lifetime is less than %s", minLifetime)
	case p.HealthCheckPeriod < minHealthPeriod:
		return fmt.Errorf("pool_health_check_period is less than %s", minHealthPeriod)
	case !missing("pool_ping_timeout"):
		return errors.New("there is no pool_ping_timeout: connections are not pinged")
	}
	return nil
}

// severalHosts tells fallbacks to other hosts from those to the same one without TLS.
func severalHosts(c *pgx.ConnConfig) bool {
	for _, f := range c.Fallbacks {
		if f.Host != c.Host || f.Port != c.Port {
			return true
		}
	}
	return false
}

// prepare completes the configuration of a connection.
func (s *settings) prepare(o Options) {
	c := s.pool.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	setDefault := func(name, value string) {
		if _, ok := c.RuntimeParams[name]; !ok {
			c.RuntimeParams[name] = value
		}
	}
	c.RuntimeParams["client_encoding"] = "UTF8"
	setDefault("application_name", "doorward")
	if s.pooled {
		// The unnamed statement is parsed in the same breath as it is run: nothing is kept in the server between them.
		c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	} else {
		setDefault("idle_in_transaction_session_timeout", strconv.FormatInt(idleTimeout.Milliseconds(), 10))
		// A search whose caller has gone is stopped in the server too, and its connection is used again. Behind a pooler the
		// connection is closed instead: pgbouncer up to 1.19 dies of cancel requests (its issues 801 and 822).
		c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
		}
	}
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}}
	c.DialFunc = dialer.DialContext
	c.OnNotice = noteWarning
	s.pool.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		if o.PasswordFile == "" {
			return nil
		}
		return password(c, o.PasswordFile)
	}
	// What runs on a connection that was lost is run again: no call waits for a ping before.
	s.pool.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	if o.Trace != nil {
		c.Tracer = tracer(o.Trace)
	}
}

// password reads the password file into the configuration of a connection and its fallbacks, which share the password.
func password(c *pgx.ConnConfig, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the password of the database: %w", err)
	}
	c.Password = strings.TrimRight(string(text), "\r\n")
	return nil
}

func (s *settings) readPooler(text string) error {
	mode := ""
	if err := choice(&mode, "transaction", "none")(text); err != nil {
		return err
	}
	if s.pooled = mode == "transaction"; s.pooled && s.listen == "" {
		s.listen = "off"
	}
	return nil
}

func choice(to *string, allowed ...string) func(string) error {
	return func(text string) error {
		for _, a := range allowed {
			if text == a {
				*to = text
				return nil
			}
		}
		return fmt.Errorf("%q is not one of %s", text, strings.Join(allowed, ", "))
	}
}

// tracer hands the texts of statements on.
type tracer func(sql string)

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t(data.SQL)
	return ctx
}

func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (t tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (t tracer) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	t(data.SQL)
}

func (tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
