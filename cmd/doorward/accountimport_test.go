package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/transfer"
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

// stopsAfterOne is a store under an import that is stopped after its first change.
type stopsAfterOne struct {
	store.Store
	stop context.CancelFunc
}

func (s stopsAfterOne) Change(ctx context.Context, fn func(store.Tx) error) error {
	defer s.stop()
	return s.Store.Change(ctx, fn)
}

func TestAnImportThatIsStoppedBeforeItCountsARowKnowsTheRow(t *testing.T) {
	data, file := filepath.Join(t.TempDir(), "d"), filepath.Join(t.TempDir(), "rows.ndjson")
	if status := run(t.Context(), []string{"site", "create", "--data", data, "--domain", "shop.example.com"}, console{Out: io.Discard, Err: io.Discard}); status != 0 {
		t.Fatalf("site create: status %d", status)
	}
	// A row with a new field is written in a transaction of its own.
	if err := os.WriteFile(file, []byte("{\"email\":\"a@example.com\",\"data\":{\"new\":1}}\n{\"email\":\"b@example.com\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var of ofSite
	of.Data = data
	err := of.withSite(ctx, func(cfg *config.Config, inst *setup.Installation, s *site.Site) error {
		f, err := openImport(file)
		if err != nil {
			return err
		}
		defer f.Close()
		rows, err := f.rows(ctx, "", s.Schema)
		if err != nil {
			return err
		}
		resume, err := openResume(file, f.info, s.APIKey)
		if err != nil {
			return err
		}
		under := importer(cfg, inst, s)
		under.Store = stopsAfterOne{inst.Store, stop}
		stopped := &importRun{importer: under, file: f, resume: resume, report: io.Discard}
		return stopped.finish(ctx, console{Out: io.Discard, Err: io.Discard}, rows)
	})
	if err == nil || !strings.Contains(err.Error(), "run it again") {
		t.Fatalf("the import ends with %v", err)
	}
	var told bytes.Buffer
	status := run(t.Context(), []string{"account", "import", "--data", data, file}, console{Out: io.Discard, Err: &told})
	if status != 0 || told.String() != "imported 2, refused 0\n" {
		t.Errorf("run again: status %d and %q", status, told.String())
	}
}

func TestAResumedReportGoesOnWithALineOfItsOwn(t *testing.T) {
	data, folder := filepath.Join(t.TempDir(), "d"), t.TempDir()
	file, report := filepath.Join(folder, "rows.ndjson"), filepath.Join(folder, "report")
	var made bytes.Buffer
	if status := run(t.Context(), []string{"site", "create", "--data", data, "--domain", "shop.example.com"}, console{Out: &made, Err: io.Discard}); status != 0 {
		t.Fatalf("site create: status %d", status)
	}
	apiKey := strings.Fields(made.String())[1]
	if err := os.WriteFile(file, []byte("{\"shoes\":1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const refusal = "line 1: shoes: there is no such member of an account\n"
	for earlier, want := range map[string]string{"": refusal, "line 1: sh": "line 1: sh\n" + refusal, refusal: refusal + refusal} {
		f, err := openImport(file)
		if err != nil {
			t.Fatal(err)
		}
		interrupted := &resumeFile{name: file + resumeEnding, state: resumeState{Site: apiKey, Size: f.info.Size(), Modified: f.info.ModTime().UTC()}}
		interrupted.note(transfer.Progress{})
		if err := errors.Join(f.Close(), os.WriteFile(report, []byte(earlier), 0o600)); err != nil {
			t.Fatal(err)
		}
		if status := run(t.Context(), []string{"account", "import", "--data", data, "--report", report, file}, console{Out: io.Discard, Err: io.Discard}); status != 1 {
			t.Errorf("status %d", status)
		}
		if text, err := os.ReadFile(report); err != nil || string(text) != want {
			t.Errorf("the report after %q is %q, want %q (%v)", earlier, text, want, err)
		}
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
