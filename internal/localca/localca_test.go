package localca_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/localca"
)

func TestTheLeafCoversTheMachineAndTheHostsBuiltIntoClients(t *testing.T) {
	a, err := localca.Open(t.TempDir(), time.Now, "id.example.com", "10.1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := a.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"localhost", "accounts.localhost", "anything.localhost", "accounts.us1.localhost", "127.0.0.1", "::1",
		"accounts.us1.gigya.com", "accounts.eu1.gigya.com", "ds.au1.gigya.com", "accounts.ru1.gigya.com", "fidm.il1.gigya.com",
		"accounts.eu2.gigya.com", "accounts.global.gigya.com", "accounts.gigya.com", "accounts.cn1.gigya-api.cn",
		"accounts.cn1.sapcdm.cn", "us1.gigya.com", "id.example.com", "10.1.2.3",
	} {
		t.Run(host, func(t *testing.T) {
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: a.Pool()}); err != nil {
				t.Error(err)
			}
		})
	}
	authority, err := x509.ParseCertificate(pair.Certificate[1])
	if err != nil || pair.Leaf.IsCA || !authority.MaxPathLenZero || len(pair.Leaf.ExtKeyUsage) != 1 {
		t.Errorf("the leaf, or an authority that it could make, signs further certificates: %v", err)
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: "example.org", Roots: a.Pool()}); err == nil {
		t.Error("the leaf covers a stranger's name")
	}
}

func TestANameThatNoWildcardReachesHasALeafOfItsOwn(t *testing.T) {
	now := time.Now()
	a, err := localca.Open(t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	shared, _ := a.Certificate(nil)
	for name, own := range map[string]bool{
		"accounts.us1.gigya.com": false, "accounts.gigya.com": false, "gigya.com": true, "gigya-api.cn": true, "accounts.eu9.gigya.com": true, "a.b.c.d.us1.gigya.com": true,
	} {
		pair, err := a.CertificateFor(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: a.Pool()}); err != nil || (pair != shared) != own {
			t.Errorf("%s, shared %v: %v", name, pair == shared, err)
		}
		if again, _ := a.CertificateFor(name); again != pair {
			t.Errorf("%s is made anew for every question", name)
		}
		if own && (len(pair.Leaf.DNSNames) != 1 || len(pair.Leaf.IPAddresses) != 0) {
			t.Errorf("%s covers %v, %v too", name, pair.Leaf.DNSNames, pair.Leaf.IPAddresses)
		}
	}
	first, _ := a.CertificateFor("gigya.com")
	now = first.Leaf.NotAfter.Add(-24 * time.Hour)
	if second, err := a.CertificateFor("gigya.com"); err != nil || !second.Leaf.NotAfter.After(now.Add(24*time.Hour)) {
		t.Errorf("not renewed: %v", err)
	}
	for _, name := range []string{"example.com", "notgigya.com", "gigya.com.example.com", "", "com", "10.0.0.1"} {
		if _, err := a.CertificateFor(name); err == nil {
			t.Errorf("issued for %q", name)
		}
	}
	for i := range 1000 {
		if _, err := a.CertificateFor(fmt.Sprintf("a%d.eu9.gigya.com", i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheAuthorityIsKeptAndItsKeyIsPrivate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	first, err := localca.Open(folder, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{localca.CertFile: 0o644, localca.KeyFile: 0o600} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
	second, err := localca.Open(folder, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Pool().Equal(second.Pool()) || first.Replaced() || second.Replaced() {
		t.Error("the second start made another authority")
	}
}

func TestTheLeafIsRenewedBeforeItEnds(t *testing.T) {
	now := time.Now()
	a, err := localca.Open(t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	first, _ := a.Certificate(nil)
	now = now.Add(24 * time.Hour)
	if again, _ := a.Certificate(nil); again != first {
		t.Error("the leaf was renewed after a day")
	}
	now = first.Leaf.NotAfter.Add(-24 * time.Hour)
	second, err := a.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !second.Leaf.NotAfter.After(now.Add(24 * time.Hour)) {
		t.Error("the leaf was not renewed")
	}
}

func TestAnAuthorityThatIsAboutToEndIsReplaced(t *testing.T) {
	folder := t.TempDir()
	now := time.Now()
	first, err := localca.Open(folder, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(10, 0, 0)
	second, err := localca.Open(folder, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if first.Pool().Equal(second.Pool()) || !second.Replaced() {
		t.Error("the authority was kept")
	}
}

func TestDamagedFilesAreNotReplacedSilently(t *testing.T) {
	folder := t.TempDir()
	if _, err := localca.Open(folder, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, localca.KeyFile), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := localca.Open(folder, time.Now); err == nil {
		t.Error("opened")
	}
}
