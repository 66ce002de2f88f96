package password

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/pbkdf2"
)

// Names of algorithms that are more than an entry of the table.
const (
	hexaName = "sha512Hexa"
	sapName  = "sap_abap"
)

// Rounds that one check may cost. A plain digest of a few bytes takes a tenth to half of a microsecond; one that takes the
// password again in every round (up to MaxLength bytes of it) some microseconds.
const (
	mostDigests    = 500_000
	mostLongRounds = 1 << 17
)

// schemes is the table of the algorithms whose stored text is that of [foreign]; nothing changes it.
var schemes = newSchemes()

// spelled are the names of the schemes by what they are in lower case.
var spelled = func() map[string]string {
	names := make(map[string]string, len(schemes))
	for name := range schemes {
		names[strings.ToLower(name)] = name
	}
	return names
}()

func newSchemes() map[string]scheme {
	digest := func(size int, h func() hash.Hash) scheme {
		return scheme{rounds: 1, most: mostDigests, size: size, formatted: true, derive: repeated(h)}
	}
	derived := func(block, work int, h func() hash.Hash) scheme {
		return scheme{rounds: 1, most: work, salted: true, block: block, work: work, derive: derivedKey(h)}
	}
	return map[string]scheme{
		"md5":    digest(md5.Size, md5.New),
		"sha1":   digest(sha1.Size, sha1.New),
		"sha256": digest(sha256.Size, sha256.New),
		"sha512": digest(sha512.Size, sha512.New),
		// The SQL function HASHBYTES over an NVARCHAR: what is hashed is UTF-16. The documents do not say it.
		"sha1_hashbytes": {rounds: 1, most: mostDigests, size: sha1.Size, formatted: true, derive: hashBytes},
		hexaName:         {rounds: 1, most: mostDigests, size: sha512.Size, formatted: true, derive: hexaRounds},
		// Forum software: md5(md5(password) + salt), the inner one as hexadecimal text.
		"md5_double_salted": {rounds: 1, most: 1, size: md5.Size, salted: true, derive: doubleSalted},

		"pbkdf2":        derived(sha1.Size, 1_500_000, sha1.New),
		"pbkdf2_sha256": derived(sha256.Size, 1_000_000, sha256.New),
		"pbkdf2_sha512": derived(sha512.Size, 500_000, sha512.New),

		"drupal":    {rounds: 1 << 15, most: mostLongRounds, salted: true, derive: drupalRounds},
		"symphony2": {rounds: 5000, most: mostLongRounds, size: sha512.Size, derive: symfonyRounds},
		sapName:     {rounds: 1024, most: mostLongRounds, salted: true, derive: sapRounds},
	}
}

// repeated digests the text, then the raw digest again and again.
func repeated(h func() hash.Hash) func(f *foreign, password string) []byte {
	return func(f *foreign, password string) []byte {
		d := h()
		d.Write(f.laidOut(password))
		sum := d.Sum(nil)
		for range f.rounds - 1 {
			d.Reset()
			d.Write(sum)
			sum = d.Sum(sum[:0])
		}
		return sum
	}
}

// hashBytes digests UTF-16. Without a format the password alone is widened and the salt's bytes follow; a format is
// widened as a whole.
func hashBytes(f *foreign, password string) []byte {
	var text []byte
	switch {
	case f.binary != "":
		text = f.laidOut(password)
	case f.format != "":
		text = utf16LE(string(f.laidOut(password)))
	default:
		text = append(utf16LE(password), f.raw...)
	}
	sum := sha1.Sum(text)
	for range f.rounds - 1 {
		sum = sha1.Sum(sum[:])
	}
	return sum[:]
}

// hexaRounds digests the hexadecimal text of the digest in every further round.
func hexaRounds(f *foreign, password string) []byte {
	sum := sha512.Sum512(f.laidOut(password))
	var text [2 * sha512.Size]byte
	for range f.rounds - 1 {
		hex.Encode(text[:], sum[:])
		sum = sha512.Sum512(text[:])
	}
	return sum[:]
}

