package token

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/store/sqlite"
)

// Opening a key costs as much as several signatures: it is done once, whatever else changes in the configuration.
func TestAKeyIsOpenedOnceHoweverOftenTheConfigurationChanges(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Options{File: filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	sealer, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	k := NewKeyring(db, sealer, clock.System{}, rand.Reader)
	if err := k.EnsureKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := k.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Rotate(t.Context(), Rotation{}); err != nil {
		t.Fatal(err)
	}
	after, err := k.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := before.keys[0]
	if before == after || after.find(old.ID) == nil || after.find(old.ID).private != old.private {
		t.Error("the key was opened again")
	}
}
