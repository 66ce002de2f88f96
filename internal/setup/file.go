package setup

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/doorward/doorward/internal/durable"
)

// writeFile writes a new file that only the owner may read, and makes it durable.
func writeFile(name string, from io.Reader) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// copyFile copies to a new file.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	return errors.Join(writeFile(to, in), in.Close())
}

// replaceFile puts the content under the name. Whoever reads meanwhile, or after a crash, finds the old content or the
// new one and never half of it.
func replaceFile(name string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), ".new-*") // Mode 0600.
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		if err = os.Rename(temp.Name(), name); err == nil {
			return durable.SyncFolder(filepath.Dir(name))
		}
	}
	return errors.Join(err, os.Remove(temp.Name()))
}
