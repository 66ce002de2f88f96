//go:build !windows

package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// fileLock is a lock among processes: flock on a file, which the system takes away from a process that dies. Within the
// process it is nobody's protection.
type fileLock struct {
	name string
	file *os.File
	fd   int
}

func openLock(name string) (*fileLock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &fileLock{name: name, file: f, fd: int(f.Fd())}, nil
}

// try takes the lock if it is free.
func (l *fileLock) try() (taken bool, err error) {
	switch err := l.flock(syscall.LOCK_EX | syscall.LOCK_NB); {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, nil
	default:
		return false, err
	}
}

func (l *fileLock) release() error { return l.flock(syscall.LOCK_UN) }

func (l *fileLock) flock(how int) error {
	for {
		err := syscall.Flock(l.fd, how)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return &os.PathError{Op: "flock", Path: l.name, Err: err}
		}
	}
}

func (l *fileLock) close() error { return l.file.Close() }
