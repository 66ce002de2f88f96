// Package durable makes names of files survive a loss of power. A file's content is made so by [os.File.Sync]; that it is there, under
// its name, stands in its folder.
package durable

import (
	"errors"
	"os"
	"runtime"
)

// SyncFolder puts the names in the folder on the disk: those that were made, linked, renamed or removed before the call.
// Windows has no such call; its file system keeps a journal of names.
func SyncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return d.Close()
	}
	return errors.Join(d.Sync(), d.Close())
}
