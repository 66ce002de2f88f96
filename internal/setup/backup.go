package setup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/doorward/doorward/internal/durable"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
)

const manifestFile = "backup.json"

// stagingPrefix begins the name of the folder, inside the data folder, in which a restore is worked on.
const stagingPrefix = ".restore-"

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

// Backup writes a consistent copy of the database, and its manifest, into a new folder. With a master key file that is
// copied too. Reads and writes go on. The manifest is written last: a folder without one is not a backup. After an error
// the folder is gone.
func (i *Installation) Backup(ctx context.Context, folder, version, masterKeyFile string) (*Manifest, error) {
	if masterKeyFile != "" {
		if _, err := seal.Load(masterKeyFile); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(folder, 0o700); errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s is there already: a backup never overwrites; name a new folder", folder)
	} else if err != nil {
		return nil, fmt.Errorf("making the backup folder: %w", err)
	}
	m, err := i.backup(ctx, folder, version, masterKeyFile)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return m, nil
}

func (i *Installation) backup(ctx context.Context, folder, version, masterKeyFile string) (*Manifest, error) {
	database := filepath.Join(folder, DatabaseFile)
	err := i.Store.Backup(ctx, database)
	if errors.Is(err, store.ErrNoRoom) {
		return nil, fmt.Errorf("there is no room for the backup at %s: make room, or name a folder on another disk", folder)
	}
	if err != nil {
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
	return m, replaceFile(filepath.Join(folder, manifestFile), append(text, '\n'))
}

// RestoreOptions say what to restore and where.
type RestoreOptions struct {
	// From is the folder of the backup; Folder is the data folder to make, which must be missing or empty.
	From, Folder string
	// KeyFile holds the master key of the backup; empty: the one in MasterKey, else the one in the backup, else the one in
	// MasterKeyFile.
	KeyFile string
	// MasterKeyFile and MasterKey are where the installation will look for its key, as in [Options]. The key is written to
	// the file, unless it is there already or MasterKey is set.
	MasterKeyFile, MasterKey string
}

// Restore makes a data folder from a backup. Everything is checked before the folder appears: the digest of the
// database, that this version can open it, and that the master key opens its secrets ([ErrWrongKey]).
func Restore(ctx context.Context, o RestoreOptions) (*Manifest, error) {
	m, err := readManifest(o.From)
	if err != nil {
		return nil, err
	}
	database := filepath.Join(o.From, DatabaseFile)
	sum, size, err := digest(database)
	if err != nil {
		return nil, fmt.Errorf("the database of the backup cannot be read: %w", err)
	}
	if sum != m.SHA256 || size != m.Bytes {
		return nil, fmt.Errorf("%s is damaged: it is not the database that was backed up (its SHA-256 is %s, the manifest says %s)", database, sum, m.SHA256)
	}
	key, err := o.key()
	if err != nil {
		return nil, err
	}
	if err := checkEmpty(o.Folder); err != nil {
		return nil, err
	}
	return m, o.install(ctx, database, key)
}

// install makes the data folder. It is worked on in a folder inside it, so that it may be a mount point, and the database
// appears last: a folder without one is no installation.
func (o RestoreOptions) install(ctx context.Context, database string, key []byte) error {
	_, err := os.Stat(o.Folder)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	staged, err := os.MkdirTemp(o.Folder, stagingPrefix+"*") // Mode 0700.
	if err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	err = errors.Join(o.stage(ctx, staged, database, key), os.RemoveAll(staged))
	if err != nil && fresh {
		return errors.Join(err, os.Remove(o.Folder))
	}
	return err
}

func readManifest(folder string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(folder, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no finished backup: there is no %s in it", folder, manifestFile)
	}
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", filepath.Join(folder, manifestFile), err)
	}
	return &m, nil
}

// key finds the master key of the backup.
func (o RestoreOptions) key() ([]byte, error) {
	files := []string{o.KeyFile}
	if o.KeyFile == "" {
		if o.MasterKey != "" {
			return decodeKey(o.MasterKey)
		}
		files = []string{filepath.Join(o.From, MasterKeyFile), o.MasterKeyFile}
	}
	for _, file := range files {
		if file == "" {
			continue
		}
		_, err := seal.Load(file) // For its checks.
		if err == nil {
			return os.ReadFile(file)
		}
		if o.KeyFile != "" || !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, errors.New("the backup does not hold its master key: name its file with --master-key")
}

// stage copies the backup, checks the copy, and moves it into place.
func (o RestoreOptions) stage(ctx context.Context, staged, database string, key []byte) error {
	if err := copyFile(database, filepath.Join(staged, DatabaseFile)); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	if err := writeFile(filepath.Join(staged, MasterKeyFile), bytes.NewReader(key)); err != nil {
		return fmt.Errorf("writing the master key: %w", err)
	}
	inst, err := Open(ctx, Options{Folder: staged})
	if err != nil {
		return err
	}
	if err := inst.Close(); err != nil {
		return err
	}
	if err := o.placeKey(key); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(staged, DatabaseFile), filepath.Join(o.Folder, DatabaseFile)); err != nil {
		return fmt.Errorf("moving the database into place: %w", err)
	}
	return durable.SyncFolder(o.Folder)
}

// placeKey puts the master key where the installation will look for it. One that is there must be the same.
func (o RestoreOptions) placeKey(key []byte) error {
	file := Options{Folder: o.Folder, MasterKeyFile: o.MasterKeyFile}.keyFile()
	var present []byte
	var err error
	if o.MasterKey != "" {
		present, err = decodeKey(o.MasterKey)
	} else if present, err = os.ReadFile(file); errors.Is(err, fs.ErrNotExist) {
		if err := writeFile(file, bytes.NewReader(key)); err != nil {
			return fmt.Errorf("writing the master key: %w", err)
		}
		return nil
	}
	if err == nil && !bytes.Equal(present, key) {
		return errors.New("the configuration names another master key than the backup's: change the configuration, or leave the key out of it")
	}
	return err
}

// checkEmpty refuses a folder with something in it.
func checkEmpty(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(entries) == 1 && strings.HasPrefix(entries[0].Name(), stagingPrefix) {
		return fmt.Errorf("the data folder %s holds a restore that is under way, or was killed: if it was, remove %s and run this again",
			folder, filepath.Join(folder, entries[0].Name()))
	}
	if len(entries) > 0 {
		return fmt.Errorf("the data folder %s is not empty: a restore never overwrites; name a new folder with --data", folder)
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
