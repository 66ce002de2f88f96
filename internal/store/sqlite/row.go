package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"zombiezen.com/go/sqlite"
)

// binder binds values to the parameters of a statement, one after the other.
type binder struct {
	stmt *sqlite.Stmt
	n    int
}

func (b *binder) next() int           { b.n++; return b.n }
func (b *binder) text(s string)       { b.stmt.BindText(b.next(), s) }
func (b *binder) int(n int64)         { b.stmt.BindInt64(b.next(), n) }
func (b *binder) time(t clock.Millis) { b.stmt.BindInt64(b.next(), int64(t)) }
func (b *binder) bool(v bool)         { b.stmt.BindBool(b.next(), v) }
func (b *binder) hash(h store.Hash)   { b.stmt.BindBytes(b.next(), h[:]) }
func (b *binder) textOr(s string, ok bool) {
	if !ok {
		b.stmt.BindNull(b.next())
		return
	}
	b.text(s)
}

// doc binds a document as text, an empty one as NULL.
func (b *binder) doc(doc json.RawMessage) {
	b.textOr(string(doc), len(doc) > 0)
}

// blob binds bytes, none as NULL.
func (b *binder) blob(data []byte) {
	if len(data) == 0 {
		b.stmt.BindNull(b.next())
		return
	}
	b.stmt.BindBytes(b.next(), data)
}

// list binds texts as a JSON array, none as NULL.
func (b *binder) list(texts []string) {
	if len(texts) == 0 {
		b.stmt.BindNull(b.next())
		return
	}
	// Marshal has no error for strings.
	data, _ := json.Marshal(texts)
	b.text(string(data))
}

// row reads the columns of a result, one after the other.
type row struct {
	stmt *sqlite.Stmt
	n    int
}

func (r *row) next() int          { r.n++; return r.n - 1 }
func (r *row) text() string       { return r.stmt.ColumnText(r.next()) }
func (r *row) int() int64         { return r.stmt.ColumnInt64(r.next()) }
func (r *row) time() clock.Millis { return clock.Millis(r.int()) }
func (r *row) bool() bool         { return r.int() != 0 }

// blob returns a copy of the column's bytes; nil for NULL.
func (r *row) blob() []byte {
	col := r.next()
	n := r.stmt.ColumnLen(col)
	if n == 0 {
		return nil
	}
	data := make([]byte, n)
	r.stmt.ColumnBytes(col, data)
	return data
}

func (r *row) doc() json.RawMessage { return r.blob() }

func (r *row) list() ([]string, error) {
	data := r.blob()
	if data == nil {
		return nil, nil
	}
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, fmt.Errorf("stored list: %w", err)
	}
	return texts, nil
}

// docs reads the next columns into the documents. They share one allocation, and each is bounded by its own end, so that
// appending to one cannot reach into its neighbour.
func (r *row) docs(into ...*json.RawMessage) {
	total := 0
	for i := range into {
		total += r.stmt.ColumnLen(r.n + i)
	}
	buf := make([]byte, total)
	for _, doc := range into {
		col := r.next()
		n := r.stmt.ColumnBytes(col, buf)
		if n == 0 {
			*doc = nil
			continue
		}
		*doc = buf[:n:n]
		buf = buf[n:]
	}
}

// exec runs a statement that returns no rows, and tells how many it changed. The statement is prepared once for a
// connection.
func exec(c *sqlite.Conn, query string, bind func(b *binder)) (changed int, err error) {
	stmt, err := c.Prepare(query)
	if err != nil {
		return 0, explain(err)
	}
	bind(&binder{stmt: stmt})
	if _, err := stmt.Step(); err != nil {
		return 0, explain(err)
	}
	changed = c.Changes()
	// A statement that is not reset holds its transaction open.
	return changed, explain(stmt.Reset())
}

// get runs a query for one row. Without a row it returns store.ErrNotFound.
func get(c *sqlite.Conn, query string, bind func(b *binder), scan func(r *row) error) error {
	stmt, err := c.Prepare(query)
	if err != nil {
		return explain(err)
	}
	bind(&binder{stmt: stmt})
	found, err := stmt.Step()
	if err != nil {
		return explain(err)
	}
	if !found {
		err = store.ErrNotFound
	} else {
		err = scan(&row{stmt: stmt})
	}
	if resetErr := stmt.Reset(); err == nil {
		err = explain(resetErr)
	}
	return err
}

// list runs a query and calls scan for each row.
func list(c *sqlite.Conn, query string, bind func(b *binder), scan func(r *row) error) (err error) {
	stmt, err := c.Prepare(query)
	if err != nil {
		return explain(err)
	}
	// Deferred, because scan may be a function of the caller's that panics.
	defer func() {
		if resetErr := stmt.Reset(); err == nil {
			err = explain(resetErr)
		}
	}()
	bind(&binder{stmt: stmt})
	for {
		found, err := stmt.Step()
		if err != nil {
			return explain(err)
		}
		if !found {
			return nil
		}
		if err := scan(&row{stmt: stmt}); err != nil {
			return err
		}
	}
}
