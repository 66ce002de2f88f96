package seal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/doorward/doorward/internal/durable"
)

// LoadOrCreate returns a sealer on the master key in the file. A missing file is made: 32 random bytes, readable by the
// owner alone, on disk before the function returns. Of several processes that start at once on a missing file one
// makes it and all use it. A file of another size or one that others than the owner may read is refused.
func LoadOrCreate(file string) (*Sealer, error) {
	s, err := Load(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if err := create(file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("creating the master key file: %w", err)
	}
	return Load(file)
}

// Load returns a sealer on the master key in the file, which must exist ([fs.ErrNotExist]).
func Load(file string) (*Sealer, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("reading the master key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("master key file %s is not a regular file", file)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("master key file %s may be read by others (mode %04o): run chmod 600 on it", file, mode)
	}
	if info.Size() != KeySize {
		return nil, fmt.Errorf("master key file %s has %d bytes, want exactly %d: it is not a master key, or was cut short; restore it from its backup",
			file, info.Size(), KeySize)
	}
	master, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the master key file: %w", err)
	}
	return New(master)
}

// create writes a new key beside the file and links it into place: the link fails with [fs.ErrExist] when another
// process was quicker, and no reader ever sees half a key.
func create(file string) (err error) {
	dir := filepath.Dir(file)
	temp, err := os.CreateTemp(dir, ".master-key-*") // Mode 0600.
	if err != nil {
		return err
	}
	defer func() {
		if e := os.Remove(temp.Name()); err == nil {
			err = e
		}
	}()
	master := make([]byte, KeySize)
	_, _ = rand.Read(master) // Never fails.
	_, err = temp.Write(master)
	if err == nil {
		err = temp.Sync()
	}
	if e := temp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if err := os.Link(temp.Name(), file); err != nil {
		return err
	}
	return durable.SyncFolder(dir)
}
