package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the length of a master key and of every derived key, in bytes.
const KeySize = 32

// version is the first byte of every sealed text.
const version = 1

// ErrSealed is returned for a text that does not open: tampered with, sealed by another master key or for another
// context, or no sealed text at all. Which of these it was is not told.
var ErrSealed = errors.New("sealed text does not open: it was altered, or belongs to another master key or record")

// Sealer seals and opens texts. It is safe for concurrent use.
type Sealer struct {
	master []byte
	box    *xaes
}

// New returns a sealer on a master key of exactly [KeySize] bytes.
func New(master []byte) (*Sealer, error) {
	if len(master) != KeySize {
		return nil, fmt.Errorf("master key has %d bytes, want %d", len(master), KeySize)
	}
	s := &Sealer{master: bytes.Clone(master)}
	box, err := newXAES(s.Key("seal"))
	if err != nil {
		return nil, fmt.Errorf("preparing the cipher: %w", err)
	}
	s.box = box
	return s, nil
}

// FromText returns a sealer on a master key written as 64 hex digits or as Base64 (standard or URL-safe, padded or
// not): what an environment variable holds. Blanks around it are dropped. The error never contains the text.
func FromText(text string) (*Sealer, error) {
	text = strings.TrimSpace(text)
	if len(text) == hex.EncodedLen(KeySize) {
		if master, err := hex.DecodeString(text); err == nil {
			return New(master)
		}
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	master, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil || len(master) != KeySize {
		return nil, fmt.Errorf("master key is not a text of %d bytes: write 64 hex digits or 44 characters of Base64", KeySize)
	}
	return New(master)
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

// Seal encrypts the text for the context. Two calls never give the same result. The nonce comes from the system's
// generator and cannot be injected: a repeated nonce would open what is sealed.
func (s *Sealer) Seal(plain []byte, context string) []byte {
	sealed := make([]byte, 1+nonceSize, 1+nonceSize+len(plain)+tagSize)
	sealed[0] = version
	nonce := sealed[1 : 1+nonceSize]
	// Never fails: the program ends when the system has no randomness (crypto/rand).
	_, _ = rand.Read(nonce)
	return s.box.aead(nonce).Seal(sealed, nonce[keyNonce:], plain, []byte(context))
}

// Open decrypts what Seal made for the same context, or returns [ErrSealed].
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < 1+nonceSize+tagSize || sealed[0] != version {
		return nil, ErrSealed
	}
	nonce := sealed[1 : 1+nonceSize]
	plain, err := s.box.aead(nonce).Open(nil, nonce[keyNonce:], sealed[1+nonceSize:], []byte(context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
