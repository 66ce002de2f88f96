package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/daemon"
)

// startTimeout is how long a server may take to be ready, on a machine with much else to do.
const startTimeout = 2 * time.Minute

// start runs the command. Its end is the test's at the latest.
func start(t *testing.T, args ...string) *daemon.Process {
	t.Helper()
	return daemon.Start(t, exec.Command("doorward", args...))
}

// dev starts "doorward dev --json" on free ports with cheap passwords and returns what it says.
func dev(t *testing.T, args ...string) (*daemon.Process, devReady) {
	t.Helper()
	p := start(t, append([]string{"dev", "--json", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0",
		"--set", "password.memory_kib=8", "--set", "password.time=1"}, args...)...)
	var ready devReady
	if err := p.Ready(&ready, startTimeout); err != nil {
		t.Fatal(err)
	}
	return p, ready
}

// proxied is a server behind a TLS proxy on this machine, which the tests stand in for.
type proxied struct {
	*daemon.Process
	http, ops string
}

var address = regexp.MustCompile(`"(http|ops)":"([^"]+)"`)

// serve starts "doorward serve" on the data folder, with plain HTTP and loopback as its trusted proxy.
func serve(t *testing.T, folder string, args ...string) proxied {
	t.Helper()
	p := start(t, append([]string{"serve", "--data", folder, "--https", "", "--http", "127.0.0.1:0",
		"--set", "listen.ops=127.0.0.1:0", "--set", "trusted_proxies=127.0.0.1"}, args...)...)
	line, ok := p.Log.Await(`"msg":"serving"`, 20*time.Second)
	if !ok {
		t.Fatalf("the server does not start: %s", p.Log)
	}
	found := map[string]string{}
	for _, m := range address.FindAllStringSubmatch(line, -1) {
		found[m[1]] = "http://" + m[2]
	}
	return proxied{p, found["http"], found["ops"]}
}

// command runs a verb to its end and returns its standard output.
func command(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "doorward", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("doorward %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// answer is what tests look at in an answer.
type answer struct {
	ErrorCode    int    `json:"errorCode"`
	ErrorDetails string `json:"errorDetails"`
	UID          string `json:"UID"`
	IDToken      string `json:"id_token"`
	Results      []struct {
		UID string `json:"UID"`
	} `json:"results"`
	Keys []struct {
		Kid string `json:"kid"`
		N   string `json:"n"`
		E   string `json:"e"`
	} `json:"keys"`
}

// call posts the pairs as a form, the way a TLS proxy passes a call on.
func call(client *http.Client, base, method string, pairs ...string) (answer, error) {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, base+"/"+method, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-Proto", "https")
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	return a, json.Unmarshal(body, &a)
}

// mustCall fails the test unless the answer has the code.
func mustCall(t *testing.T, code int, base, method string, pairs ...string) answer {
	t.Helper()
	a, err := call(http.DefaultClient, base, method, pairs...)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	if a.ErrorCode != code {
		t.Fatalf("%s: code %d (%s), want %d", method, a.ErrorCode, a.ErrorDetails, code)
	}
	return a
}

// trusting is a client that trusts the certificate in the file alone.
func trusting(t *testing.T, caFile string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate in the file")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
