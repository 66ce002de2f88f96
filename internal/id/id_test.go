package id_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/id"
)

func TestIdentifiersHaveTheirShapes(t *testing.T) {
	now := time.UnixMilli(0x0123456789ab)
	for _, c := range []struct {
		name string
		make func(io.Reader) string
		want string
	}{
		{"UID", func(r io.Reader) string { return id.UID(now, r) }, `^0123456789ab[0-9a-f]{20}$`},
		{"UID_before_the_epoch", func(r io.Reader) string { return id.UID(time.UnixMilli(-5), r) }, `^000000000000[0-9a-f]{20}$`},
		{"callId", id.CallID, `^[0-9a-f]{32}$`},
		{"API_key", id.APIKey, `^4_[A-Za-z0-9_-]{22}$`},
		{"user_key", id.UserKey, `^A[A-Za-z0-9]{11}$`},
		{"partner_secret", id.PartnerSecret, `^[A-Za-z0-9]{43}=$`},
		{"key_secret", id.KeySecret, `^[A-Za-z0-9]{32}$`},
		{"token", func(r io.Reader) string { return id.Token(r, 16) }, `^[A-Za-z0-9_-]{22}$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			shape := regexp.MustCompile(c.want)
			seen := map[string]bool{}
			for range 2000 {
				text := c.make(rand.Reader)
				if !shape.MatchString(text) {
					t.Fatalf("%q does not match %s", text, c.want)
				}
				if seen[text] {
					t.Fatalf("%q was made twice", text)
				}
				seen[text] = true
			}
		})
	}
}

func TestSecretsAreStandardBase64OfTheirLength(t *testing.T) {
	for range 500 {
		for _, c := range []struct {
			text string
			size int
		}{{id.PartnerSecret(rand.Reader), 32}, {id.KeySecret(rand.Reader), 24}} {
			b, err := base64.StdEncoding.Strict().DecodeString(c.text)
			if err != nil || len(b) != c.size {
				t.Fatalf("%q: %d bytes, %v", c.text, len(b), err)
			}
		}
	}
}

func TestUIDsSortByTime(t *testing.T) {
	early, late := id.UID(time.UnixMilli(1000), rand.Reader), id.UID(time.UnixMilli(1001), rand.Reader)
	if early >= late {
		t.Errorf("%s is not before %s", early, late)
	}
}

func TestRandomnessIsThatOfTheReader(t *testing.T) {
	source := func() io.Reader { return bytes.NewReader(bytes.Repeat([]byte{0x11, 0x22, 0x33}, 100)) }
	if a, b := id.CallID(source()), id.CallID(source()); a != b || a != "11223311223311223311223311223311" {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestNumbersAreExactInJSON(t *testing.T) {
	for range 1000 {
		if n := id.Number(rand.Reader, 1_000_000_000); n < 1_000_000_000 || n > 1<<53 {
			t.Fatalf("%d is out of bounds", n)
		}
	}
}

func TestWithoutRandomnessNothingIsMade(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an identifier was made without randomness")
		}
	}()
	id.CallID(failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

func TestBufferedReaderNeverRepeatsItself(t *testing.T) {
	r := id.NewReader()
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				text := id.CallID(r)
				mu.Lock()
				if seen[text] {
					t.Errorf("%s came twice", text)
				}
				seen[text] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	big := make([]byte, 5000)
	if n, err := r.Read(big); n != len(big) || err != nil || bytes.Count(big, []byte{0}) > 100 {
		t.Errorf("a large read: %d, %v", n, err)
	}
}

func BenchmarkCallID(b *testing.B) {
	r := id.NewReader()
	b.ReportAllocs()
	for b.Loop() {
		id.CallID(r)
	}
}
