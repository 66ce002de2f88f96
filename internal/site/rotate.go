package site

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/store"
)

// RotatePartner gives the partner a new secret, which it returns; the record holds it sealed. The present one proves callers for the overlap
// from now on, one from before that no longer does.
func (f Factory) RotatePartner(p *store.Partner, overlap time.Duration) (secret string) {
	secret = id.PartnerSecret(f.Rand)
	p.Previous, p.PreviousUntil = f.retire(p.Secret, overlap)
	p.Secret = f.Sealer.Seal([]byte(secret), partnerContext(p.ID))
	return secret
}

// RotateKey is [Factory.RotatePartner] for a key. One that had no secret has one then.
func (f Factory) RotateKey(k *store.Key, overlap time.Duration) (secret string) {
	secret = id.KeySecret(f.Rand)
	k.Previous, k.PreviousUntil = f.retire(k.Secret, overlap)
	k.Secret = f.Sealer.Seal([]byte(secret), keyContext(k.UserKey))
	return secret
}

func (f Factory) retire(secret store.Sealed, overlap time.Duration) (store.Sealed, clock.Millis) {
	if overlap <= 0 || len(secret) == 0 {
		return nil, 0
	}
	return secret, clock.FromTime(f.Clock.Now().Add(overlap))
}

// ParsePublicKey reads the PEM text of an RSA public key (PUBLIC KEY or RSA PUBLIC KEY) of 2048 to 8192 bits and returns its PKIX
// DER. The error says what was expected.
func ParsePublicKey(text string) ([]byte, error) {
	const least, most = 2048, 8192
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("want the PEM text of an RSA public key")
	}
	var key *rsa.PublicKey
	switch block.Type {
	case "RSA PUBLIC KEY":
		key, _ = x509.ParsePKCS1PublicKey(block.Bytes)
	case "PUBLIC KEY":
		parsed, _ := x509.ParsePKIXPublicKey(block.Bytes)
		key, _ = parsed.(*rsa.PublicKey)
	}
	if key == nil || key.E < 3 || key.N.BitLen() < least || key.N.BitLen() > most {
		return nil, errors.New("want the PEM text of an RSA public key of 2048 to 8192 bits")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, errors.New("want the PEM text of an RSA public key")
	}
	return der, nil
}
