package oauth2

import (
	"context"
	"errors"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/token"
)

// known is a token that this server made.
type known struct {
	// client is the user key that it was issued to; empty for a token of the partner secret.
	client  string
	id      string
	issuer  string
	issued  clock.Millis
	expires clock.Millis
	// user is the end user that a user token stands for.
	user string
	// refresh tells a refresh token from an access token.
	refresh bool
	// alive: its time is not over and it was not revoked.
	alive bool
}

// open reads a token of any kind that is issued to clients; nil: it is none of ours.
func (s *Server) open(ctx context.Context, text string, now time.Time) (*known, error) {
	claims, err := s.Keyring.ParseAccess(ctx, text, now)
	if !errors.Is(err, token.ErrInvalid) {
		return s.judge(ctx, now, err, &known{
			client: claims.UserKey, id: claims.ID, issuer: claims.Issuer,
			issued: clock.FromTime(claims.Issued), expires: clock.FromTime(claims.Expires),
		})
	}
	opaque, err := s.Tokens.OpenAccess(text, now)
	if !errors.Is(err, token.ErrInvalid) {
		return s.judge(ctx, now, err, &known{
			client: opaque.UserKey, id: opaque.ID, user: opaque.UID, issued: opaque.Issued, expires: opaque.Expires,
		})
	}
	return s.openRefresh(ctx, text, now)
}

func (s *Server) openRefresh(ctx context.Context, text string, now time.Time) (*known, error) {
	var r refresh
	err := s.Tokens.OpenJSON(refreshKind, text, &r)
	if errors.Is(err, token.ErrInvalid) {
		return nil, nil
	}
	if err == nil && r.Expires <= clock.FromTime(now) {
		err = token.ErrExpired
	}
	return s.judge(ctx, now, err, &known{client: r.UserKey, id: r.ID, issued: r.Issued, expires: r.Expires, refresh: true})
}

// judge sets alive: err is what reading the token's content gave, nil or [token.ErrExpired]; any other is returned.
func (s *Server) judge(ctx context.Context, now time.Time, err error, k *known) (*known, error) {
	if errors.Is(err, token.ErrExpired) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	revoked, err := s.Store.Marked(ctx, token.RevokedSpace, token.Hash(k.id), clock.FromTime(now))
	if err != nil {
		return nil, err
	}
	k.alive = !revoked
	return k, nil
}
