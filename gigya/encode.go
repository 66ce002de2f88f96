package gigya

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strings"
	"sync"
)

var errBadSecret = errors.New("gigya: a secret must be Base64 text")

// DecodeSecret returns the key that a partner's, a user key's or a session's secret stands for: the bytes of its Base64
// text. Blanks stand for plus signs, which an unencoded query string loses; the URL-safe alphabet and absent padding are
// taken as well. The error never repeats the text.
func DecodeSecret(text string) ([]byte, error) {
	key, ok := decodeBase64(strings.ReplaceAll(text, " ", "+"))
	if !ok || len(key) == 0 {
		return nil, errBadSecret
	}
	return key, nil
}

// decodeBase64 reads Base64 in either alphabet with or without padding. The Android SDK sends the URL-safe alphabet with
// padding, the .NET SDK the standard one inside of JWTs, so that no single encoding of the standard library fits.
func decodeBase64(text string) ([]byte, bool) {
	text = strings.TrimRight(text, "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		if strings.ContainsAny(text, "+/") {
			return nil, false
		}
		encoding = base64.RawURLEncoding
	}
	if strings.ContainsAny(text, "\r\n") { // the standard library would skip them
		return nil, false
	}
	data, err := encoding.DecodeString(text)
	return data, err == nil
}

// canonicalBase64 tells whether the bits that the last letter of a Base64 text has too many are zero, as every encoder
// leaves them. The text must be one that decodeBase64 reads.
func canonicalBase64(text string) bool {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	_, err := base64.RawStdEncoding.Strict().DecodeString(text)
	return err == nil
}

// sum is the HMAC-SHA1 of the parts written one after another. SHA-1 is what the protocol has; as a keyed hash it still
// stands.
func sum(key []byte, parts ...string) []byte {
	keyed := macs.Get().(*keyedMAC)
	defer macs.Put(keyed)
	mac := keyed.of(key)
	message := make([]byte, 0, 128)
	for _, part := range parts {
		message = append(message, part...)
	}
	mac.Write(message)
	return mac.Sum(message[:0])
}

// keyedMAC is an HMAC-SHA1 and its key. To begin anew with the same key is a quarter of the work of beginning with another,
// and most servers work with one.
type keyedMAC struct {
	key []byte
	mac hash.Hash
}

var macs = sync.Pool{New: func() any { return new(keyedMAC) }}

// of returns the empty MAC of the key.
func (k *keyedMAC) of(key []byte) hash.Hash {
	if k.mac != nil && hmac.Equal(k.key, key) {
		k.mac.Reset()
		return k.mac
	}
	k.key, k.mac = slices.Clone(key), hmac.New(sha1.New, key)
	return k.mac
}

// equalSum compares in constant time the sum with a Base64 text of either alphabet.
func equalSum(want []byte, text string) bool {
	got, ok := decodeBase64(text)
	return ok && hmac.Equal(got, want)
}

// bare tells which bytes an encoding leaves as they are.
type bare [256]bool

// rfc3986 is the encoding of the rule: letters, digits and - . _ ~ stay.
var rfc3986 = func() (b bare) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		b[c] = true
	}
	return b
}()

// swiftEncoding is what the Swift SDK signs: it leaves the angle brackets, the backtick, DEL and the control characters
// bare as well.
var swiftEncoding = func() bare {
	b := rfc3986
	for c := range 0x20 {
		b[c] = true
	}
	b['<'], b['>'], b['`'], b[0x7f] = true, true, true, true
	return b
}()

const upperHex = "0123456789ABCDEF"

func (b *bare) append(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; b[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// appendTwice encodes the encoded text once more; the percent sign itself never stays.
func (b *bare) appendTwice(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; b[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', '2', '5', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}
