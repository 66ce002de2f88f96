package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// fileLock is a lock among processes: a file that is open without being shared, which the system closes when a process
// dies.
type fileLock struct {
	name   string
	handle syscall.Handle
}

func openLock(name string) (*fileLock, error) {
	return &fileLock{name: name, handle: syscall.InvalidHandle}, nil
}

// try takes the lock if it is free.
func (l *fileLock) try() (taken bool, err error) {
	name, err := syscall.UTF16PtrFromString(l.name)
	if err != nil {
		return false, err
	}
	const alone, sharingViolation = 0, syscall.Errno(32)
	handle, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, alone, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case err == nil:
		l.handle = handle
		return true, nil
	case errors.Is(err, sharingViolation):
		return false, nil
	}
	return false, &os.PathError{Op: "lock", Path: l.name, Err: err}
}

func (l *fileLock) release() error {
	handle := l.handle
	l.handle = syscall.InvalidHandle
	return syscall.CloseHandle(handle)
}

func (l *fileLock) close() error { return nil }
