package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/doorward/doorward/internal/durable"
)

// partEnding ends the name of a file that is being written. One that stays was left by a process that was killed.
const partEnding = ".part"

// writeNew writes a new file that only the owner may read. It has its name when it is complete and on the disk, so that nobody takes
// half of it for the whole; after an error there is none. What is there before, or comes meanwhile, is not touched.
func writeNew(file string, write func(w io.Writer) error) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return errTaken(file)
	}
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*"+partEnding) // Mode 0600.
	var failed *fs.PathError
	if errors.As(err, &failed) {
		failed.Path = file // Nobody knows the other name.
	}
	if err != nil {
		return err
	}
	defer func() {
		if e := os.Remove(part.Name()); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}()
	if err = write(part); err == nil {
		err = part.Sync()
	}
	if err = errors.Join(err, part.Close()); err != nil {
		return err
	}
	// Unlike a rename, a link replaces nothing.
	switch err = os.Link(part.Name(), file); {
	case errors.Is(err, fs.ErrExist):
		return errTaken(file)
	case err != nil: // There are file systems without links.
		if _, err := os.Lstat(file); err == nil {
			return errTaken(file)
		}
		if err := os.Rename(part.Name(), file); err != nil {
			return err
		}
	}
	return durable.SyncFolder(filepath.Dir(file))
}

func errTaken(file string) error {
	return fmt.Errorf("%s is there already and is not overwritten: name a new file", file)
}
