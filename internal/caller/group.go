package caller

import (
	"context"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// session returns the live session of the token for a call at the site, or an error of package session. For
// [session.ErrExpired] the record is returned too.
func (v *Resolver) session(ctx context.Context, r *Request, s *site.Site, text string) (*store.Session, error) {
	found, err := v.sessions.FindProven(ctx, s.Group, text, v.proof(r, s))
	return v.shared(ctx, s, found, err)
}

// shared makes a session that was found, or was there, and that is not the site's to see one that never was: one of another site of
// the group that does not share its sessions with this one.
func (v *Resolver) shared(ctx context.Context, s *site.Site, found *store.Session, err error) (*store.Session, error) {
	if found == nil {
		return nil, err
	}
	shares, failed := v.sites.SharesSessions(ctx, s, found.Site)
	switch {
	case failed != nil:
		return nil, failed
	case !shares:
		return nil, session.ErrUnknown
	}
	return found, err
}

// user is the caller whom a session proves. Where the session was opened at another site of the group, the account must have what
// this one demands (403013, on which clients call accounts.verifyLogin): whoever logs in here is asked for it, and whoever comes
// logged in is no exception.
func (v *Resolver) user(ctx context.Context, r *Request, s *site.Site, found *store.Session, via string) (*Caller, error) {
	c := &Caller{Class: Session, Via: via, UID: found.UID, Session: found}
	if found.Site == s.APIKey || r.Unverified {
		return c, nil
	}
	a, err := v.memory.Account(ctx, s.Group, found.UID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, gigya.NewError(gigya.UnauthorizedUser, "") // It was deleted since the session was read.
	case err != nil:
		return nil, err
	case account.Pending(a, s, clock.FromTime(r.Now)) != nil:
		return nil, gigya.NewError(gigya.UnverifiedUser, "")
	}
	return c, nil
}

// unverified tells whether the error is that of user.
func unverified(err error) bool {
	var refused *gigya.Error
	return errors.As(err, &refused) && refused.Code == gigya.UnverifiedUser
}
