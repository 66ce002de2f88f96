//go:build libcrypto && cgo

package token

import (
	"crypto/rand"
	"crypto/rsa"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
)

func TestTheTaggedBuildSignsWithOpenSSL(t *testing.T) {
	if got := SigningLibrary(); !strings.HasPrefix(got, "OpenSSL 3.") {
		t.Errorf("signs with %q", got)
	}
}

// The library is loaded once in a process: another process asks for one that does not exist.
func TestAMissingLibraryIsAnErrorThatSaysWhatToInstall(t *testing.T) {
	const asked = "DOORWARD_TEST_LIBRARY"
	if file := os.Getenv(asked); file != "" {
		err := load(file)
		if err == nil || loadLibrary() == nil {
			t.Fatal("a library that does not exist was loaded")
		}
		for _, want := range []string{"tag libcrypto", file, "install it", "cannot open shared object file"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in the error %q", want, err)
			}
		}
		if got := SigningLibrary(); got != "libcrypto" {
			t.Errorf("it is said to be %q", got)
		}
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newNativeKey(key); err == nil {
			t.Error("a key was opened without a library")
		}
		if err := (&Keyring{}).EnsureKey(t.Context()); err == nil {
			t.Error("a server would start without a library")
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), asked+"=libcrypto.so.none")
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAKeyThatTheLibraryCannotUseIsNotOpened(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string]*rsa.PrivateKey{
		"of another public half": {PublicKey: other.PublicKey, D: key.D, Primes: key.Primes, Precomputed: key.Precomputed},
		"without primes":         {PublicKey: key.PublicKey, D: key.D},
	} {
		if _, err := newNativeKey(broken); err == nil {
			t.Errorf("a key %s was opened", name)
		}
	}
}

// Threads that are in C are not the scheduler's. As many as there are calls would be made, and ten thousand end the
// process.
func TestABurstOfSignaturesMakesFewThreads(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	native, err := newNativeKey(key)
	if err != nil {
		t.Fatal(err)
	}
	threads := pprof.Lookup("threadcreate")
	before := threads.Count()
	var signing sync.WaitGroup
	for range 400 {
		signing.Go(func() {
			if _, err := native.sign([]byte("a token")); err != nil {
				t.Error(err)
			}
		})
	}
	signing.Wait()
	if made := threads.Count() - before; made > 2*runtime.GOMAXPROCS(0)+4 {
		t.Errorf("%d threads were made", made)
	}
}
