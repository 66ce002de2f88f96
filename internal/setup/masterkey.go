package setup

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store"
)

// openSealer finds the master key. A new one is made only for a new database: a database whose key is missing must not
// get another, under which none of its secrets would open.
func openSealer(o Options, fresh bool) (*seal.Sealer, error) {
	if o.MasterKey != "" {
		master, err := decodeKey(o.MasterKey)
		if err != nil {
			return nil, err
		}
		return seal.New(master)
	}
	file := o.keyFile()
	if fresh {
		return seal.LoadOrCreate(file)
	}
	sealer, err := seal.Load(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the database is there but its master key %s is not: put the key back from where it is kept", file)
	}
	return sealer, err
}

func (o Options) keyFile() string {
	if o.MasterKeyFile != "" {
		return o.MasterKeyFile
	}
	return filepath.Join(o.Folder, MasterKeyFile)
}

// decodeKey reads a master key that is given as a text. The error does not show it.
func decodeKey(text string) ([]byte, error) {
	master, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(master) != seal.KeySize {
		return nil, fmt.Errorf("the master key in the environment is not the Base64 text of %d bytes, as `base64 master.key` prints it", seal.KeySize)
	}
	return master, nil
}

// checkKey opens one secret of each kind that an installation has, so that a wrong key is noticed before the first call
// fails. A database without secrets takes any key.
func checkKey(ctx context.Context, s store.Store, sealer *seal.Sealer) error {
	keys, err := s.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("reading the signing keys: %w", err)
	}
	if len(keys) > 0 && !opens(sealer, keys[0].Private, "signing:"+keys[0].ID) {
		return ErrWrongKey
	}
	partners, err := s.Partners(ctx)
	if err != nil {
		return fmt.Errorf("reading the partners: %w", err)
	}
	if len(partners) > 0 && !opens(sealer, partners[0].Secret, "partner:"+strconv.FormatInt(partners[0].ID, 10)) {
		return ErrWrongKey
	}
	return nil
}

func opens(sealer *seal.Sealer, sealed []byte, context string) bool {
	_, err := sealer.Open(sealed, context)
	return err == nil
}
