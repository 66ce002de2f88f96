package main

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAttack has the cases of attack that concern the command and its files.
func TestAttack(t *testing.T) {
	t.Run("094_files_are_their_owners_and_overwrite_nothing", attackFiles)
	t.Run("095_nothing_of_the_operator_is_public", attackOperator)
}

// attackFiles makes every file that the command can make and looks at who may read it.
func attackFiles(t *testing.T) {
	folder := t.TempDir()
	data := filepath.Join(folder, "data")
	command(t, "site", "create", "--data", data, "--domain", "shop.example.com")
	command(t, "account", "create", "--data", data, "--email", "ann@example.com", "--uid", "ann")
	for _, verb := range [][]string{
		{"backup", "--data", data, "--with-key", filepath.Join(folder, "backup")},
		{"account", "export", "--data", data, "--hashes", filepath.Join(folder, "accounts.ndjson")},
		{"export", "--data", data, filepath.Join(folder, "configuration")},
	} {
		command(t, verb...)
		again := exec.Command("doorward", verb...)
		if text, err := again.CombinedOutput(); err == nil || again.ProcessState.ExitCode() == 0 || !strings.Contains(string(text), "overwrite") {
			t.Errorf("%s a second time: %v, %s", verb[0], err, text)
		}
	}
	command(t, "restore", "--data", filepath.Join(folder, "restored"), filepath.Join(folder, "backup"))
	seen := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		seen[entry.Name()] = true
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s may be read by others: %s", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"doorward.db", "master.key", "backup.json", "accounts.ndjson", "site.json"} {
		if !seen[name] {
			t.Errorf("%s was not looked at", name)
		}
	}
}

// attackOperator asks the public listener, and that of the operator, for what operators have.
func attackOperator(t *testing.T) {
	folder := t.TempDir()
	command(t, "site", "create", "--data", folder, "--domain", "shop.example.com")
	server := serve(t, folder)
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/vars", "/_test/clock", "/openapi.json", "/console", "/.env", "/doorward.db"} {
		status, body := fetch(t, server.http+path)
		var answer answer
		unknown := json.Unmarshal([]byte(body), &answer) == nil && answer.ErrorCode != 0 // It was taken for the name of a method.
		if !unknown && (status != http.StatusNotFound || body != "404 page not found\n") {
			t.Errorf("the public listener answers %s with %d, %.200s", path, status, body)
		}
	}
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/debug/pprof/": http.StatusNotFound, "/debug/vars": http.StatusNotFound, "/": http.StatusNotFound} {
		if status, body := fetch(t, server.ops+path); status != want {
			t.Errorf("the listener of the operator answers %s with %d, %.200s", path, status, body)
		}
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "203.0.113.7:0"} {
		dev := exec.Command("doorward", "dev", "--http", address, "--https", "127.0.0.1:0")
		text, _ := dev.CombinedOutput()
		if status := dev.ProcessState.ExitCode(); status != 2 || !strings.Contains(string(text), "can be reached from other machines") {
			t.Errorf("dev at %s: status %d, %s", address, status, text)
		}
	}
	if _, err := os.Stat("doorward-data"); err == nil {
		t.Error("a dev that was refused has made a folder")
	}
}

func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
