package main

import (
	"runtime"
	"sync"
)

// processors gives Go's scheduler a thread more for each password hash that is made at present, and for each connection that
// looks at every account of a store. Both compute for tens of milliseconds without a pause, and the scheduler would let them do so
// for ten at a time while everybody else's call waits. With threads of their own they share the cores with them by the
// operating system's rules, which give a call that was waiting its turn at once. Threads that nobody needs would look for work
// and cost every call something, hence the change back.
//
// The number of cores is the one at the start: a container whose bound is changed later is restarted.
type processors struct {
	cores int

	mu              sync.Mutex
	hashes, looking int
}

func newProcessors() *processors { return &processors{cores: runtime.GOMAXPROCS(0)} }

// forHashes says how many hashes are made.
func (p *processors) forHashes(hashes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hashes = hashes
	runtime.GOMAXPROCS(p.cores + p.hashes + p.looking)
}

// forPasses says how many connections look at every account.
func (p *processors) forPasses(looking int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looking = looking
	runtime.GOMAXPROCS(p.cores + p.hashes + p.looking)
}
