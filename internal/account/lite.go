package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// EmailTokenSpace holds, in the group that [store.LiteGroup] names, the tokens that lite accounts were brought with from
// elsewhere.
const EmailTokenSpace = "email-token"

// Members of [store.Account.More] by which a full account and the lite account of an address that it logs in with know of
// each other. While they do, the subscriptions are the full account's.
const (
	hasLite = "hasLiteAccount"
	hasFull = "hasFullAccount"
)

// has tells whether the account says that it has another beside it.
func has(a *store.Account, name string) bool {
	raw, _ := document.Member(a.More, name)
	return string(raw) == "true"
}

func setHas(a *store.Account, name string, value bool) {
	more := object(a.More)
	if more.Delete(name); value {
		more.Set(name, document.Boolean(true))
	}
	a.More = nil
	if more.Len() > 0 {
		a.More = more.JSON()
	}
}

// Progressed tells whether there is a full account that has taken the place of the lite one.
func Progressed(lite *store.Account) bool { return has(lite, hasFull) }

// LiteAddress returns the address that the lite account is.
func LiteAddress(lite *store.Account) string { return profileAddress(lite) }

func profileAddress(a *store.Account) string {
	raw, _ := document.Member(a.Profile, "email")
	email, _ := document.Text(raw)
	return Normalize(email)
}

// join lets the two know of each other. Where both have a choice of subscriptions, the full account's stays. A token that the
// address was brought with from elsewhere stays its token, where the row of the full account is that address.
func join(full, lite *store.Account) {
	setHas(full, hasLite, true)
	setHas(lite, hasFull, true)
	if token, ok := document.Member(lite.More, "token"); ok && LiteAddress(lite) == profileAddress(full) {
		more := object(full.More)
		if text, isText := document.Text(token); isText {
			more.Set("token", document.String(text))
		}
		full.More = more.JSON()
	}
	if fill(&full.Subscriptions, lite.Subscriptions, document.MergeDeep) {
		lite.Subscriptions = nil
	}
}

// progress joins the two, and gives the full account what the lite one knows, where the site's policy of progression wants it:
// consents, profile and data, each where the full account has none. The lite account keeps its own: they are what is left when
// the full one is deleted.
func progress(s *site.Site, full, lite *store.Account, now clock.Millis) {
	before := *full
	join(full, lite)
	// Tokens of the lite account that are out stay dead when the full one is gone.
	lite.Secrets.TokenEpoch++
	if s.Settings.Progression == site.ProgressionAuto {
		if fill(&full.Profile, lite.Profile, mergeFields) && strings.Contains(providers(full.Identities), Site) {
			full.Identities, _ = siteIdentity(full, object(full.Profile), object(lite.Profile), now)
		}
		fill(&full.Data, lite.Data, document.MergeDeep)
		fill(&full.Preferences, lite.Preferences, document.MergeDeep)
	}
	if before.Rev != 0 && differs(&before, full) {
		full.LastUpdated = now
	}
}

// fill gives the document what the other has more, by a function that merges its second into its first. A document that would
// be too large or too deep with it stays as it is: whoever fills a lite account must not keep somebody from registering.
func fill(doc *json.RawMessage, more json.RawMessage, merge func(into, patch *document.Object) error) bool {
	if len(more) == 0 {
		return true
	}
	merged, filled := object(more), *doc
	if err := merge(merged, object(*doc)); err != nil {
		return false
	}
	if err := put(&filled, merged); err != nil {
		return false
	}
	*doc = filled
	return true
}

func mergeFields(into, patch *document.Object) error {
	document.MergeFlat(into, patch)
	return nil
}

// LiteOf returns the lite account of the address; nil: there is none.
func LiteOf(tx store.Tx, group, address string) (*store.Account, error) {
	return holder(tx, store.LiteGroup(group), store.Identifier{Space: store.LiteSpace, Value: address})
}

// SharerOf returns the full account with which the lite account of the address shares its subscriptions, or with which one
// that is made would (lite is nil then): the one that logs in with the address and has proved that it is its own. Whoever
// merely registered with the address gets nothing that was known of it. nil: there is none.
func SharerOf(tx store.Tx, group, address string, lite *store.Account) (*store.Account, error) {
	full, err := holder(tx, group, store.Identifier{Space: store.LoginSpace, Value: address})
	if err != nil || full == nil {
		return nil, err
	}
	if lite != nil && has(lite, hasFull) || slices.Contains(ParseLoginIDs(full.LoginIDs).Emails, address) {
		return full, nil
	}
	return nil, nil
}

