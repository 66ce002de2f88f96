package main

import "runtime"

// roomForHashes returns a function that gives Go's scheduler a thread more for each password hash that is made at
// present. A hash computes for tens of milliseconds without a pause, and the scheduler would let it do so for ten at a time
// while everybody else's call waits. With a thread of its own it shares the cores with them by the operating system's rules,
// which give a call that was waiting its turn at once. Threads that nobody needs would look for work and cost every call
// something, hence the change back.
//
// The number of cores is the one at the start: a container whose bound is changed later is restarted.
func roomForHashes() func(hashes int) {
	cores := runtime.GOMAXPROCS(0)
	return func(hashes int) { runtime.GOMAXPROCS(cores + hashes) }
}
