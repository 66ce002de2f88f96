//go:build !linux

package sqlite

import "runtime"

// yield lets another goroutine go on that waits.
func yield() { runtime.Gosched() }
