package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// Page caches, in KiB. They bound what the store holds in memory: the system's own file cache does the rest.
const (
	writerCache = 8192
	readerCache = 2048
)

// conn is a connection with the matchers of the search that it runs at present, if it runs one: what the SQL functions
// of the search consult (see functions.go).
type conn struct {
	*sqlite.Conn
	search *plan
	// shapes are the texts of the searches that it keeps prepared, the oldest first.
	shapes []string
}

// connect opens a connection to the file, which exists.
func connect(file string, busy time.Duration, cache int) (*conn, error) {
	// No OpenCreate: a file that vanished is an error, not a new empty store. No OpenURI: a file's name is just that.
	c, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	if err != nil {
		return nil, explain(err)
	}
	c.SetBusyTimeout(busy)
	for _, pragma := range []string{
		// What is sorted or remembered for a rollback is small; it is kept from the disk.
		"PRAGMA temp_store = MEMORY",
		"PRAGMA synchronous = FULL",
		fmt.Sprintf("PRAGMA cache_size = -%d", cache),
	} {
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

// A pool lends connections, which it opens when they are first needed. At most cap(slots) are lent at a time.
type pool struct {
	// slots holds the connections that are free; nil stands for one that is not open yet.
	slots  chan *conn
	open   func() (*conn, error)
	closed chan struct{}
}

func newPool(size int, open func() (*conn, error)) *pool {
	p := &pool{slots: make(chan *conn, size), open: open, closed: make(chan struct{})}
	for range size {
		p.slots <- nil
	}
	return p
}

// take waits for a free connection. What it returns goes back by give.
func (p *pool) take(ctx context.Context) (*conn, error) {
	var c *conn
	select {
	case c = <-p.slots:
	default:
		select {
		case c = <-p.slots:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.closed:
			return nil, store.ErrClosed
		}
	}
	if c != nil {
		return c, nil
	}
	c, err := p.open()
	if err != nil {
		p.slots <- nil
		return nil, err
	}
	return c, nil
}

func (p *pool) give(c *conn) { p.slots <- c }

// close waits for the connections that are lent, and closes all.
func (p *pool) close() error {
	close(p.closed)
	var errs []error
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
