package accounts

import (
	"context"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/intake"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// setsLite tells whether the call of setAccountInfo is about a lite account, and with which token.
func (d Deps) setsLite(c *method.Call[SetAccountInfoParams]) (token.RegToken, bool, error) {
	if c.Params.RegToken == "" {
		return token.RegToken{}, c.Params.IsLite, nil
	}
	r, err := d.openToken(c.Invocation, c.Params.RegToken)
	return r, err == nil && r.Kind == token.KindLite, err
}

// setLite makes or changes a lite account. A token of initRegistration is for any address: what it may do is what the form of
// a newsletter does.
func (d Deps) setLite(ctx context.Context, c *method.Call[SetAccountInfoParams], r token.RegToken) (*SetAccountInfoResult, error) {
	p := &c.Params
	lite, err := liteOf("", p.Profile, p.Data, p.Preferences, p.Subscriptions)
	if err != nil {
		return nil, err
	}
	email, _ := lite.Profile.Get("email")
	lite.Email = email.Str()
	write := intake.NewLiteWrite(c.Site, clock.FromTime(c.Now), d.Rand)
	write.Client = p.RegToken != ""
	var present *store.Account
	switch {
	case r.UID != "":
		present, err = d.boundLite(ctx, c.Invocation, r)
	case !write.Client:
		present, err = d.namedLite(ctx, c.Invocation, p.UID)
	case lite.Email == "":
		err = gigya.MissingParameter("profile.email")
	}
	if err == nil && present != nil {
		lite.Email, err = ownAddress(present, lite.Email)
	}
	if err != nil {
		return nil, err
	}
	still := func(tx store.Tx) error {
		if present == nil {
			return nil
		}
		a, err := tx.Account(present.Group, present.UID)
		if r.UID != "" {
			return goodFor(r, a, err)
		}
		return named(err)
	}
	if err := d.storeLite(ctx, c.Invocation, write, lite, still); err != nil {
		return nil, fmt.Errorf("changing a lite account: %w", err)
	}
	if r.UID == "" && write.Client && login.Conceals(c.Invocation) {
		// The UID would say whether the address was known, and since when.
		return &SetAccountInfoResult{}, nil
	}
	return &SetAccountInfoResult{UID: c.UID}, nil
}

// ownAddress returns the address of the lite account in the wanted spelling. It cannot be given another one.
func ownAddress(lite *store.Account, wanted string) (string, error) {
	address := account.LiteAddress(lite)
	if wanted == "" {
		return spelledEmail(lite), nil
	}
	if account.Normalize(wanted) != address {
		return "", gigya.InvalidArgumentBecause("profile", "the address of a lite account cannot be changed")
	}
	return wanted, nil
}
