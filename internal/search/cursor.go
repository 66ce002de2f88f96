package search

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
	Method string `json:"m"`
	Site   string `json:"s"`
	// Credential is the user key that opened the cursor; empty for the partner itself.
	Credential string         `json:"c,omitempty"`
	Scope      string         `json:"w,omitempty"`
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

// place names what the call is about: a site, or the partner of the caller's key.
func place(c *method.Invocation) string {
	if c.Site == nil {
		return store.OwnerOfPartner(c.Caller.Key.Partner)
	}
	return c.Site.APIKey
}

func (s Searches) seal(c *method.Invocation, p *run, last store.Position) string {
	return s.Tokens.SealJSON(cursorKind, cursor{
		Method: c.Method.Spec.Name, Site: place(c), Credential: credential(c.Caller), Scope: p.scope, Query: p.text,
		After: last, Total: p.total, Issued: clock.FromTime(c.Now),
	})
}

// open reads the cursor of the call. One that was altered, is another method's, site's or credential's, or is too old is
// answered alike.
func (s Searches) open(c *method.Invocation, r Request) (*run, error) {
	var opened cursor
	err := s.Tokens.OpenJSON(cursorKind, r.CursorID, &opened)
	if err != nil || opened.Method != c.Method.Spec.Name || opened.Site != place(c) ||
		opened.Credential != credential(c.Caller) || opened.Issued.Add(cursorLife) < clock.FromTime(c.Now) {
		return nil, gigya.InvalidArgumentBecause("cursorId", "the cursor is unknown or has expired")
	}
	p := &run{text: opened.Query, scope: opened.Scope, window: Window{After: &opened.After, More: true}, total: opened.Total}
	// A cursor outlives an upgrade of the server, which may read queries in another way.
	return p, p.prepare(r)
}
