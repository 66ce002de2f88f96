//go:build libcrypto && cgo

package token

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/golang-fips/openssl/v2"
	"github.com/golang-fips/openssl/v2/bbig"
)

// libraryFile is the shared library that signs: OpenSSL promises one interface for all of 3.x. The dynamic loader
// finds it, LD_LIBRARY_PATH included.
const libraryFile = "libcrypto.so.3"

// SigningLibrary names what makes the signatures in this build: the version that OpenSSL says of itself, once it is
// loaded.
func SigningLibrary() string {
	if loadLibrary() != nil {
		return "libcrypto"
	}
	return openssl.VersionText()
}

// loadLibrary loads libcrypto once. Without it there is no falling back: whoever built with the tag counts on the speed,
// and a server of a third of it would be found out under load, not at its start.
func loadLibrary() error { return load(libraryFile) }

// load loads the library of the name. The name of the first call counts.
func load(file string) error {
	if err := openssl.Init(file); err != nil {
		return fmt.Errorf("this program was built with the tag libcrypto and needs %s of OpenSSL 3: install it (Debian: package libssl3) or build without the tag: %w", file, err)
	}
	return nil
}

// workers make the signatures, at most as many at once as there are cores. A signature holds a thread of the system while
// it is in C, where the scheduler cannot take it back: without a bound a burst of calls would make as many threads. One
// goroutine that signs for all, one after the other, also costs a twelfth less than each caller in its turn, because the
// thread stays.
var workers = signers{most: runtime.GOMAXPROCS(0)}

// signers are goroutines that live while there is something to sign.
type signers struct {
	most    int
	mu      sync.Mutex
	waiting []*task
	running int
}

// task is one signature; done is closed when it has been made.
type task struct {
	key       *nativeKey
	sum       [sha256.Size]byte
	signature []byte
	err       error
	done      chan struct{}
}

// sign has the task done and waits for it, first come, first served.
func (s *signers) sign(t *task) {
	s.mu.Lock()
	s.waiting = append(s.waiting, t)
	if s.running < s.most {
		s.running++
		go s.work()
	}
	s.mu.Unlock()
	<-t.done
}

func (s *signers) work() {
	for t := s.next(); t != nil; t = s.next() {
		t.signature, t.err = openssl.SignRSAPKCS1v15(t.key.key, crypto.SHA256, t.sum[:])
		close(t.done)
	}
}

// next returns the task that waits longest, or nil, and then the goroutine that asked ends.
func (s *signers) next() *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.waiting = nil
		s.running--
		return nil
	}
	t := s.waiting[0]
	s.waiting[0], s.waiting = nil, s.waiting[1:]
	return t
}

// nativeKey is a private key in the memory of libcrypto, which is given back when nobody holds the nativeKey any more.
type nativeKey struct{ key *openssl.PrivateKeyRSA }

// newNativeKey hands the key to libcrypto and has it sign once: a library that cannot, or that signs wrongly, is found
// when the key is opened and not by those who receive tokens.
func newNativeKey(key *rsa.PrivateKey) (*nativeKey, error) {
	if err := loadLibrary(); err != nil {
		return nil, err
	}
	if len(key.Primes) != 2 {
		return nil, errors.New("an RSA key of more than two primes")
	}
	key.Precompute()
	pre := &key.Precomputed
	native, err := openssl.NewPrivateKeyRSA(bbig.Enc(key.N), openssl.BigInt{uint(key.E)}, bbig.Enc(key.D),
		bbig.Enc(key.Primes[0]), bbig.Enc(key.Primes[1]), bbig.Enc(pre.Dp), bbig.Enc(pre.Dq), bbig.Enc(pre.Qinv))
	if err != nil {
		return nil, fmt.Errorf("giving a key to libcrypto: %w", err)
	}
	k := &nativeKey{native}
	probe := []byte("probe")
	signature, err := k.sign(probe)
	if err != nil {
		return nil, fmt.Errorf("signing with libcrypto: %w", err)
	}
	sum := sha256.Sum256(probe)
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return nil, fmt.Errorf("libcrypto made a signature that is wrong: %w", err)
	}
	return k, nil
}

// sign returns the RSASSA-PKCS1-v1_5 signature with SHA-256 of the input.
func (k *nativeKey) sign(input []byte) ([]byte, error) {
	t := &task{key: k, sum: sha256.Sum256(input), done: make(chan struct{})}
	workers.sign(t)
	return t.signature, t.err
}
