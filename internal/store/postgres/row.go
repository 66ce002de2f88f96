package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
	"github.com/jackc/pgx/v5"
)

// storable tells whether the engine can keep the text in a key: it keeps UTF-8 without NUL. Nothing is stored under any
// other, so whoever asks for it is told that it is not there.
func storable(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}

// text is a text that is shown and not looked for: what the engine cannot keep becomes U+FFFD.
func text(s string) string {
	if storable(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// optional is a text that may be absent.
func optional(s string, ok bool) any {
	if !ok {
		return nil
	}
	return text(s)
}

// doc is a document as the engine takes it: an empty one is NULL.
func doc(d json.RawMessage) any {
	if len(d) == 0 {
		return nil
	}
	return []byte(d)
}

// bytesOf are bytes as the engine takes them: none are NULL.
func bytesOf(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// list is a list of texts as a JSON array, an empty one as NULL.
func list(texts []string) any {
	if len(texts) == 0 {
		return nil
	}
	data, _ := json.Marshal(texts) // Strings cannot fail.
	return data
}

func readList(data []byte, into *[]string) error {
	*into = nil
	if data == nil {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("stored list: %w", err)
	}
	return nil
}

func millis(t clock.Millis) int64 { return int64(t) }

// timeAt returns where the engine's value of a time is put.
func timeAt(t *clock.Millis) *int64 { return (*int64)(t) }

func docAt(d *json.RawMessage) *[]byte { return (*[]byte)(d) }

// exec runs a statement that returns no rows, and tells how many it changed.
func exec(ctx context.Context, c *conn, sql string, args ...any) (int, error) {
	tag, err := c.Exec(ctx, sql, args...)
	return int(tag.RowsAffected()), err
}

// get reads one row into the targets. Without a row it returns store.ErrNotFound.
func get(ctx context.Context, c *conn, sql string, args []any, targets ...any) error {
	err := c.QueryRow(ctx, sql, args...).Scan(targets...)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// has tells whether a query finds a row.
func has(ctx context.Context, c *conn, sql string, args ...any) (bool, error) {
	var one int
	err := get(ctx, c, sql, args, &one)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// each runs a query and calls scan for each row. After an error of scan the rest is not waited for.
func each(ctx context.Context, c *conn, sql string, args []any, scan func(r pgx.Rows) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := c.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	whole := false
	defer func() {
		if !whole {
			cancel() // Closing would read all that is still to come.
		}
		rows.Close()
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	whole = true
	return rows.Err()
}

// records collects the rows of a query.
func records[T any](ctx context.Context, c *conn, sql string, args []any, scan func(r pgx.Row, t *T) error) ([]*T, error) {
	var all []*T
	err := each(ctx, c, sql, args, func(r pgx.Rows) error {
		t := new(T)
		all = append(all, t)
		return scan(r, t)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// record reads one row. Without it the error is store.ErrNotFound.
func record[T any](ctx context.Context, c *conn, sql string, args []any, scan func(r pgx.Row, t *T) error) (*T, error) {
	t := new(T)
	err := scan(c.QueryRow(ctx, sql, args...), t)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}
