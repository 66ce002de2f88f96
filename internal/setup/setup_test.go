package setup_test

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// open opens the folder, which must work.
func open(t *testing.T, o setup.Options) *setup.Installation {
	t.Helper()
	inst, err := setup.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return inst
}

// installation makes one with a partner, a site and a key, closes it and returns its folder.
func installation(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "data")
	inst := open(t, setup.Options{Folder: folder, Create: true})
	if _, err := inst.EnsureDev(t.Context(), "us1"); err != nil {
		t.Fatal(err)
	}
	closed(t, inst)
	return folder
}

func closed(t *testing.T, inst *setup.Installation) {
	t.Helper()
	if err := inst.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnInstallationIsMadeOnlyWhenAsked(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if _, err := setup.Open(t.Context(), setup.Options{Folder: folder}); !errors.Is(err, setup.ErrNoInstallation) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a folder was made")
	}
	closed(t, open(t, setup.Options{Folder: folder, Create: true}))
	for _, name := range []string{"", setup.DatabaseFile, setup.MasterKeyFile} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %q: %v", name, info.Mode())
		}
	}
	closed(t, open(t, setup.Options{Folder: folder}))
}

func TestTheMasterKeyMustBeTheOneOfTheDatabase(t *testing.T) {
	folder := installation(t)
	key := read(t, filepath.Join(folder, setup.MasterKeyFile))
	text := base64.StdEncoding.EncodeToString([]byte(key))
	other := strings.Repeat("x", seal.KeySize)
	elsewhere := filepath.Join(t.TempDir(), "safe.key")
	write(t, elsewhere, key)
	wrong := filepath.Join(t.TempDir(), "wrong.key")
	write(t, wrong, other)
	short := filepath.Join(t.TempDir(), "short.key")
	write(t, short, "short")

	for name, test := range map[string]struct {
		options setup.Options
		want    string
	}{
		"in the folder":                 {setup.Options{}, ""},
		"in a file elsewhere":           {setup.Options{MasterKeyFile: elsewhere}, ""},
		"as a text":                     {setup.Options{MasterKey: text}, ""},
		"as a text, whatever the file":  {setup.Options{MasterKey: text, MasterKeyFile: wrong}, ""},
		"of another installation":       {setup.Options{MasterKeyFile: wrong}, setup.ErrWrongKey.Error()},
		"another text":                  {setup.Options{MasterKey: base64.StdEncoding.EncodeToString([]byte(other))}, setup.ErrWrongKey.Error()},
		"a text of another length":      {setup.Options{MasterKey: "c2hvcnQ="}, "not the Base64 text of 32 bytes"},
		"no Base64":                     {setup.Options{MasterKey: "!"}, "not the Base64 text of 32 bytes"},
		"a file of another length":      {setup.Options{MasterKeyFile: short}, "want exactly 32"},
		"a file that is not there":      {setup.Options{MasterKeyFile: elsewhere + "x"}, "put the key back from where it is kept"},
		"not there, asked to create it": {setup.Options{MasterKeyFile: elsewhere + "x", Create: true}, "put the key back from where it is kept"},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Folder = folder
			inst, err := setup.Open(t.Context(), test.options)
			if err == nil {
				closed(t, inst)
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), text) || strings.Contains(err.Error(), other)) {
				t.Error("the error shows a key")
			}
		})
	}
	if _, err := os.Stat(elsewhere + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a key was made for a database that has one")
	}
}

func TestASigningKeyAloneTellsAWrongMasterKey(t *testing.T) {
	folder := t.TempDir()
	inst := open(t, setup.Options{Folder: folder, Create: true})
	if err := token.NewKeyring(inst.Store, inst.Sealer, clock.System{}, nil).EnsureKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed(t, inst)
	write(t, filepath.Join(folder, setup.MasterKeyFile), strings.Repeat("x", seal.KeySize))
	if _, err := setup.Open(t.Context(), setup.Options{Folder: folder}); !errors.Is(err, setup.ErrWrongKey) {
		t.Errorf("got %v", err)
	}
}

