package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Store is an open database. It implements [store.Store].
type Store struct {
	settings *settings
	clock    clock.Clock
	rand     io.Reader
	patience time.Duration
	// lifeSign is how often a transaction says something that waits for somebody else: far more often than [idleTimeout].
	lifeSign time.Duration
	pool     *pgxpool.Pool
	// searches has room for as many as may search at the same time, so that they leave connections to the short calls.
	searches chan struct{}
	config   *watch
	// listens: changes of the configuration are told by NOTIFY.
	listens bool
	// node and last name the records of the audit log.
	node []byte
	last atomic.Int64
	// chains are the ends of the chains of audit records that this process writes.
	chains *chains
	// fields are the search indexes as the process knows them; nil: it has to read them.
	fields  atomic.Pointer[catalogue]
	indexer *indexer
	folder  *folder
	// tidy ends the goroutine that removes what is over, tidied says that it has ended.
	tidy   context.CancelFunc
	tidied chan struct{}

	// closing guards closed; work counts the changes and reads under way.
	closing sync.RWMutex
	closed  bool
	work    sync.WaitGroup
}

var _ store.Store = (*Store)(nil)

// Open connects to the database and brings it up to this version's form. It fails with [ErrNotOurs] for one whose tables
// another program made, with [ErrNewer] for one that this version does not know how to read, and with [store.ErrBusy] when
// it cannot be reached.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Patience <= 0 {
		o.Patience = 10 * time.Second
	}
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", bounded(ctx, err))
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	settings, err := readURL(o)
	if err != nil {
		return nil, err
	}
	first, err := connect(ctx, settings.pool)
	if err != nil {
		return nil, err
	}
	defer first.Close(context.WithoutCancel(ctx))
	if err := settings.inspect(ctx, first); err != nil {
		return nil, err
	}
	if err := prepare(ctx, first, settings, clock.FromTime(o.Clock.Now())); err != nil {
		return nil, err
	}
	if err := settings.stopCounting(ctx, first); err != nil {
		return nil, err
	}
	if !o.Unfinished {
		if err := refuseUnfinished(ctx, first); err != nil {
			return nil, err
		}
	}
	s := &Store{
		settings: settings, clock: o.Clock, rand: o.Rand, patience: o.Patience, lifeSign: idleTimeout / 4, listens: settings.listen == "on",
		searches: make(chan struct{}, max(1, settings.pool.MaxConns/4)), node: make([]byte, 8), tidied: make(chan struct{}),
	}
	if _, err := io.ReadFull(o.Rand, s.node); err != nil {
		return nil, fmt.Errorf("name this process: %w", err)
	}
	s.chains = newChains(s.node)
	if s.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), settings.pool); err != nil {
		return nil, err
	}
	s.config = newWatch(s)
	tidying, stop := context.WithCancel(context.Background())
	s.tidy = stop
	go s.tidyUp(tidying)
	s.folder = newFolder(s, o)
	s.indexer = newIndexer(s, o)
	return s, nil
}

// inspect asks the server what it is, and decides what was left to that.
func (s *settings) inspect(ctx context.Context, c *conn) error {
	var version string
	if err := get(ctx, c, `SELECT version()`, nil, &version); err != nil {
		return err
	}
	s.cockroach = strings.Contains(version, "CockroachDB")
	other := s.cockroach || strings.Contains(version, "-YB-")
	for _, decision := range []struct {
		to             *string
		usual, instead string
	}{{&s.listen, "on", "off"}, {&s.locks, "advisory", "table"}} {
		if *decision.to == "" {
			*decision.to = decision.usual
			if other {
				*decision.to = decision.instead
			}
		}
	}
	if other {
		return nil
	}
	if encoding := c.PgConn().ParameterStatus("server_encoding"); encoding != "" && encoding != "UTF8" {
		return fmt.Errorf("the encoding of the database is %s: it must be UTF8", encoding)
	}
	var durable string
	if err := get(ctx, c, `SHOW synchronous_commit`, nil, &durable); err != nil {
		return err
	}
	if durable == "off" {
		return errors.New("synchronous_commit is off: what was acknowledged would be lost when the server dies; set it to on, for this role at least")
	}
	return nil
}

// enter begins something that Close waits for: what ends by work.Done.
func (s *Store) enter() error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	s.work.Add(1)
	return nil
}

// Ready implements [store.Store]: it reads a row, and asks whether the server takes writes.
func (s *Store) Ready(ctx context.Context) error {
	return s.read(ctx, func(ctx context.Context, c *conn) error {
		if _, err := configVersion(ctx, c); err != nil {
			return fmt.Errorf("read the database: %w", err)
		}
		var readOnly string
		if err := get(ctx, c, `SHOW transaction_read_only`, nil, &readOnly); err != nil {
			return err
		}
		if readOnly == "on" {
			return errors.New("the database takes no writes")
		}
		return nil
	})
}

// Backup implements [store.Store]: it fails with [ErrBackup].
func (s *Store) Backup(context.Context, string) error { return ErrBackup }

// Close implements [store.Store]. A second call does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	s.closing.Unlock()
	s.tidy()
	<-s.tidied
	s.indexer.close()
	s.folder.close()
	s.config.close()
	s.work.Wait()
	s.pool.Close()
	return nil
}
