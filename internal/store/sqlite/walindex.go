package sqlite

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// walHead is the head of the engine's index of the log, in which every commit of every program leaves its trace before it is
// seen: a number of changes, the length of the log and a checksum over all of it. (The file format of SQLite, section "The
// WAL-Index File Format".)
type walHead [12]uint32

// changes counts the commits. It starts anew when the index had to be made anew, which alters the rest of the head.
func (h walHead) changes() uint32 { return h[2] }

// walIndex is the mapped index of one file, which the engine has mapped too: reading a word of it can fail only where
// the engine would fail itself.
type walIndex struct {
	key    fileKey
	stores int // that use it; guarded by walIndexes
	words  *[2 * len(walHead{})]uint32
	file   io.Closer
}

// walIndexes are those that stores of this process use. Locks of POSIX, by which the engine guards the file, belong to the
// process, and closing any descriptor of the file gives all of them up. So there is one descriptor for all stores of the
// process, and it is closed when none of them has a connection any more.
var walIndexes struct {
	sync.Mutex
	open []*walIndex
}

// errNotMapped tells that this system maps no files for us.
var errNotMapped = errors.New("files are not mapped on this system")

// openWALIndex maps the index that lies beside the file, which a connection of this process must have open.
func openWALIndex(file string) (*walIndex, error) {
	name := file + "-shm"
	key, err := keyOfFile(name)
	if err != nil {
		return nil, err
	}
	walIndexes.Lock()
	defer walIndexes.Unlock()
	for _, x := range walIndexes.open {
		if x.key == key {
			x.stores++
			return x, nil
		}
	}
	x, err := mapWALIndex(name)
	if err != nil {
		return nil, err
	}
	x.key, x.stores = key, 1
	walIndexes.open = append(walIndexes.open, x)
	return x, nil
}

// close lets go of the file. The store's connections are closed by then. The memory stays mapped for as long as somebody may
// read it.
func (x *walIndex) close() error {
	walIndexes.Lock()
	defer walIndexes.Unlock()
	if x.stores--; x.stores > 0 {
		return nil
	}
	for i, other := range walIndexes.open {
		if other == x {
			walIndexes.open = append(walIndexes.open[:i], walIndexes.open[i+1:]...)
			break
		}
	}
	return x.file.Close()
}

// read returns the head; false while a commit is changing it. The engine keeps it twice, and writes the second copy
// first.
func (x *walIndex) read() (h walHead, ok bool) {
	for i := range h {
		h[i] = atomic.LoadUint32(&x.words[i])
	}
	ok = true
	for i := range h {
		ok = ok && atomic.LoadUint32(&x.words[len(h)+i]) == h[i]
	}
	runtime.KeepAlive(x)
	return h, ok
}

func mapWALIndex(name string) (*walIndex, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	x := &walIndex{file: f}
	data, err := mapFile(f, int(unsafe.Sizeof(*x.words)))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	x.words = (*[2 * len(walHead{})]uint32)(unsafe.Pointer(unsafe.SliceData(data)))
	runtime.AddCleanup(x, unmapFile, data)
	return x, nil
}
