package sqlite

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
)

func openMark(t *testing.T, folder string) *configMark {
	t.Helper()
	m, err := openConfigMark(folder, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// wantVersion asks for the version, which the database says is n, and fails the test unless that is the answer and the
// database was asked, or not, as expected.
func wantVersion(t *testing.T, m *configMark, n, want int64, asked bool) {
	t.Helper()
	reads := 0
	got, err := m.version(func() (int64, error) { reads++; return n, nil })
	if got != want || err != nil || reads > 0 != asked {
		t.Errorf("version %d (%v) after %d reads; want %d, asked %t", got, err, reads, want, asked)
	}
}

func TestTheConfigurationIsReadWhenItMayHaveChanged(t *testing.T) {
	folder := t.TempDir()
	reader, writer := openMark(t, folder), openMark(t, folder)
	wantVersion(t, reader, 1, 1, true)
	wantVersion(t, reader, 0, 1, false)
	if err := writer.begin(); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, reader, 1, 1, true)
	wantVersion(t, reader, 2, 2, true)
	writer.end()
	wantVersion(t, reader, 2, 2, true)
	wantVersion(t, reader, 0, 2, false)
	// The number alone is not believed for long.
	reader.known.Load().at = time.Now().Add(-configTrust)
	wantVersion(t, reader, 3, 3, true)
}

func TestAProcessThatDiesInACommitLeavesTheConfigurationUnsettled(t *testing.T) {
	folder := t.TempDir()
	reader, dead := openMark(t, folder), openMark(t, folder)
	if err := dead.begin(); err != nil {
		t.Fatal(err)
	}
	if err := dead.lock.release(); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, reader, 1, 1, true)
	wantVersion(t, reader, 2, 2, true)
	openMark(t, folder)
	wantVersion(t, reader, 2, 2, true)
	wantVersion(t, reader, 0, 2, false)
}

func TestAChangeOfTheConfigurationIsSeenByTheNextReadOfAnotherStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doorward.db")
	var stores []*Store
	for range 3 {
		s, err := Open(t.Context(), Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores = append(stores, s)
	}
	// acknowledged counts the changes that have returned.
	var acknowledged atomic.Int64
	before, err := stores[0].ConfigVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const changes = 100
	done := make(chan error, 2)
	for _, s := range stores[:2] {
		go func() {
			for range changes {
				err := s.Change(t.Context(), func(tx store.Tx) error { return tx.PutPartner(&store.Partner{ID: 1}) })
				if err != nil {
					done <- err
					return
				}
				acknowledged.Add(1)
			}
			done <- nil
		}()
	}
	for running := 2; running > 0; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running--
		default:
		}
		want := before + acknowledged.Load()
		if got, err := stores[2].ConfigVersion(t.Context()); got < want || err != nil {
			t.Fatalf("version %d, %v; %d was acknowledged", got, err, want)
		}
	}
	if got, err := stores[2].ConfigVersion(t.Context()); got != before+2*changes || err != nil {
		t.Errorf("version %d, %v; want %d", got, err, before+2*changes)
	}
}
