package session

import (
	"context"
	"fmt"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/site"
)

// Proof is what a site gives to keep a Dynamic session alive: the value of its gltexp cookie or parameter.
type Proof struct {
	// Text is the value; empty: none.
	Text string
	// Partner is the site's.
	Partner *site.Partner
	// Key returns a live key that reaches the site, or nil for every other name.
	Key func(ctx context.Context, userKey string) (*site.Key, error)
}

// check returns nil when the site proves that the session of the token lives at now, [ErrExpired] otherwise.
func (p Proof) check(ctx context.Context, token string, now time.Time) error {
	if p.Text == "" {
		return ErrExpired
	}
	d, err := gigya.ParseDynamicSession(p.Text)
	if err != nil {
		return ErrExpired
	}
	good, err := p.verify(ctx, d, token, now)
	if err != nil {
		return err
	}
	if !good || now.After(d.Expires) {
		return ErrExpired
	}
	return nil
}

func (p Proof) verify(ctx context.Context, d *gigya.DynamicSession, token string, now time.Time) (bool, error) {
	verifies := func(_ string, secret []byte) bool { return d.Verify(secret, token) }
	if d.UserKey == "" {
		if p.Partner == nil {
			return false, nil
		}
		_, good := p.Partner.Proven(now, verifies)
		return good, nil
	}
	if p.Key == nil {
		return false, nil
	}
	key, err := p.Key(ctx, d.UserKey)
	switch {
	case err != nil:
		return false, fmt.Errorf("reading the key of a session's proof: %w", err)
	case key == nil:
		return false, nil
	case d.RSA():
		return key.RSA() != nil && d.VerifyRSA(key.RSA(), token), nil
	}
	_, good := key.Proven(now, verifies)
	return good, nil
}
