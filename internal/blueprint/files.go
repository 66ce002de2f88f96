package blueprint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"path"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// FormatFile is the file that says which form the files have.
const FormatFile = "doorward.json"

const (
	format = 1
	// The folders of the owners.
	partnersFolder = "partners"
	sitesFolder    = "sites"
	// gitFile keeps git from changing the ends of lines: texts are carried byte for byte.
	gitFile = ".gitattributes"
	// accountsFile beside a site holds accounts, of one JSON object a line. It is read for trials alone, and never written.
	accountsFile = "accounts.ndjson"
)

// OwnerFolders are the folders that have the folders of owners.
var OwnerFolders = []string{partnersFolder, sitesFolder}

// Files are the files of a tree, by their names with slashes.
type Files map[string][]byte

// Files returns the tree as files. The same tree gives the same bytes.
func (t *Tree) Files() (Files, error) {
	files := Files{
		FormatFile: fmt.Appendf(nil, "{\n  \"format\": %d\n}\n", format),
		gitFile:    []byte("* -text\n"),
	}
	variables := t.variables()
	for _, owner := range t.Owners {
		if err := owner.files(files, variables); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// secretPlace is where a secret lies: the folder of the owner, the object, the path in it.
func (o *Owner) secretPlace(obj *object, at place) string {
	return o.Folder + "/" + obj.key() + ":" + at.text
}

// variables names a variable of the environment for every secret, by its place. Places whose names would be the same have a number made of
// the place in them, so that no object that comes or goes gives another's secret a new name.
func (t *Tree) variables() map[string]string {
	names, count := map[string]string{}, map[string]int{}
	for _, owner := range t.Owners {
		for _, obj := range owner.sorted() {
			obj.hide(func(place, string) string { return "" }, func(at place) string {
				parts := append([]string{path.Base(owner.Folder), obj.section.name, obj.name}, at.names...)
				name := variableName(parts...)
				names[owner.secretPlace(obj, at)] = name
				count[name]++
				return name
			})
		}
	}
	for at, name := range names {
		if count[name] > 1 {
			names[at] = fmt.Sprintf("%s_%08X", name, crc32.ChecksumIEEE([]byte(at)))
		}
	}
	return names
}

func (o *Owner) files(files Files, variables map[string]string) error {
	folded := map[string]int{}
	for _, obj := range o.objects {
		folded[strings.ToLower(obj.key())]++
	}
	names := taken{}
	for _, obj := range o.sorted() {
		base := obj.section.name
		if !obj.section.single {
			escaped := escape
			if folded[strings.ToLower(obj.key())] > 1 {
				escaped = escapeCapitals
			}
			base += "/" + fileName(obj.name, escaped)
		}
		doc := obj.hide(func(at place, text string) string {
			name := names.free(textFile(base, at, text))
			files[path.Join(o.Folder, name)] = []byte(text)
			return path.Base(name)
		}, func(at place) string { return variables[o.secretPlace(obj, at)] })
		text, err := pretty(doc)
		if err != nil {
			return fmt.Errorf("writing %s of %s: %w", obj.key(), o.Folder, err)
		}
		files[path.Join(o.Folder, base+".json")] = text
	}
	return nil
}

// pretty is the object as people read JSON, with a line end.
func pretty(doc *document.Object) ([]byte, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, doc.JSON(), "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
