package postgres

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// channel is the name under which changes of the configuration are told. What is told is only that there is one: other
// schemas of the database may use the same name.
const channel = "doorward_config"

// Freshness is how old what [Store.ConfigVersion] returns may be: a change that another process has made is seen after
// this time at the latest. One that this process has made is seen at once.
const Freshness = time.Second

const (
	// askPeriod is how often the version is read: twice within Freshness, so that one slow answer does no harm.
	askPeriod = Freshness / 2
	// listenPause is the pause between tries to listen.
	listenPause = time.Second
)

// watch knows the version of the configuration, so that a call does not have to ask for it.
type watch struct {
	store *Store
	known atomic.Pointer[knownVersion]
	// look has a value when the version should be read now.
	look chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup
}

// knownVersion is a version and the time before which it was read.
type knownVersion struct {
	version int64
	at      time.Time
}

func newWatch(s *Store) *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{store: s, look: make(chan struct{}, 1), stop: stop}
	w.done.Go(func() { w.ask(ctx) })
	if s.listens {
		w.done.Go(func() { w.listen(ctx) })
	}
	return w
}

// ConfigVersion implements [store.Configuration]. What it returns is at most [Freshness] old; if it is not known that
// well, because the database does not answer, it asks and fails if there is no answer.
func (s *Store) ConfigVersion(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if known := s.config.known.Load(); known != nil && time.Since(known.at) < Freshness {
		return known.version, nil
	}
	return s.config.refresh(ctx)
}

// refresh reads the version.
func (w *watch) refresh(ctx context.Context) (int64, error) {
	at := time.Now()
	version, err := point(ctx, w.store, configVersion)
	if err != nil {
		return 0, err
	}
	return w.learn(version, at), nil
}

// learn takes a version that was read after at, and returns the greatest one that is known.
func (w *watch) learn(version int64, at time.Time) int64 {
	for {
		known := w.known.Load()
		next := &knownVersion{version, at}
		if known != nil {
			next.version = max(version, known.version)
			if at.Before(known.at) {
				next.at = known.at
			}
		}
		if w.known.CompareAndSwap(known, next) {
			return next.version
		}
	}
}

// advance takes the version that a change of this process has made; 0: it made none.
func (w *watch) advance(version int64) {
	if version == 0 {
		return
	}
	at := time.Time{}
	if known := w.known.Load(); known != nil {
		at = known.at
	}
	w.learn(version, at)
}

// ask reads the version again and again.
func (w *watch) ask(ctx context.Context) {
	for {
		// An error leaves what is known to become old: then calls ask themselves, and are told.
		_, _ = w.refresh(ctx)
		select {
		case <-ctx.Done():
			return
		case <-w.look:
		case <-time.After(askPeriod):
		}
	}
}

// listen has the version read when a change is told.
func (w *watch) listen(ctx context.Context) {
	for ctx.Err() == nil {
		w.hear(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(listenPause):
		}
	}
}

// hear listens on a connection of its own, until that is lost.
func (w *watch) hear(ctx context.Context) {
	config := w.store.settings.pool.Copy()
	// Nothing runs in the server that could be stopped: waiting ends by closing.
	config.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: conn.Conn()}
	}
	c, err := connect(ctx, config)
	if err != nil {
		return
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = c.Close(ctx)
	}()
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return
	}
	for {
		if _, err := c.WaitForNotification(ctx); err != nil {
			return
		}
		select {
		case w.look <- struct{}{}:
		default:
		}
	}
}

func (w *watch) close() {
	w.stop()
	w.done.Wait()
}
