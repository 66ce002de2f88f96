package password

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"sync"
)

// MaxLength is the length of the longest password, in bytes.
const MaxLength = 1024

// queuePerSlot is the default length of the queue for each slot: with the default parameters the last in it waits about
// two seconds.
const queuePerSlot = 64

var (
	// ErrBusy says that too many passwords wait to be hashed. The call did nothing and may be repeated later.
	ErrBusy = errors.New("too many passwords wait to be hashed")
	// ErrTooLong says that a password has more than MaxLength bytes.
	ErrTooLong = fmt.Errorf("password is longer than %d bytes", MaxLength)
)

// Options are the settings of a Hasher. All but Rand have a useful zero value.
type Options struct {
	// Params are the costs of new hashes; zero: DefaultParams. Tests take the least, {8, 1, 1}.
	Params Params
	// Slots is the number of hashes made at the same time; zero or less: GOMAXPROCS.
	Slots int
	// Queue is the number of calls that may wait for a slot; zero: 64 for each slot; negative: none.
	Queue int
	// Hashing, if set, is told how many hashes are made at present whenever the number changes, in order. It must be quick:
	// calls wait for it.
	Hashing func(n int)
	// Services are the URLs, letter for letter, that may be sent passwords to hash: see [CheckService]. Empty: no hash of the
	// algorithm custom can be checked.
	Services []string
	// Transport carries the questions to Services; nil: none is asked.
	Transport http.RoundTripper
	// Rand gives the salts; nil: every Hash fails. It need not be safe for concurrent use.
	Rand io.Reader
}

// Hasher makes and checks stored passwords. It is safe for concurrent use.
type Hasher struct {
	params  Params
	queue   *queue
	formats map[string]func(string) (stored, error)
	// nobody is compared with when there is no account.
	nobody stored
	// services are those that transport may carry a question to, when asking has a slot for it.
	services  []string
	transport http.RoundTripper
	asking    *queue

	mu   sync.Mutex // guards rand
	rand io.Reader
}

// New returns a Hasher. Params out of bounds are a mistake of the program or of its configuration, which should call
// [Params.Check] first; every Hash and Pretend then fails.
func New(o Options) *Hasher {
	if o.Params == (Params{}) {
		o.Params = DefaultParams()
	}
	if o.Slots <= 0 {
		o.Slots = runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = queuePerSlot * o.Slots
	}
	return &Hasher{
		params:  o.Params,
		queue:   newQueue(o.Slots, max(o.Queue, 0), o.Hashing),
		formats: maps.Clone(formats),
		nobody:  argon2idHash{params: o.Params, salt: make([]byte, saltLength), hash: make([]byte, hashLength)},
		rand:    o.Rand,

		services: slices.Clone(o.Services), transport: o.Transport, asking: newQueue(asks, max(o.Queue, 0), nil),
	}
}

// Hash returns the text to store for the password. The error is [ErrTooLong], [ErrBusy], the context's while the call
// waited, or one of the source of randomness.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxLength {
		return "", ErrTooLong
	}
	if err := h.params.Check(); err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	salt, err := h.salt()
	if err != nil {
		return "", err
	}
	if err := h.queue.acquire(ctx); err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	defer h.queue.release()
	return newArgon2id(h.params, salt, password).String(), nil
}

// Verify tells whether the password belongs to the stored text and, if so, whether the text should be replaced by a new
// Hash because it was made with other parameters or another algorithm. The error is [ErrTooLong], [ErrBusy], [ErrFormat]
// or the context's while the call waited; a wrong password is no error.
//
// A wrong password takes the time of [Hasher.Pretend] as nearly as can be, also against a text that was made with lower
// costs elsewhere. One that was made with higher costs takes longer, until its owner's next login makes it anew. No password
// belongs to a hash that a service made: [Hasher.Prove] asks the service.
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	if len(password) > MaxLength {
		return false, false, ErrTooLong
	}
	s, err := h.parse(encoded)
	if err != nil {
		return false, false, fmt.Errorf("checking a password: %w", err)
	}
	if ok, err = h.match(ctx, s, password); err != nil || !ok {
		return false, false, err
	}
	return true, !s.current(h.params), nil
}

// Pretend does what Verify does with a wrong password, for a login of somebody who does not exist: the same wait, the
// same work, the same errors, so that the time tells nothing.
func (h *Hasher) Pretend(ctx context.Context, password string) error {
	if len(password) > MaxLength {
		return ErrTooLong
	}
	if err := h.params.Check(); err != nil {
		return fmt.Errorf("checking a password: %w", err)
	}
	_, err := h.match(ctx, h.nobody, password)
	return err
}

func (h *Hasher) parse(encoded string) (stored, error) {
	if len(encoded) > maxEncoded {
		return nil, fmt.Errorf("%w: too long", ErrFormat)
	}
	parse, ok := h.formats[algorithm(encoded)]
	if !ok {
		return nil, fmt.Errorf("%w: unknown algorithm", ErrFormat)
	}
	return parse(encoded)
}

func (h *Hasher) match(ctx context.Context, s stored, password string) (bool, error) {
	if err := h.queue.acquire(ctx); err != nil {
		return false, fmt.Errorf("checking a password: %w", err)
	}
	defer h.queue.release()
	ok := s.matches(password)
	if !ok {
		h.fillUp(s, password)
	}
	return ok, nil
}

func (h *Hasher) salt() ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rand == nil {
		return nil, errors.New("drawing a salt: no source of randomness")
	}
	salt := make([]byte, saltLength)
	if _, err := io.ReadFull(h.rand, salt); err != nil {
		return nil, fmt.Errorf("drawing a salt: %w", err)
	}
	return salt, nil
}
