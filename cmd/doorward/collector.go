package main

import "runtime"

// headroom is the garbage, in bytes, that a server lets lie before the collector runs.
const headroom = 24 << 20

// spareCollector makes the collector run less often while the server lives, until the function that it returns is called.
// The collector runs when the heap has doubled, and the heap of a server with little to remember is so small that it would
// run a dozen times a second, each time scanning all stacks. A block that is never written to takes no memory, and counts
// as heap. The alternative, a higher percentage, would multiply a large heap as well.
func spareCollector() (end func()) {
	block := make([]byte, headroom)
	return func() { runtime.KeepAlive(&block[0]) }
}
