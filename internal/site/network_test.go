package site_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

func TestParseNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", " 192.0.2.7/24 ": "192.0.2.0/24", "::ffff:192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7/120": "192.0.2.0/24",
		"2001:DB8::1": "2001:db8::1", "2001:db8::1/32": "2001:db8::/32", "0.0.0.0/0": "0.0.0.0/0", "192.0.2.7/32": "192.0.2.7",
		"": "", "192.0.2": "", "192.0.2.7/33": "", "fe80::1%eth0": "", "localhost": "", "::ffff:192.0.2.7/90": "", "192.0.2.7/24/8": "", "192.0.2.07": "",
	} {
		n, err := site.ParseNetwork(text)
		if got := site.NetworkText(n); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestWithin(t *testing.T) {
	four, _ := site.ParseNetwork("192.0.2.0/24")
	six, _ := site.ParseNetwork("2001:db8::/32")
	list := []netip.Prefix{four, six}
	for text, want := range map[string]bool{
		"192.0.2.200": true, "::ffff:192.0.2.200": true, "192.0.3.1": false, "2001:db8:5::1": true, "2001:db8:5::1%eth0": true, "2001:db9::1": false,
	} {
		if got := site.Within(netip.MustParseAddr(text), list); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func FuzzParseNetwork(f *testing.F) {
	for _, seed := range []string{"192.0.2.7", "10.0.0.0/8", "::/0", "::ffff:1.2.3.4/100", "fe80::1%x", "1.2.3.4/-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := site.ParseNetwork(text)
		if err != nil {
			return
		}
		again, err := site.ParseNetwork(site.NetworkText(n))
		if err != nil || again != n {
			t.Errorf("%q is %v, and read again %v, %v", text, n, again, err)
		}
	})
}

// publicPEM is the PEM text of the key under the heading.
func publicPEM(t testing.TB, heading string, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if own, ok := key.(*rsa.PublicKey); ok && heading == "RSA PUBLIC KEY" {
		der, err = x509.MarshalPKCS1PublicKey(own), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: heading, Bytes: der}))
}

func TestParsePublicKey(t *testing.T) {
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := x509.MarshalPKIXPublicKey(&large.PublicKey)
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"PKIX": {publicPEM(t, "PUBLIC KEY", &large.PublicKey), true}, "PKCS#1": {publicPEM(t, "RSA PUBLIC KEY", &large.PublicKey), true},
		"too small": {publicPEM(t, "PUBLIC KEY", &small.PublicKey), false}, "of a curve": {publicPEM(t, "PUBLIC KEY", &curve.PublicKey), false},
		"another heading": {publicPEM(t, "CERTIFICATE", &large.PublicKey), false}, "no PEM": {"MIIB", false}, "empty": {"", false},
	} {
		der, err := site.ParsePublicKey(c.text)
		if (err == nil) != c.good || c.good && !bytes.Equal(der, want) {
			t.Errorf("%s: %x, %v", name, der, err)
		}
	}
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add("")
	f.Add("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n")
	f.Add("-----BEGIN RSA PUBLIC KEY-----\nMAoCAQECAQM=\n-----END RSA PUBLIC KEY-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		der, err := site.ParsePublicKey(text)
		if err != nil {
			return
		}
		key, err := x509.ParsePKIXPublicKey(der)
		if own, ok := key.(*rsa.PublicKey); err != nil || !ok || own.N.BitLen() < 2048 {
			t.Errorf("%q became %v, %v", text, key, err)
		}
	})
}

// onlyPartner is a configuration with one partner.
type onlyPartner struct {
	store.Configuration
	p *store.Partner
}

func (onlyPartner) ConfigVersion(context.Context) (int64, error)             { return 1, nil }
func (o onlyPartner) Partner(context.Context, int64) (*store.Partner, error) { return o.p, nil }

func TestRotationKeepsOneSecretForItsTime(t *testing.T) {
	sealer, err := seal.New(bytes.Repeat([]byte{3}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	fake := clock.NewFake(time.Unix(1_700_000_000, 0))
	f := site.Factory{Sealer: sealer, Rand: rand.Reader, Clock: fake}
	p, first, err := f.NewPartner("p")
	if err != nil {
		t.Fatal(err)
	}
	was := p.Secret
	second := f.RotatePartner(p, time.Hour)
	if second == first || !bytes.Equal(p.Previous, was) || p.PreviousUntil != clock.FromTime(fake.Now().Add(time.Hour)) {
		t.Errorf("after the first rotation: %+v", p)
	}
	directory := site.NewDirectory(onlyPartner{p: p}, sealer)
	for _, c := range []struct {
		after time.Duration
		alive bool
	}{{0, true}, {time.Hour - time.Millisecond, true}, {time.Hour, false}, {2 * time.Hour, false}} {
		read, err := directory.PartnerByID(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := read.Previous.Live(fake.Now().Add(c.after)); (text == first) != c.alive || !c.alive && text != "" {
			t.Errorf("after %s the secret before is %q", c.after, text)
		}
	}
	was = p.Secret
	f.RotatePartner(p, time.Minute)
	if !bytes.Equal(p.Previous, was) {
		t.Error("the second rotation keeps a secret that is not the one before")
	}
	f.RotatePartner(p, 0)
	if p.Previous != nil || p.PreviousUntil != 0 {
		t.Error("a rotation without an overlap keeps a secret")
	}
	key, err := f.NewKey(site.KeyOptions{Partner: p.ID, Kind: store.KindApplication, Name: "k", NoSecret: true, RSA: true})
	if err != nil {
		t.Fatal(err)
	}
	if secret := f.RotateKey(key.Record, time.Hour); secret == "" || key.Record.Previous != nil {
		t.Error("a key without a secret has one before its first")
	}
}
