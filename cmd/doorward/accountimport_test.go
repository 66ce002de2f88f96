package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fullWriter takes everything but lines about rows.
type fullWriter struct{ bytes.Buffer }

func (w *fullWriter) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("line ")) {
		return 0, errors.New("no space left on device")
	}
	return w.Buffer.Write(p)
}

func TestAnImportWhoseReportIsLostStopsAndTellsItTheNextTime(t *testing.T) {
	t.Setenv("DOORWARD_PASSWORD_MEMORY_KIB", "8")
	data, file := filepath.Join(t.TempDir(), "d"), filepath.Join(t.TempDir(), "rows.ndjson")
	quiet := console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	if status := run(t.Context(), []string{"site", "create", "--data", data, "--domain", "shop.example.com"}, quiet); status != 0 {
		t.Fatalf("site create: status %d", status)
	}
	if err := os.WriteFile(file, []byte("{\"UID\":\"a\",\"email\":\"a@example.com\"}\n{\"UID\":\"b\",\"shoes\":1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var lost fullWriter
	status := run(t.Context(), []string{"account", "import", "--data", data, file}, console{Out: io.Discard, Err: &lost})
	if want := "the import was stopped, because its report cannot be written: make room and run it again to add the rest: no space left on device"; status != 1 || !strings.Contains(lost.String(), want) {
		t.Errorf("status %d and %q, want 1 and %q", status, lost.String(), want)
	}
	var told bytes.Buffer
	status = run(t.Context(), []string{"account", "import", "--data", data, file}, console{Out: io.Discard, Err: &told})
	if want := "line 2: shoes: there is no such member of an account\nimported 1, refused 1\n"; status != 1 || !strings.Contains(told.String(), want) {
		t.Errorf("the second time: status %d and %q, want 1 and %q", status, told.String(), want)
	}
}

func TestAFileIsImportedByOneAtATime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rows.ndjson")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := openImport(file)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := openImport(file); err == nil || !strings.Contains(err.Error(), "rows.ndjson is being imported already") {
		t.Errorf("a second one: %v, %v", second, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	third, err := openImport(file)
	if err != nil {
		t.Fatalf("after the first: %v", err)
	}
	if err := third.Close(); err != nil {
		t.Error(err)
	}
}
