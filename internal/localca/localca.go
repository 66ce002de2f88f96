// Package localca is a certificate authority for the machine that the server runs on.
//
// It is made on the first start, in the data folder: ca.pem, which clients are told to trust, and ca-key.pem, which
// nobody but the server's user may read. Its leaf certificate covers the machine's own names and the host names that are
// built into clients, *.us1.gigya.com and its like, so that such a client can be pointed here by name resolution; further
// names below the same domains get leaves of their own when they are asked for. The
// leaf lives in memory and is renewed before it ends. The authority is constrained to these names: its key is of no use for
// any other. Trust it on machines for development alone.
package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Names of the files in the data folder.
const (
	CertFile = "ca.pem"
	KeyFile  = "ca-key.pem"
)

// Lives of the certificates. Some systems refuse leaves of more than 398 days.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
)

// Authority issues the leaf certificate. It is safe for concurrent use.
type Authority struct {
	now  func() time.Time
	file string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	more []string

	mu    sync.Mutex
	leaf  *tls.Certificate
	named map[string]*tls.Certificate

	replaced bool
}

// Open reads the authority of the folder, or makes one if there is none, it is about to end, or it may not issue for all
// of the hosts. The leaf covers [Hosts] and the further hosts, names or addresses.
func Open(folder string, now func() time.Time, hosts ...string) (*Authority, error) {
	a := &Authority{now: now, file: filepath.Join(folder, CertFile), more: hosts}
	err := a.read(folder)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing: // Both files, or the one that the other is of no use without: the certificate may be trusted somewhere.
		_, failed := os.Stat(a.file)
		a.replaced = failed == nil
	case err == nil:
		a.replaced = now().Add(leafLife).After(a.cert.NotAfter) || !a.permits()
	}
	if missing || a.replaced {
		err = a.create(folder)
	}
	if err != nil {
		return nil, fmt.Errorf("local certificate authority: %w", err)
	}
	if _, err := a.Certificate(nil); err != nil {
		return nil, err
	}
	return a, nil
}

// File is the name of the file with the authority's certificate, for clients to trust.
func (a *Authority) File() string { return a.file }

// Replaced tells whether [Open] found an authority that could not be kept and made another in its place: everybody who
// trusted the earlier one has to be given the new file.
func (a *Authority) Replaced() bool { return a.replaced }

// Pool returns a pool that trusts the authority and nothing else.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Certificate returns the leaf, renewed when it is about to end. It fits [tls.Config].GetCertificate.
func (a *Authority) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.current()
}

// current is Certificate for those who hold the lock.
func (a *Authority) current() (*tls.Certificate, error) {
	if a.leaf == nil || a.ends(a.leaf) {
		leaf, err := a.issue(append(Hosts(), a.more...))
		if err != nil {
			return nil, fmt.Errorf("issue a local certificate: %w", err)
		}
		a.leaf = leaf
	}
	return a.leaf, nil
}

func (a *Authority) ends(leaf *tls.Certificate) bool {
	return a.now().Add(renewBefore).After(leaf.Leaf.NotAfter)
}

// maxNamed bounds the leaves that are kept for names of their own.
const maxNamed = 256

// CertificateFor returns a leaf that covers the name, which is in lower case without a last dot: the one of Certificate,
// or, for names that no wildcard of it reaches, one of the name alone. A name that the authority may not issue for is an error.
func (a *Authority) CertificateFor(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	leaf, err := a.current()
	if err != nil || leaf.Leaf.VerifyHostname(name) == nil {
		return leaf, err
	}
	if leaf := a.named[name]; leaf != nil && !a.ends(leaf) {
		return leaf, nil
	}
	below := func(domain string) bool { return name == domain || strings.HasSuffix(name, "."+domain) }
	if !slices.ContainsFunc(a.cert.PermittedDNSDomains, below) {
		return nil, fmt.Errorf("the local certificate authority may not issue for %q", name)
	}
	leaf, err = a.issue([]string{name})
	if err != nil {
		return nil, fmt.Errorf("issue a local certificate: %w", err)
	}
	if len(a.named) >= maxNamed || a.named == nil {
		// Making one takes less than a millisecond: nobody notices that all are made anew.
		a.named = make(map[string]*tls.Certificate)
	}
	a.named[name] = leaf
	return leaf, nil
}

func (a *Authority) read(folder string) error {
	certText, err := os.ReadFile(a.file)
	if err != nil {
		return err
	}
	keyText, err := os.ReadFile(filepath.Join(folder, KeyFile))
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return fmt.Errorf("%s and %s do not fit together; remove both to have new ones made: %w", CertFile, KeyFile, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return fmt.Errorf("%s is no authority made here; remove it and %s to have new ones made", CertFile, KeyFile)
	}
	a.cert, a.key = pair.Leaf, key
	return nil
}

func (a *Authority) create(folder string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	name := "Doorward local CA"
	if host, err := os.Hostname(); err == nil {
		name += " " + host
	}
	template, err := a.template(name, authorityLife)
	if err != nil {
		return err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	// Whoever steals the key can stand for these hosts and for no others to those who trust the authority.
	template.PermittedDNSDomainsCritical = true
	template.PermittedDNSDomains, template.PermittedIPRanges = a.permitted()
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	// The key comes first: a certificate without its key would look like a damaged authority.
	if err := replace(filepath.Join(folder, KeyFile), "PRIVATE KEY", keyDER, 0o600); err != nil {
		return err
	}
	if err := replace(a.file, "CERTIFICATE", der, 0o644); err != nil {
		return err
	}
	a.cert, a.key = cert, key
	return nil
}

// permitted are the names and addresses that the authority may issue for: those of its leaf.
func (a *Authority) permitted() (domains []string, ranges []*net.IPNet) {
	for _, host := range append(Hosts(), a.more...) {
		if ip := net.ParseIP(host); ip != nil {
			if short := ip.To4(); short != nil {
				ip = short
			}
			bits := 8 * len(ip)
			ranges = append(ranges, &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)})
			continue
		}
		// A domain permits what is below it, so that the widest are enough.
		domain := strings.TrimPrefix(host, "*.")
		below := func(other string) bool { return domain == other || strings.HasSuffix(domain, "."+other) }
		if !slices.ContainsFunc(domains, below) {
			domains = append(domains, domain)
		}
	}
	return domains, ranges
}

// permits tells whether the authority's certificate has the constraints that one made now would have, at least.
func (a *Authority) permits() bool {
	domains, ranges := a.permitted()
	for _, domain := range domains {
		if !slices.Contains(a.cert.PermittedDNSDomains, domain) {
			return false
		}
	}
	for _, wanted := range ranges {
		if !slices.ContainsFunc(a.cert.PermittedIPRanges, func(has *net.IPNet) bool { return has.String() == wanted.String() }) {
			return false
		}
	}
	return true
}

func (a *Authority) issue(hosts []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template, err := a.template("localhost", leafLife)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

func (a *Authority) template(name string, life time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := a.now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Doorward"}},
		// An hour back, for clients whose clock is behind.
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.Add(life),
	}, nil
}

// replace writes the file whole or not at all.
func replace(name, kind string, der []byte, mode fs.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = errors.Join(
		file.Chmod(mode),
		pem.Encode(file, &pem.Block{Type: kind, Bytes: der}),
		file.Sync(),
		file.Close(),
	)
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
