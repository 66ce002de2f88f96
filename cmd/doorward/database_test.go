package main

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/doorward/doorward/internal/store/postgres/postgrestest"
)

// TestServersShareADatabaseServer makes an installation on PostgreSQL by the command line and serves it by two processes with
// data folders of their own.
func TestServersShareADatabaseServer(t *testing.T) {
	const secret = "pa55word-of-the-test"
	cluster := postgrestest.Own(t)
	folder := t.TempDir()
	password := filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	database := postgrestest.With(t, cluster.URL(), "pool_max_conns", "4")
	t.Setenv("DOORWARD_DATABASE", withPassword(t, database, secret))
	first, second := filepath.Join(folder, "first"), filepath.Join(folder, "second")

	out, err := exec.Command("doorward", "key", "list", "--data", first).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "site create") {
		t.Errorf("on an empty database: %v: %s", err, out)
	}
	var site siteView
	if err := json.Unmarshal([]byte(command(t, "site", "create", "--data", first, "--domain", "shop.example.com", "--json")), &site); err != nil {
		t.Fatal(err)
	}
	one := serve(t, first)
	mustCall(t, 0, one.http, "accounts.register", "apiKey", site.APIKey, "secret", site.Secret,
		"siteUID", "ann", "email", "ann@example.com", "password", testPassword, "finalizeRegistration", "true")

	// Another folder has no master key, and does not make one for this database.
	out, err = exec.Command("doorward", "site", "list", "--data", second).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "master key") {
		t.Errorf("without the master key: %v: %s", err, out)
	}
	two := serve(t, second, "--set", "master_key_file="+filepath.Join(first, "master.key"), "--set", "database_password_file="+password,
		"--database", database)
	mustCall(t, 0, two.http, "accounts.login", "apiKey", site.APIKey, "secret", site.Secret, "loginID", "ann@example.com", "password", testPassword)
	if out := command(t, "healthcheck", "--url", two.ops); out != "ready\n" {
		t.Errorf("healthcheck says %q", out)
	}

	out, err = exec.Command("doorward", "backup", "--data", first, filepath.Join(folder, "backup")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "pg_dump") {
		t.Errorf("backup: %v: %s", err, out)
	}
	out, err = exec.Command("doorward", "restore", "--data", filepath.Join(folder, "third"), folder).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "pg_restore") {
		t.Errorf("restore: %v: %s", err, out)
	}
	out, err = exec.Command("doorward", "distribute", "--data", first, "--database", database).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "CREATE EXTENSION citus") {
		t.Errorf("distribute without Citus: %v: %s", err, out)
	}
	out, err = exec.Command("doorward", "distribute", "--data", first, "--database", "sqlite:"+filepath.Join(folder, "x.db")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no PostgreSQL server") {
		t.Errorf("distribute a file: %v: %s", err, out)
	}
	if out := command(t, "config", "--data", first); strings.Contains(out, secret) || !strings.Contains(out, "database ") {
		t.Errorf("the configuration is printed as\n%s", out)
	}
	for _, p := range []proxied{one, two} {
		if status, _ := p.End(syscall.SIGTERM); status != 0 || strings.Contains(p.Log.String(), secret) {
			t.Errorf("status %d, log\n%s", status, p.Log)
		}
	}
	if _, err := os.Stat(filepath.Join(first, "doorward.db")); !os.IsNotExist(err) {
		t.Errorf("there is a file too: %v", err)
	}
	t.Setenv("DOORWARD_DATABASE", "postgres://me:"+secret+"@127.0.0.1:1/x")
	out, err = exec.Command("doorward", "site", "list", "--data", first).CombinedOutput()
	if err == nil || strings.Contains(string(out), secret) || !strings.Contains(string(out), "cannot be reached") {
		t.Errorf("a server that is not there: %v: %s", err, out)
	}
}

// withPassword puts a password into the URL, which the test's server does not ask for.
func withPassword(t *testing.T, database, secret string) string {
	t.Helper()
	return postgrestest.With(t, database, "password", url.QueryEscape(secret))
}
