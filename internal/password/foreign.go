package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a hash that was made elsewhere (documented: 512 bits of hash, 1024 of salt). The formats' are ours.
const (
	maxForeignHash   = 64
	minForeignHash   = 16
	maxForeignSalt   = 128
	maxForeignFormat = 256
	// maxSaltText is longer than any text of a salt within the bounds: four bytes a character at the most.
	maxSaltText = 4 * maxForeignSalt
)

// Settings say how a hash that comes from another system was made: the members of hashSettings.
type Settings struct {
	// Algorithm is one of [Algorithms], in any letter case.
	Algorithm string
	// Rounds is the number of repetitions; 0: the algorithm's own, 1 for a plain digest.
	Rounds int64
	// Salt is Base64, or a clear text where Format names it. With BinaryFormat it is in the form that this names.
	Salt string
	// Format is a template of what is hashed, with $password and, for a salt, $salt; empty: the algorithm's own order.
	Format string
	// BinaryFormat is the same in bytes: $password:<enc>, $salt:<enc> and $0x<hex> one after the other, enc being hex,
	// base64, utf8, utf16 or utf32 (the wide ones little-endian).
	BinaryFormat string
	// URL belongs to the algorithm custom: the service that hashes.
	URL string
}

// A SettingError says which setting of a foreign hash cannot be taken. It never repeats hash or salt.
type SettingError struct {
	// Setting is the member's name: hashedPassword, compoundHashedPassword, or one of hashSettings.
	Setting string
	Reason  string
}

func (e *SettingError) Error() string { return e.Setting + ": " + e.Reason }

func refuse(setting, reason string) error { return &SettingError{setting, reason} }

