package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/intake"
	"github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Importer makes accounts, and types and objects of the data store, of rows. It is safe for concurrent use.
type Importer struct {
	Store store.Store
	Sites *site.Directory
	// APIKey is the site's; its policies and schema are asked for at each row.
	APIKey    string
	Passwords *password.Hasher
	Clock     clock.Clock
	// Rand must be safe for concurrent use.
	Rand io.Reader
	// Upsert changes accounts whose UID is there; without it such a row is refused.
	Upsert bool
}

// prepared is a row that needs nothing but a transaction.
type prepared struct {
	line int
	uid  string
	// named: the row says what the UID is.
	named bool
	in    *intake.Account
	draft *intake.Draft
	site  *site.Site
	now   clock.Millis
	// write is a row of the data store, which is no account.
	write rowWrite
	// err refuses the row.
	err error
	// conflicts are the identities that were left out.
	conflicts []intake.Conflict
}

// Import makes one account and returns its UID. A row that is refused changes nothing: the error is a *RowError whose
// reason names the member. Any other error says that the import cannot go on.
func (i *Importer) Import(ctx context.Context, row Row) (uid string, err error) {
	p, err := i.prepare(ctx, row)
	if err == nil {
		err = i.alone(ctx, p)
	}
	if err == nil {
		err = p.err
	}
	if err != nil {
		return "", err
	}
	return p.uid, nil
}

// prepare reads and checks the row, hashes what is to be hashed, and works a new account out. The error ends the import; one
// that refuses the row is in the result.
func (i *Importer) prepare(ctx context.Context, row Row) (*prepared, error) {
	now := i.Clock.Now()
	p := &prepared{line: row.Line, now: clock.FromTime(now)}
	s, err := i.Sites.Site(ctx, i.APIKey)
	if err != nil {
		return nil, err
	}
	if p.prepareData(row.Members, s.Group) {
		return p, nil
	}
	in, err := intake.Read(row.Members, intake.File)
	if err != nil {
		p.err = &RowError{row.Line, err}
		return p, nil
	}
	if err := in.Check(s, i.Passwords); err != nil {
		p.err = &RowError{row.Line, err}
		return p, nil
	}
	if err := in.Hash(ctx, i.Passwords); err != nil {
		return nil, err
	}
	p.in, p.site, p.uid, p.named = in, s, in.UID, in.UID != ""
	if p.uid == "" {
		p.uid = id.UID(now, i.Rand)
	}
	p.draft, err = in.New(s, p.uid, p.now)
	return p, p.refuse(err)
}

// refuse notes an error that is the row's fault; another one it gives back.
func (p *prepared) refuse(err error) error {
	if err == nil {
		return nil
	}
	if reason := refusal(err); reason != nil {
		p.err = &RowError{p.line, reason}
		return nil
	}
	return err
}

// refusal returns the reason if the error is the row's fault, and nil for one that stands for the store's.
func refusal(err error) error {
	var failure *gigya.Error
	var taken *store.TakenError
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return refused.reason
	case errors.Is(err, store.ErrNotUnique):
		return errors.New("data: another object has a value that is unique")
	case errors.Is(err, store.ErrExists):
		return fmt.Errorf("UID: there is an account with this UID already%w", errThereAlready)
	case errors.As(err, &taken):
		return fmt.Errorf("%s belongs to another account already", identifierText(taken.Identifier))
	case !errors.As(err, &failure):
		return nil
	case len(failure.Validation) == 0:
		return failure
	}
	parts := make([]string, len(failure.Validation))
	for i, item := range failure.Validation {
		parts[i] = item.FieldName + ": " + item.Message
	}
	return errors.New(strings.Join(parts, "; "))
}

// errThereAlready marks the refusals of rows that may have been imported before. It has no text of its own.
var errThereAlready = errors.New("")

func identifierText(x store.Identifier) string {
	switch x.Space {
	case store.LoginSpace:
		return fmt.Sprintf("the login identifier %q", x.Value)
	case account.EmailTokenSpace:
		return fmt.Sprintf("token: %q", x.Value)
	case store.LiteSpace:
		return fmt.Sprintf("email: the address %q of a lite account", x.Value)
	}
	return fmt.Sprintf("phoneNumber: %q", x.Value)
}

// store writes the row in the transaction, which goes on after a row that is refused. It may run again.
func (p *prepared) store(tx store.Tx, upsert bool) error {
	p.err, p.conflicts = nil, nil
	if p.write != nil {
		err := p.write.store(tx, upsert)
		if errors.Is(err, store.ErrNotUnique) {
			return err
		}
		return p.refuse(err)
	}
	draft := p.draft
	if upsert && p.in.UID != "" {
		present, err := tx.Account(draft.Account.Group, p.uid)
		if err == nil {
			draft, err = p.in.Change(present, p.site, p.now)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return p.refuse(err)
		}
	}
	conflicts, err := draft.Store(tx)
	p.conflicts = conflicts
	var taken *store.TakenError
	if errors.As(err, &taken) && !p.named {
		present, err := tx.Account(draft.Account.Group, taken.UID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && sameData(present, draft.Account) {
			p.err = &RowError{p.line, fmt.Errorf("%w%w", refusal(taken), errThereAlready)}
			return nil
		}
	}
	return p.refuse(err)
}

// sameData tells whether both accounts may have come of the same row that names no UID: what a row alone says of them is the same.
func sameData(a, b *store.Account) bool {
	for _, pair := range [][2]json.RawMessage{{a.Emails, b.Emails}, {a.LoginIDs, b.LoginIDs}, {a.Profile, b.Profile}, {a.Data, b.Data}} {
		one, err := document.ParseStored(pair[0])
		other, err2 := document.ParseStored(pair[1])
		if err != nil || err2 != nil || !one.Equal(other) {
			return false
		}
	}
	return true
}

// extendsSchema tells whether the row changes what later rows are held against.
func (p *prepared) extendsSchema() bool { return p.draft != nil && p.draft.ExtendsSchema() }

// alone writes the row in a transaction of its own.
func (i *Importer) alone(ctx context.Context, p *prepared) error {
	if p.err != nil {
		return nil
	}
	return p.refuse(i.Store.Change(ctx, func(tx store.Tx) error { return p.store(tx, i.Upsert) }))
}
