package admin

import (
	"errors"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/store"
)

// checkAdmins refuses a change of the members of _admins that would leave none that can call. parameter names what is at fault. A group
// that had none before may stay so: then keys with a grant of their own administer.
func checkAdmins(tx store.Tx, before, after []string, parameter string) error {
	had, err := anyLive(tx, before)
	if err != nil || !had {
		return err
	}
	has, err := anyLive(tx, after)
	if err != nil || has {
		return err
	}
	return noAdministrator(parameter)
}

func noAdministrator(parameter string) error {
	return gigya.InvalidArgumentBecause(parameter, "the group _admins would be left without a key that can call")
}

// checkAdminsWithout refuses to take the key out of service if it is the last of its partner's _admins that can call. Other partners do not
// hinder the own one: whoever has put somebody else's key into _admins would keep its owner from taking it out of service.
func checkAdminsWithout(tx store.Tx, k *store.Key, parameter string) error {
	g, err := readGroup(tx, k.Partner, acl.Admins, "groupID")
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(g.Users), func(u string) bool { return u == k.UserKey })
	if len(rest) == len(g.Users) {
		return nil
	}
	return checkAdmins(tx, g.Users, rest, parameter)
}

// anyLive tells whether one of the keys can call.
func anyLive(tx store.Tx, userKeys []string) (bool, error) {
	for _, userKey := range userKeys {
		k, err := tx.Key(userKey)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return false, err
		case !k.Disabled && k.Revoked == 0:
			return true, nil
		}
	}
	return false, nil
}
