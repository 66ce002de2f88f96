//go:build !(libcrypto && cgo)

package token

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
)

// SigningLibrary names what makes the signatures in this build.
func SigningLibrary() string { return "crypto/rsa" }

// loadLibrary has nothing to load: crypto/rsa is in the program.
func loadLibrary() error { return nil }

// nativeKey is a private key in the form that it signs in.
type nativeKey struct{ key *rsa.PrivateKey }

func newNativeKey(key *rsa.PrivateKey) (*nativeKey, error) { return &nativeKey{key}, nil }

// sign returns the RSASSA-PKCS1-v1_5 signature with SHA-256 of the input.
func (k *nativeKey) sign(input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	return rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, sum[:])
}
