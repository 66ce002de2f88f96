package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/blueprint"
)

func TestSeveralFirstSitesAtOnceMakeOnePartner(t *testing.T) {
	data := filepath.Join(t.TempDir(), "d")
	var made sync.WaitGroup
	for i := range 8 {
		made.Go(func() {
			// Whoever is not the first is told to try again, or gives the partner that there is a further site.
			run(t.Context(), []string{"site", "create", "--data", data, "--domain", fmt.Sprintf("s%d.example.com", i)}, console{Out: io.Discard, Err: io.Discard})
		})
	}
	made.Wait()
	var out bytes.Buffer
	if status := run(t.Context(), []string{"partner", "list", "--data", data}, console{Out: &out, Err: io.Discard}); status != 0 || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("status %d and\n%s", status, out.String())
	}
}

func TestAFolderIsExportedIntoByOneAtATime(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "conf")
	export := func() error {
		return exportCmd{Folder: folder, Replace: true}.write(context.Background(), &blueprint.Tree{}, blueprint.Files{blueprint.FormatFile: []byte("form")})
	}
	if err := export(); err != nil {
		t.Fatal(err)
	}
	other, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !lockFile(other) {
		t.Fatal("the folder is locked after the export")
	}
	if err := export(); err == nil || !strings.Contains(err.Error(), "is under way: wait for its end") {
		t.Errorf("a second export meanwhile: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := export(); err != nil {
		t.Errorf("after it: %v", err)
	}
}
