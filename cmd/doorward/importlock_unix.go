//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// lockFile tells whether nobody else has the file locked, and locks it until it is closed. A file system without locks has no
// objections.
func lockFile(f *os.File) bool {
	return !errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
