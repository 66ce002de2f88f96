package password_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/password"
)

var cheap = password.Params{Memory: 8, Time: 1, Threads: 1}

func cheapHasher() *password.Hasher {
	return password.New(password.Options{Params: cheap, Rand: rand.Reader})
}

func TestHash(t *testing.T) {
	t.Run("has the PHC form with the default costs and the injected salt", func(t *testing.T) {
		h := password.New(password.Options{Rand: bytes.NewReader([]byte("0123456789abcdef"))})
		got, err := h.Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		want := "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
		if rest, ok := strings.CutPrefix(got, want); !ok || len(rest) != 43 {
			t.Errorf("hash %q, want %s and 32 bytes in Base64", got, want)
		}
		if ok, rehash, err := h.Verify(t.Context(), got, "correct horse"); !ok || rehash || err != nil {
			t.Errorf("ok %v, rehash %v, error %v", ok, rehash, err)
		}
	})
	t.Run("draws a new salt each time", func(t *testing.T) {
		h := cheapHasher()
		a, _ := h.Hash(t.Context(), "x")
		b, _ := h.Hash(t.Context(), "x")
		if a == "" || a == b {
			t.Errorf("hashes %q and %q", a, b)
		}
	})
	t.Run("fails without randomness", func(t *testing.T) {
		for _, h := range []*password.Hasher{
			password.New(password.Options{Params: cheap}),
			password.New(password.Options{Params: cheap, Rand: strings.NewReader("short")}),
		} {
			if got, err := h.Hash(t.Context(), "x"); err == nil {
				t.Errorf("hash %q, want an error", got)
			}
		}
	})
	t.Run("fails with costs out of bounds", func(t *testing.T) {
		h := password.New(password.Options{Params: password.Params{Memory: 1 << 30, Time: 1, Threads: 1}, Rand: rand.Reader})
		if got, err := h.Hash(t.Context(), "x"); err == nil {
			t.Errorf("hash %q, want an error", got)
		}
		if err := h.Pretend(t.Context(), "x"); err == nil {
			t.Error("Pretend: no error")
		}
	})
}

func TestVerify(t *testing.T) {
	h := cheapHasher()
	passwords := []string{"", " ", "secret", "secret ", "Secret", "secret\x00", "p\u00e4ss", "pa\u0308ss", "\xff\xfe", strings.Repeat("x", password.MaxLength)}
	for _, stored := range passwords {
		encoded, err := h.Hash(t.Context(), stored)
		if err != nil {
			t.Fatal(err)
		}
		for _, given := range passwords {
			ok, rehash, err := h.Verify(t.Context(), encoded, given)
			if err != nil || ok != (given == stored) || rehash {
				t.Errorf("hash of %.20q, password %.20q: ok %v, rehash %v, error %v", stored, given, ok, rehash, err)
			}
		}
	}
}

func TestVerifyReadsHashesOfOtherPrograms(t *testing.T) {
	// From the test suite of the reference implementation (phc-winner-argon2, test.c).
	h := cheapHasher()
	for _, encoded := range []string{
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
	} {
		if ok, rehash, err := h.Verify(t.Context(), encoded, "password"); !ok || !rehash || err != nil {
			t.Errorf("%s: ok %v, rehash %v, error %v", encoded, ok, rehash, err)
		}
		if ok, rehash, err := h.Verify(t.Context(), encoded, "passwore"); ok || rehash || err != nil {
			t.Errorf("%s, wrong password: ok %v, rehash %v, error %v", encoded, ok, rehash, err)
		}
	}
}

func TestVerifyAsksForARehash(t *testing.T) {
	old := cheapHasher()
	encoded, err := old.Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []password.Params{{16, 1, 1}, {8, 2, 1}, {16, 1, 2}} {
		h := password.New(password.Options{Params: p, Rand: rand.Reader})
		if ok, rehash, err := h.Verify(t.Context(), encoded, "x"); !ok || !rehash || err != nil {
			t.Errorf("%+v: ok %v, rehash %v, error %v", p, ok, rehash, err)
		}
		if _, rehash, _ := h.Verify(t.Context(), encoded, "wrong"); rehash {
			t.Errorf("%+v: a wrong password asks for a rehash", p)
		}
	}
}

