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
)

func TestANewFileAppearsWhole(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "new")
	names := func() (names []string) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}

	lost := errors.New("the disk is full")
	err := writeNew(file, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		if got := names(); err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "new.") || !strings.HasSuffix(got[0], partEnding) {
			t.Errorf("%v; while it is written there are %q, want a part alone", err, got)
		}
		return lost
	})
	if got := names(); !errors.Is(err, lost) || len(got) != 0 {
		t.Errorf("after an error: %v and %q, want the error and no file", err, got)
	}

	err = writeNew(file, func(w io.Writer) error {
		if _, err := io.WriteString(w, "mine"); err != nil {
			return err
		}
		return os.WriteFile(file, []byte("another's"), 0o644)
	})
	text, _ := os.ReadFile(file)
	if err == nil || !strings.Contains(err.Error(), "is there already") || string(text) != "another's" || len(names()) != 1 {
		t.Errorf("beside another that was faster: %v, %q, %q; want a refusal, and the other's file", err, text, names())
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}

	err = writeNew(file, func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err })
	info, statErr := os.Stat(file)
	if err != nil || statErr != nil || info.Size() != 5 || info.Mode() != 0o600 || len(names()) != 1 {
		t.Errorf("got %v, %v, %v and %q, want a file of mode 0600 alone", err, statErr, info, names())
	}
	missing := filepath.Join(folder, "nowhere", "new")
	if err := writeNew(missing, nil); err == nil || !strings.Contains(err.Error(), missing+": ") {
		t.Errorf("into a folder that is not there: %v, want the name that was given", err)
	}
}

func TestAVerbThatIsStoppedSaysSo(t *testing.T) {
	folder := t.TempDir()
	data := filepath.Join(folder, "d")
	quiet := console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}
	if status := run(t.Context(), []string{"site", "create", "--data", data, "--domain", "shop.example.com"}, quiet); status != 0 {
		t.Fatalf("site create: status %d", status)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, verb := range [][]string{
		{"account", "export", "--data", data, filepath.Join(folder, "e")},
		{"backup", "--data", data, filepath.Join(folder, "b")},
		{"audit", "verify", "--data", data},
	} {
		var told bytes.Buffer
		status := run(ctx, verb, console{In: strings.NewReader(""), Out: io.Discard, Err: &told})
		if status != 1 || told.String() != "doorward: stopped by a signal before it was done\n" {
			t.Errorf("%q: status %d, %q", verb[:2], status, told.String())
		}
	}
	if left, err := filepath.Glob(filepath.Join(folder, "[be]*")); err != nil || len(left) > 0 {
		t.Errorf("they left %q (%v)", left, err)
	}
}
