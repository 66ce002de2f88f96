package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Names of the files that hold what a development installation was given at its first start.
const (
	devFile        = "dev.json"
	devPrivateFile = "dev-user-key.pem"
)

// Dev is what a development installation hands to its user: a site, the partner's secret, an application that may do
// everything.
type Dev struct {
	APIKey string
	// Secret is the partner secret.
	Secret     string
	UserKey    string
	UserSecret string
	// UserPrivateKeyFile is the application's RSA key, PEM of PKCS#8.
	UserPrivateKeyFile string
	// Shut: the application was disabled or deleted since, so that its calls are refused.
	Shut bool
}

// devRecord is what dev.json holds: names, no secrets.
type devRecord struct {
	APIKey  string `json:"apiKey"`
	UserKey string `json:"userKey"`
}

// EnsureDev returns the site and the application of a development installation, and makes them at its first start. A
// page on this machine is trusted.
//
// The files are written before the records: a start that was cut short has left a file that names a site which is not
// there, and the next one begins anew. The store is asked last, so there is never a second site.
func (i *Installation) EnsureDev(ctx context.Context, dataCenter string) (*Dev, error) {
	text, err := os.ReadFile(filepath.Join(i.Folder, devFile))
	if errors.Is(err, fs.ErrNotExist) {
		return i.makeDev(ctx, dataCenter)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what the first start made: %w", err)
	}
	var record devRecord
	if err := json.Unmarshal(text, &record); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove the data folder to begin anew", filepath.Join(i.Folder, devFile), err)
	}
	found, err := i.findDev(ctx, record)
	if errors.Is(err, store.ErrNotFound) {
		return i.makeDev(ctx, dataCenter)
	}
	return found, err
}

func (i *Installation) findDev(ctx context.Context, record devRecord) (*Dev, error) {
	directory := site.NewDirectory(i.Store, i.Sealer)
	s, err := directory.Site(ctx, record.APIKey)
	if err != nil {
		return nil, fmt.Errorf("the site that the first start made: %w", err)
	}
	key, err := directory.Key(ctx, record.UserKey)
	if err != nil {
		return nil, fmt.Errorf("the application that the first start made: %w", err)
	}
	private := filepath.Join(i.Folder, devPrivateFile)
	if _, err := os.Stat(private); err != nil {
		return nil, fmt.Errorf("the application's private key, which the first start made, cannot be read (%w): put it back, or remove the data folder to begin anew", err)
	}
	return &Dev{
		APIKey: s.APIKey, Secret: s.Partner.SecretText, UserKey: key.UserKey, UserSecret: key.SecretText,
		UserPrivateKeyFile: private, Shut: key.Disabled || key.Revoked != 0,
	}, nil
}

func (i *Installation) makeDev(ctx context.Context, dataCenter string) (*Dev, error) {
	factory := i.Factory()
	partner, secret, err := factory.NewPartner("Development")
	if err != nil {
		return nil, err
	}
	record, err := factory.NewSite(site.SiteOptions{
		Partner: partner.ID, BaseDomain: "localhost", Description: "Made by doorward dev", DataCenter: dataCenter,
		TrustedSiteURLs: []string{"localhost", "*.localhost", "127.0.0.1"},
	})
	if err != nil {
		return nil, err
	}
	key, err := factory.NewKey(site.KeyOptions{
		Partner: partner.ID, Kind: store.KindApplication, Name: "Development", Description: "Made by doorward dev",
		Privileges: []string{site.AllAPIs}, RSA: true,
	})
	if err != nil {
		return nil, err
	}
	private := filepath.Join(i.Folder, devPrivateFile)
	if err := replaceFile(private, []byte(key.PKCS8)); err != nil {
		return nil, fmt.Errorf("writing the application's private key: %w", err)
	}
	text, err := json.Marshal(devRecord{record.APIKey, key.Record.UserKey})
	if err != nil {
		return nil, err
	}
	if err := replaceFile(filepath.Join(i.Folder, devFile), append(text, '\n')); err != nil {
		return nil, fmt.Errorf("noting what was made: %w", err)
	}
	err = i.Store.Change(ctx, func(tx store.Tx) error {
		if err := tx.PutPartner(partner); err != nil {
			return err
		}
		if err := tx.PutSite(record); err != nil {
			return err
		}
		return tx.PutKey(key.Record)
	})
	if err != nil {
		return nil, fmt.Errorf("storing the site and its application: %w", err)
	}
	return &Dev{APIKey: record.APIKey, Secret: secret, UserKey: key.Record.UserKey, UserSecret: key.Secret, UserPrivateKeyFile: private}, nil
}
