package token_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/token"
)

// The same tests hold for every library that can sign: go test -tags libcrypto.

func TestASignatureIsTheOneThatCryptoRSAMakes(t *testing.T) {
	k, _ := vectorKey(t)
	signer, private := current(t, k), vectorPrivate(t)
	for _, input := range []string{"", "a", "eyJ0eXAiOiJKV1Qi.e30", strings.Repeat("long ", 20000), "\x00\xff\n"} {
		got, err := signer.Sign([]byte(input))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(input))
		want, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %s made %x, crypto/rsa %x", len(input), token.SigningLibrary(), got, want)
		}
	}
}

func TestManySignAtOnceWhileKeysRotate(t *testing.T) {
	k, _, _ := ensured(t)
	var signing sync.WaitGroup
	for g := range 16 {
		signing.Go(func() {
			for n := range 6 {
				if err := signAndVerify(t.Context(), k, fmt.Sprintf("%d of %d", n, g)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		if _, err := k.Rotate(t.Context(), token.Rotation{}); err != nil {
			t.Error(err)
		}
	}
	signing.Wait()
}

// signAndVerify signs with the key of now and verifies with the published key of the same name.
func signAndVerify(ctx context.Context, k *token.Keyring, input string) error {
	signer, err := k.Current(ctx)
	if err != nil {
		return err
	}
	signature, err := signer.Sign([]byte(input))
	if err != nil {
		return err
	}
	public, err := k.PublicKey(ctx, signer.KeyID())
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(input))
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature)
}
