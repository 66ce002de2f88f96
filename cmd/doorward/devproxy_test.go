package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/localca"
)

// through is a client that trusts the file alone and goes through the proxy.
func through(t *testing.T, proxy, caFile string) *http.Client {
	t.Helper()
	address, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	client := trusting(t, caFile)
	client.Transport.(*http.Transport).Proxy = http.ProxyURL(address)
	return client
}

func TestDevIsAProxyForClientsWithBuiltInHostNames(t *testing.T) {
	p, ready := dev(t, "--proxy")
	if ready.Proxy != ready.HTTP {
		t.Fatalf("the proxy is said to be at %q, HTTP at %q", ready.Proxy, ready.HTTP)
	}
	client := through(t, ready.Proxy, ready.CAFile)
	for _, base := range []string{
		"https://accounts.us1.gigya.com", "http://accounts.us1.gigya.com", "https://accounts.cn1.gigya-api.cn", "https://gigya.com", "https://a.b.us1.gigya.com",
	} {
		a, err := call(client, base, "accounts.search", "apiKey", ready.APIKey, "userKey", ready.UserKey, "secret", ready.UserSecret, "query", "SELECT * FROM accounts")
		if err != nil || a.ErrorCode != 0 {
			t.Errorf("%s: %v, %+v", base, err, a)
		}
	}
	// Whoever calls the server itself finds it there still.
	mustCall(t, 0, ready.HTTP, "accounts.getPolicies", "apiKey", ready.APIKey, "secret", ready.Secret)
	for _, other := range []string{"https://example.com/", ready.HTTPS + "/accounts.getPolicies"} {
		if _, err := client.Get(other); err == nil || !strings.Contains(err.Error(), "Forbidden") {
			t.Errorf("%s: %v", other, err)
		}
	}
	response, err := client.Get("http://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "It answers for gigya.com") {
		t.Errorf("another host: %s\n%s", response.Status, body)
	}
	// Tunnels that nothing happens in do not keep it from ending.
	begun := time.Now()
	if status, _ := p.End(syscall.SIGTERM); status != 0 || time.Since(begun) > 10*time.Second || p.Log.String() != "" {
		t.Errorf("status %d after %s, standard error %q", status, time.Since(begun), p.Log.String())
	}
}

func TestDevIsNoProxyUnlessItIsTold(t *testing.T) {
	p, ready := dev(t)
	if ready.Proxy != "" {
		t.Errorf("a proxy at %q", ready.Proxy)
	}
	_, err := call(through(t, ready.HTTP, ready.CAFile), "https://accounts.us1.gigya.com", "accounts.getPolicies", "apiKey", ready.APIKey, "secret", ready.Secret)
	if err == nil || !strings.Contains(err.Error(), "Method Not Allowed") {
		t.Errorf("a tunnel: %v", err)
	}
	p.End(syscall.SIGTERM)
	served := start(t, "serve", "--proxy")
	if err := served.Cmd.Wait(); err == nil || served.Cmd.ProcessState.ExitCode() != 2 || !strings.Contains(served.Log.String(), "unknown flag --proxy") {
		t.Errorf("serve: %v, %s", err, served.Log)
	}
}

func TestThePrintedVariablesBringAClientHere(t *testing.T) {
	p := start(t, "dev", "--proxy", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--set", "password.memory_kib=8", "--set", "password.time=1")
	variables := map[string]string{}
	said := false
	for {
		line, err := p.Out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		said = said || strings.HasPrefix(line, "  proxy        http://127.0.0.1:")
		if pairs, ok := strings.CutPrefix(line, "export "); ok {
			for _, pair := range strings.Fields(pairs) {
				name, value, _ := strings.Cut(pair, "=")
				variables[name] = strings.Trim(value, "'")
			}
		}
		if strings.HasPrefix(line, "Stop with Ctrl-C") {
			break
		}
	}
	if !said || variables["NO_PROXY"] != "localhost,127.0.0.1,::1" || variables["no_proxy"] != variables["NO_PROXY"] {
		t.Errorf("proxy said: %v, variables %v", said, variables)
	}
	for _, proxy := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		for _, ca := range []string{"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"} {
			if _, err := call(through(t, variables[proxy], variables[ca]), "https://accounts.us1.gigya.com", "accounts.getJWTPublicKey"); err != nil {
				t.Errorf("%s, %s: %v", proxy, ca, err)
			}
		}
	}
	p.End(syscall.SIGTERM)
}

func TestACertificateAuthorityOfAnEarlierVersionIsReplacedWithAWord(t *testing.T) {
	folder := t.TempDir()
	unbound(t, folder)
	p, ready := dev(t, "--data", folder, "--proxy")
	if _, err := call(through(t, ready.Proxy, ready.CAFile), "https://accounts.us1.gigya.com", "accounts.getJWTPublicKey"); err != nil {
		t.Error(err)
	}
	// What it said is all here when it has ended, not when it is ready.
	p.End(syscall.SIGTERM)
	want := fmt.Sprintf("doorward: the CA in %s is a new one", ready.CAFile)
	if !strings.HasPrefix(p.Log.String(), want) || strings.Count(p.Log.String(), "\n") != 1 {
		t.Errorf("standard error %q, want %q", p.Log.String(), want)
	}
	p, _ = dev(t, "--data", folder, "--proxy")
	p.End(syscall.SIGTERM)
	if p.Log.String() != "" {
		t.Errorf("said at every start: %q", p.Log.String())
	}
}

// unbound writes an authority that may issue for every name.
func unbound(t *testing.T, folder string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{localca.CertFile: {Type: "CERTIFICATE", Bytes: der}, localca.KeyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADevThatIsAProxyKeepsToThisMachine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for args, want := range map[string]string{
		"dev --proxy --http 0.0.0.0:0 --https 127.0.0.1:0":                           "can be reached from other machines",
		"dev --proxy --http " + taken.Addr().String() + " --https 127.0.0.1:0":       "is in use by another program",
		"dev --proxy --http  --https 127.0.0.1:0":                                    "--http is empty",
		"dev --proxy --allow-remote --http 0.0.0.0:99999 --https 127.0.0.1:0":        "is not an address",
		"dev --proxy --http 127.0.0.1:0 --https 127.0.0.1:0 --set listen.http=:8080": "dev decides on the setting listen.http itself",
	} {
		p := start(t, strings.Split(args, " ")...)
		if err := p.Cmd.Wait(); err == nil || !strings.Contains(p.Log.String(), want) {
			t.Errorf("%s: %v, %s", args, err, p.Log)
		}
	}
}
