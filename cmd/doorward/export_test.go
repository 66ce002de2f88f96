package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/blueprint"
)

// contents are the files of a folder by their names with slashes, hidden ones too.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		short, _ := filepath.Rel(folder, name)
		files[filepath.ToSlash(short)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAnInterruptedExportLeavesWhatWasThere(t *testing.T) {
	ctx, folder := context.Background(), filepath.Join(t.TempDir(), "conf")
	tree := &blueprint.Tree{}
	first := blueprint.Files{
		blueprint.FormatFile: []byte("first"), "sites/a/site.json": []byte("a"), "sites/a/webhook/crm.json": []byte("crm"), "sites/gone/site.json": []byte("gone"),
	}
	second := blueprint.Files{
		blueprint.FormatFile: []byte("second"), "sites/a/site.json": []byte("a, changed"), "sites/a/webhook.json": []byte("new"), "sites/b/site.json": []byte("b"),
	}
	ended, end := context.WithCancel(ctx)
	end()
	if err := (exportCmd{Folder: folder}).write(ended, tree, first); err == nil {
		t.Error("written after the end")
	}
	if got := contents(t, folder); len(got) > 0 {
		t.Errorf("left over: %v", got)
	}
	if err := (exportCmd{Folder: folder}).write(ctx, tree, first); err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(folder, "sites", "a", "README.md")
	if err := os.WriteFile(notes, []byte("notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, folder)
	for name, interrupted := range map[string]func() error{
		"ended": func() error { return exportCmd{Folder: folder, Replace: true}.write(ended, tree, second) },
		"a file that cannot be": func() error {
			files := maps.Clone(second)
			files["sites/z/"+strings.Repeat("z", 300)] = []byte("too long a name")
			return exportCmd{Folder: folder, Replace: true}.write(ctx, tree, files)
		},
		"without --replace": func() error { return exportCmd{Folder: folder}.write(ctx, tree, second) },
	} {
		if err := interrupted(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if diff := cmp.Diff(before, contents(t, folder)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	if err := (exportCmd{Folder: folder, Replace: true}).write(ctx, tree, second); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"sites/a/README.md": "notes"}
	for name, text := range second {
		want[name] = string(text)
	}
	if diff := cmp.Diff(want, contents(t, folder)); diff != "" {
		t.Error(diff)
	}
	if entries, _ := os.ReadDir(filepath.Join(folder, "sites")); len(entries) != 2 {
		t.Errorf("empty folders: %v", entries)
	}
}

// TestAnExportThatDiesWhileItsFilesMove: it is the one moment in which some are old and some new, and whoever reads them is told.
func TestAnExportThatDiesWhileItsFilesMove(t *testing.T) {
	ctx, folder := context.Background(), t.TempDir()
	files := blueprint.Files{blueprint.FormatFile: []byte("x"), "sites/a/site.json": []byte("a"), "sites/b/site.json": []byte("b")}
	c := exportCmd{Folder: folder, Replace: true}
	if err := c.write(ctx, &blueprint.Tree{}, files); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := checkWhole(root, folder); err != nil {
		t.Error(err)
	}
	// As after the first of its moves.
	if err := stage(ctx, root, files); err != nil {
		t.Fatal(err)
	}
	if err := root.Rename(stagingFolder, movingFolder); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "sites", "a", "site.json")); err != nil {
		t.Fatal(err)
	}
	if err := checkWhole(root, folder); err == nil || !strings.Contains(err.Error(), "run doorward export --replace "+folder+" again") {
		t.Error(err)
	}
	if err := c.write(ctx, &blueprint.Tree{}, files); err != nil {
		t.Fatal(err)
	}
	if err := checkWhole(root, folder); err != nil {
		t.Error(err)
	}
	if got := slices.Sorted(maps.Keys(contents(t, folder))); len(got) != 3 {
		t.Errorf("%v", got)
	}
}