func TestVerifyRefusesTextsThatItCannotRead(t *testing.T) {
	const salt, hash = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	h := cheapHasher()
	for name, encoded := range map[string]string{
		"empty":                 "",
		"plain text":            "secret",
		"another algorithm":     "$5$rounds=5000$usesomesillystri$KqJWpanXZHKq2BOB43TSaYhEWsQ1Lr5QNyPCDH/Tp.6",
		"argon2i":               "$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + hash,
		"old version":           "$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + hash,
		"no version":            "$argon2id$m=256,t=2,p=1$" + salt + "$" + hash,
		"too much memory":       "$argon2id$v=19$m=262145,t=1,p=1$" + salt + "$" + hash,
		"memory that overflows": "$argon2id$v=19$m=4294967296,t=1,p=1$" + salt + "$" + hash,
		"too little memory":     "$argon2id$v=19$m=7,t=1,p=1$" + salt + "$" + hash,
		"no pass":               "$argon2id$v=19$m=256,t=0,p=1$" + salt + "$" + hash,
		"too many passes":       "$argon2id$v=19$m=256,t=17,p=1$" + salt + "$" + hash,
		"too much work":         "$argon2id$v=19$m=262144,t=5,p=1$" + salt + "$" + hash,
		"no thread":             "$argon2id$v=19$m=256,t=1,p=0$" + salt + "$" + hash,
		"threads that wrap":     "$argon2id$v=19$m=4096,t=1,p=257$" + salt + "$" + hash,
		"negative number":       "$argon2id$v=19$m=256,t=-1,p=1$" + salt + "$" + hash,
		"leading zero":          "$argon2id$v=19$m=0256,t=1,p=1$" + salt + "$" + hash,
		"other order":           "$argon2id$v=19$t=1,m=256,p=1$" + salt + "$" + hash,
		"further parameter":     "$argon2id$v=19$m=256,t=1,p=1,keyid=1$" + salt + "$" + hash,
		"short salt":            "$argon2id$v=19$m=256,t=1,p=1$c2FsdA$" + hash,
		"short hash":            "$argon2id$v=19$m=256,t=1,p=1$" + salt + "$c2FsdA",
		"no hash":               "$argon2id$v=19$m=256,t=1,p=1$" + salt + "$",
		"padding":               "$argon2id$v=19$m=256,t=1,p=1$" + salt + "=$" + hash,
		"line end":              "$argon2id$v=19$m=256,t=1,p=1$" + salt + "$" + hash + "\n",
		"further part":          "$argon2id$v=19$m=256,t=1,p=1$" + salt + "$" + hash + "$",
		"very long":             "$argon2id$" + strings.Repeat("v", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			ok, rehash, err := h.Verify(t.Context(), encoded, "password")
			if ok || rehash || !errors.Is(err, password.ErrFormat) {
				t.Errorf("ok %v, rehash %v, error %v; want ErrFormat", ok, rehash, err)
			}
			if err != nil && (strings.Contains(err.Error(), hash) || strings.Contains(err.Error(), salt)) {
				t.Errorf("the error %q repeats the text", err)
			}
		})
	}
}

func TestPasswordsThatAreTooLongAreRefusedAlike(t *testing.T) {
	h := cheapHasher()
	long := strings.Repeat("x", password.MaxLength+1)
	if _, err := h.Hash(t.Context(), long); !errors.Is(err, password.ErrTooLong) {
		t.Errorf("Hash: %v", err)
	}
	if _, _, err := h.Verify(t.Context(), "not even a hash", long); !errors.Is(err, password.ErrTooLong) {
		t.Errorf("Verify: %v", err)
	}
	if err := h.Pretend(t.Context(), long); !errors.Is(err, password.ErrTooLong) {
		t.Errorf("Pretend: %v", err)
	}
}

func TestPretendDoesTheWorkOfVerify(t *testing.T) {
	// The memory that argon2id fills is the measure of its work, and does not depend on what the machine does beside it.
	const memory = 2048 // KiB
	h := password.New(password.Options{Params: password.Params{Memory: memory, Time: 2, Threads: 1}, Rand: rand.Reader})
	encoded, err := h.Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	allocated := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	verify := allocated(func() { _, _, err = h.Verify(t.Context(), encoded, "wrong") })
	if err != nil {
		t.Fatal(err)
	}
	pretend := allocated(func() { err = h.Pretend(t.Context(), "wrong") })
	if err != nil {
		t.Fatal(err)
	}
	if verify < memory<<10 || pretend < memory<<10 || pretend > 2*verify {
		t.Errorf("Verify filled %d bytes, Pretend %d, want at least %d each", verify, pretend, memory<<10)
	}
}

func TestMemoryStaysBoundedUnder200Calls(t *testing.T) {
	// 200 hashes at a time would need 800 MiB; two slots need 8 and what the collector has not taken yet.
	h := password.New(password.Options{Params: password.Params{Memory: 4096, Time: 1, Threads: 1}, Slots: 2, Queue: 200, Rand: rand.Reader})
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop := make(chan struct{})
	var sampler, calls sync.WaitGroup
	sampler.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapInuse))
		}
	})
	for range 200 {
		calls.Go(func() {
			if _, err := h.Hash(t.Context(), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	close(stop)
	sampler.Wait()
	if grown := int64(peak.Load()) - int64(before.HeapInuse); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func TestAFloodIsShedAndTheRestIsServed(t *testing.T) {
	h := password.New(password.Options{Params: password.Params{Memory: 1024, Time: 4, Threads: 1}, Slots: 1, Queue: 5, Rand: rand.Reader})
	var served, busy atomic.Int32
	var calls sync.WaitGroup
	for range 100 {
		calls.Go(func() {
			switch err := h.Pretend(t.Context(), "x"); {
			case err == nil:
				served.Add(1)
			case errors.Is(err, password.ErrBusy):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if served.Load() < 6 || busy.Load() == 0 || served.Load()+busy.Load() != 100 {
		t.Errorf("%d served, %d refused", served.Load(), busy.Load())
	}
	if err := h.Pretend(t.Context(), "x"); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}

func TestACancelledCallDoesNotHash(t *testing.T) {
	h := cheapHasher()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")
	f.Add("$$$$$")
	h := cheapHasher()
	f.Fuzz(func(t *testing.T, encoded string) {
		if strings.Contains(encoded, "m=") && !strings.Contains(encoded, "m=8,t=1,") {
			t.Skip("would only measure argon2")
		}
		ok, _, err := h.Verify(t.Context(), encoded, "a password that no input knows")
		if ok {
			t.Errorf("%q matched", encoded)
		}
		if err != nil && !errors.Is(err, password.ErrFormat) {
			t.Errorf("%q: error %v", encoded, err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	h := password.New(password.Options{Rand: rand.Reader})
	encoded, err := h.Hash(b.Context(), "x")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ok, _, err := h.Verify(b.Context(), encoded, "x"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
