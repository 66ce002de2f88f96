package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// KeySize is the length of a master key and of every derived key, in bytes.
const KeySize = 32

const (
	// version is the first byte of every sealed text.
	version = 1
	// saltSize is the length of the random salt that gives every text a key of its own.
	saltSize = 16
	// overhead is the random nonce of AES-GCM and its tag, in bytes.
	overhead = 12 + 16
)

// ErrSealed is returned for a text that does not open: tampered with, sealed by another master key or for another
// context, or no sealed text at all. Which of these it was is not told.
var ErrSealed = errors.New("sealed text does not open: it was altered, or belongs to another master key or record")

// Sealer seals and opens texts. It is safe for concurrent use.
type Sealer struct {
	master []byte
	// secret is what the key of every sealed text is derived from.
	secret []byte
}

// New returns a sealer on a master key of exactly [KeySize] bytes.
func New(master []byte) (*Sealer, error) {
	if len(master) != KeySize {
		return nil, fmt.Errorf("master key has %d bytes, want %d", len(master), KeySize)
	}
	s := &Sealer{master: bytes.Clone(master)}
	s.secret = s.Key("seal")
	return s, nil
}

// Key returns the key of [KeySize] bytes that belongs to the label. Equal labels give equal keys.
func (s *Sealer) Key(label string) []byte {
	key, err := hkdf.Key(sha256.New, s.master, nil, "doorward "+label, KeySize)
	if err != nil {
		// HKDF fails only for lengths beyond 255 hashes; the length is a constant.
		panic("seal: deriving a key: " + err.Error())
	}
	return key
}

// Seal encrypts the text for the context. Two calls never give the same result. Salt and nonce come from the system's
// generator and cannot be injected: a repeated pair would open what is sealed.
func (s *Sealer) Seal(plain []byte, context string) []byte {
	sealed := make([]byte, 1+saltSize, 1+saltSize+len(plain)+overhead)
	sealed[0] = version
	salt := sealed[1:]
	// Never fails: the program ends when the system has no randomness (crypto/rand).
	_, _ = rand.Read(salt)
	return s.cipher(salt).Seal(sealed, nil, plain, []byte(context))
}

// Open decrypts what Seal made for the same context, or returns [ErrSealed].
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < 1+saltSize+overhead || sealed[0] != version {
		return nil, ErrSealed
	}
	salt, rest := sealed[1:1+saltSize], sealed[1+saltSize:]
	plain, err := s.cipher(salt).Open(nil, nil, rest, []byte(context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// cipher returns AES-256-GCM with random nonces under the key that belongs to the salt.
func (s *Sealer) cipher(salt []byte) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, s.secret, salt, "doorward sealed text", KeySize)
	if err != nil {
		panic("seal: deriving a key: " + err.Error()) // As in Key.
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: " + err.Error()) // The key has the right length by construction.
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: " + err.Error()) // AES has the block size that GCM wants.
	}
	return aead
}
