package transfer

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Export writes every account of the site's user base as NDJSON, in the order of the UIDs, and returns their number.
// With hashes the password hashes are in it: such a file is to be kept like a secret.
func Export(ctx context.Context, s store.Searcher, from *site.Site, w io.Writer, now time.Time, hashes bool) (int, error) {
	const page = 500
	search := store.Search{Group: from.Group, Limit: page}
	for n := 0; ; {
		last := ""
		_, err := s.SearchAccounts(ctx, search, func(a *store.Account, _ []query.Value) error {
			last = a.UID
			n++
			return exportRow(w, a, now, hashes)
		})
		if err != nil || last == "" {
			return n, err
		}
		search.After = &store.Position{UID: last}
	}
}

func exportRow(w io.Writer, a *store.Account, now time.Time, hashes bool) error {
	row, err := document.ParseObject(account.Row(a, now))
	if err != nil {
		return fmt.Errorf("account %s: %w", a.UID, err)
	}
	if a.Subscriptions != nil {
		v, err := document.Parse(a.Subscriptions)
		if err != nil {
			return fmt.Errorf("account %s: subscriptions: %w", a.UID, err)
		}
		row.Set("subscriptions", v)
	}
	if hashes && a.Secrets.PasswordHash != "" {
		password := &document.Object{}
		password.Set("hash", document.String(a.Secrets.PasswordHash))
		password.Set("created", document.String(a.Secrets.PasswordCreated.ISO()))
		row.Set("password", document.FromObject(password))
	}
	_, err = w.Write(append(row.AppendJSON(nil), '\n'))
	return err
}
