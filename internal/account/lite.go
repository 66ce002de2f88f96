package account

import (
	"errors"
	"fmt"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

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

// join lets the two know of each other. Where both have a choice of subscriptions, the full account's stays. A token that the
// address was brought with from elsewhere stays its token.
func join(full, lite *store.Account) error {
	setHas(full, hasLite, true)
	setHas(lite, hasFull, true)
	if token, ok := document.Member(lite.More, "token"); ok {
		more := object(full.More)
		if text, isText := document.Text(token); isText {
			more.Set("token", document.String(text))
		}
		full.More = more.JSON()
	}
	if len(lite.Subscriptions) > 0 {
		if err := mergeDeep(&full.Subscriptions, object(lite.Subscriptions), object(full.Subscriptions)); err != nil {
			return err
		}
		lite.Subscriptions = nil
	}
	return nil
}

// LiteOf returns the lite account of the address; nil: there is none.
func LiteOf(tx store.Tx, group, address string) (*store.Account, error) {
	return holder(tx, store.LiteGroup(group), store.Identifier{Space: store.LiteSpace, Value: address})
}

// FullOf returns the full account that logs in with the address; nil: there is none.
func FullOf(tx store.Tx, group, address string) (*store.Account, error) {
	return holder(tx, group, store.Identifier{Space: store.LoginSpace, Value: address})
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

// JoinLite is for a full account that begins to log in with the identifiers and ceases to log in with others. It changes
// the account, which has not been written yet, and returns the lite accounts that the caller writes behind it.
func JoinLite(tx store.Tx, full *store.Account, begins, ends []string) (lites []*store.Account, err error) {
	for _, address := range begins {
		if !strings.Contains(address, "@") {
			continue
		}
		lite, err := LiteOf(tx, full.Group, address)
		if err != nil {
			return nil, err
		}
		if lite == nil {
			continue
		}
		if err := join(full, lite); err != nil {
			return nil, err
		}
		lites = append(lites, lite)
	}
	if len(ends) == 0 || !has(full, hasLite) {
		return lites, nil
	}
	left, err := part(tx, full, ends)
	if err != nil {
		return nil, err
	}
	setHas(full, hasLite, false)
	for _, lite := range left {
		if theirs, ok := document.Member(lite.More, "token"); ok {
			more := object(full.More)
			if token, _ := more.Get("token"); string(token.AppendJSON(nil)) == string(theirs) && more.Delete("token") {
				full.More = more.JSON()
			}
		}
	}
	for _, address := range ParseLoginIDs(full.LoginIDs).values() {
		lite, err := LiteOf(tx, full.Group, address)
		if err != nil {
			return nil, err
		}
		if lite != nil {
			setHas(full, hasLite, true)
			break
		}
	}
	return append(lites, left...), nil
}

// part returns the lite accounts of the addresses with the subscriptions that they shared, and no full account any more.
func part(tx store.Tx, full *store.Account, addresses []string) (lites []*store.Account, err error) {
	for _, address := range addresses {
		lite, err := LiteOf(tx, full.Group, address)
		if err != nil {
			return nil, err
		}
		if lite != nil {
			setHas(lite, hasFull, false)
			lite.Subscriptions = full.Subscriptions
			lites = append(lites, lite)
		}
	}
	return lites, nil
}

// JoinFull is for a lite account that is made, and has not been written yet: it changes it, and returns the full account of
// its address, which the caller writes too; nil: there is none, or it stays as it is.
func JoinFull(tx store.Tx, group string, lite *store.Account, address string) (*store.Account, error) {
	full, err := FullOf(tx, group, address)
	if err != nil || full == nil {
		return nil, err
	}
	stays := has(full, hasLite) && len(lite.Subscriptions) == 0
	if err := join(full, lite); err != nil || stays {
		return nil, err
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

// PutAll writes the accounts.
func PutAll(tx store.Tx, list []*store.Account) error {
	for _, a := range list {
		if err := tx.PutAccount(a); err != nil {
			return fmt.Errorf("writing the other account of an address: %w", err)
		}
	}
	return nil
}