func TestADevelopmentInstallationIsMadeOnce(t *testing.T) {
	folder := t.TempDir()
	devFile, keyFile := filepath.Join(folder, "dev.json"), filepath.Join(folder, "dev-user-key.pem")
	ensure := func() (*setup.Dev, int, error) {
		inst := open(t, setup.Options{Folder: folder, Create: true})
		defer closed(t, inst)
		d, err := inst.EnsureDev(t.Context(), "eu1")
		sites, e := inst.Store.Sites(t.Context(), 0)
		if e != nil {
			t.Fatal(e)
		}
		for _, s := range sites {
			if s.DataCenter != "eu1" {
				t.Errorf("the site's data center is %q", s.DataCenter)
			}
		}
		return d, len(sites), err
	}
	// A start that was cut short has left files that name what is not in the database.
	write(t, devFile, `{"apiKey":"4_aaaaaaaaaaaaaaaaaaaaaa","userKey":"Aaaaaaaaaaaa"}`)
	write(t, keyFile, "half")
	first, sites, err := ensure()
	if err != nil || sites != 1 {
		t.Fatalf("%d sites, %v", sites, err)
	}
	second, sites, err := ensure()
	if err != nil || sites != 1 {
		t.Fatalf("%d sites, %v", sites, err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if text := read(t, devFile); strings.Contains(text, first.Secret) || strings.Contains(text, first.UserSecret) {
		t.Error("a secret lies in the clear")
	}
	if !strings.HasPrefix(read(t, keyFile), "-----BEGIN PRIVATE KEY-----\n") {
		t.Error("the private key is not PKCS#8")
	}

	if first.Shut {
		t.Error("a new application is shut")
	}
	for _, shut := range []struct {
		what   string
		change func(*store.Key)
	}{
		{"disabled", func(k *store.Key) { k.Disabled = true }},
		{"deleted", func(k *store.Key) { k.Disabled, k.Revoked = false, 1 }},
	} {
		inst := open(t, setup.Options{Folder: folder})
		err := inst.Store.Change(t.Context(), func(tx store.Tx) error {
			k, err := tx.Key(first.UserKey)
			if err != nil {
				return err
			}
			shut.change(k)
			return tx.PutKey(k)
		})
		if err != nil {
			t.Fatal(err)
		}
		closed(t, inst)
		if d, _, err := ensure(); err != nil || !d.Shut {
			t.Errorf("a %s application is not told: %v", shut.what, err)
		}
	}

	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	if _, sites, err := ensure(); err == nil || !strings.Contains(err.Error(), "private key") || sites != 1 {
		t.Errorf("without the private key: %v", err)
	}
	write(t, devFile, "{")
	if _, sites, err := ensure(); err == nil || !strings.Contains(err.Error(), "is damaged") || sites != 1 {
		t.Errorf("with a damaged file: %v", err)
	}
}

func TestBackupsSayWhatTheyHoldAndLeaveNothingHalfDone(t *testing.T) {
	folder := installation(t)
	inst := open(t, setup.Options{Folder: folder})
	defer closed(t, inst)
	to := filepath.Join(t.TempDir(), "b")
	key := filepath.Join(folder, setup.MasterKeyFile)

	if _, err := inst.Backup(t.Context(), to, "1.2.3", filepath.Join(folder, "nowhere")); err == nil {
		t.Error("a key that is not there was backed up")
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a refused backup left its folder")
	}
	m, err := inst.Backup(t.Context(), to, "1.2.3", key)
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != "1.2.3" || !m.MasterKey || len(m.SHA256) != 64 || m.Bytes == 0 || m.Made.IsZero() {
		t.Errorf("the manifest is %+v", m)
	}
	if text := read(t, filepath.Join(to, "backup.json")); !strings.Contains(text, m.SHA256) {
		t.Errorf("the manifest's file is %s", text)
	}
	if _, err := inst.Backup(t.Context(), to, "1.2.3", ""); err == nil || !strings.Contains(err.Error(), "never overwrites") {
		t.Errorf("a second backup to the same folder: %v", err)
	}
	if _, err := os.Stat(filepath.Join(to, "backup.json")); err != nil {
		t.Errorf("the refused backup took the first one away: %v", err)
	}
	if err := inst.Store.Change(t.Context(), func(store.Tx) error { return nil }); err != nil {
		t.Errorf("the store does not go on: %v", err)
	}
}

func TestARestoreChecksEverythingFirst(t *testing.T) {
	folder := installation(t)
	inst := open(t, setup.Options{Folder: folder})
	key := filepath.Join(folder, setup.MasterKeyFile)
	wrong := filepath.Join(t.TempDir(), "wrong.key")
	write(t, wrong, strings.Repeat("x", seal.KeySize))
	backup := func(withKey string, damage func(folder string)) string {
		to := filepath.Join(t.TempDir(), "b")
		if _, err := inst.Backup(t.Context(), to, "1", withKey); err != nil {
			t.Fatal(err)
		}
		if damage != nil {
			damage(to)
		}
		return to
	}
	defer closed(t, inst)

	for name, test := range map[string]struct {
		options setup.RestoreOptions
		want    string
	}{
		"with the key in it":           {setup.RestoreOptions{From: backup(key, nil)}, ""},
		"with the key beside it":       {setup.RestoreOptions{From: backup("", nil), KeyFile: key}, ""},
		"with a wrong key":             {setup.RestoreOptions{From: backup("", nil), KeyFile: wrong}, setup.ErrWrongKey.Error()},
		"with a wrong key over a good": {setup.RestoreOptions{From: backup(key, nil), KeyFile: wrong}, setup.ErrWrongKey.Error()},
		"without a key":                {setup.RestoreOptions{From: backup("", nil)}, "--master-key"},
		"with a configured other key":  {setup.RestoreOptions{From: backup(key, nil), MasterKeyFile: wrong}, "another master key"},
		"of nothing":                   {setup.RestoreOptions{From: filepath.Join(folder, "nowhere")}, "no finished backup"},
		"of an unfinished one": {setup.RestoreOptions{From: backup(key, func(b string) {
			if err := os.Remove(filepath.Join(b, "backup.json")); err != nil {
				t.Fatal(err)
			}
		})}, "no finished backup"},
		"of a damaged manifest": {setup.RestoreOptions{From: backup(key, func(b string) { write(t, filepath.Join(b, "backup.json"), "{") })}, "damaged"},
		"of one with a wrong byte": {setup.RestoreOptions{From: backup(key, func(b string) {
			text := []byte(read(t, filepath.Join(b, setup.DatabaseFile)))
			text[len(text)-1] ^= 1
			write(t, filepath.Join(b, setup.DatabaseFile), string(text))
		})}, "is damaged"},
		"of one without database": {setup.RestoreOptions{From: backup(key, func(b string) {
			if err := os.Remove(filepath.Join(b, setup.DatabaseFile)); err != nil {
				t.Fatal(err)
			}
		})}, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Folder = filepath.Join(t.TempDir(), "r")
			_, err := setup.Restore(t.Context(), test.options)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				closed(t, open(t, setup.Options{Folder: test.options.Folder}))
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that contains %q", err, test.want)
			}
			if _, err := os.Stat(test.options.Folder); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a refused restore left a data folder")
			}
		})
	}
	if _, err := setup.Restore(t.Context(), setup.RestoreOptions{From: backup(key, nil), Folder: folder}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over an installation: %v", err)
	}
}
