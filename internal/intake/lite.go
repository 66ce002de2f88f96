package intake

import (
	"fmt"
	"io"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// liteType is the member of accountTypes that says what a lite account is.
const liteType = "lite"

// checkLite checks a row that is a lite account.
func (in *Account) checkLite() error {
	switch {
	case in.password.hash != "" || in.password.clear != "" || in.username != "":
		return wrong("accountTypes", "a lite account has neither password nor user name")
	case in.hasIdentities || in.loginIDs != nil && in.loginIDs.Username != "":
		return wrong("accountTypes", "a lite account has neither identities nor login identifiers")
	}
	in.loginIDs = nil
	if v, _ := in.profile.Get("email"); in.email == "" && account.ValidEmail(v.Str()) {
		in.email = v.Str()
	}
	if in.email == "" {
		return wrong("email", "is missing: a lite account is an address")
	}
	return nil
}

// Lite is what a call brings of a lite account.
type Lite struct {
	Email                                     string
	Profile, Data, Preferences, Subscriptions *document.Object
}

// A LiteWrite makes or changes a lite account in a transaction.
type LiteWrite struct {
	Site *site.Site
	Now  clock.Millis
	// UID is for a new one.
	UID string
	// Client: the fields are a client's, who may not write all of them.
	Client bool
}

// NewLiteWrite draws what a new lite account needs.
func NewLiteWrite(s *site.Site, now clock.Millis, rand io.Reader) LiteWrite {
	return LiteWrite{Site: s, Now: now, UID: id.UID(now.Time(), rand)}
}

// Store makes the lite account of the address, or changes it, and returns its UID. The subscriptions are those of the full
// account that logs in with the address and has proved that it is its own, if there is one. The error is a *MemberError, a *gigya.Error for what the account
// cannot be, or the store's.
func (w LiteWrite) Store(tx store.Tx, l Lite) (string, error) {
	if !account.ValidEmail(l.Email) {
		return "", wrong("email", fmt.Sprintf("%.100q is not an e-mail address", l.Email))
	}
	address := account.Normalize(l.Email)
	present, err := account.LiteOf(tx, w.Site.Group, address)
	if err != nil {
		return "", err
	}
	full, err := account.SharerOf(tx, w.Site.Group, address, present)
	if err != nil {
		return "", err
	}
	in := &Account{
		source: Call, lite: true, stamped: !w.Client, client: w.Client, email: l.Email, more: &document.Object{},
		profile: l.Profile.Clone(), data: l.Data, preferences: l.Preferences, subscriptions: l.Subscriptions,
	}
	in.profile.Set("email", document.String(l.Email))
	if full != nil {
		in.subscriptions = nil
	}
	d, err := w.draft(present, in)
	if err != nil {
		return "", err
	}
	if full != nil {
		if err := w.beside(tx, full, l.Subscriptions); err != nil {
			return "", err
		}
	}
	_, err = d.Store(tx)
	return d.Account.UID, err
}

// draft works the change out on the lite account that is there, or on a new one.
func (w LiteWrite) draft(present *store.Account, in *Account) (*Draft, error) {
	if present != nil {
		return in.Change(present, w.Site, w.Now)
	}
	in.more.Set("accountTypes", document.ArrayOf(document.String(liteType)))
	in.more.Set("hasLiteAccount", document.Boolean(true))
	return in.New(w.Site, w.UID, w.Now)
}

// beside notes at the full account of the address that there is a lite one, and gives it the subscriptions.
func (w LiteWrite) beside(tx store.Tx, full *store.Account, subscriptions *document.Object) error {
	in := &Account{source: Call, stamped: !w.Client, client: w.Client, more: &document.Object{}, subscriptions: subscriptions}
	in.more.Set("hasLiteAccount", document.Boolean(true))
	d, err := in.Change(full, w.Site, w.Now)
	if err != nil {
		return err
	}
	_, err = d.Store(tx)
	return err
}
