package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// Page caches, in KiB. They bound what the store holds in memory: the system's own file cache does the rest. A reader's
// has room for the inner pages of a quarter of a million accounts; the accounts themselves are in the accountCache.
const (
	writerCache   = 8192
	readerCache   = 2048
	searcherCache = 2048
)

// conn is a connection with the matchers of the search that it runs at present, if it runs one: what the SQL functions
// of the search consult (see functions.go).
type conn struct {
	*sqlite.Conn
	search *plan
	// fields are the indexes as the latest transaction that searched had them.
	fields catalogue
	// shapes are the texts of the searches that it keeps prepared, the oldest first.
	shapes []string
}

// connect opens a connection to the file, which exists, and runs the pragmas on it.
func connect(file string, busy time.Duration, cache int, pragmas ...string) (*conn, error) {
	// No OpenCreate: a file that vanished is an error, not a new empty store. No OpenURI: a file's name is just that.
	c, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	if err != nil {
		return nil, explain(err)
	}
	c.SetBusyTimeout(busy)
	// What is sorted or remembered for a rollback is small: it is kept from the disk.
	pragmas = append([]string{"PRAGMA temp_store = MEMORY", "PRAGMA synchronous = FULL",
		fmt.Sprintf("PRAGMA cache_size = -%d", cache)}, pragmas...)
	for _, pragma := range pragmas {
		if err := script(c, pragma); err != nil {
			return nil, errors.Join(explain(err), c.Close())
		}
	}
	return &conn{Conn: c}, nil
}

// script runs statements that have neither parameters nor results that matter, one after the other. A comment may stand
// before a statement, but not behind the last one.
func script(c *sqlite.Conn, text string) error {
	for text = strings.TrimSpace(text); text != ""; {
		stmt, rest, err := c.PrepareTransient(text)
		if err != nil {
			return err
		}
		text = strings.TrimSpace(text[len(text)-rest:])
		_, err = stmt.Step()
		if err := errors.Join(err, stmt.Finalize()); err != nil {
			return err
		}
	}
	return nil
}

// number runs a query without parameters and returns the integer in its first column.
func number(c *sqlite.Conn, query string) (int64, error) {
	stmt, _, err := c.PrepareTransient(query)
	if err != nil {
		return 0, err
	}
	defer stmt.Finalize()
	found, err := stmt.Step()
	if err != nil || !found {
		return 0, err
	}
	return stmt.ColumnInt64(0), nil
}

// A pool lends connections. It opens one only when all that it has are lent, and lends the one that came back last, whose
// page cache is the warmest: a store with little to do has few connections.
type pool struct {
	// places has room for as many tokens as connections may be lent.
	places chan struct{}
	open   func() (*conn, error)
	closed chan struct{}

	mu   sync.Mutex
	free []*conn
}

func newPool(size int, open func() (*conn, error)) *pool {
	return &pool{places: make(chan struct{}, size), open: open, closed: make(chan struct{})}
}

// take waits until a connection may be lent. What it returns goes back by give.
func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case p.places <- struct{}{}:
	default:
		select {
		case p.places <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.closed:
			return nil, store.ErrClosed
		}
	}
	return p.taken()
}

// taken returns the connection for a place that was taken.
func (p *pool) taken() (*conn, error) {
	if c := p.pop(); c != nil {
		return c, nil
	}
	c, err := p.open()
	if err != nil {
		<-p.places
		return nil, err
	}
	return c, nil
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return nil
	}
	c := p.free[last]
	p.free = p.free[:last]
	return c
}

func (p *pool) give(c *conn) {
	p.mu.Lock()
	p.free = append(p.free, c)
	p.mu.Unlock()
	<-p.places
}

// close waits for the connections that are lent, and closes all. Nothing is lent afterwards: the places stay taken.
func (p *pool) close() error {
	close(p.closed)
	for range cap(p.places) {
		p.places <- struct{}{}
	}
	var errs []error
	for c := p.pop(); c != nil; c = p.pop() {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
