package sqlite_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

// TestDeletedAccountsAreOverwritten: what is deleted or replaced is zeros in the file. The rows are short enough for one page each: what
// a row has in pages of its own is only given free.
func TestDeletedAccountsAreOverwritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	s := open(t, file)
	err := s.Change(t.Context(), func(tx store.Tx) error {
		for n := range 50 {
			a := benchAccount(n)
			a.Data = json.RawMessage(fmt.Sprintf(`{"note":"kept-%d"}`, n))
			if n == 20 || n == 30 {
				a.Data = json.RawMessage(fmt.Sprintf(`{"note":"gone-%d"}`, n))
			}
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Change(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account(benchGroup, benchUID(30))
		if err != nil {
			return err
		}
		a.Data = nil
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		return tx.DeleteAccount(benchGroup, benchUID(20))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for note, want := range map[string]bool{"kept-19": true, "gone-20": false, "gone-30": false, "kept-31": true} {
		if got := bytes.Contains(text, []byte(note)); got != want {
			t.Errorf("%s is in the file: %t, want %t", note, got, want)
		}
	}
}
