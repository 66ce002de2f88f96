package password

import (
	"bytes"
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// The alphabets of the crypt family: six bits a character.
const (
	cryptAlphabet  = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// Costs of bcrypt that are taken: 14 is about a second of one core.
const minBcryptCost, maxBcryptCost = 4, 14

// Compound returns the text to store for compoundHashedPassword: a text of the Modular Crypt Format, which says itself how
// it was made ($1$, $2a$, $2b$, $2y$ or $S$). The error is a *SettingError.
func Compound(text string) (string, error) {
	text = strings.TrimSpace(text)
	parse, ok := compoundFormats()[algorithm(text)]
	if !ok {
		return "", refuse("compoundHashedPassword", "want a text that begins with $1$, $2a$, $2b$, $2y$ or $S$")
	}
	if len(text) > maxEncoded {
		return "", refuse("compoundHashedPassword", "is too long")
	}
	if _, err := parse(text); err != nil {
		reason, _ := strings.CutPrefix(err.Error(), ErrFormat.Error()+": ")
		return "", refuse("compoundHashedPassword", reason)
	}
	return text, nil
}

// compoundFormats are the algorithms of the Modular Crypt Format, by what stands between the first two dollar signs.
func compoundFormats() map[string]func(string) (stored, error) {
	return map[string]func(string) (stored, error){
		"1": parseMD5Crypt, "2a": parseBcrypt, "2b": parseBcrypt, "2y": parseBcrypt, "S": parseDrupal,
	}
}

// bcryptHash is the whole text.
type bcryptHash string

func parseBcrypt(encoded string) (stored, error) {
	const length = 60
	rest := strings.Split(encoded, "$")
	if len(encoded) != length || len(rest) != 4 || len(rest[2]) != 2 || strings.Trim(rest[3], bcryptAlphabet) != "" {
		return nil, fmt.Errorf("%w: want 60 characters: $2b$<cost>$<salt and hash>", ErrFormat)
	}
	cost, err := strconv.Atoi(rest[2])
	if err != nil || cost < minBcryptCost || cost > maxBcryptCost {
		return nil, fmt.Errorf("%w: the cost of bcrypt must be %d to %d", ErrFormat, minBcryptCost, maxBcryptCost)
	}
	return bcryptHash(encoded), nil
}

// matches takes the first 72 bytes of the password, as bcrypt does everywhere.
func (h bcryptHash) matches(password string) bool {
	const longest = 72
	return bcrypt.CompareHashAndPassword([]byte(h), []byte(password[:min(len(password), longest)])) == nil
}

func (h bcryptHash) current(Params) bool { return false }

func (h bcryptHash) explain() (string, Settings) { return string(h), Settings{} }

// foreignBcrypt makes the text of raw bytes: 23 of the hash, 16 of the salt, rounds a power of two.
func foreignBcrypt(hash string, s Settings) (string, error) {
	raw, salt, err := rawCrypt(hash, s, 23)
	if err != nil {
		return "", err
	}
	if len(salt) != 16 {
		return "", refuse("salt", "want 16 bytes for bcrypt")
	}
	cost := bits.Len64(uint64(s.Rounds)) - 1
	if s.Rounds < 1 || s.Rounds != 1<<cost || cost < minBcryptCost || cost > maxBcryptCost {
		return "", refuse("rounds", fmt.Sprintf("want a power of two from %d to %d for bcrypt", 1<<minBcryptCost, 1<<maxBcryptCost))
	}
	enc := base64.NewEncoding(bcryptAlphabet).WithPadding(base64.NoPadding)
	return fmt.Sprintf("$2a$%02d$%s%s", cost, enc.EncodeToString(salt), enc.EncodeToString(raw)), nil
}

// rawCrypt reads what a hash of the crypt family has when a system kept the bytes instead of the text.
func rawCrypt(hash string, s Settings, size int) (raw, salt []byte, err error) {
	hash = strings.TrimSpace(hash)
	if strings.HasPrefix(hash, "$") {
		return nil, nil, refuse("hashedPassword", "is a compound text: it goes into compoundHashedPassword")
	}
	if s.Format != "" || s.BinaryFormat != "" {
		return nil, nil, refuse("format", s.Algorithm+" takes none")
	}
	raw, err = scheme{size: size}.readHash(s.Algorithm, hash)
	if err != nil {
		return nil, nil, err
	}
	if s.Salt == "" {
		return nil, nil, refuse("salt", "is missing")
	}
	salt, err = saltBytes(s.Salt)
	return raw, salt, err
}

// md5CryptHash is the FreeBSD crypt of $1$.
type md5CryptHash struct {
	text, salt string
}

func parseMD5Crypt(encoded string) (stored, error) {
	const most, length = 8, 22
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 || len(parts[2]) > most || len(parts[3]) != length || strings.Trim(parts[3], cryptAlphabet) != "" {
		return nil, fmt.Errorf("%w: want $1$<salt of up to 8 characters>$<hash of 22>", ErrFormat)
	}
	return md5CryptHash{text: encoded, salt: parts[2]}, nil
}

func (h md5CryptHash) matches(password string) bool {
	made := md5CryptText(md5CryptSum(password, h.salt))
	return subtle.ConstantTimeCompare(made, []byte(h.text[len(h.text)-len(made):])) == 1
}

func (h md5CryptHash) current(Params) bool { return false }

func (h md5CryptHash) explain() (string, Settings) { return h.text, Settings{} }

// foreignMD5Crypt makes the text of the 16 raw bytes and the salt, whose bytes are the text's.
func foreignMD5Crypt(hash string, s Settings) (string, error) {
	const fixed = 1000
	raw, salt, err := rawCrypt(hash, s, md5.Size)
	if err != nil {
		return "", err
	}
	if s.Rounds != 0 && s.Rounds != fixed {
		return "", refuse("rounds", "md5_crypt always has 1000")
	}
	text := fmt.Sprintf("$1$%s$%s", salt, md5CryptText([md5.Size]byte(raw)))
	if bytes.ContainsAny(salt, "$\x00\n") {
		return "", refuse("salt", "cannot be that of md5_crypt")
	}
	if _, err := parseMD5Crypt(text); err != nil {
		return "", refuse("salt", "want up to 8 bytes for md5_crypt")
	}
	return text, nil
}

// md5CryptSum is the digest of the scheme that Poul-Henning Kamp wrote for FreeBSD.
func md5CryptSum(password, salt string) [md5.Size]byte {
	inner := md5.Sum([]byte(password + salt + password))
	d := md5.New()
	d.Write([]byte(password + "$1$" + salt))
	for n := len(password); n > 0; n -= md5.Size {
		d.Write(inner[:min(n, md5.Size)])
	}
	for n := len(password); n > 0; n >>= 1 {
		if n&1 == 1 {
			d.Write([]byte{0})
		} else {
			d.Write([]byte(password[:1]))
		}
	}
	var sum [md5.Size]byte
	d.Sum(sum[:0])
	for i := range 1000 {
		d.Reset()
		if i&1 == 1 {
			d.Write([]byte(password))
		} else {
			d.Write(sum[:])
		}
		if i%3 != 0 {
			d.Write([]byte(salt))
		}
		if i%7 != 0 {
			d.Write([]byte(password))
		}
		if i&1 == 1 {
			d.Write(sum[:])
		} else {
			d.Write([]byte(password))
		}
		d.Sum(sum[:0])
	}
	return sum
}

// md5CryptText writes the digest in the scheme's own order of bytes.
func md5CryptText(sum [md5.Size]byte) []byte {
	var text []byte
	write := func(v uint, chars int) {
		for range chars {
			text = append(text, cryptAlphabet[v&0x3f])
			v >>= 6
		}
	}
	for _, at := range [5][3]int{{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}} {
		write(uint(sum[at[0]])<<16|uint(sum[at[1]])<<8|uint(sum[at[2]]), 4)
	}
	write(uint(sum[11]), 2)
	return text
}

// drupalHash is Drupal 7's $S$: the digest of 64 bytes in the crypt alphabet, cut to 43 characters.
type drupalHash struct {
	text, salt string
	rounds     int
}

func parseDrupal(encoded string) (stored, error) {
	const length, head, saltLength = 55, len("$S$C"), 8
	if len(encoded) != length || strings.Trim(encoded[head-1:], cryptAlphabet) != "" {
		return nil, fmt.Errorf("%w: want 55 characters: $S$<cost><salt of 8><hash of 43>", ErrFormat)
	}
	cost := strings.IndexByte(cryptAlphabet, encoded[head-1])
	if cost < 7 || 1<<cost > mostLongRounds {
		return nil, fmt.Errorf("%w: the cost of $S$ must be 2^7 to 2^17 rounds", ErrFormat)
	}
	return drupalHash{text: encoded, salt: encoded[head : head+saltLength], rounds: 1 << cost}, nil
}

func (h drupalHash) matches(password string) bool {
	const prefix = len("$S$C") + 8
	made := littleBase64(drupalDigest([]byte(h.salt), password, h.rounds))[:len(h.text)-prefix]
	return subtle.ConstantTimeCompare(made, []byte(h.text[prefix:])) == 1
}

func (h drupalHash) current(Params) bool { return false }

func (h drupalHash) explain() (string, Settings) { return h.text, Settings{} }

// littleBase64 is the encoding of phpass: groups of three bytes, the lowest six bits first.
func littleBase64(raw []byte) []byte {
	var text []byte
	for i := 0; i < len(raw); i += 3 {
		v, n := uint(0), 0
		for j := i; j < min(i+3, len(raw)); j++ {
			v |= uint(raw[j]) << (8 * (j - i))
			n++
		}
		for range n + 1 {
			text = append(text, cryptAlphabet[v&0x3f])
			v >>= 6
		}
	}
	return text
}
