package gateway

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is a bound on calls: Limit a second in the long run, Burst at once. The zero value bounds nothing.
type Rate struct {
	Limit float64
	Burst int
}

// Rates are the bounds of the front door. They bound what one address or credential may do, not the server's load.
type Rates struct {
	// Address bounds all calls of one address, before anything else is looked at.
	Address Rate
	// Client bounds the calls of one address that show no valid server credential.
	Client Rate
	// Server bounds the calls of one server credential: a partner or a key.
	Server Rate
}

// The tables of a limiter: enough shards that calls seldom wait for one another, and a bound on what is remembered.
const (
	limiterShards  = 32
	limiterEntries = 4096 // a shard and generation
)

// limiter keeps one token bucket a key. What it remembers is bounded: each shard has two generations of buckets; when
// the young one is full it becomes the old one, and the old one is forgotten.
type limiter[K comparable] struct {
	rate   Rate
	seed   maphash.Seed
	shards [limiterShards]limiterShard[K]
}

type limiterShard[K comparable] struct {
	mu         sync.Mutex
	young, old map[K]*rate.Limiter
}

// newLimiter returns nil, which allows everything, for a rate that bounds nothing.
func newLimiter[K comparable](r Rate) *limiter[K] {
	if r.Limit <= 0 {
		return nil
	}
	r.Burst = max(r.Burst, 1)
	return &limiter[K]{rate: r, seed: maphash.MakeSeed()}
}

// allow takes one token of the key's bucket, if there is one.
func (l *limiter[K]) allow(key K, now time.Time) bool {
	if l == nil {
		return true
	}
	shard := &l.shards[maphash.Comparable(l.seed, key)%limiterShards]
	shard.mu.Lock()
	bucket := shard.bucket(key, l.rate)
	shard.mu.Unlock()
	return bucket.AllowN(now, 1)
}

func (s *limiterShard[K]) bucket(key K, r Rate) *rate.Limiter {
	if bucket, ok := s.young[key]; ok {
		return bucket
	}
	bucket, ok := s.old[key]
	if !ok {
		bucket = rate.NewLimiter(rate.Limit(r.Limit), r.Burst)
	}
	if s.young == nil || len(s.young) >= limiterEntries {
		s.old, s.young = s.young, make(map[K]*rate.Limiter)
	}
	s.young[key] = bucket
	return bucket
}

// network is what counts as one address: an IPv6 customer has at least a /64.
func network(addr netip.Addr) netip.Addr {
	if !addr.Is6() || addr.Is4In6() {
		return addr
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return prefix.Addr()
}
