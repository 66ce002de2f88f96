package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDevSaysOneLineAndEndsWithStatusZero(t *testing.T) {
	signals := map[string]os.Signal{"Ctrl-C": os.Interrupt, "SIGTERM": syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // Under nohup nobody hears it.
		signals["the terminal is closed"] = syscall.SIGHUP
	}
	for name, signal := range signals {
		t.Run(name, func(t *testing.T) {
			p, ready := dev(t)
			text, err := os.ReadFile(ready.UserPrivateKeyFile)
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(text)
			if block == nil {
				t.Fatal("the private key file is not PEM")
			}
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if _, ok := key.(*rsa.PrivateKey); !ok {
				t.Errorf("the private key file holds a %T: %v", key, err)
			}
			mustCall(t, 0, ready.HTTP, "accounts.search", "apiKey", ready.APIKey, "userKey", ready.UserKey, "secret", ready.UserSecret, "query", "SELECT * FROM accounts")
			a, err := call(trusting(t, ready.CAFile), ready.HTTPS, "accounts.getPolicies", "apiKey", ready.APIKey, "secret", ready.Secret)
			if err != nil || a.ErrorCode != 0 {
				t.Errorf("over TLS: %v, %+v", err, a)
			}
			http.DefaultClient.CloseIdleConnections()
			// Process groups deliver one wish twice: that is no reason to leave things behind.
			if err := p.Cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			status, rest := p.End(signal)
			if status != 0 || rest != "" {
				t.Errorf("status %d, and after the line %q; standard error %q", status, rest, p.Log.String())
			}
			if p.Log.String() != "" {
				t.Errorf("standard error has %q", p.Log.String())
			}
			if _, err := os.Stat(ready.DataDir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the temporary folder is still there: %v", err)
			}
		})
	}
}

func TestDevKeepsEverythingInItsFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	p, first := dev(t, "--data", folder)
	mustCall(t, 0, first.HTTP, "accounts.register", "apiKey", first.APIKey, "secret", first.Secret,
		"email", "zoe@example.com", "password", "Correct-horse-7", "siteUID", "zoe", "finalizeRegistration", "true")
	ca, err := os.ReadFile(first.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := p.End(syscall.SIGTERM); status != 0 {
		t.Fatalf("status %d", status)
	}
	p, second := dev(t, "--data", folder)
	first.HTTP, first.HTTPS = second.HTTP, second.HTTPS
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	again, err := os.ReadFile(second.CAFile)
	if err != nil || string(again) != string(ca) {
		t.Errorf("the certificate is another one: %v", err)
	}
	mustCall(t, 0, second.HTTP, "accounts.login", "apiKey", second.APIKey, "secret", second.Secret, "loginID", "zoe@example.com", "password", "Correct-horse-7")
	p.End(syscall.SIGTERM)
}

func TestThePrintedCallsWorkInOrderAndTwice(t *testing.T) {
	p := start(t, "dev", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--set", "password.memory_kib=8", "--set", "password.time=1")
	var calls []string
	for {
		line, err := p.Out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "curl ") {
			calls = append(calls, strings.TrimSpace(line))
		}
		if strings.HasPrefix(line, "Stop with Ctrl-C") {
			break
		}
	}
	if len(calls) != 3 {
		t.Fatalf("%d calls are printed", len(calls))
	}
	for round, codes := range [][]int{{0, 0, 0}, {0, 400009, 0}} {
		for i, code := range codes {
			a := paste(t, calls[i])
			if a.ErrorCode != code {
				t.Errorf("round %d, %s: code %d, want %d", round, calls[i], a.ErrorCode, code)
			}
			switch {
			case i == 0 && len(a.Results) != round:
				t.Errorf("round %d: %d accounts found", round, len(a.Results))
			case i == 2 && strings.Count(a.IDToken, ".") != 2:
				t.Errorf("round %d: id_token %q", round, a.IDToken)
			}
		}
	}
}

// paste makes the call of a printed curl line.
func paste(t *testing.T, line string) answer {
	t.Helper()
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	base, pairs := "", []string{}
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-sS":
		case "-d", "--data-urlencode":
			name, value, _ := strings.Cut(words[i+1], "=")
			if words[i] == "-d" { // Sent as it is: what a form means by it is what arrives.
				var err error
				if value, err = url.QueryUnescape(value); err != nil {
					t.Fatal(err)
				}
			}
			pairs = append(pairs, name, value)
			i++
		default:
			base = words[i]
		}
	}
	cut := strings.LastIndexByte(base, '/')
	a, err := call(http.DefaultClient, base[:cut], base[cut+1:], pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAPortInUseIsSaidWithTheWayOut(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	p := start(t, "dev", "--http", taken.Addr().String(), "--https", "127.0.0.1:0")
	err = p.Cmd.Wait()
	want := "doorward: " + taken.Addr().String() + " is in use by another program: choose another address (--http, --https)\n"
	if diff := cmp.Diff(want, p.Log.String()); err == nil || p.Cmd.ProcessState.ExitCode() != 1 || diff != "" {
		t.Error(err, diff)
	}
	left, err := filepath.Glob(filepath.Join(temporary, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
