package accounts

import (
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// cursorLife is how long a nextCursorId can be used: the documented five minutes.
const cursorLife = 300 * time.Second

// cursorKind keeps cursors apart from all other sealed texts.
const cursorKind = "search-cursor"

// cursor is a place in the result of a query: everything that the next page needs, so that the server remembers nothing
// and a repeated request gives the same page again.
type cursor struct {
	Site string `json:"s"`
	// Credential is the user key that opened the cursor; empty for the partner itself.
	Credential string         `json:"c,omitempty"`
	Query      string         `json:"q"`
	After      store.Position `json:"a"`
	// Total is the totalCount of the first page.
	Total  int64        `json:"t"`
	Issued clock.Millis `json:"i"`
}

// credential names the credential of the caller for cursors.
func credential(c *caller.Caller) string {
	if c.Key == nil {
		return ""
	}
	return c.Key.UserKey
}

func (d Deps) sealCursor(c *method.Invocation, r *searchRun, last store.Position) string {
	return d.Tokens.SealJSON(cursorKind, cursor{
		Site: c.Site.APIKey, Credential: credential(c.Caller), Query: r.text, After: last, Total: r.total,
		Issued: clock.FromTime(c.Now),
	})
}

// openCursor reads the cursor of the call. One that was altered, is another site's or credential's, or is too old is
// answered alike.
func (d Deps) openCursor(c *method.Call[SearchParams]) (*searchRun, error) {
	var opened cursor
	err := d.Tokens.OpenJSON(cursorKind, c.Params.CursorID, &opened)
	if err != nil || opened.Site != c.Site.APIKey || opened.Credential != credential(c.Caller) ||
		opened.Issued.Add(cursorLife) < clock.FromTime(c.Now) {
		return nil, gigya.InvalidArgumentBecause("cursorId", "the cursor is unknown or has expired")
	}
	run := &searchRun{text: opened.Query, full: true, cursor: true, after: &opened.After, total: opened.Total}
	// A cursor outlives an upgrade of the server, which may read queries in another way.
	if err := run.parse(c.Site.Schema); err != nil {
		return nil, err
	}
	return run, nil
}
