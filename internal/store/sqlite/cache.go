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

// accountCacheSize is the default of [Options.AccountCache]: about 40,000 accounts of a kilobyte. Memory is taken as
// it is filled.
const accountCacheSize = 56 << 20

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
	stamp := k.stamp(epoch, group, uid)
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

// stampSize is the room for the stamp at the head of an entry.
const stampSize = 8

// appendEntry appends the entry of an account, with room for its stamp.
func appendEntry(dst []byte, a *store.Account) []byte {
	return encodeAccount(append(dst, make([]byte, stampSize)...), a)
}

// stamp is what entries of the account count with at this moment.
func (k *accountCache) stamp(epoch uint32, group, uid string) uint64 {
	return uint64(epoch)<<32 | uint64(k.numbers[k.number(group, uid)].Load())
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
	if !found || len(entry) < stampSize || binary.NativeEndian.Uint64(entry) != stamp {
		return nil
	}
	return decodeAccount(entry[stampSize:])
}

func (k *accountCache) put(key []byte, stamp uint64, a *store.Account) {
	scratch := k.scratch.Get().(*[]byte)
	defer k.scratch.Put(scratch)
	*scratch = appendEntry((*scratch)[:0], a)
	binary.NativeEndian.PutUint64(*scratch, stamp)
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

type touchedAccount struct {
	group, uid string
	// entry is the account as the cache keeps it, behind the place of its stamp; nil if it was deleted, or nobody can say.
	entry []byte
}

func (t *touched) add(other *touched) {
	t.accounts = append(t.accounts, other.accounts...)
	t.every = t.every || other.every
}

// forget leaves that the accounts were touched, but not what became of them.
func (t *touched) forget() {
	for i := range t.accounts {
		t.accounts[i].entry = nil
	}
}

// commit runs the function that commits what changes these accounts. The transaction holds the engine's write lock.
func (k *accountCache) commit(t *touched, commit func() error) error {
	if k == nil {
		return commit()
	}
	numbers := k.numbersOf(t)
	before, whole := k.begin(numbers)
	err := commit()
	epoch, alone := k.end(numbers, before, whole && !t.every)
	if err == nil && alone {
		k.keep(t, epoch)
	}
	return err
}

// keep keeps what the commit has stored. A commit that comes in between has raised the numbers: then it counts for nothing.
func (k *accountCache) keep(t *touched, epoch uint32) {
	var buffer [160]byte
	for _, a := range t.accounts {
		key := appendCacheKey(buffer[:0], a.group, a.uid)
		if a.entry == nil {
			k.entries.Del(key)
			continue
		}
		binary.NativeEndian.PutUint64(a.entry, k.stamp(epoch, a.group, a.uid))
		k.entries.Set(key, a.entry) // What is larger than 64 KB is not kept.
	}
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
func (k *accountCache) end(numbers []uint32, before walHead, told bool) (epoch uint32, alone bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	after, whole := k.index.read()
	epoch = k.known.Load().epoch
	alone = told && whole && (after == before || after.changes() == before.changes()+1)
	if !alone {
		epoch++
	}
	k.known.Store(&knownHead{after, epoch})
	for _, n := range numbers {
		k.numbers[n].Add(1)
	}
	k.committing = false
	return epoch, alone
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
