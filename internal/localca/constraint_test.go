package localca_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/localca"
)

// forged issues a certificate for the host with the authority's key, as its thief would.
func forged(t *testing.T, folder, host string) *x509.Certificate {
	t.Helper()
	authority, err := tls.LoadX509KeyPair(filepath.Join(folder, localca.CertFile), filepath.Join(folder, localca.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if ip := net.ParseIP(host); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority.Leaf, key.Public(), authority.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestTheAuthorityIsBelievedForItsOwnNamesAlone(t *testing.T) {
	folder := t.TempDir()
	a, err := localca.Open(folder, time.Now, "id.example.com", "10.1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"localhost": true, "accounts.us1.gigya.com": true, "id.example.com": true, "127.0.0.1": true, "::1": true, "10.1.2.3": true,
		"www.example.com": false, "example.com": false, "notgigya.com": false, "gigya.com.example.com": false, "com": false,
		"10.1.2.4": false, "192.0.2.1": false, "127.0.0.2": false, "2001:db8::1": false,
	} {
		_, err := forged(t, folder, host).Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: host})
		if (err == nil) != want {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestAnAuthorityThatMayNotIssueForAHostIsReplaced(t *testing.T) {
	folder := t.TempDir()
	open := func(hosts ...string) *localca.Authority {
		t.Helper()
		a, err := localca.Open(folder, time.Now, hosts...)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := open("id.example.com", "10.1.2.3")
	if !open().Pool().Equal(first.Pool()) || !open("10.1.2.3").Pool().Equal(first.Pool()) {
		t.Error("replaced for fewer hosts")
	}
	if open("10.1.2.4").Pool().Equal(first.Pool()) {
		t.Error("kept for another address")
	}
	second := open("10.1.2.4")
	if open("other.example.com").Pool().Equal(second.Pool()) {
		t.Error("kept for another name")
	}
}

func TestAnAuthorityWhoseKeyIsGoneIsReplacedAndItIsSaid(t *testing.T) {
	folder := t.TempDir()
	first, err := localca.Open(folder, time.Now)
	if err != nil || first.Replaced() {
		t.Fatalf("the first replaces another: %v", err)
	}
	if err := os.Remove(filepath.Join(folder, localca.KeyFile)); err != nil {
		t.Fatal(err)
	}
	second, err := localca.Open(folder, time.Now)
	if err != nil || second.Pool().Equal(first.Pool()) || !second.Replaced() {
		t.Errorf("nobody is told that there is another authority: %v", err)
	}
}

func TestAnAuthorityWithoutBoundsIsReplacedAndItIsSaid(t *testing.T) {
	// As versions made it that knew no constraints.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unbound := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, unbound, unbound, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, block := range map[string]*pem.Block{
		localca.CertFile: {Type: "CERTIFICATE", Bytes: der}, localca.KeyFile: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, err := localca.Open(folder, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Replaced() {
		t.Error("nobody is told that there is another authority")
	}
	if _, err := forged(t, folder, "www.example.com").Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: "www.example.com"}); err == nil {
		t.Error("the new one is not bound either")
	}
	if again, err := localca.Open(folder, time.Now); err != nil || again.Replaced() {
		t.Errorf("replaced at every start: %v", err)
	}
}
