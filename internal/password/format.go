package password

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrFormat says that a stored text cannot be read: no known algorithm, damaged, or with parameters out of bounds. It
// never repeats the text.
var ErrFormat = errors.New("stored password cannot be read")

// stored is a text that was read and is ready to be compared with a password.
type stored interface {
	// matches does the slow work; it is called with a slot held.
	matches(password string) bool
	// current tells whether a new hash would be made the same way today.
	current(now Params) bool
}

// formats is the table of the algorithms, which nothing changes: what stands between the first two dollar signs of a stored text, and how the
// rest is read. Parsers are cheap and bound every parameter they read: a stored text may have been imported.
var formats = newFormats()

func newFormats() map[string]func(encoded string) (stored, error) {
	all := compoundFormats()
	all["argon2id"] = parseArgon2id
	all[customName] = parseCustom
	for name := range schemes {
		all[name] = parseForeign
	}
	return all
}

// Check returns an error unless the text is a hash that [Hasher.Verify] can read, within its bounds: for hashes that come
// from elsewhere.
func Check(encoded string) error {
	if len(encoded) > maxEncoded {
		return fmt.Errorf("%w: too long", ErrFormat)
	}
	parse, ok := formats[algorithm(encoded)]
	if !ok {
		return errors.New("not a hash in a known format: $argon2id$v=19$m=…,t=…,p=…$salt$hash")
	}
	_, err := parse(encoded)
	return err
}

// algorithm returns the name of the algorithm in a stored text, or an empty text.
func algorithm(encoded string) string {
	rest, ok := strings.CutPrefix(encoded, "$")
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(rest, "$")
	if !ok {
		return ""
	}
	return name
}

// Bounds of what is read from a stored text. The least are those below which the algorithm is not defined (8 KiB a lane)
// or a hash is no protection; the greatest keep one check within the memory and the seconds that a server can give.
const (
	maxMemory  = 256 << 10 // KiB
	maxTime    = 16
	maxThreads = 16
	// maxWork is memory times passes, in KiB: about two seconds of one core.
	maxWork = 1 << 20

	minSalt, maxSalt = 8, 64
	minHash, maxHash = 16, 64
	// maxEncoded is more than the longest text within the other bounds, of foreign hashes too.
	maxEncoded = 2000
)

// Lengths of what is made, in bytes.
const (
	saltLength = 16
	hashLength = 32
)

// Params are the costs of an argon2id hash.
type Params struct {
	// Memory is in KiB; at least 8 for each thread, at most 256 MiB.
	Memory uint32
	// Time is the number of passes over the memory, 1 to 16. Memory times Time is at most 1 GiB.
	Time uint32
	// Threads is the degree of parallelism, 1 to 16.
	Threads uint8
}

// DefaultParams are 19 MiB, two passes, one thread: about 32 ms of one core, the least that OWASP's password storage
// guide recommends for argon2id.
func DefaultParams() Params { return Params{Memory: 19456, Time: 2, Threads: 1} }

// Check tells whether the parameters are within the bounds of the fields.
func (p Params) Check() error {
	switch {
	case p.Threads < 1 || p.Threads > maxThreads:
		return fmt.Errorf("argon2id threads must be 1 to %d", maxThreads)
	case p.Time < 1 || p.Time > maxTime:
		return fmt.Errorf("argon2id time must be 1 to %d passes", maxTime)
	case p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory:
		return fmt.Errorf("argon2id memory must be 8 KiB a thread to %d KiB", maxMemory)
	case uint64(p.Memory)*uint64(p.Time) > maxWork:
		return fmt.Errorf("argon2id memory times time must be at most %d KiB", maxWork)
	}
	return nil
}

// argon2idHash is a stored argon2id hash.
type argon2idHash struct {
	params     Params
	salt, hash []byte
}

func newArgon2id(p Params, salt []byte, password string) argon2idHash {
	h := argon2idHash{params: p, salt: salt}
	h.hash = h.derive(password, hashLength)
	return h
}

func (h argon2idHash) derive(password string, length int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.params.Time, h.params.Memory, h.params.Threads, uint32(length))
}

func (h argon2idHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.derive(password, len(h.hash)), h.hash) == 1
}

func (h argon2idHash) current(now Params) bool {
	return h.params == now && len(h.salt) == saltLength && len(h.hash) == hashLength
}

// String is the PHC text form.
func (h argon2idHash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.params.Memory, h.params.Time, h.params.Threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.hash))
}

func parseArgon2id(encoded string) (stored, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return nil, fmt.Errorf("%w: not five parts", ErrFormat)
	}
	if parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, fmt.Errorf("%w: unknown version", ErrFormat)
	}
	params, err := parseParams(parts[3])
	if err != nil {
		return nil, err
	}
	salt, err := decode(parts[4], minSalt, maxSalt)
	if err != nil {
		return nil, err
	}
	hash, err := decode(parts[5], minHash, maxHash)
	if err != nil {
		return nil, err
	}
	return argon2idHash{params: params, salt: salt, hash: hash}, nil
}

// parseParams reads m=…,t=…,p=… in this order, the only one that the PHC form allows.
func parseParams(text string) (Params, error) {
	fields := strings.Split(text, ",")
	names := [...]string{"m=", "t=", "p="}
	if len(fields) != len(names) {
		return Params{}, fmt.Errorf("%w: not three parameters", ErrFormat)
	}
	var numbers [len(names)]uint64
	for i, name := range names {
		digits, ok := strings.CutPrefix(fields[i], name)
		n, err := strconv.ParseUint(digits, 10, 32)
		// What is not written the shortest way (+1, 007) is no PHC text.
		if !ok || err != nil || strconv.FormatUint(n, 10) != digits {
			return Params{}, fmt.Errorf("%w: bad parameter", ErrFormat)
		}
		numbers[i] = n
	}
	if numbers[2] > maxThreads {
		return Params{}, fmt.Errorf("%w: too many threads", ErrFormat)
	}
	p := Params{Memory: uint32(numbers[0]), Time: uint32(numbers[1]), Threads: uint8(numbers[2])}
	if err := p.Check(); err != nil {
		return Params{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return p, nil
}

func decode(text string, least, most int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(text)
	// The decoder skips line ends; a stored text has none.
	if err != nil || len(b) < least || len(b) > most || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%w: bad salt or hash", ErrFormat)
	}
	return b, nil
}
