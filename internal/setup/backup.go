package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store/sqlite"
)

const manifestFile = "backup.json"

// Manifest says what a backup folder holds.
type Manifest struct {
	Version string    `json:"version"`
	Made    time.Time `json:"made"`
	// SHA256 is the hexadecimal digest of the database file.
	SHA256 string `json:"sha256"`
	// Bytes is its size.
	Bytes int64 `json:"bytes"`
	// MasterKey tells whether the master key lies in the folder too.
	MasterKey bool `json:"masterKey"`
}

// Backup writes a consistent copy of the database, and its manifest, into a new folder. Reads and writes go on. The
// manifest is written last: a folder without one is not a backup.
func (i *Installation) Backup(ctx context.Context, folder, version, masterKeyFile string) (*Manifest, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the backup folder, which must be new: %w", err)
	}
	database := filepath.Join(folder, DatabaseFile)
	if err := i.Store.Backup(ctx, database); err != nil {
		return nil, err
	}
	sum, size, err := digest(database)
	if err != nil {
		return nil, err
	}
	m := &Manifest{Version: version, Made: i.Clock.Now().UTC(), SHA256: sum, Bytes: size, MasterKey: masterKeyFile != ""}
	if masterKeyFile != "" {
		if err := copyFile(masterKeyFile, filepath.Join(folder, MasterKeyFile)); err != nil {
			return nil, err
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return m, os.WriteFile(filepath.Join(folder, manifestFile), append(text, '\n'), 0o600)
}

// Restore makes a data folder from a backup. The data folder must be missing or empty. masterKeyFile is needed when the
// backup does not hold the key. The database is checked before anything is written, and opened afterwards: one that a
// newer version wrote is refused.
func Restore(ctx context.Context, folder, data, masterKeyFile string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(folder, manifestFile))
	if err != nil {
		return nil, fmt.Errorf("this is not a finished backup: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", manifestFile, err)
	}
	database := filepath.Join(folder, DatabaseFile)
	sum, size, err := digest(database)
	if err != nil {
		return nil, err
	}
	if sum != m.SHA256 || size != m.Bytes {
		return nil, errors.New("the database of the backup is not the one that was written: its SHA-256 differs from the manifest's")
	}
	if masterKeyFile == "" {
		masterKeyFile = filepath.Join(folder, MasterKeyFile)
	}
	if _, err := seal.Load(masterKeyFile); err != nil {
		return nil, fmt.Errorf("the backup needs its master key (--master-key): %w", err)
	}
	if err := emptyFolder(data); err != nil {
		return nil, err
	}
	if err := copyFile(masterKeyFile, filepath.Join(data, MasterKeyFile)); err != nil {
		return nil, err
	}
	if err := copyFile(database, filepath.Join(data, DatabaseFile)); err != nil {
		return nil, err
	}
	s, err := sqlite.Open(ctx, sqlite.Options{File: filepath.Join(data, DatabaseFile)})
	if err != nil {
		return nil, err
	}
	return &m, s.Close()
}

func emptyFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("the data folder %s is not empty: a restore never overwrites; name a new folder", folder)
	}
	return nil
}

func digest(file string) (sum string, size int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// copyFile copies to a new file that only the owner may read, and makes it durable.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
	}()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}
