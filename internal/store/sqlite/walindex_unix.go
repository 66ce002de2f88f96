//go:build !windows

package sqlite

import (
	"os"
	"syscall"
)

// fileKey tells files apart, whatever their names are.
type fileKey struct{ device, inode uint64 }

func keyOfFile(name string) (fileKey, error) {
	info, err := os.Stat(name)
	if err != nil {
		return fileKey{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileKey{}, errNotMapped
	}
	return fileKey{uint64(stat.Dev), uint64(stat.Ino)}, nil
}

// mapFile maps the first bytes of the file for reading. What others write into the file is seen at once.
func mapFile(f *os.File, size int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
}

func unmapFile(data []byte) { _ = syscall.Munmap(data) }
