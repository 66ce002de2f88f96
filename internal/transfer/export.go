package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Detail is how much of an account's secrets an export has.
type Detail int

const (
	// Plain has none.
	Plain Detail = iota
	// Hashes has the hash of the present password. Such a file is to be kept like a secret.
	Hashes
	// Secrets has everything, so that an import makes the same account of it: earlier hashes, the security question,
	// failures and locks. It is to be sealed.
	Secrets
)

// Source is what is exported.
type Source interface {
	store.Searcher
	store.DataReader
}

// Exported counts what an export holds.
type Exported struct {
	// Accounts are the full and the lite ones, Objects those of the data store.
	Accounts, Objects int
}

// Export writes every account of the site's user base as NDJSON, in the order of the UIDs, then the lite accounts, then the
// data store, type by type. A row has what is stored and nothing that is worked out from it, so that what [Importer] makes of
// it in an empty installation is exported the same again, whenever that is.
func Export(ctx context.Context, s Source, from *site.Site, w io.Writer, detail Detail) (done Exported, err error) {
	for _, group := range []string{from.Group, store.LiteGroup(from.Group)} {
		n, err := exportGroup(ctx, s, group, w, detail)
		done.Accounts += n
		if err != nil {
			return done, err
		}
	}
	done.Objects, err = exportObjects(ctx, s, from.Group, w)
	return done, err
}

func exportGroup(ctx context.Context, s store.Searcher, group string, w io.Writer, detail Detail) (int, error) {
	const page = 500
	search := store.Search{Group: group, Limit: page}
	var row []byte
	for n := 0; ; {
		last := ""
		_, err := s.SearchAccounts(ctx, search, func(a *store.Account, _ []query.Value) error {
			last = a.UID
			n++
			var err error
			if row, err = appendRow(row[:0], a, detail); err != nil {
				return fmt.Errorf("account %s: %w", a.UID, err)
			}
			_, err = w.Write(row)
			return err
		})
		if err != nil || last == "" {
			return n, err
		}
		search.After = &store.Position{UID: last}
	}
}

// rowWriter appends the members of a row. The names are ours: nothing in them needs escaping.
type rowWriter struct{ dst []byte }

func (w *rowWriter) name(name string) {
	if w.dst[len(w.dst)-1] != '{' {
		w.dst = append(w.dst, ',')
	}
	w.dst = append(append(append(w.dst, '"'), name...), `":`...)
}

func (w *rowWriter) text(name, value string) {
	w.name(name)
	w.dst = document.AppendString(w.dst, value)
}

func (w *rowWriter) flag(name string, value bool) {
	w.name(name)
	w.dst = fmt.Appendf(w.dst, "%t", value)
}

// stamp appends a time that there was.
func (w *rowWriter) stamp(name string, t clock.Millis) {
	if t != 0 {
		w.name(name)
		w.dst = append(t.AppendISO(append(w.dst, '"')), '"')
	}
}

// raw appends a document that there is, byte for byte.
func (w *rowWriter) raw(name string, doc json.RawMessage) {
	if len(doc) > 0 {
		w.name(name)
		w.dst = append(w.dst, doc...)
	}
}

func appendRow(dst []byte, a *store.Account, detail Detail) ([]byte, error) {
	w := &rowWriter{append(dst, '{')}
	w.text("UID", a.UID)
	w.stamp("created", a.Created)
	w.stamp("registered", a.Registered)
	w.stamp("verified", a.Verified)
	w.stamp("lastLogin", a.LastLogin)
	w.stamp("lastUpdated", a.LastUpdated)
	w.stamp("oldestDataUpdated", a.OldestDataUpdated)
	w.flag("isActive", a.IsActive)
	w.flag("isRegistered", a.Registered != 0)
	w.flag("isVerified", a.Verified != 0)
	if a.LoginProvider != "" {
		w.text("loginProvider", a.LoginProvider)
	}
	if a.SocialProviders != "" {
		w.text("socialProviders", a.SocialProviders)
	}
	if a.HasRegSource {
		w.text("regSource", a.RegSource)
	}
	w.raw("loginIDs", a.LoginIDs)
	w.raw("emails", a.Emails)
	w.raw("profile", a.Profile)
	w.raw("data", a.Data)
	w.raw("preferences", a.Preferences)
	w.raw("subscriptions", a.Subscriptions)
	w.raw("internal", a.Internal)
	w.raw("customIdentifiers", a.CustomIdentifiers)
	w.raw("identities", a.Identities)
	err := document.Members(orEmpty(a.More), func(name string, raw []byte) bool {
		w.raw(name, raw)
		return true
	})
	if err != nil {
		return nil, err
	}
	err = w.secrets(&a.Secrets, detail)
	return append(w.dst, '}', '\n'), err
}

func orEmpty(doc json.RawMessage) []byte {
	if len(doc) == 0 {
		return []byte("{}")
	}
	return doc
}

func (w *rowWriter) secrets(s *store.Secrets, detail Detail) error {
	switch {
	case detail == Secrets:
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		w.raw("secrets", text)
	case detail == Hashes && s.PasswordHash != "":
		w.name("password")
		w.dst = append(document.AppendString(append(w.dst, `{"hash":`...), s.PasswordHash), `,"created":"`...)
		w.dst = append(s.PasswordCreated.AppendISO(w.dst), `"}`...)
	}
	return nil
}