// Algorithms are the names that [Foreign] takes, as the documentation spells them.
func Algorithms() []string {
	names := []string{"md5_crypt", "bcrypt", customName}
	for name := range schemes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// scheme is how the hashes of one algorithm are made.
type scheme struct {
	// rounds is the number when none is given, most the greatest that one check is given: under a second of one core.
	rounds, most int
	// size of the hash in bytes; 0: any within the bounds.
	size int
	// formatted: the algorithm hashes a text whose layout a format may give.
	formatted bool
	// salted: there is no hash without a salt.
	salted bool
	// work is the greatest product of rounds and blocks, for algorithms that make the hash a block at a time; 0: one block.
	block, work int
	derive      func(f *foreign, password string) []byte
}

// foreign is a stored hash of another system. Its text is
//
//	$<algorithm>$r=<rounds>[,f=<format>][,b=<binary format>]$<salt>$<hash>
//
// with formats, salt and hash in URL-safe Base64 without padding; the salt as it was given.
type foreign struct {
	name                 string
	how                  scheme
	rounds               int
	salt, format, binary string
	hash                 []byte

	// pieces are what is hashed, raw the salt's bytes; both are worked out from the rest.
	pieces []piece
	raw    []byte
}

// Foreign returns the text to store for a hash from another system: hash is hashedPassword, Base64 of the bytes (for
// sap_abap the text that the system stored). The error is a *SettingError.
func Foreign(hash string, s Settings) (string, error) {
	name := strings.ToLower(strings.TrimSpace(s.Algorithm))
	switch {
	case name == "":
		return "", refuse("algorithm", "is missing")
	case name == customName:
		c, err := newCustom(hash, s)
		if err != nil {
			return "", err
		}
		return c.String(), nil
	case s.URL != "":
		return "", refuse("URL", "belongs to the algorithm custom alone")
	case s.Rounds < 0:
		return "", refuse("rounds", "want a positive number")
	case name == "md5_crypt":
		return foreignMD5Crypt(hash, s)
	case name == "bcrypt":
		return foreignBcrypt(hash, s)
	case name == "sap_abap":
		return foreignSAP(hash, s)
	}
	f := &foreign{salt: s.Salt, format: s.Format, binary: s.BinaryFormat}
	if f.name = spelled[name]; f.name == "" {
		return "", refuse("algorithm", "want one of "+strings.Join(Algorithms(), ", "))
	}
	f.how = schemes[f.name]
	var err error
	if f.hash, err = f.how.readHash(f.name, hash); err != nil {
		return "", err
	}
	if err := f.setRounds(s.Rounds); err != nil {
		return "", err
	}
	if err := f.prepare(); err != nil {
		return "", err
	}
	return f.String(), nil
}

// setRounds takes the number of rounds, within what one check may cost.
func (f *foreign) setRounds(rounds int64) error {
	if rounds == 0 {
		rounds = int64(f.how.rounds)
	}
	if rounds > int64(f.how.most) {
		return refuse("rounds", "at most "+strconv.Itoa(f.how.most)+" for "+f.name)
	}
	if f.how.work > 0 {
		blocks := (len(f.hash) + f.how.block - 1) / f.how.block
		if rounds*int64(blocks) > int64(f.how.work) {
			return refuse("rounds", "at most "+strconv.Itoa(f.how.work/blocks)+" for a hash of this length")
		}
	}
	f.rounds = int(rounds)
	return nil
}

func (s scheme) readHash(name, text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	hash, ok := decodeBase64(text)
	if name == hexaName && len(text) == 2*s.size {
		hash, ok = decodeHex(text)
	}
	switch {
	case text == "":
		return nil, refuse("hashedPassword", "is missing")
	case !ok:
		return nil, refuse("hashedPassword", "want Base64 of the bytes of the hash")
	case s.size > 0 && len(hash) == 2*s.size && isHex(hash):
		return nil, refuse("hashedPassword", "is Base64 of a hexadecimal text; want Base64 of the bytes")
	case s.size > 0 && len(hash) != s.size:
		return nil, refuse("hashedPassword", "want "+strconv.Itoa(s.size)+" bytes for "+name)
	case len(hash) < minForeignHash || len(hash) > maxForeignHash:
		return nil, refuse("hashedPassword", fmt.Sprintf("want %d to %d bytes", minForeignHash, maxForeignHash))
	}
	return hash, nil
}

// prepare checks salt and formats and works out what is hashed.
func (f *foreign) prepare() (err error) {
	switch {
	case len(f.format) > maxForeignFormat:
		return refuse("format", "at most "+strconv.Itoa(maxForeignFormat)+" bytes")
	case len(f.binary) > maxForeignFormat:
		return refuse("binaryFormat", "at most "+strconv.Itoa(maxForeignFormat)+" bytes")
	case len(f.salt) > maxSaltText:
		return refuse("salt", "at most 1024 bits")
	case f.format != "" && f.binary != "":
		return refuse("binaryFormat", "cannot stand beside format")
	case f.how.salted && f.salt == "":
		return refuse("salt", "is missing")
	case !f.how.formatted && f.format != "":
		return refuse("format", f.name+" takes none")
	case !f.how.formatted && f.binary != "":
		return refuse("binaryFormat", f.name+" takes none")
	case f.format != "":
		f.pieces, err = f.readFormat()
	case f.binary != "":
		f.pieces, err = f.readBinaryFormat()
	default:
		if f.raw, err = saltBytes(f.salt); err == nil && f.how.formatted {
			f.pieces = []piece{{kind: thePassword}, {text: f.raw}}
		}
	}
	return err
}

func saltBytes(text string) ([]byte, error) {
	raw, ok := decodeBase64(text)
	if !ok {
		return nil, refuse("salt", "want Base64 (a clear text needs a format with $salt)")
	}
	if len(raw) > maxForeignSalt {
		return nil, refuse("salt", "at most 1024 bits")
	}
	return raw, nil
}

// matches implements stored.
func (f *foreign) matches(password string) bool {
	made := f.how.derive(f, password)
	return len(made) >= len(f.hash) && subtle.ConstantTimeCompare(made[:len(f.hash)], f.hash) == 1
}

// current implements stored: a foreign hash is always replaced.
func (f *foreign) current(Params) bool { return false }

// String is the stored text.
func (f *foreign) String() string {
	enc := base64.RawURLEncoding
	text := "$" + f.name + "$r=" + strconv.Itoa(f.rounds)
	if f.format != "" {
		text += ",f=" + enc.EncodeToString([]byte(f.format))
	}
	if f.binary != "" {
		text += ",b=" + enc.EncodeToString([]byte(f.binary))
	}
	return text + "$" + enc.EncodeToString([]byte(f.salt)) + "$" + enc.EncodeToString(f.hash)
}

// parseForeign reads what String wrote. Everything is checked again: a stored text may have been written by hand.
func parseForeign(encoded string) (stored, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return nil, fmt.Errorf("%w: not four parts", ErrFormat)
	}
	f := &foreign{name: parts[1], how: schemes[parts[1]]}
	if f.how.derive == nil {
		return nil, fmt.Errorf("%w: unknown algorithm", ErrFormat)
	}
	var rounds int64
	for i, setting := range strings.Split(parts[2], ",") {
		name, value, _ := strings.Cut(setting, "=")
		text, err := base64.RawURLEncoding.Strict().DecodeString(value)
		switch {
		case i == 0 && name == "r":
			if rounds, err = strconv.ParseInt(value, 10, 32); rounds < 1 {
				return nil, fmt.Errorf("%w: bad rounds", ErrFormat)
			}
		case i > 0 && name == "f" && f.format == "" && len(text) > 0:
			f.format = string(text)
		case i > 0 && name == "b" && f.binary == "" && len(text) > 0:
			f.binary = string(text)
		default:
			return nil, fmt.Errorf("%w: bad setting", ErrFormat)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: bad setting", ErrFormat)
		}
	}
	salt, err := base64.RawURLEncoding.Strict().DecodeString(parts[3])
	if err == nil {
		f.hash, err = base64.RawURLEncoding.Strict().DecodeString(parts[4])
	}
	if err != nil {
		return nil, fmt.Errorf("%w: bad salt or hash", ErrFormat)
	}
	f.salt = string(salt)
	if n := len(f.hash); n < minForeignHash || n > maxForeignHash || f.how.size > 0 && n != f.how.size {
		return nil, fmt.Errorf("%w: bad hash", ErrFormat)
	}
	if err := f.setRounds(rounds); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if err := f.prepare(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	// There is one text for a hash: what an export shows is what an import stores.
	if f.String() != encoded {
		return nil, fmt.Errorf("%w: not as it would be written", ErrFormat)
	}
	return f, nil
}

// Explain tells how a stored hash was made, in the members in which a hash is imported; ok is false for one that no
// other system knows how to check by them (our own), or that cannot be read.
func Explain(encoded string) (hash string, s Settings, ok bool) {
	if len(encoded) > maxEncoded {
		return "", Settings{}, false
	}
	if parse, known := formats[algorithm(encoded)]; known {
		if read, err := parse(encoded); err == nil {
			if shown, is := read.(interface {
				explain() (string, Settings)
			}); is {
				hash, s = shown.explain()
				return hash, s, true
			}
		}
	}
	return "", Settings{}, false
}

func (f *foreign) explain() (string, Settings) {
	if f.name == sapName {
		return f.sapText(), Settings{Algorithm: f.name}
	}
	return base64.StdEncoding.EncodeToString(f.hash), Settings{
		Algorithm: f.name, Rounds: int64(f.rounds), Salt: f.salt, Format: f.format, BinaryFormat: f.binary,
	}
}
