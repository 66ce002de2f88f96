package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/doorward/doorward/internal/seal"
)

func master(b byte) []byte { return bytes.Repeat([]byte{b}, seal.KeySize) }

func newSealer(t testing.TB, b byte) *seal.Sealer {
	t.Helper()
	s, err := seal.New(master(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedTextOpensOnlyAsItWasSealed(t *testing.T) {
	s := newSealer(t, 1)
	sealed := s.Seal([]byte("the partner secret"), "partner:7")
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("the text is readable")
	}
	got, err := s.Open(sealed, "partner:7")
	if err != nil || string(got) != "the partner secret" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	if bytes.Equal(sealed, s.Seal([]byte("the partner secret"), "partner:7")) {
		t.Error("two seals of one text are equal")
	}

	refused := map[string]func() ([]byte, error){
		"another context":    func() ([]byte, error) { return s.Open(sealed, "partner:8") },
		"another master key": func() ([]byte, error) { return newSealer(t, 2).Open(sealed, "partner:7") },
		"nothing":            func() ([]byte, error) { return s.Open(nil, "partner:7") },
		"cut short":          func() ([]byte, error) { return s.Open(sealed[:len(sealed)-1], "partner:7") },
	}
	for name, open := range refused {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			if got, err := open(); !errors.Is(err, seal.ErrSealed) || got != nil {
				t.Errorf("Open = %q, %v; want ErrSealed", got, err)
			}
		})
	}
	t.Run("cut_at_any_length", func(t *testing.T) {
		for n := range sealed {
			if _, err := s.Open(sealed[:n], "partner:7"); !errors.Is(err, seal.ErrSealed) {
				t.Fatalf("%d bytes: error %v, want ErrSealed", n, err)
			}
		}
		if _, err := s.Open(append(bytes.Clone(sealed), 0), "partner:7"); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("with a byte more: error %v, want ErrSealed", err)
		}
	})
	t.Run("two_halves_of_two_texts", func(t *testing.T) {
		other := s.Seal([]byte("the partner secret"), "partner:7")
		mixed := append(bytes.Clone(sealed[:17]), other[17:]...)
		if _, err := s.Open(mixed, "partner:7"); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("error %v, want ErrSealed", err)
		}
	})
	t.Run("any_bit_flipped", func(t *testing.T) {
		for i := range len(sealed) * 8 {
			bad := bytes.Clone(sealed)
			bad[i/8] ^= 1 << (i % 8)
			if _, err := s.Open(bad, "partner:7"); !errors.Is(err, seal.ErrSealed) {
				t.Fatalf("bit %d: error %v, want ErrSealed", i, err)
			}
		}
	})
}

func TestSealAndOpenAreInverse(t *testing.T) {
	s := newSealer(t, 3)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		context := rapid.String().Draw(t, "context")
		got, err := s.Open(s.Seal(plain, context), context)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %x, %v", got, err)
		}
	})
}

func TestKeysOfLabelsDifferAndStay(t *testing.T) {
	s := newSealer(t, 1)
	if !bytes.Equal(s.Key("a"), newSealer(t, 1).Key("a")) {
		t.Error("one label gives two keys")
	}
	if bytes.Equal(s.Key("a"), s.Key("b")) || bytes.Equal(s.Key("a"), newSealer(t, 2).Key("a")) {
		t.Error("two labels or masters give one key")
	}
	if got := len(s.Key("a")); got != seal.KeySize {
		t.Errorf("a key has %d bytes", got)
	}
}

func TestMasterKeyFile(t *testing.T) {
	t.Run("is_made_for_the_owner_alone_and_read_again", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "master.key")
		first, err := seal.LoadOrCreate(file)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() != seal.KeySize {
			t.Fatalf("file: %v, %v", info, err)
		}
		second, err := seal.LoadOrCreate(file)
		if err != nil || !bytes.Equal(first.Key("x"), second.Key("x")) {
			t.Fatalf("the second start has another key: %v", err)
		}
		names, err := os.ReadDir(filepath.Dir(file))
		if err != nil || len(names) != 1 {
			t.Errorf("left behind: %v, %v", names, err)
		}
	})
	t.Run("made_by_many_at_once_is_one", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "master.key")
		var wg sync.WaitGroup
		keys := make([][]byte, 16)
		for i := range keys {
			wg.Go(func() {
				if s, err := seal.LoadOrCreate(file); err == nil {
					keys[i] = s.Key("x")
				}
			})
		}
		wg.Wait()
		for i, key := range keys {
			if key == nil || !bytes.Equal(key, keys[0]) {
				t.Errorf("starter %d has key %x, the first %x", i, key, keys[0])
			}
		}
	})
	refused := map[string]struct {
		size int
		mode os.FileMode
		want string
	}{
		"too_short":        {31, 0o600, "31 bytes"},
		"too_long":         {33, 0o600, "33 bytes"},
		"empty":            {0, 0o600, "0 bytes"},
		"read_by_the_rest": {32, 0o604, "chmod 600"},
		"read_by_a_group":  {32, 0o640, "chmod 600"},
	}
	for name, c := range refused {
		t.Run(name+"_is_refused", func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "master.key")
			if err := os.WriteFile(file, make([]byte, c.size), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := seal.LoadOrCreate(file)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("error %v, want one with %q and the file's name", err, c.want)
			}
		})
	}
	t.Run("in_a_folder_that_is_not_there_is_refused", func(t *testing.T) {
		if _, err := seal.LoadOrCreate(filepath.Join(t.TempDir(), "no", "master.key")); err == nil {
			t.Error("no error")
		}
	})
}
