// Package architecture holds the rules of the house as tests: which room may know which, and that each says what it is.
package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/doorward/doorward/"

// floors gives every package of the module a floor. A package imports only packages of lower floors. A new folder needs
// a line here and a sentence in ARCHITECTURE.md.
var floors = map[string]int{
	"gigya":             0,
	"internal/clock":    0,
	"internal/document": 0,
	"internal/password": 0,
	"internal/localca":  0,
	"internal/pattern":  0,
	"internal/plain":    0,
	"internal/config":   0,
	"internal/daemon":   0,
	"internal/durable":  0,

	"conformance/recording": 0,

	"internal/acl":    1,
	"internal/id":     1,
	"internal/query":  1,
	"internal/policy": 1,
	"internal/schema": 1,
	"internal/seal":   1,

	"internal/query/querytest": 2,
	"internal/store":           2,

	"internal/store/faulty":   3,
	"internal/store/sqlite":   3,
	"internal/store/postgres": 3,

	"internal/store/postgres/postgrestest": 3,

	"internal/store/storetest": 3,

	"internal/site":  4,
	"internal/token": 4,

	"internal/move":       5,
	"internal/siteconfig": 5,
	"internal/session":    5,
	"internal/dataobject": 5,
	"internal/audit":      5,
	"internal/account":    5,

	"internal/consent": 6,
	"internal/caller":  6,

	"internal/method": 7,
	"internal/intake": 7,

	"internal/login":    8,
	"internal/transfer": 8,
	"internal/search":   8,

	"internal/api/apitest": 8,

	"internal/api/accounts":  9,
	"internal/api/socialize": 9,
	"internal/api/ds":        9,
	"internal/api/audit":     9,
	"internal/api/idx":       9,
	"internal/api/admin":     9,
	"internal/oauth2":        9,
	"internal/gateway":       9,

	"internal/blueprint": 10,

	"internal/server": 10,

	"doorwardtest":   11,
	"internal/setup": 5,

	"cmd/doorward":   12,
	"bench":          12,
	"bench/searches": 12,
	"bench/timing":   12,
}

func TestImportsGoDownOneFloorAtLeast(t *testing.T) {
	for dir, files := range packages(t) {
		floor, ok := floors[dir]
		if !ok {
			t.Errorf("%s has no floor: a new folder is a design decision; give it one in this test and a sentence in ARCHITECTURE.md", dir)
			continue
		}
		for _, file := range files {
			for _, imported := range ourImports(file) {
				target, known := floors[imported]
				if !known || target >= floor {
					t.Errorf("%s (floor %d) imports %s (floor %d): arrows point down", dir, floor, imported, target)
				}
			}
		}
	}
}

func TestEveryFloorHasItsFolder(t *testing.T) {
	found := packages(t)
	for dir := range floors {
		if _, ok := found[dir]; !ok {
			t.Errorf("%s has a floor and no code", dir)
		}
	}
}

func TestEveryPackageSaysOnceWhatItIs(t *testing.T) {
	for dir, files := range packages(t) {
		docs := 0
		for _, file := range files {
			if file.Doc != nil {
				docs++
			}
		}
		if docs != 1 {
			t.Errorf("%s has %d package comments, want 1", dir, docs)
		}
	}
}

// packages parses the non-test files of every folder of the module.
func packages(t *testing.T) map[string][]*ast.File {
	t.Helper()
	root := filepath.Join("..", "..")
	found := map[string][]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			if base == "testdata" || base == "node_modules" || (strings.HasPrefix(base, ".") && name != root) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(set, name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(relative))
		found[dir] = append(found[dir], file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func ourImports(file *ast.File) []string {
	var ours []string
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err == nil && strings.HasPrefix(name, module) {
			ours = append(ours, strings.TrimPrefix(name, module))
		}
	}
	sort.Strings(ours)
	return ours
}