func holder(tx store.Tx, group string, id store.Identifier) (*store.Account, error) {
	uid, err := tx.Owner(group, id)
	if err == nil {
		var a *store.Account
		if a, err = tx.Account(group, uid); err == nil {
			return a, nil
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return nil, fmt.Errorf("looking for the other account of an address: %w", err)
}

// JoinLite is for a full account some of whose login addresses are verified now and were not before, and which ceases to log
// in with others. It changes the account, which has not been written yet, and returns the lite accounts that the caller writes
// behind it.
func JoinLite(tx store.Tx, s *site.Site, full *store.Account, verified, ends []string, now clock.Millis) (lites []*store.Account, err error) {
	for _, address := range verified {
		lite, err := LiteOf(tx, full.Group, address)
		if err != nil {
			return nil, err
		}
		if lite == nil || has(lite, hasFull) {
			continue
		}
		progress(s, full, lite, now)
		lites = append(lites, lite)
	}
	if len(ends) == 0 || !has(full, hasLite) {
		return lites, nil
	}
	left, err := part(tx, full, ends)
	if err != nil {
		return nil, err
	}
	for _, lite := range left {
		dropToken(full, lite)
	}
	return append(lites, left...), stillJoined(tx, full, lites)
}

// dropToken takes the token of the lite account from the full one.
func dropToken(full, lite *store.Account) {
	theirs, ok := document.Member(lite.More, "token")
	if token, _ := document.Member(full.More, "token"); ok && string(token) == string(theirs) {
		forgetToken(full)
	}
}

// forgetToken takes the token that an address was brought with from the account, whose row is another address now.
func forgetToken(a *store.Account) {
	more := object(a.More)
	if !more.Delete("token") {
		return
	}
	if a.More = nil; more.Len() > 0 {
		a.More = more.JSON()
	}
}

// stillJoined works out anew whether the account has a lite one beside it; joined are some that are not written yet.
func stillJoined(tx store.Tx, full *store.Account, joined []*store.Account) error {
	setHas(full, hasLite, len(joined) > 0)
	for _, address := range ParseLoginIDs(full.LoginIDs).values() {
		lite, err := LiteOf(tx, full.Group, address)
		if err != nil {
			return err
		}
		if lite != nil && has(lite, hasFull) {
			setHas(full, hasLite, true)
			return nil
		}
	}
	return nil
}

// part returns the lite accounts of the addresses with the subscriptions that they shared, and no full account any more.
func part(tx store.Tx, full *store.Account, addresses []string) (lites []*store.Account, err error) {
	for _, address := range addresses {
		lite, err := LiteOf(tx, full.Group, address)
		if err != nil {
			return nil, err
		}
		if lite != nil && has(lite, hasFull) {
			setHas(lite, hasFull, false)
			lite.Subscriptions = full.Subscriptions
			lites = append(lites, lite)
		}
	}
	return lites, nil
}

// JoinFull is for a lite account that is made, and has not been written yet: it changes it, and returns the full account of
// its address, which the caller writes too; nil: there is none, or it stays as it is. joined says that they knew of each other
// where they come from. Nothing but subscriptions goes to a full account that was there before.
func JoinFull(tx store.Tx, group string, lite *store.Account, address string, joined bool) (*store.Account, error) {
	find := SharerOf
	if joined {
		find = func(tx store.Tx, group, address string, _ *store.Account) (*store.Account, error) {
			return holder(tx, group, store.Identifier{Space: store.LoginSpace, Value: address})
		}
	}
	full, err := find(tx, group, address, nil)
	if err != nil || full == nil {
		return nil, err
	}
	stays := has(full, hasLite) && len(lite.Subscriptions) == 0
	join(full, lite)
	if stays {
		return nil, nil
	}
	return full, nil
}

// Delete deletes a full account. A lite account of an address of its keeps the subscriptions. The error is
// [store.ErrNotFound] for an account that does not exist, or the store's.
func Delete(tx store.Tx, group, uid string) error {
	a, err := tx.Account(group, uid)
	if err != nil {
		return err
	}
	var lites []*store.Account
	if has(a, hasLite) {
		if lites, err = part(tx, a, ParseLoginIDs(a.LoginIDs).values()); err != nil {
			return err
		}
	}
	if err := tx.DeleteAccount(group, uid); err != nil {
		return err
	}
	return PutAll(tx, lites)
}

// DeleteLite deletes a lite account. A full account of its address stays, with the subscriptions, which are its own then. The
// error is [store.ErrNotFound] for an account that does not exist, or the store's.
func DeleteLite(tx store.Tx, group, uid string) error {
	lite, err := tx.Account(store.LiteGroup(group), uid)
	if err != nil {
		return err
	}
	if err := tx.DeleteAccount(lite.Group, uid); err != nil {
		return err
	}
	if !has(lite, hasFull) {
		return nil
	}
	full, err := SharerOf(tx, group, LiteAddress(lite), lite)
	if err != nil || full == nil {
		return err
	}
	dropToken(full, lite)
	if err := stillJoined(tx, full, nil); err != nil {
		return err
	}
	return PutAll(tx, []*store.Account{full})
}

// LiteBehind returns the lite account that shares its row of emailAccounts with the full one; nil: there is none.
func LiteBehind(tx store.Tx, group, uid string) (*store.Account, error) {
	full, err := tx.Account(group, uid)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the full account of an address: %w", err)
	}
	address := profileAddress(full)
	if !ParseLoginIDs(full.LoginIDs).HasEmail(address) {
		return nil, nil
	}
	lite, err := LiteOf(tx, group, address)
	if err != nil || lite == nil || !has(lite, hasFull) {
		return nil, err
	}
	return lite, nil
}

// PutAll writes the accounts.
func PutAll(tx store.Tx, list []*store.Account) error {
	for _, a := range list {
		if err := tx.PutAccount(a); err != nil {
			return fmt.Errorf("writing the other account of an address: %w", err)
		}
	}
	return nil
}
