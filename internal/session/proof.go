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
	// PartnerSecret is the decoded secret of the site's partner.
	PartnerSecret []byte
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
	good, err := p.verify(ctx, d, token)
	if err != nil {
		return err
	}
	if !good || now.After(d.Expires) {
		return ErrExpired
	}
	return nil
}

func (p Proof) verify(ctx context.Context, d *gigya.DynamicSession, token string) (bool, error) {
	if d.UserKey == "" {
		return len(p.PartnerSecret) > 0 && d.Verify(p.PartnerSecret, token), nil
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
	return len(key.Secret) > 0 && d.Verify(key.Secret, token), nil
}