func doubleSalted(f *foreign, password string) []byte {
	inner := md5.Sum([]byte(password))
	sum := md5.Sum(append([]byte(hex.EncodeToString(inner[:])), f.raw...))
	return sum[:]
}

func derivedKey(h func() hash.Hash) func(f *foreign, password string) []byte {
	return func(f *foreign, password string) []byte {
		return pbkdf2.Key([]byte(password), f.raw, f.rounds, len(f.hash), h)
	}
}

// drupalRounds is Drupal 7's: sha512(salt + password), then sha512(digest + password), rounds times.
func drupalRounds(f *foreign, password string) []byte { return drupalDigest(f.raw, password, f.rounds) }

func drupalDigest(salt []byte, password string, rounds int) []byte {
	d := sha512.New()
	d.Write(salt)
	d.Write([]byte(password))
	sum := d.Sum(nil)
	for range rounds {
		d.Reset()
		d.Write(sum)
		d.Write([]byte(password))
		sum = d.Sum(sum[:0])
	}
	return sum
}

// symfonyRounds is Symfony's message digest encoder: the salt stands in braces behind the password, and the whole is
// digested again behind each digest.
func symfonyRounds(f *foreign, password string) []byte {
	text := []byte(password)
	if len(f.raw) > 0 {
		text = append(append(append(text, '{'), f.raw...), '}')
	}
	d := sha512.New()
	d.Write(text)
	sum := d.Sum(nil)
	for range f.rounds - 1 {
		d.Reset()
		d.Write(sum)
		d.Write(text)
		sum = d.Sum(sum[:0])
	}
	return sum
}

// sapKinds are the forms of SAP's iterated salted hashes: what stands in braces before the Base64 of digest and salt.
func sapKinds() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		"x-issha": sha1.New, "x-issha256": sha256.New, "x-issha384": sha512.New384, "x-issha512": sha512.New,
	}
}

// sapKind returns the kind whose digest has the length.
func sapKind(size int) (name string, h func() hash.Hash) {
	for name, h := range sapKinds() {
		if h().Size() == size {
			return name, h
		}
	}
	return "", nil
}

// foreignSAP reads {x-issha, 1024}<Base64 of digest and salt>.
func foreignSAP(text string, s Settings) (string, error) {
	const want = "want the stored text: {x-issha, 1024} and Base64"
	if s.Salt != "" || s.Rounds != 0 || s.Format != "" || s.BinaryFormat != "" {
		return "", refuse("hashedPassword", "sap_abap takes no settings: they stand in the text")
	}
	head, body, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "{"), "}")
	kind, number, comma := strings.Cut(head, ",")
	rounds, isNumber := positive(strings.TrimSpace(number))
	h := sapKinds()[strings.ToLower(strings.TrimSpace(kind))]
	if !ok || !comma || !isNumber || h == nil || !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return "", refuse("hashedPassword", want)
	}
	raw, ok := decodeBase64(body)
	size := h().Size()
	if !ok || len(raw) <= size || len(raw) > size+maxForeignSalt {
		return "", refuse("hashedPassword", want)
	}
	f := &foreign{name: sapName, how: schemes[sapName], hash: raw[:size], salt: base64.StdEncoding.EncodeToString(raw[size:])}
	if err := f.setRounds(int64(rounds)); err != nil {
		return "", err
	}
	return f.String(), f.prepare()
}

func (f *foreign) sapText() string {
	kind, _ := sapKind(len(f.hash))
	return "{" + kind + ", " + strconv.Itoa(f.rounds) + "}" + base64.StdEncoding.EncodeToString(slices.Concat(f.hash, f.raw))
}

// sapRounds: digest(password + salt), then digest(password + digest).
func sapRounds(f *foreign, password string) []byte {
	_, h := sapKind(len(f.hash))
	if h == nil {
		return nil
	}
	d := h()
	d.Write([]byte(password))
	d.Write(f.raw)
	sum := d.Sum(nil)
	for range f.rounds - 1 {
		d.Reset()
		d.Write([]byte(password))
		d.Write(sum)
		sum = d.Sum(sum[:0])
	}
	return sum
}
