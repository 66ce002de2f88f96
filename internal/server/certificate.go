package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheck is how often, at most, the certificate files are looked at.
const recheck = time.Second

// CertificateFiles returns a function for [ListenOptions] that serves the certificate chain and key of two PEM files and
// reads them again when one of them has changed. Files that cannot be used later on are logged, and what was read last
// stays in use.
func CertificateFiles(certFile, keyFile string, log *slog.Logger) (func(*tls.ClientHelloInfo) (*tls.Certificate, error), error) {
	f := &certificateFiles{cert: certFile, key: keyFile, log: log}
	if err := f.load(); err != nil {
		return nil, err
	}
	return f.get, nil
}

type certificateFiles struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   fileStamp
	checked time.Time
}

// fileStamp tells whether the files are the ones that were read.
type fileStamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

func (f *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.checked) > recheck {
		f.checked = now
		if stamp, err := f.stampNow(); err != nil || stamp != f.stamp {
			if err := f.load(); err != nil {
				f.log.Error("certificate not renewed", "error", err)
			}
		}
	}
	return f.pair, nil
}

func (f *certificateFiles) load() error {
	stamp, err := f.stampNow()
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", f.cert, f.key, err)
	}
	f.pair, f.stamp = &pair, stamp
	return nil
}

func (f *certificateFiles) stampNow() (fileStamp, error) {
	cert, err := os.Stat(f.cert)
	if err != nil {
		return fileStamp{}, err
	}
	key, err := os.Stat(f.key)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}
