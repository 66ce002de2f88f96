package caller

import (
	"context"
	"errors"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/session"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// login is a login token, as the parameter login_token or in the site's cookie, and below both the regToken.
//
// A browser sends its old cookie with everything, so where everybody may call, a token that opens no session is as good
// as none; where sessions may not call, none is looked up.
func (v *Resolver) login(ctx context.Context, r *Request, s *site.Site) (*Caller, error) {
	text, ambient := cut(r.Params.Get("login_token")), false
	if text == "" && s != nil && r.Cookie != nil {
		text, ambient = cut(r.Cookie(session.CookieName(s.APIKey))), true
	}
	everybody := r.Accepts.Has(Public)
	if text == "" || everybody && !r.Accepts.Has(Session) {
		return v.regToken(r, s)
	}
	c, err := v.findLogin(ctx, r, s, text)
	var refused *gigya.Error
	if errors.As(err, &refused) && everybody {
		return v.regToken(r, s)
	}
	if err != nil {
		return nil, err
	}
	c.Ambient = ambient
	return c, nil
}

func (v *Resolver) findLogin(ctx context.Context, r *Request, s *site.Site, text string) (*Caller, error) {
	unknown := gigya.NewError(gigya.UnauthorizedUser, "Unauthorized user")
	if s == nil {
		return nil, unknown
	}
	found, err := v.session(ctx, r, s, text)
	if err != nil {
		return nil, sessionError(err, unknown)
	}
	if found.Mobile {
		return nil, v.refuse(r)
	}
	return v.user(ctx, r, s, found, "session")
}

// cut drops what may follow the token in the cookie behind a bar.
func cut(value string) string {
	text, _, _ := strings.Cut(value, "|")
	return text
}

// proof is what the site gives to keep a dynamic session alive: the parameter gltexp, or a cookie of the site or of its
// group.
func (v *Resolver) proof(r *Request, s *site.Site) session.Proof {
	text := r.Params.Get("gltexp")
	if r.Cookie != nil {
		for _, apiKey := range []string{s.APIKey, s.Group} {
			if text == "" {
				text = r.Cookie(session.ProofCookieName(apiKey))
			}
		}
	}
	return session.Proof{
		Text: text, Partner: s.Partner,
		Key: func(ctx context.Context, userKey string) (*site.Key, error) {
			key, err := v.sites.Key(ctx, userKey)
			if errors.Is(err, store.ErrNotFound) || err == nil && !key.Live() {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			if reaches, err := Reaches(ctx, v.sites, key, s); err != nil || !reaches {
				return nil, err
			}
			return key, nil
		},
	}
}

// unknownSession is the recorded answer to an oauth_token that is no session.
func unknownSession() error { return gigya.NewError(gigya.UnauthorizedUser, "Session not found") }

// sessionError turns an error of the sessions into the answer; unknown is the one for a token that opens no session.
func sessionError(err, unknown error) error {
	switch {
	case errors.Is(err, session.ErrUnknown):
		return unknown
	case errors.Is(err, session.ErrExpired):
		return gigya.NewError(gigya.SessionHasExpired, "")
	}
	return err
}
