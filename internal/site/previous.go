package site

import (
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// Previous is the secret that a partner or a key had before its last rotation. It proves callers as the present one does, until its
// time is over: whoever uses it has that long to take the new one. The zero Previous proves nobody.
type Previous struct {
	text   string
	secret []byte
	until  clock.Millis
}

// Live returns the secret, as text and decoded, or nothing once its time is over.
func (p *Previous) Live(now time.Time) (text string, secret []byte) {
	if p.until <= clock.FromTime(now) {
		return "", nil
	}
	return p.text, p.secret
}

// Until is when the secret's time is over; 0: there is none.
func (p *Previous) Until() clock.Millis { return p.until }

func (d *Directory) openPrevious(sealed store.Sealed, until clock.Millis, context string) (p Previous, err error) {
	if len(sealed) == 0 || until == 0 {
		return Previous{}, nil
	}
	p.until = until
	p.text, p.secret, err = d.openSecret(sealed, context)
	return p, err
}

// Proven returns the secret of the partner that good accepts: the present one, or the previous as long as its time lasts.
func (p *Partner) Proven(now time.Time, good func(text string, secret []byte) bool) (secret []byte, ok bool) {
	return proven(p.SecretText, p.Secret, &p.Previous, now, good)
}

// Proven returns the secret of the key that good accepts: the present one, or the previous as long as its time lasts.
func (k *Key) Proven(now time.Time, good func(text string, secret []byte) bool) (secret []byte, ok bool) {
	return proven(k.SecretText, k.Secret, &k.Previous, now, good)
}

func proven(text string, secret []byte, before *Previous, now time.Time, good func(string, []byte) bool) ([]byte, bool) {
	if len(secret) > 0 && good(text, secret) {
		return secret, true
	}
	if text, secret = before.Live(now); len(secret) > 0 && good(text, secret) {
		return secret, true
	}
	return nil, false
}
