package setup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/store"
)

// onFullDisk is a store whose backups find no room.
type onFullDisk struct{ store.Store }

func (onFullDisk) Backup(_ context.Context, file string) error {
	return fmt.Errorf("back up to %s: %w", file, store.ErrNoRoom)
}

func TestABackupWithoutRoomSaysWhoseDiskIsFull(t *testing.T) {
	inst := open(t, setup.Options{Folder: installation(t)})
	defer closed(t, inst)
	under := *inst
	under.Store = onFullDisk{inst.Store}
	to := filepath.Join(t.TempDir(), "b")
	_, err := under.Backup(t.Context(), to, "1", "")
	if want := "there is no room for the backup at " + to + ": make room, or name a folder on another disk"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the folder is still there")
	}
}

func TestAPasswordFileThatCannotBeReadIsNoBusyDatabase(t *testing.T) {
	folder := t.TempDir()
	_, err := setup.Open(t.Context(), setup.Options{Folder: folder, Database: "postgres://me@127.0.0.1:1/none", PasswordFile: filepath.Join(folder, "nowhere")})
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrBusy) {
		t.Errorf("got %v", err)
	}
}
