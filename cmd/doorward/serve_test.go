package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/localca"
)

// installation makes a site and returns its API key and secret.
func installation(t *testing.T, folder string) (apiKey, secret string) {
	t.Helper()
	var s siteView
	if err := json.Unmarshal([]byte(command(t, "site", "create", "--data", folder, "--domain", "shop.example.com", "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s.APIKey, s.Secret
}

func TestVerbsTakeEffectOnARunningServer(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	server := serve(t, folder) // On nothing: the site is made while it runs.
	if !strings.Contains(server.Log.String(), "there is no site yet") {
		t.Error("nobody is told that there is no site")
	}
	apiKey, secret := installation(t, folder)
	mustCall(t, 0, server.http, "accounts.register", "apiKey", apiKey, "secret", secret,
		"siteUID", "ann", "email", "ann@example.com", "password", testPassword, "finalizeRegistration", "true")

	running := running{server, folder, apiKey, secret}
	t.Run("a revoked key is refused at its very next call", running.revokedKeyIsRefused)
	t.Run("a rotation leaves no gap", running.rotationLeavesNoGap)
	t.Run("a backup of a running server is whole", running.backupIsWhole)
	t.Run("an imported hash logs in", running.importedHashLogsIn)
	t.Run("what happened to an account is told", running.accountIsToldOf)
	t.Run("operators are answered on their own address alone", func(t *testing.T) {
		if out := command(t, "healthcheck", "--url", server.ops); out != "ready\n" {
			t.Errorf("healthcheck says %q", out)
		}
		if out, err := exec.Command("doorward", "healthcheck", "--url", server.http+"/readyz").CombinedOutput(); err == nil {
			t.Errorf("the address of the calls is ready: %s", out)
		}
	})

	status, _ := server.End(syscall.SIGTERM)
	if status != 0 {
		t.Errorf("status %d", status)
	}
	log := server.Log.String()
	for _, word := range []string{secret, testPassword, "argon2id"} {
		if strings.Contains(log, word) {
			t.Errorf("the log contains %q", word)
		}
	}
	if !strings.Contains(log, `"msg":"stopped"`) {
		t.Error("the log does not end with the end")
	}
}

const testPassword = "Correct-horse-7"

// running is a server with one site and one account, UID ann.
type running struct {
	server                 proxied
	folder, apiKey, secret string
}

func (r running) revokedKeyIsRefused(t *testing.T) {
	var key keyView
	text := command(t, "key", "create", "--data", r.folder, "--name", "k", "--privilege", "accounts.getAccountInfo", "--json")
	if err := json.Unmarshal([]byte(text), &key); err != nil {
		t.Fatal(err)
	}
	ask := []string{"apiKey", r.apiKey, "userKey", key.UserKey, "secret", key.Secret, "UID", "ann"}
	mustCall(t, 0, r.server.http, "accounts.getAccountInfo", ask...)
	mustCall(t, 403007, r.server.http, "accounts.deleteAccount", ask...)
	command(t, "key", "set", "--data", r.folder, "--disable", key.UserKey)
	a, err := call(http.DefaultClient, r.server.http, "accounts.getAccountInfo", ask...)
	if err != nil || a.ErrorCode == 0 {
		t.Errorf("a disabled key: %v, %+v", err, a)
	}
	command(t, "key", "set", "--data", r.folder, "--enable", key.UserKey)
	mustCall(t, 0, r.server.http, "accounts.getAccountInfo", ask...)
	command(t, "key", "revoke", "--data", r.folder, "--yes", key.UserKey)
	a, err = call(http.DefaultClient, r.server.http, "accounts.getAccountInfo", ask...)
	if err != nil || a.ErrorCode == 0 || a.UID != "" {
		t.Errorf("a revoked key: %v, %+v", err, a)
	}
}

func (r running) rotationLeavesNoGap(t *testing.T) {
	before := mustCall(t, 0, r.server.http, "accounts.getJWT", "apiKey", r.apiKey, "secret", r.secret, "targetUID", "ann").IDToken
	old := kid(t, before)
	next, _, _ := strings.Cut(command(t, "signing-key", "rotate", "--data", r.folder, "--delay", "0s"), " ")
	after := mustCall(t, 0, r.server.http, "accounts.getJWT", "apiKey", r.apiKey, "secret", r.secret, "targetUID", "ann").IDToken
	if kid(t, after) != next || next == old {
		t.Errorf("the next token is signed by %s, want %s", kid(t, after), next)
	}
	keys := mustCall(t, 0, r.server.http, "accounts.getJWTPublicKey", "apiKey", r.apiKey, "V2", "true")
	for _, token := range []string{before, after} {
		verify(t, token, keys)
	}
	list := command(t, "signing-key", "list", "--data", r.folder)
	if !strings.Contains(list, old) || !strings.Contains(list, next) {
		t.Errorf("the list is\n%s", list)
	}
}

func (r running) accountIsToldOf(t *testing.T) {
	ask := []string{"apiKey", r.apiKey, "secret", r.secret}
	mustCall(t, 206001, r.server.http, "accounts.register", append(ask, "siteUID", "ben", "email", "ben@example.com", "password", testPassword)...)
	mustCall(t, 400009, r.server.http, "accounts.setAccountInfo", append(ask, "UID", "ben", "profile", `{"email":"none"}`)...)
	time.Sleep(2 * time.Millisecond) // Of two records of one millisecond the order is not told.
	mustCall(t, 0, r.server.http, "accounts.setAccountInfo", append(ask, "UID", "ben", "profile", `{"firstName":"Ben"}`)...)
	var lines []string
	for range 100 { // Of what was refused the record comes a moment later.
		if lines = strings.Split(strings.TrimSpace(command(t, "audit", "account", "--data", r.folder, "ben")), "\n"); len(lines) == 3 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for i, want := range []string{"not finished (206001 Account Pending Registration): ", "not done (400009 Validation error", "the account was changed: profile"} {
		if len(lines) != 3 || !strings.Contains(lines[i], want) || strings.Contains(lines[i], testPassword) {
			t.Fatalf("line %d lacks %q:\n%s", i, want, strings.Join(lines, "\n"))
		}
	}
}

func (r running) backupIsWhole(t *testing.T) {
	backup, restored := filepath.Join(t.TempDir(), "b"), filepath.Join(t.TempDir(), "r")
	command(t, "backup", "--data", r.folder, "--with-key", backup)
	command(t, "restore", "--data", restored, backup)
	if got, want := command(t, "account", "export", "--data", restored, "--hashes"), command(t, "account", "export", "--data", r.folder, "--hashes"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func (r running) importedHashLogsIn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.ndjson")
	command(t, "account", "export", "--data", r.folder, "--hashes", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.NewReplacer("ann@example.com", "bea@example.com", `"ann"`, `"bea"`).Replace(string(text))
	if err := os.WriteFile(file, []byte(moved), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "account", "import", "--data", r.folder, file)
	a := mustCall(t, 0, r.server.http, "accounts.login", "apiKey", r.apiKey, "secret", r.secret, "loginID", "bea@example.com", "password", testPassword)
	if a.UID != "bea" {
		t.Errorf("%q logged in", a.UID)
	}
}

func TestServeWithItsOwnCertificateRefusesSecretsInTheClear(t *testing.T) {
	folder := t.TempDir()
	if _, err := localca.Open(folder, time.Now); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(folder, "data")
	apiKey, secret := installation(t, data)
	file := filepath.Join(folder, "doorward.toml")
	text := "data = " + `"` + data + `"` + "\n[listen]\nhttp = \"127.0.0.1:0\"\nhttps = \"127.0.0.1:0\"\nops = \"\"\n[tls]\ncert = \"" +
		filepath.Join(folder, localca.CertFile) + "\"\nkey = \"" + filepath.Join(folder, localca.KeyFile) + "\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "serve", "--config", file)
	line, ok := p.Log.Await("serving", 20*time.Second)
	if !ok {
		t.Fatalf("the server does not start: %s", p.Log)
	}
	m := regexp.MustCompile(`"http":"([^"]+)","https":"([^"]+)","ops":""`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the log begins with %s", line)
	}
	form := "apiKey=" + apiKey + "&secret=" + secret
	resp, err := http.Post("http://"+m[1]+"/accounts.getPolicies", "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(body), `"errorCode": 403006`) {
		t.Errorf("in the clear: %v, %s", err, body)
	}
	client := trusting(t, filepath.Join(folder, localca.CertFile))
	// The certificate is a CA's own, without names: what counts here is that it is the one that is served.
	client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
	a, err := call(client, "https://"+m[2], "accounts.getPolicies", "apiKey", apiKey, "secret", secret)
	if err != nil || a.ErrorCode != 0 {
		t.Errorf("over TLS: %v, %+v", err, a)
	}
	client.CloseIdleConnections()
	if status, _ := p.End(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	var header struct {
		Kid string `json:"kid"`
	}
	if err == nil {
		err = json.Unmarshal(text, &header)
	}
	if err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

// verify checks the token with the published keys, as a receiver does.
func verify(t *testing.T, token string, published answer) {
	t.Helper()
	input, signature := token[:strings.LastIndexByte(token, '.')], token[strings.LastIndexByte(token, '.')+1:]
	sum := sha256.Sum256([]byte(input))
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range published.Keys {
		if k.Kid != kid(t, token) {
			continue
		}
		n, errN := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.N, "="))
		e, errE := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.E, "="))
		if errN != nil || errE != nil {
			t.Fatal(errN, errE)
		}
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig); err != nil {
			t.Error(err)
		}
		return
	}
	t.Errorf("the key %s is not published", kid(t, token))
}
