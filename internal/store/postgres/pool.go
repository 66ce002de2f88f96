package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// conn is a connection of the pool.
type conn struct {
	*pgx.Conn
	// ends is when it is replaced.
	ends time.Time
	// warned: the server has warned since this was last looked at. Used by the goroutine that has the connection.
	warned bool
}

// pool keeps connections. As many as it may have are kept open, because opening one costs more than a hundred short reads.
type pool struct {
	config   *pgx.ConnConfig
	password string
	lifetime time.Duration
	patience time.Duration
	// turns has room for as many as may have a connection or be about to open one.
	turns chan struct{}

	mu     sync.Mutex
	idle   []*conn
	open   int
	closed bool
	// stop ends the goroutine that keeps the pool full, and filled says that it has ended.
	stop   context.CancelFunc
	filled chan struct{}
}

func newPool(s *settings, o Options) *pool {
	ctx, stop := context.WithCancel(context.Background())
	p := &pool{
		config: s.conn, password: o.PasswordFile, lifetime: s.lifetime, patience: o.Patience,
		turns: make(chan struct{}, s.connections), stop: stop, filled: make(chan struct{}),
	}
	go p.fill(ctx)
	return p
}

// errNoConnection is the cause when all connections are in use for too long.
var errNoConnection = fmt.Errorf("%w: all connections to the database are in use", store.ErrBusy)

// take returns a connection, which give takes back. It waits for one as long as ctx and the pool's patience let it.
func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case p.turns <- struct{}{}:
	default:
		waiting, cancel := context.WithTimeoutCause(ctx, p.patience, errNoConnection)
		defer cancel()
		select {
		case p.turns <- struct{}{}:
		case <-waiting.Done():
			return nil, context.Cause(waiting)
		}
	}
	c, err := p.get(ctx)
	if err != nil {
		<-p.turns
	}
	return c, err
}

// get returns the connection that was used last, or a new one.
func (p *pool) get(ctx context.Context) (*conn, error) {
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, store.ErrClosed
		}
		last := len(p.idle) - 1
		if last < 0 {
			p.open++
			p.mu.Unlock()
			return p.dial(ctx)
		}
		c := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		if !c.IsClosed() && time.Now().Before(c.ends) {
			return c, nil
		}
		p.drop(c)
	}
}

// dial opens a connection, for which open has been raised.
func (p *pool) dial(ctx context.Context) (*conn, error) {
	c, err := connect(ctx, p.config, p.password)
	if err != nil {
		p.mu.Lock()
		p.open--
		p.mu.Unlock()
		return nil, err
	}
	// They do not all end at the same time.
	c.ends = time.Now().Add(p.lifetime - rand.N(p.lifetime/10+1))
	return c, nil
}

// connect opens a connection outside of any pool.
func connect(ctx context.Context, config *pgx.ConnConfig, passwordFile string) (*conn, error) {
	config = config.Copy()
	if passwordFile != "" {
		if err := password(config, passwordFile); err != nil {
			return nil, err
		}
	}
	c := &conn{}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.SeverityUnlocalized == "WARNING" {
			c.warned = true
		}
	}
	var err error
	if c.Conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return nil, err
	}
	return c, nil
}

// give takes the connection back. One in the middle of something is closed.
func (p *pool) give(c *conn) {
	if c.IsClosed() || c.PgConn().TxStatus() != 'I' {
		p.drop(c)
	} else {
		p.put(c)
	}
	<-p.turns
}

// put keeps an open connection for the next one.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	if !p.closed {
		p.idle = append(p.idle, c)
		c = nil
	}
	p.mu.Unlock()
	if c != nil {
		p.drop(c)
	}
}

// closeTimeout bounds the goodbye of a connection.
const closeTimeout = 2 * time.Second

func (p *pool) drop(c *conn) {
	p.mu.Lock()
	p.open--
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = c.Close(ctx) // Nothing more is wanted of it.
}

// forget closes the connections that wait: one was lost, and most likely they are too.
func (p *pool) forget() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		p.drop(c)
	}
}

// fillPeriod is how often the pool looks whether connections are missing.
const fillPeriod = time.Second

// fill keeps as many connections open as the pool may have.
func (p *pool) fill(ctx context.Context) {
	defer close(p.filled)
	for {
		for p.missing() && p.add(ctx) {
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(fillPeriod):
		}
	}
}

func (p *pool) missing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.closed && p.open < cap(p.turns)
}

// add opens one connection more, unless all turns are taken: then callers open what they need.
func (p *pool) add(ctx context.Context) bool {
	select {
	case p.turns <- struct{}{}:
	default:
		return false
	}
	defer func() { <-p.turns }()
	p.mu.Lock()
	if p.closed || p.open >= cap(p.turns) {
		p.mu.Unlock()
		return false
	}
	p.open++
	p.mu.Unlock()
	c, err := p.dial(ctx)
	if err != nil {
		return false
	}
	p.put(c)
	return true
}

// close closes the connections. Those in use must have been given back.
func (p *pool) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.stop()
	<-p.filled
	p.forget()
	return nil
}

// patience is how long something is tried again.
type patience struct {
	ends  time.Time
	pause time.Duration
	most  time.Duration
}

// wait waits a little longer each time, up to most. It returns false when the patience or ctx has ended.
func (w *patience) wait(ctx context.Context) bool {
	if time.Now().After(w.ends) {
		return false
	}
	if w.pause *= 2; w.pause < time.Millisecond {
		w.pause = time.Millisecond
	}
	w.pause = min(w.pause, w.most)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(w.pause/2 + rand.N(w.pause)):
		return true
	}
}

// Pauses between tries: after a conflict, which ends with the other change, and after a lost connection.
const (
	pauseConflict = 50 * time.Millisecond
	pauseLost     = 300 * time.Millisecond
)

// bounded returns err as it is to be told when ctx may have ended: then that is the reason.
func bounded(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(err)
}
