package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// sharedSuffix names the folder beside the database where the processes that have it open tell one another what they must
// know fast: the nonces that were used, and whether the configuration changed. Nothing in it is needed for a backup.
const sharedSuffix = ".shared"

// openShared makes the folder, readable for its owner only, if it is not there, and opens what is in it. As with the
// engine's own files, a link to the database leads to those beside the database.
func openShared(file string, busy time.Duration) (*nonceLog, *configMark, error) {
	file, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, nil, err
	}
	folder := file + sharedSuffix
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, nil, err
	}
	nonces, err := openNonceLog(folder, busy)
	if err != nil {
		return nil, nil, err
	}
	config, err := openConfigMark(folder, busy)
	if err != nil {
		return nil, nil, errors.Join(err, nonces.close())
	}
	return nonces, config, nil
}

// configMark is a number in a file that tells whether the configuration may have changed since somebody looked: it is read
// from mapped memory, or by a call of the system where files are not mapped, while reading the version from the database
// takes ten.
//
// Whoever changes the configuration makes the number odd before the commit, and even, and greater than any before it,
// after the commit. As long as it is odd nobody relies on what was read before, and a process that dies in between leaves
// it odd. The lock keeps a second writer from making it even in the midst of the first one's commit.
type configMark struct {
	file *os.File
	lock *fileLock
	busy time.Duration
	// mapped are the bytes of the file; nil: they are read from it.
	mapped []byte
	closed atomic.Bool
	// known is what was read from the database under an even number; nil: nothing yet.
	known atomic.Pointer[knownVersion]
}

// knownVersion is a version of the configuration, the number that stood in the file before it was read, and when.
type knownVersion struct {
	mark    uint64
	version int64
	at      time.Time
}

// configTrust is the longest time for which the number alone is believed: if the file gets lost under the process, a
// change is seen after this time all the same.
const configTrust = time.Second

func openConfigMark(folder string, busy time.Duration) (*configMark, error) {
	lock, err := openLock(filepath.Join(folder, "config.lock"))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, "config"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errors.Join(err, lock.close())
	}
	m := &configMark{file: f, lock: lock, busy: busy}
	// What a process that died left odd becomes even again.
	if err := m.begin(); err != nil {
		return nil, errors.Join(err, m.close())
	}
	m.end()
	if m.mapped, err = mapFile(f, markSize); err == nil {
		runtime.AddCleanup(m, unmapFile, m.mapped)
	}
	return m, nil
}

// markSize is the size of the file.
const markSize = 8

func (m *configMark) close() error {
	m.closed.Store(true)
	return errors.Join(m.file.Close(), m.lock.close())
}

// version returns the version that is known, or what read returns, which asks the database.
func (m *configMark) version(read func() (int64, error)) (int64, error) {
	mark, err := m.read()
	settled := err == nil && mark%2 == 0
	if known := m.known.Load(); settled && known != nil && known.mark == mark && time.Since(known.at) < configTrust {
		return known.version, nil
	}
	at := time.Now()
	version, err := read()
	if err == nil && settled {
		m.known.Store(&knownVersion{mark, version, at})
	}
	return version, err
}

// begin announces a commit that changes the configuration; end must follow it, whatever becomes of the commit.
func (m *configMark) begin() error {
	if err := m.lock.take(context.Background(), m.busy); err != nil {
		return err
	}
	mark, err := m.read()
	if err == nil {
		err = m.write((mark + 1) | 1)
	}
	if err != nil {
		return errors.Join(err, m.lock.release())
	}
	return nil
}

// end says that the commit has ended. If that cannot be written the number stays odd, and the version is read from the
// database until the next change.
func (m *configMark) end() {
	if mark, err := m.read(); err == nil {
		_ = m.write(mark + 1)
	}
	_ = m.lock.release()
}

// read returns the number; that of a new, empty file is 0.
func (m *configMark) read() (uint64, error) {
	if m.mapped != nil && !m.closed.Load() {
		// One load: whoever writes the number writes all of it at once.
		word := atomic.LoadUint64((*uint64)(unsafe.Pointer(unsafe.SliceData(m.mapped))))
		runtime.KeepAlive(m)
		var text [markSize]byte
		binary.NativeEndian.PutUint64(text[:], word)
		return binary.BigEndian.Uint64(text[:]), nil
	}
	var text [markSize]byte
	if n, err := m.file.ReadAt(text[:], 0); err != nil && (err != io.EOF || n > 0) {
		return 0, err
	}
	return binary.BigEndian.Uint64(text[:]), nil
}

func (m *configMark) write(mark uint64) error {
	var text [markSize]byte
	binary.BigEndian.PutUint64(text[:], mark)
	_, err := m.file.WriteAt(text[:], 0)
	return err
}
