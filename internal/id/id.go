// Package id makes identifiers and secrets: call ids, UIDs, API keys, user keys.
//
// All randomness comes from the reader that is handed in, so that a test can decide it; [NewReader] is the one for
// production. Every identifier that must not be guessed holds at least 128 random bits, a UID 80 beside its
// time: a UID is a name, not a secret.
package id

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
	"time"
)

// Alphabets of the identifiers. Both are ASCII; 64 characters take six bits each without bias.
const (
	base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	letters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// UID returns a new UID: 32 lower-case hex digits, the first 12 the time in milliseconds, the rest random. UIDs of later
// milliseconds sort behind those of earlier ones, which keeps the pages of an index warm.
func UID(now time.Time, rand io.Reader) string {
	var b [16]byte
	ms := uint64(max(now.UnixMilli(), 0))
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	read(rand, b[6:])
	return hex.EncodeToString(b[:])
}

// CallID returns a new callId: 32 lower-case hex digits.
func CallID(rand io.Reader) string {
	var b [16]byte
	read(rand, b[:])
	var text [32]byte
	hex.Encode(text[:], b[:])
	return string(text[:])
}

// APIKey returns a new API key: "4_" and 22 characters, the look of the original's short keys.
func APIKey(rand io.Reader) string { return "4_" + text(rand, base64url, 22) }

// UserKey returns a new user key: "A" and 11 letters or digits.
func UserKey(rand io.Reader) string { return "A" + text(rand, letters, 11) }

// PartnerSecret returns a new partner secret: standard Base64 of 32 bytes, padded, without + and /.
func PartnerSecret(rand io.Reader) string { return Secret(rand, 32) }

// KeySecret returns a new secret of a user key: standard Base64 of 24 bytes, without + and /.
func KeySecret(rand io.Reader) string { return Secret(rand, 24) }

// Secret returns n random bytes as standard Base64 with padding, without + and /: such a text survives every way of
// pasting it into a URL or a shell. Leaving two of 64 characters out costs less than a twentieth of a bit a character.
func Secret(rand io.Reader, n int) string {
	b := make([]byte, n)
	read(rand, b)
	// Three bytes are four characters: a group that shows + or / is drawn anew by itself.
	for i := 0; i < n; i += 3 {
		group := b[i:min(i+3, n)]
		for strings.ContainsAny(base64.StdEncoding.EncodeToString(group), "+/") {
			read(rand, group)
		}
	}
	return base64.StdEncoding.EncodeToString(b)
}

// Token returns n random bytes as Base64 of the URL alphabet without padding.
func Token(rand io.Reader, n int) string {
	b := make([]byte, n)
	read(rand, b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Number returns a random whole number from low to low + 2^47 - 1, which is exact in every JSON reader when low is
// below 2^52.
func Number(rand io.Reader, low int64) int64 {
	var b [6]byte
	read(rand, b[:])
	n := int64(0)
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return low + n>>1
}

// text draws n characters of the alphabet, of at most 64, without bias.
func text(rand io.Reader, alphabet string, n int) string {
	out := make([]byte, 0, n)
	buf := make([]byte, n)
	for len(out) < n {
		read(rand, buf[:n-len(out)])
		for _, c := range buf[:n-len(out)] {
			if i := int(c & 63); i < len(alphabet) {
				out = append(out, alphabet[i])
			}
		}
	}
	return string(out)
}

// read fills b. The system's generator never fails (crypto/rand ends the program before it would), and there is nothing
// safe that could be done without randomness.
func read(rand io.Reader, b []byte) {
	if _, err := io.ReadFull(rand, b); err != nil {
		panic("id: no randomness: " + err.Error())
	}
}
