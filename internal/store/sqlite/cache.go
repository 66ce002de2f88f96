package sqlite

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/fastcache"

	"github.com/doorward/doorward/internal/store"
)

// accountCache keeps accounts that were read, so that reading one again costs no transaction. It never gives out what a
// commit has replaced that was acknowledged before the read began, whoever committed.
//
// Commits of others are told by the head of the engine's index of the log: while it is the one that the cache knows,
// nobody else has committed. Another head begins a new epoch, in which nothing counts that was kept before. The store's own
// writer says which accounts it changes, so that its commits leave the others in the cache: accounts share numbers, each
// of which is raised before and after a commit that changes one of its accounts. What is kept is kept with the epoch and the
// number that were there before it was read.
//
// A nil cache keeps nothing.
type accountCache struct {
	index   *walIndex
	entries *fastcache.Cache
	seed    maphash.Seed
	numbers [cacheNumbers]atomic.Uint32
	scratch sync.Pool

	// known is the head that the entries of an epoch are good for; mu guards its changes and committing.
	known      atomic.Pointer[knownHead]
	mu         sync.Mutex
	committing bool
}

type knownHead struct {
	head  walHead
	epoch uint32
}

// cacheNumbers is how many numbers accounts share. Two accounts of one number cost each other a read at times.
const cacheNumbers = 1 << 14

// accountCacheSize is the default of [Options.AccountCache]: about 25,000 accounts of a kilobyte. Memory is taken as
// it is filled.
const accountCacheSize = 32 << 20

// newAccountCache returns nil if the head cannot be seen, or size is less than 0.
func newAccountCache(file string, size int) *accountCache {
	if size < 0 {
		return nil
	}
	index, err := openWALIndex(file)
	if err != nil {
		return nil
	}
	k := &accountCache{index: index, entries: fastcache.New(size), seed: maphash.MakeSeed()}
	k.scratch.New = func() any { return new([]byte) }
	return k
}

// close forgets everything, when the store has no connection any more.
func (k *accountCache) close() error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.committing = true // For ever: nothing is answered any more.
	k.known.Store(nil)
	k.entries.Reset()
	return k.index.close()
}

// account returns the account that is kept, or what read returns, which asks the database.
func (k *accountCache) account(group, uid string, read func() (*store.Account, error)) (*store.Account, error) {
	if k == nil {
		return read()
	}
	epoch, quiet := k.epoch()
	if !quiet {
		return read()
	}
	// In this order: a commit that ended before the head was read has raised the number by now.
	stamp := uint64(epoch)<<32 | uint64(k.numbers[k.number(group, uid)].Load())
	var buffer [160]byte
	key := appendCacheKey(buffer[:0], group, uid)
	if a := k.get(key, stamp); a != nil {
		a.Group, a.UID = group, uid
		return a, nil
	}
	a, err := read()
	if err == nil {
		k.put(key, stamp, a)
	}
	return a, err
}

func appendCacheKey(dst []byte, group, uid string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(group)))
	return append(append(dst, group...), uid...)
}

func (k *accountCache) get(key []byte, stamp uint64) *store.Account {
	scratch := k.scratch.Get().(*[]byte)
	defer k.scratch.Put(scratch)
	entry, found := k.entries.HasGet((*scratch)[:0], key)
	*scratch = entry
	if !found || len(entry) < 8 || binary.NativeEndian.Uint64(entry) != stamp {
		return nil
	}
	return decodeAccount(entry[8:])
}

func (k *accountCache) put(key []byte, stamp uint64, a *store.Account) {
	scratch := k.scratch.Get().(*[]byte)
	defer k.scratch.Put(scratch)
	*scratch = encodeAccount(binary.NativeEndian.AppendUint64((*scratch)[:0], stamp), a)
	k.entries.Set(key, *scratch) // What is larger than 64 KB is not kept.
}

// epoch returns the epoch of this moment; false while a commit is under way, of which nothing is known.
func (k *accountCache) epoch() (epoch uint32, quiet bool) {
	head, whole := k.index.read()
	if known := k.known.Load(); whole && known != nil && known.head == head {
		return known.epoch, true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.committing {
		return 0, false
	}
	if head, whole = k.index.read(); !whole {
		return 0, false
	}
	return k.learn(head), true
}

// learn makes the head the known one. Another than was known begins an epoch. The caller holds mu.
func (k *accountCache) learn(head walHead) (epoch uint32) {
	known := k.known.Load()
	if known != nil && known.head == head {
		return known.epoch
	}
	if known != nil {
		epoch = known.epoch + 1
	}
	k.known.Store(&knownHead{head, epoch})
	return epoch
}

// number is where the number of the account is, which it shares with others.
func (k *accountCache) number(group, uid string) uint32 {
	var h maphash.Hash
	h.SetSeed(k.seed)
	_, _ = h.WriteString(group)
	_, _ = h.WriteString(uid)
	return uint32(h.Sum64() % cacheNumbers)
}

// touched are the accounts that a transaction changes.
type touched struct {
	accounts []touchedAccount
	// every: it may be any.
	every bool
}

type touchedAccount struct{ group, uid string }

func (t *touched) add(other *touched) {
	t.accounts = append(t.accounts, other.accounts...)
	t.every = t.every || other.every
}

// commit runs the function that commits what changes these accounts. The transaction holds the engine's write lock.
func (k *accountCache) commit(t *touched, commit func() error) error {
	if k == nil {
		return commit()
	}
	numbers := k.numbersOf(t)
	before, whole := k.begin(numbers)
	err := commit()
	k.end(numbers, before, whole && !t.every)
	return err
}

// begin announces the commit and raises the numbers. It returns the head before the commit, which nobody else can change now.
func (k *accountCache) begin(numbers []uint32) (before walHead, whole bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.committing = true
	for _, n := range numbers {
		k.numbers[n].Add(1)
	}
	before, whole = k.index.read()
	k.learn(before)
	return before, whole
}

// end learns the head that the commit has made, and raises the numbers again. The epoch goes on if the numbers say all that the
// commit has changed, and nobody else has committed behind it.
func (k *accountCache) end(numbers []uint32, before walHead, told bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	after, whole := k.index.read()
	epoch := k.known.Load().epoch
	if alone := after == before || after.changes() == before.changes()+1; !told || !whole || !alone {
		epoch++
	}
	k.known.Store(&knownHead{after, epoch})
	for _, n := range numbers {
		k.numbers[n].Add(1)
	}
	k.committing = false
}

// numbersOf tells where the numbers of the accounts are, each once.
func (k *accountCache) numbersOf(t *touched) []uint32 {
	numbers := make([]uint32, 0, len(t.accounts))
	for _, a := range t.accounts {
		numbers = append(numbers, k.number(a.group, a.uid))
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
