package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/intake"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// setsLite tells whether the call of setAccountInfo is about a lite account.
func (d Deps) setsLite(c *method.Call[SetAccountInfoParams]) (bool, error) {
	if c.Params.RegToken == "" {
		return c.Params.IsLite, nil
	}
	r, err := d.openToken(c.Invocation, c.Params.RegToken)
	return err == nil && r.Kind == token.KindLite, err
}

// setLite makes or changes a lite account. A token of initRegistration is for any address: what it may do is what the form of
// a newsletter does.
func (d Deps) setLite(ctx context.Context, c *method.Call[SetAccountInfoParams]) (*SetAccountInfoResult, error) {
	p := &c.Params
	lite, err := liteOf("", p.Profile, p.Data, p.Preferences, p.Subscriptions)
	if err != nil {
		return nil, err
	}
	email, _ := lite.Profile.Get("email")
	lite.Email = email.Str()
	write := intake.NewLiteWrite(c.Site, clock.FromTime(c.Now), d.Rand)
	switch write.Client = p.RegToken != ""; {
	case write.Client && lite.Email == "":
		return nil, gigya.MissingParameter("profile.email")
	case !write.Client:
		if lite.Email, err = d.liteAddress(ctx, c, lite.Email); err != nil {
			return nil, err
		}
	}
	if err := d.storeLite(ctx, c.Invocation, write, lite); err != nil {
		return nil, fmt.Errorf("changing a lite account: %w", err)
	}
	return &SetAccountInfoResult{UID: c.UID}, nil
}

// liteAddress returns the address of the lite account that a server names, which cannot be given another one.
func (d Deps) liteAddress(ctx context.Context, c *method.Call[SetAccountInfoParams], wanted string) (string, error) {
	if c.Params.UID == "" {
		return "", gigya.MissingParameter("UID")
	}
	a, err := d.Store.Account(ctx, store.LiteGroup(c.Site.Group), c.Params.UID)
	if errors.Is(err, store.ErrNotFound) {
		return "", gigya.NewError(gigya.UnauthorizedUser, "")
	}
	if err != nil {
		return "", fmt.Errorf("reading a lite account: %w", err)
	}
	raw, _ := document.Member(a.Profile, "email")
	address, _ := document.Text(raw)
	if wanted == "" {
		return address, nil
	}
	if account.Normalize(wanted) != account.Normalize(address) {
		return "", gigya.InvalidArgumentBecause("profile", "the address of a lite account cannot be changed")
	}
	return wanted, nil
}
